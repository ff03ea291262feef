# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nftables: a table of our own, in the kernel, in a file, and loaded by a unit of our own before the network is up.

The table stands beside those of others: a packet is let in where no table drops it, so that Docker's, fail2ban's and
libvirt's rules go on to have their say. What reloads their rules with `flush ruleset` takes ours away; a drop-in of
nftables.service therefore loads ours again whenever that unit starts, reloads or stops.
"""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    LOG,
    Difference,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.policy import (
    ANY,
    Admission,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import files, nft, ruleset, units
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import TakeUp
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.nft import AddressSet, Chain, Rule, Table
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._host import units as host_units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

NAME = "nftables"
FAMILY, TABLE = "inet", "infosec_principles"
SERVICE = "nftables.service"
UNIT = "infosec-principles-firewall.service"
RULES_FILE = "/etc/infosec-principles/firewall.nft"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
DROP_IN = f"/etc/systemd/system/{SERVICE}.d/infosec-principles.conf"
#: No more than this many differences are told.
TOLD = 5
#: What somebody put into the table may be long.
LONGEST = 300

MADE_BY = "# Made by infosec.principles from the register of services; edits are overwritten.\n"
UNIT_TEXT = f"""{MADE_BY}\
[Unit]
Description=Firewall of infosec.principles
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target
# It may begin with `flush ruleset`.
After={SERVICE}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=nft -f {RULES_FILE}
ExecReload=nft -f {RULES_FILE}
ExecStop=-nft delete table {FAMILY} {TABLE}

[Install]
WantedBy=sysinit.target
"""
DROP_IN_TEXT = f"""{MADE_BY}\
# Whatever this unit does to the ruleset, our table is loaded again behind it.
[Service]
ExecStartPost=-nft -f {RULES_FILE}
ExecReload=-nft -f {RULES_FILE}
ExecStopPost=-nft -f {RULES_FILE}
"""
FILES = {UNIT_FILE: UNIT_TEXT, DROP_IN: DROP_IN_TEXT}


# The table


def table(wanted: Wanted) -> Table:
    """The table that lets in those admissions. Raises ValueError for a client that is no network."""
    admitted, published, sets = _admitted(wanted.admissions)
    logs = wanted.mode == LOG
    chains = (
        Chain("refused", REFUSED_LOGGED if logs else REFUSED),
        Chain("published", (*published, Rule(("jump refused",)))),
        Chain(
            "input",
            (*BASICS, *admitted, Rule(("jump refused",))),
            f"type filter hook input priority 0; policy {'accept' if logs else 'drop'};",
        ),
        # Docker and Podman lead packets past the input hook; established ones, and what containers send, pass here.
        Chain(
            "forward",
            (Rule(("ct state new", "ct status dnat", "jump published")),),
            "type filter hook forward priority 0; policy accept;",
        ),
    )
    return Table(FAMILY, TABLE, tuple(sets), chains)


REFUSED = (Rule(("counter", "drop")),)
REFUSED_LOGGED = (
    Rule(("limit rate 10/second", 'log prefix "infosec_principles "')),
    Rule(("counter", "accept")),
)
#: ICMP: what RFC 1122 needs; ICMPv6: RFC 4890, section 4.4, where neighbours must not have been routed (hop limit 255).
BASICS = (
    Rule(("meta iif lo", "accept")),
    Rule(("ct state established,related", "accept")),
    Rule(("ct state invalid", "jump refused")),
    # A connection that was open before anything tracked it looks new when the other side speaks next. What has no SYN
    # opens nothing: where no socket has that connection, the kernel answers with RST.
    Rule(("ct state new", "tcp flags & syn == 0", "accept"), "open before"),
    Rule(("icmp type { destination-unreachable, echo-request, parameter-problem, time-exceeded }", "accept")),
    Rule(
        (
            "icmpv6 type { destination-unreachable, echo-request, packet-too-big, parameter-problem, time-exceeded }",
            "accept",
        )
    ),
    Rule(
        (
            "ip6 hoplimit 255",
            "icmpv6 type { nd-neighbor-advert, nd-neighbor-solicit, nd-router-advert, nd-router-solicit }",
            "accept",
        )
    ),
    Rule(
        (
            "ip6 saddr fe80::/10",
            "icmpv6 type { mld-listener-done, mld-listener-query, mld-listener-report, mld2-listener-report }",
            "accept",
        )
    ),
    Rule(("meta nfproto ipv4", "udp sport 67", "udp dport 68", "accept"), "DHCP"),
    Rule(("ip6 saddr fe80::/10", "udp sport 547", "udp dport 546", "accept"), "DHCPv6"),
)
WHOLE = {4: ((0, 2**32 - 1),), 6: ((0, 2**128 - 1),)}
PROTOCOL = {4: "ipv4", 6: "ipv6"}
PREFIX = {4: "ip", 6: "ip6"}


def _admitted(admissions: t.Sequence[Admission]) -> tuple[list[Rule], list[Rule], list[AddressSet]]:
    """The rules of the input and of the forward hook, and the sets that they name."""
    admitted: list[Rule] = []
    published: list[Rule] = []
    sets: dict[str, AddressSet] = {}
    for one in admissions:
        ports = f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}"
        for source in _sources(one, sets):
            end = (*source, "accept")
            admitted.append(Rule((f"{one.protocol} dport {ports}", *end), _comment(one.service)))
            original = (f"meta l4proto {one.protocol}", f"ct original proto-dst {ports}")
            published.append(Rule((*original, *end), _comment(one.service)))
    return admitted, published, list(sets.values())


def _sources(one: Admission, sets: dict[str, AddressSet]) -> t.Iterator[tuple[str, ...]]:
    """What a rule asks of where a packet comes from, one for each family; the sets that they name go into `sets`."""
    if one.clients == (ANY,):
        yield ()
        return
    for version in (4, 6):
        ranges = _ranges(one.of_family(version))
        if ranges == WHOLE[version]:
            yield (f"meta nfproto {PROTOCOL[version]}",)
        elif ranges:
            name = _set_name(one.service, version, ranges, sets)
            sets[name] = AddressSet(name, f"{PROTOCOL[version]}_addr", ranges)
            yield (f"{PREFIX[version]} saddr @{name}",)


@functools.cache
def _ranges(clients: tuple[str, ...]) -> tuple[nft.Range, ...]:
    """A service's ports share one list of clients, which may be long."""
    return nft.merged(clients)


