# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Asking a site for a page, and what of the answers tells that an interface is there.

A page for everything is seen through by a path that nobody has: what that one carries as well tells nothing of others.
"""

from __future__ import annotations

import dataclasses
import secrets
import typing as t
import urllib.parse

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Interface,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import requests
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Redirects that are followed on a site; a login page is one or two away.
STEPS = 2
LED_FOR_NOW = (302, 303, 307)
LED = (301, 308, *LED_FOR_NOW)
GONE = (404, 410)


@dataclasses.dataclass(frozen=True)
class Chain:
    """The answers to a path and to what it led to on the same site, below the same path; their pages are not kept.

    pages: status and digest of each. led: where it went at last. slashed: the first only added the closing slash.
    shown: the keys of the interfaces that it was looked at for and shows, with the status. headed: those of them that
    a header tells, which no page that somebody writes on a site has.
    """

    path: str
    pages: tuple[tuple[int, str], ...]
    led: str
    slashed: bool
    shown: t.Mapping[str, int]
    headed: frozenset[str]

    @property
    def status(self) -> int:
        """Of the first answer."""
        return self.pages[0][0]

    def evidence(self, vhost: Vhost, interface: Interface) -> Evidence:
        """What came, for a finding."""
        came = f"{self.shown[interface.key]}, as {interface.title} answers"
        return Evidence(f"GET {vhost.url}{printable(self.path)}", came)


def nowhere(host: Host) -> str:
    """A path that no site has, the same for a run; use as `host.once(asking.nowhere)`."""
    return f"/{secrets.token_hex(8)}/"


#: Gives the answer to a path. Raises HostError.
Ask = t.Callable[[str], Answer]


def chain(ask: Ask, vhost: Vhost, path: str, interfaces: t.Iterable[Interface]) -> Chain:
    """Ask for a path, follow where it leads on the site, and look for the marks of interfaces. Raises HostError."""
    answers, asked = [ask(path)], [path]
    while answers[-1].status in LED and len(answers) <= STEPS:
        target = _target(vhost, asked[-1], answers[-1].location)
        # What leads to another path of the site is found there.
        if not target.startswith(path.partition("?")[0]) or target in asked:
            break
        asked.append(target)
        answers.append(ask(target))
    fits = [
        (one.key, mark, answer) for one in interfaces for mark in one.marks for answer in answers if mark.fits(answer)
    ]
    return Chain(
        path,
        tuple((answer.status, requests.digest(answer.body)) for answer in answers),
        urllib.parse.urljoin(vhost.url + asked[-1], answers[-1].location),
        len(answers) > 1 and urllib.parse.urlsplit(answers[0].location).path == f"{path}/",
        {key: answer.status for key, _mark, answer in fits},
        frozenset(key for key, mark, _answer in fits if mark.header),
    )


def _target(vhost: Vhost, path: str, location: str) -> str:
    """The path of this site that a redirect leads to, "" for another site.

    An application behind a proxy often says http where its visitors come by https, so that the scheme is no other site.
    """
    try:
        leads = urllib.parse.urlsplit(urllib.parse.urljoin(vhost.url + path, location))
    except ValueError:
        return ""
    if leads.hostname != vhost.asked.lower():
        return ""
    return urllib.parse.quote(leads.path, safe="/%:@!$&'()*+,;=~-._") + (f"?{leads.query}" if leads.query else "")


def elsewhere(vhost: Vhost, answered: Chain) -> bool:
    """Whether what was asked for lies on another site (http that leads to https, a name that leads to another)."""
    if answered.pages[-1][0] not in LED:
        return False
    leads = urllib.parse.urlsplit(answered.led)
    scheme = "https" if vhost.tls else "http"
    return (leads.scheme, leads.hostname) != (scheme, vhost.asked.lower()) and leads.path.startswith(
        urllib.parse.urlsplit(answered.path).path
    )
