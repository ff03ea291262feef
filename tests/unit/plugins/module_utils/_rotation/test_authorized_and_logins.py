# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of authorized_keys that a rotation adds and takes away, and what ssh says of a login."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.plugins.module_utils._rotation import authorized, logins
from ansible_collections.infosec.principles.plugins.module_utils._rotation.authorized import AuthorizedError, File
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine
from ansible_collections.infosec.principles.tests.unit.plugins.module_utils._rotation.test_machine_keys import key

OLD, NEW, OTHER = (key(number)[1] for number in (1, 2, 3))
OLD_PRINT, NEW_PRINT = (ssh_keys.fingerprint(ssh_keys.public(line)) for line in (OLD, NEW))
OPTIONS = 'from="192.0.2.5,2001:db8::/32",command="deploy \\"now\\", then sleep",restrict'
PATH = "/home/deploy/.ssh/authorized_keys"


def admitted(text: str, options: str | None = None) -> str:
    (change,) = authorized.admitted([File(PATH, text)], f"{NEW} new", [OLD_PRINT], options)
    assert change.before == text
    return change.after


def test_the_new_key_gets_the_very_options_of_the_old_one() -> None:
    text = f"# ours\r\n{OTHER} somebody\n{OPTIONS} {OLD} deploy\n\n# end"
    assert admitted(text) == f"# ours\r\n{OTHER} somebody\n{OPTIONS} {OLD} deploy\n{OPTIONS} {NEW} new\n\n# end\n"


def test_a_file_without_a_last_newline() -> None:
    assert admitted(f"{OLD} deploy") == f"{OLD} deploy\n{NEW} new\n"


def test_declared_options_take_their_place() -> None:
    assert admitted(f"{OPTIONS} {OLD} deploy\n", "restrict") == f"{OPTIONS} {OLD} deploy\nrestrict {NEW} new\n"
    assert admitted(f"{OPTIONS} {OLD} deploy\n", "") == f"{OPTIONS} {OLD} deploy\n{NEW} new\n"


def test_every_file_that_has_the_old_key_gets_the_new_one() -> None:
    known = [File("/a", f"{OLD}\n"), File("/b", f"{OTHER}\n"), File("/c", f"restrict {OLD}\n")]
    changes = authorized.admitted(known, NEW, [OLD_PRINT], None)
    assert [(one.path, one.after) for one in changes] == [
        ("/a", f"{OLD}\n{NEW}\n"),
        ("/c", f"restrict {OLD}\nrestrict {NEW}\n"),
    ]


def test_a_key_that_is_there_is_not_added_again() -> None:
    assert authorized.admitted([File(PATH, f"{OLD}\n{NEW}\n")], NEW, [OLD_PRINT], None) == []
    assert authorized.admitted([File(PATH, f"{NEW}\n")], NEW, [OLD_PRINT], None) == []


def test_nothing_is_opened_that_was_not_open() -> None:
    for text in ("", f"{OTHER}\n", f"# {OLD}\n", f"cert-authority {OLD}\n"):
        with pytest.raises(AuthorizedError, match="does not open this account"):
            authorized.admitted([File(PATH, text)], NEW, [OLD_PRINT], "restrict")


def test_the_old_key_goes_and_all_else_stays_byte_by_byte() -> None:
    text = f"# ours\r\n{OLD} deploy\n{OPTIONS} {NEW} new\nnonsense\n\t{OPTIONS} {OLD} again\ncert-authority {OLD}"
    (change,) = authorized.dismissed([File(PATH, text)], NEW, [OLD_PRINT])
    assert change.after == f"# ours\r\n{OPTIONS} {NEW} new\nnonsense\ncert-authority {OLD}"
    assert authorized.dismissed([File(PATH, change.after)], NEW, [OLD_PRINT]) == []


def test_the_old_key_stays_where_the_new_one_is_not() -> None:
    with pytest.raises(AuthorizedError, match="the old one stays"):
        authorized.dismissed([File(PATH, f"{OLD}\n")], NEW, [OLD_PRINT])


def test_the_new_key_never_goes() -> None:
    assert authorized.dismissed([File(PATH, f"{NEW}\n")], NEW, [OLD_PRINT, NEW_PRINT]) == []


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "hello world"])
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(AuthorizedError, match="no public key"):
        authorized.admitted([File(PATH, f"{OLD}\n")], line, [OLD_PRINT], None)


