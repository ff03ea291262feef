# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh_keys: whose keys are whose, which of them may go without locking anybody out, and what sshd is told to refuse."""

from __future__ import annotations

import base64
import datetime
import os
import pathlib
import struct
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys import (
    keys,
    removal,
    revocation,
    uses,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError, NothingDone
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteData, WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.modes import SetMode
from ansible_collections.infosec.principles.plugins.module_utils._formats import krl
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys as formats
from ansible_collections.infosec.principles.plugins.module_utils._host import (
    authorized,
    connection,
    login,
    sshd_classes,
    sshd_state,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd import Daemon, Values
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State, States

NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
DEFAULTS = {name: spec["default"] for name, spec in ssh_keys.OPTIONS.items()}
OWN = connection.Connection("192.0.2.50", 4711, "192.0.2.1", 22, (900,), "ssh.service", ("ssh.service",))
AUTOMATION = [{"name": "deploy*", "from": ["192.0.2.5"], "owner": ""}]
PASSWD = """\
root:x:0:0::/root:/bin/sh
daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
ann:x:1000:1000::/home/ann:/bin/sh
bob:x:1001:1001::/home/bob:/bin/sh
deploy:x:1002:1002::/home/deploy:/bin/sh
"""
FIXTURES = pathlib.Path(__file__).resolve().parents[5] / "unit/fixtures/krl/openssh-10.0p2-debian-13"


def line(algorithm: str, *fields: bytes) -> str:
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (algorithm.encode(), *fields))
    return f"{algorithm} {base64.b64encode(blob).decode()}"


def rsa(bits: int, end: int = 1) -> str:
    return line("ssh-rsa", b"\1\0\1", b"\0" + (1 << (bits - 1) | end).to_bytes(bits // 8, "big"))


GOOD, OTHER, THIRD = (line("ssh-ed25519", bytes([number]) * 32) for number in (1, 2, 3))
WEAK, WEAKER = rsa(2048), rsa(1024)
DSA = line("ssh-dss", b"\0" + (1 << 1023 | 1).to_bytes(128, "big"), b"\1", b"\1", b"\1")


def print_of(key: str) -> str:
    return formats.fingerprint(formats.public(key))


class Box(Host):
    @property
    def is_root(self) -> bool:
        return True


class Ground:
    """A machine of a folder, with one sshd that answers `values` for everybody."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.values: dict[str, tuple[str, ...]] = {}
        self.own: connection.Connection | None = None
        self.made: Login | None = None
        self.journal = ""
        self.days = 200
        self.asked: list[tuple[str, ...]] = []
        self.write("/etc/passwd", PASSWD)
        self.write("/etc/group", "root:x:0:\nstaff:x:50:ann,bob\nann:x:1000:\n")
        self.write("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n")

    def write(self, name: str, data: str | bytes, mode: int = 0o600) -> pathlib.Path:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        path.chmod(mode)
        return path

    def keys(self, **accounts: str) -> None:
        """authorized_keys of accounts, last written long ago."""
        for name, text in accounts.items():
            path = self.write(f"{'/root' if name == 'root' else f'/home/{name}'}/.ssh/authorized_keys", text)
            os.utime(path, ((NOW - 300 * DAY).timestamp(),) * 2)

    def host(self) -> Box:
        host = Box(root=str(self.root), runner=self._run, now=NOW)
        probe = Probe("root", frozenset(), ("root", "ann", "bob", "deploy", "daemon"), sshd_classes.Place(), "")
        values: Values = dict(self.values)
        daemon = Daemon("ssh.service", unit="ssh.service", pid=1, listening=(("::1", 22),))
        host._memory[sshd_state.read] = States((State(daemon, (), ((probe, values),), 0),), {})
        host._memory[connection.read] = self.own
        host._memory[login.read] = self.made
        return host

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        self.asked.append(tuple(argv))
        if argv[0] == "journalctl":
            return Completed(0, self._header() if "--header" in argv else self.journal, "")
        if argv[0] == "getent":
            return Completed(2, "", "")
        return Completed(0, "", "")

    def _header(self) -> str:
        first, last = (int(when.timestamp() * 1_000_000) for when in (NOW - self.days * DAY, NOW))
        stamps = f"Head realtime timestamp: then ({first:x})\nTail realtime timestamp: now ({last:x})\n"
        return f"File path: /var/log/journal/0/system.journal\n{stamps}"

    def login(self, text: str, days: float = 1) -> None:
        when = (NOW - days * DAY).timestamp()
        self.journal += f"{when:.6f} box sshd[7]: {text}\n"

    def assess(self, rule: str, **options: t.Any) -> list[Finding]:
        found = ssh_keys.assess(self.host(), {**DEFAULTS, **options})
        return [one for one in found if one.rule.name == rule]

    def failing(self, rule: str, **options: t.Any) -> list[Finding]:
        return [one for one in self.assess(rule, **options) if one.status == f.FAIL]


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


def removed(found: t.Iterable[Finding]) -> list[str]:
    """The fingerprints of those that go."""
    return [one.subject.partition(": ")[2] for one in found if one.fix]


# What a key is


@pytest.mark.parametrize(
    ("key", "weak", "weak_for_1024"),
    [(WEAK, True, False), (WEAKER, True, False), (DSA, True, True), (rsa(3072), False, False), (GOOD, False, False)],
)
def test_weak(ground: Ground, key: str, weak: bool, weak_for_1024: bool) -> None:
    ground.keys(ann=f"{key} ann@x\n")
    assert bool(ground.failing("weak")) == weak
    assert bool(ground.failing("weak", rsa_bits=1024)) == weak_for_1024


def test_the_inventory_tells_what_is_known_and_no_secret(ground: Ground) -> None:
    ground.keys(ann=f'from="192.0.2.0/24",environment="TOKEN=hunter2" {GOOD} ann@laptop 2024-05-01\n')
    (finding,) = ground.assess("weak")
    assert finding.status == f.PASS and finding.subject == "/home/ann/.ssh/authorized_keys"
    (evidence,) = finding.evidence
    assert evidence.source == "/home/ann/.ssh/authorized_keys:1" and "hunter2" not in evidence.found
    expected = f'ED25519 {print_of(GOOD)}, ann@laptop 2024-05-01, made 2024-05-01 by its comment, with from="192.0.2.0/24" environment'
    assert evidence.found == expected


def test_ecdsa_but_not_of_security_keys(ground: Ground) -> None:
    ecdsa = line("ecdsa-sha2-nistp256", b"nistp256", b"\4" + bytes(64))
    token = line("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", b"\4" + bytes(64), b"ssh:")
    ground.keys(ann=f"{ecdsa} ann@a\n{token} ann@b\n")
    (finding,) = ground.failing("ecdsa")
    assert print_of(ecdsa) in finding.subject and finding.fix == ()


def test_authorities_of_certificates(ground: Ground) -> None:
    ground.values = {"trustedusercakeys": ("/etc/ssh/ca.pub",), "authorizedkeyscommand": ("none",)}
    ground.write("/etc/ssh/ca.pub", f"{WEAK} ca\n{GOOD} ca2\n")
    found = ground.assess("weak")
    assert [one.status for one in found] == [f.FAIL, f.NOT_ASSESSED]
    assert "cannot be listed here" in found[1].message and found[1].subject == "trustedusercakeys /etc/ssh/ca.pub"


# Whose it is


def test_one_key_of_several_accounts(ground: Ground) -> None:
    ground.keys(root=f"{GOOD} ann@x\n", ann=f"{GOOD} ann@x\n{OTHER}\n", bob=f"{THIRD}\n{THIRD}\n")
    (finding,) = ground.failing("duplicates")
    assert finding.subject == print_of(GOOD) and "root, ann" in finding.message


def test_a_file_for_all_names_those_that_can_use_it(ground: Ground) -> None:
    ground.values = {"authorizedkeysfile": ("/etc/ssh/all",)}
    ground.write("/etc/ssh/all", f"{GOOD} ops\n")
    (finding,) = ground.failing("duplicates")
    assert "opens several accounts" in finding.message and len(finding.evidence) == 1


@pytest.mark.parametrize(
    ("accounts", "person", "machine"),
    [
        ({"deploy": f"{GOOD} deploy@ci\n"}, 0, 0),
        ({"deploy": f"{GOOD} ann@laptop\n"}, 1, 0),
        ({"deploy": f"{GOOD}\n", "ann": f"{GOOD}\n"}, 1, 0),
        ({"deploy": f"{GOOD}\n", "root": f"{GOOD}\n"}, 0, 1),
        ({"deploy": f"{GOOD} ann@x\n", "root": f"{GOOD} ann@x\n"}, 1, 0),
        ({"ann": f"{GOOD} deploy-web@ci\n"}, 0, 1),
        ({"deploy": f"{GOOD} deploy@ci\n", "bob": f"{GOOD} deploy@ci\n"}, 0, 1),
        ({"ann": f"{GOOD} ann@x\n", "deploy": f"{OTHER} Carol's\n"}, 0, 0),
    ],
)
def test_people_and_programs(ground: Ground, accounts: dict[str, str], person: int, machine: int) -> None:
    ground.keys(**accounts)
    assert len(ground.failing("person_on_machine", automation=AUTOMATION)) == person
    assert len(ground.failing("machine_on_person", automation=AUTOMATION)) == machine


def test_nobody_is_a_program_unless_declared(ground: Ground) -> None:
    ground.keys(deploy=f"{GOOD} ann@x\n")
    statuses = {one.status for one in ground.assess("person_on_machine") + ground.assess("unrestricted")}
    assert statuses == {f.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("options", "sources", "free"),
    [
        ("", ["192.0.2.5"], True),
        ('from="192.0.2.5" ', ["192.0.2.5"], False),
        ("restrict ", ["192.0.2.5"], True),
        ("restrict ", [], False),
        ('command="x" ', [], False),
        ("", [], True),
    ],
)
def test_from_where_programs_may_come(ground: Ground, options: str, sources: list[str], free: bool) -> None:
    ground.keys(deploy=f"{options}{GOOD} deploy@ci\n")
    found = ground.failing("unrestricted", automation=[{"name": "deploy", "from": sources, "owner": ""}])
    assert bool(found) == free
    assert all(("192.0.2.5" if sources else "ADDRESSES") in one.remedy for one in found)


# Removing


@pytest.mark.parametrize(
    ("accounts", "gone"),
    [
        ({"ann": f"{WEAK} ann@old\n{GOOD} ann@new\n"}, [WEAK]),
        ({"ann": f"{WEAK} ann@old\n"}, []),
        ({"ann": f"{WEAK}\n{GOOD}\n"}, [WEAK]),
        ({"ann": f"{WEAK} ann@old\n{GOOD} bob@pc\n"}, []),
        ({"ann": f"{WEAK} bob@pc\n{GOOD} ann@new\n"}, []),
        ({"root": f"{WEAK} ann@old\n{GOOD} bob@pc\n"}, []),
        ({"root": f"{WEAK}\n{GOOD}\n"}, []),
        ({"root": f"{WEAK} ann@old\n{GOOD} ann@new\n"}, [WEAK]),
        ({"ann": f'{WEAK} ann@old\nexpiry-time="20200101" {GOOD} ann@new\n'}, []),
        ({"ann": f'{WEAK} ann@old\ncommand="x" {GOOD} ann@new\n'}, []),
        ({"ann": f'{WEAK} ann@old\nfrom="192.0.2.1" {GOOD} ann@new\n'}, []),
        ({"ann": f'from="192.0.2.1" {WEAK} ann@old\n{GOOD} ann@new\n'}, [WEAK]),
        ({"ann": f"{WEAK} ann@old\ncert-authority {GOOD} ann@new\n"}, []),
        ({"ann": f"{WEAK} ann@old\n{WEAKER} ann@older\n"}, []),
        ({"ann": f"{WEAK} ann@old\n", "bob": f"{GOOD} ann@new\n"}, []),
        ({"deploy": f"{WEAK} deploy@ci\n{GOOD} other@ci\n"}, []),
        ({"daemon": f"{WEAK} x\n"}, []),
    ],
)
def test_nobody_is_locked_out(ground: Ground, accounts: dict[str, str], gone: list[str]) -> None:
    ground.keys(**accounts)
    found = ground.failing("weak", automation=AUTOMATION)
    assert removed(found) == [print_of(key) for key in gone]
    assert all("has no other good key" in one.message for one in found if not one.fix)
    always = ground.failing("weak", automation=AUTOMATION, remove_weak="always")
    assert len(removed(always)) == len(always) == len(found)


@pytest.mark.parametrize(
    ("made", "stays"),
    [
        (Login("ann", ("publickey",), "RSA", print_of(WEAK)), removal.OWN),
        (Login("ann", ("publickey",), "ED25519-CERT", "SHA256:x", print_of(WEAK)), removal.OWN),
        (Login("ann", ("password",)), "no other good key would open ann, which this run logged in to"),
        (Login("bob", ("publickey",), "ED25519", "SHA256:y"), ""),
        (None, removal.UNKNOWN),
    ],
)
@pytest.mark.parametrize("option", [{"remove_weak": "always"}, {"revoked_keys": [WEAK], "remove_weak": "always"}])
def test_the_key_that_carries_us_stays(
    ground: Ground, made: Login | None, stays: str, option: dict[str, t.Any]
) -> None:
    ground.own, ground.made = OWN, made
    ground.keys(ann=f"{WEAK} ann@old\n")
    (finding,) = ground.failing("weak", allow_self_cutoff=True, **option)
    assert stays in finding.message and bool(finding.fix) == (not stays)


def test_weak_keys_may_be_left_to_people(ground: Ground) -> None:
    ground.keys(ann=f"{WEAK} ann@old\n{GOOD} ann@new\n{OTHER} ann@lost\n")
    (weak,) = ground.failing("weak", remove_weak="never", revoked_keys=[OTHER])
    assert weak.fix == () and "remove_weak is never" in weak.message
    (revoked_,) = ground.failing("revoked", remove_weak="never", revoked_keys=[OTHER])
    assert isinstance(revoked_.fix[1], EditFile) and WEAK not in revoked_.fix[1].old


def test_a_run_without_a_connection_asks_no_log(ground: Ground) -> None:
    ground.keys(ann=f"{WEAK} ann@old\n{GOOD} ann@new\n")
    assert len(removed(ground.failing("weak"))) == 1


def test_weak_and_revoked_keys_of_a_file_go_together(ground: Ground) -> None:
    ground.keys(ann=f"{WEAK} ann@old\n{GOOD} ann@new\n{OTHER} ann@lost\n", bob=f"{OTHER} ann@lost\n")
    (weak,), revoked = (ground.failing(rule, revoked_keys=[OTHER]) for rule in ("weak", "revoked"))
    assert [one.fix == weak.fix for one in revoked] == [True, False] and isinstance(weak.fix[0], Guard)
    assert len(weak.fix) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"# Ann\r\n\n{WEAK} ann@old\n\t{GOOD} ann@new\n# \xff\0 end\n".encode("latin-1"), EditFile),
        (f"{WEAK} ann@old\n{GOOD} ann@new\n{WEAK} ann@old\n{WEAK} ann@older\n# tail".encode(), EditFile),
        (f"{GOOD} ann@new\n{WEAK} ann@old".encode(), WriteFile),
    ],
)
def test_all_other_bytes_are_kept(ground: Ground, text: bytes, kind: type) -> None:
    path = ground.write("/home/ann/.ssh/authorized_keys", text, 0o640)
    host = ground.host()
    (finding,) = [one for one in ssh_keys.assess(host, DEFAULTS) if one.rule.name == "weak" and one.fix]
    change = finding.fix[1]
    assert isinstance(change, kind)
    captured = change.capture(host)
    change.apply(host, tag="run-1")
    note = f"# removed by infosec.principles (weak): RSA 2048 {print_of(WEAK)} ann@old".encode()
    kept = [one if WEAK.encode() not in one else note for one in text.split(b"\n")]
    assert path.read_bytes() == b"\n".join(kept) and path.stat().st_mode & 0o777 == 0o640
    assert ground.failing("weak") == []
    change.revert(host, captured, tag="run-1")
    assert path.read_bytes() == text


def test_the_owner_is_faster(ground: Ground) -> None:
    """What he changes between the plan and the act is his; what he puts in the file's place is left."""
    path = ground.write("/home/ann/.ssh/authorized_keys", f"{WEAK} ann@old\n{GOOD} ann@new\n")
    host = ground.host()
    (finding,) = [one for one in ssh_keys.assess(host, DEFAULTS) if one.rule.name == "weak" and one.fix]
    path.write_text(f"{GOOD} ann@new\n")
    with pytest.raises(NothingDone):
        finding.fix[1].apply(host, tag="run-1")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ChangeError):
        finding.fix[1].apply(host, tag="run-1")
    path.unlink()
    victim = ground.write("/root/victim", f"{WEAK} ann@old\n")
    path.symlink_to(victim)
    with pytest.raises(ChangeError):
        finding.fix[1].apply(host, tag="run-1")
    assert victim.read_text() == f"{WEAK} ann@old\n"


def test_a_link_is_judged_and_not_written_through(ground: Ground) -> None:
    ground.write("/srv/keys", f"{WEAK} ann@old\n{GOOD} ann@new\n")
    path = ground.root / "home/ann/.ssh/authorized_keys"
    path.parent.mkdir(parents=True)
    path.symlink_to("/srv/keys")
    (finding,) = ground.failing("weak")
    assert finding.fix == () and "is a symbolic link" in finding.message


def test_what_is_too_large_is_not_edited(ground: Ground) -> None:
    ground.keys(ann=f"{WEAK} ann@old\n" + f"{GOOD} ann@new\n" * 3000)
    found = ground.assess("weak")
    assert [one.status for one in found] == [f.FAIL, f.NOT_ASSESSED]
    assert found[0].fix == () and "too large" in found[0].message and "only its first 2000" in found[1].message
    ground.keys(ann=f"{WEAK} ann@old\n{GOOD} ann@new\n{'#' * removal.MAX_BYTES}\n{WEAK} ann@old\n")
    (finding,) = ground.failing("weak")
    assert finding.fix == () and "too many to be edited" in finding.message


# Uses


def accepted(account: str, key: str, method: str = "publickey") -> str:
    told = f": ED25519 {print_of(key)}" if method == "publickey" else ""
    return f"Accepted {method} for {account} from 192.0.2.7 port 4711 ssh2{told}"


def test_used_and_unused(ground: Ground) -> None:
    ground.keys(ann=f"{GOOD} ann@new\n{OTHER} ann@old\n", root=f"{GOOD} ann@new\n")
    ground.login(accepted("ann", GOOD))
    assert sorted(one.subject for one in ground.failing("unused")) == [
        f"/home/ann/.ssh/authorized_keys: {print_of(OTHER)}",
        f"/root/.ssh/authorized_keys: {print_of(GOOD)}",
    ]


def test_a_login_long_ago(ground: Ground) -> None:
    ground.keys(ann=f"{GOOD} ann@new\n")
    ground.login(accepted("ann", GOOD), days=90.4)
    (finding,) = ground.failing("unused")
    assert finding.fix == () and "for 90 days" in finding.message
    assert ground.failing("unused", idle_days=91) == []


def test_certificates_use_their_authority(ground: Ground) -> None:
    ground.keys(ann=f"cert-authority {GOOD} ca\n")
    ground.login(
        "Accepted publickey for ann from 192.0.2.7 port 1 ssh2: ED25519-CERT SHA256:x ID ann (serial 3) CA ED25519 "
        f"{print_of(GOOD)}"
    )
    assert [one.status for one in ground.assess("unused")] == [f.PASS]


def only(found: t.Sequence[Finding]) -> str:
    (finding,) = found
    assert finding.status == f.NOT_ASSESSED
    return finding.message


def test_what_the_logs_cannot_tell(ground: Ground) -> None:
    ground.keys(ann=f"{GOOD} ann@new\n")
    ground.days = 7
    assert "remembered for 7 days only" in only(ground.assess("unused"))
    ground.days = 200
    ground.write("/etc/ssh/sshd_config", "LogLevel QUIET\n")
    assert "LogLevel QUIET" in only(ground.assess("unused"))


def test_a_second_factor_hides_the_first(ground: Ground) -> None:
    ground.keys(ann=f"{GOOD} ann@new\n{OTHER} ann@old\n")
    ground.login(accepted("ann", GOOD, "keyboard-interactive/pam"))
    assert "LogLevel VERBOSE" in only(ground.assess("unused"))
    ground.login(f"Partial publickey for ann from 192.0.2.7 port 4711 ssh2: ED25519 {print_of(GOOD)}")
    assert [one.subject for one in ground.failing("unused")] == [f"/home/ann/.ssh/authorized_keys: {print_of(OTHER)}"]


def test_a_file_that_was_changed_lately(ground: Ground) -> None:
    ground.keys(ann=f"{GOOD} ann@new\n{OTHER} ann@2025-01-01\n")
    path = ground.root / "home/ann/.ssh/authorized_keys"
    os.utime(path, ((NOW - 3 * DAY).timestamp(),) * 2)
    found = ground.assess("unused")
    assert [one.status for one in found] == [f.FAIL, f.NOT_ASSESSED] and print_of(OTHER) in found[0].subject
    assert "changed since" in found[1].message


def test_an_expired_key_needs_no_log(ground: Ground) -> None:
    ground.keys(ann=f'expiry-time="20260101" {GOOD} ann@new\n')
    ground.days = 1
    (finding,) = ground.failing("unused")
    assert "has expired" in finding.message and not any(argv[0] == "journalctl" for argv in ground.asked)


def test_busy_hosts_are_read_deeper_only_where_needed(ground: Ground) -> None:
    ground.keys(ann=f"{GOOD} ann@new\n")
    ground.login(accepted("ann", GOOD))
    ground.assess("unused")
    assert sum("--lines=" in " ".join(argv) for argv in ground.asked) == 1
    ground.keys(ann=f"{OTHER} ann@new\n")
    ground.journal *= 500
    ground.asked.clear()
    ground.assess("unused")
    assert [word for argv in ground.asked for word in argv if word.startswith("--lines")] == [
        "--lines=500",
        f"--lines={uses.DEEP}",
    ]


def test_idle_days_of_nothing(ground: Ground) -> None:
    assert [one.status for one in ground.assess("unused", idle_days=0)] == [f.ERROR]


# Revocation


def revoked(*texts: str) -> krl.Revoked:
    found, faults = revocation.wanted(texts)
    assert not faults
    return found


def test_what_may_be_revoked() -> None:
    prints = frozenset({print_of(GOOD)})
    for text in (GOOD, f"{GOOD} ann@lost", print_of(GOOD), f"hash: {print_of(GOOD)}", f" {print_of(GOOD)} ann"):
        assert revoked(text) == krl.Revoked(prints)
    authority = formats.public((FIXTURES / "ca.pub").read_text())
    assert revoked((FIXTURES / "ann7-cert.pub").read_text()).serials == {(authority, 7, 7)}
    assert revoked((FIXTURES / "bob-cert.pub").read_text()).ids == {(authority, "no-serial")}
    assert revoked("serial: 7").serials == {(krl.ANY, 7, 7)}
    assert revoked(f"serial:7-9 {(FIXTURES / 'ca.pub').read_text()}").serials == {(authority, 7, 9)}
    assert revoked("id:ann@example.org").ids == {(krl.ANY, "ann@example.org")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "SHA256:short",
        "MD5:aa",
        "ssh-ed25519 AAAA",
        "serial: x",
        "serial: 0",
        "serial: 9-7",
        "serial: 99999999999999999999",
        "id: a ssh-ed25519 AAAA",
        "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t",
    ],
)
def test_what_is_no_entry(ground: Ground, text: str) -> None:
    found, faults = revocation.wanted([GOOD, text])
    assert found == revoked(GOOD) and len(faults) == 1 and faults[0].startswith("revoked_keys[2]: ")
    assert [one.status for one in ground.assess("revocation", revoked_keys=[text])] == [f.NOT_APPLICABLE, f.ERROR]


def test_the_list_is_there_before_sshd_knows_of_it(ground: Ground) -> None:
    (finding,) = ground.failing("revocation", revoked_keys=[GOOD])
    guard, lists, names, *_rest = finding.fix
    assert isinstance(guard, Guard) and isinstance(lists, WriteData) and lists.outlives
    assert isinstance(names, WriteFile) and names.after.endswith(f"Match all\n    RevokedKeys {revocation.LIST}\n")
    assert f"#   hash: {print_of(GOOD)}\n" in names.after


def test_in_force(ground: Ground) -> None:
    ground.values = {"revokedkeys": (revocation.LIST,)}
    ground.write(revocation.LIST, krl.build(revoked(GOOD)))
    assert [one.status for one in ground.assess("revocation", revoked_keys=[GOOD])] == [f.PASS]
    (finding,) = ground.failing("revocation", revoked_keys=[GOOD, OTHER])
    assert isinstance(finding.fix[1], WriteData)
    (finding,) = ground.failing("revocation")
    assert isinstance(finding.fix[1], WriteData) and finding.fix[1].after.encode() == krl.build(krl.Revoked())


def test_our_list_is_missing(ground: Ground) -> None:
    """Then sshd refuses every key: it is written again, whatever is to be on it."""
    ground.values = {"revokedkeys": (revocation.LIST,)}
    (finding,) = ground.failing("revocation")
    assert isinstance(finding.fix[1], WriteData) and "lets in nobody by a key" in finding.message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "sshd lets in nobody by a key"),
        (b"no key\n", "sshd lets in nobody by a key"),
        (f"{OTHER}\n".encode(), f"does not list hash: {print_of(GOOD)}"),
        (f"{GOOD}\n".encode(), ""),
        (krl.build(krl.Revoked(frozenset({print_of(GOOD)}))), ""),
    ],
)
def test_the_list_of_somebody_else_stays_in_force(ground: Ground, content: bytes | None, says: str) -> None:
    ground.values = {"revokedkeys": ("/etc/ssh/theirs",)}
    if content is not None:
        ground.write("/etc/ssh/theirs", content)
    (finding,) = ground.assess("revocation", revoked_keys=[GOOD])
    assert (finding.status == f.FAIL) == bool(says) and says in finding.message and finding.fix == ()


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (Login("ann", ("publickey",), "ED25519", print_of(GOOD)), True),
        (Login("ann", ("publickey",), "ED25519-CERT", "SHA256:x", print_of(GOOD)), True),
        (Login("ann", ("publickey",), "ED25519", print_of(OTHER)), False),
        (None, False),
    ],
)
def test_our_own_key_is_not_revoked(ground: Ground, made: Login | None, refused: bool) -> None:
    ground.own, ground.made = OWN, made
    (finding,) = ground.failing("revocation", revoked_keys=[GOOD])
    assert bool(finding.fix) == (not refused)
    assert ("logged in by a key that is to be revoked" in finding.message) == refused
    (forced,) = ground.failing("revocation", revoked_keys=[GOOD], allow_self_cutoff=True)
    assert isinstance(forced.fix[0], Guard)


