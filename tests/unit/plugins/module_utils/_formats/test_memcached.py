# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import memcached

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "databases"
DEBIAN = (FIXTURES / "memcached-1.6-debian12.conf").read_text(encoding="utf-8")
RHEL = (FIXTURES / "memcached-1.6-composed-rhel9.sysconfig").read_text(encoding="utf-8")


def active(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_conf_listens_there_alone() -> None:
    narrowed = memcached.narrow_conf(DEBIAN, "127.0.0.1,10.0.0.1")
    assert [line for line in active(narrowed) if line.startswith("-l")] == ["-l 127.0.0.1,10.0.0.1"]
    assert set(active(DEBIAN)) - set(active(narrowed)) == {"-l 0.0.0.0"}
    assert "# replaced by infosec.principles: -l 0.0.0.0" in narrowed


def test_sysconfig_gets_a_last_word_that_keeps_the_other_options() -> None:
    narrowed = memcached.narrow_sysconfig(RHEL, "127.0.0.1")
    assert active(narrowed)[: len(active(RHEL))] == active(RHEL)
    assert active(narrowed)[-1] == 'OPTIONS="-U 0 -l 127.0.0.1"'


@pytest.mark.parametrize(("narrow", "text"), [(memcached.narrow_conf, DEBIAN), (memcached.narrow_sysconfig, RHEL)])
def test_a_second_time_changes_nothing(narrow: object, text: str) -> None:
    assert callable(narrow)
    once = narrow(text, "127.0.0.1")
    assert narrow(once, "127.0.0.1") == once
    assert narrow(narrow(text, "10.0.0.1"), "127.0.0.1") == once


def test_a_line_with_other_options_is_not_torn_apart() -> None:
    with pytest.raises(ValueError, match="own line"):
        memcached.narrow_conf("-l 0.0.0.0 -p 11211\n", "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "found"),
    [("-S\n", True), ("# -S\n", False), ('OPTIONS="-l ::1 -S"\n', True), ("-m 64\n", False), ("-Somewhere\n", False)],
)
def test_has_option(text: str, found: bool) -> None:
    assert memcached.has_option(text, "-S", "--enable-sasl") is found
