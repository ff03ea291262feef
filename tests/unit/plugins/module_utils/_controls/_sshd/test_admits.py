# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a new configuration still lets in whoever runs this."""

from __future__ import annotations

import base64
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import admits
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, login, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

FIXTURES = pathlib.Path(__file__).resolve().parents[5] / "unit/fixtures/ssh/keys-openssh-9.2p1-debian-12"
OWN = connection.Connection("192.0.2.50", 4711, "192.0.2.1", 22, (900,), "ssh.service", ("ssh.service",))
CANDIDATE = DropIn("toy", "/etc/ssh/sshd_config.d/00-infosec-toy.conf", "Match all\n    LogLevel VERBOSE\n")
BY_KEY = Login("ann", ("publickey",), "ED25519", "SHA256:abc")
BY_PASSWORD = Login("ann", ("password",))
BOTH = Login("ann", ("publickey", "keyboard-interactive"), "ED25519", "SHA256:abc")


class Ground:
    """A machine whose sshd would have `values` in force."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.values: dict[str, str] = {}
        self.groups = ["ann", "domain users"]
        self.said = ""
        self.asked: list[tuple[t.Sequence[str], str | None]] = []
        (root / "run/sshd").mkdir(parents=True)

    def refusal(self, made: Login | None, daemon: sshd.Daemon | None = None) -> str:
        host = Host(root=str(self.root), runner=self._run)
        host._memory[connection.read] = OWN
        host._memory[login.read] = made
        state = State(daemon or sshd.Daemon("ssh.service", listening=(("::1", 22),)), (), (), 0)
        evidence = admits.refusal(host, state, CANDIDATE)
        return evidence.found if evidence else ""

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        if argv[0] == "getent":
            return Completed(0, "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n", "")
        if argv[0] == "id":
            return Completed(0, "".join(f"{name}\0" for name in self.groups), "")
        self.asked.append((argv, stdin))
        text = "".join(f"{keyword} {value}\n" for keyword, value in self.values.items())
        return Completed(255 if self.said else 0, text, self.said)


@pytest.fixture(name="ground")
def make(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


@pytest.mark.parametrize(
    ("made", "values", "why"),
    [
        (BY_KEY, {"permitrootlogin": "no", "passwordauthentication": "no"}, ""),
        (Login("root", ("publickey",)), {"permitrootlogin": "no"}, "PermitRootLogin would be no"),
        (Login("root", ("publickey",)), {"permitrootlogin": "without-password"}, ""),
        (Login("root", ("password",)), {"permitrootlogin": "without-password"}, "PermitRootLogin would be"),
        (Login("root", ("publickey",)), {"permitrootlogin": "forced-commands-only"}, "PermitRootLogin would be"),
        (BY_KEY, {"allowgroups": "domain users"}, ""),
        (BY_KEY, {"allowgroups": "staff\nallowgroups ann"}, ""),
        (BY_KEY, {"allowgroups": "staff"}, "AllowGroups would name none of its groups (ann, domain users)"),
        (BY_KEY, {"denygroups": "domain*"}, "DenyGroups would name a group"),
        (BY_PASSWORD, {"passwordauthentication": "no"}, "password would be switched off"),
        (BOTH, {"challengeresponseauthentication": "no"}, "keyboard-interactive would be switched off"),
        (BY_KEY, {"authenticationmethods": "any"}, ""),
        (BY_KEY, {"authenticationmethods": "publickey,keyboard-interactive:pam publickey,publickey"}, ""),
        (BY_KEY, {"authenticationmethods": "publickey,keyboard-interactive:pam"}, "AuthenticationMethods would want"),
        (BOTH, {"authenticationmethods": "publickey,keyboard-interactive:pam"}, ""),
        (BY_PASSWORD, {"authenticationmethods": "publickey"}, "AuthenticationMethods would want publickey"),
        (BY_KEY, {"pubkeyacceptedalgorithms": "rsa-sha2-512,ssh-ed25519"}, ""),
        (BY_KEY, {"pubkeyacceptedalgorithms": "rsa-sha2-512"}, "type ED25519"),
        (Login("ann", ("publickey",), "RSA"), {"pubkeyacceptedkeytypes": "rsa-sha2-256,ssh-ed25519"}, ""),
        (BY_KEY, {"allowusers": "root bob"}, "AllowUsers would not name it"),
        (BY_KEY, {"allowusers": "root a*@192.0.2.0/24"}, ""),
        (BY_KEY, {"allowusers": "ann@10.0.0.0/8"}, "AllowUsers would not name it"),
        (BY_KEY, {"denyusers": "ann"}, "DenyUsers would name it"),
    ],
)
def test_who_would_be_shut_out(ground: Ground, made: Login, values: dict[str, str], why: str) -> None:
    ground.values = values
    told = ground.refusal(made)
    assert (why in told) if why else not told


def test_sshd_is_asked_about_this_connection_with_the_candidate_first(ground: Ground) -> None:
    ground.refusal(BY_KEY)
    ((argv, stdin),) = ground.asked
    assert stdin == CANDIDATE.text
    assert argv[-1] == sshd.CONFIG
    assert "user=ann,host=192.0.2.50,addr=192.0.2.50,laddr=192.0.2.1,lport=22" in argv[2]


@pytest.mark.parametrize(("floor", "refused"), [("3072", True), ("2048", False), ("none", False)])
def test_a_key_that_is_too_short(ground: Ground, floor: str, refused: bool) -> None:
    key = ssh_keys.private((FIXTURES / "openssh-rsa-plain").read_bytes())
    assert key is not None
    line = f"ssh-rsa {base64.b64encode(key.public).decode()} ann@laptop\n"
    folder = ground.root / "home/ann/.ssh"
    folder.mkdir(parents=True)
    (folder / "authorized_keys").write_text(line, encoding="utf-8")
    made = Login("ann", ("publickey",), "RSA", ssh_keys.fingerprint(key.public))
    ground.values = {"requiredrsasize": floor}
    assert ("2048 bits" in ground.refusal(made)) is refused


def test_what_cannot_be_known_is_left_to_the_guard(ground: Ground) -> None:
    ground.values = {"passwordauthentication": "no"}
    assert ground.refusal(None) == ""
    assert ground.refusal(BY_PASSWORD, sshd.Daemon("other.service", listening=(("::1", 2222),))) == ""


def test_a_candidate_that_sshd_refuses(ground: Ground) -> None:
    ground.said = "line 1: Bad SSH2 KexAlgorithms\n"
    with pytest.raises(HostError, match="refuses the new configuration: line 1: Bad SSH2"):
        ground.refusal(BY_KEY)


def test_groups_of_an_account_that_id_does_not_know(tmp_path: pathlib.Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("ann:x:1000:1000::/home/ann:/bin/sh\n", encoding="utf-8")
    (tmp_path / "etc/group").write_text("ann:x:1000:\nstaff:x:50:bob,ann\nops:x:51:bob\n", encoding="utf-8")
    host = Host(root=str(tmp_path), runner=lambda argv, stdin, timeout: Completed(127, "", ""))
    assert admits.groups_of(host, "ann") == {"ann", "staff"}
    assert admits.groups_of(host, "nobody-here") == frozenset()
