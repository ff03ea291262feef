# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Apache httpd: whom the sections of others let in to a path: Require, Order with Allow and Deny, and Satisfy.

Of the sections that fit a path, the last with any Require counts alone (AuthMerging Off, the default of
mod_authz_core); what mod_access_compat has is asked beside it, and Satisfy says whether both are wanted. What asks for
a name and password turns no address away. Where Python cannot tell (an expression, a name of a host), nobody is turned
away.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import networks
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import AddressSet
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.apache import Site
from ansible_collections.infosec.principles.plugins.module_utils._formats import apache_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import BadConfig, Directive
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

CONTAINERS = ("requireany", "requireall", "requirenone")
COMPAT = ("order", "allow", "deny")
#: Files that a page below a path may be.
SAMPLES = ("/", "/index.php", "/index.html")
#: In the names of files of ours, whose sections are judged by themselves.
OURS = "/infosec-admin-"
MAX_HTACCESS = 64 * 1024


def admitted(host: Host, site: Site, path: str) -> tuple[AddressSet, tuple[Directive, ...]]:
    """Who gets in to the path or to its front page, with the lines that say so."""
    found, lines = networks.NOBODY, list[Directive]()
    for sample in dict.fromkeys((path, *(path.rstrip("/") + one for one in SAMPLES))):
        some, why = _at(sections(host, site, sample))
        found |= some
        lines += why
    return found, tuple(dict.fromkeys(lines))


def _at(found: t.Iterable[tuple[Directive, ...]]) -> tuple[AddressSet, tuple[Directive, ...]]:
    blocks = tuple(found)
    requires = next(filter(None, (_requires(one) for one in reversed(blocks))), ())
    compat = next((one for one in reversed(blocks) if any(_named(one, *COMPAT))), ())
    satisfy = [one for block in blocks for one in _named(block, "satisfy")][-1:]
    either = bool(satisfy) and satisfy[0].arguments[:1] in (("any",), ("Any",))
    one, two = required(requires), _allowed(compat)
    both = one | two if either and compat else one & two
    return both, (*(line for line in _flat(requires)), *_named(compat, *COMPAT), *satisfy)


def _named(block: t.Iterable[Directive], *names: str) -> tuple[Directive, ...]:
    return tuple(one for one in block if one.name in names)


def _requires(block: t.Iterable[Directive]) -> tuple[Directive, ...]:
    return _named(block, "require", *CONTAINERS)


def _flat(found: t.Iterable[Directive]) -> t.Iterator[Directive]:
    for one in found:
        if one.block is None:
            yield one
        else:
            yield from _flat(one.block)


# What one section asks


def required(block: t.Sequence[Directive]) -> AddressSet:
    """Whom the Requires of a section let in; any of them is enough."""
    found = [_one(one) for one in _requires(block)]
    return _any(found) if found else networks.EVERYBODY


def _any(found: t.Iterable[AddressSet]) -> AddressSet:
    admitted = networks.NOBODY
    for one in found:
        admitted |= one
    return admitted


def _one(one: Directive) -> AddressSet:
    inner = [_one(each) for each in _requires(one.block or ())]
    if one.name == "requireall":
        return networks.EVERYBODY - _any(networks.EVERYBODY - each for each in inner)
    if one.name == "requirenone":
        return networks.EVERYBODY - _any(inner)
    return _any(inner) if one.block is not None else _line(one.arguments)


def _line(words: tuple[str, ...]) -> AddressSet:
    kind = "".join(words[:1]).lower()
    if kind == "not":
        return networks.EVERYBODY - _line(words[1:])
    known: dict[str, t.Callable[[], AddressSet]] = {
        "all": lambda: networks.NOBODY if words[1:2] == ("denied",) else networks.EVERYBODY,
        "ip": lambda: _any(map(_addresses, words[1:])),
        "local": lambda: networks.LOOPBACK,
    }
    return known.get(kind, lambda: networks.EVERYBODY)()


def _addresses(word: str) -> AddressSet:
    """An address, a network, or the first parts of one ("10.1"); what is none of them may be any."""
    parts = word.rstrip(".").split(".")
    if len(parts) < 4 and all(one.isdigit() for one in parts):
        word = f"{'.'.join((*parts, *('0',) * (4 - len(parts))))}/{8 * len(parts)}"
    try:
        return AddressSet.of([ipaddress.ip_network(word, strict=False)])
    except ValueError:
        return networks.EVERYBODY


def _allowed(block: t.Sequence[Directive]) -> AddressSet:
    """Whom Order, Allow and Deny let in (mod_access_compat)."""
    allow, deny = (_any(_from(one) for one in _named(block, name)) for name in ("allow", "deny"))
    order = "".join(word for one in _named(block, "order")[-1:] for word in one.arguments).lower()
    return allow - deny if order == "allow,deny" else networks.EVERYBODY - (deny - allow)


