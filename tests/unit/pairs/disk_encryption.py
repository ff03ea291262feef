# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laptops."""

from __future__ import annotations

from ansible_collections.infosec.principles.tests.unit.blocktree import BlockTree, PlayedSwap, luks

from .case import Case
from .machine import Machine


def swap_in_clear(machine: Machine) -> None:
    tree = BlockTree(machine.root).laptop().swap_partition()
    played = PlayedSwap(tree)
    machine.programs.update(dict.fromkeys(("sh", "systemctl", "test", "update-initramfs"), played))
    machine.program("update-initramfs")


def home_in_clear(machine: Machine) -> None:
    tree = BlockTree(machine.root).laptop()
    tree.mount("8:4", "/home", "ext4", "/dev/sda4")


def weak_header(machine: Machine) -> None:
    BlockTree(machine.root).laptop().write("/dev/sda3", luks("luks2-argon2i-small"))


def all_encrypted(machine: Machine) -> None:
    tree = BlockTree(machine.root).laptop()
    tree.mapped("dm-1", "253:1", "CRYPT-PLAIN-cryptswap", "cryptswap", "sda4")
    tree.swap("/dev/dm-1")


CASES = (
    Case(
        "swap-in-clear",
        swap_in_clear,
        fails=frozenset({"swap"}),
        passes=frozenset({"filesystem", "header_strength"}),
        fixed=frozenset({"swap"}),
    ),
    Case("home-in-clear", home_in_clear, fails=frozenset({"filesystem"}), passes=frozenset({"header_strength"})),
    Case("weak-header", weak_header, fails=frozenset({"header_strength"}), passes=frozenset({"filesystem"})),
    Case("all-encrypted", all_encrypted, passes=frozenset({"filesystem", "swap", "header_strength"})),
)
