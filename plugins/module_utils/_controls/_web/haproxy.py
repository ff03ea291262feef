# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""HAProxy: the sections of its configuration, and what its `bind` lines listen on."""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._formats import haproxy_cfg
from ansible_collections.infosec.principles.plugins.module_utils._formats.haproxy_cfg import Line, Section
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

PROGRAM = "haproxy"
CONFIG = "/etc/haproxy/haproxy.cfg"
MAX_FILES, MAX_PAIRS, MAX_PEM = 200, 200, 256 * 1024
_FILE = re.compile(r"(?<=\s)(?:-f\s*|-f\s+|--\s+)(/\S+)")
_PORT = re.compile(r".*:(\d+)(?:-(\d+))?")


@dataclasses.dataclass(frozen=True)
class Bind:
    """One `bind`: of which section, at which ports, with TLS or without. pairs: files with certificate and key."""

    section: Section
    line: Line
    ports: tuple[int, ...]
    tls: bool
    pairs: tuple[Pair, ...]


@dataclasses.dataclass(frozen=True)
class Instance:
    """One running HAProxy with its configuration."""

    run: Running
    files: tuple[str, ...]
    sections: tuple[Section, ...]
    binds: tuple[Bind, ...]

    @property
    def check(self) -> tuple[str, ...]:
        """Its checker."""
        return ("haproxy", "-c", *(word for path in self.files for word in ("-f", path)))

    def of(self, *kinds: str) -> tuple[Section, ...]:
        """The sections of these kinds."""
        return tuple(section for section in self.sections if section.kind in kinds)

    def mode(self, section: Section) -> str:
        """tcp, unless the section or the defaults before it say otherwise."""
        found = "tcp"
        for one in self.sections:
            if one.kind == "defaults":
                found = _last(one, "mode", found)
            if one is section:
                return _last(one, "mode", found)
        return found


def _last(section: Section, name: str, default: str) -> str:
    found = [line.texts[1] for line in section.all(name) if len(line.texts) > 1]
    return found[-1] if found else default


def read(host: Host) -> tuple[Instance, ...]:
    """Every HAProxy that runs; use as `host.once(haproxy.read)`. Raises HostError where a file is unreadable."""
    return tuple(_instance(host, run) for run in common.running(host, PROGRAM))


def _instance(host: Host, run: Running) -> Instance:
    named = tuple(_FILE.findall(common.command_line(host, run.pids[0]))) or (CONFIG,)
    paths = [path for one in named for path in _paths(host, one)][:MAX_FILES]
    if not paths:
        raise HostError(f"HAProxy runs, but its configuration {', '.join(named)} is not there")
    sections = tuple(one for path in paths for one in haproxy_cfg.parse(path, common.text(host, path)))
    base = {line.name: line.texts[1] for one in sections for line in one.all("crt-base") if len(line.texts) > 1}
    binds = tuple(_bind(host, one, line, base) for one in sections for line in one.all("bind") if len(line.texts) > 1)
    return Instance(run, named, sections, binds)


def _paths(host: Host, path: str) -> list[str]:
    """A file, or what a folder holds (haproxy(1), -f)."""
    return host.glob(f"{path.rstrip('/')}/*.cfg") or ([path] if host.exists(path) else [])


def _bind(host: Host, section: Section, line: Line, base: t.Mapping[str, str]) -> Bind:
    tls = "ssl" in line.texts[2:]
    ports = tuple(port for word in line.texts[1].split(",") for port in _ports(word))
    return Bind(section, line, ports, tls, tuple(_pairs(host, line, base.get("crt-base", ""))) if tls else ())


def _ports(word: str) -> t.Iterator[int]:
    """None for unix sockets, inherited ones and QUIC."""
    if re.match(r"/|unix@|abns@|abnsz@|fd@|sockpair@|quic", word):
        return
    match = _PORT.fullmatch(word)
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        yield from range(first, min(last, first + 100) + 1)


def _pairs(host: Host, line: Line, base: str) -> t.Iterator[Pair]:
    for keyword, word in zip(line.texts[2:], line.texts[3:]):
        if keyword == "crt":
            path = os.path.join(base, word)
            for found in (host.glob(f"{path.rstrip('/')}/*") or [path])[:MAX_PAIRS]:
                if not found.endswith((".key", ".ocsp", ".issuer", ".sctl")):
                    yield Pair(found, _key(host, found))


def _key(host: Host, path: str) -> str:
    """The file with the key: the certificate's own, else one beside it (ssl-load-extra-files)."""
    beside = (f"{path}.key", f"{os.path.splitext(path)[0]}.key")
    try:
        own = b"PRIVATE KEY-----" in host.read_part(path, MAX_PEM)
    except HostError:
        own = True
    return path if own else next((one for one in beside if host.exists(one)), path)


def lists(instance: Instance) -> tuple[str, ...]:
    """The crt-list files, whose lines may have settings of their own."""
    words = [(one, two) for bind in instance.binds for one, two in zip(bind.line.texts[2:], bind.line.texts[3:])]
    return tuple(dict.fromkeys(two for one, two in words if one == "crt-list" and two.startswith("/")))
