# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine made of a folder and a few played programs, for controls to judge, fix and judge again.

Files are real files below the folder. systemd is played: its units start, stop and hold sockets, which show in /proc as the
kernel shows them. Any other program is a function in `programs`; those that are not played do not exist.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fnmatch
import ipaddress
import os
import pathlib
import shutil
import socket
import threading
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)
#: What listens behind a port: takes a connection and returns when it is done with it.
Server = t.Callable[[socket.socket], None]
Program = t.Callable[[t.Sequence[str], t.Optional[str]], Completed]
JOURNAL = "var/lib/infosec-principles"
KERNEL = "/kernel/netlink"
MOUNTINFO = "/proc/self/mountinfo"
ROOT = "20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"


@dataclasses.dataclass
class Unit:
    """A unit of the played systemd. `sockets`: (protocol, address, port) that its process holds while it is active.

    title: the command line that its process shows.
    """

    name: str
    active: bool = True
    enablement: str = "enabled"
    sockets: t.Sequence[tuple[str, str, int]] = ()
    process: str = "daemon"
    title: str = ""
    properties: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def show(self, pid: int) -> dict[str, str]:
        """The properties that systemctl would show."""
        return {
            "Id": self.name,
            "Names": self.name,
            "LoadState": "masked" if self.enablement == "masked" else "loaded",
            "ActiveState": "active" if self.active else "inactive",
            "UnitFileState": self.enablement,
            "FragmentPath": f"/lib/systemd/system/{self.name}",
            "MainPID": str(pid if self.active else 0),
            **self.properties,
        }


class MachineHost(Host):
    """The played machine's host; whoever runs the tests is root on it."""

    @property
    def is_root(self) -> bool:
        return True

    def netlink(self, family: int, kind: int, body: bytes) -> bytes:
        """What `Machine.kernel` laid; else a kernel that has nothing of the kind."""
        answer = pathlib.Path(self.path(f"{KERNEL}/{family}-{kind}"))
        return answer.read_bytes() if answer.exists() else b""


