# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which folders nginx and Apache httpd serve, under which addresses and names, as their configurations say."""

from __future__ import annotations

import dataclasses
import os
import posixpath
import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import homes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._formats import apache_conf, nginx_conf
else:
    apache_conf, nginx_conf = later("_formats.apache_conf"), later("_formats.nginx_conf")

NGINX = (("/etc/nginx/nginx.conf", "/etc/nginx"), ("/usr/local/nginx/conf/nginx.conf", "/usr/local/nginx/conf"))
APACHE = (("/etc/apache2/apache2.conf", "/etc/apache2"), ("/etc/httpd/conf/httpd.conf", "/etc/httpd"))
PROGRAMS = {"nginx": "nginx", "apache2": "Apache httpd", "httpd": "Apache httpd"}
#: nginx serves that where no root is set, below its prefix; Debian's packages always set one.
_NO_NAME = "localhost"
#: Roots of whole systems are a mistake of their own; nothing of them is told file by file.
MOST = 200


class Directive(t.Protocol):
    """What both formats give."""

    @property
    def place(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def arguments(self) -> tuple[str, ...]: ...

    @property
    def block(self) -> t.Sequence[Directive] | None: ...


@dataclasses.dataclass(frozen=True)
class Root:
    """A folder that is served. prefix: the path of the URL that it stands for ("/").

    folder: where it is once links are followed. port: where it is asked for. name: of the site. place: what says so.
    """

    server: str
    folder: str
    prefix: str
    port: int
    tls: bool
    name: str
    place: str

    def url_path(self, path: str) -> str:
        """The path of the URL under which a file in the folder would be served."""
        return posixpath.join(self.prefix, os.path.relpath(path, self.folder))

    def has(self, path: str) -> bool:
        return path.startswith(f"{self.folder}/")


@dataclasses.dataclass(frozen=True)
class Served:
    """All roots, and why not all are known."""

    roots: tuple[Root, ...]
    problems: tuple[str, ...]


def read(host: Host) -> Served:
    """The roots of those web servers that listen here. Use as `host.once(served.read)`."""
    running = {PROGRAMS[one.process] for one in host.once(sockets.read) if one.process in PROGRAMS}
    found: list[Root] = []
    problems: list[str] = []
    for server, roots in (("nginx", _nginx), ("Apache httpd", _apache)):
        if server in running:
            try:
                found += roots(host)
            except (HostError, nginx_conf.BadConfig, apache_conf.BadConfig) as exc:
                problems.append(f"{server}: {printable(str(exc))}")
    real = [one for root in dict.fromkeys(found) for one in _resolved(host, root, problems)]
    if len(real) > MOST:
        problems.append(f"web servers: more than {MOST} folders are served, and the others were not looked at")
    return Served(tuple(real[:MOST]), tuple(problems))


def _resolved(host: Host, root: Root, problems: list[str]) -> t.Iterator[Root]:
    """The root with its links followed; nothing where it is not there, or differs from request to request."""
    if "$" in root.folder or not root.folder.startswith("/"):
        problems.append(printable(f"{root.place}: {root.folder}: differs from request to request"))
        return
    try:
        real = homes.resolve(host, root.folder)
        status = os.stat(host.path(real), follow_symlinks=False)
    except Unseen as exc:
        problems.append(str(exc))
        return
    except OSError:
        return
    if stat.S_ISDIR(status.st_mode) and real != "/":
        yield dataclasses.replace(root, folder=real)


# nginx


def _nginx(host: Host) -> t.Iterator[Root]:
    path, root = next((one for one in NGINX if host.exists(one[0])), ("", ""))
    if not path:
        raise HostError(f"it runs, but none of {', '.join(one for one, _root in NGINX)} is there")
    for http in nginx_conf.parse(path, host.read_text, host.glob):
        if http.name == "http":
            outer = _last(http.block or (), "root")
            for server in http.block or ():
                if server.name == "server":
                    yield from _server(server.block or (), outer, root)


def _server(block: t.Sequence[nginx_conf.Directive], outer: Directive | None, base: str) -> t.Iterator[Root]:
    listens = [one.arguments for one in block if one.name == "listen" and one.arguments] or [("80",)]
    names = next((one.arguments for one in block if one.name == "server_name"), ())
    name = next((one for one in names if re.fullmatch(r"[\w.-]+\.[\w.-]+|localhost", one)), _NO_NAME)
    shown = list(_folders(block, _last(block, "root") or outer, base, "/"))
    for words in listens:
        port = _port(words[0])
        for folder, prefix, place in shown if port else ():
            yield Root("nginx", folder, prefix, port, "ssl" in words, name, place)


def _folders(
    block: t.Sequence[nginx_conf.Directive], root: Directive | None, base: str, prefix: str
) -> t.Iterator[tuple[str, str, str]]:
    """(folder, path of the URL, place) of a server or location, and of the locations in it."""
    alias = _last(block, "alias")
    if alias and alias.arguments:
        yield posixpath.normpath(posixpath.join(base, alias.arguments[0])), prefix, alias.place
    elif root and root.arguments and (prefix == "/" or _last(block, "root")):
        # With `root`, the path of the URL is below the folder with its prefix.
        yield posixpath.normpath(posixpath.join(base, root.arguments[0])), "/", root.place
    for one in block:
        if one.name == "location" and one.block is not None and one.arguments:
            own = _last(one.block, "root") or root
            yield from _folders(one.block, own, base, _prefix(one.arguments) or prefix) if _changes(one) else ()


def _changes(location: Directive) -> bool:
    """Whether the location, or one in it, serves another folder."""
    return any(
        one.name in ("root", "alias") or (one.name == "location" and _changes(one)) for one in location.block or ()
    )


def _prefix(arguments: tuple[str, ...]) -> str:
    """The path that a location stands for, "" for one by a pattern."""
    return arguments[-1] if arguments[0] in ("=", "^~") or len(arguments) == 1 else ""


def _last(block: t.Sequence[Directive], name: str) -> Directive | None:
    return next((one for one in reversed(block) if one.name == name), None)


def _port(listen: str) -> int:
    """Of `80`, `*:80`, `[::]:80`, `192.0.2.1`; 0 for a socket of the file system."""
    if listen.startswith("unix:"):
        return 0
    last = listen.rpartition(":")[2]
    return int(last) if last.isdecimal() and len(last) < 6 else 80


# Apache httpd


def _apache(host: Host) -> t.Iterator[Root]:
    path, root = next((one for one in APACHE if host.exists(one[0])), ("", ""))
    if not path:
        raise HostError(f"it runs, but none of {', '.join(one for one, _root in APACHE)} is there")

    def text(name: str) -> str:
        status = host.stat(name)
        return "" if status is not None and stat.S_ISDIR(status.st_mode) else host.read_text(name)

    found = apache_conf.parse(path, text, host.glob, root=root, variables={})
    listens = [_port(one.arguments[0]) for one in found if one.name == "listen" and one.arguments]
    hosts = [one for one in found if one.name == "virtualhost"]
    for virtual in hosts:
        for port in {_port(one) if ":" in one.lstrip("[") else (listens or [80])[0] for one in virtual.arguments}:
            yield from _site(virtual.block or (), found, port, root)
    if not hosts:
        yield from (one for port in listens for one in _site(found, found, port, root))


def _site(
    block: t.Sequence[apache_conf.Directive], top: t.Sequence[apache_conf.Directive], port: int, base: str
) -> t.Iterator[Root]:
    tls = any(one.name == "sslengine" and one.arguments[:1] in (("on",), ("On",)) for one in block)
    named = _last(block, "servername")
    name = named.arguments[0].rpartition("//")[2].partition(":")[0] if named and named.arguments else _NO_NAME
    main = _last(block, "documentroot") or _last(top, "documentroot")
    shown = [(main.arguments[0], "/", main.place)] if main and main.arguments else []
    aliases = [one for one in (*block, *top) if one.name == "alias" and len(one.arguments) > 1]
    shown += [(one.arguments[1], one.arguments[0], one.place) for one in aliases]
    for folder, prefix, place in shown:
        yield Root("Apache httpd", posixpath.normpath(posixpath.join(base, folder)), prefix, port, tls, name, place)