def _set_name(service: str, version: int, ranges: tuple[nft.Range, ...], sets: t.Mapping[str, AddressSet]) -> str:
    """A name that nft takes, whatever the service is called; services of alike names and other clients get another."""
    name = f"clients{version}_{re.sub(r'[^A-Za-z0-9_-]', '_', service)[:60]}"
    while name in sets and sets[name].ranges != ranges:
        name += "_"
    return name


def _comment(service: str) -> str:
    """The service's name as nft takes it between quotes (at most 128 bytes)."""
    return re.sub(r"[^ !#-\[\]-~]", "?", service)[:100]


def rules_text(wanted: Wanted) -> str:
    """The rules' file."""
    return f"#!/usr/sbin/nft -f\n{MADE_BY}{nft.replacing(FAMILY, TABLE, table(wanted).render())}"


# Judging


def active(host: Host) -> bool:
    """Whether the host's own rules are loaded by nftables.service, now or at boot."""
    unit = host_units.show(host, SERVICE)
    return unit is not None and (unit.is_active or unit.enablement == "enabled")


def compare(host: Host, wanted: Wanted) -> list[Difference]:
    """How the kernel's table, and what a boot would load, differ from what is wanted. Raises HostError, ChangeError."""
    return [*_admission(host, wanted), *_persistence(host, wanted)]


def read(host: Host) -> Table | None:
    """Our table as the kernel has it; None where there is none. Raises HostError."""
    if not host.is_root:
        raise NeedsRoot("nftables: the kernel tells its rules to root alone; run as root (become: true)")
    argv = ruleset.listing(FAMILY, TABLE)
    done = host.ask(*argv, timeout=ruleset.SECONDS)
    if ruleset.is_absent(done):
        return None
    if done.rc != 0:
        raise HostError(f"{' '.join(argv)}: {done.stderr.strip() or f'ended with {done.rc}'}")
    try:
        return nft.parse(done.stdout)
    except ValueError as exc:
        raise HostError(f"{' '.join(argv)}: {exc}") from exc


