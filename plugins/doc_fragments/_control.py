# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The options that every control takes, described once; the specs are in module_utils/_engine/control.py."""

from __future__ import annotations


class ModuleDocFragment:
    """C(_control) for the module of one control, C(_control.run) for modules that run many, C(_control.services),
    C(_control.automation)."""

    DOCUMENTATION = r"""
options:
  enforce:
    description:
      - Whether to fix what fails. With V(false) the module only reports.
    type: bool
    default: true
  time_limit:
    description:
      - Seconds that one control may take on a host.
      - A control that takes longer ends with status V(error) and the others go on.
    type: int
    default: 30
  lock_timeout:
    description:
      - Seconds to wait for another run that is changing the same host.
      - When they are over, the module fails and says who holds the lock.
    type: int
    default: 60
  resume:
    description:
      - Identifier of the run to go on with.
      - Set by the controller's half after it has installed packages, and to confirm guarded changes; not for people.
    type: str
    default: ""
  waivers:
    description:
      - Findings that somebody has accepted. They stay in the report with status V(waived) and do not fail the task.
      - Each needs a C(match) (a JMESPath expression over the finding), C(why), C(owner) and C(expires).
    type: list
    elements: dict
    default: []
  fail_on:
    description:
      - The task fails when a finding of this risk or above is left.
      - With V(none) a finding never fails the task.
    type: str
    choices: [none, low, medium, high, maximum]
    default: none
"""

    # The same without `enforce`: tools read these texts without running them, so they cannot be put together.
    RUN = r"""
options:
  time_limit:
    description:
      - Seconds that one control may take on a host.
      - A control that takes longer ends with status V(error) and the others go on.
    type: int
    default: 30
  lock_timeout:
    description:
      - Seconds to wait for another run that is changing the same host.
      - When they are over, the module fails and says who holds the lock.
    type: int
    default: 60
  resume:
    description:
      - Identifier of the run to go on with.
      - Set by the controller's half after it has installed packages, and to confirm guarded changes; not for people.
    type: str
    default: ""
  waivers:
    description:
      - Findings that somebody has accepted. They stay in the report with status V(waived) and do not fail the task.
      - Each needs a C(match) (a JMESPath expression over the finding), C(why), C(owner) and C(expires).
    type: list
    elements: dict
    default: []
  fail_on:
    description:
      - The task fails when a finding of this risk or above is left.
      - With V(none) a finding never fails the task.
    type: str
    choices: [none, low, medium, high, maximum]
    default: none
"""

    SERVICES = r"""
options:
  services:
    description:
      - The services of the register that this host runs, with every name resolved to addresses.
      - Made of C(infosec_services) by the filters P(infosec.principles.resolve_register#filter) and
        P(infosec.principles.services_of#filter).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the service in the register.
        type: str
        required: true
      unit:
        description: The systemd unit that owns the sockets; empty where the register names none.
        type: str
        default: ""
      ports:
        description: The ports it may listen on.
        type: list
        elements: dict
        required: true
        suboptions:
          first:
            description: First port of the range.
            type: int
            required: true
          last:
            description: Last port of the range; the same as O(services[].ports[].first) for one port.
            type: int
            required: true
          protocol:
            description: Transport protocol.
            type: str
            choices: [tcp, udp]
            required: true
      clients:
        description: Networks in CIDR form that may connect; V(any) for everybody, an empty list for this host alone.
        type: list
        elements: str
        required: true
      tls:
        description: What the register asks of TLS on these ports.
        type: str
        choices: [none, required, intermediate, modern]
        default: none
      names:
        description: DNS names that clients know the service by, which its certificates have to cover.
        type: list
        elements: str
        default: []
      admin:
        description: Who may use web administration at these ports, for each entry of the register that says so.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the entry; where several share a port, the name of the interface.
            type: str
            required: true
          clients:
            description: Networks as in O(services[].clients).
            type: list
            elements: str
            required: true
      justification:
        description: Why the service is presented to the network.
        type: str
        default: ""
      owner:
        description: Who answers for it.
        type: str
        default: ""
      review_by:
        description: The day (YYYY-MM-DD) past which the entry has to be looked at again.
        type: str
        default: ""
"""

    AUTOMATION = r"""
options:
  automation:
    description:
      - Accounts that programs log in to. All others that take logins are people's.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the account, or a pattern with V(*) and V(?).
        type: str
        required: true
      from:
        description: Addresses and networks that the programs come from.
        type: list
        elements: str
        default: []
      owner:
        description: Who answers for it.
        type: str
        default: ""
"""