# Modes


def test_who_else_may_write(ground: Ground) -> None:
    ground.keys(ann=f"{GOOD}\n", bob=f"{OTHER}\n")
    (ground.root / "home/ann/.ssh/authorized_keys").chmod(0o602)
    (ground.root / "home/bob").chmod(0o777)
    found = {one.subject: one for one in ground.failing("modes")}
    assert set(found) == {"/home/ann/.ssh/authorized_keys", "/home/bob"}
    assert all(one.fix == () and "would take them then" in one.message and one.remedy for one in found.values())
    ground.values = {"strictmodes": ("no",)}
    assert all(isinstance(one.fix[0], SetMode) for one in ground.failing("modes"))


@pytest.mark.parametrize(("mode", "wrong"), [(0o600, False), (0o640, True), (0o604, True), (0o400, False)])
def test_private_keys_in_their_folder(ground: Ground, mode: int, wrong: bool) -> None:
    ground.write("/home/ann/.ssh/id", b"-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", mode)
    ground.write("/home/ann/.ssh/id.pub", f"{GOOD}\n", 0o644)
    ground.write("/home/ann/www/tls.key", b"-----BEGIN PRIVATE KEY-----\nx\n", 0o644)
    found = ground.failing("modes")
    assert [one.subject for one in found] == (["/home/ann/.ssh/id"] if wrong else [])
    assert all(one.fix[0].describe() == f"chmod {mode & 0o700:04o} /home/ann/.ssh/id" for one in found)


# The whole


def test_without_an_sshd(ground: Ground) -> None:
    host = ground.host()
    host._memory[sshd_state.read] = States((), {})
    found = {one.rule.name: one.status for one in ssh_keys.assess(host, DEFAULTS)}
    assert found.pop("modes") == f.PASS and set(found.values()) == {f.NOT_APPLICABLE}


def test_an_sshd_that_does_not_answer(ground: Ground) -> None:
    host = ground.host()
    host._memory[sshd_state.read] = States((), {"ssh.service": "it is ill"})
    found = {one.rule.name: one.status for one in ssh_keys.assess(host, DEFAULTS)}
    assert found.pop("modes") == f.PASS and set(found.values()) == {f.NOT_ASSESSED}


def test_a_host_sends_no_more_than_anybody_reads(ground: Ground) -> None:
    many = "".join(f"{rsa(2048, 2 * number + 1)} k{number}\n" for number in range(300))
    ground.keys(ann=many)
    found = ground.assess("weak")
    assert len([one for one in found if one.status == f.FAIL]) == 200
    assert "100 more of them are not listed" in found[-1].message
    assert len(keys.of(ground.host().once(authorized.read).files[0])) == 300
