# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: validate_waivers
short_description: Check a list of waivers
version_added: "1.0.0"
author:
  - the infosec.principles authors (@infosec-principles)
description:
  - Returns the waivers, or fails with all their faults and the place of each.
  - Use it before any host is touched.
options:
  _input:
    description:
      - Waivers. Each is a mapping with exactly C(match), C(why), C(owner) and C(expires).
      - C(match) is a JMESPath expression over a finding, with the key C(host), that is true or false.
      - C(expires) is the last day on which the waiver holds, such as V(2027-06-30).
    type: list
    elements: dict
    required: true
requirements:
  - jmespath on the controller
"""

EXAMPLES = r"""
- name: Stop before any host is touched where a waiver is malformed
  ansible.builtin.debug:
    msg: "{{ infosec_waivers | infosec.principles.validate_waivers | length }} waivers"
  run_once: true
  vars:
    infosec_waivers:
      - match: rule == 'database_exposure.bind' && host == 'db1'
        why: The vendor's appliance binds to every address; the network firewall closes the port.
        owner: data@example.org
        expires: 2027-06-30
"""

RETURN = r"""
_value:
  description:
    - The waivers, with C(expires) as text.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def validate_waivers(given: t.Any) -> list[dict[str, str]]:
    """The waivers with their days as text. Raises AnsibleFilterError with all faults."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._report.waivers import WaiverError, parse

    try:
        return [waiver.as_dict() for waiver in parse(given)]
    except WaiverError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Ansible's way to find the filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Names and functions."""
        return {"validate_waivers": validate_waivers}
