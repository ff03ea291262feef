# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import hba

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "databases"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("local all all peer\n", ("local", "all", "all", "peer")),
        ("\thost  all\tall 10.0.0.0/8  md5 # note\n", ("host", "all", "all", "10.0.0.0/8", "md5")),
        ('host "a b","c#d" u1, u2 all md5', ("host", '"a b","c#d"', "u1, u2", "all", "md5")),
        (
            "host all all all ldap ldapserver=x ldapport=1",
            ("host", "all", "all", "all", "ldap", "ldapserver=x", "ldapport=1"),
        ),
        ("host all \\\n all all md5\n", ("host", "all", "all", "all", "md5")),
        ("host all all all md5\\", ("host", "all", "all", "all", "md5")),
        ("host all all all md5\r\n", ("host", "all", "all", "all", "md5")),
    ],
)
def test_fields(text: str, fields: tuple[str, ...]) -> None:
    (line,) = hba.parse(text)
    assert line.fields == fields
    assert (line.number, line.offset) == (1, 0)


def test_comments_and_blanks_are_no_rules() -> None:
    assert hba.parse("# host all all all trust\n\n   \n") == []


def test_numbers_and_offsets_count_continued_lines() -> None:
    text = "# one\nhost a \\\n b all md5\nhost c d all md5\n"
    assert [(line.number, text[line.offset :].split()[1]) for line in hba.parse(text)] == [(2, "a"), (4, "c")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host all all 0.0.0.0/0 md5", "host all all NET md5"),
        ("host all all 10.77.0.0 255.255.0.0 md5 map=x", "host all all NET md5 map=x"),
        (
            'hostssl "My Db" +group all cert clientcert=verify-full',
            'hostssl "My Db" +group NET cert clientcert=verify-full',
        ),
        ("host all all samenet trust", "host all all NET trust"),
    ],
)
def test_the_same_rule_for_another_address(text: str, expected: str) -> None:
    assert hba.parse(text)[0].for_address("NET") == expected


def test_first_over_tcp_takes_the_comment_right_above_along() -> None:
    text = (FIXTURES / "pg_hba-15-debian12.conf").read_text(encoding="utf-8")
    assert text[hba.first_over_tcp(text) :].startswith("# IPv4 local connections:\nhost")


@pytest.mark.parametrize("text", ["", "# only\n", "local all all peer\n"])
def test_without_rules_for_tcp_it_is_the_end(text: str) -> None:
    assert text[hba.first_over_tcp(text) :] in ("", "# only\n")


def test_lines_are_those_that_the_server_counts() -> None:
    told = json.loads((FIXTURES / "postgresql-15-debian12.json").read_text(encoding="utf-8"))
    lines = hba.parse((FIXTURES / "pg_hba-15-debian12.conf").read_text(encoding="utf-8"))
    assert [(line.number, line.fields[0]) for line in lines] == [(r["line_number"], r["type"]) for r in told["rules"]]
