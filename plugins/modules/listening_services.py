#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: listening_services
short_description: Hold what listens on the network to the register of services
version_added: "1.0.0"
description:
  - Finds every TCP and UDP socket that others can reach, IPv4, IPv6 and both at once, with its process, package and systemd unit, those
    that systemd holds for socket-activated services, and the ports that Docker and Podman lead into containers by address translation.
  - Everything is read from C(/proc), the kernel and systemd; C(ss) is not needed.
  - Rule C(unjustified) asks for an entry of the register, with a justification, for each port. Where the entry names a unit, that unit, one
    of its aliases, its socket or the unit that it is part of must hold the port.
  - Rule C(wider_than_declared) fails where a service without clients listens beyond loopback, and where it takes an address family that
    none of its clients uses while the host has an address of that family.
  - Rule C(declared_but_absent) fails where nothing listens on a declared port, or on loopback alone though there are clients.
  - Rule C(review_overdue) fails past the day that the entry was to be reviewed.
  - UDP sockets on ephemeral ports are RV(findings[].status=not_assessed) unless declared, since a client's cannot be told from a server's.
    The sockets of a DHCP client pass.
options:
  close_unjustified:
    description:
      - Whether to stop, disable and mask the systemd unit behind a port that the register does not declare, and the units that start it.
      - A unit whose file lies in C(/etc/systemd/system) cannot be masked and is only stopped and disabled.
      - Never stopped are what carries the connection or this run, SSH (see M(infosec.principles.unused_sshd)), units that also serve a
        declared port, transient units, container engines, and what the system needs for its network, names, clock and logins. The finding
        then says why, and what to do instead.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.services
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - As an ordinary user the owners of other users' sockets, and ports published by address translation, cannot be seen; what depends on them
    is RV(findings[].status=not_assessed).
  - The container behind a published port belongs to no unit that an entry could name; leave C(unit) of such an entry empty.
  - Sockets in other network namespaces, SCTP, raw sockets, and port forwardings that are not a container engine's are not looked at.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.sockets_info
"""

EXAMPLES = r"""
- name: Report what listens without a reason
  infosec.principles.listening_services:
    services: "{{ infosec_services | infosec.principles.resolve_register(hostvars, groups)
      | infosec.principles.services_of(inventory_hostname, group_names) }}"
    fail_on: high

- name: Close what the register does not justify
  infosec.principles.listening_services:
    services:
      - name: website
        unit: nginx.service
        ports:
          - {first: 80, last: 80, protocol: tcp}
          - {first: 443, last: 443, protocol: tcp}
        clients: [any]
        justification: Public site.
        owner: web@example.org
        review_by: "2027-06-30"
    close_unjustified: true
"""

RETURN = r"""
findings:
  description:
    - One record for each rule and subject that was judged, also for what passes; sorted by control, rule and subject.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: Name of the control.
      returned: success
      type: str
      sample: listening_services
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: exposed_services
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: listening_services.unjustified
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: 8080/tcp
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fixed
    status_before:
      description: The status before any fix; the same as RV(findings[].status) in check mode.
      returned: success
      type: str
      sample: fail
    risk:
      description: One of V(low), V(medium), V(high), V(maximum).
      returned: success
      type: str
      sample: high
    message:
      description: What was found, in one sentence.
      returned: success
      type: str
    note:
      description: What the fix did, or why it failed; empty where nothing was fixed.
      returned: success
      type: str
    evidence:
      description: Where it was read (RV(ignore:source)), what was found and what was expected. Never a secret.
      returned: success
      type: list
      elements: dict
    remedy:
      description: What a person does about it.
      returned: success
      type: str
    reference:
      description: The page that the rule comes from.
      returned: success
      type: str
    fix:
      description: One line for each change that puts it right; empty where there is no fix.
      returned: success
      type: list
      elements: str
    diff:
      description: Before and after of each of these changes.
      returned: success
      type: list
      elements: dict
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services.listening_services import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