def _from(one: Directive) -> AddressSet:
    words = [word.lower() for word in one.arguments[1:]]
    return networks.EVERYBODY if "all" in words else _any(map(_addresses, words))


# Which sections fit


def sections(host: Host, site: Site, path: str) -> t.Iterator[tuple[Directive, ...]]:
    """What stands in the sections that fit a path, in the order in which they are merged."""
    levels = (site.main, site.block) if site.section else (site.main,)
    yield from levels
    file = "" if _proxied(levels, path) else _file(levels, path)
    yield from _directories(host, levels, file)
    for level in levels:
        yield from (one.block or () for one in level if file and _fits_file(one, file))
    for level in levels:
        yield from (one.block or () for one in level if _fits_location(one, path))


def _proxied(levels: t.Iterable[tuple[Directive, ...]], path: str) -> bool:
    passes = [one.arguments[0] for level in levels for one in level if one.name == "proxypass" and one.arguments[1:]]
    return any(path.startswith(one) for one in passes)


def _file(levels: t.Sequence[tuple[Directive, ...]], path: str) -> str:
    """The file that a path comes to: by the first Alias that fits, else below DocumentRoot."""
    for level in reversed(levels):
        found = alias(level, path)
        if found:
            return f"{found.arguments[1].rstrip('/')}/{path[len(found.arguments[0]) :].lstrip('/')}"
    roots = [one.arguments[0] for level in levels for one in level if one.name == "documentroot" and one.arguments]
    return f"{roots[-1].rstrip('/')}{path}" if roots else ""


def alias(level: t.Iterable[Directive], path: str) -> Directive | None:
    """The Alias or ScriptAlias that takes a path."""
    found = (one for one in level if one.name in ("alias", "scriptalias") and len(one.arguments) == 2)
    return next((one for one in found if _is_below(path, one.arguments[0])), None)


def _is_below(path: str, above: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{above.rstrip('/')}/")


def _directories(host: Host, levels: t.Sequence[tuple[Directive, ...]], file: str) -> t.Iterator[tuple[Directive, ...]]:
    folder, overrides = "", "none"
    for part in posixpath.dirname(file).split("/") if file else ():
        folder = f"{folder.rstrip('/')}/{part}"
        for level in levels:
            for one in level:
                if one.name == "directory" and _fits_folder(one, folder):
                    yield one.block or ()
                    said = [" ".join(each.arguments).lower() for each in _named(one.block or (), "allowoverride")]
                    overrides = said[-1] if said else overrides
        if overrides != "none":
            yield _htaccess(host, folder)
    for level in levels:
        yield from (one.block or () for one in level if file and _fits_pattern(one, "directorymatch", file))


def _htaccess(host: Host, folder: str) -> tuple[Directive, ...]:
    """What a folder says of itself; nothing where that cannot be read."""
    path = f"{folder.rstrip('/')}/.htaccess"
    try:
        if not host.exists(path):
            return ()
        text = host.read_part(path, MAX_HTACCESS).decode("utf-8", "replace")
        return tuple(apache_conf.parse(path, lambda _path: text, lambda _pattern: (), root=folder, variables={}))
    except (HostError, BadConfig):
        return ()


def _fits_folder(one: Directive, folder: str) -> bool:
    words = one.arguments
    if words[:1] == ("~",):
        return _matches("".join(words[1:2]), f"{folder}/")
    return fnmatch.fnmatchcase(folder.rstrip("/") or "/", "".join(words[:1]).rstrip("/") or "/")


def _fits_file(one: Directive, file: str) -> bool:
    name = posixpath.basename(file)
    plain = one.name == "files" and fnmatch.fnmatchcase(name, "".join(one.arguments[:1]))
    return plain or _fits_pattern(one, "filesmatch", name)


def _fits_location(one: Directive, path: str) -> bool:
    if OURS in one.place:
        return False
    words = one.arguments
    if one.name == "location" and words[:1] != ("~",):
        above = "".join(words[:1])
        return (
            fnmatch.fnmatchcase(path, above)
            or _is_below(path, above)
            or (above.endswith("/") and path.startswith(above))
        )
    return _fits_pattern(one, "locationmatch", path) or (one.name == "location" and _matches("".join(words[1:2]), path))


def _fits_pattern(one: Directive, name: str, text: str) -> bool:
    return one.name == name and _matches("".join(one.arguments[:1]), text)


def _matches(expression: str, text: str) -> bool:
    """One that Python cannot read fits nothing here."""
    try:
        return bool(re.search(expression, text))
    except re.error:
        return False
