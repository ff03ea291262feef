# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which endpoints of the register owe TLS, and where the controller asks each of them."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import needs
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.alone import BEGINS
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import Endpoint, Plan, Service
from ansible_collections.infosec.principles.plugins.plugin_utils._register import validate

#: sslyze's names of what TLS begins in; of what is not here it knows nothing.
STARTTLS: t.Mapping[str, str] = {
    **{"smtp": "SMTP", "imap": "IMAP", "pop3": "POP3", "ldap": "LDAP", "ftp": "FTP", "postgresql": "POSTGRES"},
}


@dataclasses.dataclass(frozen=True)
class Target:
    """One port of one host. address: "" where there is none to ask; why: then, why. names: those that clients know.

    begins: "tls", or the protocol that TLS begins in. profile: a key of the guideline's.
    """

    host: str
    entry: str
    port: int
    address: str
    begins: str
    profile: str
    names: tuple[str, ...] = ()
    why: str = ""

    @property
    def subject(self) -> str:
        """As in prove.yml's other findings."""
        return f"{self.port}/tcp {self.entry}"

    @property
    def name(self) -> str:
        """The one that is asked for: of the entry, else the host's, which internal_ca.yml signs for as well."""
        known = (name for name in (*self.names, self.host) if "*" not in name and not _is_address(name))
        return next(filter(validate.is_dns_name, known), "")

    @property
    def known(self) -> bool:
        """Whether sslyze can ask it."""
        return self.begins == "tls" or self.begins in STARTTLS

    def order(self) -> dict[str, t.Any]:
        """As scan.py takes it."""
        return {
            "address": self.address,
            "port": self.port,
            "starttls": STARTTLS.get(self.begins, ""),
            "name": self.name,
        }


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def targets(made: Plan, register: t.Iterable[t.Mapping[str, t.Any]], profile: str) -> list[Target]:
    """One for each TCP port of an entry that owes TLS, on each of its hosts. profile: where the entry names none."""
    entries = {entry["name"]: entry for entry in register if entry["tls"] != "none"}
    found: list[Target] = []
    for service in made["services"]:
        if service["service"] in entries and service["protocol"] == "tcp":
            found += _of(service, entries[service["service"]], profile)
    return found


def _of(service: Service, entry: t.Mapping[str, t.Any], profile: str) -> t.Iterator[Target]:
    # Of a range, what listens; of one port that does not, that it does not is the finding.
    heard = [one for one in service["endpoints"] if one["listens"]] or service["endpoints"]
    wanted = entry["tls"] if entry["tls"] in (needs.MODERN, needs.INTERMEDIATE) else profile
    names = tuple(entry.get("names") or ())
    for port in sorted({one["port"] for one in heard}) or [entry["ports"][0]["first"]]:
        address = _address(one for one in heard if one["port"] == port)
        why = service["why"] or ("" if address else "the inventory has no address of it")
        begins = BEGINS.get(port, "tls")
        yield Target(service["target"], entry["name"], port, "" if why else address, begins, wanted, names, why)


def _address(endpoints: t.Iterable[Endpoint]) -> str:
    """IPv4 first, which a controller more surely has."""
    return next(iter(sorted((one["address"] for one in endpoints), key=lambda address: (":" in address, address))), "")
