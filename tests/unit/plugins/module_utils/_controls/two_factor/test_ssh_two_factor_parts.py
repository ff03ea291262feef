# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of ssh_two_factor: ways in, enrolments, the lines for sshd and PAM."""

from __future__ import annotations

import dataclasses
import datetime
import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import (
    enrolment,
    policy,
    stack,
    ways,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.policy import (
    Grace,
    Policy,
    Rescue,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second.ways import KEY, PIN
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam import Step
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam_modules import FACTOR, PASSWORD
from ansible_collections.infosec.principles.plugins.module_utils._host import pam as host_pam
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.accounts import Account
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Place, Probe

ANN = Account("ann", 1000, 1000, "/home/ann", "/bin/sh")
SECRET = "00112233445566778899aabbccddeeff00112233"
BASE = {
    "usepam": "yes",
    "pubkeyauthentication": "yes",
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "yes",
    "permitrootlogin": "no",
    "pubkeyauthoptions": "none",
    "pubkeyacceptedalgorithms": "ssh-ed25519,sk-ssh-ed25519@openssh.com",
}
MODULES = frozenset(
    ("pam_unix", "pam_deny", "pam_permit", "pam_localuser", "pam_oath", "pam_duo", "pam_google_authenticator")
)
OPTIONS = {"oath_usersfile": "/etc/users.oath", "oath_digits": 6, "oath_window": 20}
COMMON = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
LINE = "auth requisite pam_oath.so usersfile=/etc/users.oath digits=6 window=20"


def probe(user: str = "ann", groups: t.Iterable[str] = ()) -> Probe:
    return Probe(user, frozenset(groups), (user,), Place(), "")


def ways_in(
    asked: ways.Asked = frozenset((FACTOR,)),
    user: str = "ann",
    *,
    keys: bool = False,
    values: t.Mapping[str, str],
) -> list[str]:
    """Each way, with a star where it is of two factors."""
    told: sshd.Values = {keyword: (value,) for keyword, value in {**BASE, **values}.items() if value}
    found = ways.ways(told, probe(user, ("staff",)), asked, security_keys_only=keys)
    return [f"{way}{'*' if way.two_factors else ''}" for way in found]


# Ways


BOTH = "publickey,keyboard-interactive:pam"


@pytest.mark.parametrize(
    ("asked", "values", "found"),
    [
        (frozenset((FACTOR,)), {"authenticationmethods": BOTH}, [f"{BOTH}*"]),
        (frozenset((PASSWORD,)), {"authenticationmethods": BOTH}, [f"{BOTH}*"]),
        (frozenset(), {"authenticationmethods": BOTH}, [BOTH]),
        (None, {"authenticationmethods": BOTH}, []),
        (frozenset((FACTOR,)), {"authenticationmethods": BOTH, "usepam": "no"}, []),
        (frozenset((FACTOR,)), {"authenticationmethods": BOTH, "challengeresponseauthentication": "no"}, []),
        (frozenset((FACTOR,)), {"authenticationmethods": BOTH, "challengeresponseauthentication": "yes"}, [f"{BOTH}*"]),
        (frozenset((FACTOR,)), {"authenticationmethods": "publickey,publickey"}, ["publickey,publickey"]),
        (frozenset((FACTOR,)), {"authenticationmethods": f"publickey {BOTH}"}, ["publickey", f"{BOTH}*"]),
        (frozenset((PASSWORD,)), {"authenticationmethods": "password,keyboard-interactive"}, []),
        (
            frozenset((PASSWORD,)),
            {"authenticationmethods": "password,keyboard-interactive", "passwordauthentication": "yes"},
            ["password,keyboard-interactive"],
        ),
        (frozenset((PASSWORD, FACTOR)), {"pubkeyauthentication": "no"}, ["keyboard-interactive*"]),
        (frozenset((FACTOR,)), {}, ["publickey", "keyboard-interactive"]),
        (frozenset((FACTOR,)), {"allowgroups": "wheel"}, []),
        (frozenset((FACTOR,)), {"denyusers": "a*"}, []),
        (frozenset((FACTOR,)), {"allowusers": "bob ann@192.0.2.*", "authenticationmethods": BOTH}, [f"{BOTH}*"]),
    ],
)
def test_ways(asked: ways.Asked, values: dict[str, str], found: list[str]) -> None:
    assert ways_in(asked, values=values) == found


@pytest.mark.parametrize(
    ("allowed", "found"),
    [("no", []), ("prohibit-password", ["publickey"]), ("yes", ["publickey", "keyboard-interactive"])],
)
def test_root(allowed: str, found: list[str]) -> None:
    assert ways_in(user="root", values={"permitrootlogin": allowed}) == found


@pytest.mark.parametrize(
    ("values", "keys", "found"),
    [
        ({"pubkeyauthoptions": "verify-required"}, False, ["publickey"]),
        ({"pubkeyauthoptions": "verify-required"}, True, ["publickey*"]),
        ({"pubkeyacceptedalgorithms": "sk-ssh-ed25519@openssh.com"}, True, ["publickey"]),
        (
            {"pubkeyauthoptions": "touch-required verify-required", "pubkeyacceptedalgorithms": policy.SECURITY_KEYS},
            False,
            ["publickey*"],
        ),
        (
            {
                "pubkeyauthoptions": "verify-required",
                "pubkeyacceptedalgorithms": "",
                "pubkeyacceptedkeytypes": "sk-ssh-ed25519@openssh.com",
            },
            False,
            ["publickey*"],
        ),
    ],
)
def test_security_keys(values: dict[str, str], keys: bool, found: list[str]) -> None:
    assert ways_in(keys=keys, values={"authenticationmethods": "publickey", **values}) == found
    assert {KEY, PIN} == {"key", "pin"}


# Enrolments


@pytest.fixture
def host(tmp_path: pathlib.Path) -> Host:
    return Host(root=str(tmp_path))


def lay(host: Host, name: str, text: str, mode: int = 0o600) -> None:
    path = pathlib.Path(host.path(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def step(module: str, *arguments: str) -> Step:
    return Step("/etc/pam.d/sshd", 1, "requisite", f"{module}.so", arguments)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"HOTP/T30/6 ann - {SECRET}", ""),
        (f"HOTP ann + {SECRET}\t0\t123456\t2026-11-29T11:00:00L", ""),
        (f"HOTP/E/8 ann - {SECRET}", "codes of 8 digits where PAM wants 6"),
        ("HOTP/T30/6 ann - 0011", "less than 128 bits"),
        ("HOTP/T30/6 ann - JBSWY3DPEHPK3PXP", "not hexadecimal"),
        (f"TOTP ann - {SECRET}", "a type that liboath does not know"),
        (f"HOTP/T30/6 anna - {SECRET}", "no line for ann"),
        (f"# HOTP/T30/6 ann - {SECRET}", "no line for ann"),
        ("HOTP/T30/6 ann", "no line for ann"),
    ],
)
def test_oath(host: Host, line: str, problem: str) -> None:
    lay(host, "/etc/users.oath", f"HOTP/T30/6 bob - {SECRET}\n{line}\n")
    found = enrolment.of(host, step("pam_oath", "usersfile=/etc/users.oath", "digits=6"), ANN)
    assert (problem in found.problem) if problem else not found.problem
    assert SECRET not in repr(found)


def test_oath_with_a_second_token_that_would_do(host: Host) -> None:
    lay(host, "/etc/users.oath", f"HOTP/T30/8 ann - {SECRET}\nHOTP/T30/6 ann - {SECRET}\n")
    assert not enrolment.of(host, step("pam_oath", "digits=6"), ANN).problem


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ((), "/home/ann/.google_authenticator"),
        (("secret=/var/lib/codes/${USER}", "user=root"), "/var/lib/codes/ann"),
        (("[secret=${HOME}/.my codes]",), "/home/ann/.my codes"),
        (("secret=~/.ssh/codes",), "/home/ann/.ssh/codes"),
    ],
)
def test_google_authenticator(host: Host, arguments: tuple[str, ...], path: str) -> None:
    line = step("pam_google_authenticator", *arguments)
    assert enrolment.of(host, line, ANN).problem == f"{path} is not there or empty"
    lay(host, path, 'JBSWY3DPEHPK3PXPJBSWY3DP\n" RATE_LIMIT 3 30\n" DISALLOW_REUSE\n" TOTP_AUTH\n12345678\n')
    host = host.refresh()
    assert enrolment.of(host, line, ANN) == enrolment.Enrolment(path)


