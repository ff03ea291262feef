# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""HAProxy: where it sends requests on to (the servers of its backends), and how they come to verified TLS."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common, haproxy
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.haproxy import (
    Bind,
    Instance,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._upstreams.model import (
    Front,
    Proxy,
    Route,
    Secure,
    Target,
    To,
    untold,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._formats.haproxy_cfg import Line, Section, Word
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Where the address stands in a line that names servers.
ADDRESS = {"server": 2, "server-template": 3}
_HOST = re.compile(r"\bhdr(?:_dom)?\(host\)\s+(?:-\w+\s+)*([\w.-]+)")
_PATH = re.compile(r"\bpath(?:_beg)?\s+(?:-\w+\s+)*(/[^\s}]*)")
STEPS = (
    "Have the application speak TLS, then in {place} add to the server ssl verify required ca-file FILE sni str(NAME) "
    "verifyhost NAME; {check} && systemctl reload {unit}."
)


@dataclasses.dataclass(frozen=True)
class Haproxy(Proxy):
    """One running HAProxy."""

    instance: Instance

    PRODUCT: t.ClassVar[str] = "HAProxy"

    def routes(self) -> tuple[Route, ...]:
        found = (self._route(section) for section in self.instance.of("backend", "listen") if _servers(section))
        return tuple(route for route in found if route.ports)

    def _route(self, section: Section) -> Route:
        leads = [(bind, line) for bind in self.instance.binds for line in self._leads(bind, section)]
        secured = [bind for bind, _line in leads if bind.tls]
        binds = secured or [bind for bind, _line in leads]
        ports = tuple(dict.fromkeys(port for bind in binds for port in bind.ports))
        lines = _servers(section)
        targets = tuple(_target(self.instance, section, line) for line in lines)
        told = [line for line in lines if "$" in line.words[ADDRESS[line.name]].text]
        unknown = untold(printable(told[0].place), "it") if told else ""
        tcp = self.instance.mode(section) != "http"
        return Route(
            f"{section.kind} {printable(section.name)}",
            printable(lines[0].place),
            ports,
            bool(secured),
            targets,
            verified=all(_verified(self.instance, section, line) for line in lines),
            unknown=unknown,
            front=None if tcp else self._front(leads, ports, tls=bool(secured)),
            steps=STEPS.format(
                place=printable(lines[0].place), check=" ".join(self.instance.check), unit=self.run.unit or "haproxy"
            ),
            kept="what passes through in mode tcp cannot be tried by a request" if tcp else "",
        )

    def _leads(self, bind: Bind, section: Section) -> t.Iterator[Line | None]:
        """How a bind leads to a section: by itself, or by a line of its own."""
        if bind.section is section:
            yield None
        own = bind.section.all("default_backend")
        before = self.instance.sections[: self.instance.sections.index(bind.section)]
        around = [one for one in before if one.kind == "defaults"][-1:] if not own else []
        inherited = [line for one in around for line in one.all("default_backend")]
        for line in (*own, *inherited, *bind.section.all("use_backend")):
            if len(line.texts) > 1 and (line.texts[1] == section.name or "%[" in line.texts[1]):
                yield line

    def _front(self, leads: list[tuple[Bind, Line | None]], ports: tuple[int, ...], *, tls: bool) -> Front | None:
        """A request that comes by there: the default, or what the condition says of host and path."""
        for bind, line in leads:
            if bind.tls != tls or (line is not None and "%[" in line.texts[1]):
                continue
            if line is None or line.name == "default_backend":
                return Front(ports[0], tls, "localhost", "/")
            said = " ".join(line.texts[2:])
            for acl in bind.section.all("acl"):
                if len(acl.texts) > 2 and acl.texts[1] in line.texts:
                    said += f" {' '.join(acl.texts[2:])}"
            host, path = _HOST.search(said), _PATH.search(said)
            if host or path:
                return Front(ports[0], tls, host[1] if host else "localhost", path[1] if path else "/")
        return None

    def changes(self, host: Host, routes: t.Sequence[Route], to: To) -> tuple[Change, ...]:
        common.refuse_broken(host, self.PRODUCT, self.instance.check)
        edits: dict[str, list[Edit]] = {}
        subjects = {route.subject: route for route in routes}
        for section in self.instance.of("backend", "listen"):
            route = subjects.get(f"{section.kind} {printable(section.name)}")
            for line, target in zip(_servers(section), route.targets if route else ()):
                edits.setdefault(line.path, []).extend(_edits(line, to[target]))
        return (*common.edits(host, edits), *common.take_up(self.run, self.PRODUCT, self.instance.check))


def find(host: Host) -> t.Iterator[Haproxy]:
    """Every HAProxy that listens. Raises HostError."""
    for instance in host.once(haproxy.read):
        yield Haproxy(instance.run, instance)


def _servers(section: Section) -> tuple[Line, ...]:
    return tuple(line for line in section.all(*ADDRESS) if len(line.words) > ADDRESS[line.name])


def _options(instance: Instance, section: Section, line: Line) -> list[str]:
    """The words of a server, those of default-server before them."""
    before = [one for one in instance.sections[: instance.sections.index(section)] if one.kind == "defaults"][-1:]
    found = [one for each in (*before, section) for one in each.all("default-server")]
    return [word for one in found for word in one.texts[1:]] + list(line.texts[ADDRESS[line.name] + 1 :])


def _encrypted(words: t.Sequence[str]) -> bool:
    told = [word for word in words if word in ("ssl", "no-ssl")]
    return told[-1:] == ["ssl"]


def _value(words: t.Sequence[str], name: str) -> str:
    found = [two for one, two in zip(words, words[1:]) if one == name]
    return found[-1] if found else ""


def _verified(instance: Instance, section: Section, line: Line) -> bool:
    words = _options(instance, section, line)
    named = _value(words, "verifyhost") or _value(words, "sni")
    return _value(words, "verify") == "required" and bool(_value(words, "ca-file")) and bool(named)


def _target(instance: Instance, section: Section, line: Line) -> Target:
    address = re.sub(r"^(?:ipv[46]@|tcp[46]?@)", "", line.texts[ADDRESS[line.name]])
    if re.match(r"/|unix@|abns@|sockpair@|fd@", address):
        return Target("http", "", 0, printable(line.place))
    secured = _encrypted(_options(instance, section, line))
    http = instance.mode(section) == "http"
    scheme = ("https" if http else "tls") if secured else ("http" if http else "tcp")
    host, _colon, port = address.rpartition(":") if re.search(r":\d+$", address) else (address, "", "")
    return Target(scheme, host.strip("[]"), int(port or (443 if secured else 80)), printable(line.place))


def _edits(line: Line, secure: Secure) -> t.Iterator[Edit]:
    """The address, and behind it what has it speak TLS; words that say something else about it go."""
    at = ADDRESS[line.name]
    word = line.words[at]
    host = f"[{secure.host}]" if ":" in secure.host else secure.host
    said = f"ssl verify required ca-file {secure.authorities} sni str({secure.name}) verifyhost {secure.name}"
    yield Edit(word.start, word.end, f"{host}:{secure.port} {said}")
    rest = line.words[at + 1 :]
    for one, two in zip(rest, (*rest[1:], None)):
        if one.text in ("ssl", "no-ssl"):
            yield Edit(one.start - 1, one.end, "")
        elif one.text in ("verify", "ca-file", "sni", "verifyhost") and isinstance(two, Word):
            yield Edit(one.start - 1, two.end, "")
