# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: how what is wanted of its answers gets into its configuration.

Two snippets of ours hold the values (nginx_maps.py) and one add_header a header. They count for the whole of http, and
stand again in each block that has an add_header of its own, behind it, since such a block loses those around it.

A line of somebody else's that says what a site is not to say gets a variable in the place of its value, which is empty
for that site and what it was for all others: taking the line out would bring the block the headers around it.
What an application sends is hidden by proxy_hide_header and its kin. server_tokens is said in the main file: a snippet
would break nginx once the distribution's next nginx.conf says it as well ("directive is duplicate").
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common, nginx, vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.nginx import Instance, Site
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
    nginx_blocks,
    nginx_maps,
    nginx_proof,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.model import Want
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.nginx_blocks import (
    Block,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.nginx_maps import Key
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PRODUCT = "nginx"
MAPS, LINES = "conf.d/infosec-headers.conf", "infosec-add-headers.conf"
#: Where the maps lie if conf.d is not read in http.
ASIDE = "infosec-headers.conf"
#: nginx reads no longer word than 4096 bytes (NGX_CONF_BUFFER).
MAX_VALUE = 4000
#: Sets headers behind add_header's back (ngx_headers_more).
MORE = ("more_set_headers", "more_add_headers")
HSTS = "strict-transport-security"


def plan(host: Host, wants: t.Sequence[Want]) -> tuple[Change, ...]:
    """What brings the answers of one running nginx there; nothing where all is so already.

    wants: of sites of one instance. Where one site's is refused, the others' can be planned without it.
    Raises Refused or HostError.
    """
    if not wants:
        return ()
    instance: Instance = wants[0].vhost.instance
    common.refuse_broken(host, PRODUCT, instance.check)
    nginx.refuse_waiting(host, instance)
    work = _Plan(host, instance, wants)
    written = work.changes()
    if not written:
        return ()
    after = common.take_up(instance.run, PRODUCT, instance.check)
    return (*written, *after, *nginx_proof.requests(host, wants))


class _Plan:
    """What is to be edited and written, collected."""

    def __init__(self, host: Host, instance: Instance, wants: t.Sequence[Want]) -> None:
        folder = nginx.folder(instance)
        self._host, self._instance, self._wants = host, instance, wants
        self._http: Directive = wants[0].vhost.site.context
        self._lines = f"{folder}/{LINES}"
        self._files = _Files(host)
        is_read = host.once(_Reads(instance, self._http, f"{folder}/{MAPS}"))
        self._maps_path = f"{folder}/{MAPS if is_read else ASIDE}"
        own = self._http.block or ()
        self._maps = nginx_maps.read(
            [one for one in own if one.path == self._maps_path],
            [one for one in nginx_blocks.everything(instance.tree) if one.path == self._lines],
        )

    def changes(self) -> tuple[Change, ...]:
        """The snippets first, since the edits name them. Raises Refused or HostError."""
        for site, wants in _by_site(self._wants):
            self._values(site, wants)
            for want in wants:
                self._others(site, want)
            self._hide(site, wants)
            self._add(site, wants)
            self._banner(site, wants)
        return (*self._snippets(), *common.edits(self._host, self._files.edits))

    # What is sent

    def _values(self, site: Site, wants: t.Sequence[Want]) -> None:
        for want in wants:
            for header, value in {**want.missing, **want.set}.items():
                _refuse_value(site, header, value)
                self._maps.put(header, self._key(site, want, wants, header), value)
            for header in want.drop:
                if header.lower() in self._maps.headers:
                    self._maps.put(header, self._key(site, want, wants, header), "")

    def _key(self, site: Site, want: Want, wants: t.Sequence[Want], header: str) -> Key:
        """For the whole server where all of its names at that port want the same."""
        port, wanted = want.vhost.port, _value(want, header)
        same = {one.vhost.name for one in wants if one.vhost.port == port and _value(one, header) == wanted}
        names = set(vhosts.plain(self._host, site.names))
        return Key(port, _first_name(self._host, site), () if names <= same else (want.vhost.name,))

    # What others say

    def _others(self, site: Site, want: Want) -> None:
        """Lines of theirs that say what is not to be said."""
        replaced = {name.lower() for name in (*want.set, *want.drop)}
        for block in nginx_blocks.of(site):
            for one in block.one.block or ():
                named = replaced & {_named(word) for word in one.arguments} if one.name in MORE else set()
                if named:
                    raise Refused(
                        f"{printable(one.place)}: {one.name} sets {printable(min(named))} after all others, whatever "
                        "they say; change it there first"
                    )
                if one.name == "add_header" and one.path != self._lines and one.arguments[0].lower() in replaced:
                    self._replace(site, want, one)

    def _replace(self, site: Site, want: Want, one: Directive) -> None:
        header, value, *more = one.arguments
        variable = value[1:] if value[1:].startswith(nginx_maps.WAS) else self._maps.was(header, value)
        same = [each for each in self._wants if _same(each.vhost.site.server, site.server)]
        self._maps.choices[variable].put(self._key(site, want, same, header), "")
        if value != f"${variable}":
            always = " always" if "always" in more else ""
            self._files.edit(one.path, Edit(*one.span, f"add_header {header} ${variable}{always};"))

    def _hide(self, site: Site, wants: t.Sequence[Want]) -> None:
        """What those behind send, in each block that does not take it from around."""
        blocks = list(nginx_blocks.of(site))
        headers = dict.fromkeys(name for want in wants for name in (*want.set, *want.drop))
        for family in nginx_blocks.families(blocks):
            directive = f"{family}_hide_header"
            for block in blocks[1:]:
                own = nginx_blocks.hidden(block, family)
                if block.one is not site.server and not own:
                    continue
                around = () if own else blocks[0].all(directive)
                known = own or nginx_blocks.hidden(blocks[0], family)
                new = [name for name in headers if name.lower() not in known]
                for name in new:
                    self._refuse_others(site, block, name)
                if new:
                    lines = [f"{directive} {name};" for name in (*(one.arguments[0] for one in around), *new)]
                    self._files.insert(block.one, lines, block.all(directive) or block.all("server_name"))

    def _refuse_others(self, site: Site, block: Block, header: str) -> None:
        """Raise Refused where hiding it would take it from a site that is to keep it."""
        for vhost in self._host.once(vhosts.read).all:
            if vhost.instance is not self._instance or self._is_replaced(vhost, header):
                continue
            if not _same(vhost.site.server, site.server):
                within = any(_same(one.one, block.one) for one in nginx_blocks.of(vhost.site))
            else:
                within = _answers_with(self._host, vhost, header) and (vhost.tls or header.lower() != HSTS)
            if within:
                raise Refused(
                    f"{printable(block.one.place)}: {vhost.subject} is served from the same block, and would lose the "
                    f"{header} that its application sends. Give them blocks of their own, or set the header there, too"
                )

    def _is_replaced(self, vhost: Vhost, header: str) -> bool:
        return any(
            header.lower() in {name.lower() for name in (*want.set, *want.drop)}
            for want in self._wants
            if want.vhost == vhost
        )

    # Where ours stand

    def _add(self, site: Site, wants: t.Sequence[Want]) -> None:
        if any(want.set or want.missing for want in wants):
            for block in list(nginx_blocks.of(site))[1:]:
                if block.loses(self._lines) and not block.reads(self._lines):
                    _refuse_packaged(block)
                    self._files.insert(block.one, [f"include {self._lines};"], block.all("add_header"))

    def _banner(self, site: Site, wants: t.Sequence[Want]) -> None:
        if not any(want.banner for want in wants):
            return
        found = [one for block in nginx_blocks.of(site) for one in block.all("server_tokens")]
        for one in found:
            if one.arguments != ("off",):
                self._files.edit(one.path, Edit(*one.span, "server_tokens off;"))
        if not Block(site.context).all("server_tokens"):
            self._files.insert(site.context, ["server_tokens off;"])

    def _snippets(self) -> tuple[Change, ...]:
        if not self._maps.headers and not self._maps.choices:
            return ()
        http = Block(self._http)
        foreign = [one for one in http.all("add_header") if one.path != self._lines]
        line = f"include {self._lines};"
        by_maps = line in (self._files.text(self._maps_path) if self._host.exists(self._maps_path) else "")
        apart = http.reads(self._lines) and not by_maps
        if foreign and not apart and self._maps.headers:
            self._files.insert(self._http, [line], foreign)
        if not self._maps_path.endswith(MAPS) and not http.reads(self._maps_path):
            self._files.insert(self._http, [f"include {self._maps_path};"])
        also = [line] if self._maps.headers and not apart and not foreign else []
        lines = common.own_file(self._host, self._lines, self._maps.lines()) if self._maps.headers else ()
        return (*lines, *common.own_file(self._host, self._maps_path, self._maps.render(also)))


@dataclasses.dataclass(frozen=True)
class _Reads:
    """Whether a snippet at a path is read in http; called with the host, so that `host.once` reads the files once."""

    instance: Instance = dataclasses.field(compare=False)
    http: Directive = dataclasses.field(compare=False)
    path: str

    def __call__(self, host: Host) -> bool:
        return nginx.reads(host, self.instance, self.http, self.path)


class _Files:
    """Files of others, and the edits of them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._texts: dict[str, str] = {}
        self._edits: dict[str, dict[tuple[int, int], list[str]]] = {}

    def text(self, path: str) -> str:
        """As it is."""
        if path not in self._texts:
            self._texts[path] = common.text(self._host, path)
        return self._texts[path]

    def edit(self, path: str, edit: Edit) -> None:
        """A block in a file that several servers include is met several times, and edited once."""
        texts = self._edits.setdefault(path, {}).setdefault((edit.start, edit.end), [])
        if edit.text not in texts:
            texts.append(edit.text)

    @property
    def edits(self) -> dict[str, list[Edit]]:
        """One for each place."""
        return {
            path: [Edit(start, end, "".join(texts)) for (start, end), texts in found.items()]
            for path, found in self._edits.items()
        }

    def insert(self, block: Directive, lines: t.Sequence[str], behind: t.Sequence[Directive] = ()) -> None:
        """Lines into a block: behind the last of some directives of it, or at its top where there are none.

        At its end where a file that it includes brings the last one, behind which it may not be in another block.
        """
        last = behind[-1] if behind else None
        if last is None:
            at = block.span[1]
            self.edit(block.path, Edit(at, at, "".join(f"\n    {line}" for line in lines)))
        elif last.path == block.path and last.block is None:
            before = self._before(last.path, last.span[0])
            begin = " " if before.strip() else f"\n{before}"
            self.edit(last.path, Edit(last.span[1], last.span[1], "".join(f"{begin}{line}" for line in lines)))
        else:
            before = self._before(block.path, block.close)
            at, end = (block.close, " ") if before.strip() else (block.close - len(before), "\n")
            indent = "" if before.strip() else f"{before}    "
            self.edit(block.path, Edit(at, at, "".join(f"{indent}{line}{end}" for line in lines)))

    def _before(self, path: str, at: int) -> str:
        """What stands before a place in its line."""
        return self.text(path)[:at].rpartition("\n")[2]


def key(host: Host, vhost: Vhost) -> Key:
    """By what the answers of one name are known."""
    return Key(vhost.port, _first_name(host, vhost.site), (vhost.name,))


def _by_site(wants: t.Sequence[Want]) -> t.Iterator[tuple[Site, list[Want]]]:
    found: dict[tuple[str, tuple[int, int]], list[Want]] = {}
    for want in wants:
        server = want.vhost.site.server
        found.setdefault((server.path, server.span), []).append(want)
    return ((group[0].vhost.site, group) for group in found.values())


def _value(want: Want, header: str) -> str | None:
    """What it is to be, "" for nothing, None where nobody wants anything; names of headers in any spelling."""
    found = {
        name.lower(): value for name, value in {**want.missing, **want.set, **dict.fromkeys(want.drop, "")}.items()
    }
    return found.get(header.lower())


def _first_name(host: Host, site: Site) -> str:
    """$server_name: the first, in small letters unless it is a regular expression, and without a dot before it."""
    words = [word for one in site.block if one.name == "server_name" for word in one.arguments]
    first = words[0] if words else ""
    if first == "$hostname":
        return vhosts.hostname(host)
    return first if first.startswith("~") else first.lower().removeprefix(".")


def _refuse_value(site: Site, header: str, value: str) -> None:
    if "$" in value or not value.isprintable() or len(value.encode()) > MAX_VALUE:
        raise Refused(
            f"{printable(site.server.place)}: the value for {header} has a $ or what is no printable character, or "
            f"more than {MAX_VALUE} bytes, which nginx's configuration cannot hold as it is"
        )


def _refuse_packaged(block: Block) -> None:
    if block.one.path.startswith(common.PACKAGED):
        raise Refused(
            f"{printable(block.one.place)} has an add_header of its own, so that those around it are lost there, and "
            "the file belongs to a package, whose next version would write it anew. Have the site include a copy of it"
        )


def _answers_with(host: Host, vhost: Vhost, header: str) -> bool:
    try:
        return bool(vhost.ask(host, "/").all(header.lower()))
    except HostError:
        return False


def _same(one: Directive, other: Directive) -> bool:
    return (one.path, one.span) == (other.path, other.span)


def _named(word: str) -> str:
    """The header of "Name: value"."""
    return word.partition(":")[0].strip().lower()
