# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh_two_factor: who fails and why, when the fix is refused, and what it is made of."""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor import ssh_two_factor
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import policy
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import to_wire
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats.sshd_config import Setting
from ansible_collections.infosec.principles.plugins.module_utils._host import (
    connection,
    login,
    logins,
    sshd,
    sshd_state,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Place, Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State, States

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqDenmBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JKTs ann@laptop\n"
SECRET = "00112233445566778899aabbccddeeff00112233"
OWN = connection.Connection("192.0.2.50", 4711, "192.0.2.1", 22, (900,), "ssh.service", ("ssh.service",))
PASSWD = (
    "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/usr/sbin/nologin\ngit:x:998:998::/srv/git:/bin/sh\n"
    "ann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\ndeploy:x:1002:1002::/home/deploy:/bin/sh\n"
)
NAMES = ("root", "git", "ann", "bob", "deploy")
BASE = {
    "usepam": "yes",
    "pubkeyauthentication": "yes",
    "passwordauthentication": "yes",
    "kbdinteractiveauthentication": "no",
    "permitrootlogin": "no",
    "authenticationmethods": "any",
    "pubkeyauthoptions": "none",
    "pubkeyacceptedalgorithms": "ssh-ed25519,sk-ssh-ed25519@openssh.com",
}
COMMON = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
BOTH = "publickey,keyboard-interactive:pam"
CONSOLE = {"console": "serial console"}


class Ground:
    """A Debian whose sshd has BASE with `values` in force, and would have `after` with the candidate."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.values: dict[str, str] = {}
        self.after = {
            "authenticationmethods": BOTH,
            "kbdinteractiveauthentication": "yes",
            "passwordauthentication": "no",
        }
        self.excepted: tuple[str, ...] = ()
        self.made: Login | None = None
        self.settings: tuple[Setting, ...] = ()
        self.write("/etc/passwd", PASSWD)
        self.write("/etc/group", "root:x:0:\n")
        self.write("/etc/shadow", "root:*:19000::::::\nann:$y$j9T$abc$def:19000::::::\nbob:*:19000::::::\n")
        self.write("/etc/os-release", "ID=debian\n")
        self.write("/etc/pam.d/sshd", "@include common-auth\naccount required pam_nologin.so\n")
        self.write("/etc/pam.d/common-auth", COMMON)
        self.write("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n")
        for name in ("pam_unix", "pam_deny", "pam_permit", "pam_oath"):
            self.write(f"/lib/x86_64-linux-gnu/security/{name}.so", "")
        (root / "run/sshd").mkdir(parents=True)

    def write(self, name: str, text: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    def keys(self, *names: str) -> None:
        for name in names:
            self.write(f"/{'srv' if name == 'git' else 'home'}/{name}/.ssh/authorized_keys", KEY)

    def enrol(self, *names: str) -> None:
        self.write("/etc/users.oath", "".join(f"HOTP/T30/6 {name} - {SECRET}\n" for name in names))

    def assess(self, **options: t.Any) -> list[Finding]:
        defaults = {name: spec.get("default") for name, spec in ssh_two_factor.OPTIONS.items()}
        return list(ssh_two_factor.assess(self.host(), {**defaults, **options}))

    def host(self) -> Host:
        host = Host(root=str(self.root), runner=self._run, now=NOW)
        daemon = sshd.Daemon("ssh.service", unit="ssh.service", listening=(("127.0.0.1", 22),))
        values: sshd.Values = {keyword: (value,) for keyword, value in {**BASE, **self.values}.items()}
        probe = Probe("root", frozenset(), NAMES, Place(), "")
        host._memory[sshd.read] = (daemon,)
        host._memory[sshd_state.read] = States((State(daemon, self.settings, ((probe, values),), 0),), {})
        host._memory[connection.read] = OWN if self.made else None
        host._memory[login.read] = self.made
        return host

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        if argv[:2] == ("getent", "passwd") and argv[2:] == ("eve",):
            return Completed(0, "eve:x:70000:70000::/home/eve:/bin/sh\n", "")
        if argv[0] == "getent":
            return Completed(2, "", "")
        if argv[0] == "sh":
            excepted = any(f"user={name}," in argv[2] for name in self.excepted)
            values = {
                **BASE,
                **self.values,
                **self.after,
                **({"authenticationmethods": "publickey"} if excepted else {}),
            }
            return Completed(0, "".join(f"{keyword} {value}\n" for keyword, value in values.items()), "")
        return Completed(0, "", "OpenSSH_9.2p1" if "-V" in argv else "")


@pytest.fixture(name="ground")
def make(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


def of(findings: t.Sequence[Finding], rule: f.Rule, subject: str = "") -> Finding:
    (found,) = [one for one in findings if one.rule is rule and (not subject or one.subject == subject)]
    return found


def test_each_person_is_judged_by_what_holds_for_himself(ground: Ground) -> None:
    """sshd was asked about root, who stands for all whom no Match line tells apart."""
    found = ground.assess()
    assert of(found, ssh_two_factor.PEOPLE, "root").message == "no sshd lets root in"
    assert "ann gets in by publickey (a key), password (a password)" in of(found, ssh_two_factor.PEOPLE, "ann").message
    assert not [one for one in found if one.subject in ("daemon", "git")]


def test_a_service_with_a_key_is_looked_at_too(ground: Ground) -> None:
    ground.keys("git")
    assert of(ground.assess(), ssh_two_factor.PEOPLE, "git").status == f.FAIL


def test_two_of_one_kind_are_said_to_be(ground: Ground) -> None:
    ground.values = {"authenticationmethods": "publickey,publickey"}
    assert (
        "publickey,publickey (a key, twice the same kind)" in of(ground.assess(), ssh_two_factor.PEOPLE, "ann").message
    )


def test_everybody_who_would_be_shut_out_is_named(ground: Ground) -> None:
    ground.keys("bob", "git")
    ground.enrol("ann")
    found = ground.assess(rescue=CONSOLE)
    person = of(found, ssh_two_factor.PEOPLE, "ann")
    reasons = {one.source: one.found for one in person.evidence}
    assert not person.fix
    assert reasons["ann"] == "comes by password and has no key"
    assert reasons["bob"] == "/etc/users.oath has no line for bob"
    assert reasons["git"] == "/etc/users.oath has no line for git"
    assert of(found, ssh_two_factor.ENROLMENT, "bob").status == f.FAIL


def test_the_fix(ground: Ground) -> None:
    ground.keys("ann", "bob")
    ground.enrol("ann", "bob")
    found = ground.assess(rescue=CONSOLE, confirm_seconds=45)
    fix = of(found, ssh_two_factor.PEOPLE, "bob").fix
    assert fix[0] == Guard(45)
    assert next(type(change) for change in fix if not isinstance(change, Guard)) is WriteFile
    assert isinstance(fix[-1], Activate)
    (edit,) = [change for change in fix if isinstance(change, EditFile) and change.path == "/etc/pam.d/sshd"]
    assert edit.old == "@include common-auth\n"
    assert not [change for change in fix if isinstance(change, InstallPackage)]
    shared = {ssh_two_factor.PEOPLE, ssh_two_factor.PAM}
    assert all(one.fix is fix for one in found if one.status == f.FAIL and one.rule in shared)


def test_no_secret_leaves(ground: Ground) -> None:
    ground.keys("ann", "bob")
    ground.enrol("ann")
    ground.write("/home/bob/.google_authenticator", "JBSWY3DPEHPK3PXPJBSWY3DP\n12345678\n")
    told = json.dumps([to_wire(ssh_two_factor.CONTROL, one) for one in ground.assess(rescue=CONSOLE)])
    assert SECRET not in told
    assert "JBSWY3" not in told
    assert "12345678" not in told
    assert "$y$" not in told


def test_the_module_that_is_missing_is_installed(ground: Ground) -> None:
    (ground.root / "lib/x86_64-linux-gnu/security/pam_oath.so").unlink()
    ground.keys("ann")
    ground.enrol("ann")
    fix = of(ground.assess(rescue=CONSOLE), ssh_two_factor.PAM).fix
    assert [change.name for change in fix if isinstance(change, InstallPackage)] == ["libpam-oath"]


@pytest.mark.parametrize(
    ("rescue", "why"),
    [
        ({}, "no way in is declared"),
        ({"account": "nobody"}, "no account nobody"),
        ({"account": "bob", "from": ["192.0.2.5"]}, "no key opens the account bob"),
        ({"account": "ann"}, "not declared from where ann may come"),
    ],
)
def test_no_rescue_no_fix(ground: Ground, rescue: dict[str, t.Any], why: str) -> None:
    ground.keys("ann")
    ground.enrol("ann", "bob")
    found = ground.assess(rescue=rescue)
    assert why in of(found, ssh_two_factor.RESCUE).message
    assert not of(found, ssh_two_factor.PAM).fix
    assert "two_factor_rescue" in of(found, ssh_two_factor.PAM).message


def test_a_program_without_an_address_is_not_shut_out(ground: Ground) -> None:
    ground.keys("ann", "deploy")
    ground.enrol("ann")
    found = ground.assess(rescue=CONSOLE, automation=[{"name": "dep*", "from": []}])
    assert of(found, ssh_two_factor.AUTOMATION).subject == "deploy"
    assert not of(found, ssh_two_factor.PAM).fix
    assert "deploy (infosec_automation does not say" in of(found, ssh_two_factor.PAM).message


def test_a_program_from_its_address(ground: Ground) -> None:
    ground.keys("ann", "deploy")
    ground.enrol("ann")
    ground.excepted = ("deploy",)
    found = ground.assess(rescue=CONSOLE, automation=[{"name": "deploy", "from": ["198.51.100.5"]}])
    assert "gets in by publickey from anywhere" in of(found, ssh_two_factor.AUTOMATION).message
    assert of(found, ssh_two_factor.AUTOMATION).fix
    ground.excepted = ()
    refused = ground.assess(rescue=CONSOLE, automation=[{"name": "deploy", "from": ["198.51.100.5"]}])
    assert "would not get in by its key from 198.51.100.5" in of(refused, ssh_two_factor.AUTOMATION).message


def test_what_outweighs_the_file_is_seen_before_it_is_written(ground: Ground) -> None:
    ground.keys("ann")
    ground.enrol("ann")
    ground.after = {"authenticationmethods": "publickey"}
    found = of(ground.assess(rescue=CONSOLE), ssh_two_factor.PEOPLE, "ann")
    assert not found.fix
    assert "ann (would still get in by publickey)" in found.message


def test_the_connection_of_this_run(ground: Ground) -> None:
    ground.keys("ann")
    ground.enrol("ann")
    ground.made = Login("ann", ("publickey",), "ED25519", "SHA256:abc")
    refused = of(ground.assess(rescue=CONSOLE), ssh_two_factor.PEOPLE, "ann")
    assert not refused.fix
    assert "AuthenticationMethods would want publickey,keyboard-interactive:pam" in refused.message
    assert of(ground.assess(rescue=CONSOLE, allow_self_cutoff=True), ssh_two_factor.PEOPLE, "ann").fix
    ground.made = Login("ann", ("publickey", "keyboard-interactive"), "ED25519", "SHA256:abc")
    assert of(ground.assess(rescue=CONSOLE), ssh_two_factor.PEOPLE, "ann").fix


@pytest.mark.parametrize(("enrolled", "fixed"), [(("ann",), False), (("ann", "eve"), True)])
def test_who_comes_and_is_on_no_list(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, enrolled: tuple[str, ...], fixed: bool
) -> None:
    """Accounts of a directory that sssd does not list: the log tells that they come. `gone` is known to nobody."""
    seen = tuple(logins.Login(NOW, name, "192.0.2.9", "journal") for name in ("ann", "eve", "gone"))
    monkeypatch.setattr(logins, "sources", lambda host, since: iter([logins.Source("journal", seen)]))
    ground.keys("ann")
    ground.enrol(*enrolled)
    found = of(ground.assess(rescue=CONSOLE), ssh_two_factor.PEOPLE, "ann")
    assert bool(found.fix) is fixed
    assert ("eve (logged in lately, and /etc/users.oath has no line for eve)" in found.message) is not fixed
    assert "gone" not in found.message


def test_homes_that_are_not_looked_into(ground: Ground) -> None:
    """On a network file system nobody sees the keys, and nobody is shut out for that."""
    ground.write("/proc/self/mountinfo", "36 1 0:32 / /home/bob rw - nfs4 server:/home/bob rw\n")
    ground.keys("ann")
    ground.enrol("ann")
    found = ground.assess(rescue=CONSOLE)
    assert "bob (/etc/users.oath has no line for bob)" in of(found, ssh_two_factor.PAM).message
    ground.enrol("ann", "bob")
    assert of(ground.assess(rescue=CONSOLE), ssh_two_factor.PAM).fix
    unseen = of(ground.assess(rescue=CONSOLE, method="google_authenticator"), ssh_two_factor.ENROLMENT, "bob")
    assert unseen.status == f.NOT_ASSESSED
    assert "network" in unseen.message


def test_root_who_could_give_no_code(ground: Ground) -> None:
    ground.values = {"permitrootlogin": "without-password"}
    ground.write("/root/.ssh/authorized_keys", KEY)
    ground.keys("ann")
    ground.enrol("root", "ann")
    found = ground.assess(rescue=CONSOLE)
    assert not of(found, ssh_two_factor.PEOPLE, "root").fix
    assert "root (PermitRootLogin prohibit-password would refuse the code" in of(found, ssh_two_factor.PAM).message


def test_grace_goes_on_failing(ground: Ground) -> None:
    ground.keys("ann", "bob")
    ground.enrol("ann")
    found = ground.assess(rescue=CONSOLE, grace=[{"name": "bob", "until": "9999-12-31", "why": "in the post"}])
    late = of(found, ssh_two_factor.PEOPLE, "bob")
    assert (late.status, late.fix) == (f.FAIL, ())
    assert "has grace until 9999-12-31: in the post" in late.message
    fix = of(found, ssh_two_factor.PEOPLE, "ann").fix
    (written,) = [change for change in fix if isinstance(change, WriteFile)]
    assert written.path == policy.PATH
    assert "Match User bob\n    AuthenticationMethods publickey\n" in written.after


def test_nobody_has_enrolled(ground: Ground) -> None:
    ground.keys("ann")
    assert (
        "two_factor_method (nobody has a second factor)"
        in of(ground.assess(rescue=CONSOLE), ssh_two_factor.PAM).message
    )


def test_pam_that_is_not_asked(ground: Ground) -> None:
    ground.values = {"authenticationmethods": "publickey"}
    assert of(ground.assess(), ssh_two_factor.PAM).status == f.NOT_APPLICABLE


def test_a_module_of_ones_own(ground: Ground) -> None:
    ground.values = {"authenticationmethods": BOTH, "kbdinteractiveauthentication": "yes"}
    ground.write("/etc/pam.d/sshd", "auth required pam_mine.so\n")
    ground.write("/lib/x86_64-linux-gnu/security/pam_mine.so", "")
    ground.keys("ann")
    assert "PAM wants no proof at all" in of(ground.assess(), ssh_two_factor.PAM).message
    found = ground.assess(factor_modules=["pam_mine"])
    assert of(found, ssh_two_factor.PAM).status == f.PASS
    assert of(found, ssh_two_factor.PEOPLE, "ann").status == f.PASS
    assert of(found, ssh_two_factor.ENROLMENT, "ann").status == f.NOT_ASSESSED


def test_a_line_that_sshd_cannot_be_asked_about(ground: Ground) -> None:
    ground.values = {"authenticationmethods": "publickey,password"}
    assert of(ground.assess(), ssh_two_factor.PEOPLE, "ann").status == f.PASS
    under = ((("rdomain", "inner"),),)
    ground.settings = (Setting("/etc/ssh/sshd_config", 9, "authenticationmethods", ("publickey",), under),)
    assert of(ground.assess(), ssh_two_factor.PEOPLE, "ann").status == f.NOT_ASSESSED


def test_an_sshd_that_does_not_say(ground: Ground) -> None:
    host = ground.host()
    host._memory[sshd_state.read] = States((), {"ssh.service": "it ended with 255"})
    defaults = {name: spec.get("default") for name, spec in ssh_two_factor.OPTIONS.items()}
    found = list(ssh_two_factor.assess(host, defaults))
    assert {one.rule for one in found} == set(ssh_two_factor.RULES)
    assert {one.status for one in found} == {f.NOT_ASSESSED}
