# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The stacks of PAM services as libpam puts them together: includes followed, /etc before the vendor's files."""

from __future__ import annotations

import dataclasses
import posixpath
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import pam
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing

FOLDERS = ("/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d")
#: What a service gets that has no file, or no line of a facility.
OTHER = "other"
#: PAM_SUBSTACK_MAX_LEVEL.
MAX_DEPTH = 16
MODULE_FOLDERS = ("/lib/*/security", "/usr/lib/*/security", "/lib/security", "/usr/lib/security", "/usr/lib64/security")


@dataclasses.dataclass(frozen=True)
class Stack:
    """One facility of a service. path: the service's own file ("" where OTHER stands in for it)."""

    service: str
    path: str
    steps: tuple[pam.Step, ...]


def stack(host: Host, service: str, facility: str = pam.AUTH) -> Stack:
    """The lines that libpam walks for a service; OTHER stands in for one that has none. Raises HostError."""
    try:
        path, text = file_of(host, service)
    except Missing:
        path, text = "", ""
    steps = assemble(host, path, text, facility)
    if not steps and service != OTHER:
        steps = stack(host, OTHER, facility).steps
    return Stack(service, path, steps)


def assemble(host: Host, path: str, text: str, facility: str = pam.AUTH) -> tuple[pam.Step, ...]:
    """The steps of a file with this text, and of what it includes. Raises HostError."""
    return tuple(_steps(host, path, text, facility, 0, 0))


def modules(host: Host) -> frozenset[str]:
    """The names of all modules that are installed, such as pam_unix. Use as `host.once(pam.modules)`."""
    paths = (path for folder in MODULE_FOLDERS for path in host.glob(f"{folder}/pam_*.so"))
    return frozenset(posixpath.basename(path)[: -len(".so")] for path in paths)


def module_folder(host: Host) -> str:
    """Where the modules are that came with PAM itself. Raises Missing."""
    for folder in MODULE_FOLDERS:
        for path in host.glob(f"{folder}/pam_unix.so"):
            return posixpath.dirname(path)
    raise Missing(f"PAM: no pam_unix.so in {', '.join(MODULE_FOLDERS)}")


def file_of(host: Host, service: str) -> tuple[str, str]:
    """(path, text) of the file that libpam reads for a service or an include. Raises Missing and HostError."""
    for path in (service,) if service.startswith("/") else (f"{folder}/{service}" for folder in FOLDERS):
        try:
            return path, host.read_text(path)
        except Missing:
            continue
    raise Missing(f"PAM: no file for the service {service} in {', '.join(FOLDERS)}")


def _steps(host: Host, path: str, text: str, facility: str, level: int, depth: int) -> t.Iterator[pam.Step]:
    for entry in pam.parse(text):
        if entry.control == pam.ALL_OF:
            yield from _included(host, path, entry, facility, level, depth)
        elif entry.facility == facility and entry.control in (pam.INCLUDE, pam.SUBSTACK):
            inner = level + (entry.control == pam.SUBSTACK)
            if inner > level:
                yield pam.Step(path, entry.number, pam.SUBSTACK, entry.module, (), level)
            yield from _included(host, path, entry, facility, inner, depth)
        elif entry.facility == facility and entry.module:
            yield pam.Step(path, entry.number, entry.control, entry.module, entry.arguments, level)
        elif entry.facility == facility or (not entry.facility and facility == pam.AUTH):
            yield pam.Step(path, entry.number, pam.BROKEN, "", (), level)


def _included(host: Host, path: str, entry: pam.Entry, facility: str, level: int, depth: int) -> t.Iterator[pam.Step]:
    """The lines of another file; where it cannot be read, libpam puts one that fails."""
    try:
        if depth + 1 >= MAX_DEPTH or not entry.module:
            raise Missing(f"{path}:{entry.number}: nothing that can be included")
        other, text = file_of(host, entry.module)
    except Missing:
        yield pam.Step(path, entry.number, pam.BROKEN, "", (), level)
        return
    for count, step in enumerate(_steps(host, other, text, facility, level, depth + 1)):
        if count >= pam.MAX_STEPS:
            raise HostError(f"{other}: more than {pam.MAX_STEPS} lines with what it includes")
        yield step
