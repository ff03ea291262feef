# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How the answers of sites get as they are wanted: one plan for each running server, and why there is none."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.model import Want
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.verdicts import Mend
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
        apache,
        nginx,
    )
else:
    apache = later("_controls.web_security._headers.apache")
    nginx = later("_controls.web_security._headers.nginx")

PRODUCTS: dict[str, t.Any] = {"nginx": nginx, "Apache httpd": apache}


@dataclasses.dataclass
class Plans:
    """changes: of each site's server. reasons: why a site is left out. steps: what a person writes there instead."""

    changes: dict[str, tuple[Change, ...]] = dataclasses.field(default_factory=dict)
    reasons: dict[str, str] = dataclasses.field(default_factory=dict)
    steps: dict[str, str] = dataclasses.field(default_factory=dict)


def of(host: Host, wants: t.Sequence[Want]) -> Plans:
    """A plan for each server. A site that is refused is left out, so that the others are mended all the same."""
    plans = Plans()
    servers: dict[tuple[str, str, tuple[int, ...]], list[Want]] = {}
    for one in wants:
        run = one.vhost.run
        servers.setdefault((one.vhost.product, run.unit, run.pids), []).append(one)
    for (product, _unit, _pids), of_one in servers.items():
        if product in PRODUCTS:
            _server(host, PRODUCTS[product].plan, of_one, plans)
        else:
            plans.reasons.update({one.vhost.subject: f"{product} is not changed here" for one in of_one})
            plans.steps.update({one.vhost.subject: steps(one) for one in of_one})
    return plans


Planner = t.Callable[[Host, t.Sequence[Want]], "tuple[Change, ...]"]


def _server(host: Host, plan: Planner, wants: t.Sequence[Want], plans: Plans) -> None:
    fitting, refused = list(wants), ""
    try:
        changes = plan(host, wants)
    except (Refused, HostError) as exc:
        refused = str(exc)
        fitting = [one for one in wants if _fits(host, plan, one, plans)]
        changes = _together(host, plan, fitting)
    for one in fitting:
        if changes:
            plans.changes[one.vhost.subject] = changes
        else:
            plans.reasons[one.vhost.subject] = printable(refused or "its configuration has that already")


def _fits(host: Host, plan: Planner, want: Want, plans: Plans) -> bool:
    try:
        plan(host, (want,))
    except (Refused, HostError) as exc:
        plans.reasons[want.vhost.subject] = printable(str(exc))
        return False
    return True


def _together(host: Host, plan: Planner, wants: t.Sequence[Want]) -> tuple[Change, ...]:
    try:
        return plan(host, wants) if wants else ()
    except (Refused, HostError):
        return ()


def merged(vhost: Vhost, mends: t.Iterable[Mend]) -> Want:
    """All that rules want of one site. What one sets, no other leaves to what is served."""
    found = list(mends)
    put = {name: value for one in found for name, value in one.set.items()}
    missing = {name: value for one in found for name, value in one.missing.items() if name not in put}
    drop = dict.fromkeys(name for one in found for name in one.drop if name not in put and name not in missing)
    return Want(vhost, put, missing, tuple(drop), any(one.banner for one in found))


def steps(want: Want) -> str:
    """What a person writes into HAProxy's configuration."""
    lines = [f'http-response set-header {name} "{value}"' for name, value in want.set.items()]
    lines += [
        f'http-response set-header {name} "{value}" if !{{ res.hdr({name}) -m found }}'
        for name, value in want.missing.items()
    ]
    lines += [f"http-response del-header {name}" for name in (*want.drop, *(("Server",) if want.banner else ()))]
    return "\n".join((f"Write behind {printable(want.vhost.place)}, and have HAProxy reload it:", *lines))