@pytest.mark.parametrize(
    ("options", "reusable"), [('" TOTP_AUTH\n', True), ('" HOTP_COUNTER 1\n', False), ('" DISALLOW_REUSE 1 2\n', False)]
)
def test_a_code_that_does_twice(host: Host, options: str, reusable: bool) -> None:
    lay(host, "/home/ann/.google_authenticator", f"JBSWY3DPEHPK3PXPJBSWY3DP\n{options}")
    assert bool(enrolment.of(host, step("pam_google_authenticator"), ANN).reusable) is reusable


def test_a_file_without_a_secret(host: Host) -> None:
    lay(host, "/home/ann/.google_authenticator", "hello\n")
    assert "does not begin with a secret" in enrolment.of(host, step("pam_google_authenticator"), ANN).problem


def test_u2f(host: Host) -> None:
    line = step("pam_u2f", "authfile=/etc/u2f")
    lay(host, "/etc/u2f", "bob:abc,def\n")
    assert "has no key of ann" in enrolment.of(host, line, ANN).problem
    lay(host, "/etc/u2f", "ann:abc,def,es256,+presence\n")
    assert not enrolment.of(host.refresh(), line, ANN).problem


@pytest.mark.parametrize(
    ("text", "missing", "opens"),
    [
        ("[duo]\nikey = \nskey = \nhost = api.example\nfailmode = safe\n", "ikey, skey", True),
        ("[duo]\nikey=a\nskey=b\nhost=c\n; failmode = secure\n", "", True),
        ("[duo]\nikey=a\nskey=b\nhost=c\nfailmode = secure\n", "", False),
    ],
)
def test_duo(host: Host, text: str, missing: str, opens: bool) -> None:
    lay(host, "/etc/security/pam_duo.conf", text)
    assert (missing in enrolment.of(host, step("pam_duo"), ANN).problem) is True
    assert enrolment.duo_fails_open(host, step("pam_duo")) is opens


