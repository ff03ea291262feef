# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Processes that still run what was replaced on disk: deleted libraries and programs, read from /proc/*/maps."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import processes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import Process

#: A process may map 65,530 pieces at most (vm.max_map_count), with about 100 bytes a line.
MAX_MAPS = 8 * 1024 * 1024
#: A line of an executable mapping of a file that is gone (proc_pid_maps(5)): the path is all behind the inode.
_GONE = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ ..x. [0-9a-f]+ [0-9a-f:]+ [0-9]+ +(/.*) \(deleted\)$", re.MULTILINE)
#: What programs make, map and delete themselves: memory under a name, code made while it runs, unpacked archives.
_OWN = re.compile(r"/(?:memfd:|dev/|SYSV|\[|tmp/|var/tmp/|run/|var/run/|home/|root/|proc/|sys/|i915|drm|anon_hugepage)")


@dataclasses.dataclass(frozen=True)
class Stale:
    """A process and the deleted files that it executes. program_gone: its own program is not at its place any more."""

    process: Process
    files: tuple[str, ...]
    program_gone: bool


@dataclasses.dataclass(frozen=True)
class Mapped:
    """All that were found; `hidden` counts the processes whose mappings this user may not read."""

    stale: tuple[Stale, ...]
    hidden: int


def read(host: Host) -> Mapped:
    """Every process of this system, containers left out. Use as `host.once(libraries.read)`."""
    found: list[Stale] = []
    hidden = 0
    for pid in _pids(host):
        try:
            files = deleted(host.read_part(f"/proc/{pid}/maps", MAX_MAPS))
        except NeedsRoot:
            hidden += 1
            continue
        except HostError:
            continue
        process = processes.describe(host, pid) if files else None
        if process and not process.place.engine:
            found.append(Stale(process, files, bool(process.exe) and not host.exists(process.exe)))
    return Mapped(tuple(found), hidden)


def deleted(maps: bytes) -> tuple[str, ...]:
    """The deleted files that are executed, by the text of a maps file; the kernel escapes line breaks in it."""
    if b"(deleted)" not in maps:
        return ()
    paths = {match.decode("utf-8", "surrogateescape") for match in t.cast("list[bytes]", _GONE.findall(maps))}
    return tuple(sorted(processes.printable(path) for path in paths if not _OWN.match(path)))


def _pids(host: Host) -> list[int]:
    return sorted(int(name) for name in host.listdir("/proc") if name.isascii() and name.isdigit())
