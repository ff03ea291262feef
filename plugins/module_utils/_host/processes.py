# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Processes, the sockets they hold and the systemd units they run in, read from /proc.

Whatever a process may choose (its name, its path) is hostile text: it comes out with every unprintable character
escaped. Processes that end while they are read are left out.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

_SOCKET = re.compile(r"socket:\[(\d+)\]")
_CONTAINER = re.compile(r"(docker|libpod|cri-containerd|crio)[-/][0-9a-f]{32,64}\b")
#: Whose container a cgroup of that name is.
_ENGINES = {"docker": "docker", "libpod": "podman", "cri-containerd": "kubernetes", "crio": "kubernetes"}


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a process runs: a system unit, a unit of a user's own systemd, the engine of its container; "" for none."""

    unit: str = ""
    user_unit: str = ""
    engine: str = ""


@dataclasses.dataclass(frozen=True)
class Process:
    """One process. `exe` is "" where this user may not read it."""

    pid: int
    parent: int
    name: str
    exe: str
    place: Place


@dataclasses.dataclass(frozen=True)
class Holders:
    """Which processes hold a socket (inode to pids, PID 1 last); `complete`: the files of all were readable."""

    pids: t.Mapping[int, tuple[int, ...]]
    complete: bool


def printable(text: str) -> str:
    """The text with every character that is not printable (controls, direction marks, wrong UTF-8) escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code & 0xFF:02x}" if code < 0x100 or 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def holders(host: Host) -> Holders:
    """Every socket that a process holds. Reads /proc/*/fd; use as `host.once(processes.holders)`."""
    found: dict[int, list[int]] = {}
    complete = host.is_root
    for pid in _pids(host):
        try:
            for inode in _inodes(host, pid):
                found.setdefault(inode, []).append(pid)
        except NeedsRoot:
            complete = False
    return Holders({inode: _ordered(pids) for inode, pids in found.items()}, complete)


def need_holders(host: Host) -> None:
    """Raise NeedsRoot where not all of that can be seen. A container's root may lack the capability (ptrace(2))."""
    if host.once(holders).complete:
        return
    what = "which process holds which socket is readable by root with CAP_SYS_PTRACE alone"
    raise NeedsRoot(f"{what}; {'give the container that' if host.is_root else 'run as root (become: true)'}")


def _pids(host: Host) -> list[int]:
    return sorted(int(name) for name in host.listdir("/proc") if name.isascii() and name.isdigit())


def _inodes(host: Host, pid: int) -> set[int]:
    folder = f"/proc/{pid}/fd"
    links = (host.readlink(f"{folder}/{name}") for name in host.listdir(folder))
    matches = (_SOCKET.fullmatch(link) for link in links if link)
    return {int(match.group(1)) for match in matches if match}


def _ordered(pids: list[int]) -> tuple[int, ...]:
    # PID 1 holds the sockets of .socket units; the process that answers says more.
    return tuple(sorted(pids, key=lambda pid: (pid == 1, pid)))


def describe(host: Host, pid: int) -> Process | None:
    """The process, or None where it has ended (or is hidden from this user)."""
    try:
        stat = host.read_text(f"/proc/{pid}/stat")
        cgroup = host.read_text(f"/proc/{pid}/cgroup")
    except HostError:
        return None
    name, _bracket, rest = stat.partition("(")[2].rpartition(")")
    return Process(pid, _number(rest.split(), 1), printable(name), _exe(host, pid), place(cgroup, host.once(root)))


def started(host: Host, pid: int) -> float | None:
    """When it was started, in seconds since 1970; None where that cannot be told."""
    try:
        # Field 22 of proc_pid_stat(5), in ticks of which user space sees 100 a second.
        ticks = int(host.read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()[19])
        return host.now().timestamp() - float(host.read_text("/proc/uptime").split()[0]) + ticks / 100
    except (HostError, OSError, ValueError, IndexError):
        return None


def _number(fields: list[str], index: int) -> int:
    return int(fields[index]) if len(fields) > index and fields[index].isdigit() else 0


def _exe(host: Host, pid: int) -> str:
    try:
        link = host.readlink(f"/proc/{pid}/exe") or ""
    except NeedsRoot:
        return ""
    return printable(link[: -len(" (deleted)")] if link.endswith(" (deleted)") else link)


def lineage(host: Host, pid: int) -> tuple[Process, ...]:
    """The process and its ancestors, nearest first."""
    chain: list[Process] = []
    while pid > 0 and pid not in {process.pid for process in chain}:
        process = describe(host, pid)
        if process is None:
            break
        chain.append(process)
        pid = process.parent
    return tuple(chain)


def root(host: Host) -> str:
    """The cgroup below which PID 1 keeps its units: "" on a machine, the container's own in a container."""
    try:
        path = _systemd_path(host.read_text("/proc/1/cgroup"))
    except HostError:
        return ""
    return (path[: -len("/init.scope")] if path.endswith("/init.scope") else path).rstrip("/")


def place(cgroup: str, above: str) -> Place:
    """Read a /proc/PID/cgroup (version 1, 2 or both); `above` is what `root` says.

    Slices group units, so the first part of the path that is none is the unit; below user@UID.service the same again
    gives the user's unit. A leading "_" is systemd's escape (cg_unescape in its cgroup-util.c).
    """
    path = _systemd_path(cgroup)
    below = path[len(above) :] if path == above or path.startswith(f"{above}/") else path
    match = _CONTAINER.search(below)
    parts = [part[1:] if part.startswith("_") else part for part in below.split("/") if part not in ("", ".", "..")]
    units = [printable(part) for part in parts if _is_unit(part)]
    nested = units[1] if len(units) > 1 and units[0].startswith("user@") else ""
    return Place(units[0] if units else "", nested, _ENGINES[match.group(1)] if match else "")


def _is_unit(name: str) -> bool:
    return name.endswith((".service", ".scope", ".socket", ".mount", ".swap"))


def _systemd_path(cgroup: str) -> str:
    """The path in systemd's own hierarchy: the named one of version 1, else that of version 2."""
    paths = {}
    for line in filter(None, cgroup.split("\n")):
        controllers, _colon, path = line.partition(":")[2].partition(":")
        paths[controllers] = path[: -len(" (deleted)")] if path.endswith(" (deleted)") else path
    return paths.get("name=systemd", paths.get("", ""))
