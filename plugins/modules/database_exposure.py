#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database_exposure
short_description: Hold databases to the clients that the register names
version_added: "1.0.0"
description:
  - Finds the database servers that run on the host by the sockets that they listen on, and judges each by what it says of itself
    while it runs (C(pg_hba_file_rules), the accounts of MariaDB or MySQL, C(CONFIG GET) and C(ACL LIST)).
  - Rule V(database_exposure.bind) fails where a server listens on more addresses than its clients come to. A port that the register does
    not have is for this host alone.
  - Rule V(database_exposure.admission) fails where a server lets in others than its clients, or lets in anybody without proof of who they
    are.
  - Fixed are the addresses of PostgreSQL, MariaDB, MySQL, Redis, Valkey and memcached, C(pg_hba.conf) of PostgreSQL, and the accounts of
    MariaDB where O(restrict_accounts=true). Only drop-ins of our own and marked blocks are written; in C(/etc/memcached.conf) the lines
    with C(-l) become comments besides, since memcached listens on the addresses of all of them. MongoDB, Elasticsearch, OpenSearch,
    RabbitMQ, etcd and CouchDB are judged by their configuration and never changed.
  - MariaDB before 10.11 and MySQL before 8.0.13 listen on one address or on all, so they are narrowed only where no other host needs them.
  - A server that lets in whoever comes without a password stays a finding, since a password made up here would cut off its clients.
  - Nothing is narrowed on a port that the register does not have while it is open to other hosts, since that could cut off clients that
    nobody has named; an entry with C(clients) V(none) says that there are none.
  - A server that is down, starting or does not answer to its administrator on this host gives V(not_assessed).
options:
  restart:
    description:
      - Whether a server may be restarted where only a restart makes it listen elsewhere.
      - With V(never) the configuration is written and the finding stays until somebody restarts the server.
      - With V(when_needed) it is restarted, and everything is put back where it does not answer afterwards. Servers that keep data in memory
        alone, such as memcached, come back empty.
    type: str
    choices: [never, when_needed]
    default: never
  restrict_accounts:
    description:
      - Whether accounts of MariaDB that may come from other addresses than those of the clients are renamed to these.
      - For further client networks, and for this host itself, the account is copied inside the server with its password and grants.
      - Accounts that own views, routines, triggers or events are left, since these would lose their definer.
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
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Report which databases are open to others than their clients
  infosec.principles.database_exposure:
    services: "{{ infosec_services | infosec.principles.resolve_register(hostvars, groups)
      | infosec.principles.services_of(inventory_hostname) }}"
    enforce: false

- name: Let the orders database talk to the two machines that need it, and restart it for that
  infosec.principles.database_exposure:
    services:
      - name: orders-db
        ports:
          - first: 5432
            last: 5432
            protocol: tcp
        clients:
          - 192.0.2.10/32
          - 192.0.2.11/32
    restart: when_needed
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
      sample: database_exposure
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: exposed_services
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: database_exposure.bind
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: postgresql@15-main.service 5432/tcp
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services.database_exposure import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
