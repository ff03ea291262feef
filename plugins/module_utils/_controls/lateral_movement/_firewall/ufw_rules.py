# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The register as iptables' rules, in the words in which `iptables-save` repeats them.

The same rules stand twice. In the table `mangle`, which a packet passes before `filter`, they are the gate: what the
register admits returns, and the rest is dropped, whatever a rule of ufw, of a person or of Docker would accept later.
In `filter`, behind the rules that people gave to ufw, they accept what is still undecided. So no `ufw allow` opens a
port past the register, and a `ufw deny` (a ban, say) still holds.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    LOG,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.policy import (
    ANY,
    Admission,
)

PREFIX = "infosec_principles_"
GATE, PUBLISHED, ADMIT = f"{PREFIX}in", f"{PREFIX}published", f"{PREFIX}admit"
#: More clients than this are a set (of the package ipset), which costs a packet as much as one rule.
FEW = 32

REFUSE = ("-j DROP",)
#: The last one counts them all.
REFUSE_LOGGED = ('-m limit --limit 10/sec -j LOG --log-prefix "infosec_principles "', "-j RETURN")


@dataclasses.dataclass(frozen=True)
class Family:
    """IPv4 or IPv6. iptables: the program. ufw: how ufw's chains begin. basics: what every host needs to be let in."""

    version: int
    iptables: str
    ufw: str
    inet: str
    basics: tuple[str, ...]


#: ICMP: what RFC 1122 needs; ICMPv6: RFC 4890, section 4.4, where neighbours must not have been routed (hop limit 255).
FAMILIES = (
    Family(
        4,
        "iptables",
        "ufw",
        "inet",
        (
            *(f"-p icmp -m icmp --icmp-type {kind}" for kind in (3, 8, 11, 12)),
            "-p udp -m udp --sport 67 --dport 68",
        ),
    ),
    Family(
        6,
        "ip6tables",
        "ufw6",
        "inet6",
        (
            *(f"-p ipv6-icmp -m icmp6 --icmpv6-type {kind}" for kind in (1, 2, 3, 4, 128)),
            *(f"-p ipv6-icmp -m icmp6 --icmpv6-type {kind} -m hl --hl-eq 255" for kind in (133, 134, 135, 136)),
            *(f"-s fe80::/10 -p ipv6-icmp -m icmp6 --icmpv6-type {kind}" for kind in (130, 131, 132, 143)),
            "-s fe80::/10 -p udp -m udp --sport 547 --dport 546",
        ),
    ),
)

#: The rules of our chains, by table and chain.
Tables = dict[str, dict[str, list[str]]]


def tables(wanted: Wanted, family: Family) -> Tables:
    """What our chains hold in the kernel."""
    refuse = REFUSE_LOGGED if wanted.mode == LOG else REFUSE
    known = ["-i lo", "-m conntrack --ctstate RELATED,ESTABLISHED"]
    invalid = [f"-m conntrack --ctstate INVALID {end}" for end in refuse]
    here = [*family.basics, *_matches(wanted, family, "-m {protocol} --dport {ports}")]
    led_on = _matches(wanted, family, "-m conntrack --ctorigdstport {ports}")
    # Address translation leads what Docker and Podman publish past the INPUT chain, with another port.
    foreign = ["-m conntrack ! --ctstate DNAT", "-m conntrack ! --ctstate NEW"]
    return {
        "mangle": {
            GATE: [*_each(known, "RETURN"), *invalid, *_each(here, "RETURN"), *refuse],
            PUBLISHED: [*_each([*foreign, *led_on], "RETURN"), *refuse],
        },
        "filter": {ADMIT: _each(here, "ACCEPT")},
    }


def _each(matches: t.Iterable[str], target: str) -> list[str]:
    return [f"{match} -j {target}" for match in matches]


def _matches(wanted: Wanted, family: Family, ports: str) -> list[str]:
    """One match for each admission and client, or set of clients, of that family."""
    return [
        f"{source}-p {one.protocol} {ports.format(protocol=one.protocol, ports=_ports(one))}{in_set}"
        for one in wanted.admissions
        for source, in_set in _sources(clients_of(one, family))
    ]


def _ports(one: Admission) -> str:
    return f"{one.first}" if one.first == one.last else f"{one.first}:{one.last}"


def _sources(clients: tuple[str, ...]) -> list[tuple[str, str]]:
    """What stands before and behind the match of the ports."""
    if len(clients) > FEW:
        return [("", f" -m set --match-set {set_name(clients)} src")]
    return [("" if client == ANY else f"-s {client} ", "") for client in clients]


def clients_of(one: Admission, family: Family) -> tuple[str, ...]:
    """The clients of that family, spelled as iptables does; (ANY,) also where one of them is the whole family."""
    return _networks(one.of_family(family.version))


@functools.cache
def _networks(clients: tuple[str, ...]) -> tuple[str, ...]:
    if ANY in clients:
        return (ANY,)
    networks = dict.fromkeys(str(ipaddress.ip_network(client, strict=False)) for client in clients)
    return (ANY,) if any(network.endswith("/0") for network in networks) else tuple(networks)


@functools.cache
def set_name(clients: tuple[str, ...]) -> str:
    """The name says what is in it, so that rules change from one set to another at once; a set's name has 31 bytes."""
    return PREFIX + hashlib.sha256("\n".join(sorted(clients)).encode()).hexdigest()[:11]


def sets(wanted: Wanted, family: Family) -> dict[str, tuple[str, ...]]:
    """The sets that the rules name, and what is in them."""
    lists = (clients_of(one, family) for one in wanted.admissions)
    return {set_name(clients): clients for clients in lists if len(clients) > FEW}


def rules_file(wanted: Wanted, family: Family) -> str:
    """Our chains for `iptables-restore --noflush`."""
    return "".join(_section(table, chains) for table, chains in tables(wanted, family).items())


def _section(table: str, chains: t.Mapping[str, t.Sequence[str]]) -> str:
    heads = "".join(f":{chain} - [0:0]\n" for chain in chains)
    rules = "".join(f"-A {chain} {rule}\n" for chain, rules in chains.items() for rule in rules)
    return f"*{table}\n{heads}{rules}COMMIT\n"


def sets_file(wanted: Wanted) -> str:
    """The sets for `ipset -exist restore`: each is filled beside the present one of its name and takes its place."""
    return "".join(
        _filled(name, family, clients) for family in FAMILIES for name, clients in sets(wanted, family).items()
    )


def _filled(name: str, family: Family, clients: t.Sequence[str]) -> str:
    kind = f"hash:net family {family.inet} maxelem {max(len(clients), 1024)}"
    added = "".join(f"add {name}+ {client}\n" for client in clients)
    return f"create {name} {kind}\ncreate {name}+ {kind}\nflush {name}+\n{added}swap {name} {name}+\ndestroy {name}+\n"
