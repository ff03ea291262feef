#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_firewall
short_description: Let in the clients of the register and nobody else
version_added: "1.0.0"
description:
  - Holds the host's firewall to the register of services. What comes in is dropped, IPv4 and IPv6, unless a service of this host is open to
    where it comes from. Loopback, established connections, the ICMP and ICMPv6 that the RFCs ask for, and the DHCP client's replies are let in.
    What the host itself sends out is not touched.
  - Ports that Docker or Podman lead into containers go past the input rules; they are held to the same register by the port that the client
    asked for. All other forwarded traffic is left alone.
  - The firewall program that is active on the host is used, nftables where there is none. nftables gets a table C(inet infosec_principles) of
    its own, firewalld a policy of its own and that table beside it, ufw chains of its own; nothing that others made is touched.
  - Under ufw, no C(ufw allow) opens a port past the register, and a C(ufw deny) or a ban still holds; one that turns a client of the register
    away is told, and left for a person to remove.
  - Rule C(admission) compares what the kernel or the program filters by now, not a file. A table that somebody flushed or edited is a finding,
    and is mended.
  - Rule C(persistence) fails where the same rules would not be there after a boot.
  - Rule C(one_firewall) fails where more than one firewall program is at work, since each overwrites what the others let in, and where the
    one that O(backend) names is not active. There is no fix.
  - A change is refused where it would cut the connection that carries the run, and the finding says which service is in the way. Every
    change is taken back by the host itself unless a new connection confirms it within O(confirm_seconds).
options:
  mode:
    description:
      - With V(enforce), what the register does not admit is dropped.
      - With V(log) it is only counted, and logged to the kernel's log with the prefix C(infosec_principles), at most ten packets a second.
        Rule C(admission) goes on failing, since everybody is let in (what ufw itself denies is still denied).
    type: str
    choices: [enforce, log]
    default: enforce
  backend:
    description:
      - The firewall program that holds the host.
      - V(auto) takes the one that is active, V(nftables) where there is none. Where two are active, neither is touched.
    type: str
    choices: [auto, nftables, firewalld, ufw]
    default: auto
  confirm_seconds:
    description:
      - Seconds in which a new connection has to confirm the change. When they are over, the host takes everything back by itself.
    type: int
    default: 60
  allow_self_cutoff:
    description:
      - Whether to make the change even where it is known to shut out the connection that carries this run.
      - The host still takes it back unless a new connection confirms it.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.services
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - As an ordinary user nothing can be seen; all is RV(findings[].status=not_assessed).
  - A connection that is there already goes on until it ends, also where the register has not let it in since.
  - So that this holds where nothing has tracked connections before, TCP packets without SYN are let in; they cannot open a connection, and
    are answered with RST where there is none.
  - The register knows TCP and UDP. On a host that takes in other protocols (VRRP, OSPF, GRE, IPsec, seen by raw sockets, tunnels and key
    exchange) nothing is changed unless O(allow_self_cutoff=true); IGMP is dropped without a question.
  - What containers and virtual machines ask of the host itself, such as names (aardvark-dns, dnsmasq) and leases, is inbound traffic like any
    other; declare it, with their networks as clients.
  - All traffic whose destination was translated on its way through the host counts as published, a router's port forwardings and the cluster
    addresses of Kubernetes too.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.listening_services
"""

EXAMPLES = r"""
- name: See what would be dropped, and drop nothing
  infosec.principles.host_firewall:
    services: "{{ infosec_services | infosec.principles.resolve_register(hostvars, groups)
      | infosec.principles.services_of(inventory_hostname, group_names) }}"
    mode: log

- name: Let in SSH from the bastion and the web for all
  infosec.principles.host_firewall:
    services:
      - name: administration
        ports:
          - {first: 22, last: 22, protocol: tcp}
        clients: [192.0.2.10/32, "2001:db8::10/128"]
      - name: website
        ports:
          - {first: 443, last: 443, protocol: tcp}
          - {first: 443, last: 443, protocol: udp}
        clients: [any]
"""

RETURN = r"""
findings:
  description:
    - One record for each rule and firewall program, also for what passes; see M(infosec.principles.harden) for its keys.
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: host_firewall.admission
    subject:
      description: The firewall program that was judged; C(host_firewall) for rule C(one_firewall).
      returned: success
      type: str
      sample: nftables
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fixed
run_id:
  description: Names this run in the journal of the host; empty where nothing was written.
  returned: success
  type: str
  sample: 20261124T130744.123456Z-1f09ab
packages:
  description: Packages that the host still waits for. The action plugin installs them and goes on, so that users see an empty list.
  returned: success
  type: list
  elements: str
confirm:
  description:
    - Seconds within which a new connection has to confirm the guarded changes of this run. The action plugin does that, so that users see V(0).
  returned: success
  type: int
  sample: 0
"""

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement.host_firewall import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
