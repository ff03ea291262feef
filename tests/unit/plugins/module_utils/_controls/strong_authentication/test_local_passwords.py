# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""local_passwords: what is locked, what must not be, and that no hash comes along."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication import local_passwords
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._passwords import (
    locking,
    schemes,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine import journal
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import to_wire
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._host import (
    login,
    shadow,
    sshd,
    sshd_classes,
    sshd_state,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login

HASH = "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
DES = "ab9lG5LSjoQfM"
OPTIONS: dict[str, t.Any] = {"automation": [], "confirm_seconds": 60, "allow_self_cutoff": False}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqDenmBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JKTs\n"


class Ground:
    """A machine with the accounts root, ann and bob."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        for name in ("usermod", "passwd"):
            self.write(f"/usr/sbin/{name}", "").chmod(0o755)
        self.write("/etc/group", "staff:x:50:ann\n")
        self.shadow()

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def shadow(self, *, root: str = "*", ann: str = "*", bob: str = "*:20000:::::", passwd: str = "") -> None:
        self.write("/etc/shadow", f"root:{root}:20000::::::\nann:{ann}:20000::::::\nbob:{bob}:\n")
        self.write(
            "/etc/passwd",
            "root:x:0:0::/root:/bin/sh\nann:x:1000:50::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/usr/sbin/nologin\n"
            + passwd,
        )

    def host(self) -> Host:
        return Host(root=str(self.root), runner=lambda argv, stdin, timeout: Completed(127, "", ""))

    def assess(self, **options: t.Any) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for finding in local_passwords.assess(self.host(), {**OPTIONS, **options}):
            found.setdefault(finding.rule.name, []).append(finding)
        return found

    def one(self, rule: str, **options: t.Any) -> Finding:
        (finding,) = self.assess(**options)[rule]
        return finding


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


def test_no_hash_is_in_any_finding(ground: Ground) -> None:
    ground.shadow(ann=HASH, bob=f"!{HASH}:20000:::::", passwd=f"pi:{DES}:1002:1002::/:/bin/sh\n")
    ground.write("/etc/gshadow", f"staff:{HASH}::\n")
    findings = [finding for found in ground.assess().values() for finding in found]
    wire = json.dumps([to_wire(local_passwords.CONTROL, finding) for finding in findings])
    assert {finding.status for finding in findings} == {f.PASS, f.FAIL, f.NOT_APPLICABLE}
    assert HASH[3:20] not in wire and DES not in wire


def test_without_root_the_rest_is_judged(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(host: Host) -> t.NoReturn:
        raise NeedsRoot("/etc/shadow")

    monkeypatch.setattr(shadow, "read", refuse)
    findings = local_passwords.assess(ground.host(), OPTIONS)
    assert [next(findings).rule.name, next(findings).rule.name] == ["uid_zero", "weak_scheme"]
    with pytest.raises(NeedsRoot):
        next(findings)


# empty


def test_an_empty_password_is_locked_under_a_guard(ground: Ground) -> None:
    ground.shadow(ann="")
    ground.write("/etc/pam.d/common-auth", "auth required pam_unix.so nullok\n")
    finding = ground.one("empty")
    guard, command = finding.fix
    assert guard == Guard(60)
    assert isinstance(command, Command)
    assert command.do[1] == ("usermod", "-p", "*", "ann")
    assert command.undo == (("passwd", "-d", "ann"), ("chage", "-d", "20000", "ann"))
    assert "nullok in /etc/pam.d/common-auth" in finding.evidence[1].found


def test_a_day_that_was_not_there_comes_back_as_none(ground: Ground) -> None:
    ground.shadow(bob="::::::")
    command = ground.one("empty").fix[1]
    assert isinstance(command, Command)
    assert command.undo[1] == ("chage", "-d", "-1", "bob")


@pytest.mark.parametrize(
    ("made", "name", "fixed"),
    [
        (Login("ann", ("password",)), "ann", False),
        (Login("ann", ("none",)), "ann", False),
        (Login("ann", ("publickey",)), "ann", True),
        (Login("ann", ("publickey", "password")), "ann", True),
        (Login("bob", ("password",)), "ann", True),
        (None, "ann", True),
        (None, "root", False),
        (Login("ann", ("publickey",)), "root", True),
        (Login("root", ("password",)), "root", False),
        (Login("root", ("publickey",)), "root", True),
    ],
)
def test_what_carries_this_run_is_not_locked(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, made: Login | None, name: str, fixed: bool
) -> None:
    monkeypatch.setattr(login, "read", lambda host: made)
    ground.shadow(**{name: ""})
    finding = ground.one("empty")
    assert bool(finding.fix) is fixed
    assert fixed or ("not locked, since" in finding.message and "allow_self_cutoff" in finding.remedy)
    assert ground.one("empty", allow_self_cutoff=True).fix


def test_a_name_that_usermod_might_not_take_is_left_to_a_person(ground: Ground) -> None:
    ground.shadow(passwd="x -R::1005:1005::/:/bin/sh\n")
    finding = ground.one("empty")
    assert (finding.subject, finding.fix) == ("x -R", ())


def test_a_machine_account_is_matched_by_its_whole_name(ground: Ground) -> None:
    ground.shadow(passwd="a.b$::1005:1005::/:/bin/sh\n")
    command = ground.one("empty").fix[1]
    assert isinstance(command, Command)
    assert command.probe == ("grep", "-q", r"^a[.]b[$]:\*:", "/etc/passwd")
    assert command.undo == (("passwd", "-d", "a.b$"),)


def test_an_account_with_two_passwords_is_left_to_a_person(ground: Ground) -> None:
    """usermod would change both, and passwd -d takes back only one."""
    ground.shadow(passwd="eve::1005:1005::/:/bin/sh\n")
    ground.write("/etc/shadow", f"eve:{HASH}:20000::::::\n")
    assert "it has a line in /etc/shadow too" in ground.one("empty").message


def test_without_the_programs_nothing_is_locked(ground: Ground) -> None:
    (ground.root / "usr/sbin/usermod").unlink()
    ground.shadow(ann="")
    assert not ground.one("empty").fix


# locked_usable


def answers(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Let an sshd say this to everybody."""
    said = {key: (value,) for key, value in {"passwordauthentication": "yes", "usepam": "yes", **values}.items()}
    probe = sshd_classes.Probe("ann", frozenset(), ("root", "ann", "bob"), sshd_classes.Place(), "")
    state = sshd_state.State(sshd.Daemon("ssh.service"), (), ((probe, said),), 0)
    monkeypatch.setattr(sshd_state, "read", lambda host: sshd_state.States((state,), {}))


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, f.FAIL),
        ({"usepam": "no"}, f.PASS),
        ({"pubkeyauthentication": "no"}, f.PASS),
        ({"passwordauthentication": "no"}, f.PASS),
        ({"denyusers": "ann"}, f.PASS),
        ({"denygroups": "staff"}, f.PASS),
        ({"allowusers": "root bob@192.0.2.1"}, f.PASS),
        ({"allowusers": "an?"}, f.FAIL),
        ({"allowgroups": "staff"}, f.FAIL),
        ({"authorizedkeysfile": "none"}, f.PASS),
        ({"authorizedkeysfile": "/etc/keys/%u .ssh/other"}, f.PASS),
    ],
)
def test_a_locked_password_and_a_key(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, values: dict[str, str], status: str
) -> None:
    answers(monkeypatch, **values)
    ground.shadow(ann=f"!{HASH}")
    ground.write("/home/ann/.ssh/authorized_keys", KEY)
    assert ground.one("locked_usable").status == status


