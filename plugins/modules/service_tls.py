#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_tls
short_description: Hold services to Mozilla's guideline for TLS, and to TLS where the register asks for it
version_added: "1.0.0"
description:
  - Asks every port of the servers that it knows, and every port that the register asks TLS of, on the wire what it takes. No handshake is
    finished, and a server that follows the guideline is asked about five times.
  - Rule V(service_tls.offered) fails where a service that the register asks TLS of (C(tls) other than V(none)) speaks none, or does so with a
    certificate that the server or its package made up for itself while one lies ready in O(certificate_folder). A port in clear
    passes that only sends clients on to https, which the same entry speaks at another port.
  - Rule V(service_tls.protocols) fails where a version of TLS is taken that the profile of Mozilla's guideline 6.0 does not have,
    V(service_tls.ciphers) where a cipher is, and V(service_tls.groups) where a group for the key exchange is.
  - Rule V(service_tls.guideline) fails, with low risk, for what version 5.7 of the guideline had and 6.0 does not have any more (DHE with a
    prime of 2048 bits or more).
  - Rule V(service_tls.clear_text) fails where clients can come in clear to a port that the register asks TLS of.
  - A port is judged by the profile that its entry in the register names, else by O(profile). What speaks TLS although its entry says V(none) is
    judged by its protocols, ciphers and groups too. A port that only this host reaches is judged where the register asks for TLS alone.
  - One fix puts right all of one server, in a file of our own that the server's configuration includes, which its own checker has to accept; then
    the server takes it up, and everything is put back where it does not answer afterwards. What its library does not know
    (V(X25519MLKEM768) before OpenSSL 3.5, with which it would not start) is left out.
  - TLS is switched on with the certificate that lies in O(certificate_folder). Clear text is switched off only where the server's own view
    shows that nobody has come so for O(required_after_days); else the finding names who comes.
  - Of nginx, Apache and HAProxy a line that stands in a file of somebody else's and outweighs ours is changed where it stands, and comes back with
    C(undo). Whoever comes to a port of HTTP in clear is led to https (308, but for C(/.well-known/acme-challenge/)) where port 443 serves
    the same names by TLS, with a certificate for them that is valid and that an authority has issued. A redirect turns nobody away who
    follows it, so O(required_after_days) does not hold it back. A port in clear is never turned into TLS by itself.
  - A port that the register asks TLS of and whose server is not known is judged on the wire alone, and has no fix. STARTTLS is expected at ports 21,
    25, 110, 143, 389, 587, 3306, 4190 and 5432, and TLS at once at all others.
  - A server that closes the connection at the first word of TLS, answers every handshake with an alert, or does not answer in time gives
    V(not_assessed). One that speaks behind the PROXY protocol is asked behind it. SSL 2 is not asked for.
options:
  profile:
    description: The profile that a port is judged by whose entry says C(tls) V(required) or V(none), or that has no entry.
    type: str
    choices: [intermediate, modern]
    default: intermediate
  certificate_folder:
    description:
      - Where certificates for services lie, each in a folder of the entry's name, as C(fullchain.pem) and C(key.pem).
      - The playbook C(infosec.principles.internal_ca) makes and deploys them.
    type: str
    default: /etc/ssl/infosec
  required_after_days:
    description:
      - How many days a server's view has to reach back, and show nobody who comes in clear, before clear text is switched off.
      - With V(0) it is enough that nobody is connected in clear now.
    type: int
    default: 7
  restart:
    description:
      - Whether a server may be restarted that takes up TLS in no other way.
      - With V(never) such a server has no fix, or its configuration is written and the finding stays until somebody restarts it.
    type: str
    choices: [never, when_needed]
    default: never
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.services
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.database_exposure
  - name: Mozilla's guideline for TLS
    description: Where the profiles come from.
    link: https://wiki.mozilla.org/Security/Server_Side_TLS
"""

EXAMPLES = r"""
- name: Report what the services of the register speak
  infosec.principles.service_tls:
    services: "{{ infosec_services | infosec.principles.resolve_register(hostvars, groups)
      | infosec.principles.services_of(inventory_hostname) }}"
    enforce: false

- name: Hold the shop to the modern profile
  infosec.principles.service_tls:
    services:
      - name: shop
        ports:
          - first: 443
            last: 443
            protocol: tcp
        clients:
          - any
        tls: modern
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
      sample: service_tls
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: data_protection
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: service_tls.protocols
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: nginx.service 443/tcp (shop.example.org)
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.service_tls import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
