# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers as `systemctl show` of Debian 11 and 13 tells them, before and after maintenance_window's fix."""

from __future__ import annotations

import datetime
import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import timers
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "maintenance"
TIMER, SERVICE = "apt-daily-upgrade.timer", "apt-daily-upgrade.service"


def fixture(name: str) -> str:
    return (FIXTURES / f"systemctl-show-{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["247-stock-debian-11", "257-stock-debian-13"])
def test_as_it_is_installed(name: str) -> None:
    units = timers.parse(fixture(name))
    timer = units[TIMER]
    assert timer.calendar == ("*-*-* 06:00:00",)
    assert (timer.random, timer.accuracy, timer.persistent, timer.monotonic) == (3600, 60, True, ())
    assert (timer.load, timer.active, timer.sub, timer.drop_ins) == ("loaded", "active", "waiting", ())
    assert timer.next is not None and timer.next.date() == datetime.date(2026, 11, 25)
    assert "apt-daily.service" in units[SERVICE].after and "apt-daily.service" not in units[SERVICE].pulls


@pytest.mark.parametrize("name", ["247-fixed-debian-11", "257-fixed-debian-13"])
def test_after_the_fix(name: str) -> None:
    units = timers.parse(fixture(name))
    timer = units[TIMER]
    assert timer.calendar == ("Sat,Sun *-*-* 04:15:00 Europe/Berlin",)
    assert (timer.random, timer.accuracy, timer.persistent) == (0, 1, False)
    assert timer.next == datetime.datetime(2026, 11, 28, 3, 15, tzinfo=datetime.timezone.utc)
    assert timer.drop_ins == (f"/etc/systemd/system/{TIMER}.d/zz-infosec-principles.conf",)
    assert "apt-daily.service" in units[SERVICE].pulls


@pytest.mark.parametrize(
    ("text", "expected"), [("0", 0), ("1h 30min", 5400), ("1min 500ms", 60.5), ("2d", 172800), ("", -1), ("1 moon", -1)]
)
def test_spans(text: str, expected: float) -> None:
    assert timers.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "n/a", "Sat 2026-11-28 02:15:00 CET"])
def test_no_moment(text: str) -> None:
    assert timers.moment(text) is None


def test_why_there_are_none(tmp_path: pathlib.Path) -> None:
    host = Host(root=str(tmp_path), runner=lambda argv, stdin, timeout: Completed(1, "", "Failed to connect to bus\n"))
    assert timers.read(host, (TIMER,)) == ({}, "systemd does not run here (no /run/systemd/system)")
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    again = host.refresh()
    assert timers.read(again, (TIMER,)) == ({}, "systemctl show: Failed to connect to bus")
