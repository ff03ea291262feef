# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter network_firewall."""

from __future__ import annotations

DOCUMENTATION = r"""
name: network_firewall
short_description: Write a register of services as rules for the firewalls between the hosts
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Returns the files that firewalls, routers and clouds load, from the same register that the hosts are held to.
  - Each service is open to its clients only, from them to the addresses of the hosts that run it; IPv4 and IPv6. The
    ICMP that RFC 4890 wants to pass passes, what belongs to an accepted connection too, all else is dropped and logged.
  - An entry whose clients are V(none) gives no rule. What may reach the firewall itself is not in these rules.
  - The rules of firewalls and routers are written by the Python library C(aerleon), which this filter needs on the
    controller for every target but V(aws) and V(openstack).
  - Hosts get their addresses as in P(infosec.principles.resolve_register#filter).
positional: hostvars, groups, targets
options:
  _input:
    description: The register.
    type: list
    elements: dict
    required: true
  hostvars:
    description: Ansible's variable C(hostvars).
    type: dict
    required: true
  groups:
    description: Ansible's variable C(groups).
    type: dict
    required: true
  targets:
    description:
      - What to write for, with the options of each (or nothing).
      - Generators of aerleon are V(arista), V(arista_tp), V(brocade), V(cisco), V(ciscoasa) (IPv4 alone), V(cisconx),
        V(ciscoxr), V(fortigate), V(gce), V(iptables), V(juniper), V(juniperevo), V(k8s), V(msmpc), V(nftables),
        V(nsxt), V(openconfig), V(paloalto), V(speedway) (the format of iptables-restore) and V(srx).
      - Modules of Terraform are V(aws) and V(openstack).
      - C(hosts) (all targets) are the groups and hosts whose services it is about, by default all.
      - C(name) is what the list of rules is called, where it has a name.
      - C(from_zone) and C(to_zone) (V(fortigate), V(paloalto), V(srx)) are needed.
      - C(pods) (V(k8s)) is needed, the networks of the pods. What all of them may reach is allowed.
      - C(network) (V(gce)); C(direction) and C(interface) (V(juniperevo)) are the words of aerleon.
      - C(rules_per_group) and C(groups_per_interface) (V(aws), V(openstack)) are quotas that are not the usual ones.
    type: dict
    required: true
seealso:
  - plugin: infosec.principles.network_policy
    plugin_type: filter
  - plugin: infosec.principles.security_groups
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the rules of a router that runs nftables
  ansible.builtin.debug:
    msg: "{{ infosec_services | infosec.principles.network_firewall(hostvars, groups, {'nftables': {}}) }}"
  run_once: true

- name: Count the files for a firewall with zones and for the hosts that are in AWS
  vars:
    targets:
      paloalto:
        from_zone: office
        to_zone: servers
      aws:
        hosts: [cloud]
  ansible.builtin.debug:
    msg: "{{ infosec_services | infosec.principles.network_firewall(hostvars, groups, targets) | length }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The texts of files by their names, such as C(nftables.nft) and C(aws/security_groups.tf.json).
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import files
    from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve


def network_firewall(
    register: t.Any, hostvars: resolve.Hostvars, groups: files.Groups, targets: files.Targets
) -> dict[str, str]:
    """The texts of files by their names. Raises AnsibleFilterError with the remedy, AnsibleError without aerleon."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import files

    try:
        return files.files(register, hostvars, groups, targets)
    except ValueError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"network_firewall": network_firewall}
