# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sysctl.d(5)."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import sysctl_conf


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("net.ipv4.ip_forward = 1", "net/ipv4/ip_forward", "1"),
        ("-net.ipv4.ip_forward=1", "net/ipv4/ip_forward", "1"),
        ("net.ipv4.conf.enp3s0/200.forwarding = 1", "net/ipv4/conf/enp3s0.200/forwarding", "1"),
        ("net/ipv4/conf/enp3s0.200/forwarding = 1", "net/ipv4/conf/enp3s0.200/forwarding", "1"),
        ("-net.ipv4.conf.all.rp_filter", "net/ipv4/conf/all/rp_filter", None),
        ("kernel.core_pattern=|/bin/a b=%e", "kernel/core_pattern", "|/bin/a b=%e"),
    ],
)
def test_a_line(line: str, key: str, value: str | None) -> None:
    assert sysctl_conf.parse(f"# one\n; two\n\n{line}\n") == [sysctl_conf.Setting(4, key, value)]


def test_what_is_no_setting() -> None:
    assert sysctl_conf.parse("net.ipv4.ip_forward\n=1\n") == []


def test_two_spellings_of_one_value() -> None:
    assert sysctl_conf.plain("4096\t0x10  010") == sysctl_conf.plain("4096 16 8") == (4096, 16, 8)
