# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The blocks of a server of nginx that may have headers of their own, and what of the outer ones each loses.

add_header of an outer block counts where a block has none (ngx_http_headers_module), unless add_header_inherit
(nginx 1.29.3) says otherwise; so do proxy_hide_header and its kin (ngx_http_proxy_module).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.nginx import Site
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive

NESTED = ("location", "if", "limit_except")
#: What sends on, with settings of its own: NAME_pass, NAME_hide_header.
FAMILIES = ("proxy", "fastcgi", "uwsgi", "scgi", "grpc")


@dataclasses.dataclass(frozen=True)
class Block:
    """One block. above: those around it, the innermost first; none around http."""

    one: Directive
    above: tuple[Directive, ...] = ()

    def all(self, name: str) -> tuple[Directive, ...]:
        """The directives of that name that stand in it."""
        return tuple(each for each in self.one.block or () if each.name == name)

    def reads(self, path: str) -> bool:
        """Whether lines of that file stand in it."""
        return any(each.path == path for each in self.one.block or ())

    def loses(self, ours: str) -> bool:
        """Whether what an outer block adds is lost here. ours: the file whose lines do not count."""
        if not self.above or self.one.name == "limit_except":
            return False
        said = next((words for each in (self.one, *self.above) for words in _inherit(each)), ())
        own = any(each.path != ours for each in self.all("add_header"))
        return said == ("off",) or (said != ("merge",) and own)


def _inherit(block: Directive) -> t.Iterator[tuple[str, ...]]:
    return (each.arguments for each in block.block or () if each.name == "add_header_inherit")


def of(site: Site) -> t.Iterator[Block]:
    """The blocks whose settings count for a server: http, the server, and all within."""
    yield Block(site.context)
    yield from _within(Block(site.server, (site.context,)))


def _within(block: Block) -> t.Iterator[Block]:
    yield block
    for each in block.one.block or ():
        if each.name in NESTED and each.block is not None:
            yield from _within(Block(each, (block.one, *block.above)))


def families(blocks: t.Iterable[Block]) -> tuple[str, ...]:
    """By which protocols a server sends on."""
    names = {each.name for block in blocks for each in block.one.block or ()}
    return tuple(one for one in FAMILIES if f"{one}_pass" in names)


def hidden(block: Block, family: str) -> set[str]:
    """The headers of those behind that the block hides by itself, in small letters."""
    return {each.arguments[0].lower() for each in block.all(f"{family}_hide_header") if each.arguments}


def everything(tree: t.Iterable[Directive]) -> t.Iterator[Directive]:
    """All directives, with those in their blocks."""
    for one in tree:
        yield one
        yield from everything(one.block or ())
