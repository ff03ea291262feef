# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_firewall gave to nftables goes without a trace where another program takes the host over."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import nftables
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Before, Change

from .host_firewall import bare, flushed, held, not_at_boot
from .machine import Machine
from .nft import KERNEL

OURS = (nftables.RULES_FILE, *nftables.FILES)


@pytest.mark.parametrize("lay", [held, flushed, not_at_boot])
def test_what_is_left_goes_and_comes_back(tmp_path: pathlib.Path, lay: t.Callable[[Machine], None]) -> None:
    machine = Machine(tmp_path)
    lay(machine)
    first = machine.state()
    assert {one.source for one in nftables.remains(machine.host())} >= set(OURS)
    done = apply(machine, nftables.retire(machine.host()))
    assert nftables.remains(machine.host()) == ()
    assert not any(machine.path(path).exists() for path in (*OURS, KERNEL))
    assert (machine.units[nftables.UNIT].active, machine.units[nftables.UNIT].enablement) == (False, "disabled")
    for change, captured in reversed(done):
        change.revert(machine.host(), captured, tag="x")
    assert machine.state() == first


def test_where_nothing_is_left_there_is_nothing_to_do(tmp_path: pathlib.Path) -> None:
    machine = Machine(tmp_path)
    bare(machine)
    assert nftables.remains(machine.host()) == ()
    assert nftables.retire(machine.host()) == ()


def apply(machine: Machine, changes: tuple[Change, ...]) -> list[tuple[Change, Before]]:
    """Make the changes; each with what it captured."""
    done = []
    for change in changes:
        done.append((change, change.capture(machine.host())))
        change.apply(machine.host(), tag="x")
    return done
