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
    """The answers to a path and to what it led to on the same site, below the same path. led: where it went at last."""

    path: str
    answers: tuple[Answer, ...]
    led: str

    @property
    def slashed(self) -> bool:
        """Whether the first answer only added the closing slash."""
        return len(self.answers) > 1 and urllib.parse.urlsplit(self.answers[0].location).path == f"{self.path}/"

    def shows(self, interface: Interface) -> bool:
        """Whether one of the answers is the interface's."""
        return any(interface.known(answer) for answer in self.answers)

    def evidence(self, vhost: Vhost, interface: Interface) -> Evidence:
        """What came, for a finding."""
        status = next(one.status for one in self.answers if interface.known(one))
        return Evidence(f"GET {vhost.url}{printable(self.path)}", f"{status}, as {interface.title} answers")


def nowhere(host: Host) -> str:
    """A path that no site has, the same for a run; use as `host.once(asking.nowhere)`."""
    return f"/{secrets.token_hex(8)}/"


#: Gives the answer to a path. Raises HostError.
Ask = t.Callable[[str], Answer]


def chain(ask: Ask, vhost: Vhost, path: str) -> Chain:
    """Ask for a path, and follow where it leads on the site. Raises HostError."""
    answers, asked = [ask(path)], [path]
    while answers[-1].status in LED and len(answers) <= STEPS:
        target = _target(vhost, asked[-1], answers[-1].location)
        # What leads to another path of the site is found there.
        if not target.startswith(path.partition("?")[0]) or target in asked:
            break
        asked.append(target)
        answers.append(ask(target))
    return Chain(path, tuple(answers), urllib.parse.urljoin(vhost.url + asked[-1], answers[-1].location))


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
    last = answered.answers[-1]
    if last.status not in LED:
        return False
    leads = urllib.parse.urlsplit(answered.led)
    scheme = "https" if vhost.tls else "http"
    return (leads.scheme, leads.hostname) != (scheme, vhost.asked.lower()) and leads.path.startswith(
        urllib.parse.urlsplit(answered.path).path
    )


def same(one: Chain, other: Chain) -> bool:
    """Whether two paths get the very same answer."""
    return [(answer.status, answer.body) for answer in one.answers] == [
        (answer.status, answer.body) for answer in other.answers
    ]


def by_header(interface: Interface, answers: t.Iterable[Answer]) -> bool:
    """Whether it is known by a header, which no page that somebody writes on a site has."""
    return any(mark.header and mark.fits(answer) for mark in interface.marks for answer in answers)
