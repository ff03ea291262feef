# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is copied over sftp is written down: the arguments of the server that the Subsystem line starts.

A second Subsystem line of the same name is fatal to sshd up to 9.4, so the line that is there is edited, and keeps its
program; one that names a program that is not there (sshd does not look) gets the one inside of sshd.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh.faults import (
    Wrong,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._formats.sshd_config import Setting
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

INTERNAL, FACILITY, LEVEL = "internal-sftp", "AUTHPRIV", "INFO"
WANTED = f"-f {FACILITY} -l {LEVEL}"
#: Facilities that systems keep where administrators alone read; levels that hold each file (sftp-server(8)).
_FACILITIES, _LEVELS = (
    frozenset(("AUTH", FACILITY)),
    frozenset((LEVEL, "VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3")),
)
#: Options of sftp-server(8) that take a value.
_VALUED = ("-d", "-f", "-l", "-P", "-p", "-Q", "-u")
_JOURNAL = "/run/systemd/journal/dev-log"
_SYSLOGS = ("/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf", "/etc/syslog.conf")
#: Priorities of a selector that let through what is of priority info (syslog.conf(5)).
_PRIORITIES = frozenset(("*", "info", "debug"))
_TAKES_ALL = "/etc/syslog-ng/syslog-ng.conf"


@dataclasses.dataclass(frozen=True)
class Command:
    """How an sftp server is started."""

    program: str
    arguments: tuple[str, ...]

    @property
    def logs(self) -> bool:
        """Whether it writes down each file, to where administrators alone read."""
        told = dict(zip(self.arguments, self.arguments[1:]))
        return told.get("-f", "AUTH").upper() in _FACILITIES and told.get("-l", "ERROR").upper() in _LEVELS

    def logging(self, program: str) -> str:
        """The same command with logs."""
        kept: list[str] = []
        rest = iter(self.arguments)
        for word in rest:
            value = [next(rest, "")] if word in _VALUED else []
            kept += [] if word in ("-f", "-l") else [word, *value]
        return " ".join((program, *kept, WANTED))


def command(text: str) -> Command | None:
    """The sftp server in a Subsystem or ForceCommand line; None where there is another program."""
    words = text.split()
    known = words and (words[0] == INTERNAL or words[0].endswith("sftp-server"))
    return Command(words[0], tuple(words[1:])) if known else None


def subsystem(values: sshd.Values) -> str:
    """What sshd starts for sftp; "" where it does not."""
    told = (line.partition(" ") for line in values.get("subsystem", ()))
    return next((started.strip() for name, _blank, started in told if name == "sftp"), "")


class Judge:
    """Rule sftp_log."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def judge(self, probe: Probe, values: sshd.Values) -> t.Iterator[Wrong]:
        """The Subsystem line, and what is started instead of whatever the client asks for."""
        forced = next(iter(values.get("forcecommand", ())), "none")
        keyword, told = ("ForceCommand", forced) if command(forced) else ("Subsystem", subsystem(values))
        started = command(told)
        if started and not self.is_there(started.program):
            yield Wrong(keyword, f"{told}, which is not there", f"{self.usable(started.program)} {WANTED}")
        elif started and not started.logs:
            yield Wrong(keyword, told, started.logging(started.program))

    def is_there(self, program: str) -> bool:
        return program == INTERNAL or self._host.exists(program)

    def usable(self, program: str) -> str:
        return program if self.is_there(program) else INTERNAL


def kept_by_syslog(host: Host) -> bool:
    """Whether something takes up what is sent to AUTHPRIV: journald everything, other daemons what they are told."""
    if host.exists(_JOURNAL) or host.exists(_TAKES_ALL):
        return True
    lines = (line for pattern in _SYSLOGS for name in host.glob(pattern) for line in _text(host, name).splitlines())
    return any(_keeps(line) for line in lines)


def _keeps(line: str) -> bool:
    """Whether a line of syslog.conf(5) keeps AUTHPRIV: later selectors of a line overrule earlier ones."""
    selectors, *action = line.split(None, 1) or [""]
    kept = False
    for facilities, _dot, priority in (one.partition(".") for one in selectors.split(";")):
        if {"authpriv", "*"} & set(facilities.split(",")):
            kept = priority in _PRIORITIES
    return kept and bool(action) and not selectors.startswith("#")


def _text(host: Host, name: str) -> str:
    try:
        return host.read_text(name)
    except HostError:
        return ""


def edits(host: Host, states: t.Iterable[State]) -> list[Change]:
    """The Subsystem lines with logs, each edited once. Raises ChangeError, HostError."""
    found = {line.place: (state, line) for state in states for line in _lines(state)}
    return [change for state, line in found.values() for change in _edit(host, state, line)]


def _lines(state: State) -> t.Iterator[Setting]:
    """The sftp lines that may count: those for everybody, of which the first does."""
    own = [line for line in state.settings if line.keyword == "subsystem" and line.arguments[:1] == ("sftp",)]
    yield from [line for line in own if sshd_config.everyone(line.under)][:1]


def _edit(host: Host, state: State, line: Setting) -> t.Iterator[Change]:
    judge, started = Judge(host), command(" ".join(line.arguments[1:]))
    if started is None or (started.logs and judge.is_there(started.program)):
        return
    old = host.read_text(line.path).splitlines(keepends=True)[line.number - 1]
    head = re.match(r"\s*\S+\s+\S+\s+", old)
    new = f"{head[0] if head else 'Subsystem sftp '}{started.logging(judge.usable(started.program))}\n"
    yield files.edit_file(host, line.path, old, new, validate=_validate(host, state, line))


def _validate(host: Host, state: State, line: Setting) -> tuple[str, ...]:
    """sshd -t of the candidate where that is the whole configuration; what it includes is asked afterwards."""
    return sshd.asking(host, state.daemon, "-t", config="{}") if line.path == state.daemon.config else ()
