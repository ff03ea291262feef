# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""dnf as it is set up here, of either generation, read from its files; nothing is fetched."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import ini
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

CONFIG = "/etc/dnf/dnf.conf"
REPOSITORIES = "/etc/yum.repos.d"
SHIPPED = "/usr/share/dnf5/dnf5-plugins/automatic.conf"
#: The built-in values of what automatic.conf leaves out (dnf-automatic(8), dnf5-automatic(8)).
DEFAULTS = {
    4: {"emitters.emit_via": "email, stdio", "email.email_host": "localhost", "email.email_to": "root"},
    5: {"emitters.emit_via": "stdio", "email.email_host": "localhost", "email.email_to": "root"},
}
# dnf5 overrides settings of repositories, by patterns of their ids, in these folders; later ones win.
_OVERRIDES = ("/usr/share/dnf5/repos.override.d", "/etc/dnf/repos.override.d")
_PARTS = ("/usr/share/dnf5/libdnf.conf.d", "/etc/dnf/libdnf5.conf.d")


@dataclasses.dataclass(frozen=True)
class Automatic:
    """The program that updates by itself.

    generation: 4 or 5. package: what it is in. installed: whether it is here. config: the file that a person edits.
    settings: what is in effect, by "section.key".
    """

    generation: int
    package: str
    installed: bool
    config: str
    settings: t.Mapping[str, str]

    def get(self, name: str) -> str:
        """A setting; "" where neither a file nor the program itself says anything."""
        return self.settings.get(name, "")


@dataclasses.dataclass(frozen=True)
class Repository:
    """One configured repository: its id, the file that configures it, and its options."""

    name: str
    place: str
    options: t.Mapping[str, str]

    @property
    def enabled(self) -> bool:
        """Whether packages are taken from it."""
        return is_true(self.options.get("enabled", "1"))


def is_true(value: str) -> bool:
    """Whether dnf takes the value of an option for yes."""
    return value.lower() in ("1", "yes", "true", "on")


def automatic(host: Host) -> Automatic | None:
    """None where there is no dnf. Use as `host.once(dnf.automatic)`."""
    link = host.readlink("/usr/bin/dnf") or ""
    if host.exists(SHIPPED) or link.rpartition("/")[2] == "dnf5" or (host.exists("/usr/bin/dnf5") and not link):
        return _fifth(host)
    if not host.exists("/usr/bin/dnf"):
        return None
    config = "/etc/dnf/automatic.conf"
    found = {**DEFAULTS[4], **_parsed(host, config)}
    return Automatic(4, "dnf-automatic", host.exists("/usr/bin/dnf-automatic"), config, found)


def _fifth(host: Host) -> Automatic:
    """What is shipped says which file is for changes: that was moved."""
    shipped = _text(host, SHIPPED)
    named = re.search(r"/etc/dnf/[\w./-]*automatic\.conf", shipped)
    config = named.group() if named else "/etc/dnf/automatic.conf"
    found = {**DEFAULTS[5], **ini.parse(shipped), **_parsed(host, config)}
    return Automatic(5, "dnf5-plugin-automatic", bool(shipped), config, found)


def main(host: Host) -> dict[str, str]:
    """The section [main] of the configuration, by lower-case key; what automatic.conf has in [base] overrides it."""
    names = [name for folder in _PARTS for name in host.glob(f"{folder}/*.conf")]
    settings: dict[str, str] = {}
    for name in (*sorted(names, key=lambda path: path.rpartition("/")[2]), CONFIG):
        settings.update(_section(_parsed(host, name), "main"))
    program = host.once(automatic)
    return {**settings, **_section(program.settings if program else {}, "base")}


def repositories(host: Host) -> tuple[Repository, ...]:
    """All that are configured, with what overrides them. Use as `host.once(dnf.repositories)`."""
    overrides = [_sections(_parsed(host, name)) for folder in _OVERRIDES for name in host.glob(f"{folder}/*.repo")]
    found = []
    for name in host.glob(f"{REPOSITORIES}/*.repo"):
        for identifier, options in _sections(_parsed(host, name)).items():
            for sections in overrides:
                for pattern, other in sections.items():
                    options = {**options, **other} if fnmatch.fnmatchcase(identifier, pattern) else options
            found.append(Repository(identifier, name, options))
    return tuple(found)


def locked(host: Host) -> tuple[tuple[str, str], ...]:
    """(file, package or pattern) that a version lock holds."""
    found = []
    fifth = "/etc/dnf/versionlock.toml"
    for name in re.findall(r'^[ \t]*name[ \t]*=[ \t]*"([^"\n]+)"', _text(host, fifth), re.MULTILINE):
        found.append((fifth, name))
    plugin = _parsed(host, "/etc/dnf/plugins/versionlock.conf")
    path = plugin.get("main.locklist", "/etc/dnf/plugins/versionlock.list")
    if plugin and is_true(plugin.get("main.enabled", "1")):
        lines = (line.strip() for line in _text(host, path).splitlines())
        found += [(path, line) for line in lines if line and not line.startswith("#")]
    return tuple(found)


def _sections(values: t.Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The settings of each section; a section's name may hold dots, a key does not."""
    found: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        section, _dot, key = name.rpartition(".")
        found.setdefault(section, {})[key] = value
    return found


def _section(values: t.Mapping[str, str], name: str) -> dict[str, str]:
    return _sections(values).get(name, {})


def _parsed(host: Host, name: str) -> dict[str, str]:
    return ini.parse(_text(host, name))


def _text(host: Host, name: str) -> str:
    try:
        return host.read_text(name)
    except HostError:
        return ""
