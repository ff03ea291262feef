# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plan_authorities."""

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_authorities
short_description: Say which internal authority signs, and whether a new one is due
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Reads the certificates of the authorities of C(internal_ca.yml), which are files on the controller.
  - A new authority is due O(renew_days) before the last one ends. It signs only after O(overlap_days), so that by then
    everybody knows it.
  - Fails where the collection C(community.crypto) or Python's C(cryptography) is not there to work with them.
positional: renew_days, overlap_days
options:
  _input:
    description: The folder of the authorities.
    type: path
    required: true
  renew_days:
    description: How many days before its end the last authority gets a successor.
    type: int
    default: 365
  overlap_days:
    description: For how many days hosts know a new authority before it signs.
    type: int
    default: 14
seealso:
  - plugin: infosec.principles.owed_certificates
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Which authority signs?
  ansible.builtin.debug:
    msg: "{{ ('internal_ca' | infosec.principles.plan_authorities).signer }}"
"""

RETURN = r"""
_value:
  description: A mapping with C(authorities), C(signer) and C(make).
  type: dict
  contains:
    authorities:
      description: All that have not ended, in PEM, newest first.
      type: str
    signer:
      description: Name of the one that signs; empty where there is none.
      type: str
      sample: "2026-11-29"
    make:
      description: Name of one that is due; empty where none is.
      type: str
      sample: ""
"""

import typing as t

from ansible.errors import AnsibleFilterError


def plan_authorities(folder: str, renew_days: int = 365, overlap_days: int = 14) -> dict[str, str]:
    """What becomes of the authorities in the folder. Raises AnsibleFilterError."""
    import datetime
    import pathlib

    from ansible_collections.infosec.principles.plugins.plugin_utils._certificates import authorities

    missing = list(authorities.missing())
    if missing:
        raise AnsibleFilterError(f"internal_ca.yml needs on the controller: {'; '.join(missing)}")
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        place = pathlib.Path(folder)
        return authorities.plan(place, now, renew_days=int(renew_days), overlap_days=int(overlap_days))
    except authorities.AuthorityError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"plan_authorities": plan_authorities}
