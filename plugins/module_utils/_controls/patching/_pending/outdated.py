# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Services that still run what was replaced, each with the restart that helps, or why there is none."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, libraries, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.libraries import Stale

#: What cannot be restarted without taking everything else along: the rule `reboot` names these.
BOOT_ONLY = re.compile(
    r"init\.scope|dbus(-broker|-daemon)?\.service|systemd-logind\.service|(display-manager|gdm3?|sddm|lightdm)\.service"
)
#: What others depend on to go on running: a restart ends connections, containers or machines. For a person to time.
CARRIES = re.compile(
    r"(networking|NetworkManager|network-manager|ModemManager|wpa_supplicant|ifup@.*|dhcpcd.*|dhclient.*|open-?vpn.*|"
    r"(open|libre|strong)swan.*|ipsec|frr|bird.*|quagga|iscsid|multipathd|docker|containerd|crio|kubelet|libvirtd|"
    r"virtqemud|lxc.*|lxd|incus|pacemaker|corosync)\.service"
)
#: Whose processes belong to somebody who is logged in: they end with the login.
SESSION = re.compile(r"session-.*\.scope|user@.*\.service|.*getty@.*|console-getty\.service")
SHOWN = 5


@dataclasses.dataclass(frozen=True)
class _Group:
    """The processes of one subject."""

    subject: str
    stale: tuple[Stale, ...]


def needs_boot(host: Host) -> list[f.Evidence]:
    """Units that run what was replaced, and that only a boot starts anew."""
    groups = [group for group in _groups(host) if BOOT_ONLY.fullmatch(group.subject)]
    return [
        f.Evidence(group.subject, f"{group.subject} runs replaced files: {_files(group)}", "the files of today")
        for group in groups
    ]


def assess(host: Host, rule: f.Rule, may: bool, why_not: str) -> t.Iterator[f.Finding]:
    """One finding for each service that does, one for those who are logged in, and one for all others."""
    mapped = host.once(libraries.read)
    groups = [group for group in _groups(host) if not BOOT_ONLY.fullmatch(group.subject)]
    for group in groups:
        yield _finding(host, rule, group, may, why_not)
    if mapped.hidden:
        why = f"what {mapped.hidden} process(es) run is hidden from this user; run as root, with CAP_SYS_PTRACE"
        yield f.Finding(rule, "services", f.NOT_ASSESSED, why)
    else:
        others = "every other service" if groups else "every service"
        yield f.Finding(rule, "services", f.PASS, f"{others} runs the files of today")


def _groups(host: Host) -> tuple[_Group, ...]:
    return host.once(_read_groups)


def _read_groups(host: Host) -> tuple[_Group, ...]:
    own = {process.pid for process in host.once(connection.lineage)}
    found: dict[str, list[Stale]] = {}
    for stale in host.once(libraries.read).stale:
        # Our own processes end with this run.
        if stale.process.pid not in own or stale.process.pid == 1:
            found.setdefault(_subject(stale), []).append(stale)
    return tuple(_Group(subject, tuple(found[subject])) for subject in sorted(found))


def _subject(stale: Stale) -> str:
    unit = stale.process.place.unit or ("init.scope" if stale.process.pid == 1 else "")
    if SESSION.fullmatch(unit):
        return "login sessions"
    return unit or f"process {stale.process.name}"


def _finding(host: Host, rule: f.Rule, group: _Group, may: bool, why_not: str) -> f.Finding:
    message = f"{group.subject} runs files that were replaced: {_files(group)}"
    evidence = tuple(
        f.Evidence(f"/proc/*/maps of {name}", f"{', '.join(files[:SHOWN])} (deleted)", "the file that is there now")
        for name, files in sorted({(stale.process.name, stale.files) for stale in group.stale})[:SHOWN]
    )
    refusal = _refusal(host, group) or ("" if may else why_not)
    if refusal:
        return f.Finding(rule, group.subject, f.FAIL, f"{message}; {refusal}", evidence)
    fix = (Activate(group.subject, "restart", _ports(host, group), if_active=True),)
    return f.Finding(rule, group.subject, f.FAIL, message, evidence, fix)


def _files(group: _Group) -> str:
    files = sorted({file for stale in group.stale for file in stale.files})
    return ", ".join(files[:SHOWN]) + (", …" if len(files) > SHOWN else "")


def _refusal(host: Host, group: _Group) -> str:
    """Why it is not restarted, whatever may be done now."""
    if group.subject == "login sessions":
        return "they end when their users log out"
    if not group.subject.endswith(".service"):
        return "it has no service that could be restarted"
    if CARRIES.fullmatch(group.subject):
        return "not restarted: connections, containers or machines hang on it; restart it when that is convenient"
    if any(stale.program_gone for stale in group.stale):
        return "not restarted: its program is not there any more, so it would not come back"
    own = host.once(connection.read)
    if own and group.subject in own.units and not (group.subject == own.unit and _keeps_sessions(host, own.unit)):
        return "not restarted: it carries the connection of this run"
    return ""


def _keeps_sessions(host: Host, unit: str) -> bool:
    """Whether a restart ends the listening process alone, as ssh.service has it, and not the connections."""
    return "KillMode=process" in host.ask("systemctl", "show", "-p", "KillMode", "--", unit).stdout


def _ports(host: Host, group: _Group) -> tuple[tuple[str, int], ...]:
    """Where it answers now, so that it has to answer there afterwards."""
    listening = [one for one in host.once(sockets.read) if one.unit == group.subject and one.protocol == "tcp"]
    places = {(_reachable(one), one.port) for one in listening if not one.published_by and not one.socket_unit}
    return tuple(sorted(places))


def _reachable(listener: sockets.Listener) -> str:
    if not listener.wildcard:
        return listener.address
    return "127.0.0.1" if "IPv4" in listener.families else "::1"
