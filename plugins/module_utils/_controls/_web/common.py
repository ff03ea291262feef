# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the web servers and proxies that run here have in common: processes, checkers, edits of files."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import edit_file, read_now, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import passages
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: A configuration file has no more.
MAX_CONFIG = 4 * 1024 * 1024
MAX_LINKS = 8
#: What packages put there is written anew by the next version.
PACKAGED = ("/usr/share/", "/usr/lib/", "/lib/")
#: Lines that may stand beside what is changed, and that no diff is to show.
_SECRET = re.compile(
    r"authorization|cookie|passw|secret|token|api[-_]?key|credential|auth_basic|stats auth", re.IGNORECASE
)
#: Runs a checker and says, of what it says, only where: a line of a configuration may hold a secret.
WHERE = (
    r"in /[^ ]+:[0-9]+|line [0-9]+ of /[^ :]+|/[^] ]+:[0-9]+|cannot load certificate[a-z ]* \"/[^\"]*\""
    r"|file ./[^ ]+ does not exist|unable to [a-z ]*file .?/[^ ']+"
)
CHECKS = """said=$("$@" 2>&1) && exit 0
printf '%s\\n' "$said" | grep -oE "$PLACES" | head -n 3 >&2; exit 1"""


@dataclasses.dataclass(frozen=True)
class Running:
    """The processes of one unit ("" for none) that listen, the main one first."""

    unit: str
    pids: tuple[int, ...]
    listeners: tuple[sockets.Listener, ...]

    def addresses(self, port: int) -> tuple[str, ...]:
        """Where it listens with that port."""
        return tuple(dict.fromkeys(one.address for one in self.listeners if one.port == port))

    def near(self, port: int) -> str:
        """The address to come to that port at; a socket on [::] that takes IPv4 is there where no IPv6 is."""
        found = [one for one in self.listeners if one.port == port]
        both = any(one.address == "::" and one.families_known and "IPv4" in one.families for one in found)
        return "127.0.0.1" if both else near(self.addresses(port) or ("127.0.0.1",))


def near(bound: t.Sequence[str]) -> str:
    """Loopback where it listens there, else the first."""
    if {"0.0.0.0", "127.0.0.1"} & set(bound):
        return "127.0.0.1"
    return "::1" if {"::", "::1"} & set(bound) else bound[0]


def running(host: Host, *programs: str) -> t.Iterator[Running]:
    """Every unit of these programs that listens on TCP. Raises HostError where all of them are in containers.

    One in a container that shares this host's network listens here, but its files are not this host's.
    """
    mine = [
        one
        for one in host.once(sockets.read)
        if one.process in programs and one.protocol == "tcp" and one.holder == sockets.PROCESS
    ]
    here = [one for one in mine if not one.published_by]
    if mine and not here:
        engine = mine[0].published_by
        raise HostError(f"{mine[0].process} runs in a container ({engine}), whose configuration is not this host's")
    units: dict[str, list[sockets.Listener]] = {}
    for one in here:
        units.setdefault(one.unit, []).append(one)
    for unit, found in sorted(units.items()):
        yield Running(unit, _ordered(host, {pid for one in found for pid in one.pids or (one.pid,)}), tuple(found))


def _ordered(host: Host, pids: set[int]) -> tuple[int, ...]:
    """Those whose parent is none of them first."""
    parents = {pid: process.parent for pid in pids for process in [processes.describe(host, pid)] if process}
    return tuple(sorted(pids, key=lambda pid: (parents.get(pid, 0) in pids, pid)))


def command_line(host: Host, pid: int) -> str:
    """The words of a process, as one text."""
    return host.read_part(f"/proc/{pid}/cmdline", 64 * 1024).replace(b"\0", b" ").decode("utf-8", "replace")


def text(host: Host, path: str) -> str:
    """A file of configuration, never a device or FIFO. Raises HostError."""
    status = host.stat(path)
    if status is None:
        raise HostError(f"{printable(path)}: no such file, though the configuration names it")
    if stat.S_ISDIR(status.st_mode):
        return ""
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_CONFIG:
        raise HostError(f"{printable(path)}: no plain file, or larger than {MAX_CONFIG} bytes")
    return host.read_text(path)


