# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far rotations are, by what the tasks of a run have registered; what was not heard is never taken for done."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._rotation import progress

KEY: dict[str, t.Any] = {"name": "deploy", "source": "ci", "hosts": ["web1", "web2"]}
NEW, OLD = {"path": "/k-2026", "fingerprint": "SHA256:new", "line": "x"}, {"path": "/k", "fingerprint": "SHA256:old"}


def told(**said: t.Any) -> dict[str, t.Any]:
    """A registered variable with one result."""
    return {"results": [{"item": {"name": "deploy"}, "failed": False, **said}]}


MADE = told(phase="made", new=NEW, old=[OLD])


def hosts(ci: dict[str, t.Any] | None = None, **webs: dict[str, t.Any]) -> dict[str, t.Any]:
    """Variables of hosts after a run in which all went well but what is given."""
    done = {"infosec_key_admitted": told(), "infosec_key_dismissed": told()}
    both = told(logins={"web1": "", "web2": ""})
    source = {"infosec_key_made": MADE, "infosec_key_logins": both, "infosec_key_proofs": both}
    return {
        "ci": {name: value for name, value in {**source, **(ci or {})}.items() if value},
        "web1": {**done, **webs.get("web1", {})},
        "web2": {**done, **webs.get("web2", {})},
    }


def running(variables: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    return progress.running([KEY], variables)


def left(variables: dict[str, t.Any]) -> list[str]:
    return progress.left([KEY], running(variables), variables).get("deploy", [])


def test_a_rotation_goes_on_where_there_is_a_new_key() -> None:
    (one,) = running(hosts())
    assert (one["new"], one["old"]) == (NEW, ["SHA256:old"])


def test_none_goes_on_where_there_is_none() -> None:
    idle = hosts({"infosec_key_made": told(phase="idle", new={}, old=[])})
    assert (running(idle), left(idle)) == ([], [])


def test_all_done_nothing_is_left() -> None:
    assert left(hosts()) == []


def test_a_source_that_was_not_reached_is_left() -> None:
    assert left(hosts({"infosec_key_made": {}})) == ["ci was not reached, so its key was not looked at"]
    assert left(hosts({"infosec_key_made": told(unreachable=True, msg="no route")})) == [
        "ci was not reached, so its key was not looked at"
    ]


def test_a_key_that_could_not_be_read_is_left() -> None:
    assert left(hosts({"infosec_key_made": told(failed=True, msg="/k: has a passphrase")})) == [
        "ci: /k: has a passphrase"
    ]


def test_a_host_that_was_not_reached_keeps_the_old_key_everywhere() -> None:
    failing = told(logins={"web1": "", "web2": "no answer in time"})
    variables = hosts(
        {"infosec_key_logins": failing, "infosec_key_proofs": {}},
        web1={"infosec_key_dismissed": {}},
        web2={"infosec_key_admitted": {}, "infosec_key_dismissed": {}},
    )
    assert left(variables) == [
        "web1: the old key stays in use, since the new one does not open every host",
        "web2: was not reached, so the old key stays in use until a run reaches it",
    ]
    assert progress.proven(running(variables), variables, "web1") == []


def test_an_old_key_goes_only_where_the_new_one_got_in() -> None:
    variables = hosts({"infosec_key_proofs": told(logins={"web1": "", "web2": "Permission denied"})})
    assert [one["name"] for one in progress.proven(running(variables), variables, "web1")] == ["deploy"]
    assert progress.proven(running(variables), variables, "web2") == []
    assert progress.proven(running(variables), variables, "db") == []


def test_each_step_that_failed_is_said() -> None:
    refused = told(failed=True, msg="the key that is to be replaced does not open this account")
    proofs = told(logins={"web1": "", "web2": "Permission denied"})
    lost = hosts({"infosec_key_proofs": proofs}, web1={"infosec_key_dismissed": {}}, web2={"infosec_key_dismissed": {}})
    assert left(hosts(web1={"infosec_key_admitted": refused})) == [
        "web1: the key that is to be replaced does not open this account"
    ]
    assert left(lost) == [
        "web1: was lost before the old key could be taken away",
        "web2: the new key does not get in from ci: Permission denied",
    ]
    assert left(hosts(web2={"infosec_key_dismissed": told(failed=True, msg="read-only file system")})) == [
        "web2: read-only file system"
    ]


def test_a_task_that_was_left_out_has_done_nothing() -> None:
    assert len(left(hosts(web1={"infosec_key_dismissed": told(skipped=True)}))) == 1
    assert len(left(hosts({"infosec_key_logins": told(failed=True, msg="no ssh")}))) == 2
