# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Apache httpd: the virtual hosts of its configuration, and what each listens on.

A virtual host takes what it does not say from the main server, and TLS from the protocol of its port (Listen, which
is https for 443 alone where it says nothing; server/listen.c).
"""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._formats import apache_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import BadConfig, Directive
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PROGRAMS = ("apache2", "httpd")


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a distribution lays it out. snippets: where files of ours are read, relative to the root."""

    config: str
    root: str
    snippets: str
    variables: str
    check: tuple[str, ...]


LAYOUTS = (
    Layout("/etc/apache2/apache2.conf", "/etc/apache2", "conf-enabled", "/etc/apache2/envvars", ("apache2ctl", "-t")),
    Layout("/etc/httpd/conf/httpd.conf", "/etc/httpd", "conf.d", "", ("httpd", "-t")),
)
_EXPORT = re.compile(r"^\s*export\s+(\w+)=(\S*)\s*$", re.MULTILINE)
_PORT = re.compile(r"(?:(?P<address>\[[^\]]*\]|[^:\[\]]*):)?(?P<port>\d+|\*)")


@dataclasses.dataclass(frozen=True)
class Site:
    """One virtual host; section: None for the main server. ports: by number, None for all that nobody else has."""

    section: Directive | None
    main: tuple[Directive, ...]
    names: tuple[str, ...]
    ports: tuple[int, ...]
    tls: bool

    @property
    def block(self) -> tuple[Directive, ...]:
        """What stands in it."""
        return self.main if self.section is None else self.section.block or ()

    @property
    def place(self) -> str:
        """Where it begins."""
        return self.section.place if self.section else self.main[0].place if self.main else ""

    def last(self, name: str) -> Directive | None:
        """The directive that counts here: the last of its own, else of the main server's."""
        own = [one for one in self.block if one.name == name] or [one for one in self.main if one.name == name]
        return own[-1] if own else None

    @property
    def title(self) -> str:
        """What people call it: its first name."""
        return printable(self.names[0]) if self.names else "(default)"

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Its certificates with their keys; a key may lie in the certificate's file."""
        chain = self.last("sslcertificatechainfile")
        certificates = self._files("sslcertificatefile")
        keys = self._files("sslcertificatekeyfile") or certificates
        return tuple(Pair(one, two, chain.arguments[0] if chain else "") for one, two in zip(certificates, keys))

    def _files(self, name: str) -> list[str]:
        found = [one for one in self.block if one.name == name] or [one for one in self.main if one.name == name]
        return [one.arguments[0] for one in found if one.arguments and one.arguments[0].startswith("/")]


@dataclasses.dataclass(frozen=True)
class Instance:
    """One running Apache httpd with its configuration."""

    run: Running
    layout: Layout
    tree: tuple[Directive, ...]

    @property
    def check(self) -> tuple[str, ...]:
        """Its checker."""
        return self.layout.check

    @functools.cached_property
    def sites(self) -> tuple[Site, ...]:
        """The virtual hosts in the order in which they stand, and the main server where it has a port of its own."""
        return sites(self.tree)


def read(host: Host) -> tuple[Instance, ...]:
    """Every Apache that runs; use as `host.once(apache.read)`. Raises HostError where a configuration is unreadable."""
    return tuple(_instance(host, run) for run in common.running(host, *PROGRAMS))


def _instance(host: Host, run: Running) -> Instance:
    layout = _layout(host, run)
    return Instance(run, layout, tuple(parse(host, layout)))


def _layout(host: Host, run: Running) -> Layout:
    """The one of the distribution, or what Debian makes of it for a further instance (`apache2 -d /etc/apache2-x`)."""
    layout = next((one for one in LAYOUTS if host.exists(one.config)), None)
    if layout is None:
        raise HostError(f"Apache httpd runs, but none of {', '.join(one.config for one in LAYOUTS)} is there")
    words = common.command_line(host, run.pids[0])
    root, file = common.option(words, "d") or layout.root, common.option(words, "f") or layout.config
    if file != layout.config or (root != layout.root and not layout.variables):
        raise HostError(f"Apache httpd runs with a configuration of its own ({printable(file)}, {printable(root)})")
    return layout if root == layout.root else _further(layout, root)


def _further(layout: Layout, root: str) -> Layout:
    """After the distribution's setup-instance, which copies the folder and leaves the names in it."""
    config, variables = (path.replace(layout.root, root, 1) for path in (layout.config, layout.variables))
    return Layout(config, root, layout.snippets, variables, ("env", f"APACHE_CONFDIR={root}", *layout.check))


