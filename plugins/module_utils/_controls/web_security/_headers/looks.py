# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What is seen of a site by real requests to it: where it leads, and what it answers there."""

from __future__ import annotations

import dataclasses
import functools
import re
import time
import typing as t
import urllib.parse

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import strangers
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer
from ansible_collections.infosec.principles.plugins.module_utils._formats import front_page
from ansible_collections.infosec.principles.plugins.module_utils._formats.front_page import FrontPage
from ansible_collections.infosec.principles.plugins.module_utils._formats.observatory import Site
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets, together
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Steps of a redirect that are followed, as browsers do, nearly.
MOST_STEPS = 8
#: Seconds for all requests of a host; the engine ends a control after 30.
SECONDS = 20.0
#: Another site, as which it is asked whether that may read its answers. The name is nobody's (RFC 2606).
STRANGER = "https://stranger.example"
#: What Observatory grades: an answer with a page, or one for those who log in.
GRADED = (401, 403)


@dataclasses.dataclass(frozen=True)
class Look:
    """What was seen of one site. answer: where it leads to at its own place, None where nothing came (why).

    route: addresses from "/" on. led: the address elsewhere that it leads to, "" where it does not. path: of answer.
    good: whether its certificate is one that visitors take.
    """

    vhost: Vhost
    answer: Answer | None = None
    first: Answer | None = None
    why: str = ""
    route: tuple[str, ...] = ()
    led: str = ""
    path: str = "/"
    good: bool = False
    cors: Answer | None = None
    page: FrontPage = dataclasses.field(default_factory=FrontPage)

    @property
    def graded(self) -> bool:
        """Whether there is something to grade."""
        return self.answer is not None and not self.led and (self.answer.status < 400 or self.answer.status in GRADED)

    @property
    def to_tls(self) -> bool:
        """Whether whoever comes is led to TLS in the end."""
        return bool(self.led) and self.route[-1].startswith("https:")


@dataclasses.dataclass(frozen=True)
class Looks:
    """All of them, by subject; unseen: those for which there was no time."""

    all: tuple[Look, ...]

    def twin(self, look: Look, *, tls: bool) -> Look | None:
        """The same name of the same kind of port: 80 for clear, 443 for TLS, else any."""
        usual = 443 if tls else 80
        same = [one for one in self.all if one.vhost.name == look.vhost.name and one.vhost.tls == tls]
        return next((one for one in same if one.vhost.port == usual), same[0] if same else None)


def read(host: Host, served: t.Sequence[Vhost]) -> Looks:
    """Ask all of them, several at once, since most of the time is theirs."""
    deadline = time.monotonic() + SECONDS
    outside = [one for one in served if not _for_itself(one)]
    return Looks(tuple(together.each([functools.partial(_look, host, one, served, deadline) for one in outside])))


def _for_itself(vhost: Vhost) -> bool:
    return all(map(sockets.is_loopback, vhost.run.addresses(vhost.port) or (vhost.address,)))


def _look(host: Host, vhost: Vhost, served: t.Sequence[Vhost], deadline: float) -> Look:
    if time.monotonic() > deadline:
        return Look(vhost, why=f"the requests to this host's sites took longer than {SECONDS:g} s")
    way = _Way(vhost)
    try:
        while way.here is not None and len(way.route) <= MOST_STEPS and time.monotonic() < deadline:
            way.step(way.here.ask(host, way.path), served)
    except HostError as exc:
        if way.first is None:
            return Look(vhost, why=str(exc))
    led = way.route[-1] if way.left else ""
    return _seen(host, Look(vhost, way.last, way.first, route=tuple(way.route), led=led, path=way.own_path))


class _Way:
    """Where redirects lead from the front page of a site on.

    here, path: whom to ask next, and for what; None at the end. left: whether it is elsewhere. first, last: the first
    answer, and the last one of the site's own (own_path).
    """

    def __init__(self, vhost: Vhost) -> None:
        self._vhost = vhost
        self.here: Vhost | None = vhost
        self.path = self.own_path = "/"
        self.route = [f"{vhost.url}/"]
        self.first: Answer | None = None
        self.last: Answer | None = None
        self.left = False

    def step(self, answer: Answer, served: t.Sequence[Vhost]) -> None:
        """Take an answer, and go where it leads."""
        self.first = self.first or answer
        if not self.left:
            self.last, self.own_path = answer, self.path
        target = _target(self.route[-1], answer)
        self.here = None
        if target:
            self.route.append(target)
            self.here, self.path = _place(target, served)
            own = self.here is not None and (self.here.port, self.here.asked) == (self._vhost.port, self._vhost.asked)
            self.here, self.left = (self._vhost, False) if own else (self.here, True)


