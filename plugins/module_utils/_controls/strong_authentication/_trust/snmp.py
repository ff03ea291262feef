# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""snmpd: communities of SNMPv1 and v2c, which cross the network in the clear, so that the address is all the proof
there is.

A community is a secret of sorts and is never shown; that it is a well-known default is.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.snmpd_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._host import snmpd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

WRITES = ("rwcommunity", "rwcommunity6")
#: Users who need not prove who they are.
USERS = ("rouser", "rwuser", "authuser")
KNOWN = ("public", "private", "community", "snmp", "monitor", "manager", "admin", "cisco", "ilmi", "write", "secret")
EVERYBODY = ("", "default")
STEPS = (
    "Make a user (systemctl stop snmpd; net-snmp-create-v3-user -ro -a SHA-256 -x AES NAME), have the managers use "
    "SNMPv3 with authPriv, then take {places} out and restart snmpd; or let it listen on loopback alone (agentaddress "
    "udp:127.0.0.1:161)."
)


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """One verdict for the agent."""
    agents = verdict.listeners(host, "snmpd")
    if not agents:
        yield Verdict("snmpd", f.NOT_APPLICABLE, "no snmpd listens here")
        return
    reached = verdict.exposed(agents)
    wrong = (
        [evidence for evidence in map(_evidence, snmpd.directives(host, agents[0].pid)) if evidence] if reached else []
    )
    unit = agents[0].unit or "snmpd"
    if not reached:
        yield Verdict(unit, f.PASS, "it can be reached from this host alone")
    elif not wrong:
        yield Verdict(unit, f.PASS, "it has no community of SNMPv1 or v2c, and every user proves who he is")
    else:
        yield _failing(unit, reached, wrong)


def _failing(unit: str, reached: t.Sequence[str], wrong: t.Sequence[Evidence]) -> Verdict:
    writes = "reads and writes" if any(one.found.startswith(WRITES) for one in wrong) else "reads"
    known = "; the community is a well-known default" if any("well-known" in one.found for one in wrong) else ""
    message = (
        f"whoever reaches {', '.join(reached)} and has the community, which is sent in the clear, {writes} it{known}"
    )
    places = ", ".join(one.source for one in wrong[: verdict.NAMED])
    evidence = tuple(wrong[: verdict.MAX_FOUND])
    return Verdict(unit, f.FAIL, message, evidence, remedy=STEPS.format(places=places))


def _evidence(directive: Directive) -> Evidence | None:
    """What is wrong with it, without the community; None for nothing."""
    place, words = printable(directive.place), directive.arguments
    if directive.name in USERS:
        return (
            Evidence(place, f"{directive.name} with level noauth", "auth or priv")
            if "noauth" in map(str.lower, words)
            else None
        )
    # Options (-Cn CONTEXT and -V VIEW) may stand before or behind.
    plain = [
        word for at, word in enumerate(words) if not (word.startswith("-") or (at and words[at - 1] in ("-Cn", "-V")))
    ]
    if directive.name not in snmpd.COMMUNITIES or not plain:
        return None
    at, source_at = snmpd.COMMUNITIES[directive.name]
    source = plain[source_at] if len(plain) > source_at else ""
    community = plain[at] if len(plain) > at else ""
    if verdict.is_local(source) or not community:
        return None
    whom = "any address" if source.lower() in EVERYBODY else printable(source)
    kind = " (a well-known default)" if community.lower() in KNOWN else ""
    return Evidence(place, f"{directive.name}{kind} for {whom}", "SNMPv3 with authPriv")
