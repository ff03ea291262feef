# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Where accounts come from besides the host's own files: nsswitch.conf(5), and the domains of sssd.conf(5)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import ini
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing

SWITCHES = ("/etc/nsswitch.conf", "/usr/etc/nsswitch.conf")
SSSD, SNIPPETS = "/etc/sssd/sssd.conf", "/etc/sssd/conf.d/*.conf"
#: Services of nsswitch.conf that bring people's accounts from elsewhere, and what they are.
DIRECTORIES = {
    "sss": "sssd",
    "winbind": "winbind",
    "ldap": "an LDAP directory (nss_ldap, nslcd)",
    "oslogin": "Google OS Login",
    "authd": "authd",
    "himmelblau": "Himmelblau (Entra ID)",
    "aad": "aad-auth (Entra ID)",
    "nis": "NIS",
}
#: Providers of sssd that only repeat what the host's own files say.
_LOCAL = frozenset(("files", "local", ""))


@dataclasses.dataclass(frozen=True)
class Domain:
    """One enabled domain of sssd, by its own settings (lower case)."""

    name: str
    settings: t.Mapping[str, str]

    def value(self, key: str, default: str = "") -> str:
        """A setting as written, or the default."""
        return self.settings.get(key, default).strip()

    @property
    def identity(self) -> str:
        """Who says which accounts there are."""
        return self.value("id_provider").lower()

    @property
    def authentication(self) -> str:
        """Who checks passwords; as long as nothing is said, whoever says which accounts there are."""
        return self.value("auth_provider", self.identity).lower()

    @property
    def access(self) -> str:
        """Who says whether somebody may log in; everybody may as long as nothing is said."""
        return self.value("access_provider", "permit").lower()

    @property
    def foreign(self) -> bool:
        """Whether its accounts come from elsewhere."""
        return self.identity not in _LOCAL

    def listed(self, key: str) -> tuple[str, ...]:
        """A setting that is a list."""
        return tuple(filter(None, (one.strip() for one in self.value(key).split(","))))


def sources(host: Host, database: str = "passwd") -> tuple[str, ...]:
    """The services that are asked for a database, in their order; without a line, the host's files alone."""
    for line in host.once(_switch).splitlines():
        name, colon, rest = line.partition("#")[0].partition(":")
        if colon and name.strip() == database:
            return tuple(re.sub(r"\[[^\]]*\]", " ", rest).split())
    return ("files",)


def _switch(host: Host) -> str:
    for path in SWITCHES:
        try:
            return host.read_text(path)
        except Missing:
            continue
    return ""


def directories(host: Host) -> tuple[str, ...]:
    """The services of DIRECTORIES that bring accounts to this host now; sssd only with a domain of its own."""
    found = [name for name in sources(host) if name in DIRECTORIES]
    foreign = any(domain.foreign for domain in host.once(domains))
    return tuple(name for name in found if name != "sss" or foreign)


def domains(host: Host) -> tuple[Domain, ...]:
    """The domains of sssd that are enabled, in their order. Use as `host.once(directory.domains)`. Raises NeedsRoot."""
    settings = host.once(_sssd)
    listed = [one.strip() for one in settings.get("sssd.domains", "").split(",") if one.strip()]
    named = [key.rpartition(".")[0][len("domain/") :] for key in settings if key.startswith("domain/")]
    enabled = [name for name in named if settings.get(f"domain/{name}.enabled", "").lower() == "true"]
    disabled = {name for name in named if settings.get(f"domain/{name}.enabled", "").lower() == "false"}
    return tuple(_domain(name, settings) for name in dict.fromkeys((*listed, *enabled)) if name not in disabled)


def _domain(name: str, settings: t.Mapping[str, str]) -> Domain:
    prefix = f"domain/{name}."
    own = {key[len(prefix) :].lower(): value for key, value in settings.items() if key.startswith(prefix)}
    return Domain(name, own)


def _sssd(host: Host) -> dict[str, str]:
    """All settings; a later file outweighs the earlier ones."""
    found: dict[str, str] = {}
    for path in (SSSD, *(name for name in host.glob(SNIPPETS) if not name.rpartition("/")[2].startswith("."))):
        try:
            found.update(ini.parse(host.read_text(path)))
        except Missing:
            continue
    return found
