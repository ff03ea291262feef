# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""apt and dpkg as they are set up here: read from their files and from what they say themselves; nothing is fetched."""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf, aptsources
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

STATUS = "/var/lib/dpkg/status"
PARTS = "/etc/apt/apt.conf.d"
MAIN = "/etc/apt/apt.conf"
LISTS = "/var/lib/apt/lists"
SOURCES = "/etc/apt/sources.list"


class AptError(Exception):
    """apt does not work here: what it said."""


@dataclasses.dataclass(frozen=True)
class Source:
    """One component of one configured source. The fields of its Release file are "" until that has been fetched.

    place: host and path, without scheme or password. release: as configured. entry: file and line that configure it.
    list_name: how the names of its lists below LISTS begin.
    """

    place: str
    site: str
    release: str
    component: str
    entry: str
    origin: str
    label: str
    suite: str
    codename: str
    list_name: str = ""

    @property
    def packages_list(self) -> str:
        """The path of its list of packages, without "<architecture>_Packages" (a flat source: "Packages") at the end."""
        return f"{LISTS}/{self.list_name}{f'{self.component}_binary-' if self.component else ''}"

    @property
    def fetched(self) -> bool:
        """Whether its Release file is here."""
        return bool(self.origin or self.label or self.suite or self.codename)


def config(host: Host) -> aptconf.Config:
    """The configuration in effect. Raises AptError where apt cannot read it."""
    dumped = host.ask("apt-config", "dump")
    if dumped.rc != 0:
        raise AptError(printable(dumped.stderr.strip()) or f"apt-config dump ended with {dumped.rc}")
    return aptconf.parse_dump(dumped.stdout)


def sources(host: Host) -> tuple[Source, ...]:
    """Every configured binary source, a component at a time, with what its Release file says of it."""
    return tuple(
        Source(
            *map(printable, (entry.place, entry.site, entry.suite, component, f"{name}:{entry.line}")),
            **{field.lower(): printable(value) for field, value in _release(host, entry).items()},
            list_name=entry.list_name,
        )
        for name, entry in _entries(host)
        for component in entry.components or ("",)
    )


def is_security(source: Source, system: Distribution) -> bool:
    """Whether the source carries this release's security updates, by its Release file or, unfetched, by its name."""
    if source.fetched and not source.codename.startswith(system.codename):
        return False
    names = (source.label, source.suite, source.codename, source.release)
    return any(re.search(r"(?i)(?:^|-)security$|^[a-z]+/updates/?$", name) for name in names)


def _entries(host: Host) -> t.Iterator[tuple[str, aptsources.Entry]]:
    names = [SOURCES, *host.glob(f"{SOURCES}.d/*.list"), *host.glob(f"{SOURCES}.d/*.sources")]
    for name in names:
        parse = aptsources.parse_stanzas if name.endswith(".sources") else aptsources.parse_lines
        try:
            yield from ((name, entry) for entry in parse(host.read_text(name)))
        except Missing:
            continue


def _release(host: Host, entry: aptsources.Entry) -> dict[str, str]:
    for kind in ("InRelease", "Release"):
        try:
            return aptsources.parse_release(host.read_text(f"{LISTS}/{entry.list_name}{kind}"))
        except Missing:
            continue
    return aptsources.parse_release("")


def package_state(host: Host, name: str) -> tuple[str, str]:
    """(state, version) of a package as dpkg has it, such as ("installed", "2.12"), or ("absent", "")."""
    try:
        text = host.read_text(STATUS)
    except Missing:
        return "absent", ""
    found = re.search(rf"^Package: {re.escape(name)}\n(?:.+\n)*", text, re.MULTILINE)
    fields = dict(re.findall(r"^(Status|Version): (.*)$", found.group(), re.MULTILINE)) if found else {}
    return fields.get("Status", "absent").split()[-1], fields.get("Version", "")


def config_files(host: Host) -> list[str]:
    """The files of the configuration in the order in which apt reads them: later ones win."""
    names = [name for name in host.listdir(PARTS) if re.fullmatch(r"[A-Za-z0-9_.-]+", name)]
    parts = [f"{PARTS}/{name}" for name in sorted(names) if os.path.splitext(name)[1] in ("", ".conf")]
    return [*parts, *([MAIN] if host.exists(MAIN) else [])]


def settings(host: Host) -> t.Iterator[tuple[str, aptconf.Setting]]:
    """(file, statement) of every file that this user may read, in order."""
    for name in config_files(host):
        try:
            text = host.read_text(name)
        except HostError:
            continue
        for setting in aptconf.settings(text):
            yield name, setting
