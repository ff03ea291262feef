#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cleartext_upstreams
short_description: Have proxies that end TLS send on to other hosts by verified TLS
version_added: "1.0.0"
description:
  - Reads the configuration of every nginx, Apache httpd and HAProxy that listens, and looks where it sends on what came in by TLS
    (C(proxy_pass), C(grpc_pass), C(fastcgi_pass) and their kin with C(upstream) blocks and variables that are set beside them; C(ProxyPass),
    balancers and C(RewriteRule) with C(P); the servers of HAProxy's backends).
  - A place is judged where requests come in by TLS, or at a port of which O(services) says that its clients use TLS (before which somebody else
    has ended it, then).
  - Rule V(cleartext_upstreams.encrypted) fails where something is sent on in clear to another host. Names mean what they mean on this host. Unix
    sockets, loopback and this host's own addresses pass, and so does what the kernel leads through WireGuard, IPsec or a TUN interface, which
    is then named. What leads where only a running proxy knows gives V(not_assessed).
  - Rule V(cleartext_upstreams.verified) fails where it is sent on by TLS and nobody asks the other side to prove who it is.
  - The other side is asked whether it answers by TLS (1.2 or later) with a certificate that verifies, by the authorities that this host trusts or by
    C(ca.pem) in O(certificate_folder), and that is for the name that the configuration has. It is asked at the same port, or at the one that
    O(upstreams) names. Connections are opened to hosts that the configuration sends to, and to no others, 64 of them in a run at most.
  - Where it does, the lines that send on are changed where they stand, to https with verification. The proxy's own checker has to accept them; then it
    is reloaded, and a request (GET) that comes by there has to be answered with the same status and kind of content as before, for which it is
    asked once in check mode too. Else everything is put back.
  - Nothing is changed where it is not so, where no request can be made up that comes by there (a pattern that is more than a path, TCP that only passes
    through), where its answer is an error already that the proxy may have given by itself (400, 401, 403, 5xx), and in protocols that
    the proxy cannot encrypt (FastCGI, uwsgi, SCGI, AJP). The finding then says what to write.
options:
  certificate_folder:
    description: Where the certificate of the internal authority lies, as C(ca.pem). The playbook C(infosec.principles.internal_ca) deploys it.
    type: str
    default: /etc/ssl/infosec
  upstreams:
    description: Where applications answer by TLS that do so at another port, or by another name, than they do in clear.
    type: list
    elements: dict
    default: []
    suboptions:
      from:
        description: The address as the configuration has it, such as V(http://app:8080).
        type: str
        required: true
      to:
        description:
          - Where the same application answers by TLS, such as V(https://app:8443).
          - Its host is what the certificate has to be for, so this is where an address without a name gets one.
        type: str
        required: true
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.services
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.service_tls
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Report what the proxies of this host send on in clear
  infosec.principles.cleartext_upstreams:
    enforce: false

- name: Have the shop's proxy speak TLS to the application, which does so at another port
  infosec.principles.cleartext_upstreams:
    upstreams:
      - from: http://app.example.org:8080
        to: https://app.example.org:8443
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
      sample: cleartext_upstreams
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: data_protection
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: cleartext_upstreams.encrypted
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: nginx.service shop.example.org:443 /api
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.cleartext_upstreams import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
