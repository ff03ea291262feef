# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The sshd that run here: their configurations and ports, what they allow whom, and what their sessions carry."""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing, NeedsRoot

PROGRAM = "/usr/sbin/sshd"
CONFIG = "/etc/ssh/sshd_config"
#: Options of sshd(8) that take a value; those of `_KEPT` also say what is in force.
_VALUED = "bcCEfgGhkopuV"
_KEPT = "op"
_SOCKETS = ("ssh.socket", "sshd.socket")
_SESSION = re.compile(r"sshd(?:-session)?: (?P<account>[^\s@\[\]]+)(?:@\S+)?\s*")
_ARGV = re.compile(r"argv\[\]=(.*?) ;")
_NO_FOLDER = re.compile(r"Missing privilege separation directory: (/run/[\w.-]+)")
#: How many lines of complaint are told.
COMPLAINTS = 3
_PLACE = re.compile(r"(.*? line \d+: )(.*)", re.DOTALL)
_IN_MATCH = re.compile(r"Directive '\w+' is not allowed within a Match block\s*")
#: sshd wants this folder even to be asked, and systemd removes it with the service. Where it is missing by then, it is
#: made in a mount namespace of the command's own, so that nothing on the host changes.
FOLDER = "/run/sshd"
_MADE = 'mount -t tmpfs tmpfs /run && mkdir -m 0755 "$0" && exec "$@"'
_THERE = '[ -d "$0" ] && exec "$@"'
_WITH_FOLDER = ("sh", "-c", f'{_THERE}; exec unshare --mount sh -c \'{_MADE}\' "$0" "$@"')

