# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which web administration answers here: by what configurations say, and by what sites answer.

Asked are this host's own web servers, and the ports of programs that the table knows; never a port of anything else.
A site that has several names is asked by its first.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import time
import typing as t
import urllib.parse

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
    asking,
    configured,
    django,
    fixes,
    programs,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.asking import Chain
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.configured import (
    Candidate,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.django import Admin
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Found,
    Interface,
    Kept,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import together
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Seconds after which nothing more is asked; reading logs takes some too, and the engine ends a control after 30.
SECONDS = 8.0
#: Seconds for the head of an answer, and for its body.
ANSWER = 3.0
#: Paths that one site is asked for at most.
MOST = 150
#: Paths that one connection is asked for.
TURN = 20
#: Failures after which a site is not asked any more, since each may take seconds.
FAILURES = 2
#: What strangers get where a server asks for a password, or for an address, before an application is asked.
GUARDS = (401, 403)
#: Pages of interfaces that no redirect leads to.
HIDDEN_PAGES = tuple(dict.fromkeys(one.page for one in INTERFACES if one.page.startswith(("-", "api"))))


@dataclasses.dataclass(frozen=True)
class Looked:
    """What was found, and what could not be looked at: subject and why."""

    found: tuple[Found, ...]
    unseen: tuple[tuple[str, str], ...]


@dataclasses.dataclass
class Site:
    """A site while it is asked. kept: what earlier runs shut, which no answer may show any more.

    answered: by path. nowhere: what it says to any path. failed: why one has no answer.
    """

    vhost: Vhost
    candidates: tuple[Candidate, ...]
    kept: tuple[Kept, ...] = ()
    nowhere: Chain | None = None
    answered: dict[str, Chain] = dataclasses.field(default_factory=dict)
    failed: dict[str, str] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def asks(self) -> dict[str, dict[Interface, None]]:
        """What to ask for, the surest first, and what to look for there."""
        asked: dict[str, dict[Interface, None]] = {}
        for one in self.candidates:
            for path in _pages(one):
                asked.setdefault(path, {}).update(dict.fromkeys((one.interface,) if one.interface else INTERFACES))
        return asked

    def looks_for(self, path: str) -> tuple[Interface, ...]:
        """The interfaces that an answer to the path may be of."""
        return tuple(self.asks[path])

    @property
    def paths(self) -> tuple[str, ...]:
        """What is asked for; of a site that leads elsewhere what its configuration says alone."""
        away = self.nowhere is not None and asking.elsewhere(self.vhost, self.nowhere)
        named = {path for one in self.candidates if one.by for path in _pages(one)} if away else self.asks
        return tuple(itertools.islice((path for path in self.asks if path in named), MOST))

    @property
    def left(self) -> tuple[str, ...]:
        """Those that have no answer; none where the site gave none to begin with."""
        return () if self.nowhere is None else tuple(path for path in self.paths if path not in self.answered)

    @property
    def problem(self) -> str:
        """Why it is not known what it has; "" where it is."""
        if self.failed:
            return next(iter(self.failed.values()))
        return f"it answers slowly, and {len(self.left)} of {len(self.paths)} known paths are left" if self.left else ""


def _pages(one: Candidate) -> tuple[str, ...]:
    """What to ask for, to see whether it is there."""
    if one.interface is None:
        return (one.path, *(_below(one.path, page) for page in (HIDDEN_PAGES if one.sent_on else ())))
    return tuple(dict.fromkeys((_below(one.path, one.interface.page), *((one.path,) if one.by else ()))))


def _below(path: str, page: str) -> str:
    return f"{path.rstrip('/')}/{page}" if page else path


def find(host: Host, ports: t.Sequence[Vhost] = ()) -> Looked:
    """Every interface on the sites, and at the ports (of programs of the table)."""
    read = host.once(vhosts.read)
    sites = [_site(host, one) for one in _first_names(read.all)]
    sites += [Site(one, tuple(_of_program(one))) for one in ports]
    sites += [_of_project(*one) for one in django.ports(host)]
    ask(host, sites)
    found = tuple(one for site in sites for one in _found(site))
    unseen = [(site.vhost.subject, site.problem) for site in sites if site.problem]
    return Looked(found, (*(("web servers", problem) for problem in read.problems), *unseen))


def _site(host: Host, vhost: Vhost) -> Site:
    return Site(vhost, tuple(map(_typed, _candidates(host, vhost))), fixes.kept(host, vhost))


def _first_names(found: t.Iterable[Vhost]) -> t.Iterator[Vhost]:
    """One a site and port; those that answer everything by one redirect have nothing else."""
    seen = set()
    for one in found:
        place = (one.product, one.run, one.place, one.port)
        if place not in seen and not configured.leads_away(one):
            seen.add(place)
            yield from _each_name(one)


def _each_name(one: Vhost) -> t.Iterator[Vhost]:
    names = configured.names(one) if one.product == "HAProxy" else (one.name,)
    yield from (dataclasses.replace(one, name=name) for name in names)


def _candidates(host: Host, vhost: Vhost) -> t.Iterator[Candidate]:
    """By configuration, by project, and what is known of all sites: the likeliest paths of all interfaces first."""
    yield from configured.candidates(host, vhost)
    admins = host.once(django.read)
    if vhost.product == "Apache httpd":
        admins += tuple(one for folder in django.of_apache(vhost) for one in django.below(host, folder))
    kinds = {one.key: one for one in INTERFACES if configured.may_have(vhost, one)}
    if "django" in kinds:
        yield from (Candidate(one.path, kinds["django"], one.by, guarded=True) for one in admins)
    for number in range(max((len(one.paths) for one in kinds.values()), default=0)):
        yield from (Candidate(one.paths[number], one) for one in kinds.values() if number < len(one.paths))


def _of_project(run: Running, port: int, admins: t.Sequence[Admin]) -> Site:
    """A project that is served without a web server before it."""
    vhost = Vhost("Django", run, "", run.near(port), port, tls=False, place="", instance=None)
    (interface,) = (one for one in INTERFACES if one.key == "django")
    return Site(vhost, tuple(_typed(Candidate(one.path, interface, one.by)) for one in admins))


def _typed(one: Candidate) -> Candidate:
    """With its path as a browser asks for it: names of files, and sources of others, may have any characters."""
    path = urllib.parse.quote(one.path, safe="/%:@!$&'()*+,;=~-._", errors="surrogateescape")
    return dataclasses.replace(one, path=path)


def _of_program(vhost: Vhost) -> t.Iterator[Candidate]:
    """What a program of the table may have at its port; one that has nothing else there has it, whatever it answers."""
    keys = programs.BY_NAME[vhost.product].keys
    for interface in (one for one in INTERFACES if one.key in keys):
        by = (Evidence(vhost.run.unit or "process", f"{vhost.product} listens on port {vhost.port}"),)
        for path in interface.paths:
            yield Candidate(path, interface, by, sure=path == "/" and len(keys) == 1)


# Asking


def ask(host: Host, sites: t.Sequence[Site]) -> None:
    """Ask all, several at a time, until time is up; what did not answer is asked once more, as it may have slept."""
    deadline = time.monotonic() + SECONDS
    path = host.once(asking.nowhere)
    together.each([functools.partial(_nowhere, host, site, path, deadline) for site in sites])
    for _time in range(2):
        asked = [list(_turns(host, site, deadline)) for site in sites]
        # In turn, so that the likeliest paths of all sites come before the others of any.
        together.each([one for row in itertools.zip_longest(*asked) for one in row if one is not None])


def _nowhere(host: Host, site: Site, path: str, deadline: float) -> None:
    try:
        if time.monotonic() > deadline:
            raise HostError("others answer so slowly that it was not asked in time")
        with site.vhost.channel(host, seconds=ANSWER) as ask_:
            site.nowhere = asking.chain(ask_, site.vhost, path, INTERFACES)
    except HostError as exc:
        site.failed[path] = str(exc)


def _turns(host: Host, site: Site, deadline: float) -> t.Iterator[t.Callable[[], None]]:
    """What is left to ask of a site, so many paths at a time."""
    if site.nowhere is not None:
        site.failed = {}
    left = site.left
    for at in range(0, len(left), TURN):
        yield functools.partial(_some, host, site, left[at : at + TURN], deadline)


def _some(host: Host, site: Site, paths: t.Sequence[str], deadline: float) -> None:
    with site.vhost.channel(host, seconds=ANSWER) as ask_:
        for path in paths:
            if len(site.failed) >= FAILURES or time.monotonic() > deadline:
                return
            try:
                site.answered[path] = asking.chain(ask_, site.vhost, path, site.looks_for(path))
            except HostError as exc:
                site.failed[path] = str(exc)


# Judging the answers


def _found(site: Site) -> tuple[Found, ...]:
    """Each interface where it is found first; what lies below one of its places is no further one."""
    found: dict[tuple[str, str], Found] = {}
    for one in site.candidates:
        for interface in (one.interface,) if one.interface else INTERFACES:
            hit = _hit(site, one, interface)
            if hit is not None:
                found.setdefault((interface.key, hit.path), hit)
    for interface, kept in itertools.product(INTERFACES, site.kept):
        if interface.title == kept.title:
            by = (Evidence(kept.place, "shut by an earlier run"),)
            found.setdefault((interface.key, kept.path), Found(interface, site.vhost, kept.path, by))
    whole = [key for key, path in found if path == "/"]
    sure = {one.interface.key for one in site.candidates if one.sure and one.interface}
    return tuple(
        one
        for (key, path), one in sorted(found.items())
        if not any(key == other and path != above and path.startswith(_folder(above)) for other, above in found)
        # A page that looks like several programs at once is none of them.
        and (path != "/" or len(whole) == 1 or key in sure)
    )


def _folder(path: str) -> str:
    return path if path.endswith("/") else f"{path}/"


def _hit(site: Site, one: Candidate, interface: Interface) -> Found | None:
    """The interface at the candidate's place, where an answer tells it or the configuration does."""
    came = [site.answered[path] for path in _pages(one) if path in site.answered]
    fitting = [answer for answer in came if interface.key in answer.shown]
    if fitting and not _anywhere(site, one, interface, came):
        by = (*one.by, fitting[0].evidence(site.vhost, interface))
        return Found(interface, site.vhost, _path(one, came), by, _doubt(site, one, interface, fitting))
    there = one.sure and not any(_absent(site, answer) for answer in came)
    if came and (there or (one.guarded and all(_guarded(site, answer) for answer in came))):
        status = Evidence(f"GET {site.vhost.url}{one.path}", str(came[-1].status))
        return Found(interface, site.vhost, one.path, (*one.by, status))
    return None


def _anywhere(site: Site, one: Candidate, interface: Interface, came: t.Sequence[Chain]) -> bool:
    """Whether every path of the site shows it; that is right for a program that has the whole site alone."""
    if site.nowhere is None or interface.key not in site.nowhere.shown:
        return False
    written = site.vhost.instance is not None and not one.sure and interface.key not in site.nowhere.headed
    return one.path != "/" or (written and any(answer.pages == site.nowhere.pages for answer in came))


def _doubt(site: Site, one: Candidate, interface: Interface, fitting: t.Sequence[Chain]) -> str:
    """Why a person has to say so first; what a page says does not do to close a whole site: anybody may write it."""
    if configured.tells_names(site.vhost):
        return "what HAProxy shuts it shuts for all names of this port; close it in the server behind"
    headed = any(interface.key in answer.headed for answer in fitting)
    if one.path != "/" or site.vhost.instance is None or one.sure or headed:
        return ""
    return f"nothing but a page says that the whole site is {interface.title}"


def _guarded(site: Site, answer: Chain) -> bool:
    """Whether this path alone is kept from strangers."""
    return answer.status in GUARDS and site.nowhere is not None and site.nowhere.status not in GUARDS


def _absent(site: Site, answer: Chain) -> bool:
    """Whether nothing is there: not found, led to another site, or what any other path gets."""
    if answer.status in asking.GONE or asking.elsewhere(site.vhost, answer):
        return True
    # A login before everything leads all paths to one place, for now; what has moved for good is not there.
    login = answer.status in asking.LED_FOR_NOW
    same = site.nowhere is not None and answer.pages == site.nowhere.pages
    return same and answer.path != "/" and not login


def _path(one: Candidate, shown: t.Sequence[Chain]) -> str:
    """With the closing slash that the site adds."""
    return f"{one.path}/" if any(answer.slashed and answer.path == one.path for answer in shown) else one.path
