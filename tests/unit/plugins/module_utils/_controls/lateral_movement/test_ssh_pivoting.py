# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh_pivoting: whom sshd is asked about, what it may not grant, and how the drop-in wins."""

from __future__ import annotations

import base64
import os
import pathlib
import struct
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement import ssh_pivoting
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._pivoting import (
    carried,
    grants,
    keys,
    winning,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import TakeUp
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys, sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, sshd, sshd_classes, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd import Daemon, Ride

FIXTURES = pathlib.Path(__file__).resolve().parents[5] / "unit/fixtures/ssh"
KEYS = FIXTURES / "keys-openssh-9.2p1-debian-12"
DEFAULTS = {name: spec["default"] for name, spec in ssh_pivoting.OPTIONS.items()}
OWN = connection.Connection("192.0.2.50", 4711, "192.0.2.1", 22, (900,), "ssh.service", ("ssh.service",))
PASSWD = """\
root:x:0:0::/root:/bin/sh
ann:x:1000:1000::/home/ann:/bin/sh
bob:x:1001:1001::/home/bob:/bin/sh
git:x:1002:1002::/home/git:/usr/bin/git-shell
we,ird:x:1003:1003::/home/weird:/bin/sh
"""
GROUP = "root:x:0:\nadmins:x:50:ann\ngit:x:1002:\n"
DENIED = "".join(f"{keyword.lower()} {value}\n" for keyword, value, _o in (*grants.FORWARDING, *grants.HOSTBASED))


class Box(Host):
    @property
    def is_root(self) -> bool:
        return True


class Ground:
    """A machine of a folder with one sshd, which answers `answer(specification)`."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.daemons: tuple[Daemon, ...] = (Daemon("ssh.service", unit="ssh.service", pid=1, listening=(("::1", 22),)),)
        self.answer: t.Callable[[str], str] = lambda specification: DENIED
        self.own: connection.Connection | None = None
        self.rides: tuple[Ride, ...] = ()
        self.log = ""
        self.asked: list[str] = []
        self.write("/etc/passwd", PASSWD)
        self.write("/etc/group", GROUP)
        self.write(sshd.CONFIG, "Include /etc/ssh/sshd_config.d/*.conf\n")

    def write(self, name: str, data: str | bytes, mode: int = 0o600) -> pathlib.Path:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        path.chmod(mode)
        return path

    def host(self) -> Box:
        host = Box(root=str(self.root), runner=self._run)
        host._memory[sshd.read] = self.daemons
        host._memory[sshd.rides] = self.rides
        host._memory[connection.read] = self.own
        return host

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        if argv[0] == "journalctl":
            return Completed(0, self.log, "")
        if "-T" in argv:
            self.asked.append(argv[argv.index("-C") + 1])
            return Completed(0, self.answer(self.asked[-1]), "")
        if argv[-1] == "-V":
            return Completed(0, "OpenSSH_9.2p1 Debian-2", "")
        return Completed(0 if argv[0].endswith("sshd") else 127, "", "")

    def assess(self, **options: t.Any) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        for one in ssh_pivoting.assess(self.host(), {**DEFAULTS, **options}):
            found.setdefault(one.rule.name, []).append(one)
        return found

    def one(self, rule: str, **options: t.Any) -> Finding:
        (found,) = self.assess(**options)[rule]
        return found

    def probes(self, config: str) -> tuple[sshd_classes.Probe, ...]:
        self.write(sshd.CONFIG, config)
        host = self.host()
        return sshd_classes.probes(host, self.daemons[0], sshd.settings(host, sshd.CONFIG))[0]


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


def granting(**values: str) -> str:
    """All denied but this."""
    denied = dict(line.split() for line in DENIED.splitlines())
    return "".join(f"{keyword} {value}\n" for keyword, value in {**denied, **values}.items())


# What may not be granted


@pytest.mark.parametrize(
    ("values", "bastion", "granted"),
    [
        ({"allowtcpforwarding": ("yes",)}, False, ["AllowTcpForwarding"]),
        ({"allowtcpforwarding": ("local",)}, False, ["AllowTcpForwarding"]),
        ({"allowtcpforwarding": ("local",)}, True, []),
        ({"allowtcpforwarding": ("no",)}, True, []),
        ({"allowtcpforwarding": ("yes",)}, True, ["AllowTcpForwarding"]),
        ({"gatewayports": ("clientspecified",)}, False, ["GatewayPorts"]),
        ({"permittunnel": ("point-to-point",)}, False, ["PermitTunnel"]),
        (
            {"allowtcpforwarding": ("yes",), "x11forwarding": ("yes",), "disableforwarding": ("yes",)},
            False,
            ["X11Forwarding"],
        ),
        ({"hostbasedauthentication": ("yes",)}, False, ["HostbasedAuthentication"]),
        ({"ignorerhosts": ("shosts-only",)}, False, ["IgnoreRhosts"]),
    ],
)
def test_what_may_not_be_granted(values: dict[str, tuple[str, ...]], bastion: bool, granted: list[str]) -> None:
    wanted = (*grants.forwarding(bastion=bastion), *grants.HOSTBASED)
    assert [key for key, value, others in wanted if grants.value_of(values, key) not in (value, *others)] == granted


@pytest.mark.parametrize("name", ["8.4p1-debian-11", "9.2p1-debian-12", "10.0p2-debian-13"])
def test_debian_as_it_comes(ground: Ground, name: str) -> None:
    told = (FIXTURES / f"sshd-T-openssh-{name}.txt").read_text(encoding="utf-8")
    ground.answer = lambda specification: told
    finding = ground.one("forwarding")
    assert finding.status == f.FAIL
    assert finding.message == (
        "sshd grants AllowAgentForwarding yes, AllowTcpForwarding yes, AllowStreamLocalForwarding yes, X11Forwarding yes "
        "for everyone"
    )
    assert ground.one("hostbased").status == f.PASS


# Whom sshd is asked about


@pytest.mark.parametrize(
    ("config", "users"),
    [
        ("", ["root"]),
        ("Match all\nX11Forwarding no\n", ["root"]),
        ("Match User git\nX11Forwarding no\n", ["root", "git"]),
        ("Match Group admins\nX11Forwarding no\n", ["root", "ann"]),
        ("Match Group git\nX11Forwarding no\n", ["root", "git"]),
        ("Match User a*,!ann\nX11Forwarding no\n", ["root", "a"]),
        ("Match User deploy\nX11Forwarding no\n", ["root", "deploy"]),
        ("Match Group nobodys\nX11Forwarding no\n", ["root"]),
        ("Match User git\nX11Forwarding no\nMatch Group admins\nX11Forwarding no\n", ["root", "ann", "git"]),
    ],
)
def test_one_user_of_each_class(ground: Ground, config: str, users: list[str]) -> None:
    assert [probe.user for probe in ground.probes(config)] == users


@pytest.mark.parametrize(
    ("condition", "where"),
    [
        ("Address 10.20.0.0/16", "addr=10.20.0.1"),
        ("Address 10.20.0.0/16,!10.20.0.0/24", "addr=10.20.127.255"),
        ("Host *.example.org", "host=.example.org"),
        ("LocalAddress 2001:db8::/64", "laddr=2001:db8::1"),
        ("LocalPort 22", "lport=22"),
    ],
)
def test_one_connection_from_each_place(ground: Ground, condition: str, where: str) -> None:
    probes = ground.probes(f"Match {condition}\nX11Forwarding yes\n")
    assert any(where in probe.specification for probe in probes)
    assert any(probe.specification.startswith("user=root,host=192.0.2.1,addr=192.0.2.1,") for probe in probes)
    setting = sshd.settings(ground.host(), sshd.CONFIG)[0]
    assert any(probe.meets(setting.under) for probe in probes)


def test_a_port_that_this_sshd_does_not_have_is_not_asked_about(ground: Ground) -> None:
    assert len(ground.probes("Match LocalPort 2222\nX11Forwarding yes\n")) == 1


def test_names_that_cannot_be_said_are_left_out(ground: Ground) -> None:
    assert "we,ird" not in {name for probe in ground.probes("") for name in probe.names}


def test_no_more_is_asked_than_has_an_end(ground: Ground) -> None:
    blocks = "".join(f"Match User u{number}\nX11Forwarding no\n" for number in range(300))
    ground.write(sshd.CONFIG, blocks)
    finding = ground.one("forwarding")
    assert len(set(ground.asked)) == sshd_classes.MAX_PROBES
    assert finding.status == f.NOT_ASSESSED
    assert "101 more classes" in finding.message


@pytest.mark.parametrize(
    ("config", "status"),
    [
        ("Match version OpenSSH_*\nX11Forwarding yes\n", f.NOT_ASSESSED),
        ("Match version OpenSSH_*\nBanner none\n", f.PASS),
        ("Match all\nX11Forwarding no\nMatch version OpenSSH_*\nX11Forwarding yes\n", f.PASS),
    ],
)
def test_criteria_that_cannot_be_asked_about_are_no_pass(ground: Ground, config: str, status: str) -> None:
    ground.write(sshd.CONFIG, config)
    assert ground.one("forwarding").status == status


def test_who_gets_it_and_which_line_says_so(ground: Ground) -> None:
    ground.write(
        sshd.CONFIG,
        "X11Forwarding yes\nMatch User git\n  PermitTunnel yes\nMatch Address 10.0.0.0/8\n  GatewayPorts yes\n",
    )
    ground.answer = lambda told: granting(
        x11forwarding="yes",
        permittunnel="yes" if "user=git" in told else "no",
        gatewayports="yes" if "addr=10.0.0.1" in told else "no",
    )
    finding = ground.one("forwarding")
    assert finding.message == (
        "sshd grants X11Forwarding yes for everyone; PermitTunnel yes for git; GatewayPorts yes for everyone from 10.0.0.1"
    )
    assert {one.source: one.found for one in finding.evidence} == {
        "/etc/ssh/sshd_config:1": "X11Forwarding yes for everyone",
        "/etc/ssh/sshd_config:3": "PermitTunnel yes for git",
        "/etc/ssh/sshd_config:5": "GatewayPorts yes for everyone from 10.0.0.1",
    }


# Winning

OURS = drop_in.DropIn("ssh_pivoting", winning.DROP_IN, winning.drop_in(bastion=False))
GIT = "Match User git\n    AllowTcpForwarding yes\n"


@pytest.mark.parametrize(
    ("config", "others", "first"),
    [
        ("Include /etc/ssh/sshd_config.d/*.conf\n" + GIT, {}, True),
        ("Include sshd_config.d/*.conf\n", {}, True),
        ("Port 22\nX11Forwarding yes\nInclude /etc/ssh/sshd_config.d/*.conf\n", {}, True),
        ("Include /etc/ssh/sshd_config.d/*.conf\n", {"99-git.conf": GIT}, True),
        ("Include /etc/ssh/sshd_config.d/*.conf\n", {"00-a.conf": "X11Forwarding yes\n"}, True),
        ("Include /etc/ssh/sshd_config.d/*.conf\n", {"00-a.conf": GIT}, False),
        ("Include /etc/ssh/sshd_config.d/*.conf\n", {"00-a.conf": "Match User git\nBanner none\n"}, True),
        (GIT + "Include /etc/ssh/sshd_config.d/*.conf\n", {}, False),
        ("Match User git\nBanner none\nInclude /etc/ssh/sshd_config.d/*.conf\n", {}, False),
        ("Include /etc/ssh/sshd_config.d/50-*.conf\n", {}, False),
        ("X11Forwarding no\n", {}, False),
        ("", {}, False),
        (f"Include {winning.DROP_IN}\nInclude /etc/ssh/sshd_config.d/*.conf\n", {"00-a.conf": GIT}, True),
    ],
)
def test_whether_our_file_comes_first(ground: Ground, config: str, others: t.Mapping[str, str], first: bool) -> None:
    ground.write(sshd.CONFIG, config)
    for name, text in others.items():
        ground.write(f"/etc/ssh/sshd_config.d/{name}", text)
    for written in (False, True):
        if written:
            ground.write(winning.DROP_IN, winning.drop_in(bastion=False))
        host = ground.host()
        assert drop_in.comes_first(host, sshd_state.ask(host, ground.daemons[0]), OURS) is first


@pytest.mark.parametrize(
    ("daemon", "change"),
    [
        (
            Daemon("ssh.service", unit="ssh.service", pid=1, listening=(("::1", 22),)),
            Activate("ssh.service", "reload", (("::1", 22),), if_active=True),
        ),
        (
            Daemon("ssh.service", unit="ssh.service", by_socket=True),
            TakeUp("restart ssh.service if it runs", ("systemctl", "try-restart", "--", "ssh.service")),
        ),
        (Daemon("ssh.socket", by_socket=True), None),
        (Daemon("sshd", pid=7), TakeUp("reload sshd", ("kill", "-HUP", "7"))),
    ],
)
def test_taking_up(ground: Ground, daemon: Daemon, change: t.Any) -> None:
    assert drop_in.take_up(ground.host(), daemon) == ((change,) if change else ())


def test_a_unit_that_does_not_say_how_to_reload_is_not_restarted(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "_run", lambda argv, stdin, timeout: Completed(0, "CanReload=no\n", ""))
    (change,) = drop_in.take_up(ground.host(), Daemon("x.service", unit="x.service", pid=7))
    assert change == TakeUp("reload x.service", ("kill", "-HUP", "7"))


def test_the_fix_is_guarded_checked_and_shared(ground: Ground) -> None:
    ground.answer = lambda told: "x11forwarding yes\nhostbasedauthentication yes\n"
    found = ground.assess(confirm_seconds=33)
    fix = found["forwarding"][0].fix
    assert fix[0] == Guard(33)
    assert [change.describe() for change in fix[1:]] == [
        f"create {winning.DROP_IN}",
        "ssh.service accepts /etc/ssh/sshd_config",
        "reload ssh.service",
    ]
    assert found["hostbased"][0].fix is fix


def test_an_sshd_without_include_gets_the_settings_themselves(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sshd, "version", lambda host, daemon: (8, 0))
    ground.write(sshd.CONFIG, "Port 22\n")
    ground.answer = lambda told: granting(x11forwarding="yes")
    edit = ground.one("forwarding").fix[1]
    assert edit.diff()["after"].splitlines()[2:4] == ["AllowAgentForwarding no", "AllowTcpForwarding no"]
    assert edit.diff()["after"].endswith("# END infosec.principles ssh_pivoting\n")
    ground.write(sshd.CONFIG, edit.diff()["after"] + "Port 22\nMatch User git\nX11Forwarding yes\n")
    finding = ground.one("forwarding")
    assert finding.fix == ()
    assert "nothing that this control may write outweighs" in finding.message


def test_our_file_as_a_link_of_somebody_is_not_written(ground: Ground) -> None:
    ground.write("/etc/elsewhere", "")
    os.makedirs(ground.root / "etc/ssh/sshd_config.d")
    os.symlink("/etc/elsewhere", ground.root / winning.DROP_IN.lstrip("/"))
    ground.answer = lambda told: "x11forwarding yes\n"
    finding = ground.one("forwarding")
    assert finding.fix == ()
    assert "is a symbolic link" in finding.message


# What would be cut


@pytest.mark.parametrize(
    ("rides", "options", "fixed"),
    [
        ((), {}, True),
        ((Ride("ann", "10.0.0.9", 22, True),), {}, False),
        ((Ride("ann", "10.0.0.9", 22, True),), {"allow_self_cutoff": True}, True),
        ((Ride("ann", "10.0.0.9", 22, True),), {"bastion": True}, True),
        ((Ride("ann", "127.0.0.1", 8022, False),), {"bastion": True}, False),
    ],
)
def test_what_passes_through_is_not_cut(
    ground: Ground, rides: tuple[Ride, ...], options: dict[str, bool], fixed: bool
) -> None:
    ground.answer = lambda told: "x11forwarding yes\n"
    ground.rides = rides
    finding = ground.one("forwarding", **options)
    assert finding.status == f.FAIL
    assert bool(finding.fix) is fixed
    assert fixed or ("ann" in finding.message and str(rides[0].port) in finding.message)
    assert fixed or "lateral_movement_allow_self_cutoff" in finding.remedy


LOGIN = "Accepted {} for root from 192.0.2.50 port 4711 ssh2: ED25519 SHA256:x\n"


@pytest.mark.parametrize(
    ("log", "method", "fixed"),
    [
        (LOGIN.format("hostbased"), "hostbased", False),
        (LOGIN.format("publickey"), "publickey", True),
        (LOGIN.format("hostbased").replace("4711", "47110"), "", True),
        (LOGIN.format("hostbased") + LOGIN.format("keyboard-interactive/pam"), "keyboard-interactive", True),
        ("", "", True),
    ],
)
def test_a_login_by_rhosts_that_carries_this_run_is_kept(ground: Ground, log: str, method: str, fixed: bool) -> None:
    ground.own, ground.log = OWN, log
    ground.answer = lambda told: "hostbasedauthentication yes\n"
    ground.write("/home/ann/.shosts", "web\n")
    assert carried.own_method(ground.host()) == method
    found = ground.assess()
    assert bool(found["hostbased"][0].fix) is fixed
    (rhosts,) = found["rhosts"]
    assert bool(rhosts.fix) is fixed
    assert not fixed or rhosts.fix[0] == Guard(60)
    assert ground.one("hostbased", allow_self_cutoff=True).fix


# Files


def test_rhosts_files_and_what_only_looks_like_them(ground: Ground) -> None:
    ground.write("/home/ann/.rhosts", b"+ +\n\xff\x00")
    ground.write("/etc/hosts.equiv", "web\n")
    os.makedirs(ground.root / "home/bob/.rhosts")
    os.makedirs(ground.root / "home/git")
    os.symlink("/dev/null", ground.root / "home/git/.rhosts")
    os.symlink("/etc/shadow", ground.root / "home/git/.shosts")
    os.mkfifo(ground.root / "home/bob/.shosts")
    found = {one.subject: [change.describe() for change in one.fix[1:]] for one in ground.assess()["rhosts"]}
    assert found == {
        "/home/ann/.rhosts": ["remove /home/ann/.rhosts"],
        "/home/git/.shosts": [],
        "/etc/hosts.equiv": ["remove /etc/hosts.equiv"],
    }


def test_keys_are_found_by_their_format_and_never_told(ground: Ground) -> None:
    names = {path.name for path in KEYS.iterdir() if path.name.endswith(("-plain", "-locked"))}
    for name in names:
        ground.write(f"/home/ann/papers/{name}.txt", (KEYS / name).read_bytes())
    found = ground.assess()["unprotected_keys"]
    plain = sorted(name for name in names if name.endswith("-plain"))
    assert sorted(one.subject for one in found) == [f"/home/ann/papers/{name}.txt" for name in plain]
    prints = dict(line.split() for line in (KEYS / "FINGERPRINTS").read_text(encoding="ascii").splitlines())
    sent = {one.subject.split("/")[-1][:-4]: one.fingerprints[0].value for one in found if one.fingerprints}
    assert sent == {
        name: prints.get(name, prints["openssh-ed25519-plain"]) for name in plain if name != "pkcs8-ed25519-plain"
    }
    told = str(found)
    secrets = (line for name in names for line in (KEYS / name).read_text().splitlines()[2:] if len(line) > 40)
    assert not [line for line in secrets if line in told]


def test_the_public_file_beside_a_key_tells_its_fingerprint(ground: Ground) -> None:
    ground.write("/root/.ssh/key", (KEYS / "pkcs8-ed25519-plain").read_bytes())
    public = ssh_keys.private((KEYS / "openssh-ed25519-plain").read_bytes())
    assert public is not None
    ground.write("/root/.ssh/key.pub", f"ssh-ed25519 {base64.b64encode(public.public).decode()} x\n")
    finding = ground.one("unprotected_keys")
    assert finding.fingerprints == (
        f.Fingerprint("private_key", ssh_keys.fingerprint(public.public), "root: /root/.ssh/key"),
    )


def test_hostile_names_are_escaped_and_many_keys_are_cut(ground: Ground) -> None:
    key = (KEYS / "openssh-ed25519-plain").read_bytes()
    for number in range(keys.MAX_KEYS + 5):
        ground.write(f"/home/ann/{number}\n\x1b$(touch x)", key)
    found = ground.assess()["unprotected_keys"]
    assert len(found) == keys.MAX_KEYS + 1
    assert all(one.subject.isprintable() for one in found)
    assert (found[-1].status, found[-1].subject) == (f.NOT_ASSESSED, "home directories")
    assert "5 more private keys" in found[-1].message


# What the report joins


def admit(ground: Ground, *lines: str) -> None:
    ground.write("/home/ann/.ssh/authorized_keys", "".join(f"{line}\n" for line in lines))


def line(number: int) -> str:
    data = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">II", 4, number)
    return f"ssh-ed25519 {base64.b64encode(data).decode()}"


def test_a_host_always_sends_what_it_is(ground: Ground) -> None:
    ground.daemons = ()
    ground.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    ground.write("/etc/ssh/ssh_host_ed25519_key", (KEYS / "openssh-ed25519-plain").read_bytes())
    finding = ground.one("identity")
    assert finding.status == f.PASS
    assert [one.kind for one in finding.fingerprints] == ["host_key", "machine_id"]
    assert "0123456789abcdef" not in str(finding)


def test_authorized_keys_with_their_lines_and_options(ground: Ground) -> None:
    admit(ground, line(1), "# comment", f'permitopen="10.0.0.9:22" {line(2)}', *["garbage"] * 100_000, line(3))
    ground.answer = lambda told: DENIED + "authorizedkeysfile .ssh/authorized_keys /etc/keys/%u\n"
    ground.write("/etc/keys/git", line(4))
    finding = ground.one("identity")
    assert [one.holder for one in finding.fingerprints] == [
        "ann: /home/ann/.ssh/authorized_keys:1",
        "ann: /home/ann/.ssh/authorized_keys:3",
        "ann: /home/ann/.ssh/authorized_keys:100004",
        "git: /etc/keys/git:1",
    ]
    assert [one.found for one in finding.evidence] == ['permitopen="10.0.0.9:22"']


def test_too_many_authorized_keys_are_said_to_be(ground: Ground) -> None:
    admit(ground, *(line(number) for number in range(keys.MAX_AUTHORIZED + 100)))
    ground.answer = lambda told: DENIED + "authorizedkeysfile .ssh/authorized_keys\n"
    finding = ground.one("identity")
    assert finding.status == f.NOT_ASSESSED
    assert len(finding.fingerprints) == keys.MAX_AUTHORIZED


@pytest.mark.parametrize(("mode", "status"), [(0o600, f.PASS), (0o640, f.FAIL), (0o604, f.FAIL), (0o400, f.PASS)])
def test_host_keys_are_roots_alone(ground: Ground, mode: int, status: str) -> None:
    ground.write("/etc/ssh/ssh_host_rsa_key", (KEYS / "openssh-rsa-plain").read_bytes(), mode)
    ground.answer = lambda told: DENIED + "hostkey /etc/ssh/ssh_host_rsa_key\nhostkey /etc/ssh/nosuch\n"
    assert ground.one("identity").status == status


def test_without_sshd_nothing_of_it_applies(ground: Ground) -> None:
    ground.daemons = ()
    found = ground.assess()
    assert [found[rule][0].status for rule in ("forwarding", "hostbased", "overridden")] == [f.NOT_APPLICABLE] * 3


def test_an_sshd_that_does_not_answer_is_not_assessed(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "_run", lambda argv, stdin, timeout: Completed(255, "", "line 1: Bad option"))
    found = ground.assess()
    assert [found[rule][0].status for rule in ("forwarding", "hostbased", "identity")] == [f.NOT_ASSESSED] * 3
    assert "Bad option" in found["forwarding"][0].message


def test_everyone_is_meant_by_match_all_alone() -> None:
    assert sshd_config.everyone(())
    assert sshd_config.everyone(((("all", ""),),))
    assert not sshd_config.everyone(((("all", ""),), (("user", "x"),)))