@pytest.mark.parametrize("field", ["!", "*", "!*", HASH])
def test_only_who_had_a_password_was_locked(ground: Ground, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    answers(monkeypatch)
    ground.shadow(ann=field)
    ground.write("/home/ann/.ssh/authorized_keys", KEY)
    assert ground.one("locked_usable").status == f.PASS


def test_who_expired_or_has_no_shell_is_off(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch)
    ground.write("/home/ann/.ssh/authorized_keys", KEY)
    ground.write("/home/bob/.ssh/authorized_keys", KEY)
    ground.shadow(bob=f"!{HASH}:20000:::::")
    ground.write("/etc/shadow", f"ann:!{HASH}:20000:::::1:\nbob:!{HASH}:20000::::::\n")
    assert ground.one("locked_usable").status == f.PASS


def test_an_sshd_that_does_not_answer_is_no_pass(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sshd_state, "read", lambda host: sshd_state.States((), {"ssh.service": "it is ill"}))
    ground.shadow(ann=f"!{HASH}")
    finding = ground.one("locked_usable")
    assert (finding.status, finding.subject) == (f.NOT_ASSESSED, "ann")


def test_comments_open_nothing(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch)
    ground.shadow(ann=f"!{HASH}")
    ground.write("/home/ann/.ssh/authorized_keys", "# none\n\n")
    assert ground.one("locked_usable").status == f.PASS


@pytest.mark.parametrize(("module", "status"), [("pam_unix.so", f.FAIL), ("pam_oath.so", f.PASS)])
def test_a_question_that_is_not_for_the_password(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, module: str, status: str
) -> None:
    answers(monkeypatch, passwordauthentication="no", kbdinteractiveauthentication="yes")
    ground.shadow(ann=f"!{HASH}")
    ground.write("/home/ann/.ssh/authorized_keys", KEY)
    ground.write("/etc/pam.d/sshd", f"auth required {module}\n")
    assert ground.one("locked_usable").status == status


def test_what_this_collection_locked_is_meant_to_be_open_to_keys(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch)
    ground.shadow(ann=f"!{HASH}")
    ground.write("/home/ann/.ssh/authorized_keys", KEY)
    command = Command("lock", "", "", (("usermod", "-L", "ann"),), (("usermod", "-U", "ann"),), ("true",))
    log = journal.Journal(ground.host(), "20261124T120000.000000Z-abcdef")
    log.start(by="a test")
    log.fix(1, "local_credentials", ["ann"])
    step = log.begin(1, command)
    assert ground.one("locked_usable").status == f.PASS
    log.note("reverted", step=step.number)
    assert ground.one("locked_usable").status == f.FAIL


# The others


@pytest.mark.parametrize(
    ("line", "defs", "scheme"),
    [
        ("password required pam_unix.so obscure yescrypt", "ENCRYPT_METHOD DES", "yescrypt"),
        ("password required pam_unix.so sha512 md5", "ENCRYPT_METHOD SHA512", "md5"),
        ("-password [success=1 default=ignore] /lib/security/pam_unix.so \\\n  sha512", "", "sha512"),
        ("password required pam_unix.so", "ENCRYPT_METHOD SHA512", "sha512"),
        ("password required pam_unix.so", 'ENCRYPT_METHOD "MD5"', "md5"),
        ("password required pam_unix.so # sha512", "MD5_CRYPT_ENAB yes", "md5"),
        ("password required pam_unix.so", "#ENCRYPT_METHOD SHA512", "des"),
    ],
)
def test_the_scheme_of_a_new_password(ground: Ground, line: str, defs: str, scheme: str) -> None:
    """As the real ones do: the last word counts, then login.defs, then DES (tried on Debian 11, 12 and 13)."""
    ground.write("/etc/pam.d/common-password", f"{line}\n")
    ground.write("/etc/login.defs", f"{defs}\n")
    assert dict(schemes.in_force(ground.host()))["/etc/pam.d/common-password"] == scheme


def test_copies_of_files_and_other_modules_do_not_count(ground: Ground) -> None:
    ground.write(
        "/etc/pam.d/common-auth", "auth required pam_unix_other.so nullok\n# auth required pam_unix.so nullok\n"
    )
    ground.write("/etc/pam.d/common-auth.dpkg-dist", "auth required pam_unix.so nullok\n")
    assert schemes.nullok(ground.host()) == ()


def test_a_hash_that_everybody_can_read(ground: Ground) -> None:
    ground.shadow(passwd=f"eve:{HASH}:1005:1005::/:/bin/sh\n")
    finding = ground.one("weak_hash")
    assert "everybody can read it" in finding.message and "pwconv" in finding.remedy


def test_names_of_others_are_made_printable(ground: Ground) -> None:
    ground.shadow(passwd="e\u202eve::0:0::/:/bin/sh\n")
    found = ground.assess()
    assert found["uid_zero"][0].subject == found["empty"][0].subject == "e\\u202eve"


def test_lock_says_what_it_does_without_the_hash(ground: Ground) -> None:
    entry = shadow.Entry("ann", "", shadow.EMPTY)
    change = locking.lock(entry, seconds=5)[1]
    assert dataclasses.asdict(change)["undo"][1] == ("chage", "-d", "-1", "ann")  # type: ignore[call-overload]
    assert "usermod -p '*'" in change.describe()
