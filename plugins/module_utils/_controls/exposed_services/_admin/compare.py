# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""That the rest of a site answers as before: pages that are asked for before a fix, and again by the fix."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import PAGE_BYTES, Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Found,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import requests
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer, Request
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Pages of one site, and sites of one server, that are compared.
PAGES, SITES = 8, 20
_LINK = re.compile(rb"""<(a|link|script|img)\b[^>]{0,500}?\b(?:href|src)\s*=\s*["']?([^"'\s>]{1,500})""", re.IGNORECASE)
#: What a mere visit could change.
_ACTS = re.compile(r"log-?out|sign-?out|delete|remove|unsubscribe|[?;]", re.IGNORECASE)


def unchanged(host: Host, shuts: t.Sequence[Shut], others: t.Sequence[Vhost]) -> tuple[Change, ...]:
    """Requests that want the answers of now: of the sites where something is shut, then of the server's others."""
    shut = [one.found for one in shuts]
    sites = list(dict.fromkeys((*(one.at for one in shut), *others)))[:SITES]
    changes: list[Change] = []
    for vhost in sites if any(one.at.instance is not None for one in shut) else ():
        closed = [one.path for one in shut if one.at.place == vhost.place]
        changes += _of(host, vhost, closed, PAGES if closed else 1)
    return tuple(changes)


def _of(host: Host, vhost: Vhost, closed: t.Sequence[str], most: int) -> t.Iterator[Change]:
    try:
        front = vhost.ask(host, "/")
    except HostError:
        return
    paths = [path for path in ("/", *_links(vhost, front.body)) if not any(_lies_in(path, one) for one in closed)]
    for path in list(dict.fromkeys(paths))[:most]:
        request = _request(host, vhost, path)
        if request is not None:
            yield request


def _lies_in(path: str, closed: str) -> bool:
    """Whether a path is closed with another one."""
    one, other = (each.lower().rstrip("/") for each in (path, closed))
    return one == other or one.startswith(f"{other}/")


def _links(vhost: Vhost, body: bytes) -> t.Iterator[str]:
    """Paths of the same site that the page names, what it is made of before where it leads."""
    found = [(kind.lower(), link.decode("utf-8", "replace")) for kind, link in _LINK.findall(body)]
    for _kind, link in sorted(found, key=lambda one: one[0] == b"a"):
        try:
            leads = urllib.parse.urlsplit(urllib.parse.urljoin(f"{vhost.url}/", link))
        except ValueError:
            continue
        if f"{leads.scheme}://{leads.netloc}" == vhost.url and not _ACTS.search(link) and leads.path.isascii():
            yield urllib.parse.quote(leads.path, safe="/%:@!$&'()*+,=~-._")


def _request(host: Host, vhost: Vhost, path: str) -> Request | None:
    """The answer as it is to be; None where it does not even answer twice in one way."""
    try:
        first, second = vhost.ask(host, path, anew=True), vhost.ask(host, path, anew=True)
    except HostError:
        return None
    if (first.status, first.content) != (second.status, second.content) or first.status >= 500:
        return None
    return Request(
        title=f"see that {vhost.url}{printable(path)} is answered as before",
        address=vhost.address,
        port=vhost.port,
        name=vhost.asked,
        path=path,
        statuses=(first.status,),
        tls=vhost.tls,
        content=first.content,
        digest=requests.digest(first.body) if _still(first, second) else "",
        proxied=vhost.proxied,
    )


def _still(first: Answer, second: Answer) -> bool:
    """Whether it is a file, and no page that is made anew: one with a clock on it is another one a minute later."""
    dated = ("etag", "last-modified")
    unmade = any(first.all(name) and first.all(name) == second.all(name) for name in dated)
    return unmade and first.body == second.body and len(first.body) < PAGE_BYTES


def others(found: t.Sequence[Found], all_sites: t.Iterable[Vhost]) -> tuple[Vhost, ...]:
    """The first name of each other site of the servers on which something is shut."""
    runs = {one.at.run for one in found}
    first: dict[tuple[str, int], Vhost] = {}
    for one in all_sites:
        if one.run in runs:
            first.setdefault((one.place, one.port), one)
    return tuple(first.values())
