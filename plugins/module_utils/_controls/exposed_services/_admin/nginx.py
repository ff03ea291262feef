# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: whom it lets in to a path, and how a path is shut at all of its locations at once.

Shut by one `if` at the beginning of the server: it is asked before any location is chosen, before access rules and
`satisfy any`, and anew for internal redirects (try_files, index, error_page, X-Accel-Redirect), by the path as nginx
decoded it. A `rewrite` alone leads on to another location without asking the server again; where one may lead to the
path, the same line stands in the locations too.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import networks
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import AddressSet
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common, nginx, nginx_locations
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.nginx import Instance, Site
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
    doors,
    spellings,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.doors import Door
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    HEADER,
    Admission,
    Found,
    Kept,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PRODUCT = "nginx"
#: The value of each is 1 for requests that are turned away: of the path, of clients that are not declared.
SHUT, STRANGER = "$infosec_admin_", "$infosec_stranger_"
#: What is said to those turned away: the first whose page no error_page makes into an answer of another kind.
STATUSES = ("403", "404", "410")
#: What ngx_http_rewrite_module goes through in the order in which it stands.
REWRITES = ("return", "rewrite", "if", "set", "break", "rewrite_by_lua_block", "rewrite_by_lua_file")
PROOFS = ("auth_basic", "auth_request", "auth_jwt")
#: Files that a page below a path may be.
SAMPLES = ("/", "/index.php", "/index.html")


# Who gets in


def admission(host: Host, found: Found) -> Admission:
    """What the effective configuration says: our own line, allow, deny, satisfy, and whose word on addresses counts."""
    site: Site = found.at.site
    admitted, evidence = _by_rules(site, found.path)
    ours, why = _by_ours(site, found.path)
    narrow = admitted & ours
    spoofed = tuple(one for one in _trusted(site) if one.arguments[:1] in (("0.0.0.0/0",), ("::/0",)))
    if spoofed and narrow:
        narrow, why = networks.EVERYBODY, (*why, *_said(spoofed, "proxies alone"))
    return doors.admission(found, narrow, dict.fromkeys((*evidence, *why, *_said(_trusted(site)))))


def left(found: Found) -> AddressSet | None:
    """Whom lines of ours leave; None where none of them is about the path."""
    admitted, lines = _by_ours(found.at.site, found.path)
    return admitted if lines else None


def kept(host: Host, at: Vhost) -> tuple[Kept, ...]:
    """What lines of ours shut in its server."""
    files = dict.fromkeys((asked.path, printable(asked.place)) for _mark, asked, _entry in _ours(at.site))
    return tuple(one for path, place in files for one in doors.kept(common.text(host, path), place))


def _said(found: t.Iterable[Directive], wanted: str = "") -> tuple[Evidence, ...]:
    return tuple(
        Evidence(printable(one.place), printable(" ".join((one.name, *one.arguments)))[:200], wanted) for one in found
    )


def _trusted(site: Site) -> tuple[Directive, ...]:
    """Whose word on the client's address counts."""
    return site.all("set_real_ip_from")


def _by_rules(site: Site, path: str) -> tuple[AddressSet, tuple[Evidence, ...]]:
    """Who gets in to the path or to something below it."""
    base = path.rstrip("/")
    below = [
        what
        for one in nginx_locations.all_in(site.block)
        for how, what in [nginx_locations.split(one)]
        if how in ("", "=", "^~")
    ]
    asked = dict.fromkeys(
        (path, *(base + one for one in SAMPLES), *(one for one in below if one.startswith(f"{base}/")))
    )
    admitted, evidence = networks.NOBODY, dict[Evidence, None]()
    for one in asked:
        levels = (site.context, site.server, *nginx_locations.chosen(site.block, one))
        some, lines = _at(levels)
        admitted |= some
        evidence.update(dict.fromkeys(_said(lines)))
    return admitted, tuple(evidence)


def _at(levels: tuple[Directive, ...]) -> tuple[AddressSet, tuple[Directive, ...]]:
    """At one location: the rules of the innermost level that has any."""
    ends = [one for level in levels[1:2] + levels[2:][-1:] for one in level.block or () if one.name == "return"]
    if any(one.arguments[:1] in (("403",), ("404",), ("410",), ("444",)) for one in ends):
        return networks.NOBODY, tuple(ends)
    rules = _innermost(levels, ("allow", "deny"))
    asks = tuple(one for name in PROOFS for one in _innermost(levels, (name,)) if one.arguments[:1] != ("off",))
    either = any(one.arguments[:1] == ("any",) for one in _innermost(levels, ("satisfy",)))
    return networks.EVERYBODY if either and asks else _walked(rules), (*rules, *asks)


