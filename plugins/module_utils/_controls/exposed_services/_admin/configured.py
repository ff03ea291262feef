# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Where the configuration of a site leads: folders served, programs sent on to, paths that it names."""

from __future__ import annotations

import dataclasses
import fnmatch
import itertools
import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Interface,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import homes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._web import apache
else:
    apache = later("_controls._web.apache")

#: Paths of one site that are looked at.
MOST = 40
#: Names in a folder that are looked at.
MOST_NAMES = 500
#: Programs that run whatever they are given, so that they tell of no interface.
ANYTHING = ("beam.smp", "gunicorn", "java", "node", "perl")
_NAME = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*")
_PASSES = ("proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass")
#: Further directives of nginx that make answers of any kind.
_MAKES = ("perl", "js_content", "passenger_enabled", "unit_pass")
#: Modules of Apache httpd that send on, or run, what is no PHP.
_SENDS_ON = tuple(
    f"{name}_module" for name in ("proxy_http", "proxy_http2", "proxy_ajp", "proxy_uwsgi", "proxy_scgi", "wsgi")
)
_OWN_PORT = re.compile(r"(?://|^)(?:127\.[0-9.]+|localhost|\[::1\]|0\.0\.0\.0):(\d+)")


@dataclasses.dataclass(frozen=True)
class Place:
    """A path that a configuration names. folder: what it serves there. to: what it sends that on to. source: where."""

    path: str
    source: str
    folder: str = ""
    to: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A path where an interface may be. interface: which; None for any. sure: the configuration says that it is.

    guarded: a question for a password that no other path gets is enough, since an application has it at that very path.
    """

    path: str
    interface: Interface | None
    by: tuple[Evidence, ...] = ()
    sure: bool = False
    sent_on: bool = False
    guarded: bool = False


def may_have(vhost: Vhost, interface: Interface) -> bool:
    """Whether the site could answer as an interface that its configuration does not name."""
    told = _MAY_HAVE.get(vhost.product)
    return told is None or told(vhost, interface)


def candidates(host: Host, vhost: Vhost) -> t.Iterator[Candidate]:
    """What the configuration of a site tells, the surest first."""
    found = list(dict.fromkeys(_READERS[vhost.product](vhost)))[:MOST] if vhost.product in _READERS else []
    every = [one for place in found for one in _of(host, place)]
    yield from sorted(every, key=lambda one: not one.sure)


def _of(host: Host, place: Place) -> t.Iterator[Candidate]:
    told = tuple(_by_program(host, place)) if place.to else tuple(_by_folder(place))
    yield from told
    if place.folder and not told:
        yield from _laid(host, place)
    if place.path != "/" and not told:
        yield Candidate(place.path, None, (Evidence(place.source, printable(place.path)),), sent_on=bool(place.to))


def _by_folder(place: Place) -> t.Iterator[Candidate]:
    for interface in INTERFACES:
        page = next((pattern[2:] for pattern in interface.files if pattern.startswith("*/")), "")
        if page:
            # The folder is that of a whole site, of which only that page is for administration.
            if place.folder in interface.folders:
                by = Evidence(place.source, f"serves {place.folder}")
                yield Candidate(posixpath.join(place.path, page), interface, (by,), sure=True)
        elif any(place.folder == folder or place.folder.startswith(f"{folder}/") for folder in interface.folders):
            by = Evidence(place.source, f"serves {place.folder}")
            yield Candidate(_closed(place.path), interface, (by,), sure=True)


def _by_program(host: Host, place: Place) -> t.Iterator[Candidate]:
    """By the program of this host that it sends on to."""
    ports = {int(port) for to in place.to for port in _OWN_PORT.findall(to)}
    for listener in host.once(sockets.read):
        if listener.protocol == "tcp" and listener.port in ports:
            for interface in INTERFACES:
                if listener.process in interface.programs:
                    by = Evidence(place.source, f"sends on to {listener.process} at port {listener.port}")
                    sure = listener.process not in ANYTHING
                    yield Candidate(_closed(place.path), interface, (by,), sure=sure, sent_on=True)


def _closed(path: str) -> str:
    """With the slash that a folder has, whether the site adds it or (once it is shut) does not any more."""
    return path if path.endswith("/") or "." in path.rpartition("/")[2] else f"{path}/"


def _laid(host: Host, place: Place) -> t.Iterator[Candidate]:
    """What people laid, or linked, into a folder that is served."""
    try:
        folder = homes.resolve(host, place.folder)
        names = host.listdir(folder)[:MOST_NAMES]
    except (Unseen, HostError, OSError):
        return
    for name in names:
        path = posixpath.join(folder, name)
        leads = posixpath.normpath(posixpath.join(folder, host.readlink(path) or name))
        url = posixpath.join(place.path, name)
        yield from _by_folder(Place(f"{url}/", path, leads))
        for interface in INTERFACES:
            for pattern in interface.files:
                if fnmatch.fnmatchcase(name.lower(), pattern):
                    yield Candidate(_url(host, path, url), interface, (Evidence(path, "lies in the site's folder"),))
                elif pattern.startswith("*/") and host.exists(f"{path}/{pattern[2:]}"):
                    yield Candidate(f"{url}/{pattern[2:]}", interface, (Evidence(path, f"has {pattern[2:]}"),))


def _url(host: Host, path: str, url: str) -> str:
    return url if path.lower().endswith(".php") or not host.exists(f"{path}/.") else f"{url}/"


# nginx


def leads_away(vhost: Vhost) -> bool:
    """Whether nginx answers every path of the site by one `return`, before it looks at any."""
    return vhost.product == "nginx" and any(one.name == "return" for one in vhost.site.block)


def _may_have_nginx(vhost: Vhost, interface: Interface) -> bool:
    """Programs are only behind what sends on, and pages of PHP behind FastCGI; a site of mere files has neither."""
    every = list(_flat(vhost.site.block))
    if any((one.name in (*_PASSES, *_MAKES) and not _is_php(one)) or "_by_lua" in one.name for one in every):
        return True
    return bool(interface.files) and any(one.name == "fastcgi_pass" for one in every)


def _is_php(one: t.Any) -> bool:
    return one.name == "fastcgi_pass" and "php" in " ".join(one.arguments)


def _flat(block: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    for one in block:
        yield one
        yield from _flat(one.block or ())


def _nginx(vhost: Vhost) -> t.Iterator[Place]:
    pools = {
        one.arguments[0]: tuple(f"//{server.arguments[0]}" for server in one.block or () if server.name == "server")
        for one in vhost.site.context.block or ()
        if one.name == "upstream" and one.arguments
    }
    root = next((one.arguments[0] for one in vhost.site.all("root") if one.arguments), "")
    if root:
        yield Place("/", vhost.place, root)
    yield from _locations(vhost.site.block, root, pools)


def _locations(block: t.Iterable[t.Any], root: str, pools: t.Mapping[str, tuple[str, ...]]) -> t.Iterator[Place]:
    for one in block:
        if one.name != "location" or not one.arguments:
            continue
        inside = one.block or ()
        own = next((each.arguments[0] for each in inside if each.name == "root" and each.arguments), root)
        path = one.arguments[-1]
        if not one.arguments[0].startswith("~") and path.startswith("/"):
            alias = next((each.arguments[0] for each in inside if each.name == "alias" and each.arguments), "")
            to = tuple(each.arguments[0] for each in inside if each.name in _PASSES and each.arguments)
            folder = alias.rstrip("/") or (posixpath.join(own, path.strip("/")) if own != root or path != "/" else "")
            yield Place(path, one.place, folder, tuple(each for word in to for each in _servers(word, pools)))
        yield from _locations(inside, own, pools)


def _servers(word: str, pools: t.Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    name = re.sub(r"^\w+://", "", word).partition("/")[0]
    return pools.get(name, (word if "//" in word else f"//{word}",))


# Apache httpd


def _may_have_apache(vhost: Vhost, interface: Interface) -> bool:
    """Its own pages are named by its configuration; others' programs need a module that sends on."""
    tree = vhost.instance.tree
    return bool(interface.files) or any(apache.loaded(tree, module) for module in _SENDS_ON)


