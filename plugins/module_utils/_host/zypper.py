# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""zypper and what updates SUSE systems by itself, read from their files; nothing is fetched."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import ini
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

REPOSITORIES = "/etc/zypp/repos.d"
CONFIG = "/etc/zypp/zypp.conf"
LOCKS = "/etc/zypp/locks"
YAST = "/etc/sysconfig/automatic_online_update"


@dataclasses.dataclass(frozen=True)
class Repository:
    """One configured repository: its alias, the file that configures it, and its options."""

    name: str
    place: str
    options: t.Mapping[str, str]

    @property
    def enabled(self) -> bool:
        """Whether packages are taken from it."""
        return is_true(self.options.get("enabled", "1"))


def is_true(value: str) -> bool:
    """Whether libzypp takes the value of an option for yes."""
    return value.lower() in ("1", "yes", "true", "on", "always")


def repositories(host: Host) -> tuple[Repository, ...]:
    """All that are configured. Use as `host.once(zypper.repositories)`."""
    found = []
    for path in host.glob(f"{REPOSITORIES}/*.repo"):
        sections: dict[str, dict[str, str]] = {}
        for name, value in settings(host, path).items():
            section, _dot, key = name.rpartition(".")
            sections.setdefault(section, {})[key] = value
        found += [Repository(name, path, options) for name, options in sections.items()]
    return tuple(found)


def locked(host: Host) -> tuple[str, ...]:
    """What locks hold: a name or pattern of each, with its type where that is not a package."""
    found = []
    for stanza in re.split(r"\n[ \t]*\n", _text(host, LOCKS)):
        fields = dict(re.findall(r"^(\w+)[ \t]*:[ \t]*(.*?)[ \t]*$", stanza, re.MULTILINE))
        name = fields.get("solvable_name") or fields.get("query_string", "")
        kind = fields.get("type", "package")
        found += [name if kind == "package" else f"{kind}:{name}"] if name else []
    return tuple(found)


def settings(host: Host, *paths: str) -> dict[str, str]:
    """The settings of these files, of which later ones win."""
    found: dict[str, str] = {}
    for path in paths:
        found.update(ini.parse(_text(host, path)))
    return found


def _text(host: Host, name: str) -> str:
    try:
        return host.read_text(name)
    except HostError:
        return ""