def _innermost(levels: t.Sequence[Directive], names: tuple[str, ...]) -> tuple[Directive, ...]:
    each = (tuple(one for one in level.block or () if one.name in names) for level in reversed(levels))
    return next((found for found in each if found), ())


def _walked(rules: t.Iterable[Directive]) -> AddressSet:
    """The first rule that an address fits counts; without any it gets in."""
    admitted, left = networks.NOBODY, networks.EVERYBODY
    for one in rules:
        here = _addresses("".join(one.arguments[:1])) & left
        admitted, left = (admitted | here if one.name == "allow" else admitted), left - here
    return admitted | left


def _addresses(word: str) -> AddressSet:
    if word == "all":
        return networks.EVERYBODY
    try:
        return AddressSet.of([word])
    except ValueError:  # unix:
        return networks.NOBODY


def _by_ours(site: Site, path: str) -> tuple[AddressSet, tuple[Evidence, ...]]:
    """Whom the lines of ours in the server leave."""
    admitted, lines = networks.EVERYBODY, []
    for mark, asked, entry in _ours(site):
        if spellings.fits(entry.name[1:], path):
            admitted &= networks.NOBODY if entry.arguments == ("1",) else _declared(site.context, mark)
            lines.append(asked)
    return admitted, _said(lines)


def _ours(site: Site) -> t.Iterator[tuple[str, Directive, Directive]]:
    """Each line of ours in the server: its mark, its map, and the entry with the pattern."""
    maps = {one.arguments[1]: one for one in site.context.block or () if one.name == "map" and len(one.arguments) == 2}
    for mark in filter(None, map(_marked, site.block)):
        asked = maps.get(SHUT + mark)
        for entry in asked.block or () if asked else ():
            if entry.name.startswith("~"):
                yield mark, t.cast(Directive, asked), entry


def _marked(one: Directive) -> str:
    """The mark of a line of ours."""
    word = "".join(one.arguments)
    return word[len(SHUT) + 1 : -1] if one.name == "if" and word.startswith(f"({SHUT}") else ""


def _declared(context: Directive, mark: str) -> AddressSet:
    """The clients that the snippet of ours names."""
    blocks = [
        one.block or () for one in context.block or () if one.name == "geo" and one.arguments == (STRANGER + mark,)
    ]
    return AddressSet.of(one.name for block in blocks for one in block if one.arguments == ("0",))


# How it is shut


def plan(host: Host, shuts: t.Sequence[Shut]) -> tuple[Change, ...]:
    """What shuts interfaces of one nginx, has it taken up and proves it. Raises Refused."""
    instance: Instance = shuts[0].found.at.instance
    common.refuse_broken(host, PRODUCT, instance.check)
    nginx.refuse_waiting(host, instance)
    found = _Plan(host, instance)
    proofs = [proof for door in doors.doors(shuts, _place) for proof in found.shut(door)]
    written = found.changes()
    return (*written, *common.take_up(instance.run, PRODUCT, instance.check), *proofs) if written else ()


def _place(found: Found) -> str:
    return str(found.at.site.server.place)


class _Plan:
    """What is to be written and edited, collected."""

    def __init__(self, host: Host, instance: Instance) -> None:
        self._host, self._instance = host, instance
        self._files: dict[str, str] = {}
        self._edits: dict[str, list[Edit]] = {}

    def shut(self, door: Door) -> t.Iterator[Change]:
        """Collect it, and yield what proves it."""
        site: Site = door.found.at.site
        mark = _mark(site, door)
        if door.clients:
            _refuse_unknown_clients(site)
        self._snippet(site, mark, snippet(door, mark))
        status = _status(site)
        for block in (site.server, *_rewritten(site, door.path)):
            if mark not in map(_marked, block.block or ()):
                self._insert(block, f"if ({SHUT}{mark}) {{ return {status}; }}")
        return doors.proofs(self._host, door, tuple(map(int, STATUSES)))

    def _snippet(self, site: Site, mark: str, text: str) -> None:
        path = f"{nginx.folder(self._instance)}/conf.d/infosec-admin-{mark}.conf"
        self._files[path] = text
        if not nginx.reads(self._host, self._instance, site.context, path):
            self._edit(site.context.path, site.context.span[1], f"\n    include {path};")

    def _insert(self, block: Directive, line: str) -> None:
        """Before all that ngx_http_rewrite_module goes through; behind the name, where the line is told from others."""
        depth = "\n        " if block.name == "location" else "\n    "
        self._edit(block.path, _beginning(block), f"{depth}{line}")

    def _edit(self, path: str, at: int, text: str) -> None:
        edit = Edit(at, at, text)
        if edit not in self._edits.setdefault(path, []):
            self._edits[path].append(edit)

    def changes(self) -> tuple[Change, ...]:
        """The snippets first, since the lines name their variables."""
        own = [
            change for path, text in sorted(self._files.items()) for change in common.own_file(self._host, path, text)
        ]
        return (*own, *common.edits(self._host, self._edits))


