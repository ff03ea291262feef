# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""apt and dpkg as they are set up here: read from their files and from what they say themselves; nothing is fetched."""

from __future__ import annotations

import dataclasses
import datetime
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


# The fields come in dpkg's own order: Package, at times Essential or Protected, Status.
_STATUS = re.compile(r"^Package: (\S+)\n(?:[A-Z].*\n)*?Status: (\S+) \S+ (\S+)$", re.MULTILINE)


class AptError(Exception):
    """apt does not work here: what it said."""


@dataclasses.dataclass(frozen=True)
class Source:
    """One component of one configured source. The fields of its Release file are "" until that has been fetched.

    place: host and path, without scheme or password. release: as configured. entry: file and line that configure it.
    list_name: how the names of its lists below LISTS begin. date, valid_until: as the Release file has them.
    signature: the file that holds its signature, "" for none. options: those of its entry, by lower-case name.
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
    date: str = ""
    valid_until: str = ""
    signature: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def packages_list(self) -> str:
        """The path of its list of packages, without "<architecture>_Packages" (flat: "Packages") at the end."""
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
    return host.once(_sources)


def _sources(host: Host) -> tuple[Source, ...]:
    return tuple(source for name, entry in _entries(host) for source in _parts(host, name, entry))


def _parts(host: Host, name: str, entry: aptsources.Entry) -> t.Iterator[Source]:
    release = _release(host, entry)
    for component in entry.components or ("",):
        yield Source(
            place=printable(entry.place),
            site=printable(entry.site),
            release=printable(entry.suite),
            component=printable(component),
            entry=printable(f"{name}:{entry.line}"),
            origin=release["origin"],
            label=release["label"],
            suite=release["suite"],
            codename=release["codename"],
            list_name=entry.list_name,
            date=release["date"],
            valid_until=release["valid_until"],
            signature=release["signature"],
            options=entry.options,
        )


def last_fetch(host: Host) -> datetime.datetime | None:
    """When apt last went for its lists: it does so in a folder of its own; None where it never has."""
    status = host.stat(f"{LISTS}/partial")
    return datetime.datetime.fromtimestamp(status.st_mtime, datetime.timezone.utc) if status else None


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
    """What the Release file says, and where its signature is."""
    for kind in ("InRelease", "Release"):
        try:
            text = host.read_text(f"{LISTS}/{entry.list_name}{kind}")
        except Missing:
            continue
        detached = kind == "Release" and host.exists(f"{LISTS}/{entry.list_name}Release.gpg")
        signature = kind if aptsources.is_signed(text) else "Release.gpg" if detached else ""
        return {
            "signature": signature,
            **{key: printable(value) for key, value in aptsources.parse_release(text).items()},
        }
    return {"signature": "", **aptsources.parse_release("")}


@dataclasses.dataclass(frozen=True)
class Package:
    """What dpkg has of a package: selection is what is wanted of it (install, hold, ...), state what it is."""

    name: str
    selection: str
    state: str


def installed(host: Host) -> tuple[Package, ...]:
    """All that dpkg knows. Use as `host.once(apt.installed)`."""
    try:
        text = host.read_text(STATUS)
    except Missing:
        return ()
    return tuple(Package(*map(printable, found)) for found in _STATUS.findall(text))


def is_true(value: str) -> bool:
    """Whether apt takes the value of a setting for yes."""
    return value.lower() in ("yes", "true", "with", "on", "enable") or bool(re.fullmatch(r"0*[1-9]\d*", value))


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


def settings(host: Host) -> tuple[tuple[str, aptconf.Setting], ...]:
    """(file, statement) of every file that this user may read, in order."""
    return host.once(_settings)


def _settings(host: Host) -> tuple[tuple[str, aptconf.Setting], ...]:
    texts = [(name, text) for name in config_files(host) for text in _readable(host, name)]
    return tuple((name, setting) for name, text in texts for setting in aptconf.settings(text))


def _readable(host: Host, name: str) -> t.Iterator[str]:
    try:
        yield host.read_text(name)
    except HostError:
        return
