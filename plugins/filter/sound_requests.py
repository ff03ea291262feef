# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter sound_requests."""

from __future__ import annotations

DOCUMENTATION = r"""
name: sound_requests
short_description: Let an authority sign only what a host owes
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Compares requests for certificates with what the register and the inventory know of the host, and fails where one
    asks for anything else, such as the name of another host or the right to sign. A host that was broken into gets no
    certificate for others.
positional: owed
options:
  _input:
    description: What M(infosec.principles.certificate_request) returned in C(requests).
    type: list
    elements: dict
    required: true
  owed:
    description: What P(infosec.principles.owed_certificates#filter) returns for the host.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: infosec.principles.owed_certificates
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Sign what is sound
  ansible.builtin.include_tasks: sign.yml
  loop: "{{ requested.requests | infosec.principles.sound_requests(owed) }}"
"""

RETURN = r"""
_value:
  description: The requests, as they were.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def sound_requests(
    requests: t.Iterable[t.Mapping[str, t.Any]], owed: t.Iterable[dict[str, t.Any]]
) -> list[t.Mapping[str, t.Any]]:
    """The requests. Raises AnsibleFilterError for one that asks for what is not owed."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._certificates.owed import check

    wanted = {one["name"]: one for one in owed}
    asked = list(requests)
    for one in asked:
        why = check(str(one["request"]), wanted[one["name"]]) if one.get("name") in wanted else "nobody owes it"
        if why:
            raise AnsibleFilterError(f"the request for {one.get('name')} is not signed: {why}")
    return asked


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sound_requests": sound_requests}