class Machine:
    """See the module."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.units: dict[str, Unit] = {}
        self.programs: dict[str, Program] = {"systemctl": self._systemctl}
        self.servers: dict[int, Server] = {}
        #: Ports of other hosts.
        self.elsewhere: dict[tuple[str, int], Server] = {}
        self.called: list[tuple[str, ...]] = []
        self.mkdir("/run/systemd/system")
        self.mkdir("/etc/systemd/system")
        self._show_proc()

    def host(self) -> Host:
        """A fresh host on the machine as it is now."""
        return MachineHost(root=str(self.root), runner=self._run, now=NOW, dialer=self._dial)

    def path(self, name: str) -> pathlib.Path:
        return self.root / name.lstrip("/")

    def mkdir(self, name: str) -> None:
        self.path(name).mkdir(parents=True, exist_ok=True)

    def write(self, name: str, text: str | bytes, *, mode: int = 0o644) -> None:
        self.mkdir(os.path.dirname(name))
        self.path(name).write_bytes(text.encode() if isinstance(text, str) else text)
        self.path(name).chmod(mode)

    def program(self, name: str, play: Program | None = None) -> None:
        """Put a program into /usr/bin, played by `play` where anything runs it."""
        self.write(f"/usr/bin/{name}", "", mode=0o755)
        if play is not None:
            self.programs[name] = play

    def unit(self, name: str, **fields: t.Any) -> None:
        self.units[name] = Unit(name, **fields)
        self._show_proc()

    def kernel(self, family: int, kind: int, answer: bytes) -> None:
        """What the kernel answers to a request of that kind."""
        self.write(f"{KERNEL}/{family}-{kind}", answer)

    def mounted(self, line: str) -> None:
        """One more line of mountinfo; lay it behind the units."""
        self.write(MOUNTINFO, self.path(MOUNTINFO).read_text(encoding="utf-8") + line + "\n")

    def state(self) -> dict[str, t.Any]:
        """Everything that a run may change: files and units, but not the journal, nor /proc, which follows from the units."""
        skip = (str(self.root / "proc"), str(self.root / JOURNAL))
        files = (path for path in self.root.rglob("*") if path.is_file() and not str(path).startswith(skip))
        found: dict[str, t.Any] = {str(path.relative_to(self.root)): _file(path) for path in files}
        found.update({name: (unit.active, unit.enablement) for name, unit in self.units.items()})
        return found

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        self.called.append(tuple(argv))
        play = self.programs.get(os.path.basename(argv[0]))
        return play(argv, stdin) if play else Completed(127, "", f"{argv[0]}: command not found")

    def _dial(self, address: str, port: int, timeout: float) -> socket.socket:
        """A connection to what `servers` has at a port that a unit listens on, or to another host."""
        open_ports = {port for unit in self.units.values() if unit.active for _protocol, _address, port in unit.sockets}
        here = self.servers.get(port) if port in open_ports else None
        server = self.elsewhere.get((address, port), here)
        if server is None:
            raise ConnectionRefusedError(111, "Connection refused")
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout)
        threading.Thread(target=_serve, args=(server, theirs), daemon=True).start()
        return ours

    def connecting(self, real: t.Callable[..., socket.socket]) -> t.Callable[..., socket.socket]:
        """For changes, which come to a port of the machine by themselves: to what is played there, else to this machine."""

        def connect(address: tuple[str, int], timeout: float = 5, **more: t.Any) -> socket.socket:
            played = address[1] in self.servers and address[1] < 1024
            return self._dial(*address, timeout) if played else real(address, timeout=timeout, **more)

        return connect

    # systemd

    def _systemctl(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        verb, names = argv[1], [word for word in argv[2:] if not word.startswith("-")]
        if verb == "show":
            return self._show(argv[2:])
        missing = [name for name in names if name not in self.units]
        if missing:
            return Completed(5, "", f"Unit {missing[0]} not found.")
        for name in names:
            self._act(verb, self.units[name])
        self._show_proc()
        return Completed(0, "", "")

    def _act(self, verb: str, unit: Unit) -> None:
        effect = {
            "start": {"active": True},
            "restart": {"active": True},
            "stop": {"active": False},
            "enable": {"enablement": "enabled"},
            "disable": {"enablement": "disabled"},
            "unmask": {"enablement": "disabled"},
            "mask": {"enablement": "masked"},
        }
        for field, value in effect.get(verb, {}).items():
            setattr(unit, field, value)

    def _show(self, words: t.Sequence[str]) -> Completed:
        wanted: list[str] = []
        patterns: list[str] = []
        rest = iter(words)
        for word in rest:
            if word in ("-p", "--property"):
                wanted += next(rest).split(",")
            elif word.startswith("--property="):
                wanted += word.partition("=")[2].split(",")
            elif not word.startswith("-"):
                patterns.append(word)
        blocks = [self._block(unit, wanted) for unit in self._matching(patterns)]
        return Completed(0, "\n\n".join(blocks) + "\n", "")

    def _matching(self, patterns: t.Sequence[str]) -> t.Iterator[Unit]:
        for pattern in patterns:
            found = [unit for name, unit in sorted(self.units.items()) if fnmatch.fnmatch(name, pattern)]
            unknown = Unit(
                pattern, active=False, enablement="", properties={"LoadState": "not-found", "FragmentPath": ""}
            )
            yield from found or ([] if "*" in pattern else [unknown])

    def _block(self, unit: Unit, wanted: t.Sequence[str]) -> str:
        shown = unit.show(self._pid(unit) if unit.name in self.units else 0)
        return "\n".join(f"{key}={shown.get(key, '')}" for key in wanted or shown)

    def _pid(self, unit: Unit) -> int:
        return 100 + sorted(self.units).index(unit.name)

    # /proc

    def _show_proc(self) -> None:
        shutil.rmtree(self.root / "proc", ignore_errors=True)
        self.write("/proc/1/cgroup", "0::/init.scope\n")
        self.write(MOUNTINFO, ROOT)
        self.write("/proc/1/stat", "1 (systemd) S 0 1 1\n")
        self.mkdir("/proc/1/fd")
        rows: dict[str, list[str]] = {"tcp": [], "tcp6": [], "udp": [], "udp6": []}
        inode = 1000
        for name in sorted(self.units):
            unit = self.units[name]
            for protocol, address, port in unit.sockets if unit.active else ():
                inode += 1
                rows[protocol + ("6" if ":" in address else "")].append(_row(protocol, address, port, inode))
                self._show_process(unit, inode)
        for table, lines in rows.items():
            self.write(f"/proc/net/{table}", "\n".join(["  sl  local_address rem_address   st ...", *lines]) + "\n")

    def _show_process(self, unit: Unit, inode: int) -> None:
        folder = f"/proc/{self._pid(unit)}"
        self.write(f"{folder}/stat", f"{self._pid(unit)} ({unit.process}) S 1 1 1\n")
        self.write(f"{folder}/comm", f"{unit.process}\n")
        self.write(f"{folder}/cmdline", unit.title)
        self.write(f"{folder}/cgroup", f"0::/system.slice/{unit.name}\n")
        self.mkdir(f"{folder}/fd")
        self.path(f"{folder}/fd/{inode}").symlink_to(f"socket:[{inode}]")
        if not self.path(f"{folder}/exe").is_symlink():
            self.path(f"{folder}/exe").symlink_to(f"/usr/sbin/{unit.process}")


def _file(path: pathlib.Path) -> tuple[int, int, int, bytes]:
    """Mode, owner, group and bytes."""
    status = path.stat()
    return status.st_mode, status.st_uid, status.st_gid, path.read_bytes()


def _serve(server: Server, connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        server(connection)


def _row(protocol: str, address: str, port: int, inode: int) -> str:
    """One line of /proc/net/tcp or udp: a listening TCP socket is in state 0A, an unconnected UDP one in 07 (proc_net_tcp)."""
    packed = ipaddress.ip_address(address).packed
    words = b"".join(packed[at : at + 4][::-1] for at in range(0, len(packed), 4)).hex().upper()
    state = "0A" if protocol == "tcp" else "07"
    nowhere = f"{'0' * len(words)}:0000"
    return f"   0: {words}:{port:04X} {nowhere} {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0 100"
