# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: the requests by which a fix sees that each header comes as wanted, and that the site answers as before."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
    nginx_blocks,
    proof,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.model import Want
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.nginx_blocks import (
    Block,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer, Request
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: No site has it, so that it shows an error page, or what the site makes of everything.
NOWHERE = "infosec-principles-nothing"
#: Front pages, other paths in all, and places of a site with headers of their own: each costs a request before and one
#: after. What is beyond that is judged again with the next assessment.
MAX_FRONTS, MAX_PATHS, MAX_PLACES = 200, 60, 4


def requests(host: Host, wants: t.Sequence[Want]) -> tuple[Change, ...]:
    """For each site its front page, a path that nobody has, and places with headers of their own."""
    paths = [(want, path) for want in wants for path in (f"/{NOWHERE}", *_places(want.vhost))]
    asked = [*((want, "/") for want in wants[:MAX_FRONTS]), *paths[:MAX_PATHS]]
    found = ((want, path, _answer(host, want.vhost, path)) for want, path in asked)
    return tuple(_request(want, path, answer) for want, path, answer in found if answer is not None)


def _answer(host: Host, vhost: Vhost, path: str) -> Answer | None:
    try:
        return vhost.ask(host, path)
    except HostError:
        return None


def _request(want: Want, path: str, before: Answer) -> Change:
    vhost = want.vhost
    return Request(
        title=f"see that {vhost.url}{printable(path)} is answered as before, with the headers that are wanted",
        address=vhost.address,
        port=vhost.port,
        name=vhost.asked,
        path=path,
        statuses=proof.statuses(vhost, path, before.status),
        tls=vhost.tls,
        content=before.content if vhost.tls and path == "/" else "",
        location=before.location,
        headers=tuple(_expected(want, before)),
        proxied=vhost.proxied,
    )


def _expected(want: Want, before: Answer) -> t.Iterator[tuple[str, str]]:
    """What a site sends by itself may differ from one answer to the next (the nonce of a policy)."""
    yield from ((name.lower(), value) for name, value in want.set.items())
    yield from ((name.lower(), value) for name, value in want.missing.items() if not before.all(name.lower()))
    yield from ((name.lower(), "") for name in want.drop)
    if want.banner and "".join(before.all("server")).startswith("nginx"):
        yield "server", "nginx"


def _places(vhost: Vhost) -> tuple[str, ...]:
    """Paths of locations with headers of their own."""
    found = (_path(block) for block in nginx_blocks.of(vhost.site) if block.all("add_header"))
    return tuple(dict.fromkeys(path for path in found if path))[:MAX_PLACES]


def _path(block: Block) -> str:
    """One that such a location takes, "" where there is none to be told or it might do something."""
    words = block.one.arguments
    if block.one.name != "location" or not words:
        return ""
    kind, pattern = (words[0], words[1]) if len(words) > 1 else ("", words[0])
    if kind == "=":
        sends_on = bool(nginx_blocks.families([block]))
        return "" if sends_on or not _is_plain(pattern) else pattern
    if kind in ("~", "~*"):
        return _fitting(pattern, ignoring=kind == "~*")
    return f"{pattern.rstrip('/')}/{NOWHERE}" if _is_plain(pattern) else ""


def _is_plain(path: str) -> bool:
    return bool(re.fullmatch(r"/[\w./-]*", path, re.ASCII))


def _fitting(pattern: str, *, ignoring: bool) -> str:
    """A path that a regular expression takes, as far as it is about the ending of names."""
    ending = re.search(r"\\\.\(?(?:\?:)?(\w+)", pattern, re.ASCII)
    path = f"/{NOWHERE}.{ending[1]}" if ending else ""
    try:
        return path if path and re.search(pattern, path, re.IGNORECASE if ignoring else 0) else ""
    except re.error:
        return ""
