# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The fix: what is sent on goes by verified TLS, where the other side answers so and the pages stay the same."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._upstreams import whereabouts
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._upstreams.model import (
    ENCRYPTED,
    Front,
    Proxy,
    Route,
    Secure,
    Target,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import requests
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._host import tls_peer
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Routes of one host that are mended in a run, each of which costs a request before and after.
MAX_ROUTES = 30
#: Seconds after which no further one is looked into; the engine ends a control after 30.
SECONDS = 12.0
#: Answers that the proxy may have given by itself, so that they prove nothing of what is behind it.
OWN = (400, 401, 403, 407, 421, 429)
#: Addresses of one name that are tried.
MAX_TRIED = 4
URL = re.compile(r"(?P<scheme>[a-z]+)://(?P<host>\[[^\]]+\]|[^:/\[\]]+)(?::(?P<port>\d+))?/?")
_PORTS = {"http": 80, "https": 443}


@dataclasses.dataclass(frozen=True)
class Settings:
    """moved: where an address (its host and port, whether it is in clear) answers by TLS (the option upstreams).

    folder: certificate_folder.
    """

    moved: t.Mapping[tuple[str, int, bool], tuple[str, int]]
    folder: str


def settings(options: t.Mapping[str, t.Any]) -> Settings:
    """From the module's options. Raises ValueError for what is no URL."""
    pairs = [((*_place(one["from"]), not _is_tls(one["from"])), _place(one["to"])) for one in options["upstreams"]]
    return Settings(dict(pairs), options["certificate_folder"].rstrip("/"))


def _is_tls(url: str) -> bool:
    return url.partition("://")[0] in ENCRYPTED


def _place(url: str) -> tuple[str, int]:
    match = URL.fullmatch(url)
    if not match:
        raise ValueError(f"upstreams: {url!r} is no URL such as http://app:8080")
    return match["host"].strip("[]").lower(), int(match["port"] or _PORTS.get(match["scheme"], 80))


@dataclasses.dataclass(frozen=True)
class Plan:
    """By subject of a route: the changes of its fix, or why there is none."""

    changes: t.Mapping[str, tuple[Change, ...]] = dataclasses.field(default_factory=dict)
    reasons: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


def of(host: Host, proxy: Proxy, routes: t.Sequence[Route], asked: Settings) -> Plan:
    """The fixes of one proxy: routes to the same servers are mended together. Raises NeedsRoot."""
    groups: dict[t.Hashable, list[Route]] = {}
    for route in routes:
        groups.setdefault(proxy.together(route), []).append(route)
    begun = time.monotonic()
    changes: dict[str, tuple[Change, ...]] = {}
    reasons: dict[str, str] = {}
    for number, group in enumerate(groups.values()):
        try:
            if number >= MAX_ROUTES or time.monotonic() - begun > SECONDS:
                raise Refused("others are mended first; run again")
            fix = _fix(host, proxy, group, asked)
            changes.update({route.subject: fix for route in group})
        except NeedsRoot:
            raise
        except (Refused, HostError) as exc:
            reasons.update({route.subject: str(exc) for route in group})
    return Plan(changes, reasons)


def _fix(host: Host, proxy: Proxy, group: t.Sequence[Route], asked: Settings) -> tuple[Change, ...]:
    for route in group:
        if route.kept:
            raise Refused(route.kept)
    to = {target: _secure(host, route, target, asked) for route in group for target in route.targets}
    checks = [_check(host, proxy, route) for route in group]
    return (*proxy.changes(host, group, to), *checks)


def _secure(host: Host, route: Route, target: Target, asked: Settings) -> Secure:
    """How a target is reached by verified TLS. Raises Refused."""
    if not target.host:
        raise Refused("a unix socket is among its servers, and TLS would be asked of that as well")
    named, port = asked.moved.get((target.host.lower(), target.port, target.clear), (target.host, target.port))
    name = route.name or named
    if _is_address(name):
        raise Refused(
            f"{printable(target.name)} has no name that a certificate could be verified by; say its name in upstreams "
            f"(from: {printable(target.name)}, to: https://NAME:PORT)"
        )
    found = whereabouts.resolve(host, named)
    if not found:
        raise Refused(f"this host does not know the address of {printable(named)}")
    return Secure(named, port, name, _authorities(host, found, port, name, asked.folder))


def _authorities(host: Host, found: t.Sequence[str], port: int, name: str, folder: str) -> str:
    """The file by which the certificates of all addresses verify."""
    said = "this host has no authorities to verify it by"
    for path in (tls_peer.bundle(host), f"{folder}/ca.pem"):
        if path and host.exists(path):
            refusals = [tls_peer.refusal(host, address, port, name, path) for address in found[:MAX_TRIED]]
            if not any(refusals):
                return path
            said = next(filter(None, refusals))
    raise Refused(
        f"{printable(name)} port {port} does not answer by TLS with a certificate that verifies: {printable(said)}"
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _check(host: Host, proxy: Proxy, route: Route) -> Change:
    """A request that comes by there, and is to be answered as it is now. Raises Refused or HostError."""
    if route.front is None:
        raise Refused("no request could be made up that comes by there, to see that it is answered as before")
    answer = _answer(host, proxy, route.front)
    if answer.status >= 500 or answer.status in OWN:
        raise Refused(f"its answer is {answer.status} as it is, so nothing could show that it is answered as before")
    front = route.front
    scheme = "https" if front.tls else "http"
    return Request(
        title=f"see that {scheme}://{front.name}:{front.port}{printable(front.path)} is answered as before",
        address=proxy.run.near(front.port),
        port=front.port,
        name=front.name,
        path=front.path,
        statuses=(answer.status,),
        tls=front.tls,
        content=answer.content,
    )


def _answer(host: Host, proxy: Proxy, front: Front) -> requests.Answer:
    plain = host.connect(proxy.run.near(front.port), front.port, timeout=requests.TIMEOUT)
    try:
        return requests.ask(plain, front.name, front.path, tls=front.tls)
    except (OSError, ValueError) as exc:
        raise Refused(f"port {front.port} does not answer a request as it is ({exc})") from exc
