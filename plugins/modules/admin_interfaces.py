#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: admin_interfaces
short_description: Shut web administration that nobody uses, and open the rest to those who need it alone
version_added: "1.0.0"
description:
  - Finds web administration that answers on the host. Known are Django admin, WordPress, phpMyAdmin, Adminer, pgAdmin, the managers of
    Tomcat, Jenkins, Grafana, Kibana, Prometheus, Alertmanager, Consul, Portainer, Traefik, RabbitMQ management, CouchDB, Solr, Cockpit,
    Webmin, the status pages of Apache httpd, and phpinfo.
  - It is found by the configuration of nginx, Apache httpd and HAProxy (folders that are served, programs that are sent on to, paths that
    are named), by the projects of Django that services run (C(django.contrib.admin) in their settings, with the path in their
    C(urls.py)), by programs with a port of their own, and by asking the sites of the host, over loopback, for the paths where such
    interfaces usually are.
  - An answer counts where it has a mark that the program alone gives, such as a header or a field of its form. What a site answers to a
    path that nobody has, it may answer to any, so that pages for everything, walls and logins before a whole site are no finding.
    No port is asked that is not a web server's, that of a program in the list, or that of a service that runs a project of Django.
    Requests come from loopback and name themselves C(infosec.principles), so that they count as nobody's use.
  - Rule V(admin_interfaces.unused) fails where others than this host can reach an interface and the access logs show that nobody has used
    it for O(idle_days). Only what shows that somebody came past the login counts, so that scanners do not keep an interface open. Where
    the logs do not reach back so far, or there are none, it is V(not_assessed), and nothing is closed.
  - Rule V(admin_interfaces.open_to_all) fails where a server lets in others than the clients of the register's entry with C(admin) V(true).
    Where several such entries share a port, the one counts whose name has the interface's as a word, such as C(shop-phpmyadmin). A port
    that serves nothing but administration, such as Cockpit's, may be named by any entry.
  - Whom a server lets in is said by its effective configuration, and by the addresses that it listens on; whom the table of
    M(infosec.principles.host_firewall) in nftables turns away does not get in.
  - Rule V(admin_interfaces.no_tls) fails where others reach it in clear.
  - Rule V(admin_interfaces.default_credentials_page) fails where its pages or files tell that whoever knows what everybody knows
    gets in, such as a Jenkins that waits to be set up. No login is tried, so that V(not_assessed) is said where nothing else would tell.
  - What answers this host alone passes.
  - A site that has several names is asked by its first, HAProxy by the names that its rules tell apart. What HAProxy shuts it shuts for all
    of them, so there such findings have no fix. Nor has a whole site of which nothing but a page says what it is.
  - An interface that is unused, and that the register does not name, is closed. One that the register names is narrowed to its clients, and
    never closed; it stays a finding while nobody uses it. One that is used, and that the register does not name, is left as it is, since
    that would turn away somebody whom nobody has asked; the evidence says who came, and when. Where none of those who came is among the
    clients of the register, it is left as well, since a proxy may stand before it whose address all of them seem to have; and so is a path
    that something on this host itself uses, until the register names C(127.0.0.1) for it.
  - On a site, the path is shut by a file of our own and one line in the site (nginx), a file of our own (Apache httpd), or a line in the
    frontend (HAProxy), however the path is written; whoever is turned away gets 403. A program with a port of its own is bound to loopback
    where it can be, which O(restart) has to allow where only a restart does that. Since many keep no access log, an entry with C(clients)
    V(none) is what closes them. The program's own checker has the first word, a request
    proves that the path is shut, and others prove that the rest of the site, and the server's other sites, answer as before.
    Whatever fails takes all of it back.
options:
  idle_days:
    description:
      - Days without use after which an interface counts as unused. Access logs have to reach back as far.
    type: int
    default: 90
  restart:
    description:
      - Whether a program may be restarted where only a restart makes it listen elsewhere. Web servers are reloaded in any case.
      - With V(never) such an interface stays a finding, with the steps that close it.
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
  - module: infosec.principles.listening_services
  - module: infosec.principles.host_firewall
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Report which web administration answers here, who uses it and who could
  infosec.principles.admin_interfaces:
    services: "{{ infosec_services | infosec.principles.resolve_register(hostvars, groups)
      | infosec.principles.services_of(inventory_hostname) }}"
    enforce: false

- name: Close what nobody has used for half a year
  infosec.principles.admin_interfaces:
    idle_days: 180

- name: Let the office alone come to phpMyAdmin, at whichever path of the shop it is
  infosec.principles.admin_interfaces:
    services:
      - name: shop
        ports:
          - first: 443
            last: 443
            protocol: tcp
        clients:
          - any
        admin:
          - name: phpmyadmin
            clients:
              - 192.0.2.0/24
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
      sample: admin_interfaces
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: exposed_services
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: admin_interfaces.unused
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: phpMyAdmin at https://shop.example.org/phpmyadmin/ (nginx.service)
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services.admin_interfaces import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