def test_a_module_that_alone_knows() -> None:
    assert not enrolment.of(Host(), step("pam_yubico"), ANN).known


@pytest.mark.parametrize(("mode", "after"), [(0o600, None), (0o400, None), (0o644, 0o600), (0o440, 0o400)])
def test_who_can_read_a_secret(host: Host, mode: int, after: int | None) -> None:
    lay(host, "/etc/users.oath", "", mode)
    (found,) = enrolment.secrets(host, step("pam_oath"), ())
    assert bool(found.problem) is (after is not None)
    assert [change.after for change in found.fix if hasattr(change, "after")] == ([after] if after else [])


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to somebody else")
def test_a_secret_of_somebody_else(host: Host) -> None:
    lay(host, "/home/ann/.google_authenticator", "", 0o400)
    os.chown(host.path("/home/ann/.google_authenticator"), 1001, 1001)
    (found,) = enrolment.secrets(host, step("pam_google_authenticator"), (ANN,))
    assert (found.problem, found.fix) == ("belongs to user 1001", ())


def test_a_link_is_not_followed_to_a_device(host: Host) -> None:
    pathlib.Path(host.path("/home/ann")).mkdir(parents=True)
    os.mkfifo(host.path("/home/ann/.google_authenticator"))
    assert "not there" in enrolment.of(host, step("pam_google_authenticator"), ANN).problem
    assert list(enrolment.secrets(host, step("pam_google_authenticator"), (ANN,))) == []