def _admission(host: Host, wanted: Wanted) -> t.Iterator[Difference]:
    place = f"nft list table {FAMILY} {TABLE}"
    found = read(host)
    if found is None:
        absent = Evidence(place, "no such table", "the table that the register makes")
        yield Difference("admission", "The kernel has no rules of the register.", (absent,))
        return
    told = list(_differences(found, table(wanted)))
    if told:
        more = f" (and {len(told) - TOLD} more)" if len(told) > TOLD else ""
        message = f"The kernel's rules are not those of the register: {len(told)} difference(s){more}."
        evidence = [
            Evidence(f"{place}, {where}", here[:LONGEST], there[:LONGEST]) for where, here, there in told[:TOLD]
        ]
        yield Difference("admission", message, tuple(evidence))


def _differences(found: Table, wanted: Table) -> t.Iterator[tuple[str, str, str]]:
    """Where, what was found, what was expected."""
    for other in found.other:
        yield "table", other, "nothing else"
    yield from _of_sets({one.name: one for one in found.sets}, {one.name: one for one in wanted.sets})
    yield from _of_chains({one.name: one for one in found.chains}, {one.name: one for one in wanted.chains})


Sets = t.Mapping[str, AddressSet]
Chains = t.Mapping[str, Chain]


def _of_sets(found: Sets, wanted: Sets) -> t.Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*wanted, *found)):
        if found.get(name) == wanted.get(name):
            continue
        if name not in wanted or name not in found:
            yield f"set {name}", "present" if name in found else "absent", "present" if name in wanted else "absent"
        elif (found[name].type, found[name].flags) != (wanted[name].type, wanted[name].flags):
            yield f"set {name}", _kind(found[name]), _kind(wanted[name])
        else:
            surplus, missing = (_only(a[name], b[name]) for a, b in ((found, wanted), (wanted, found)))
            yield f"set {name}", f"surplus: {surplus}", f"missing: {missing}"


def _kind(one: AddressSet) -> str:
    return f"type {one.type} flags {','.join(one.flags)}"


def _only(one: AddressSet, other: AddressSet) -> str:
    """The first ranges that only `one` has."""
    there = set(other.ranges)
    ranges = [item for item in one.ranges if item not in there]
    more = f" and {len(ranges) - TOLD} more" if len(ranges) > TOLD else ""
    return (", ".join(map(one.spell, ranges[:TOLD])) or "none") + more


def _of_chains(found: Chains, wanted: Chains) -> t.Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*wanted, *found)):
        if name not in wanted or name not in found:
            yield f"chain {name}", "present" if name in found else "absent", "present" if name in wanted else "absent"
            continue
        if found[name].base != wanted[name].base:
            yield f"chain {name}", found[name].base or "no hook", wanted[name].base or "no hook"
        yield from _of_rules(name, found[name].rules, wanted[name].rules)


def _of_rules(chain: str, found: tuple[Rule, ...], wanted: tuple[Rule, ...]) -> t.Iterator[tuple[str, str, str]]:
    """The first rule that differs: those behind it differ, or have only moved."""
    for number in range(max(len(found), len(wanted))):
        here, there = found[number : number + 1], wanted[number : number + 1]
        if here != there:
            texts = [" ".join(rules[0].expressions) if rules else "no rule" for rules in (here, there)]
            yield f"chain {chain}, rule {number + 1}", texts[0], texts[1]
            return


# What a boot would load


def _persistence(host: Host, wanted: Wanted) -> t.Iterator[Difference]:
    evidence = [
        Evidence(path, "absent" if now is None else "another text", "as the register makes it")
        for path, (now, text) in _texts(host, wanted).items()
        if now != text
    ]
    state = _state(host)
    if state != ON:
        evidence.append(Evidence(f"systemctl show {UNIT}", _spoken(state), _spoken(ON)))
    if evidence:
        yield Difference("persistence", "After a boot the kernel would not have these rules.", tuple(evidence))