def _apache(vhost: Vhost) -> t.Iterator[Place]:
    root = vhost.site.last("documentroot")
    if root and root.arguments:
        yield Place("/", root.place, root.arguments[0].rstrip("/"))
    blocks = dict.fromkeys((*vhost.site.block, *vhost.site.main))
    yield from _sections([one for one in blocks if one.name != "virtualhost"], "")


def _sections(block: t.Iterable[t.Any], within: str) -> t.Iterator[Place]:
    """within: the path of the Location around them."""
    for one in block:
        words = one.arguments
        if one.block is not None:
            inside = words[0] if one.name == "location" and words and words[0].startswith("/") else within
            if inside != within:
                yield Place(inside, one.place)
            yield from _sections(one.block, inside)
        elif one.name in ("alias", "scriptalias", "wsgiscriptalias") and len(words) > 1 and words[0].startswith("/"):
            yield Place(words[0], one.place, words[1].rstrip("/") if one.name == "alias" else "")
        elif one.name == "proxypass" and words and words[-1] != "!":
            path, to = (words[0], words[1]) if len(words) > 1 and words[0].startswith("/") else (within, words[0])
            if path:
                yield Place(path, one.place, to=(to,))


# HAProxy


def _haproxy(vhost: Vhost) -> t.Iterator[Place]:
    """Paths that its rules tell apart, whatever they do with them."""
    for line in _rules(vhost):
        if any(word in ("path_beg", "path", "path_dir") for word in line.texts):
            for word in line.texts:
                if re.match(r"/[\w.~-]", word):
                    yield Place(word, line.place, to=("",))


def _rules(vhost: Vhost) -> t.Iterator[t.Any]:
    for section in vhost.instance.of("frontend", "listen"):
        yield from section.lines


def names(vhost: Vhost) -> tuple[str, ...]:
    """The names that HAProxy's rules tell apart; "" for all others."""
    told = (
        word.lower() for line in _rules(vhost) if _tells_names(line) for word in line.texts if _NAME.fullmatch(word)
    )
    return ("", *itertools.islice(dict.fromkeys(told), MOST))


def tells_names(vhost: Vhost) -> bool:
    """Whether HAProxy leads one name elsewhere than another, which what shuts a path there does not."""
    return vhost.product == "HAProxy" and any(_tells_names(line) for line in _rules(vhost))


def _tells_names(line: t.Any) -> bool:
    return any(re.search(r"hdr\w*\(host|ssl_fc_sni|req[._]ssl_sni", word, re.IGNORECASE) for word in line.texts)


_READERS: dict[str, t.Callable[[Vhost], t.Iterator[Place]]] = {
    "nginx": _nginx,
    "Apache httpd": _apache,
    "HAProxy": _haproxy,
}
_MAY_HAVE: dict[str, t.Callable[[Vhost, Interface], bool]] = {
    "nginx": _may_have_nginx,
    "Apache httpd": _may_have_apache,
}
