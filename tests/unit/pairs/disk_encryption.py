# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laptops."""

from __future__ import annotations

import hashlib

from ansible_collections.infosec.principles.tests.unit.blocktree import (
    BlockTree,
    PlayedCryptsetup,
    PlayedSwap,
    cheap_luks1,
    luks,
    with_uuid,
)

from .case import Case
from .machine import Machine

UUID = "0a1b2c3d-0000-4000-8000-00000000beef"
FOLDER = "/srv/headers"
#: Whoever names the device by a link means the same one.
DECLARED = {
    "luks_backup_folder": FOLDER,
    "luks_passphrases": {f"/dev/disk/by-uuid/{UUID}": "battery staple"},
}


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


def luks_on(machine: Machine, number: str, header: bytes) -> BlockTree:
    """A laptop whose partition has that header, with udev and cryptsetup."""
    tree = BlockTree(machine.root).laptop()
    tree.write(f"/dev/sda{number}", with_uuid(header, UUID))
    tree.udev(f"8:{number}", f"disk/by-uuid/{UUID}", ID_FS_TYPE="crypto_LUKS")
    machine.program("cryptsetup", PlayedCryptsetup(tree))
    return tree


def cheap_keyslot(machine: Machine) -> None:
    luks_on(machine, "3", luks("luks2-pbkdf2-cheap"))


def closed_luks1(machine: Machine) -> None:
    """Beside the device that holds the root file system, whose header is kept as well."""
    tree = luks_on(machine, "4", cheap_luks1())
    other = UUID.replace("beef", "feed")
    tree.write("/dev/sda3", with_uuid(luks("luks2-argon2id"), other))
    tree.udev("8:3", f"disk/by-uuid/{other}", ID_FS_TYPE="crypto_LUKS")


def header_not_kept(machine: Machine) -> None:
    luks_on(machine, "3", luks("luks2-argon2id"))


def header_kept(machine: Machine) -> None:
    header_not_kept(machine)
    data = machine.path("/dev/sda3").read_bytes()
    digest = hashlib.sha256(data[:32768]).hexdigest()
    machine.write(f"{FOLDER}/{UUID}-{digest[:16]}.luks", data, mode=0o600)


def header_kept_for_all(machine: Machine) -> None:
    header_kept(machine)
    next(machine.path(FOLDER).iterdir()).chmod(0o644)


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
    Case(
        "cheap-keyslot",
        cheap_keyslot,
        options=DECLARED,
        fails=frozenset({"header_strength", "header_backup"}),
        passes=frozenset({"filesystem"}),
        fixed=frozenset({"header_strength", "header_backup"}),
    ),
    Case(
        "closed-luks1",
        closed_luks1,
        options=DECLARED,
        fails=frozenset({"header_strength", "header_backup"}),
        passes=frozenset({"filesystem", "header_strength"}),
        fixed=frozenset({"header_strength", "header_backup"}),
    ),
    Case(
        "header-not-kept",
        header_not_kept,
        options={"luks_backup_folder": FOLDER},
        fails=frozenset({"header_backup"}),
        passes=frozenset({"header_strength"}),
        fixed=frozenset({"header_backup"}),
    ),
    Case(
        "header-kept-for-all",
        header_kept_for_all,
        options={"luks_backup_folder": FOLDER},
        fails=frozenset({"header_backup"}),
        passes=frozenset({"header_strength"}),
        fixed=frozenset({"header_backup"}),
    ),
    Case(
        "header-kept",
        header_kept,
        options={"luks_backup_folder": FOLDER},
        passes=frozenset({"header_strength", "header_backup"}),
    ),
    Case("all-encrypted", all_encrypted, passes=frozenset({"filesystem", "swap", "header_strength"})),
)