def _state(host: Host) -> units.State:
    """Of our own unit, which systemd mostly told of with all others."""
    unit = host.once(host_units.read).get(UNIT)
    return units.State(unit.is_active, unit.enablement) if unit else units.read_state(host, UNIT)


ON = units.State(active=True, enablement="enabled")
OFF = units.State(active=False, enablement="disabled")
RELOAD = TakeUp("make systemd read its units", ("systemctl", "daemon-reload"))


def _spoken(state: units.State) -> str:
    return f"{state.enablement or 'no such unit'}, {'active' if state.active else 'inactive'}"


def _texts(host: Host, wanted: Wanted) -> dict[str, tuple[str | None, str]]:
    """The present and the wanted text of each of our files."""
    texts = {RULES_FILE: rules_text(wanted), **FILES}
    return {path: (files.read_now(host, path), text) for path, text in texts.items()}


# Mending


def remains(host: Host) -> tuple[Evidence, ...]:
    """What is left of ours, for a host that another program holds now. Raises HostError."""
    present = [Evidence(path, "there", "absent") for path in (RULES_FILE, *FILES) if host.exists(path)]
    if host.which("nft") and read(host):
        present.append(Evidence(f"nft list table {FAMILY} {TABLE}", "there", "absent"))
    return tuple(present)


def retire(host: Host) -> tuple[Change, ...]:
    """The changes that take all of it away."""
    found, state = read(host), units.read_state(host, UNIT)
    present = [path for path in (RULES_FILE, *FILES) if host.exists(path)]
    return (
        *([units.UnitState(UNIT, state, OFF)] if state.active or state.enablement == "enabled" else []),
        *([_replace(host, found, None)] if found else []),
        *(files.remove_file(host, path) for path in present),
        *([RELOAD] if set(FILES) & set(present) else []),
    )


def changes(host: Host, wanted: Wanted) -> tuple[Change, ...]:
    """Only what differs. The file is checked by nft before it is in place, and loaded before the unit starts."""
    return (
        *([] if host.which("nft") else [InstallPackage("nftables")]),
        *_files(host, wanted),
        *_ruleset(host, wanted),
        *_unit(host),
    )


def _files(host: Host, wanted: Wanted) -> t.Iterator[Change]:
    differing = {path: text for path, (now, text) in _texts(host, wanted).items() if now != text}
    if RULES_FILE in differing:
        check = ("nft", "-c", "-f", "{}")
        yield files.write_file(host, RULES_FILE, differing[RULES_FILE], mode=0o600, validate=check)
    of_systemd = [path for path in FILES if path in differing]
    for path in of_systemd:
        yield files.write_file(host, path, differing[path])
    if of_systemd:
        yield RELOAD


def _ruleset(host: Host, wanted: Wanted) -> t.Iterator[Change]:
    found, made = read(host), table(wanted)
    if found is None or found.digest != made.digest:
        yield _replace(host, found, made)


def _replace(host: Host, found: Table | None, made: Table | None) -> Change:
    return ruleset.Ruleset(
        FAMILY,
        TABLE,
        before=_listed(host) if found else ruleset.ABSENT,
        after=made.render() if made else ruleset.ABSENT,
        found=found.digest if found else ruleset.ABSENT,
        left=made.digest if made else ruleset.ABSENT,
    )


def _listed(host: Host) -> str:
    """The table as text to load again, without the counters, which would differ from one look to the next."""
    done = host.ask("nft", "-s", "list", "table", FAMILY, TABLE, timeout=ruleset.SECONDS)
    if done.rc != 0:
        raise HostError(f"nft -s list table {FAMILY} {TABLE}: {done.stderr.strip()}")
    return done.stdout


def _unit(host: Host) -> t.Iterator[Change]:
    state = units.read_state(host, UNIT)
    if state != ON:
        # A unit that is not there yet is to be disabled again, not left alone.
        yield units.UnitState(UNIT, units.State(state.active, state.enablement or "disabled"), ON)
