# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Apache httpd: how the answers of its sites come to the headers that are wanted, by a file of our own."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import apache, common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.apache import Instance, Layout
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
    apache_snippet,
    proof,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.apache_snippet import (
    Ground,
    Place,
    Says,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.model import Want
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import read_now
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer, Request
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PRODUCT = "Apache httpd"
#: Sorts behind the others in its folder.
SNIPPET = "zz-infosec-headers.conf"
MARK = "infosec_principles_snippet"
MODULE = "headers_module"
HSTS = "Strict-Transport-Security"
_ANYWHERE = re.compile(r"(\*|_default_)(:(\d+|\*))?")
#: What is surely not there, so that asking for it does nothing.
NOWHERE = "infosec-principles-no-such-page"
#: So many sites are asked before the fix stands (all are judged again behind it), so many of them for more than the
#: front page, and for so many sections of each.
MOST_SITES, MOST_CLOSELY, MOST_SECTIONS = 20, 5, 3
#: Given before the sections of a configuration are looked at, so that none of them counts.
TOO_EARLY = (400, 408, 414, 421, 431)


@dataclasses.dataclass(frozen=True)
class _With:
    """The configuration as it would be with one more file; use as `host.once(_With(…))`."""

    layout: Layout
    path: str
    text: str

    def __call__(self, host: Host) -> tuple[Directive, ...]:
        return tuple(apache.parse(host, self.layout, {self.path: self.text}))


def plan(host: Host, wants: t.Sequence[Want]) -> tuple[Change, ...]:
    """What gives the sites of one Apache the headers that are wanted. Raises Refused or HostError.

    wants: all of the same instance. Sites that are not among them keep what an earlier run has given them.
    """
    instance = t.cast(Instance, wants[0].vhost.instance)
    common.refuse_broken(host, PRODUCT, instance.check)
    path = f"{instance.layout.root}/{instance.layout.snippets}/{SNIPPET}"
    load = _load(host, instance)
    later = _later(host, instance, path)
    for want in wants:
        _refuse_sections(later, want)
    written = (*load, *common.own_file(host, path, _text(host, path, instance, wants)), *_tokens(host, later, wants))
    if not written:
        raise Refused(
            f"{path} says so already, and the answers are others: look for <If> sections in .htaccess files, and for "
            f"pages that mod_cache keeps from before, which run out by themselves"
        )
    proofs = [one for want in wants[:MOST_SITES] for one in _proofs(host, want)]
    return (*written, *common.take_up(instance.run, PRODUCT, instance.check), *proofs)


def _text(host: Host, path: str, instance: Instance, wants: t.Sequence[Want]) -> str:
    places = {
        Place(name, port, site.tls) for site in instance.sites for port in site.ports for name in site.names or ("",)
    }
    try:
        said = {
            place: says for place, says in apache_snippet.read(read_now(host, path) or "").items() if place in places
        }
        for want in wants:
            place = Place(want.vhost.name, want.vhost.port, want.vhost.tls)
            new = Says(tuple(want.set.items()), tuple(want.missing.items()), want.drop, want.banner)
            said[place] = new.over(said.get(place, Says()))
        others = {other: said.get(first, Says()).without(HSTS) for other, first in _to_others(instance).items()}
        said.update({other: says for other, says in others.items() if says != Says()})
        main = frozenset(port for site in instance.sites if site.section is None for port in site.ports)
        return apache_snippet.render(said, Ground(frozenset((*places, *others)), main))
    except (ChangeError, OSError, ValueError) as exc:
        raise Refused(f"{path}: cannot be written ({exc})") from exc


def _to_others(instance: Instance) -> dict[Place, Place]:
    """What is served to all names that no site has, by the name of who serves it: the first site at each port.

    Such a name is not taught HSTS, since what it has in clear may be another site. Where sites have addresses of their
    own, the first of each address serves, which no expression can tell apart; names that a macro makes are not known.
    """
    if apache.made_by_macros(instance.tree):
        return {}
    found: dict[int, Place] = {}
    for site in instance.sites:
        if site.section and not all(_ANYWHERE.fullmatch(word) for word in site.section.arguments):
            return {}
        for port in site.ports:
            found.setdefault(port, Place((site.names or ("",))[0], port, site.tls))
    return {Place("", first.port, first.tls): first for first in found.values() if first.name}


# The module that sets headers


def _load(host: Host, instance: Instance) -> tuple[Change, ...]:
    """What loads it where it is not loaded: the link by which the distribution does so. Raises Refused."""
    if apache.loaded(instance.tree, MODULE):
        return ()
    root = instance.layout.root
    link, target = f"{root}/mods-enabled/headers.load", "../mods-available/headers.load"
    if not host.exists(f"{root}/mods-available/headers.load") or not host.exists(f"{root}/mods-enabled"):
        raise Refused(f"mod_headers is not loaded: have its configuration in {root} load headers_module, and run again")
    _refuse_dormant(host, instance, link)
    return (
        Command(
            title=f"load mod_headers ({link})",
            before="",
            after=f"{link} -> {target}\n",
            do=(("ln", "-s", target, link),),
            undo=(("rm", "--", link),),
            probe=("test", "-L", link),
        ),
    )


def _refuse_dormant(host: Host, instance: Instance, link: str) -> None:
    """Raise Refused where loading it would bring to life what nobody has seen at work."""
    tree = host.once(_With(instance.layout, link, f"LoadModule {MODULE} mod_headers.so\n"))
    known = {one.place for one in apache.flat(instance.tree)}
    dormant = [one.place for one in apache.flat(tree) if one.place not in known and common.place(one.place)[0] != link]
    if dormant:
        places = ", ".join(printable(place) for place in dormant[:3])
        raise Refused(
            f"mod_headers is not loaded, and loading it would bring to life what waits for it at {places}; look at "
            f"that, then: a2enmod headers"
        )


# What others say behind our file


def _later(host: Host, instance: Instance, path: str) -> tuple[Directive, ...]:
    """What outweighs our file: all that stands behind it, and in sections. Raises Refused where it is not read."""
    tree = host.once(_With(instance.layout, path, f"{MARK} on\n"))
    at = next((number for number, one in enumerate(tree) if one.name == MARK), None)
    if at is None:
        raise Refused(f"its configuration reads no files from {instance.layout.snippets}; include them there")
    before = [one for one in tree[:at] if one.block is not None and one.name not in ("if", "elseif", "else")]
    return (*before, *tree[at + 1 :])


def _refuse_sections(later: t.Iterable[Directive], want: Want) -> None:
    """Raise Refused where a section that is merged behind ours says something of a header that we would replace."""
    ours = {name.lower() for name in (*want.set, *want.drop)}
    for one in _conditional(one for one in later if one.name != "virtualhost" or one.place == want.vhost.place):
        named = {word.lower() for word in one.arguments} & ours if one.name == "header" else set()
        if named:
            raise Refused(
                f"{printable(one.place)}: {', '.join(sorted(named))} is set in an <If> section, which outweighs every "
                f"other; take it out there"
            )


def _conditional(block: t.Iterable[Directive], *, within: bool = False) -> t.Iterator[Directive]:
    """What stands in <If> sections."""
    for one in block:
        if one.block is not None:
            yield from _conditional(one.block, within=within or one.name in ("if", "elseif", "else"))
        elif within:
            yield one


def _tokens(host: Host, later: t.Iterable[Directive], wants: t.Sequence[Want]) -> tuple[Change, ...]:
    """What makes a ServerTokens behind ours, which counts for the whole server, say the same."""
    if not any(want.banner for want in wants):
        return ()
    edits: dict[str, list[Edit]] = {}
    for one in later:
        if one.name == "servertokens" and [word.lower() for word in one.arguments] not in (["prod"], ["productonly"]):
            path, number = common.place(one.place)
            edits.setdefault(path, []).append(Edit(*common.line(common.text(host, path), number), "ServerTokens Prod"))
    return common.edits(host, edits)


# Whether it worked


def _proofs(host: Host, want: Want) -> t.Iterator[Request]:
    """Requests whose answers have to have the headers, with the status of before."""
    closely = host.once(_asked_closely)
    if len(closely) < MOST_CLOSELY:
        closely.add(want.vhost.subject)
    front = f"/?{NOWHERE}" if _caches(want) else "/"
    for path in (front, f"/{NOWHERE}", *_sections(want)) if want.vhost.subject in closely else (front,):
        try:
            answer = want.vhost.ask(host, path)
        except HostError:
            return
        if answer.status not in TOO_EARLY:
            yield _proof(want, path, answer)


def _asked_closely(_host: Host) -> set[str]:
    """Sites that are asked for more in this run, however often they are planned; see `_proofs`."""
    return set()


def _caches(want: Want) -> bool:
    """Whether a page may come from a cache (mod_cache), with the headers of the day on which it went there."""
    return any(one.name == "cacheenable" for one in apache.flat(t.cast(Instance, want.vhost.instance).tree))


def _sections(want: Want) -> list[str]:
    """A page that is not there below each <Location> that says something of headers itself."""
    site = t.cast(apache.Site, want.vhost.site)
    found = [
        f"{one.arguments[0].rstrip('/')}/{NOWHERE}"
        for one in dict.fromkeys((*site.block, *site.main))
        if one.name == "location" and one.arguments[:1] != ("~",) and one.arguments[:1] and _speaks(one)
    ]
    return [path for path in dict.fromkeys(found) if path.startswith("/") and path.isascii()][:MOST_SECTIONS]


def _speaks(section: Directive) -> bool:
    return any(one.name == "header" for one in apache.flat(section.block or ()))


def _proof(want: Want, path: str, answer: Answer) -> Request:
    vhost = want.vhost
    expected = {**want.set, **{name: value for name, value in want.missing.items() if not answer.all(name.lower())}}
    expected.update(dict.fromkeys(want.drop, ""))
    expected.update({"Server": "Apache", "X-Powered-By": ""} if want.banner else {})
    return Request(
        title=f"see the headers of {vhost.url}{path}",
        address=vhost.address,
        port=vhost.port,
        name=vhost.asked,
        path=path,
        statuses=proof.statuses(vhost, path, answer.status),
        tls=vhost.tls,
        headers=tuple((name.lower(), value) for name, value in expected.items()),
        proxied=vhost.proxied,
    )
