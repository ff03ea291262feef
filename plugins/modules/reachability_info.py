#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reachability_info
short_description: Try ports of other hosts and return how each behaves
version_added: "1.0.0"
description:
  - Connects to TCP ports, over IPv4 and IPv6, and closes the connection at once. Nothing is sent over it.
  - Sends real requests to the UDP ports of DNS (53), NTP (123), SNMP (161) and QUIC (443). An empty datagram goes to any other UDP port; only a
    port that is closed answers that.
  - Many ports are tried at a time, within a time limit, and never more than the host has file descriptors for.
  - A port that does not answer is tried again when all have been tried, since a packet that got lost looks like one that was dropped on purpose.
options:
  probes:
    description:
      - What to try. Filters make it of the register and of what really listens; see C(playbooks/prove.yml).
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: An IPv4 or IPv6 address. Names are refused, so that no host asks a resolver.
        type: str
        required: true
      protocol:
        description: Transport protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      ports:
        description: The ports to try at this address.
        type: list
        elements: int
        required: true
  concurrency:
    description:
      - How many ports are tried at a time, as far as there are file descriptors.
    type: int
    default: 128
  timeout:
    description:
      - Seconds to wait for an answer, at each of the two tries.
      - From one second on, the kernel sends the request twice within each try.
    type: float
    default: 2.0
  time_limit:
    description:
      - Seconds for all ports together. What could not be tried by then has the outcome V(untried).
    type: int
    default: 300
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._attributes.info_module
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - It needs no privileges. The programs that listen see a connection that says nothing, and may log it.
seealso:
  - module: infosec.principles.sockets_info
  - module: infosec.principles.reachability
"""

EXAMPLES = r"""
- name: Try SSH and HTTPS of a web server, and its QUIC
  infosec.principles.reachability_info:
    probes:
      - address: 192.0.2.10
        ports: [22, 443]
      - address: "2001:db8::10"
        protocol: udp
        ports: [443]
  register: seen

- name: Show what is open
  ansible.builtin.debug:
    msg: "{{ seen.tried | selectattr('outcome', 'equalto', 'open') }}"
"""

RETURN = r"""
tried:
  description:
    - The ports, put together by address, protocol, outcome and own address; each port is there once.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The address that was tried.
      returned: success
      type: str
      sample: 192.0.2.10
    protocol:
      description: V(tcp) or V(udp).
      returned: success
      type: str
      sample: tcp
    outcome:
      description:
        - V(open), the port answered.
        - V(refused), the target said that nobody listens, with RST or ICMP port unreachable, or a firewall said so in its name.
        - V(filtered), no answer (TCP).
        - V(unreachable), ICMP said that the way ends.
        - V(silent), no answer (UDP), which an open port may give as well.
        - V(no_route), this host sent nothing, since it has no route to the address or no address of its family.
        - V(self), the address is one of this host's own.
        - V(untried), the time was over.
        - V(failed), this host ran out of ports, memory or the like.
      returned: success
      type: str
      sample: open
    local:
      description: The address of this host that the kernel chose to try from; empty where it chose none.
      returned: success
      type: str
      sample: 192.0.2.20
    ports:
      description: The ports, ascending.
      returned: success
      type: list
      elements: int
      sample: [22, 443]
seconds:
  description: How long it took.
  returned: success
  type: float
  sample: 4.2
"""

import collections
import ipaddress
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._reachability import probing

PROBE = {
    "address": {"type": "str", "required": True},
    "protocol": {"type": "str", "choices": [probing.TCP, probing.UDP], "default": probing.TCP},
    "ports": {"type": "list", "elements": "int", "required": True},
}
SPEC = {
    "probes": {"type": "list", "elements": "dict", "required": True, "options": PROBE},
    "concurrency": {"type": "int", "default": 128},
    "timeout": {"type": "float", "default": 2.0},
    "time_limit": {"type": "int", "default": 300},
}


def parse(given: t.Iterable[t.Mapping[str, t.Any]]) -> list[probing.Probe]:
    """One probe for each port, in the order given. Raises ValueError for what is no address or port."""
    return [_probe(group, port) for group in given for port in group["ports"]]


def _probe(group: t.Mapping[str, t.Any], port: int) -> probing.Probe:
    ipaddress.ip_address(group["address"])
    if not 1 <= port <= 65535:
        raise ValueError(f"{port} is no port; write 1 to 65535")
    return probing.Probe(group["address"], group["protocol"], port)


def together(answers: t.Mapping[probing.Probe, probing.Answer]) -> list[dict[str, t.Any]]:
    """The answers as the module returns them."""
    ports: dict[tuple[str, str, str, str], list[int]] = collections.defaultdict(list)
    for probe, answer in answers.items():
        ports[probe.address, probe.protocol, answer.outcome, answer.local].append(probe.port)
    keys = ("address", "protocol", "outcome", "local")
    return [{**dict(zip(keys, key)), "ports": sorted(ports[key])} for key in sorted(ports)]


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    limits = {name: module.params[name] for name in ("concurrency", "timeout", "time_limit")}
    start = time.monotonic()
    try:
        answers = probing.run(parse(module.params["probes"]), probing.Limits(**limits))
    except ValueError as exc:
        module.fail_json(msg=f"probes: {exc}")
    module.exit_json(tried=together(answers), seconds=round(time.monotonic() - start, 3))


if __name__ == "__main__":
    main()
