# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Configuration files as texts of a sensible size, and how a program was started, which says what it reads."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Bytes of one configuration file. Larger ones are left to a person.
MAX_CONFIG = 1024 * 1024


def text(host: Host, path: str) -> str:
    """A configuration file. Raises Missing, NeedsRoot, or HostError for what is no plain file of a sensible size."""
    status = host.stat(path)
    if status is not None and status.st_mode & 0o170000 != 0o100000:
        raise HostError(f"{path}: not a plain file")
    if status is not None and status.st_size > MAX_CONFIG:
        raise HostError(f"{path}: more than {MAX_CONFIG // 1024} KB, not read")
    found = host.read_text(path)
    if "\0" in found:
        raise HostError(f"{path}: holds zero bytes, so it is no text")
    return found


def command_line(host: Host, pid: int) -> list[str]:
    """The arguments of a process; none where it has ended."""
    try:
        return host.read_text(f"/proc/{pid}/cmdline").rstrip("\0").split("\0")
    except HostError:
        return []
