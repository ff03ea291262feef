# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: the places of a site that lose a header which its front page has.

A location with an add_header of its own takes none from around it (ngx_http_headers_module), which its authors seldom
mean. What keeps others from framing pages may have been left out on purpose there, so that is told and left alone.
"""

from __future__ import annotations

import dataclasses

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import nginx as servers
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
    nginx,
    nginx_blocks,
    nginx_maps,
    verdicts,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.nginx_blocks import (
    Block,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.nginx_maps import Maps
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.verdicts import (
    Case,
    Mend,
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

HEADERS = {
    "hsts": verdicts.HSTS,
    "content_type_options": verdicts.NOSNIFF,
    "referrer_policy": verdicts.REFERRER,
    "frame_options": verdicts.XFO,
    "csp": verdicts.CSP,
}
#: Those that pages may be left without on purpose.
OPEN = ("frame_options", "csp")
MOST = 10


def completed(case: Case, verdict: Verdict) -> Verdict:
    """What is said of the front page, with what is lost elsewhere."""
    header = HEADERS.get(verdict.rule, "")
    first = case.look.first or case.look.answer
    values = first.all(header.lower()) if first and header else ()
    places = lost(case.host, case.look.vhost, header) if verdict.status == f.PASS and len(values) == 1 else ()
    return _with(case, verdict, header, values[0], places[:MOST]) if places else verdict


def _with(case: Case, verdict: Verdict, header: str, value: str, places: tuple[str, ...]) -> Verdict:
    evidence = (*verdict.evidence, *(Evidence(place, "an add_header of its own", header) for place in places))
    remedy = (
        f"Write the add_header of {header} into {', '.join(places)} as well: what stands around a block counts in none "
        "that has an add_header of its own."
    )
    if verdict.rule in OPEN:
        return dataclasses.replace(verdict, evidence=evidence, remedy=f"{verdict.remedy} {remedy}".strip())
    message = f"Its front page has {header}, which some of its other places lose."
    if verdict.rule == "content_type_options" and any(verdicts.mistyped(case)):
        message += " Not fixed: its front page has scripts or styles of other types, which browsers would not run then."
        return Verdict(verdict.rule, f.FAIL, message, evidence, remedy=remedy)
    return Verdict(verdict.rule, f.FAIL, message, evidence, Mend(missing={header: value}), remedy)


def lost(host: Host, vhost: Vhost, header: str) -> tuple[str, ...]:
    """Where blocks begin that lose a header which is added around them, by a line of somebody's or by ours."""
    ours = f"{servers.folder(vhost.instance)}/{nginx.LINES}"
    blocks = list(nginx_blocks.of(vhost.site))
    around = blocks[1] if blocks[1].loses(ours) else blocks[0]
    maps = host.once(_Ours(vhost.instance.config, blocks[0].one, ours))
    sends = maps.sends(header, nginx.key(host, vhost))
    if not sends and not _added(around, header, ours):
        return ()
    found = (block for block in blocks[2:] if block.loses(ours) and not _added(block, header, ours))
    return tuple(dict.fromkeys(printable(one.one.place) for one in found if not (sends and one.reads(ours))))


def _added(block: Block, header: str, ours: str) -> bool:
    """Whether somebody else's line there adds it."""
    return any(
        one.path != ours and one.arguments[:1] and one.arguments[0].lower() == header.lower()
        for one in block.all("add_header")
    )


@dataclasses.dataclass(frozen=True)
class _Ours:
    """What our snippets say; called with the host, so that `host.once` reads it once for all sites of an nginx."""

    config: str
    http: Directive = dataclasses.field(compare=False)
    path: str

    def __call__(self, host: Host) -> Maps:
        own = self.http.block or ()
        lines = (one for one in nginx_blocks.everything(own) if one.path == self.path)
        return nginx_maps.read((one for one in own if one.name == "map"), lines)
