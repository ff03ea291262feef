# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Putting sshd right: drop-ins of ours that outweigh what is there, seen through by sshd before it takes them up.

Each control has a file of its own. Their names sort before those of others, and among each other by who is to win: what
stands under a matching `Match` line outweighs everything else, and the first such line counts.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import posixpath
import shlex
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check, TakeUp
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block, sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

FOLDER = "/etc/ssh/sshd_config.d"
#: All of our files; they come before 00-anything of others, and before 01-permitrootlogin.conf of Anaconda.
OURS = f"{FOLDER}/00-infosec-*.conf"
BLOCK = "drop-ins"
NOTE = "# Comes first, so that no other line outweighs it; changes inside this block are lost.\n"
#: OpenSSH 8.2 brought Include.
HAS_INCLUDE = (8, 2)


@dataclasses.dataclass(frozen=True)
class DropIn:
    """One file of ours. control: whose it is. text: the whole of it, comments among it."""

    control: str
    path: str
    text: str

    @property
    def settings(self) -> tuple[sshd_config.Setting, ...]:
        """What it sets."""
        return tuple(sshd_config.settings(self.path, lambda name: self.text, lambda pattern: ()))

    def outweighed_by(self, setting: sshd_config.Setting) -> bool:
        """Whether this line of others, read before the file, would count instead of it."""
        ours = [one for one in self.settings if one.keyword == setting.keyword]
        return any(not one.under or bool(setting.under) for one in ours) and not is_ours(setting.path)


def is_ours(path: str) -> bool:
    """Whether the file is a drop-in of this collection."""
    return fnmatch.fnmatchcase(path, OURS)


def changes(
    host: Host, states: t.Sequence[State], drop_in: DropIn, *, seconds: int, more: t.Sequence[Change] = ()
) -> tuple[Change, ...]:
    """What puts these sshd right; nothing where all of it is done already, so that nothing of ours can help.

    more: other changes of the same fix, made after the file is written and before sshd is asked and reloaded; what
    outlives the others is made before all of them.
    Raises HostError and ChangeError.
    """
    first, then = ([one for one in more if one.outlives is early] for early in (True, False))
    return guarded(host, states, [*first, *writes(host, states, drop_in), *then], seconds=seconds)


def writes(host: Host, states: t.Sequence[State], drop_in: DropIn) -> list[Change]:
    """What writes the file and has each of these sshd read it first. Raises HostError and ChangeError."""
    for state in states:
        _refuse_conditional(state, drop_in)
    return [*_files(host, states, drop_in), *_blocks(host, states, drop_in)]


def guarded(host: Host, states: t.Sequence[State], made: t.Sequence[Change], *, seconds: int) -> tuple[Change, ...]:
    """These changes behind a guard, then seen through and taken up by each sshd; nothing where there are none."""
    if not made:
        return ()
    checks = [check(host, state.daemon) for state in states]
    taken_up = [one for state in states for one in take_up(host, state.daemon)]
    return (Guard(seconds), *made, *checks, *taken_up)


def _files(host: Host, states: t.Sequence[State], drop_in: DropIn) -> t.Iterator[Change]:
    able = [state for state in states if sshd.version(host, state.daemon) >= HAS_INCLUDE]
    if able and files.read_now(host, drop_in.path) != drop_in.text:
        validate = with_candidate(host, able[0].daemon)
        yield files.write_file(host, drop_in.path, drop_in.text, validate=validate)


def _blocks(host: Host, states: t.Sequence[State], drop_in: DropIn) -> t.Iterator[Change]:
    """Our own block at the top of each configuration that would read our files too late, or not at all."""
    for config, state in {state.daemon.config: state for state in states}.items():
        able = sshd.version(host, state.daemon) >= HAS_INCLUDE
        if able and comes_first(host, state, drop_in):
            continue
        name, lines = (BLOCK, [f"Include {OURS}"]) if able else (drop_in.control, _unconditional(drop_in))
        _before, block, _after = marked_block.split(host.read_text(config), name)
        wanted = marked_block.put("", name, lines, note=NOTE)
        if block != wanted:
            validate = sshd.asking(host, state.daemon, "-t", config="{}")
            yield files.edit_file(host, config, block, wanted, validate=validate)


def _refuse_conditional(state: State, drop_in: DropIn) -> None:
    """sshd refuses a file that it includes under Match for each line that may stand in none. Raises ChangeError.

    What our file has under Match as well may stand there.
    """
    anywhere = {one.keyword for one in drop_in.settings if one.under}
    bound = [one.keyword for one in drop_in.settings if not one.under and one.keyword not in anywhere]
    for setting in state.settings if bound else ():
        if setting.keyword == "include" and setting.under and _includes(setting, drop_in.path):
            raise ChangeError(
                f"{setting.place} includes {FOLDER} under a Match line, where sshd takes no {bound[0]}; "
                "move it before the first Match line"
            )


def _unconditional(drop_in: DropIn) -> list[str]:
    """Its lines as they may stand at the top of a configuration: without a Match. Raises ChangeError."""
    if not all(sshd_config.everyone(setting.under) for setting in drop_in.settings):
        raise ChangeError(f"{drop_in.path}: this sshd knows no Include, and a Match of ours would end nowhere")
    lines = [line.strip() for line in drop_in.text.splitlines()]
    return [line for line in lines if line and not line.startswith("#") and sshd_config.split(line)[0] != "match"]


def comes_first(host: Host, state: State, drop_in: DropIn) -> bool:
    """Whether sshd reads the file for everybody, and before any line of others that would count instead of it."""
    for setting in state.settings:
        if setting.keyword == "include" and _includes(setting, drop_in.path):
            return not setting.under and not _earlier(host, setting, drop_in)
        if setting.path == drop_in.path:
            return True
        if drop_in.outweighed_by(setting):
            return False
    return False


def _includes(setting: sshd_config.Setting, path: str) -> bool:
    """Whether the line includes our file, or will."""
    patterns = (posixpath.join(sshd_config.FOLDER, pattern) for pattern in setting.arguments)
    return any(posixpath.dirname(one) == FOLDER and fnmatch.fnmatchcase(path, one) for one in patterns)


def _earlier(host: Host, include: sshd_config.Setting, drop_in: DropIn) -> bool:
    """Whether this Include reads a line that would count instead of our file before our file."""
    for pattern in include.arguments:
        for name in host.glob(posixpath.join(sshd_config.FOLDER, pattern)):
            if name >= drop_in.path and posixpath.dirname(name) == FOLDER:
                break
            if any(drop_in.outweighed_by(one) for one in sshd.settings(host, name)):
                return True
        if fnmatch.fnmatchcase(drop_in.path, posixpath.join(sshd_config.FOLDER, pattern)):
            return False
    return False


# What sshd says of it, and how it takes it up


def with_candidate(host: Host, daemon: sshd.Daemon) -> tuple[str, ...]:
    """sshd -t of the whole configuration with the candidate ("{}") before it."""
    argv = sshd.asking(host, daemon, "-t", config="/dev/stdin")
    told = 'printf "Include %s\\nInclude %s\\n" "$0" "$1" | ' + " ".join(shlex.quote(word) for word in argv)
    return ("sh", "-c", told, "{}", daemon.config)


def check(host: Host, daemon: sshd.Daemon) -> Change:
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
