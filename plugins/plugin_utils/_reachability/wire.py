# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How plans and results travel through Ansible, which looks for templates in each value of what it hands to a filter.

That costs ten microseconds a value, and every host's results come to a million. Results of modules are never
templates: they are taken as they lie. A plan is one text.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import Plan

Hostvars = t.Mapping[str, t.Mapping[str, t.Any]]


def registered(hosts: t.Iterable[str], hostvars: Hostvars, variable: str) -> dict[str, t.Mapping[str, t.Any]]:
    """What a task has registered on each host; an empty result where it did not come to that."""
    read = getattr(hostvars, "raw_get", hostvars.__getitem__)
    results = {str(host): read(host).get(variable) for host in hosts}
    return {host: result if isinstance(result, t.Mapping) else {} for host, result in results.items()}


def pack(plan: Plan) -> str:
    """The plan as a fact."""
    return json.dumps(plan, separators=(",", ":"))


def unpack(text: str) -> Plan:
    """The plan of a fact."""
    return t.cast(Plan, json.loads(text))