Values = dict[str, tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class Daemon:
    """One sshd that takes connections.

    name: its unit (the socket unit where each connection gets an instance), or the program where there is none.
    config: the file it reads. arguments: of its command line, those that say what is in force.
    unit: "" where there is none that could take up a new configuration.
    pid: 0 where a socket unit waits for a connection. listening: (address, port).
    by_socket: the port is held by a socket unit.
    """

    name: str
    program: str = PROGRAM
    config: str = CONFIG
    arguments: tuple[str, ...] = ()
    unit: str = ""
    pid: int = 0
    listening: tuple[tuple[str, int], ...] = ()
    by_socket: bool = False


@dataclasses.dataclass(frozen=True)
class Ride:
    """A connection that a session forwards now. outwards: from here to `peer`; else `peer` came in by it."""

    account: str
    peer: str
    port: int
    outwards: bool


def read(host: Host) -> tuple[Daemon, ...]:
    """Every sshd that root runs here, containers' own left out. Use as `host.once(sshd.read)`."""
    found = [_running(host, pid, title) for pid, title in host.once(titles) if _listens(title)]
    daemons = {daemon.name: daemon for daemon in filter(None, found)}
    for daemon in _waiting(host):
        if not any(daemon.unit == other.unit for other in daemons.values()):
            daemons.setdefault(daemon.name, daemon)
    return tuple(daemons[name] for name in sorted(daemons))


def titles(host: Host) -> tuple[tuple[int, str], ...]:
    """(pid, command line) of every process called sshd or sshd-session. Use as `host.once(sshd.titles)`."""
    found = []
    for name in host.listdir("/proc"):
        try:
            if name.isdecimal() and host.read_text(f"/proc/{name}/comm").strip() in ("sshd", "sshd-session"):
                found.append((int(name), host.read_text(f"/proc/{name}/cmdline").replace("\0", " ").strip()))
        except HostError:
            continue
    return tuple(found)


def _listens(title: str) -> bool:
    return "[listener]" in title or not title.startswith(("sshd-", "sshd: "))


def _running(host: Host, pid: int, title: str) -> Daemon | None:
    process, status = processes.describe(host, pid), host.stat(f"/proc/{pid}")
    if process is None or process.place.engine or status is None or status.st_uid not in (0, os.geteuid()):
        return None
    command = title[len("sshd: ") :] if title.startswith("sshd: ") else title
    config, arguments = _command_line(command.partition(" [listener]")[0].split())
    unit = process.place.unit if process.place.unit.endswith(".service") else ""
    name = unit or (f"sshd -f {config}" if config != CONFIG else "sshd")
    ports = _ports(host, pid)
    held = any(socket for _address, _port, socket in ports)
    listening = tuple((address, port) for address, port, _socket in ports)
    return Daemon(name, process.exe or PROGRAM, config, arguments, unit, pid, listening, held)


def _command_line(words: t.Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The configuration's path, and the arguments that say what is in force."""
    config, kept = CONFIG, []
    rest = iter(words[1:])
    for word in rest:
        for at, letter in enumerate(word[1:] if word.startswith("-") else "", 1):
            if letter in _VALUED:
                value = word[at + 1 :] or next(rest, "")
                config = value if letter == "f" else config
                kept += [f"-{letter}", value] if letter in _KEPT else []
                break
    return config, tuple(kept)


def _ports(host: Host, pid: int) -> list[tuple[str, int, str]]:
    """(address to try, port, socket unit) of each TCP socket that the process listens on."""
    own = [item for item in host.once(sockets.read) if item.protocol == "tcp" and pid in item.pids]
    return [(_reachable(item.address), item.port, item.socket_unit) for item in own]


def _reachable(address: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)


def _waiting(host: Host) -> t.Iterator[Daemon]:
    """What a socket unit starts once somebody comes: one service, or one instance of a template each time."""
    known = host.once(units.read)
    for socket in filter(None, map(known.get, _SOCKETS)):
        if not socket.is_active or not socket.listen:
            continue
        services = [f"{socket.name.partition('.')[0]}@x.service"] if socket.accept else socket.triggers
        config, arguments = _command_line(_exec_start(host, services[0] if services else "ssh.service"))
        listening = tuple((_reachable(address), port) for _protocol, address, port in socket.listen)
        unit = "" if socket.accept else services[0] if services else ""
        yield Daemon(unit or socket.name, PROGRAM, config, arguments, unit, 0, listening, by_socket=True)


def _exec_start(host: Host, service: str) -> list[str]:
    match = _ARGV.search(host.ask("systemctl", "show", "-p", "ExecStart", "--", service).stdout)
    try:
        options = re.findall(r"^SSHD_OPTS=(.*)$", host.read_text("/etc/default/ssh"), re.MULTILINE)
    except HostError:
        options = []
    line = match[1] if match else PROGRAM
    return line.replace("$SSHD_OPTS", options[-1].strip("\"'") if options else "").split()


# Settings


def effective(host: Host, daemon: Daemon, specification: str = "") -> Values:
    """What is in force, as sshd itself says; for one connection, or (with none given) outside of all Match blocks.

    specification: as sshd(8) -C takes it. Raises NeedsRoot, or HostError with what sshd says.
    """
    told = host.ask(*asking(host, daemon, "-T", *(("-C", specification) if specification else ())))
    if told.rc == 0:
        return values(told.stdout)
    said = complaint(told.stderr) or f"ended with {told.rc}"
    error = HostError if host.is_root else NeedsRoot
    raise error(f"{daemon.program} -T -f {daemon.config}: {processes.printable(said)}")


def asking(host: Host, daemon: Daemon, *arguments: str, config: str = "") -> tuple[str, ...]:
    """The command that runs this sshd with these arguments and its own configuration (or `config`)."""
    argv = (daemon.program, *arguments, "-f", config or daemon.config, *daemon.arguments)
    folder = FOLDER if host.exists(FOLDER) else _missing_folder(host, daemon)
    return (*_WITH_FOLDER, folder, *argv) if folder else argv


def _missing_folder(host: Host, daemon: Daemon) -> str:
    """The folder that sshd says it lacks; "" where it lacks none."""
    match = _NO_FOLDER.search(host.ask(daemon.program, "-t", "-f", daemon.config).stderr)
    return match[1] if match else ""


def complaint(stderr: str) -> str:
    """What sshd or ssh says against its configuration, without the words of the lines that it means.

    What is included by mistake, or through a link, is quoted too, and may be /etc/shadow.
    """
    found = (_without_quotes(line) for line in stderr.splitlines())
    lines = list(dict.fromkeys(" ".join(line.split()) for line in found if line.strip()))
    more = f" (and {len(lines) - COMPLAINTS} more)" if len(lines) > COMPLAINTS else ""
    return " ".join(lines[:COMPLAINTS]) + more


def _without_quotes(line: str) -> str:
    """The line up to where it begins to quote."""
    match = _PLACE.fullmatch(line)
    place, reason = match.groups() if match else ("", line)
    if _IN_MATCH.fullmatch(reason):
        return line
    cut = re.split(r"[\"']|: " if match else r"[\"']", reason, maxsplit=1)[0]
    return f"{place}{cut}{'…' if cut != reason else ''}"


def values(text: str) -> Values:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        keyword, _blank, value = line.partition(" ")
        found.setdefault(keyword.lower(), []).append(value.strip())
    return {keyword: tuple(values) for keyword, values in found.items()}


def version(host: Host, daemon: Daemon) -> tuple[int, int]:
    """Such as (9, 2); that of Debian 11 where the program does not tell."""
    told = host.ask(daemon.program, "-V")
    match = re.search(r"OpenSSH_(\d+)\.(\d+)", told.stdout + told.stderr)
    return (int(match[1]), int(match[2])) if match else (8, 4)


def settings(host: Host, config: str) -> tuple[sshd_config.Setting, ...]:
    """Every line of a configuration, in the order in which sshd reads them. Raises HostError."""

    def text(name: str) -> str:
        try:
            return host.read_text(name)
        except Missing:
            return ""

    found = []
    for setting in sshd_config.settings(config, text, host.glob):
        found.append(setting)
        if len(found) > sshd_config.MAX_SETTINGS:
            raise HostError(f"{config}: more than {sshd_config.MAX_SETTINGS} lines with what it includes")
    return tuple(found)


# Sessions


def rides(host: Host) -> tuple[Ride, ...]:
    """What open sessions forward now: TCP connections of theirs besides the one that carries them."""
    pids = {pid: match["account"] for pid, title in host.once(titles) for match in [_SESSION.fullmatch(title)] if match}
    holders = host.once(processes.holders).pids
    ports = {port for daemon in host.once(read) for _address, port in daemon.listening}
    found = set()
    for socket in host.once(sockets.table):
        held = [pids[pid] for pid in holders.get(socket.inode, ()) if pid in pids]
        if held and socket.protocol == "tcp" and socket.state == sockets.ESTABLISHED and socket.port not in ports:
            found.add(_ride(host, socket, held[0]))
    return tuple(sorted(found, key=dataclasses.astuple))


def _ride(host: Host, socket: sockets.Socket, account: str) -> Ride:
    listening = any(
        one.listens and one.port == socket.port for one in host.once(sockets.table) if one.protocol == "tcp"
    )
    name = processes.printable(account)
    if listening:
        return Ride(name, socket.peer, socket.port, outwards=False)
    return Ride(name, socket.peer, socket.peer_port, outwards=True)
