# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter draft_register."""

from __future__ import annotations

DOCUMENTATION = r"""
name: draft_register
short_description: Draft a register of services from real listeners and connected peers
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Makes one entry for each service, hosts where the same unit (or process) holds the same ports together.
  - C(clients) are the peers that are connected now, as inventory names where the inventory knows their addresses. It
    is empty where nobody is connected, since that says nothing about who may.
  - C(justification) and C(owner) are empty, so that the draft is no valid register until a person has judged it.
  - Text that a host can choose gets into the draft only as far as it is a unit's name, an address, or made of a-z, 0-9
    and dashes.
positional: hostvars, groups
options:
  _input:
    description: What M(infosec.principles.sockets_info) returned, by the host's name in the inventory.
    type: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
  groups:
    description: Ansible's variable C(groups).
    type: dict
    required: true
  review_by:
    description: The day for C(review_by), as YYYY-MM-DD. By default half a year from now.
    type: str
seealso:
  - module: infosec.principles.sockets_info
  - plugin: infosec.principles.validate_register
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See what listens
  infosec.principles.sockets_info:
  register: sockets

- name: Show a draft for this host
  ansible.builtin.debug:
    msg: "{{ {inventory_hostname: sockets} | infosec.principles.draft_register(hostvars, groups) }}"
"""

RETURN = r"""
_value:
  description: Entries of a register, sorted by name.
  type: list
  elements: dict
"""

import datetime
import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve
    from ansible_collections.infosec.principles.plugins.plugin_utils._register.draft import Sockets

HALF_A_YEAR = datetime.timedelta(days=182)


def draft_register(
    seen: t.Mapping[str, Sockets],
    hostvars: resolve.Hostvars,
    groups: t.Mapping[str, t.Iterable[str]],
    review_by: str | datetime.date | None = None,
) -> list[dict[str, t.Any]]:
    """Entries of a register for a person to judge. Raises AnsibleFilterError for a review_by that is no day."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve, validate
    from ansible_collections.infosec.principles.plugins.plugin_utils._register.draft import draft
    from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory

    day = validate.day(review_by) if review_by else datetime.datetime.now(datetime.timezone.utc).date() + HALF_A_YEAR
    if day is None:
        raise AnsibleFilterError(f"review_by: found {review_by!r}; write a day such as 2027-06-30")
    # A host without a known address cannot be told among the peers; its address stands for it.
    addresses, _unknown = resolve.addresses(sorted(Inventory(groups).hosts), hostvars)
    return draft(seen, addresses, day)


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"draft_register": draft_register}