def _mark(site: Site, door: Door) -> str:
    """That of the line which shuts the path already, or a new one."""
    entry = f"~{spellings.pattern(door.path)}"
    new = door.mark(site.server.path, *site.names, *(f"{at.address}:{at.port}" for at in site.listens))
    return next((mark for mark, _asked, one in _ours(site) if one.name == entry), new)


def snippet(door: Door, mark: str) -> str:
    """The two variables; the path is looked at anew after an internal redirect (volatile)."""
    lines = [f"    {one} 0;" for one in door.clients]
    geo = [f"geo {STRANGER}{mark} {{", "    default 1;", *lines, "}"] if lines else []
    away = f"{STRANGER}{mark}" if lines else "1"
    entry = f'    "~{spellings.pattern(door.path)}" {away};'
    asked = [f"map $uri {SHUT}{mark} {{", "    volatile;", "    default 0;", entry, "}"]
    return "".join((HEADER, f"# {door.says}\n", *(f"{line}\n" for line in (*geo, *asked))))


def _beginning(block: Directive) -> int:
    for one in block.block or ():
        if one.name in REWRITES:
            break
        if one.name == "server_name" and one.path == block.path:
            return one.span[1]
    return block.span[1]


def _status(site: Site) -> str:
    """Raises Refused where every one of them is made into something else."""
    taken = {word for one in site.all("error_page") if _changes(one) for word in one.arguments}
    left = [one for one in STATUSES if one not in taken]
    if not left:
        raise Refused(
            f"{printable(site.server.place)}: error_page makes refusals into other answers; take 403 out there"
        )
    return left[0]


def _changes(error_page: Directive) -> bool:
    """Whether a page of it comes with another status."""
    return any(word.startswith(("=", "http:", "https:", "$")) for word in error_page.arguments)


def _rewritten(site: Site, path: str) -> tuple[Directive, ...]:
    """The locations, where a rewrite may lead to the path without asking the server again."""
    base = path.rstrip("/").lower()
    leads = [
        one for one in _flat(site.block) if one.name == "rewrite" and len(one.arguments) > 1 and _may_lead(one, base)
    ]
    return tuple(nginx_locations.all_in(site.block)) if leads and base else ()


def _may_lead(rewrite: Directive, base: str) -> bool:
    pattern, target = rewrite.arguments[0].lower(), rewrite.arguments[1].lower()
    if target.startswith(("http:", "https:", "$scheme")) or pattern.startswith(f"^{base}"):
        return False
    plain = target.partition("$")[0].partition("?")[0]
    return plain.startswith(base) or ("$" in target and f"{base}/".startswith(plain))


def _flat(block: t.Iterable[Directive]) -> t.Iterator[Directive]:
    for one in block:
        yield one
        yield from _flat(one.block or ())


def _refuse_unknown_clients(site: Site) -> None:
    """Where whoever comes can say what address is theirs, or where it is known too late."""
    for one in (*_trusted(site), *(one for one in _flat(site.block) if one.name == "set_real_ip_from")):
        everybody = one.arguments[:1] in (("0.0.0.0/0",), ("::/0",))
        if everybody or one not in _trusted(site):
            why = (
                "any client is believed which address it has"
                if everybody
                else "the address is known in a location alone"
            )
            raise Refused(
                f"{printable(one.place)}: {why}, so no address tells who comes; name the addresses of your proxies in "
                "set_real_ip_from, in the server or in http, reload nginx and run again"
            )
