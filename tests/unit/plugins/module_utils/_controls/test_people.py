# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is a person and who a program."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

PASSWD = """\
root:x:0:0::/root:/bin/bash
daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
postgres:x:105:105::/var/lib/postgresql:/bin/bash
ann:x:1000:1000::/home/ann:/bin/bash
bob:x:1001:1001::/home/bob:
gone:x:1002:1002::/home/gone:/bin/false
deploy:x:1003:1003::/srv/deploy:/bin/sh
ci-7:x:998:998::/srv/ci:/bin/sh
"""
OPTIONS = {
    "automation": [
        {"name": "deploy", "from": ["192.0.2.5"], "owner": "release team"},
        {"name": "ci-*", "from": None, "owner": None},
    ]
}


@pytest.fixture(name="host")
def lay(tmp_path: pathlib.Path) -> Host:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(PASSWD, encoding="utf-8")
    return Host(root=str(tmp_path), runner=lambda argv, stdin, timeout: Completed(127, "", "no such program"))


def test_people_are_those_who_can_log_in_and_are_no_program(host: Host) -> None:
    assert [one.name for one in _people.people(host, _people.automation(OPTIONS))] == ["root", "ann", "bob"]


def test_without_a_list_a_program_counts_as_a_person(host: Host) -> None:
    assert [one.name for one in _people.people(host, ())] == ["root", "ann", "bob", "deploy"]


def test_machines_are_those_that_the_list_names_by_pattern_too(host: Host) -> None:
    listed = _people.automation(OPTIONS)
    assert [one.name for one in _people.machines(host, listed)] == ["ci-7", "deploy"]
    assert _people.declared("deploy", listed) == _people.Automation("deploy", ("192.0.2.5",), "release team")
    assert _people.declared("ci-9", listed) == _people.Automation("ci-*", (), "")
