# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the effective configuration of a server says of its access logs."""

from __future__ import annotations

import dataclasses

from ansible_collections.infosec.principles.plugins.module_utils._formats import access_log
from ansible_collections.infosec.principles.plugins.module_utils._formats.access_log import Reader

#: Before the identifier of a program that logs to the journal.
JOURNAL = "journalctl -t "


@dataclasses.dataclass(frozen=True)
class Log:
    """One log that requests to a place are written to.

    path: of the file in use; a "*" in its name stands for a date that the server puts there; JOURNAL and an identifier
    for what is in the journal. text, kind: its format, as access_log.compile_format takes it; kind "pam": the sessions
    of that service. doubt: why a request may have left no line in it, "" where each leaves one.
    """

    path: str
    text: str
    kind: str
    doubt: str = ""

    @property
    def reader(self) -> Reader:
        """Of its lines."""
        return access_log.sessions(self.text) if self.kind == "pam" else access_log.compile_format(self.text, self.kind)


@dataclasses.dataclass(frozen=True)
class Logs:
    """What tells of the requests to one place: each of `all` tells of some of them.

    doubt: why others are told of by none. others: names that the server has elsewhere, whose requests are none to here.
    """

    all: tuple[Log, ...] = ()
    doubt: str = ""
    others: frozenset[str] = frozenset()


def best(logs: tuple[Log, ...], doubts: tuple[str, ...]) -> Logs:
    """Of logs that all have the same requests, one is enough: the first that has all of them.

    doubts: why what else the server was told to write cannot be read.
    """
    for log in (*(log for log in logs if not log.doubt), *logs):
        return Logs((log,))
    return Logs(doubt=doubts[0] if doubts else "nothing is written to an access log")
