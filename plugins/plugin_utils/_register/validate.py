# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Judges a register as a person wrote it: every fault, with its place and the remedy."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import re
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._register import networks, ports
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import (
    ANY,
    NONE,
    TLS,
    VARIABLE,
    Admin,
    Inventory,
    RegisterError,
    Service,
)

# A fault of a value: where inside the value ("" or "[2]"), and what is wrong with it.
_Fault = tuple[str, str]
_Check = t.Callable[[t.Any, Inventory], t.Iterator[_Fault]]

# systemd.unit(5): the kinds of units that can hold a socket.
_UNIT = re.compile(r"[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\@-]+)?\.(service|socket|scope|slice)")
_DNS_NAME = re.compile(
    r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse(register: t.Any, inventory: Inventory) -> list[Service]:
    """The valid services of a register. Raises RegisterError with all its faults."""
    faults = list(_faults(register, inventory))
    if faults:
        raise RegisterError(faults)
    return _folded([_service(entry) for entry in register], inventory)


def check_same(hosts: t.Iterable[str], hostvars: t.Mapping[str, t.Any]) -> None:
    """Raise RegisterError unless these hosts have the same register, untemplated.

    It is resolved once for all. One that stood in the variables of some hosts alone would leave their services
    undeclared, and undeclared services may get closed.
    """
    # Ansible's own mapping would template each of the values.
    read = getattr(hostvars, "raw_get", hostvars.__getitem__)
    first, *others = hosts
    register = read(first).get(VARIABLE)
    for host in others:
        if read(host).get(VARIABLE) != register:
            remedy = "it is one list for the whole inventory; write it in group_vars/all"
            raise RegisterError([f"{VARIABLE}: {first} and {host} have different ones; {remedy}"])


def is_unit(text: str) -> bool:
    """Whether it is the name of a systemd unit that can hold a socket."""
    return len(text) < 256 and _UNIT.fullmatch(text) is not None


def day(value: t.Any) -> datetime.date | None:
    """A day, from YAML's own type or from YYYY-MM-DD; None for anything else."""
    # A datetime is a date in Python, but not one day.
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    try:
        return datetime.date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        return None


def _service(entry: t.Mapping[str, t.Any]) -> Service:
    clients = tuple(map(str, entry["clients"]))
    return Service(
        **{key: str(entry[key]) for key in ("name", "justification", "owner")},
        hosts=tuple(map(str, entry["hosts"])),
        unit=str(entry.get("unit") or ""),
        ports=tuple(ports.parse(text) for text in entry["ports"]),
        clients=clients,
        admin=(Admin(str(entry["name"]), clients),) if entry.get("admin") else (),
        tls=str(entry.get("tls", TLS[0])),
        names=tuple(map(str, entry.get("names") or ())),
        review_by=str(t.cast(datetime.date, day(entry["review_by"])).isoformat()),
    )


def _folded(services: list[Service], inventory: Inventory) -> list[Service]:
    """Entries of administration that share another's ports as parts of that one: each port of a host has one entry."""
    bases = {one.name: _bases(one, services, inventory) for one in services if one.admin}
    return [
        _joined(one, [other for other in services if one in bases.get(other.name, ())])
        for one in services
        if not bases.get(one.name)
    ]


def _bases(one: Service, services: t.Iterable[Service], inventory: Inventory) -> list[Service]:
    hosts = inventory.members(one.hosts)
    others = (other for other in services if not other.admin and hosts == inventory.members(other.hosts))
    return [other for other in others if any(port.within(its) for port in one.ports for its in other.ports)]


def _joined(base: Service, sharing: t.Sequence[Service]) -> Service:
    """Its clients are those of all: who may use the administration must get to the port."""
    if not sharing:
        return base
    clients = tuple(dict.fromkeys(word for one in (base, *sharing) for word in one.clients if word != NONE)) or (NONE,)
    admin = tuple(entry for one in sharing for entry in one.admin)
    return dataclasses.replace(base, clients=(ANY,) if ANY in clients else clients, admin=admin)


# --- One entry --------------------------------------------------------------------------------------------------------


def _faults(register: t.Any, inventory: Inventory) -> t.Iterator[str]:
    if not isinstance(register, list):
        yield f"{VARIABLE}: {_found(register)}; write a list of services"
        return
    for index, entry in enumerate(register):
        place = _place(index, entry)
        if isinstance(entry, dict):
            yield from (f"{place}{fault}" for fault in _entry_faults(entry, inventory))
        else:
            yield f"{place}: {_found(entry)}; write a mapping with {', '.join(_KEYS)}"
    yield from _same_names(register)
    yield from _overlaps(register, inventory)
    yield from _partly_shared(register, inventory)


def _entry_faults(entry: t.Mapping[t.Any, t.Any], inventory: Inventory) -> t.Iterator[str]:
    for key in entry:
        if key not in _KEYS:
            yield f".{key}: unknown key; {_instead(str(key), list(_KEYS), 'write one of ' + ', '.join(_KEYS))}"
    for key, check in _KEYS.items():
        if key in entry:
            yield from (f".{key}{where}: {fault}" for where, fault in check(entry[key], inventory))
        elif key not in _OPTIONAL:
            yield f".{key}: missing; write {_WANTED[key]}"


def _place(index: int, entry: t.Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f"{VARIABLE}[{index}] ({name})" if isinstance(name, str) and name.strip() else f"{VARIABLE}[{index}]"


def _found(value: t.Any) -> str:
    if value is None or value in ("", [], {}):
        return "is empty"
    # Through str(), so that no tag or lazy container of Ansible shows.
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return f"found {text if len(text) < 100 else text[:97] + '...'}"


def _instead(found: str, known: t.Sequence[str], otherwise: str) -> str:
    close = difflib.get_close_matches(found, known, n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else otherwise


# --- One value --------------------------------------------------------------------------------------------------------

_WANTED = {
    "name": "a name of one line, such as orders-db",
    "hosts": "a list of inventory groups and hosts that run it, such as [web]",
    "unit": "a systemd unit that holds the socket, such as nginx.service, or leave it out",
    "ports": "a list of ports, such as [80/tcp, 8000-8010/udp]",
    "clients": "[any], [none] (this host alone), or a list of inventory groups, hosts, addresses and CIDRs",
    "tls": f"one of {', '.join(TLS)}",
    "names": "a list of DNS names that clients know it by, such as [www.example.org]",
    "admin": "true where it is for administration over the web, else leave it out",
    "justification": "why it is presented to the network",
    "owner": "who answers for it",
    "review_by": "the day by which it is looked at again, such as 2027-06-30",
}


def _check_line(key: str) -> _Check:
    def check(value: t.Any, _inventory: Inventory) -> t.Iterator[_Fault]:
        if not isinstance(value, str) or not value.strip():
            yield "", f"{_found(value.strip() if isinstance(value, str) else value)}; write {_WANTED[key]}"
        elif key == "name" and not value.isprintable():
            yield "", f"{_found(value)}; write {_WANTED[key]}"

    return check


def _check_list(key: str, check_item: t.Callable[[str, Inventory], str]) -> _Check:
    def check(value: t.Any, inventory: Inventory) -> t.Iterator[_Fault]:
        if not isinstance(value, list) or not value:
            yield "", f"{_found(value)}; write {_WANTED[key]}"
            return
        for index, item in enumerate(value):
            # Through str(): Ansible's strings may carry tags, and YAML reads 7 as a number.
            remedy = check_item(str(item or ""), inventory) or ("" if isinstance(item, str) else "write it in quotes")
            if remedy:
                yield f"[{index}]", f"{_found(item)}; {remedy}"

    return check


def _host_remedy(name: str, inventory: Inventory) -> str:
    if inventory.knows(name):
        return ""
    return f"the inventory has no such group or host; {_instead(name, inventory.names(), 'write one that it has')}"


def is_dns_name(text: str) -> bool:
    """Whether it can be a name in DNS, or a wildcard of one (RFC 1123, section 2.1)."""
    return len(text) < 254 and _DNS_NAME.fullmatch(text) is not None


def _name_remedy(text: str, _inventory: Inventory) -> str:
    return "" if is_dns_name(text) else "write a DNS name, such as www.example.org"


def _port_remedy(text: str, _inventory: Inventory) -> str:
    try:
        ports.parse(text)
    except ValueError as exc:
        return str(exc)
    return ""


def _client_remedy(text: str, inventory: Inventory) -> str:
    if text in (ANY, NONE) or inventory.knows(text):
        return ""
    try:
        networks.parse(text)
    except ValueError as exc:
        # What has only letters of addresses and a separator is meant as one.
        if re.fullmatch(r"[0-9a-fA-F.:]+(/.*)?", text) and re.search(r"[.:/]", text):
            return str(exc)
        return f"no group or host of the inventory; {_instead(text, inventory.names(), 'write ' + _WANTED['clients'])}"
    return ""


def _check_clients(value: t.Any, inventory: Inventory) -> t.Iterator[_Fault]:
    yield from _check_list("clients", _client_remedy)(value, inventory)
    if isinstance(value, list) and len(value) > 1:
        for word in (ANY, NONE):
            if word in value:
                yield "", f"found {word} among others; write [{word}] alone, or leave it out"


def _check_unit(value: t.Any, _inventory: Inventory) -> t.Iterator[_Fault]:
    if not isinstance(value, str) or (value and not is_unit(value)):
        yield "", f"{_found(value)}; write {_WANTED['unit']}"


def _check_tls(value: t.Any, _inventory: Inventory) -> t.Iterator[_Fault]:
    if not isinstance(value, str) or value not in TLS:
        yield "", f"{_found(value)}; write {_WANTED['tls']}"


def _check_admin(value: t.Any, _inventory: Inventory) -> t.Iterator[_Fault]:
    if not isinstance(value, bool):
        yield "", f"{_found(value)}; write {_WANTED['admin']}"


def _check_day(value: t.Any, _inventory: Inventory) -> t.Iterator[_Fault]:
    if day(value) is None:
        yield "", f"{_found(value)}; write {_WANTED['review_by']}"


_KEYS: dict[str, _Check] = {
    "name": _check_line("name"),
    "hosts": _check_list("hosts", _host_remedy),
    "unit": _check_unit,
    "ports": _check_list("ports", _port_remedy),
    "clients": _check_clients,
    "tls": _check_tls,
    "names": _check_list("names", _name_remedy),
    "admin": _check_admin,
    "justification": _check_line("justification"),
    "owner": _check_line("owner"),
    "review_by": _check_day,
}
_OPTIONAL = ("unit", "tls", "names", "admin")


# --- Between entries --------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Claim:
    """A port that an entry claims on its hosts. order: where it stands in the register.

    admin: it is for administration over the web, which may share the port of another entry, on the same hosts.
    """

    order: tuple[int, int]
    place: str
    port: ports.Port
    hosts: frozenset[str]
    admin: bool


def _same_names(register: t.Sequence[t.Any]) -> t.Iterator[str]:
    seen: dict[str, int] = {}
    for index, entry in enumerate(register):
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and name.strip() and seen.setdefault(name, index) != index:
            yield f"{_place(index, entry)}.name: {VARIABLE}[{seen[name]}] has the same; write another, or make them one"


def _overlaps(register: t.Sequence[t.Any], inventory: Inventory) -> t.Iterator[str]:
    pairs = _overlapping(_claims(register, inventory))
    for earlier, later in sorted(pairs, key=lambda pair: (pair[1].order, pair[0].order)):
        if _shares(earlier, later) or _shares(later, earlier):
            continue
        host = min(earlier.hosts & later.hosts)
        yield (
            f"{later.place}: found {later.port}, but {earlier.place} has {earlier.port} on {host} already; "
            "give each port of a host to one service"
        )


def _shares(admin: _Claim, other: _Claim) -> bool:
    return admin.admin and not other.admin and admin.port.within(other.port) and admin.hosts == other.hosts


def _partly_shared(register: t.Sequence[t.Any], inventory: Inventory) -> t.Iterator[str]:
    claims = list(_claims(register, inventory))
    for index in range(len(register)):
        own = [claim for claim in claims if claim.order[0] == index and claim.admin]
        alone = [claim for claim in own if not any(_shares(claim, other) for other in claims)]
        if alone and len(alone) < len(own):
            yield (
                f"{alone[0].place}: found {alone[0].port}, which no other entry has, beside ports that it shares; "
                "give what is shared an entry of its own"
            )


def _claims(register: t.Sequence[t.Any], inventory: Inventory) -> t.Iterator[_Claim]:
    """What the entries claim, as far as it can be read: a fault elsewhere in an entry hides no overlap."""
    for index, entry in enumerate(register):
        if not isinstance(entry, dict):
            continue
        hosts = inventory.members(_texts(entry.get("hosts")))
        for number, text in enumerate(_texts(entry.get("ports"))):
            if text and not _port_remedy(text, inventory):
                place = f"{_place(index, entry)}.ports[{number}]"
                yield _Claim((index, number), place, ports.parse(text), hosts, entry.get("admin") is True)


def _texts(value: t.Any) -> list[str]:
    return [item if isinstance(item, str) else "" for item in value] if isinstance(value, list) else []


def _overlapping(claims: t.Iterable[_Claim]) -> t.Iterator[tuple[_Claim, _Claim]]:
    """Pairs that share a port on a host, in the register's order: one sweep over the ports, ascending."""
    reach: list[_Claim] = []
    for claim in sorted(claims, key=lambda one: (one.port, one.order)):
        reach = [one for one in reach if one.port.protocol == claim.port.protocol and one.port.last >= claim.port.first]
        for other in reach:
            if not other.hosts.isdisjoint(claim.hosts):
                yield (other, claim) if other.order < claim.order else (claim, other)
        reach.append(claim)
