# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Putting sshd right: a drop-in of ours that outweighs what is there, seen through by sshd before it takes it up."""

from __future__ import annotations

import fnmatch
import posixpath
import shlex
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._pivoting import grants
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check, TakeUp
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block, sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: Before 00-anything of others, and before 01-permitrootlogin.conf of Anaconda.
DROP_IN = "/etc/ssh/sshd_config.d/00-infosec-principles.conf"
BLOCK = "ssh_pivoting"
NOTE = "# Comes first, so that no other line outweighs it; changes inside this block are lost.\n"
#: OpenSSH 8.2 brought Include, and IgnoreRhosts inside of Match.
HAS_INCLUDE = (8, 2)
HEAD = """\
# Written by infosec.principles (ssh_pivoting); changes are lost.
# What stands under a Match line outweighs everything outside of one, and the first Match line that fits outweighs the
# others: so this holds for everybody, whatever comes after it.
Match all
"""


def drop_in(*, bastion: bool) -> str:
    """The text of our file."""
    return HEAD + "".join(f"    {line}\n" for line in grants.lines(bastion=bastion))


def written(host: Host) -> str | None:
    """The text of our file as it is now, or None where there is none."""
    return files.read_now(host, DROP_IN)


def changes(host: Host, states: t.Sequence[grants.State], *, bastion: bool, seconds: int) -> tuple[Change, ...]:
    """What puts these sshd right; nothing where all of it is done already, so that nothing of ours can help."""
    writes = [*_drop_ins(host, states, bastion=bastion), *_blocks(host, states, bastion=bastion)]
    if not writes:
        return ()
    checks = [_check(host, state.daemon) for state in states]
    taken_up = [one for state in states for one in take_up(host, state.daemon)]
    return (Guard(seconds), *writes, *checks, *taken_up)


def _drop_ins(host: Host, states: t.Sequence[grants.State], *, bastion: bool) -> t.Iterator[Change]:
    able = [state for state in states if sshd.version(host, state.daemon) >= HAS_INCLUDE]
    text = drop_in(bastion=bastion)
    if able and written(host) != text:
        yield files.write_file(host, DROP_IN, text, validate=_with_candidate(host, able[0].daemon))


def _blocks(host: Host, states: t.Sequence[grants.State], *, bastion: bool) -> t.Iterator[Change]:
    """Our own block at the top of each configuration that would read our file too late, or not at all."""
    for config, state in {state.daemon.config: state for state in states}.items():
        able = sshd.version(host, state.daemon) >= HAS_INCLUDE
        if able and comes_first(host, state):
            continue
        lines = [f"Include {DROP_IN}"] if able else grants.lines(bastion=bastion)
        before = host.read_text(config)
        after = marked_block.put(marked_block.without(before, BLOCK), BLOCK, lines, at=0, note=NOTE)
        if after != before:
            yield files.write_file(host, config, after, validate=sshd.asking(host, state.daemon, "-t", config="{}"))


def comes_first(host: Host, state: grants.State) -> bool:
    """Whether sshd reads our file for everybody, and before any Match line that could outweigh it."""
    ours = {line.split()[0].lower() for line in grants.lines(bastion=False)}
    for setting in state.settings:
        if setting.keyword == "include" and _includes(setting):
            return not setting.under and not _earlier(host, setting, ours)
        if setting.path == DROP_IN:
            return True
        if setting.under and setting.keyword in ours:
            return False
    return False


def _includes(setting: sshd_config.Setting) -> bool:
    """Whether the line includes our file, or will."""
    patterns = (posixpath.join(sshd_config.FOLDER, pattern) for pattern in setting.arguments)
    return any(
        posixpath.dirname(one) == posixpath.dirname(DROP_IN) and fnmatch.fnmatchcase(DROP_IN, one) for one in patterns
    )


def _earlier(host: Host, include: sshd_config.Setting, ours: t.Container[str]) -> bool:
    """Whether this Include reads a Match line that could outweigh our file before our file."""
    for pattern in include.arguments:
        for name in host.glob(posixpath.join(sshd_config.FOLDER, pattern)):
            if name >= DROP_IN and posixpath.dirname(name) == posixpath.dirname(DROP_IN):
                break
            if any(one.under and one.keyword in ours for one in sshd.settings(host, name)):
                return True
        if fnmatch.fnmatchcase(DROP_IN, posixpath.join(sshd_config.FOLDER, pattern)):
            return False
    return False


# sshd's own opinion, and its taking up


def _with_candidate(host: Host, daemon: sshd.Daemon) -> tuple[str, ...]:
    """sshd -t of the whole configuration with the candidate ("{}") before it."""
    argv = sshd.asking(host, daemon, "-t", config="/dev/stdin")
    told = 'printf "Include %s\\nInclude %s\\n" "$0" "$1" | ' + " ".join(shlex.quote(word) for word in argv)
    return ("sh", "-c", told, "{}", daemon.config)


def _check(host: Host, daemon: sshd.Daemon) -> Change:
    """Not every unit asks before it reloads, and an sshd that cannot read its files ends."""
    return Check(f"{daemon.name} accepts {daemon.config}", sshd.asking(host, daemon, "-t"))


def take_up(host: Host, daemon: sshd.Daemon) -> tuple[Change, ...]:
    """Reload; sessions go on. What a socket unit starts anew for each connection reads its files by itself.

    An sshd that has its port from a socket unit loses it by reloading and ends. If it runs by then it is restarted
    instead, while the socket unit keeps the port and (KillMode=process) sessions go on.
    """
    if daemon.by_socket:
        restart = ("systemctl", "try-restart", "--", daemon.unit)
        return (TakeUp(f"restart {daemon.unit} if it runs", restart),) if daemon.unit else ()
    if daemon.unit and _reloads(host, daemon.unit):
        return (Activate(daemon.unit, "reload", daemon.listening, if_active=True),)
    return (TakeUp(f"reload {daemon.name}", ("kill", "-HUP", str(daemon.pid))),)


def _reloads(host: Host, unit: str) -> bool:
    """Whether the unit says how it is reloaded; sshd itself takes a signal."""
    return "CanReload=no" not in host.ask("systemctl", "show", "-p", "CanReload", "--", unit).stdout
