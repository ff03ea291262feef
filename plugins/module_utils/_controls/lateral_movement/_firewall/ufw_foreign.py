# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Rules of other people's that turn away clients of the register, such as `ufw deny 22`.

Told is what surely hits all of a client's network: a ban of some address in it, or a limit of connections, is no
contradiction to the register.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    backend,
    policy,
    ufw_rules,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.iptables_save import (
    Chains,
    Packet,
    Rule,
    rule,
    verdict,
)


def turned_away(chains: Chains, wanted: backend.Wanted, family: ufw_rules.Family) -> t.Iterator[Evidence]:
    """One piece of evidence for each admission and rule of the table `filter` that turns clients of it away."""
    read = {chain: [rule(text) for text in rules] for chain, rules in chains.items()}
    for one in wanted.admissions:
        for text, clients in _of_admission(read, one, family).items():
            more = f" and {len(clients) - 1} more" if len(clients) > 1 else ""
            port = f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}"
            expected = f"nothing that turns {clients[0]}{more} away from {one.service} ({port}/{one.protocol})"
            yield Evidence(f"{family.iptables}-save -t filter", text, expected)


def _of_admission(
    chains: t.Mapping[str, list[Rule]], one: policy.Admission, family: ufw_rules.Family
) -> dict[str, list[str]]:
    """The rules that turn somebody away, and whom."""
    everybody = Packet(None, one.protocol, one.first, one.last)
    aimed = {chain: [item for item in rules if item.aims_at(everybody)] for chain, rules in chains.items()}
    found: dict[str, list[str]] = {}
    for client in ufw_rules.clients_of(one, family):
        source = None if client == policy.ANY else ipaddress.ip_network(client)
        hit = verdict(aimed, "INPUT", Packet(source, one.protocol, one.first, one.last))
        if hit and hit.target != "ACCEPT":
            found.setdefault(hit.text, []).append(client)
    return found
