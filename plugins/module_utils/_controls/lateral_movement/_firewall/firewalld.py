# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""firewalld (0.9 and later): a policy of our own before all zones, its sets, and our table of nftables beside it.

The policy opens what zones would shut, and shuts what they would open. The table judges what firewalld cannot: it lets
translated packets pass before any policy and cannot ask for the port they were sent to, knows no hop limit and not two
ports of one packet, and 0.9 has no rules at all for a while whenever it starts or fails to reload.

Mode log: firewalld would have to let in what its zones shut out in order to log the rest, so there it is left alone,
and the table logs what it would drop.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import nftables
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    LOG,
    Difference,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import files, firewalld, nft, ruleset, units
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._engine.nft import Table
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._host import units as host_units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
        firewalld_policy as model,
    )
else:
    model = later("_controls.lateral_movement._firewall.firewalld_policy")

NAME = "firewalld"
UNIT = firewalld.UNIT
POLICIES = "/usr/lib/firewalld/policies"
CONFIG = "/etc/firewalld/firewalld.conf"
ON = units.State(active=True, enablement="enabled")
LISTING = ruleset.listing("inet", "firewalld")
#: No more than this many differences are told.
TOLD = 5
#: A ruleset of firewalld is read and compared in this time, however many addresses it has.
SECONDS = 60


def active(host: Host) -> bool:
    """Whether firewalld runs, or would after a boot."""
    unit = host_units.show(host, UNIT)
    return unit is not None and (unit.is_active or unit.enablement == "enabled")


def policy(wanted: Wanted) -> model.Policy | None:
    """What firewalld itself is to hold; None in mode log."""
    return None if wanted.mode == LOG else model.made(wanted.admissions)


# Judging


def compare(host: Host, wanted: Wanted) -> list[Difference]:
    """How firewalld's rules in the kernel, its files, and the table beside it differ from what is wanted.

    Raises HostError, ChangeError.
    """
    _suits(host)
    held = policy(wanted)
    return [*_admission(host, held), *_persistence(host, held), *nftables.compare(host, wanted)]


def _suits(host: Host) -> None:
    """Raises HostError where firewalld has no policies, or does not filter through nftables."""
    if not host.exists(POLICIES):
        raise HostError(f"{POLICIES}: there is none, as before firewalld 0.9, which has no policies; update firewalld")
    try:
        found = re.search(r"(?m)^\s*FirewallBackend\s*=\s*(\S+)", host.read_text(CONFIG))
    except Missing:
        return
    if found and found[1].lower() != "nftables":
        raise HostError(
            f"{CONFIG}: FirewallBackend is {found[1]}, whose rules are not looked at; set it to nftables and restart"
        )


def read(host: Host) -> Table | None:
    """firewalld's table as the kernel has it; None where there is none. Raises HostError. Use as host.once(read)."""
    if not host.is_root:
        raise NeedsRoot("firewalld: the kernel tells its rules to root alone; run as root (become: true)")
    done = host.ask(*LISTING, timeout=SECONDS)
    if ruleset.is_absent(done):
        return None
    if done.rc != 0:
        raise HostError(f"{' '.join(LISTING)}: {done.stderr.strip() or f'ended with {done.rc}'}")
    try:
        return model.parse(done.stdout)
    except ValueError as exc:
        raise HostError(f"{' '.join(LISTING)}: {exc}") from exc


def _admission(host: Host, held: model.Policy | None) -> t.Iterator[Difference]:
    place, table = "nft list table inet firewalld", host.once(read)
    told = list(_told(table, held)) if table else [("table", "absent: firewalld does not filter", "present")]
    if told and (table or held):
        more = f" (and {len(told) - TOLD} more)" if len(told) > TOLD else ""
        message = f"What firewalld filters by is not the register: {len(told)} difference(s){more}."
        yield Difference(
            "admission", message, tuple(Evidence(f"{place}, {where}", a, b) for where, a, b in told[:TOLD])
        )


def _told(table: Table, held: model.Policy | None) -> t.Iterator[tuple[str, str, str]]:
    """Where, what was found, what was expected."""
    found = model.filtered(table)
    if held is None or found is None:
        here, there = ("absent" if one is None else "present" for one in (found, held))
        yield from [(f"chain {model.OURS}", here, there)] if here != there else []
        return
    yield from (("table", other, "none") for other in table.other if other.startswith("flags"))
    yield from _rules(found, [rule for one in held.accepts for rule in one.kernel()])
    for rule in model.bypasses(table):
        yield f"before chain {model.OURS}", rule, "nothing that lets packets in"
    yield from _sets(table, held)


def _rules(found: list[tuple[str, ...]], wanted: list[tuple[str, ...]]) -> t.Iterator[tuple[str, str, str]]:
    """In whatever order: all but the last let in."""
    here, there = dict.fromkeys(found[:-1]), dict.fromkeys(wanted)
    for rule in [rule for rule in here if rule not in there]:
        yield f"chain {model.OURS}", " ".join(rule), "no such rule"
    for rule in [rule for rule in there if rule not in here]:
        yield f"chain {model.OURS}", "no such rule", " ".join(rule)
    if found[-1:] != [("drop",)]:
        yield f"chain {model.OURS}, last rule", " ".join(found[-1]) if found else "no rule", "drop"


