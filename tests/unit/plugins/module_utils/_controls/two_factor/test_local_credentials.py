# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""local_credentials beyond its pairs: what sudo says, what would be lost with a password, and stores of all kinds."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor import local_credentials
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._local import locks, stores, web
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._host import login
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login
from ansible_collections.infosec.principles.tests.unit.pairs import local_credentials as played
from ansible_collections.infosec.principles.tests.unit.pairs import ssh_keys as keys
from ansible_collections.infosec.principles.tests.unit.pairs.local_passwords import STRONG
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

HEAD = "Matching Defaults entries for ann on here:\n    env_reset{}\n\n"
MAY = "User ann may run the following commands on here:\n"


@pytest.fixture(name="machine")
def make(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def findings(machine: Machine, made: Login | None = None, **options: t.Any) -> dict[str, Finding]:
    validated = ArgumentSpecValidator(dict(local_credentials.OPTIONS)).validate(options)
    assert not validated.error_messages
    host = machine.host()
    host._memory[login.read] = made
    found = local_credentials.assess(host, validated.validated_parameters)
    return {f"{one.rule.name} {one.subject}": one for one in found}


# Locks


@pytest.mark.parametrize(
    ("listing", "needs"),
    [
        (f"{MAY}    (ALL : ALL) ALL\n", True),
        (f"{MAY}    (ALL) NOPASSWD: ALL\n", False),
        (f"{MAY}    (root) SETENV: NOPASSWD: /bin/ls, /bin/cat\n", False),
        (f"{MAY}    (root) NOPASSWD: /bin/ls, PASSWD: /bin/cat\n", True),
        (f"{MAY}    (root) /bin/cat, NOPASSWD: /bin/ls\n", True),
        (f"{MAY}    (ALL) NOPASSWD: ALL\n    (bob) /bin/ls\n", True),
        (f"{HEAD.format(', !authenticate')}{MAY}    (ALL) ALL\n", False),
        (f"{HEAD.format(', rootpw')}{MAY}    (ALL) ALL\n", False),
        (f"{HEAD.format('')}{MAY}    (ALL) ALL\n", True),
        ("User nobody is not allowed to run sudo on here.\n", False),
    ],
)
def test_what_sudo_lists_tells_whether_it_asks(listing: str, needs: bool) -> None:
    assert locks.needs_password(listing) is needs


def test_the_lock_and_its_inverse_leave_the_hash() -> None:
    guard, command = locks.lock("a.b", seconds=30)
    assert guard == Guard(30)
    assert isinstance(command, Command)
    assert (command.do, command.undo) == ((("usermod", "-L", "a.b"),), (("usermod", "-U", "a.b"),))
    assert command.probe == ("grep", "-q", "^a[.]b:!", "/etc/shadow")


@pytest.mark.parametrize(
    ("pam", "methods", "why"),
    [
        ("auth required pam_unix.so", "any", ""),
        ("auth required pam_unix.so", "publickey,keyboard-interactive:pam", "wants publickey,keyboard-interactive:pam"),
        ("auth required pam_oath.so", "publickey,keyboard-interactive:pam", ""),
        ("auth required pam_oath.so", "publickey,password", "wants publickey,password"),
        ("auth required pam_unix.so", "publickey,password publickey", ""),
    ],
)
def test_a_password_that_is_the_second_factor_is_not_locked(machine: Machine, pam: str, methods: str, why: str) -> None:
    played.host(config=f"{played.DEBIAN}UsePAM yes\nAuthenticationMethods {methods}\n")(machine)
    machine.write("/etc/pam.d/sshd", f"{pam}\n")
    finding = findings(machine)["local_hash ann"]
    assert why in finding.message
    assert bool(finding.fix) is not bool(why)


def test_the_password_that_this_run_came_by_is_not_locked(machine: Machine) -> None:
    played.host()(machine)
    finding = findings(machine, Login("ann", ("password",)))["local_hash ann"]
    assert "the connection of this run logged in as ann by password" in finding.message
    assert not finding.fix
    assert findings(machine, Login("ann", ("publickey",)))["local_hash ann"].fix
    assert findings(machine, Login("ann", ("password",)), allow_self_cutoff=True)["local_hash ann"].fix


@pytest.mark.parametrize(
    "key",
    [
        f"{keys.WEAK} ann@old",
        f"{keys.DSA} ann@older",
        f'expiry-time="20200101" {keys.GOOD} ann@guest',
        f'command="/usr/bin/rrsync /srv" {keys.GOOD} ann@backup',
        f"cert-authority {keys.GOOD} an authority",
    ],
)
def test_a_key_that_lets_nobody_work_here_is_no_other_way_in(machine: Machine, key: str) -> None:
    played.host(key=f"{key}\n")(machine)
    assert findings(machine)["local_hash ann"].status == "not_applicable"
    played.host(key=f"{key}\n{keys.OTHER} ann@new\n")(machine)
    assert findings(machine)["local_hash ann"].fix


def test_keys_that_sshd_refuses_for_their_modes_are_no_other_way_in(machine: Machine) -> None:
    played.host()(machine)
    machine.path("/home/ann/.ssh").chmod(0o777)
    assert findings(machine)["local_hash ann"].status == "not_applicable"
    played.host(config=f"{played.DEBIAN}UsePAM yes\nStrictModes no\n")(machine)
    assert findings(machine)["local_hash ann"].fix


@pytest.mark.parametrize(
    ("lines", "locked"),
    [
        ("DenyUsers ann", False),
        ("AllowUsers bob", False),
        ("AllowUsers bob a*", True),
        ("AllowGroups staff", False),
        ("DenyGroups ann", False),
        ("Match User ann\nPubkeyAuthentication no", False),
        ("Match Address 192.0.2.0/24\nPubkeyAuthentication no", True),
    ],
)
def test_whom_sshd_lets_in_by_no_key_keeps_the_password(machine: Machine, lines: str, locked: bool) -> None:
    played.host(config=f"{played.DEBIAN}UsePAM yes\n{lines}\n")(machine)
    machine.write("/etc/group", "ann:x:1000:\n")
    finding = findings(machine)["local_hash ann"]
    assert (finding.status, bool(finding.fix)) == (("fail", True) if locked else ("not_applicable", False))


def test_a_sudo_that_says_nothing_may_need_it(machine: Machine) -> None:
    played.host(sudo="ALL")(machine)
    machine.programs["sudo"] = lambda argv, stdin: Completed(1, "", "sudo: a syntax error")
    assert "sudo does not say" in findings(machine)["local_hash ann"].message


def test_without_usermod_nothing_is_locked(machine: Machine) -> None:
    played.host()(machine)
    machine.path("/usr/bin/usermod").unlink()
    assert "there is no usermod here" in findings(machine)["local_hash ann"].message


def test_only_the_password_is_no_violation_and_root_keeps_his(machine: Machine) -> None:
    played.host(key="# none\n")(machine)
    found = findings(machine)
    assert found["local_hash ann"].status == "not_applicable"
    assert "local_hash root" not in found
    assert findings(machine, rescue_accounts=[])["local_hash root"].status == "not_applicable"


def test_no_hash_is_told(machine: Machine) -> None:
    played.host(files={"/etc/nginx/nginx.conf": played.NGINX, "/etc/nginx/htpasswd": played.APR1})(machine)
    told = repr(findings(machine))
    assert STRONG not in told
    assert "F5Jx5fEx" not in told


# Web servers and services


def test_modules_that_have_passwords_checked_elsewhere(machine: Machine) -> None:
    machine.write("/etc/nginx/nginx.conf", "http {\n auth_pam 'x';\n location / {\n auth_pam off;\n }\n}\n")
    machine.write("/etc/apache2/apache2.conf", "<Location /x>\nAuthLDAPURL ldap://a/\n</Location>\n")
    found, problems = web.uses(machine.host())
    assert [(one.server, one.directive) for one in found] == [("nginx", "auth_pam"), ("Apache httpd", "authldapurl")]
    assert problems == []
    finding = findings(machine)["web_passwords /etc/nginx/nginx.conf:2"]
    assert "has them checked elsewhere (auth_pam)" in finding.message


def test_a_file_of_two_servers_is_one_finding(machine: Machine) -> None:
    machine.write("/etc/nginx/nginx.conf", played.NGINX)
    machine.write("/etc/apache2/apache2.conf", "AuthUserFile /etc/nginx/htpasswd\n")
    machine.write("/etc/nginx/htpasswd", played.APR1)
    found = [one for one in findings(machine).values() if one.rule.name == "web_passwords"]
    assert [one.message for one in found] == [
        "1 user (1 apr1 (MD5)) of /etc/nginx/htpasswd: let in by nginx and Apache httpd"
    ]


def test_what_cannot_be_read_is_not_assessed(machine: Machine) -> None:
    machine.write("/etc/nginx/nginx.conf", "http { auth_basic_user_file /etc/$host; ")
    assert findings(machine)["web_passwords web servers"].status == "not_assessed"
    machine.write("/etc/nginx/nginx.conf", "http { auth_basic_user_file /etc/$host; }")
    finding = findings(machine)["web_passwords web servers"]
    assert finding.status == "not_assessed"
    assert "differs from request to request" in finding.message


def test_a_fifo_in_the_place_of_a_file_is_not_opened(machine: Machine) -> None:
    machine.write("/etc/nginx/nginx.conf", played.NGINX)
    os.mkfifo(machine.path("/etc/nginx/htpasswd"))
    assert findings(machine)["web_passwords web servers"].status == "pass"


@pytest.mark.parametrize(
    ("path", "data", "told"),
    [
        ("/etc/vsftpd/users.db", b"x", "users of its own"),
        ("/var/lib/samba/private/passdb.tdb", b"..USER_ann\0..USER_web01$\0..USER_ann\0", "1 user"),
        ("/var/lib/samba/private/passdb.tdb", b"..INFO/version", ""),
        ("/etc/samba/smbpasswd", b"ann:1000:X:8846F7:[U]:\nweb$:1001:X:8846F7:[W]:\n", "1 user"),
        ("/etc/sasldb2", b"h:user\0here\0userPassword..\1Wag\1ann\0example.org\0userPassword..", "1 user"),
        ("/etc/sasldb2", b"..h:user\0here.example.org\0userPassword", ""),
        ("/etc/ppp/chap-secrets", b"# none\n", ""),
        ("/etc/ppp/chap-secrets", b"ann * open-sesame *\n", "1 user (1 clear text)"),
        ("/etc/dovecot/users", b"", ""),
    ],
)
def test_stores_of_services(machine: Machine, path: str, data: bytes, told: str) -> None:
    machine.write(path, data)
    found = [(one.path, one.store.told if one.store else "users of its own") for one in stores.read(machine.host())]
    assert found == ([(path, told)] if told else [])
