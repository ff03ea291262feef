# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sshd: which of them run, how they are asked, and what their sessions carry."""

from __future__ import annotations

import pathlib
import subprocess
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.sockets import Listener, Socket

FIXTURES = pathlib.Path(__file__).resolve().parents[4] / "unit/fixtures/ssh"
LISTENING = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
NO_FOLDER = Completed(255, "", "Missing privilege separation directory: /run/sshd\n")


class Box(Host):
    """A machine of a folder; `told` are the answers by command line."""

    superuser = True

    @property
    def is_root(self) -> bool:
        return self.superuser


class Ground:
    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.told: dict[str, Completed] = {}
        self.sockets: list[Socket] = []
        self.holders: dict[int, tuple[int, ...]] = {}
        self.listeners: list[Listener] = []
        self.write("/proc/1/cgroup", "0::/init.scope\n")

    def write(self, name: str, text: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def process(self, pid: int, title: str, unit: str = "ssh.service", name: str = "sshd", cgroup: str = "") -> None:
        self.write(f"/proc/{pid}/comm", f"{name}\n")
        self.write(f"/proc/{pid}/cmdline", title)
        self.write(f"/proc/{pid}/stat", f"{pid} ({name}) S 1 1 1\n")
        self.write(f"/proc/{pid}/cgroup", f"0::{cgroup or f'/system.slice/{unit}'}\n")

    def host(self) -> Box:
        host = Box(root=str(self.root), runner=self._run)
        host._memory[sockets.read] = tuple(self.listeners)
        host._memory[sockets.table] = tuple(self.sockets)
        host._memory[processes.holders] = processes.Holders(self.holders, complete=True)
        return host

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        return self.told.get(" ".join(argv), Completed(127, "", f"{argv[0]}: command not found"))


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


@pytest.mark.parametrize(
    ("title", "name", "config", "arguments"),
    [
        (LISTENING, "x.service", sshd.CONFIG, ()),
        ("/usr/sbin/sshd -D", "x.service", sshd.CONFIG, ()),
        (
            "sshd: /usr/sbin/sshd -D -f /etc/two -p2222 [listener] 0 of 10-100 startups",
            "x.service",
            "/etc/two",
            ("-p", "2222"),
        ),
        (
            "/usr/sbin/sshd -Def /etc/two -oX11Forwarding=yes -o A=b",
            "x.service",
            "/etc/two",
            ("-o", "X11Forwarding=yes", "-o", "A=b"),
        ),
    ],
)
def test_a_daemon(ground: Ground, title: str, name: str, config: str, arguments: tuple[str, ...]) -> None:
    ground.process(100, title, unit="x.service")
    ground.listeners = [Listener("tcp", "0.0.0.0", 22, pids=(100,)), Listener("tcp", "::", 22, pids=(7, 100))]
    (daemon,) = sshd.read(ground.host())
    assert (daemon.name, daemon.config, daemon.arguments, daemon.unit) == (name, config, arguments, "x.service")
    assert daemon.listening == (("127.0.0.1", 22), ("::1", 22))
    assert not daemon.by_socket


@pytest.mark.parametrize(
    ("title", "cgroup"),
    [
        ("sshd: ann@pts/0", ""),
        ("sshd: ann [priv]", ""),
        (LISTENING, "/system.slice/docker-" + "a" * 64 + ".scope"),
    ],
)
def test_what_is_no_daemon_of_this_machine(ground: Ground, title: str, cgroup: str) -> None:
    ground.process(100, title, cgroup=cgroup)
    assert sshd.read(ground.host()) == ()


def test_without_a_unit_it_is_called_by_its_configuration(ground: Ground) -> None:
    ground.process(100, LISTENING, cgroup="/init.scope")
    ground.process(101, "/usr/sbin/sshd -f /x", cgroup="/user.slice/session-1.scope")
    assert [(one.name, one.unit, one.pid) for one in sshd.read(ground.host())] == [
        ("sshd", "", 100),
        ("sshd -f /x", "", 101),
    ]


SOCKET = """\
Id=ssh.socket
Names=ssh.socket
LoadState=loaded
ActiveState=active
Triggers={triggers}
Accept={accept}
Listen=[::]:22 (Stream)
"""


@pytest.mark.parametrize(
    ("accept", "name", "unit", "asked"),
    [("no", "ssh.service", "ssh.service", "ssh.service"), ("yes", "ssh.socket", "", "ssh@x.service")],
)
def test_a_socket_that_waits_for_a_connection(ground: Ground, accept: str, name: str, unit: str, asked: str) -> None:
    ground.write("/run/systemd/system/x", "")
    ground.write("/etc/default/ssh", 'SSHD_OPTS="-f /etc/other"\n')
    command = f"systemctl show --property={sshd.units.PROPERTIES} {' '.join(sshd.units.PATTERNS)}"
    triggers = "ssh.service" if accept == "no" else ""
    ground.told[command] = Completed(0, SOCKET.format(accept=accept, triggers=triggers), "")
    start = "ExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS ; ignore_errors=no ; pid=0 }\n"
    ground.told[f"systemctl show -p ExecStart -- {asked}"] = Completed(0, start, "")
    (daemon,) = sshd.read(ground.host())
    assert (daemon.name, daemon.unit, daemon.config, daemon.pid) == (name, unit, "/etc/other", 0)
    assert daemon.by_socket
    assert daemon.listening == (("::1", 22),)


# Asking


DAEMON = sshd.Daemon("ssh.service")


@pytest.mark.parametrize(
    ("fixture", "differs"),
    [
        ("sshd-T-openssh-8.4p1-debian-11.txt", {"challengeresponseauthentication": ("no",)}),
        ("sshd-T-openssh-9.2p1-debian-12.txt", {"kbdinteractiveauthentication": ("no",)}),
        ("sshd-T-openssh-10.0p2-debian-13.txt", {"acceptenv": ("LANG", "LC_*", "COLORTERM", "NO_COLOR")}),
    ],
)
def test_what_is_in_force(ground: Ground, fixture: str, differs: dict[str, tuple[str, ...]]) -> None:
    ground.told["/usr/sbin/sshd -T -C user=ann -f /etc/ssh/sshd_config"] = Completed(
        0, (FIXTURES / fixture).read_text(), ""
    )
    values = sshd.effective(ground.host(), DAEMON, "user=ann")
    expected = {
        "allowtcpforwarding": ("yes",),
        "x11forwarding": ("yes",),
        "permittunnel": ("no",),
        "ignorerhosts": ("yes",),
    }
    assert {key: values[key] for key in (*expected, *differs)} == {**expected, **differs}
    assert values["hostkey"] == tuple(f"/etc/ssh/ssh_host_{kind}_key" for kind in ("rsa", "ecdsa", "ed25519"))


def test_without_its_folder_it_is_asked_in_a_mount_namespace_of_its_own(ground: Ground) -> None:
    ground.told["/usr/sbin/sshd -t -f /etc/ssh/sshd_config"] = NO_FOLDER
    argv = sshd.asking(ground.host(), DAEMON, "-T")
    assert argv[:2] == ("sh", "-c")
    assert "unshare --mount" in argv[2]
    assert argv[3:] == ("/run/sshd", "/usr/sbin/sshd", "-T", "-f", "/etc/ssh/sshd_config")


def test_the_command_runs_with_the_folder_that_is_there(tmp_path: pathlib.Path) -> None:
    wrapper = sshd._WITH_FOLDER
    done = subprocess.run([*wrapper, str(tmp_path), "printf", "%s|", "a b", "$(id)"], capture_output=True, check=True)
    assert done.stdout == b"a b|$(id)|"


@pytest.mark.parametrize(("superuser", "error"), [(True, HostError), (False, NeedsRoot)])
def test_what_sshd_says_is_told(ground: Ground, superuser: bool, error: type[Exception]) -> None:
    ground.told["/usr/sbin/sshd -T -f /etc/ssh/sshd_config"] = Completed(
        255, "", "line 3: Bad \x1b configuration option\n"
    )
    host = ground.host()
    host.superuser = superuser
    with pytest.raises(error, match=r"line 3: Bad \\x1b configuration option"):
        sshd.effective(host, DAEMON)


@pytest.mark.parametrize(
    ("said", "version"),
    [("OpenSSH_8.4p1 Debian-5", (8, 4)), ("OpenSSH_10.0p2, OpenSSL 3.5", (10, 0)), ("what?", (8, 4))],
)
def test_versions(ground: Ground, said: str, version: tuple[int, int]) -> None:
    ground.told["/usr/sbin/sshd -V"] = Completed(1, "", f"unknown option -- V\n{said}\n")
    assert sshd.version(ground.host(), DAEMON) == version


# Sessions


def carried(ground: Ground, title: str, sockets_: t.Sequence[Socket], name: str = "sshd") -> list[str]:
    ground.process(50, LISTENING)
    ground.process(100, title, unit="session-1.scope", name=name)
    ground.listeners = [Listener("tcp", "0.0.0.0", 22, pids=(50,))]
    ground.sockets = list(sockets_)
    ground.holders = {socket.inode: (100,) for socket in sockets_}
    return [
        f"{ride.account} {'to' if ride.outwards else 'from'} {ride.peer} {ride.port}"
        for ride in sshd.rides(ground.host())
    ]


OWN = Socket("tcp", "10.0.0.1", 22, "10.0.0.5", 40000, sockets.ESTABLISHED, 1)
OUT = Socket("tcp", "10.0.0.1", 41000, "10.0.0.9", 22, sockets.ESTABLISHED, 2)
BACK = Socket("tcp", "127.0.0.1", 8022, "127.0.0.1", 42000, sockets.ESTABLISHED, 3)
OPENED = Socket("tcp", "127.0.0.1", 8022, "0.0.0.0", 0, sockets.LISTEN, 4)


@pytest.mark.parametrize(
    ("title", "held", "rides"),
    [
        ("sshd: ann@pts/0", [OWN], []),
        ("sshd: ann", [OWN, OUT], ["ann to 10.0.0.9 22"]),
        ("sshd: root@notty ", [OWN, OUT], ["root to 10.0.0.9 22"]),
        ("sshd-session: ann", [OWN, OUT], ["ann to 10.0.0.9 22"]),
        ("sshd: ann", [OWN, OPENED], []),
        ("sshd: ann", [OWN, OPENED, BACK], ["ann from 127.0.0.1 8022"]),
        ("sshd: ann [priv]", [OWN, OUT], []),
        ("sshd: [net]", [OWN, OUT], []),
    ],
)
def test_what_a_session_passes_on(ground: Ground, title: str, held: list[Socket], rides: list[str]) -> None:
    assert carried(ground, title, held) == rides


# What it says against its configuration


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            '/etc/ssh/x.conf line 1: no argument after keyword "eve:$y$j9T$salt$hash:1:0"',
            "/etc/ssh/x.conf line 1: no argument after keyword …",
        ),
        (
            "/etc/ssh/x.conf line 2: Bad configuration option: hunter2",
            "/etc/ssh/x.conf line 2: Bad configuration option…",
        ),
        ('Unsupported KEX algorithm "secret"\r', "Unsupported KEX algorithm …"),
        (
            "/etc/ssh/x.conf line 3: Bad SSH2 KexAlgorithms 'secret'.",
            "/etc/ssh/x.conf line 3: Bad SSH2 KexAlgorithms …",
        ),
        (
            "/etc/ssh/x.conf line 4: Directive 'KexAlgorithms' is not allowed within a Match block",
            "/etc/ssh/x.conf line 4: Directive 'KexAlgorithms' is not allowed within a Match block",
        ),
        ("/etc/ssh/x.conf: terminating, 3 bad options", "/etc/ssh/x.conf: terminating, 3 bad options"),
        ("a\nb\na\nc\nd\n", "a b c (and 1 more)"),
        ("", ""),
    ],
)
def test_complaints_are_told_without_what_they_quote(said: str, told: str) -> None:
    assert sshd.complaint(said) == told