def _sets(table: Table, held: model.Policy) -> t.Iterator[tuple[str, str, str]]:
    found = {one.name: one for one in table.sets}
    for one in held.sets:
        wanted, bits = nft.merged(one.networks), {4: 32, 6: 128}[one.version]
        present = found[one.name].ranges if one.name in found else ()
        if one.name not in found or present != wanted:
            surplus, missing = _only(present, wanted, bits), _only(wanted, present, bits)
            yield (
                f"set {one.name}",
                f"surplus: {surplus}; missing: {missing}",
                f"the clients of {', '.join(one.services)}",
            )


def _only(ranges: t.Iterable[nft.Range], others: t.Iterable[nft.Range], bits: int) -> str:
    """The first of the addresses that only `ranges` have."""
    only = _subtracted(list(ranges), list(others))
    more = f" and {len(only) - TOLD} more" if len(only) > TOLD else ""
    return (", ".join(nft.spell(item, bits) for item in only[:TOLD]) or "none") + more


def _subtracted(ranges: list[nft.Range], others: list[nft.Range]) -> list[nft.Range]:
    """Sorted ranges without what is in the others, which are sorted too."""
    left: list[nft.Range] = []
    number = 0
    for first, last in ranges:
        while number < len(others) and others[number][1] < first:
            number += 1
        here = number
        while here < len(others) and others[here][0] <= last and first <= last:
            if first < others[here][0]:
                left.append((first, others[here][0] - 1))
            first = others[here][1] + 1
            here += 1
        if first <= last:
            left.append((first, last))
    return left


def _persistence(host: Host, held: model.Policy | None) -> t.Iterator[Difference]:
    texts = _texts(host, held)
    evidence = [
        Evidence(path, _kind(now), "no such file" if text is None else "as the register makes it")
        for path, (now, text) in texts.items()
        if now != text
    ]
    state = units.read_state(host, UNIT)
    if state != ON:
        evidence.append(
            Evidence(f"systemctl show {UNIT}", state.render().replace("\n", " ").strip(), "enabled, active")
        )
    if evidence:
        message = "After a boot firewalld would not filter by the register."
        yield Difference("persistence", message, tuple(evidence[:TOLD]))


def _kind(text: str | None) -> str:
    return "no such file" if text is None else "another text"


def _texts(host: Host, held: model.Policy | None) -> dict[str, tuple[str | None, str | None]]:
    """The present and the wanted text of each file of ours; None for no file. What others wrote is not ours."""
    wanted: dict[str, str] = held.files() if held else {}
    paths = dict.fromkeys([*wanted, model.POLICY_FILE, *host.glob(f"{model.SETS}/{model.OWN}*.xml")])
    present = {path: files.read_now(host, path) for path in paths}
    ours = [path for path, now in present.items() if path in wanted or (now and model.MADE_BY in now)]
    return {path: (present[path], wanted.get(path)) for path in ours}


# Mending


def changes(host: Host, wanted: Wanted) -> tuple[Change, ...]:
    """The table beside firewalld, its files, and one reload where it does not filter by them yet."""
    held, state = policy(wanted), units.read_state(host, UNIT)
    written = list(_files(host, held))
    stale = written or _is_stale(host, held)
    return (
        *nftables.changes(host, wanted),
        *(_ready(host) if held and held.sets and stale else ()),
        *written,
        *(
            (Check("firewalld finds no fault in its files", ("firewall-offline-cmd", "--check-config")),)
            if stale
            else ()
        ),
        *((units.UnitState(UNIT, state, ON),) if state != ON else ()),
        *((firewalld.Reload(_own(host, held)),) if stale else ()),
    )


def _is_stale(host: Host, held: model.Policy | None) -> bool:
    """Whether a reload would mend something; what others' policies let in before ours it would not."""
    table = host.once(read)
    if table is None:
        return held is not None
    return any(not found.startswith(model.POLICIES) for _where, found, _expected in _told(table, held))


def _files(host: Host, held: model.Policy | None) -> t.Iterator[Change]:
    for path, (now, text) in _texts(host, held).items():
        if text is None:
            yield files.remove_file(host, path)
        elif now != text:
            yield files.write_file(host, path, text)


def _own(host: Host, held: model.Policy | None) -> tuple[str, ...]:
    """The names of our policy and sets, those of an older register too."""
    return tuple(os.path.basename(path)[: -len(".xml")] for path in _texts(host, held)) or (model.POLICY,)


def _ready(host: Host) -> t.Iterator[Change]:
    """Before 1.0, firewalld has no sets without the older ones of the kernel, and then is left with no rule at all."""
    if host.ask("firewall-offline-cmd", "--version", timeout=SECONDS).stdout.startswith("0."):
        if not host.which("ipset"):
            yield InstallPackage("ipset")
        yield Check("the kernel takes ipsets, without which this firewalld has none", ("ipset", "list", "-name"))
