# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is started at boot outside of any unit: crontabs with @reboot, rc.local."""

from __future__ import annotations

import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

JOBS = rule(
    "jobs",
    "What starts at boot starts as a unit, which can be seen, ordered and started again",
    "low",
    "Make a unit of it: a service that is wanted by multi-user.target. Nothing sees whether such a job succeeded.",
)
RULES = (JOBS,)
OPTIONS: dict[str, dict[str, t.Any]] = {}
TABLES = ("/etc/crontab", "/etc/cron.d/*", "/var/spool/cron/crontabs/*", "/var/spool/cron/tabs/*", "/var/spool/cron/*")
RC_LOCAL = ("/etc/rc.local", "/etc/rc.d/rc.local")
_AT_BOOT = re.compile(r"^\s*@reboot\s+(?P<command>.*\S)")
#: What distributions and their images leave in rc.local.
_NOTHING = re.compile(r"^\s*(?:#.*|exit 0|touch /var/lock/subsys/local)?\s*$")


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """One finding for each table that has such jobs, or one that passes."""
    found = [*_crontabs(host), *_rc_local(host)]
    yield from found
    if not found and not host.is_root:
        raise NeedsRoot("/var/spool/cron: not readable by this user; run as root (become: true)")
    if not found:
        yield f.Finding(JOBS, "crontabs", f.PASS, "nothing is started at boot by a crontab or by rc.local")


def _crontabs(host: Host) -> t.Iterator[f.Finding]:
    for path in dict.fromkeys(path for pattern in TABLES for path in host.glob(pattern)):
        lines = [(number, match["command"]) for number, match in _at_boot(host, path)]
        if lines:
            evidence = tuple(
                f.Evidence(f"{path}:{number}", f"@reboot {_program(text)}", "a unit") for number, text in lines
            )
            message = f"{path} starts {len(lines)} job(s) at each boot, outside of any unit"
            yield f.Finding(JOBS, path, f.FAIL, message, evidence)


def _at_boot(host: Host, path: str) -> t.Iterator[tuple[int, re.Match[str]]]:
    for number, line in enumerate(_text(host, path).splitlines(), 1):
        match = _AT_BOOT.match(line)
        if match:
            yield number, match


def _program(command: str) -> str:
    """The first words: arguments may hold secrets."""
    return printable(" ".join(command.split()[:2]))


def _rc_local(host: Host) -> t.Iterator[f.Finding]:
    # On the RHEL family one is a link to the other.
    path = next((path for path in RC_LOCAL if host.exists(path)), "")
    status = host.stat(path) if path else None
    orders = [line for line in _text(host, path).splitlines() if not _NOTHING.match(line)] if path else []
    if status and orders:
        runs = bool(stat.S_IMODE(status.st_mode) & 0o111)
        message = (
            f"{path} {'starts something at each boot' if runs else 'is not executable, so that nothing in it is run'}"
        )
        evidence = (f.Evidence(path, f"{len(orders)} line(s), mode {stat.S_IMODE(status.st_mode):04o}", "a unit"),)
        yield f.Finding(JOBS, path, f.FAIL, message, evidence)


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""
