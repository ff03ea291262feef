#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cleartext_protocols
short_description: See that nothing crosses the network in clear
version_added: "1.0.0"
description:
  - Finds services that others can reach and that speak in clear, by the program that listens, by the port where a super-server or systemd
    listens for it, and by the service's own configuration or first words where these tell.
  - Rule V(cleartext_protocols.passwords) fails for telnet, rexec and rlogin; for FTP, SMTP, IMAP, POP3, ManageSieve and LDAP servers that take a
    password before TLS; for SNMP agents with communities of version 1 or 2c; and for VNC servers that let in by more than TLS.
  - Rule V(cleartext_protocols.content) fails for rsh, TFTP, rsync daemons, FTP servers without TLS that ask nobody for a password, syslog that is
    taken by UDP or by TCP without TLS, and exports of NFS without V(sec=krb5p).
  - FTP and mail servers are asked as a client would ask them, up to the point where they would take a password; none is ever sent. An LDAP server
    is asked by a simple bind as somebody who does not exist.
  - Telnet, rsh and its kin, FTP, TFTP, rsync and VNC are stopped where O(close_cleartext=true) and the register does not have the port. What the
    register declares is never stopped; the finding says for whom it is there and what to do. TLS is switched on by
    M(infosec.principles.service_tls).
  - A port that a container publishes gives V(not_assessed), and so does syslog over TCP by another daemon than rsyslog.
options:
  close_cleartext:
    description:
      - Whether services that are in clear by their nature, and that the register does not have, are stopped, disabled and masked.
      - What carries this very run, other units that the register needs, and what systemd does not run are left, with the reason.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.services
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.listening_services
  - module: infosec.principles.service_tls
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Report what crosses the network in clear
  infosec.principles.cleartext_protocols:
    services: "{{ infosec_services | infosec.principles.resolve_register(hostvars, groups)
      | infosec.principles.services_of(inventory_hostname) }}"
    enforce: false

- name: Stop telnet, FTP and their kin, except for the FTP server that the printers use
  infosec.principles.cleartext_protocols:
    services:
      - name: scans
        ports:
          - first: 21
            last: 21
            protocol: tcp
        clients:
          - 192.0.2.32/28
    close_cleartext: true
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
      sample: cleartext_protocols
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: data_protection
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: cleartext_protocols.passwords
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: vsftpd.service 21/tcp (FTP)
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
package_manager:
  description: The module that installs packages on this host; V(auto) lets M(ansible.builtin.package) find out.
  returned: success
  type: str
  sample: apt
"""

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.cleartext_protocols import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