# The lines of sshd


def settings(wanted: Policy, version: tuple[int, int] = (9, 2)) -> list[sshd_config.Setting]:
    return list(policy.drop_in(wanted, version).settings)


def told(wanted: Policy, user: str, address: str, keyword: str, version: tuple[int, int] = (9, 2)) -> str:
    """What counts for a connection: the first line under Match lines that fit, as sshd_config(5) says."""
    who = Probe(user, frozenset(), (user,), Place(address), "")
    own = [one for one in settings(wanted, version) if one.keyword == keyword.lower()]
    return next((" ".join(one.arguments) for one in own if one.under and who.meets(one.under)), "")


PLAIN = Policy("oath", (), Rescue("", (), "console"), (), ())
LATE = Grace("cem", datetime.date(2026, 12, 31), "")


def test_who_is_let_in_how() -> None:
    wanted = dataclasses.replace(
        PLAIN,
        automation=(Automation("ci-*", ("192.0.2.5", "198.51.100.77/24"), ""), Automation("nowhere", (), "")),
        rescue=Rescue("breakglass", ("2001:db8::1",), ""),
        grace=(LATE,),
        security_keys=("eve",),
    )
    methods = {
        ("ci-web", "192.0.2.5"): "publickey",
        ("ci-web", "198.51.100.1"): "publickey",
        ("ci-web", "192.0.2.6"): BOTH,
        ("nowhere", "192.0.2.5"): BOTH,
        ("breakglass", "2001:db8::1"): "publickey",
        ("breakglass", "192.0.2.5"): BOTH,
        ("cem", "192.0.2.9"): "publickey",
        ("eve", "192.0.2.9"): "publickey",
        ("ann", "192.0.2.5"): BOTH,
        ("root", "192.0.2.5"): BOTH,
    }
    assert {who: told(wanted, *who, "AuthenticationMethods") for who in methods} == methods
    assert told(wanted, "eve", "192.0.2.9", "PubkeyAuthOptions") == "verify-required"
    assert told(wanted, "ann", "192.0.2.9", "KbdInteractiveAuthentication") == "yes"
    assert {told(wanted, *who, "PasswordAuthentication") for who in methods} == {"no"}


@pytest.mark.parametrize(("version", "known"), [((8, 4), True), ((8, 6), True), ((8, 7), False), ((10, 0), False)])
def test_pam_is_asked_by_every_version(version: tuple[int, int], known: bool) -> None:
    outside = {one.keyword: one.arguments for one in settings(PLAIN, version) if not one.under}
    assert outside["usepam"] == ("yes",)
    assert ("challengeresponseauthentication" in outside) is known


@pytest.mark.parametrize(
    ("version", "keyword"), [((8, 4), "PubkeyAcceptedKeyTypes"), ((8, 5), "PubkeyAcceptedAlgorithms")]
)
def test_security_keys_for_everybody(version: tuple[int, int], keyword: str) -> None:
    wanted = dataclasses.replace(PLAIN, method="fido2")
    assert told(wanted, "ann", "192.0.2.9", keyword, version) == policy.SECURITY_KEYS
    assert told(wanted, "ann", "192.0.2.9", "AuthenticationMethods") == "publickey"
    assert not [one for one in settings(wanted, version) if not one.under]


@pytest.mark.parametrize(
    "entry",
    [Automation("ci[12]", ("192.0.2.5",), ""), Automation("a b", ("192.0.2.5",), ""), Automation("ci", ("x",), "")],
)
def test_what_sshd_has_no_words_for(entry: Automation) -> None:
    with pytest.raises(policy.Unwritable):
        policy.drop_in(dataclasses.replace(PLAIN, automation=(entry,)), (9, 2))


