# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The only door to the machine: files and commands, each read once a run."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import errno
import fcntl
import glob
import os
import socket
import subprocess
import typing as t

T = t.TypeVar("T")

#: Commands of a host never depend on the caller's language or aliases.
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_PAGER": "",
    "DEBIAN_FRONTEND": "noninteractive",
}
MAX_FILE = 64 * 1024 * 1024
#: Ports of other hosts that are asked in a run at most.
MAX_REACHED = 64
#: The kernel has no memory for larger pieces of a file in /proc/sys.
PART = 64 * 1024
#: fcntl.F_SETPIPE_SZ, which Python knows since 3.10; and the room for an answer that nobody reads yet.
F_SETPIPE_SZ, ROOM = 1031, 1024 * 1024


class HostError(Exception):
    """Something could not be read: what, where and why."""


class Missing(HostError):
    """No such file or program."""


class NeedsRoot(HostError):
    """Readable by root alone; the engine turns an escape into `not_assessed`."""


@dataclasses.dataclass(frozen=True)
class Completed:
    """The end of a command; rc 124 for one that took too long, 127 for a missing one."""

    rc: int
    stdout: str
    stderr: str


Runner = t.Callable[[t.Sequence[str], t.Optional[str], float], Completed]


#: Opens a connection: address, port, seconds for it and for each answer on it.
Dialer = t.Callable[[str, int, float], socket.socket]


def dial(address: str, port: int, timeout: float) -> socket.socket:
    """Connect to a TCP port. Raises OSError."""
    return socket.create_connection((address, port), timeout=timeout)


def dial_own(address: str, port: int, timeout: float) -> socket.socket:
    """Connect to a TCP port of this very machine, over loopback whatever the address is. Raises OSError.

    Servers that count by address take it for nobody else then: MariaDB shuts out an address that has broken off a
    hundred handshakes, and this host's own clients may come from the one that it listens on.
    """
    try:
        source = "::1" if ":" in address else "127.0.0.1"
        return socket.create_connection((address, port), timeout=timeout, source_address=(source, 0))
    except OSError as exc:
        if exc.errno not in (errno.EINVAL, errno.EADDRNOTAVAIL, errno.ENETUNREACH):
            raise
        return dial(address, port, timeout)


def run_command(argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
    """Run argv without a shell, in ENVIRONMENT, and with bytes that are not UTF-8 kept as surrogates."""
    try:
        done = subprocess.run(
            list(argv),
            input=None if stdin is None else stdin.encode("utf-8", "surrogateescape"),
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=timeout,
            env=_environment(),
            cwd="/",
            check=False,
        )
    except (FileNotFoundError, NotADirectoryError):
        return Completed(127, "", f"{argv[0]}: command not found")
    except PermissionError as exc:
        return Completed(126, "", str(exc))
    except subprocess.TimeoutExpired:
        return Completed(124, "", f"{argv[0]}: no end after {timeout:g} s")
    return Completed(done.returncode, _text(done.stdout), _text(done.stderr))


def _begin(argv: t.Sequence[str]) -> subprocess.Popen[bytes] | None:
    """Start a command as run_command does; None where that is not possible (who asks for it hears why)."""
    pipe = subprocess.PIPE
    try:
        begun = subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=_environment(), cwd="/"
        )
    except OSError:
        return None
    # With less room it waits for its reader, and is only less far by then.
    with contextlib.suppress(OSError):
        fcntl.fcntl(t.cast(t.Any, begun.stdout), F_SETPIPE_SZ, ROOM)
    return begun


def _end(begun: subprocess.Popen[bytes], name: str, timeout: float) -> Completed:
    """Wait for a command that was begun; it never outlives this."""
    with begun:
        try:
            stdout, stderr = begun.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            return Completed(124, "", f"{name}: no end after {timeout:g} s")
        finally:
            begun.kill()
    return Completed(begun.returncode, _text(stdout), _text(stderr))


def _environment() -> dict[str, str]:
    return {**ENVIRONMENT, "HOME": os.environ.get("HOME", "/")}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


