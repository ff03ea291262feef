# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""dnf and zypper are asked with the metadata that is here; nothing is fetched. Its day is read from their caches."""

from __future__ import annotations

import datetime
import html
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._pending.model import (
    Data,
    Known,
    Update,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Where dnf 4, dnf 5 and zypper keep the metadata of a repository.
DNF = ("/var/cache/dnf/*/repodata/repomd.xml", "/var/cache/libdnf5/*/repodata/repomd.xml")
ZYPP = "/var/cache/zypp/raw/*/repodata/repomd.xml"
#: Distributions whose own repositories carry no advisories, whatever others (EPEL) are there as well.
WITHOUT_ADVISORIES = ("centos",)
ASK_SECONDS = 25
# "RHSA-2024:1234 Important/Sec. name-1:2-3.el9.x86_64", and the table of dnf 5: name, type, severity, package, issued.
_DNF4 = re.compile(r"(?P<id>\S+)\s+\S+/Sec\.\s+(?P<package>\S+)")
_DNF5 = re.compile(r"(?P<id>\S+)\s+security\s+\S+\s+(?P<package>\S+)\s+\d{4}-\d\d-\d\d.*")
_NEVRA = re.compile(r"(?P<name>.+)-(?P<version>[^-]+-[^-]+)\.(?P<arch>[^.-]+)")
_PATCH = re.compile(r"<update\s([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


def dnf(host: Host) -> Known:
    """By the advisories (updateinfo) of the repositories."""
    system = host.once(distribution.read)
    if system.id in WITHOUT_ADVISORIES:
        return Known("dnf", why=f"the repositories of {system.name} carry no security advisories")
    if not host.which("dnf"):
        return Known("dnf", why="there is no dnf here, and older managers are not asked")
    sources = _sources(host, [path for pattern in DNF for path in host.glob(pattern)])
    if not sources:
        return Known("dnf", why="no repository with security advisories has been fetched")
    told = host.ask("dnf", "-q", "-C", "updateinfo", "list", "--security", timeout=ASK_SECONDS)
    if told.rc != 0:
        return Known("dnf", sources, why=f"dnf updateinfo: {_last_line(told.stderr) or f'ended with {told.rc}'}")
    return Known("dnf", sources, parse_dnf(told.stdout))


def parse_dnf(text: str) -> tuple[Update, ...]:
    """The newest of each package: dnf lists the advisories of one from the oldest on."""
    found: dict[str, Update] = {}
    for line in text.splitlines():
        match = _DNF4.fullmatch(line.strip()) or _DNF5.fullmatch(line.strip())
        package = _NEVRA.fullmatch(match["package"]) if match else None
        if match and package:
            name = printable(f"{package['name']}.{package['arch']}")
            found[name] = Update(name, "", printable(package["version"]), printable(match["id"]))
    return tuple(found[name] for name in sorted(found))


def zypper(host: Host) -> Known:
    """By the patches of the repositories."""
    if not host.which("zypper"):
        return Known("zypper", why="there is no zypper here")
    sources = _sources(host, host.glob(ZYPP), advisories=False)
    if not sources:
        return Known("zypper", why="no repository has been fetched")
    argv = ("zypper", "--non-interactive", "--no-refresh", "--xmlout", "list-patches", "--category", "security")
    told = host.ask(*argv, timeout=ASK_SECONDS)
    if told.rc != 0:
        return Known(
            "zypper", sources, why=f"zypper list-patches: {_last_line(told.stderr) or f'ended with {told.rc}'}"
        )
    return Known("zypper", sources, parse_zypper(told.stdout))


def parse_zypper(text: str) -> tuple[Update, ...]:
    """The patches that are needed, of the XML that zypper writes; it is not parsed as XML, which could be a trap."""
    found = {}
    for match in _PATCH.finditer(text):
        values = {key: printable(html.unescape(value)) for key, value in _ATTRIBUTE.findall(match[1])}
        needed = values.get("status", "needed") == "needed" and values.get("category", "security") == "security"
        if values.get("kind") == "patch" and values.get("name") and needed:
            name = values["name"]
            found[name] = Update(name, "", values.get("edition", ""), f"{values.get('severity', 'unknown')} patch")
    return tuple(found[name] for name in sorted(found))


def _sources(host: Host, paths: t.Iterable[str], *, advisories: bool = True) -> tuple[Data, ...]:
    found = []
    for path in paths:
        try:
            text, status = host.read_text(path), host.stat(path)
        except HostError:
            continue
        if status and (not advisories or 'type="updateinfo"' in text):
            # The managers set it when they see that what they have is still what the mirror has.
            date = datetime.datetime.fromtimestamp(status.st_mtime, datetime.timezone.utc)
            found.append(Data(printable(os.path.basename(path[: -len("/repodata/repomd.xml")])), path, date))
    return tuple(found)


def _last_line(text: str) -> str:
    return printable(next((line for line in reversed(text.splitlines()) if line.strip()), "").strip())