@pytest.mark.parametrize(
    ("until", "runs"),
    [("2026-11-23", False), ("2026-11-24", True), ("2026-11-25", True), ("soon", False), ("2026-13-01", False)],
)
def test_grace(until: str, runs: bool) -> None:
    (one,) = policy.grace({"grace": [{"name": "ann", "until": until}]})
    assert one.runs(datetime.datetime(2026, 11, 24, 23, 59, tzinfo=datetime.timezone.utc)) is runs


# The line of PAM


FACTORS = stack.Factors(frozenset(), MODULES)


def candidate(host: Host, text: str, method: str = "oath", **files: str) -> stack.Candidate:
    for name, other in {"sshd": text, "common-auth": COMMON, **files}.items():
        lay(host, f"/etc/pam.d/{name}", other)
    return stack.candidate(host, "sshd", method, stack.line(method, OPTIONS), FACTORS)


def test_lines() -> None:
    assert stack.line("oath", OPTIONS) == LINE
    assert stack.line("duo", OPTIONS) == "auth sufficient pam_duo.so"


@pytest.mark.parametrize("method", ["oath", "google_authenticator", "duo"])
def test_the_line_takes_the_place_of_passwords(host: Host, method: str) -> None:
    found = candidate(host, "# PAM\n@include common-auth\naccount required pam_nologin.so\n", method)
    assert isinstance(found.change, EditFile)
    assert found.change.old == "@include common-auth\n"
    assert stack.judge(found.steps, FACTORS).kinds == frozenset((FACTOR,))


def test_the_vendors_file_is_left_alone(host: Host) -> None:
    lay(host, "/usr/lib/pam.d/sshd", "@include common-auth\naccount required pam_nologin.so\n")
    lay(host, "/etc/pam.d/common-auth", COMMON)
    found = stack.candidate(host, "sshd", "oath", LINE, FACTORS)
    assert isinstance(found.change, WriteFile)
    assert (found.change.path, found.change.before) == ("/etc/pam.d/sshd", None)
    assert found.change.after.endswith("account required pam_nologin.so\n")


@pytest.mark.parametrize(
    "text",
    [
        "@include common-auth\nauth required pam_unix.so\n",
        "auth required pam_permit.so\n",
        "@include common-auth",
        "auth [success=1 default=ignore] pam_localuser.so\n@include common-auth\nauth required pam_permit.so\n",
    ],
)
def test_what_a_person_has_to_mend(host: Host, text: str) -> None:
    """Several lines, none, and what would let somebody in beside ours."""
    with pytest.raises(HostError):
        candidate(host, text)


def test_a_line_of_ours_is_replaced(host: Host) -> None:
    old = stack.block(LINE.replace("window=20", "window=3"))
    found = candidate(host, f"{old}account required pam_nologin.so\n")
    assert isinstance(found.change, EditFile)
    assert (found.change.old, found.change.new) == (old, stack.block(LINE))
    lay(host, "/etc/pam.d/sshd", stack.block(LINE))
    assert stack.candidate(host.refresh(), "sshd", "oath", LINE, FACTORS).change is None


def test_a_module_that_is_missing_lets_nobody_through(host: Host) -> None:
    lay(host, "/etc/pam.d/sshd", f"{LINE}\n")
    steps = host_pam.stack(host, "sshd").steps
    assert stack.judge(steps, dataclasses.replace(FACTORS, present=MODULES - {"pam_oath"})).kinds is None


def test_duo_that_lets_everybody_in_while_it_is_away(host: Host) -> None:
    lay(host, "/etc/pam.d/sshd", "auth sufficient pam_duo.so\n")
    steps = host_pam.stack(host, "sshd").steps
    verdict = stack.judge(steps, dataclasses.replace(FACTORS, failing_open=frozenset(("pam_duo",))))
    assert verdict.kinds == frozenset()
    assert verdict.told() == "pam_duo (/etc/pam.d/sshd:1) says success"
