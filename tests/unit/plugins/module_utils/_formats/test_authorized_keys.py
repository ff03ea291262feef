# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""authorized_keys(5): what the lines tell of a key besides the key."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.authorized_keys import Entry

#: A key made for these tests; it opens nothing.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqDenlBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JKTs"


def only(line: str) -> Entry:
    (entry,) = authorized_keys.parse(line)
    return entry


@pytest.mark.parametrize(
    ("comment", "owner", "made"),
    [
        ("ann@laptop", "ann", None),
        ("Ann@laptop 2024-05-01", "ann", datetime.date(2024, 5, 1)),
        ("id_ed25519_mozilla_2024-05-01", "id_ed25519_mozilla_2024-05-01", datetime.date(2024, 5, 1)),
        ("ann@laptop-20231124", "ann", datetime.date(2023, 11, 24)),
        ("key 99999999 2024-13-40", "", None),
        ("", "", None),
        ("the key of Ann", "", None),
        ("rsa-key-20190230", "rsa-key-20190230", None),
    ],
)
def test_comment(comment: str, owner: str, made: datetime.date | None) -> None:
    entry = only(f"{KEY} {comment}")
    assert (entry.comment, entry.owner, entry.made) == (comment, owner, made)


def test_options() -> None:
    entry = only(f'restrict,FROM="192.0.2.5,10.0.0.0/8",command="echo \\"a, b\\"" {KEY} x')
    assert entry.option("from") == "192.0.2.5,10.0.0.0/8" and entry.option("command") == 'echo "a, b"'
    assert entry.option("restrict") == "" and entry.option("pty") is None and not entry.names_authority
    assert only(f"cert-authority {KEY}").names_authority


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260102Z", "2026-01-02T00:00:00+00:00"),
        ("202601021530Z", "2026-01-02T15:30:00+00:00"),
        ("20260102153059Z", "2026-01-02T15:30:59+00:00"),
    ],
)
def test_expiry_time(text: str, expected: str) -> None:
    assert only(f'expiry-time="{text}" {KEY}').expires == datetime.datetime.fromisoformat(expected)


def test_expiry_time_without_a_zone_is_local() -> None:
    assert only(f'expiry-time="20260102" {KEY}').expires == datetime.datetime(2026, 1, 2).astimezone()


@pytest.mark.parametrize("text", ["", "2026", "20261340", "999999999999999"])
def test_no_expiry_time(text: str) -> None:
    assert only(f'expiry-time="{text}" {KEY}').expires is None


def test_a_nul_hides_no_key() -> None:
    """sshd reads lines as C strings: what is behind a NUL is not there for it, and the key before it opens."""
    entry = only(f"{KEY} ann\0" + "x" * 100)
    assert entry.comment == "ann" and ssh_keys.fingerprint(entry.public).startswith("SHA256:")
    assert only(f"{KEY}\0junk").number == 1
