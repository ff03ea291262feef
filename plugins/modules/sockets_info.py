#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sockets_info
short_description: Return what listens on the network, and who is connected to it
version_added: "1.0.0"
description:
  - Returns every TCP and UDP socket that others can reach, with its process and systemd unit, the ports that Docker and Podman lead into
    containers, and the addresses that are connected to each port now.
  - Everything is read from C(/proc), the kernel and systemd; C(ss) is not needed.
options:
  include_loopback:
    description:
      - Whether to return sockets that only this host can reach as well.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._attributes.info_module
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - As an ordinary user the owners of other users' sockets, and ports published by address translation, cannot be seen.
  - Connections that address translation leads past the host into a container are not among the peers.
seealso:
  - module: infosec.principles.listening_services
"""

EXAMPLES = r"""
- name: See what listens
  infosec.principles.sockets_info:
  register: sockets

- name: Name the units behind it
  ansible.builtin.debug:
    msg: "{{ sockets.listeners | map(attribute='unit') | unique }}"
"""

RETURN = r"""
listeners:
  description:
    - One record for each address and port, sorted by protocol, port and address.
  returned: success
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      returned: success
      type: str
      sample: tcp
    address:
      description: The address it is bound to.
      returned: success
      type: str
      sample: "::"
    port:
      description: The port.
      returned: success
      type: int
      sample: 443
    families:
      description: The address families it takes. A socket on V(::) takes both unless it is limited to IPv6.
      returned: success
      type: list
      elements: str
      sample: [IPv4, IPv6]
    loopback:
      description: Whether only this host can reach it.
      returned: success
      type: bool
    ephemeral:
      description: Whether it may be a client's that waits for replies, a UDP socket of a DHCP client or on an ephemeral port.
      returned: success
      type: bool
    holder:
      description:
        - What holds it, V(process), V(kernel), V(nat) for a port that is led into a container without a socket, or V(unknown) where this user
          may not see.
      returned: success
      type: str
      sample: process
    pid:
      description: The first process that holds it, or 0.
      returned: success
      type: int
      sample: 812
    process:
      description: The name of that process.
      returned: success
      type: str
      sample: nginx
    exe:
      description: The file that it runs.
      returned: success
      type: str
      sample: /usr/sbin/nginx
    unit:
      description: The systemd unit that runs it, or that its socket unit would start.
      returned: success
      type: str
      sample: nginx.service
    user_unit:
      description: The unit of a user's own systemd that runs it.
      returned: success
      type: str
    socket_unit:
      description: The systemd socket that opened it.
      returned: success
      type: str
      sample: ssh.socket
    published_by:
      description: The container engine that publishes it, V(docker), V(podman) or V(kubernetes); empty for none.
      returned: success
      type: str
    target:
      description: Where that leads.
      returned: success
      type: str
      sample: 172.17.0.2:80
peers:
  description:
    - The addresses that are connected to each port now, those of this host left out. Ports without any are listed too.
  returned: success
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      returned: success
      type: str
      sample: tcp
    port:
      description: The port.
      returned: success
      type: int
      sample: 443
    addresses:
      description: Sorted addresses.
      returned: success
      type: list
      elements: str
      sample: [192.0.2.10, "2001:db8::10"]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

FIELDS = (
    *("protocol", "address", "port", "families", "loopback", "holder", "pid", "process", "exe"),
    *("unit", "user_unit", "socket_unit", "published_by", "target"),
)


def listeners(host: Host, *, include_loopback: bool) -> list[dict[str, t.Any]]:
    """The listeners as the module returns them."""
    wanted = [item for item in host.once(sockets.read) if include_loopback or not item.loopback]
    return [
        {**{name: getattr(item, name) for name in FIELDS}, "ephemeral": sockets.is_client(host, item)}
        for item in wanted
    ]


def peers(host: Host, found: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The peers of those listeners as the module returns them."""
    known = sockets.peers(host)
    ports = dict.fromkeys((item["protocol"], item["port"]) for item in found)
    return [{"protocol": port[0], "port": port[1], "addresses": list(known.get(port, ()))} for port in ports]


def main() -> None:
    spec = {"include_loopback": {"type": "bool", "default": False}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    host = Host()
    try:
        found = listeners(host, include_loopback=module.params["include_loopback"])
        connected = peers(host, found)
    except HostError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(listeners=found, peers=connected)


if __name__ == "__main__":
    main()