def parse(host: Host, layout: Layout, extra: t.Mapping[str, str] | None = None) -> list[Directive]:
    """The configuration as it would be with the `extra` files (path: text) beside those that are there."""
    more = extra or {}

    def glob(pattern: str) -> list[str]:
        return sorted({*host.glob(pattern), *(path for path in more if fnmatch.fnmatchcase(path, pattern))})

    def text(path: str) -> str:
        return more[path] if path in more else common.text(host, path)

    try:
        return apache_conf.parse(layout.config, text, glob, root=layout.root, variables=_variables(host, layout))
    except BadConfig as exc:
        raise HostError(printable(str(exc))) from exc


def _variables(host: Host, layout: Layout) -> dict[str, str]:
    """What the environment of the service sets, as far as it is plain; $SUFFIX tells further instances apart."""
    try:
        text = host.read_text(layout.variables) if layout.variables else ""
    except Missing:
        text = ""
    suffix = layout.root.removeprefix("/etc/apache2")
    return {name: value.strip("'\"").replace("$SUFFIX", suffix) for name, value in _EXPORT.findall(text)}


def loaded(tree: t.Iterable[Directive], module: str) -> bool:
    """Whether a module ("ssl_module") is loaded."""
    return any(one.name == "loadmodule" and one.arguments[:1] == (module,) for one in tree)


def sites(tree: t.Sequence[Directive]) -> tuple[Site, ...]:
    """See Instance.sites."""
    main = tuple(one for one in tree if one.name != "virtualhost")
    listens = dict(_listen(one) for one in main if one.name == "listen" and one.arguments)
    secured = loaded(main, "ssl_module")
    found = [_site(one, main, listens, secured=secured) for one in tree if one.name == "virtualhost"]
    left = tuple(port for port in listens if not any(port in site.ports for site in found))
    return (
        (*found, Site(None, main, _names(main), left, secured and _engine(main, left, listens))) if left else (*found,)
    )


def proxied(site: Site) -> bool:
    """Whether whoever connects has to begin with the PROXY protocol (mod_remoteip); loopback may be an exception."""
    said, spared = site.last("remoteipproxyprotocol"), site.last("remoteipproxyprotocolexceptions")
    near = spared is not None and any(word.startswith(("127.", "::1")) for word in spared.arguments)
    return said is not None and [word.lower() for word in said.arguments] == ["on"] and not near


def made_by_macros(tree: t.Iterable[Directive]) -> list[str]:
    """Where macros begin that make virtual hosts, whose names only mod_macro knows."""
    macros = (one for one in tree if one.name == "macro")
    return [one.place for one in macros if any(inside.name == "virtualhost" for inside in one.block or ())]


def _listen(one: Directive) -> tuple[int, str]:
    match = _PORT.fullmatch(one.arguments[0])
    port = int(match["port"]) if match and match["port"].isdigit() else 0
    return port, one.arguments[1].lower() if len(one.arguments) > 1 else "https" if port == 443 else "http"


def _site(section: Directive, main: tuple[Directive, ...], listens: t.Mapping[int, str], *, secured: bool) -> Site:
    ports = tuple(dict.fromkeys(port for word in section.arguments for port in _ports(word, listens)))
    block = section.block or ()
    engine = _engine((*main, *block), ports, listens)
    return Site(section, main, _names(block), ports, secured and engine)


def _ports(word: str, listens: t.Mapping[int, str]) -> tuple[int, ...]:
    match = _PORT.fullmatch(word)
    if match and match["port"].isdigit():
        return (int(match["port"]),)
    return tuple(listens)


def _engine(block: t.Iterable[Directive], ports: tuple[int, ...], listens: t.Mapping[int, str]) -> bool:
    said = [one.arguments[0].lower() for one in block if one.name == "sslengine" and one.arguments]
    return said[-1] != "off" if said else any(listens.get(port) == "https" for port in ports)


def _names(block: t.Iterable[Directive]) -> tuple[str, ...]:
    found = [word for one in block if one.name in ("servername", "serveralias") for word in one.arguments]
    # https://name:8443 is a way to write a ServerName.
    return tuple(dict.fromkeys(re.sub(r"^\w+://|:\d+$", "", word).lower() for word in found))


def flat(block: t.Iterable[Directive]) -> t.Iterator[Directive]:
    """The directives of a block and of the sections in it."""
    for one in block:
        if one.block is None:
            yield one
        else:
            yield from flat(one.block)
