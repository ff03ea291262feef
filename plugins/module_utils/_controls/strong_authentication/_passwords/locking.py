# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Closing an account that has no password, so that its keys go on working and it can be opened again."""

from __future__ import annotations

import re

from ansible_collections.infosec.principles.plugins.module_utils._engine import journal
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.guard import Guard
from ansible_collections.infosec.principles.plugins.module_utils._host import login, shadow
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Names that usermod takes without further ado; the others are left to a person.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?")
#: How a login was made that does not need the password.
_OWN_PROOF = frozenset(("publickey", "hostbased", "gssapi-with-mic"))
_NEVER = -1


def refusal(host: Host, entry: shadow.Entry, *, allow_self_cutoff: bool) -> str:
    """Why the account must not be locked; empty where it may."""
    if not _NAME.fullmatch(entry.name):
        return "its name is not one for usermod"
    if entry.source == shadow.PASSWD and _has_shadow_line(host, entry.name):
        return "it has a line in /etc/shadow too, which usermod would change along"
    if host.which("usermod") is None or host.which("passwd") is None:
        return "there is no usermod or passwd here (Debian: install passwd)"
    return "" if allow_self_cutoff else _cutoff(host, entry.name)


def _cutoff(host: Host, name: str) -> str:
    """The very account that this run came by, and root as long as it is not seen how else to become root."""
    made = host.once(login.read)
    if made is not None and made.account == name and not _OWN_PROOF.intersection(made.methods):
        return f"the connection of this run logged in as {name} by {', '.join(made.methods)}"
    if name == "root" and made is None:
        return "it cannot be seen that this run has another way to become root"
    return ""


def _has_shadow_line(host: Host, name: str) -> bool:
    try:
        return any(line.startswith(f"{name}:") for line in host.read_text(shadow.SHADOW).splitlines())
    except HostError:
        return False


def lock(entry: shadow.Entry, *, seconds: int) -> tuple[Change, ...]:
    """Give the account the password "*", which nothing fits.

    Not "!": an sshd without PAM (UsePAM no) refuses also the keys of an account whose password begins with that.
    """
    return (Guard(seconds), _lock(entry))


def _lock(entry: shadow.Entry) -> Command:
    name = entry.name
    pattern = f"^{name.replace('.', '[.]').replace('$', '[$]')}:"
    aging = (("chage", "-d", str(_days(entry)), name),) if entry.source == shadow.SHADOW else ()
    return Command(
        title=f"let nobody in as {name} without a password (usermod -p '*')",
        before=f"{name} has no password: whoever gives none is let in\n",
        after=f"no password fits {name}; keys go on working\n",
        # Whoever has set a password since the plan keeps it.
        do=(("grep", "-q", f"{pattern}:", entry.source), ("usermod", "-p", "*", name)),
        # usermod has set the day of the change to today.
        undo=(("passwd", "-d", name), *aging),
        probe=("grep", "-q", rf"{pattern}\*:", entry.source),
    )


def _days(entry: shadow.Entry) -> int:
    """The day of the last change as chage takes it."""
    return (entry.changed - shadow.EPOCH).days if entry.changed else _NEVER


def locked_here(host: Host) -> frozenset[str]:
    """The accounts that runs of this collection locked (two_factor's local_credentials), to be opened by keys alone."""
    try:
        changes = [step.change for run in journal.runs(host) for step in run.steps()]
    except (ChangeError, OSError):
        return frozenset()
    commands = (argv for change in changes if isinstance(change, Command) for argv in change.do)
    return frozenset(argv[2] for argv in commands if argv[:2] == ("usermod", "-L"))