def real(host: Host, path: str) -> str:
    """The file behind links, each of which lies in a folder of root's. Raises Refused."""
    for _number in range(MAX_LINKS):
        target = host.readlink(path)
        if target is None:
            return path
        folder = host.stat(os.path.dirname(path))
        if folder is None or folder.st_uid not in (0, os.geteuid()):
            raise Refused(f"{printable(path)}: a link in a folder that is not root's is not followed to change a file")
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))
    raise Refused(f"{printable(path)}: more than {MAX_LINKS} links lead on from there")


def edits(host: Host, wanted: t.Mapping[str, t.Sequence[Edit]]) -> tuple[Change, ...]:
    """The edits of somebody's files, each passage a change of its own. Raises Refused or HostError."""
    files: dict[str, list[Edit]] = {}
    for path, found in wanted.items():
        files.setdefault(real(host, path), []).extend(found)
    return tuple(change for path, found in sorted(files.items()) for change in _passages(host, path, found))


def _passages(host: Host, path: str, found: t.Sequence[Edit]) -> t.Iterator[Change]:
    if path.startswith(PACKAGED):
        raise Refused(f"{printable(path)} belongs to a package, whose next version would write it anew")
    try:
        for old, new in passages.passages(text(host, path), found):
            yield edit_file(host, path, old, new, sensitive=bool(_SECRET.search(old)))
    except (ValueError, ChangeError, OSError) as exc:
        raise Refused(f"{printable(path)}: cannot be edited line by line ({exc})") from exc


def own_file(host: Host, path: str, wanted: str) -> tuple[Change, ...]:
    """What gives a file of ours its text; nothing where it has it. Raises Refused."""
    try:
        return () if read_now(host, path) == wanted else (write_file(host, path, wanted),)
    except (ChangeError, OSError) as exc:
        raise Refused(f"{printable(path)}: cannot be written ({exc})") from exc


def checker(argv: t.Sequence[str]) -> tuple[str, ...]:
    """The program's own checker, with what it says cut down to places."""
    return ("env", f"PLACES={WHERE}", "sh", "-c", CHECKS, "sh", *argv)


def refuse_broken(host: Host, product: str, argv: t.Sequence[str]) -> None:
    """Raise Refused where the configuration is broken before anything of ours is written."""
    done = host.ask(*checker(argv), timeout=30)
    if done.rc != 0:
        places = ", ".join(printable(line) for line in done.stderr.split("\n") if line) or "no place named"
        raise Refused(
            f"{product} refuses its configuration as it is ({places}); mend that first: "
            f"{' '.join(argv)} says what is wrong"
        )


def take_up(run: Running, product: str, argv: t.Sequence[str], verb: str = "reload") -> tuple[Change, ...]:
    """See that it takes its configuration, then have it taken up. Raises Refused without a unit."""
    if not run.unit.endswith(".service"):
        raise Refused(f"this {product} runs outside of systemd's units, so nothing could tell it to reload safely")
    ports = tuple((run.near(port), port) for port in sorted({one.port for one in run.listeners}))
    return (
        Check(f"see that {product} takes its configuration", checker(argv)),
        Activate(run.unit, verb, ports),
    )


def option(words: str, letter: str) -> str:
    """The value of an option in a command line; "" where it is not there."""
    match = re.search(rf"(?:^|\s)-{letter}\s*(/\S+)", words)
    return match[1] if match else ""


def missing(path: str, exc: Missing) -> HostError:
    """What to say of a file that is included and not there."""
    return HostError(f"{printable(path)}: no such file, though it is included ({exc})")


def line(text_: str, number: int) -> tuple[int, int]:
    """Where a line (from 1) stands from its first character that is no blank, with the lines that continue it."""
    starts = [0, *(at + 1 for at, char in enumerate(text_) if char == "\n")]
    begin = starts[number - 1]
    end = begin
    for at in starts[number:] or [len(text_) + 1]:
        end = at - 1
        if not text_[begin:end].rstrip("\r").endswith("\\"):
            break
    stripped = text_[begin:end]
    return begin + len(stripped) - len(stripped.lstrip()), end


def place(text_: str) -> tuple[str, int]:
    """File and line of a place such as /etc/x.conf:12."""
    path, _colon, number = text_.rpartition(":")
    return path, int(number)