class Host:
    """One machine, seen through its files below `root`, the commands `runner` runs and the ports `dialer` opens.

    Everything read is remembered for the life of the object; `refresh()` gives a new one that remembers nothing.
    """

    def __init__(
        self,
        *,
        root: str = "/",
        runner: Runner = run_command,
        now: datetime.datetime | None = None,
        dialer: Dialer = dial,
    ) -> None:
        self.root = root
        self._runner = runner
        self._dialer = dialer
        self._now = now
        #: Secret options by name (Machine.secrets); what is read anew needs none.
        self.secrets: dict[str, t.Any] = {}
        self._memory: dict[t.Any, t.Any] = {}
        self._begun: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}

    def refresh(self) -> Host:
        """The same machine, to be read anew."""
        return type(self)(root=self.root, runner=self._runner, now=self._now, dialer=self._dialer)

    def once(self, read: t.Callable[[Host], T]) -> T:
        """`read(self)`, called at most once a run: how facts are shared between controls."""
        return t.cast(T, self._remember(read, lambda: read(self)))

    def path(self, name: str) -> str:
        """Where a path of the host lies for this process."""
        return os.path.join(self.root, name.lstrip("/")) if self.root != "/" else name

    def now(self) -> datetime.datetime:
        """The present, with time zone."""
        return self._now or datetime.datetime.now(datetime.timezone.utc)

    @property
    def is_root(self) -> bool:
        """Whether this process may read and write everything."""
        return os.geteuid() == 0

    # Files

    def read_bytes(self, name: str) -> bytes:
        """The file's bytes (at most MAX_FILE). Raises Missing, NeedsRoot or HostError."""
        return t.cast(bytes, self._remember(("read", name), lambda: self._read(name)))

    def read_part(self, name: str, size: int) -> bytes:
        """The first `size` bytes of a file or device. Raises like read_bytes."""
        return t.cast(bytes, self._remember(("part", name, size), lambda: self._read(name, size)))

    def read_text(self, name: str) -> str:
        """The file as UTF-8, with other bytes kept as surrogates (lossless). Raises like read_bytes."""
        return _text(self.read_bytes(name))

    def exists(self, name: str) -> bool:
        """Whether there is something at the path (a dangling link does not count). Raises NeedsRoot."""
        return self.stat(name) is not None

    def stat(self, name: str) -> os.stat_result | None:
        """The status of what the path leads to, or None. Raises NeedsRoot."""
        return t.cast("os.stat_result | None", self._remember(("stat", name), lambda: self._stat(name)))

    def readlink(self, name: str) -> str | None:
        """What the link says, or None where there is no link. Raises NeedsRoot."""
        try:
            return os.readlink(self.path(name))
        except OSError as exc:
            if exc.errno in (errno.EACCES, errno.EPERM):
                raise NeedsRoot(f"{name}: not readable by this user; run as root (become: true)") from exc
            return None

    def listdir(self, name: str) -> list[str]:
        """Sorted names in a folder; none where there is no such folder. Raises NeedsRoot."""
        try:
            return sorted(os.listdir(self.path(name)))
        except OSError as exc:
            if exc.errno in (errno.EACCES, errno.EPERM):
                raise NeedsRoot(f"{name}: not readable by this user; run as root (become: true)") from exc
            return []

    def glob(self, pattern: str) -> list[str]:
        """Sorted paths of the host that match."""
        found = glob.glob(self.path(pattern))
        strip = 0 if self.root == "/" else len(self.root.rstrip("/"))
        return sorted(path[strip:] for path in found)

    # The kernel

    def netlink(self, family: int, kind: int, body: bytes) -> bytes:
        """The kernel's answer to a request to dump (netlink(7)), asked once a run. Raises HostError."""
        return t.cast(bytes, self._remember(("netlink", family, kind, body), lambda: self._netlink(family, kind, body)))

    def _netlink(self, family: int, kind: int, body: bytes) -> bytes:
        # Not at the top: a guard packs the modules of the host's class, and no others (_engine/guard.py).
        from ansible_collections.infosec.principles.plugins.module_utils._host import netlink

        if self.root != "/":
            raise HostError(f"netlink: the kernel of the machine below {self.root} cannot be asked")
        try:
            return netlink.ask(family, kind, body)
        except OSError as exc:
            raise HostError(f"netlink: {exc.strerror or exc}") from exc

    # Ports

    def connect(self, address: str, port: int, *, timeout: float = 3) -> socket.socket:
        """A new connection to a TCP port of this machine; whoever calls closes it. Raises HostError.

        timeout: seconds, for the connection and for each answer on it.
        """
        return _connected(dial_own if self._dialer is dial else self._dialer, address, port, timeout)

    def reach(self, address: str, port: int, *, timeout: float = 3) -> socket.socket:
        """A new connection to another host, which this host's own configuration names and talks to anyway.

        Whoever calls closes it. At most MAX_REACHED of them a run, so that no configuration makes a scanner of this
        host. Raises HostError.
        """
        reached = self._remember(("reached",), list)
        if (address, port) not in reached and len(reached) >= MAX_REACHED:
            raise HostError(f"{address} port {port}: not asked, since {MAX_REACHED} other hosts were in this run")
        reached.append((address, port))
        return _connected(self._dialer, address, port, timeout)

    # Commands

    def run(self, argv: t.Sequence[str], *, stdin: str | None = None, timeout: float = 10) -> Completed:
        """Run a command now (changes do); never raises for a command that fails, is missing or takes too long."""
        return self._runner(argv, stdin, timeout)

    def ask(self, *argv: str, stdin: str | None = None, timeout: float = 10) -> Completed:
        """Run a command that only reads, at most once a run."""
        return t.cast(Completed, self._remember(("ask", argv, stdin), lambda: self._ask(argv, stdin, timeout)))

    def ahead(self, *argv: str) -> None:
        """Begin a command that somebody is going to `ask` for, while there are other things to do."""
        begun = _begin(argv) if self._runner is run_command and argv not in self._begun else None
        if begun:
            self._begun[argv] = begun

    def close(self) -> None:
        """End what was begun and never asked for."""
        while self._begun:
            argv, begun = self._begun.popitem()
            _end(begun, argv[0], 0)

    def _ask(self, argv: tuple[str, ...], stdin: str | None, timeout: float) -> Completed:
        begun = self._begun.pop(argv, None) if stdin is None else None
        return _end(begun, argv[0], timeout) if begun else self.run(argv, stdin=stdin, timeout=timeout)

    def which(self, program: str) -> str | None:
        """The path of a program of this machine, or None."""
        for folder in ENVIRONMENT["PATH"].split(":"):
            path = f"{folder}/{program}"
            if os.access(self.path(path), os.X_OK):
                return path
        return None

    def _read(self, name: str, size: int = MAX_FILE) -> bytes:
        try:
            with open(self.path(name), "rb") as stream:
                return b"".join(_parts(stream, size))
        except OSError as exc:
            raise _readable_error(name, exc) from exc

    def _stat(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(self.path(name))
        except OSError as exc:
            if exc.errno in (errno.EACCES, errno.EPERM):
                raise _readable_error(name, exc) from exc
            return None

    def _remember(self, key: t.Any, read: t.Callable[[], t.Any]) -> t.Any:
        if key not in self._memory:
            self._memory[key] = read()
        return self._memory[key]


def _connected(dialer: Dialer, address: str, port: int, timeout: float) -> socket.socket:
    try:
        return dialer(address, port, timeout)
    except OSError as exc:
        raise HostError(f"{address} port {port}: no connection ({exc.strerror or exc})") from exc


def _parts(stream: t.BinaryIO, size: int) -> t.Iterator[bytes]:
    """At most `size` bytes of the stream, in pieces."""
    while size > 0:
        part = stream.read(min(size, PART))
        if not part:
            return
        size -= len(part)
        yield part


def _readable_error(name: str, exc: OSError) -> HostError:
    if exc.errno in (errno.EACCES, errno.EPERM):
        return NeedsRoot(f"{name}: not readable by this user; run as root (become: true)")
    if exc.errno in (errno.ENOENT, errno.ENOTDIR):
        return Missing(f"{name}: no such file")
    return HostError(f"{name}: {exc.strerror or exc}")
