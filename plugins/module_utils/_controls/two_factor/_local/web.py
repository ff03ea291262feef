# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Passwords that web servers check by themselves: files of basic and digest authentication, modules that ask others."""

from __future__ import annotations

import dataclasses
import posixpath
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._formats import htpasswd
from ansible_collections.infosec.principles.plugins.module_utils._host import homes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._formats import apache_conf, nginx_conf
else:
    apache_conf, nginx_conf = later("_formats.apache_conf"), later("_formats.nginx_conf")

#: The main file, and where its relative names lie.
NGINX = (("/etc/nginx/nginx.conf", "/etc/nginx"), ("/usr/local/nginx/conf/nginx.conf", "/usr/local/nginx/conf"))
APACHE = (("/etc/apache2/apache2.conf", "/etc/apache2"), ("/etc/httpd/conf/httpd.conf", "/etc/httpd"))
#: Directives that name a file of passwords, and the field of a line that has it.
_FILES = {"auth_basic_user_file": 1, "auth_digest_user_file": 2, "authuserfile": 1}
#: Directives that have somebody else asked with the password, unless they say off.
_ASKING = {"auth_ldap", "auth_ldap_servers", "auth_pam", "authldapurl", "authpamservice", "authdbduserpwquery"}
_BYTES = 8 * 1024 * 1024


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
class Use:
    """One thing that a web server checks passwords with. path: of the file, "" where somebody else is asked.

    store: what is in the file, None where there is no file. problem: why it could not be looked at.
    """

    server: str
    place: str
    directive: str
    path: str = ""
    store: htpasswd.Store | None = None
    problem: str = ""


def uses(host: Host) -> tuple[list[Use], list[str]]:
    """(everything in the configurations of nginx and Apache, why one could not be read). Each file once."""
    found: dict[str, Use] = {}
    problems: list[str] = []
    for server, read in (("nginx", _nginx), ("Apache httpd", _apache)):
        try:
            root, directives = read(host)
            for use in _uses(host, server, root, directives, digest=False):
                first = found.setdefault(use.path or use.place, use)
                if server not in first.server:
                    found[use.path] = dataclasses.replace(first, server=f"{first.server} and {server}")
        except (HostError, nginx_conf.BadConfig, apache_conf.BadConfig) as exc:
            problems.append(f"{server}: {exc}")
    return list(found.values()), problems


def _nginx(host: Host) -> tuple[str, t.Sequence[Directive]]:
    path, root = next((one for one in NGINX if host.exists(one[0])), ("", ""))
    return root, nginx_conf.parse(path, host.read_text, host.glob) if path else ()


def _apache(host: Host) -> tuple[str, t.Sequence[Directive]]:
    path, root = next((one for one in APACHE if host.exists(one[0])), ("", ""))
    if not path:
        return root, ()

    def read(name: str) -> str:
        status = host.stat(name)
        return "" if status is not None and status.st_mode & 0o170000 == 0o040000 else host.read_text(name)

    return root, apache_conf.parse(path, read, host.glob, root=root, variables={})


def _uses(host: Host, server: str, root: str, directives: t.Sequence[Directive], *, digest: bool) -> t.Iterator[Use]:
    digest = digest or any(one.name == "authtype" and _first(one) == "digest" for one in directives)
    for one in directives:
        if one.name in _FILES and one.arguments:
            path = posixpath.join(root, one.arguments[0])
            field = 2 if digest and server != "nginx" else _FILES[one.name]
            yield _file(host, Use(server, one.place, one.name, path), field)
        elif one.name in _ASKING and _first(one) not in ("off", ""):
            yield Use(server, one.place, one.name)
        if one.block is not None:
            yield from _uses(host, server, root, one.block, digest=digest)


def _first(directive: Directive) -> str:
    return directive.arguments[0].lower() if directive.arguments else ""


def _file(host: Host, use: Use, field: int) -> Use:
    if "$" in use.path:
        return dataclasses.replace(use, problem=f"{use.path}: differs from request to request")
    try:
        data = homes.read_plain(host, use.path, _BYTES)
    except homes.Unseen as exc:
        return dataclasses.replace(use, problem=str(exc))
    if data is None:
        return use
    return dataclasses.replace(use, store=htpasswd.colons(data.decode("utf-8", "surrogateescape"), field))
