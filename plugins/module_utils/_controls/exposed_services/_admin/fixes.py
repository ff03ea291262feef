# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The fix of each server: all that is shut on it in one go, and what proves that the rest answers as before."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import AddressSet
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Admission,
    Found,
    Kept,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
        apache,
        compare,
        firewall,
        haproxy,
        nginx,
        programs,
    )
else:
    apache = later("_controls.exposed_services._admin.apache")
    compare = later("_controls.exposed_services._admin.compare")
    firewall = later("_controls.exposed_services._admin.firewall")
    haproxy = later("_controls.exposed_services._admin.haproxy")
    nginx = later("_controls.exposed_services._admin.nginx")
    programs = later("_controls.exposed_services._admin.programs")

SERVERS = {"nginx": nginx, "Apache httpd": apache, "HAProxy": haproxy}
#: By what it is seen that a line of ours may be there, before the server's own part is imported.
TRACES: dict[str, t.Callable[[Vhost], bool]] = {
    "nginx": lambda at: any("$infosec_admin_" in "".join(one.arguments) for one in at.site.block if one.name == "if"),
    "Apache httpd": lambda at: any("/infosec-admin-" in one.place for one in at.site.block),
    "HAProxy": lambda at: any("Forbidden" in line.texts for one in at.instance.sections for line in one.lines),
}


@dataclasses.dataclass
class Fixes:
    """By what was found: the changes that shut it, or why there are none."""

    changes: dict[Found, tuple[Change, ...]] = dataclasses.field(default_factory=dict)
    reasons: dict[Found, str] = dataclasses.field(default_factory=dict)


def admission(host: Host, found: Found) -> Admission:
    """Whom the server, and the host's firewall before it, let in to it. Raises HostError."""
    return firewall.narrowed(host, _server(found).admission(host, found), found.at.port)


def of(host: Host, shuts: t.Sequence[Shut], *, restart: bool) -> Fixes:
    """What shuts them. restart: whether a program may be restarted. Raises NeedsRoot."""
    servers: dict[t.Hashable, list[Shut]] = {}
    for one in shuts:
        servers.setdefault((one.found.at.run, one.found.at.product), []).append(one)
    fixes = Fixes()
    for group in servers.values():
        _fix(host, group, fixes, restart=restart)
    return fixes


def _fix(host: Host, group: t.Sequence[Shut], fixes: Fixes, *, restart: bool) -> None:
    """All at once; where that is refused, all that can be shut by themselves."""
    changes, why = _planned(host, group, restart=restart)
    if why and len(group) > 1:
        refused = {one.found: said for one in group for said in [_planned(host, [one], restart=restart)[1]] if said}
        fixes.reasons.update(refused)
        group = [one for one in group if one.found not in refused]
        changes, why = _planned(host, group, restart=restart) if group else ((), "")
    for one in group:
        if changes:
            fixes.changes[one.found] = changes
        elif why:
            fixes.reasons[one.found] = why


def _planned(host: Host, group: t.Sequence[Shut], *, restart: bool) -> tuple[tuple[Change, ...], str]:
    """The changes, and why there are none."""
    try:
        changes = _plan(host, group, restart=restart)
    except NeedsRoot:
        raise
    except (Refused, HostError) as exc:
        return (), str(exc)
    if not changes:
        return (), "nothing is left to be written, so its server has not taken up what is written"
    found = [one.found for one in group]
    return (*changes, *compare.unchanged(host, group, compare.others(found, host.once(vhosts.read).all))), ""


def _plan(host: Host, group: t.Sequence[Shut], *, restart: bool) -> tuple[Change, ...]:
    server = _server(group[0].found)
    told: tuple[Change, ...] = (
        server.plan(host, group, restart=restart) if server is programs else server.plan(host, group)
    )
    return told


def kept(host: Host, at: Vhost) -> tuple[Kept, ...]:
    """What earlier runs shut at a site, where it may answer this host no more. Raises HostError."""
    if at.instance is None or not TRACES[at.product](at):
        return ()
    return tuple(SERVERS[at.product].kept(host, at))


def left(found: Found) -> AddressSet | None:
    """Whom lines of earlier runs leave; None where there are none, or the program has no such lines."""
    if found.at.instance is None or not TRACES[found.at.product](found.at):
        return None
    told: AddressSet | None = SERVERS[found.at.product].left(found)
    return told


def _server(found: Found) -> t.Any:
    return programs if found.at.instance is None else SERVERS[found.at.product]
