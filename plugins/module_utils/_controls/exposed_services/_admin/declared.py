# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the register says of an interface: the entry with `admin: true` that names who may use it."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    EVERYBODY,
    LOOPBACK,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    ANY,
    Admission,
    Found,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

Service = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Entry:
    """Who may use an interface. names: of the entries that say so. clients: networks (CIDR), or "any"."""

    names: tuple[str, ...]
    clients: tuple[str, ...]

    @property
    def everybody(self) -> bool:
        """Whether it says so of all."""
        return ANY in self.clients

    @property
    def title(self) -> str:
        """phpmyadmin (192.0.2.0/24)."""
        return f"{', '.join(self.names)} ({', '.join(self.clients) or 'nobody'})"

    @property
    def networks(self) -> AddressSet:
        """All that it names."""
        return EVERYBODY if self.everybody else AddressSet.of(self.clients)

    def has(self, address: str) -> bool:
        """Whether it names an address; what is none is nobody's."""
        try:
            return bool(self.networks & AddressSet.of([address]))
        except ValueError:
            return False


def of(services: t.Sequence[Service], found: Found) -> Entry | None:
    """The entry that counts, None where nobody has written one.

    One that is named as its interface is called is for that alone; one whose name is no interface's is for all at its
    ports, unless there is one for this. A port that serves nothing but administration is named by any entry.
    """
    here = [one for one in services if any(_covers(ports, found.at.port) for ports in one["ports"])]
    admin = [one for service in here for one in service["admin"]]
    own = [one for one in admin if _calls(one["name"], found.interface.key)]
    rest = [one for one in admin if not any(_calls(one["name"], interface.key) for interface in INTERFACES)]
    alone = found.at.instance is None and found.path == "/"
    named = own or (rest if len(rest) == 1 else []) or (here if alone and not admin else [])
    if not named:
        return None
    return Entry(
        tuple(dict.fromkeys(one["name"] for one in named)),
        tuple(dict.fromkeys(client for one in named for client in one["clients"])),
    )


def _covers(ports: t.Mapping[str, t.Any], port: int) -> bool:
    return bool(ports["protocol"] == "tcp" and ports["first"] <= port <= ports["last"])


def _calls(name: str, key: str) -> bool:
    """Whether a name has the key as words of its own: shop-phpmyadmin, but no tomcat-host-manager for tomcat."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    keys = max((_words(one.key) for one in INTERFACES if _within(_words(one.key), words)), key=len, default=[])
    return keys == _words(key)


def _words(key: str) -> list[str]:
    return key.split("-")


def _within(part: list[str], words: list[str]) -> bool:
    return any(words[at : at + len(part)] == part for at in range(len(words)))


def strangers(host: Host, admission: Admission, entry: Entry | None) -> AddressSet:
    """Who is let in and not named; this host itself is never one."""
    own = host.once(own_addresses)
    admitted = EVERYBODY if admission.everybody else AddressSet.of(admission.networks)
    return admitted - own - (entry.networks if entry else AddressSet())


def own_addresses(host: Host) -> AddressSet:
    """What this host itself comes from. Use as `host.once(declared.own_addresses)`."""
    return AddressSet.of(str(one.ip) for one in host.once(addresses.read)) | LOOPBACK


def from_here(host: Host, clients: t.Iterable[str], entry: Entry | None) -> tuple[str, ...]:
    """Those of the clients that are this host itself, and that the entry does not name."""
    own = Entry((), tuple(host.once(own_addresses).networks()))
    return tuple(one for one in clients if own.has(one) and not (entry and entry.has(one)))
