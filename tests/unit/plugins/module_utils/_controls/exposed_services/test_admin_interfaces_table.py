# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks of each interface against answers of the software itself, and against what only looks like it.

fixtures/admin/known/KEY.WHAT.http: what a stranger gets, cut down to the lines that tell; recorded from Debian's and
PyPI's packages, else after the published source. fixtures/admin/others: what must be taken for none of them.
"""

from __future__ import annotations

import pathlib
import re
import time

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer

ANSWERS = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "admin"
KNOWN = sorted((ANSWERS / "known").glob("*.http"))
OTHERS = sorted((ANSWERS / "others").glob("*.http"))
#: Served by several at once: Tomcat's two applications are two interfaces, and nothing else is.
BY_KEY = {one.key: one for one in INTERFACES}


def read(path: pathlib.Path) -> Answer:
    """Status, headers, an empty line, the page."""
    head, _empty, body = path.read_bytes().partition(b"\n\n")
    status, *headers = head.decode().split("\n")
    pairs = (line.partition(":") for line in headers)
    return Answer(int(status), tuple((name.lower(), value.strip()) for name, _colon, value in pairs), body)


def fitting(answer: Answer) -> list[str]:
    return [one.key for one in INTERFACES if one.known(answer)]


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_an_answer_is_known_as_its_software_s_alone(path: pathlib.Path) -> None:
    assert fitting(read(path)) == [path.name.partition(".")[0]]


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_what_only_looks_like_it_is_none(path: pathlib.Path) -> None:
    assert fitting(read(path)) == []


@pytest.mark.parametrize("key", BY_KEY)
def test_every_interface_has_an_answer_of_its_own(key: str) -> None:
    assert any(path.name.startswith(f"{key}.") for path in KNOWN)


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_a_page_of_another_status_is_not_there(path: pathlib.Path) -> None:
    answer = read(path)
    assert fitting(Answer(404, answer.headers, answer.body)) == []


@pytest.mark.parametrize("key", BY_KEY)
def test_a_row_can_be_asked_for(key: str) -> None:
    one = BY_KEY[key]
    assert one.shut and one.marks and (one.paths or one.ports)
    assert all(path.startswith("/") and not re.search(r"[^\w./-]", path) for path in one.paths)
    assert not one.page.startswith("/")
    # A page below a path without a closing slash would be asked for beside it.
    assert not one.page or all(path.endswith("/") for path in one.paths)
    assert bool(one.ports) == bool(one.programs)


def test_keys_are_each_there_once() -> None:
    assert len(BY_KEY) == len(INTERFACES) == 22


@pytest.mark.parametrize("key", BY_KEY)
@pytest.mark.parametrize(
    "filler",
    [b"<script>", b'<form id="login-form">', b"<title>Traefik</title>", b"<title>Apache Status</title>", b"<input "],
)
def test_a_hostile_page_takes_no_time(key: str, filler: bytes) -> None:
    page = filler * (256 * 1024 // len(filler))
    begun = time.process_time()
    BY_KEY[key].known(Answer(200, (), page))
    assert time.process_time() - begun < 1
