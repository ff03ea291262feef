#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_trust
short_description: See that no service takes an address for a proof
version_added: "1.0.0"
description:
  - An address can be taken over, shared or forged, and whoever gets onto a network has one. Each rule looks at one kind of service that can
    be told to ask for nothing more, and judges by what the program itself says is in force where it can be asked. A service that is not here
    is RV(findings[].status=not_applicable).
  - Rule C(postgresql) fails for rules of C(pg_hba.conf) by which a TCP client from another host is let in by C(trust) or C(ident), unless a
    client certificate is wanted too. Of several rules the first that matches counts, as the server has it (C(pg_hba_file_rules)). The
    finding names roles that have no password yet. Rule C(postgresql_local) fails where C(trust) lets users of this host in; C(peer) passes.
  - Rule C(mysql) fails where MariaDB or MySQL runs with C(skip-grant-tables) or would at its next start, for anonymous accounts, and for
    accounts without a password that other hosts can use. Anonymous accounts of MariaDB are locked; that is the one thing that is put right.
  - Rule C(redis) fails where Redis or Valkey lets users without a password in from other hosts, which protected mode prevents. Rule
    C(memcached) fails where memcached listens for other hosts without SASL or a file of users, C(mongodb) where MongoDB does without
    authorization, and C(elasticsearch) where Elasticsearch or OpenSearch answers without credentials.
  - Rule C(rsh) fails for rsh, rlogin and rexec that listen or that a super-server would start.
  - Rule C(pam) fails for a line of C(/etc/pam.d) that spares somebody the proof for where he comes from (C(pam_rhosts), or C(pam_access) and
    C(pam_succeed_if) with C(rhost) that end the stack or jump over what follows).
  - Rule C(tcp_wrappers) fails where C(hosts.allow) or C(hosts.deny) has rules. The finding names the programs that heed them now; Debian's
    sshd is one. Deleting them opens the host unless its firewall keeps others out, so nothing is changed.
  - Rule C(nfs) fails for each export, in force or in the files, to another host whose word is taken for which user asks (C(sec=sys)); rule
    C(nfs_root) where even root of a client stays root (C(no_root_squash)).
  - Rule C(rsync) fails for modules of a listening rsync daemon that want no C(auth users), C(snmp) for communities of SNMPv1 and v2c that
    other hosts can use and for users without authentication. Communities and other secrets never leave the host.
  - Rules C(nginx) and C(apache) fail for servers, locations and sections that an address alone opens, be it that nothing else guards them or
    that either will do (C(satisfy any), C(RequireAny)). What is open to this host alone passes, and so does what keeps only some out.
  - Rule C(postfix) fails where hosts of a network may relay mail for being in it (C(mynetworks), C(permit_mynetworks)).
  - Rule C(sshd) fails where C(Match Address) or C(Match Host) asks less of somebody than elsewhere, as sshd itself says (C(sshd -T -C)) - a
    password where a key is wanted, one factor for two, root where it may not come. Asking more is fine, and so is a key alone for
    O(automation).
  - Rule C(sshd) lets programs (O(automation)) come by a key alone from some addresses. The role adds the rescue account of
    M(infosec.principles.ssh_two_factor) to them.
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.automation
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - As an ordinary user only what files that everybody may read tell is judged; the rest is RV(findings[].status=not_assessed).
  - C(rhosts) files and C(HostbasedAuthentication) are judged by M(infosec.principles.ssh_pivoting), who may reach a database at all by
    M(infosec.principles.database_exposure).
  - Locking an account of MariaDB can be taken back exactly, dropping it cannot; C(undo) unlocks it.
  - nginx and Apache httpd are judged by their files, as they would be after a reload; C(.htaccess) files, C(geo) and C(map) of nginx, and
    expressions of Apache are not looked at. A location that hands requests on to a program fails too, since nginx cannot know whether that
    asks; waive it where it does.
  - MongoDB's users are not counted; Elasticsearch and OpenSearch are asked on this host with C(curl), where it is there.
  - Services in containers are not looked into.
  - At most 100 locations, sections, modules or exports of a service are reported; the finding says so where there are more.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.database_exposure
  - module: infosec.principles.ssh_pivoting
  - module: infosec.principles.host_firewall
  - name: Mozilla's security principles
    description: Require strong authentication.
    link: https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication
"""

EXAMPLES = r"""
- name: Report where an address stands in for a proof
  infosec.principles.network_trust:
    enforce: false

- name: Let the account of the deployment come by a key alone from its own address
  infosec.principles.network_trust:
    automation:
      - name: deploy
        from: [192.0.2.5]
"""

RETURN = r"""
findings:
  description:
    - One record for each rule and subject, also for what passes; see M(infosec.principles.harden) for its keys.
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: network_trust.postgresql
    subject:
      description: The unit of a service, the path of a file, or what of a service it is about, such as a module, an export or a location.
      returned: success
      type: str
      sample: postgresql@17-main.service
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fail
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication.network_trust import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