# On a machine


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    found = Machine(tmp_path)
    found.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndeploy:x:1000:1000::/home/deploy:/bin/sh\n")
    found.write(PATH, f"{OLD}\n", mode=0o640)
    return found


def apply(machine: Machine, changes: t.Iterable[WriteFile]) -> None:
    for change in changes:
        change.apply(machine.host(), tag="test")


def test_the_file_keeps_its_mode_and_no_link_of_its_owner_is_followed(machine: Machine) -> None:
    host = machine.host()
    apply(machine, authorized.admitted(authorized.files(host, "deploy"), NEW, [OLD_PRINT], None))
    assert machine.path(PATH).read_text(encoding="utf-8") == f"{OLD}\n{NEW}\n"
    assert machine.path(PATH).stat().st_mode & 0o777 == 0o640
    assert os.listdir(machine.path("/home/deploy/.ssh")) == ["authorized_keys"]


def test_sshd_says_where_the_keys_are(machine: Machine) -> None:
    machine.write("/etc/ssh/sshd_config", "")
    machine.write("/etc/ssh/keys/deploy", f"restrict {OLD}\n")
    said = "authorizedkeysfile /etc/ssh/keys/%u\n"
    machine.programs["sshd"] = lambda argv, stdin: Completed(
        0, said if "user=deploy" in argv[-1] or "-T" in argv else "", ""
    )
    machine.programs["sh"] = machine.programs["sshd"]
    machine.unit(
        "ssh.service",
        process="sshd",
        title="sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
        sockets=[("tcp", "127.0.0.1", 22)],
    )
    assert [one.path for one in authorized.files(machine.host(), "deploy")] == ["/etc/ssh/keys/deploy"]


def test_an_account_that_is_not_there(machine: Machine) -> None:
    with pytest.raises(AuthorizedError, match="there is no account ghost here"):
        authorized.files(machine.host(), "ghost")


# What ssh says

IN = 'Authenticated to 192.0.2.9 ([192.0.2.9]:22) using "publickey".'
IN_8 = "Authenticated to 192.0.2.9 ([192.0.2.9]:22)."
OFFERED = "debug1: Offering public key: /home/ci/.ssh/id ED25519 SHA256:new explicit"
TAKEN = "debug1: Server accepts key: /home/ci/.ssh/id ED25519 SHA256:new explicit"
TAKEN_OLD = "debug1: Server accepts key: /home/ci/.ssh/id_old ED25519 SHA256:old"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([OFFERED, TAKEN, IN], ""),
        ([OFFERED, TAKEN, IN_8], ""),
        ([OFFERED, TAKEN_OLD, IN], "another key got in: SHA256:old"),
        ([IN], "another key got in: of unknown fingerprint"),
        (
            [OFFERED, TAKEN, "ci@192.0.2.9: Permission denied (publickey)."],
            "ci@192.0.2.9: Permission denied (publickey).",
        ),
        (["ssh: connect to host x port 22: Connection refused"], "ssh: connect to host x port 22: Connection refused"),
        (["debug1: something"], "ssh ended without a word"),
        ([OFFERED, "no answer in time"], "no answer in time"),
    ],
)
def test_only_a_login_with_this_very_key_is_a_proof(lines: list[str], why: str) -> None:
    assert logins.judge(lines, "SHA256:new") == why


def test_ssh_is_asked_for_no_session_and_over_a_connection_of_its_own() -> None:
    target = logins.Target("web", "192.0.2.9", "deploy", 2222, ("-o", "ProxyJump=bastion"))
    words = logins.command(target, "/home/ci/.ssh/id", 15)
    assert words[:2] == ["ssh", "-N"]
    assert {"ControlPath=none", "ControlMaster=no", "IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes"} < {
        *words
    }
    assert words[-8:] == ["-p", "2222", "-o", "ProxyJump=bastion", "-l", "deploy", "--", "192.0.2.9"]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"echo '{TAKEN}' >&2; echo '{IN}' >&2; sleep 60", ""),
        ("echo 'Host key verification failed.' >&2; exit 255", "Host key verification failed."),
        ("printf 'no newline' >&2; exit 255", "no newline"),
        ("sleep 60", "no answer in time"),
    ],
)
def test_a_login_ends_as_soon_as_it_is_through(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert logins.log_in(logins.Target("web", "192.0.2.9", "deploy"), "/id", "SHA256:new", 2) == why