def _target(base: str, answer: Answer) -> str:
    """Where an answer leads to; "" for nowhere."""
    if answer.status not in (301, 302, 303, 307, 308) or not answer.location:
        return ""
    try:
        target = urllib.parse.urlsplit(urllib.parse.urljoin(base, answer.location[:4096]))
        port = target.port
    except ValueError:
        return ""
    if target.scheme not in ("http", "https") or not target.hostname or not re.fullmatch(r"[!-~]*", target.geturl()):
        return ""
    usual = port in (None, 443 if target.scheme == "https" else 80)
    query = f"?{target.query}" if target.query else ""
    name = f"[{target.hostname}]" if ":" in target.hostname else target.hostname
    return f"{target.scheme}://{name}{'' if usual else f':{port}'}{target.path or '/'}{query}"


def _place(target: str, served: t.Sequence[Vhost]) -> tuple[Vhost | None, str]:
    """The site of this host behind an address, and the path to ask it for; which of a port's sites it is, it knows."""
    parts = urllib.parse.urlsplit(target)
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    name = parts.hostname or ""
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    there = [one for one in served if (one.port, one.tls) == (port, tls)]
    named = [one for one in there if one.asked == name]
    wild = [one for one in there if covers(one.name, name)]
    # A name that is served here in clear, and by TLS along with all others.
    others = [one for one in there if not one.name] if any(one.asked == name for one in served) else []
    found = (*named, *(dataclasses.replace(one, name=name) for one in (*wild, *others)))
    return (found[0] if found else None), path


def covers(written: str, name: str) -> bool:
    """Whether a name of a configuration, which may begin with a wildcard, stands for another."""
    if written[:2] == "*." or written[:1] == ".":
        return name.endswith(written.lstrip("*"))
    return written == name


def _seen(host: Host, look: Look) -> Look:
    """With what else is asked of a site: its certificate, its front page, and what other sites may read."""
    vhost = look.vhost
    certificate = strangers.shown(host, vhost) if vhost.tls else None
    # Whom a site without a name is for, its certificate says.
    good = certificate is not None and strangers.fits(host, certificate, vhost.asked if vhost.name else "")
    look = dataclasses.replace(look, good=good)
    if look.led or look.answer is None:
        return look
    page = front_page.parse(look.answer.body) if look.answer.content in front_page.HTML_TYPES else FrontPage()
    return dataclasses.replace(look, page=page, cors=_asked_by_stranger(host, look))


def _asked_by_stranger(host: Host, look: Look) -> Answer | None:
    try:
        return look.vhost.ask(host, look.path, headers={"Origin": STRANGER})
    except HostError:
        return None


def site(look: Look, looks: Looks) -> Site:
    """A look as Observatory grades it: with the way that visitors in clear are led, and the headers by TLS."""
    answer = look.answer or Answer(0)
    clear = look if not look.vhost.tls else looks.twin(look, tls=False)
    route = clear.route if clear is not None and clear.answer is not None else ()
    secured = look if look.vhost.tls else looks.twin(look, tls=True)
    first = secured.first.headers if secured is not None and secured.first is not None else None
    return Site(
        look.vhost.asked,
        answer.headers,
        content=answer.content,
        page=look.page,
        tls=look.vhost.tls,
        secured=first,
        verified=secured is None or secured.good,
        route=route,
        origin=STRANGER,
        cors=look.cors.headers if look.cors else (),
    )


def hangs_up(vhost: Vhost) -> bool:
    """Whether it is nginx's way to serve nothing to those who name no site."""
    found = (*getattr(vhost.site, "block", ()),) if vhost.product == "nginx" else ()
    shut = (("return", ("444",)), ("ssl_reject_handshake", ("on",)))
    return any((one.name, one.arguments) in shut for one in found)
