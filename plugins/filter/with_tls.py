# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter with_tls."""

from __future__ import annotations

DOCUMENTATION = r"""
name: with_tls
short_description: Add what TLS endpoints offer to what others reach
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Adds the findings of M(infosec.principles.tls_endpoints_info) about one host to the judgement about it.
positional: hostvars, asked, host
options:
  _input:
    description: What P(infosec.principles.judge_reachability#filter) returned for the host.
    type: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
  asked:
    description: The name of the variable in which M(infosec.principles.tls_endpoints_info) was registered.
    type: str
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
seealso:
  - module: infosec.principles.reachability
"""

EXAMPLES = r"""
- name: Report
  infosec.principles.reachability:
    judgement: "{{ judged[inventory_hostname] | infosec.principles.with_tls(hostvars, 'asked', inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The option O(infosec.principles.reachability#module:judgement).
  type: dict
"""

import typing as t


def with_tls(
    judgement: t.Mapping[str, t.Any], hostvars: t.Mapping[str, t.Mapping[str, t.Any]], asked: str, host: str
) -> dict[str, t.Any]:
    """The judgement with the findings about TLS."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.wire import registered

    found = registered([host], hostvars, asked)[host].get("by_host") or {}
    return {**judgement, "findings": [*judgement["findings"], *found.get(host, ())]}


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"with_tls": with_tls}
