# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which certificates a host owes by the register, and whether a request of a host asks for just that.

What a host says is not believed: an authority signs names that the controller knows for that host, and no others.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.infosec.principles.plugins.module_utils._certificates import pairs
from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve, validate

#: The certificate of the host itself.
HOST = "host"
#: Further names of a host, such as its FQDN where the inventory has a short name.
NAMES = "infosec_certificate_names"
Certificate = dict[str, t.Any]


class PlanError(Exception):
    """What is wrong with the names of certificates. faults: each with its place and the remedy."""

    def __init__(self, faults: t.Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def owed(
    services: t.Iterable[t.Mapping[str, t.Any]],
    host: str,
    hostvars: resolve.Hostvars,
    *,
    own: bool,
    lookup: resolve.Lookup = resolve.look_up,
) -> list[Certificate]:
    """The certificates of one host. services: its own. own: whether it has one for itself. Raises PlanError."""
    names, addresses = _names(host, hostvars[host]), _addresses(host, hostvars, lookup)
    found = [_certificate(HOST, names, addresses, "", [])] if own else []
    for service in services:
        if service["tls"] != "none":
            ports = [port["first"] for port in service["ports"] if port["protocol"] == "tcp"]
            known = dict.fromkeys([*service["names"], *names])
            found.append(_certificate(service["name"], known, addresses, service["unit"], ports))
    faults = [fault for one in found for fault in _faults(one)]
    faults += [f"{HOST!r} is the name of the host's own certificate; give the entry another"] if _twice(found) else []
    if faults:
        raise PlanError([f"{host}: {fault}" for fault in faults])
    return found


def _certificate(
    name: str, names: t.Iterable[str], addresses: t.Sequence[str], unit: str, ports: list[int]
) -> Certificate:
    return {"name": name, "names": list(names), "addresses": list(addresses), "unit": unit, "ports": ports}


def _twice(found: t.Sequence[Certificate]) -> bool:
    return len({one["name"] for one in found}) != len(found)


def _faults(one: Certificate) -> t.Iterator[str]:
    wanted = pairs.Wanted(one["name"], tuple(one["names"]), tuple(one["addresses"]))
    try:
        pairs.check(wanted)
    except pairs.PairError as exc:
        yield str(exc)


def _names(host: str, variables: t.Mapping[str, t.Any]) -> list[str]:
    """What the inventory calls the host, as far as DNS could."""
    written = variables.get(NAMES) or []
    more = [written] if isinstance(written, str) else list(written)
    bad = [str(name) for name in more if not validate.is_dns_name(str(name))]
    if bad:
        raise PlanError([f"{host}: {NAMES}: found {bad[0]!r}; write DNS names, such as db1.example.org"])
    usual = [host, str(variables.get("ansible_host") or "")]
    return list(dict.fromkeys([*map(str, more), *(one for one in usual if one and _is_name(one))]))


def _is_name(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return validate.is_dns_name(text)
    return False


def _addresses(host: str, hostvars: resolve.Hostvars, lookup: resolve.Lookup) -> list[str]:
    """Those that the register is resolved with; a host without any has names alone."""
    try:
        found, _faults = resolve.addresses([host], hostvars, lookup)
    except AnsibleError:
        return []
    return [str(one.ip) for one in found.get(host, []) if one.size == 1]


# Requests


def check(request: str, wanted: Certificate) -> str:
    """Why this request must not be signed; "" where it asks for what is owed and nothing else."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        asked = x509.load_pem_x509_csr(request.encode("ascii"))
        extensions = {type(one.value): one.value for one in asked.extensions}
        valid = asked.is_signature_valid
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as exc:
        return f"it cannot be read ({type(exc).__name__})"
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    expected = {
        x509.BasicConstraints: x509.BasicConstraints(ca=False, path_length=None),
        x509.ExtendedKeyUsage: x509.ExtendedKeyUsage(usage),
        x509.KeyUsage: x509.KeyUsage(True, *[False] * 8),
        x509.SubjectAlternativeName: x509.SubjectAlternativeName(_general_names(wanted)),
    }
    common = pairs.Wanted(wanted["name"], tuple(wanted["names"]), tuple(wanted["addresses"])).common_name
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
    faults = {
        "its signature is not that of its key": not valid,
        "it asks for another subject": asked.subject != subject,
        "it asks for other names or uses": extensions != expected,
    }
    return next((words for words, true in faults.items() if true), "")


def _general_names(wanted: Certificate) -> list[t.Any]:
    from cryptography import x509

    addresses = [x509.IPAddress(ipaddress.ip_address(one)) for one in wanted["addresses"]]
    return [*(x509.DNSName(one) for one in wanted["names"]), *addresses]
