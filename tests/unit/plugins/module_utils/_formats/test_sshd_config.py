# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fnmatch

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._formats.sshd_config import Setting

GIT = (("user", "git"),)
OFFICE = (("address", "10.0.0.0/8"),)


@pytest.mark.parametrize(
    ("line", "keyword", "arguments"),
    [
        ("AllowTcpForwarding no", "allowtcpforwarding", ["no"]),
        ("  ALLOWTCPFORWARDING=local # why", "allowtcpforwarding", ["local"]),
        ("X11Forwarding = yes", "x11forwarding", ["yes"]),
        ('Banner "/etc/issue of # net" x', "banner", ["/etc/issue of # net", "x"]),
        ("Subsystem\tsftp\t'/a b'", "subsystem", ["sftp", "/a b"]),
        ("# Match all", "", []),
        ("", "", []),
    ],
)
def test_lines(line: str, keyword: str, arguments: list[str]) -> None:
    assert sshd_config.split(line) == (keyword, arguments)


@pytest.mark.parametrize(
    ("arguments", "criteria"),
    [
        (["all"], (("all", ""),)),
        (["User", "git", "Address", "10.0.0.0/8"], (("user", "git"), ("address", "10.0.0.0/8"))),
        (["user=git", "LocalPort=2222"], (("user", "git"), ("localport", "2222"))),
        (["Invalid-User"], (("invalid-user", ""),)),
        (["Group"], (("group", ""),)),
    ],
)
def test_match_lines(arguments: list[str], criteria: sshd_config.Criteria) -> None:
    assert sshd_config.criteria(arguments) == criteria


FILES = {
    "/etc/ssh/sshd_config": "Include sshd_config.d/*.conf\nPort 22\nMatch User git\n X11Forwarding yes\n"
    "Include /etc/ssh/more\nMatch Address 10.0.0.0/8\n PermitTunnel yes\n",
    "/etc/ssh/sshd_config.d/a.conf": "Port 1\nMatch User git\n  PermitTunnel no\n",
    "/etc/ssh/sshd_config.d/b.conf": "Port 2\n",
    "/etc/ssh/more": "GatewayPorts yes\nMatch Address 10.0.0.0/8\nGatewayPorts no\n",
}


def found(name: str) -> list[Setting]:
    settings = sshd_config.settings(name, FILES.__getitem__, lambda pattern: sorted(fnmatch.filter(FILES, pattern)))
    return [setting for setting in settings if setting.keyword != "include"]


def test_includes_stand_where_they_are_and_a_match_ends_with_its_file() -> None:
    assert found("/etc/ssh/sshd_config") == [
        Setting("/etc/ssh/sshd_config.d/a.conf", 1, "port", ("1",)),
        Setting("/etc/ssh/sshd_config.d/a.conf", 3, "permittunnel", ("no",), (GIT,)),
        Setting("/etc/ssh/sshd_config.d/b.conf", 1, "port", ("2",)),
        Setting("/etc/ssh/sshd_config", 2, "port", ("22",)),
        Setting("/etc/ssh/sshd_config", 4, "x11forwarding", ("yes",), (GIT,)),
        Setting("/etc/ssh/more", 1, "gatewayports", ("yes",), (GIT,)),
        Setting("/etc/ssh/more", 3, "gatewayports", ("no",), (GIT, OFFICE)),
        Setting("/etc/ssh/sshd_config", 7, "permittunnel", ("yes",), (OFFICE,)),
    ]


def test_a_file_that_includes_itself_ends() -> None:
    settings = sshd_config.settings("/x", lambda name: "Include /x\nPort 1\n", lambda pattern: ["/x"])
    assert sum(setting.keyword == "port" for setting in settings) == sshd_config.DEPTH + 1


@pytest.mark.parametrize(
    ("patterns", "text", "matches"),
    [
        ("git", "git", True),
        ("git", "gitx", False),
        ("a?c*", "abcde", True),
        ("*,!root", "root", False),
        ("*,!root", "ann", True),
        ("!root", "ann", False),
        ("a.c", "abc", False),
        ("*************************x", "a" * 200, False),
    ],
)
def test_pattern_lists(patterns: str, text: str, matches: bool) -> None:
    assert sshd_config.matches(patterns, text) is matches


@pytest.mark.parametrize(
    ("patterns", "address", "matches"),
    [
        ("10.0.0.0/8", "10.9.8.7", True),
        ("10.0.0.0/8,!10.9.0.0/16", "10.9.8.7", False),
        ("192.168.?.*", "192.168.1.20", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "10.0.0.1", False),
        ("10.0.0.1", "10.0.0.1", True),
    ],
)
def test_address_lists(patterns: str, address: str, matches: bool) -> None:
    assert sshd_config.matches_address(patterns, address) is matches


@pytest.mark.parametrize("patterns", ["git", "a*", "?x,!xx", "deploy-?", "*,!root", "!a,ab"])
def test_samples_are_matched(patterns: str) -> None:
    sample = sshd_config.sample(patterns, ("root", "ann", "ax"))
    assert sample is not None
    assert sshd_config.matches(patterns, sample)


@pytest.mark.parametrize(
    "patterns", ["10.0.0.0/8", "10.0.0.0/8,!10.0.0.0/9", "192.168.?.*", "2001:db8::/32", "*", "10.0.0.1/32"]
)
def test_sample_addresses_are_matched(patterns: str) -> None:
    sample = sshd_config.sample_address(patterns, ("192.0.2.1",))
    assert sample is not None
    assert sshd_config.matches_address(patterns, sample)


def test_what_nothing_matches_has_no_sample() -> None:
    assert sshd_config.sample("!root", ("ann",)) is None
    assert sshd_config.sample_address("!10.0.0.0/8", ("192.0.2.1",)) is None
