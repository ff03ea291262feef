#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dependency_vulnerabilities
short_description: See that applications run on libraries without known holes
version_added: "1.0.0"
description:
  - Takes stock of the libraries of each application on the host, and has the controller look them up in the advisories of OSV.
  - An application is declared in O(applications), or found in O(search) and in the folders where services of systemd work. Folders are looked
    through to O(depth), below no link, and not where they are mounted from another machine.
  - What is installed counts first. That is the metadata of distributions in virtual environments and other folders of packages (Python),
    C(node_modules) with the store of pnpm in it (Node), C(vendor/composer/installed.json) (PHP), C(vendor/bundle) (Ruby),
    C(vendor/modules.txt) (Go), and C(pom.properties) in the archives of a folder, of C(WEB-INF/lib), and in archives that carry others (Java).
  - Where nothing of an ecosystem is installed, its lock file counts. Known are C(uv.lock), C(poetry.lock), C(pdm.lock), C(Pipfile.lock),
    C(pylock.toml), C(requirements.txt), C(npm-shrinkwrap.json), C(package-lock.json), C(yarn.lock), C(pnpm-lock.yaml), C(composer.lock),
    C(Gemfile.lock), C(Cargo.lock), C(go.mod), C(go.sum), C(gradle.lockfile), and what a C(pom.xml) says itself. What a lock file marks as for
    development does not count there; installed, it does.
  - Rule C(inventory) fails where an application wants libraries and nothing says in which versions. It is RV(findings[].status=not_assessed)
    where something of the application could not be read or does not tell a version; all that is known is looked up nevertheless.
  - Rule C(vulnerable) is judged by the controller, which reads O(advisories) and O(reports). Without advisories it is
    RV(findings[].status=not_assessed).
  - Nothing is ever changed. The finding names the command that brings a version without the hole.
options:
  applications:
    description: Folders of applications that are on this host. Those that are not there are RV(findings[].status=not_applicable).
    type: list
    elements: path
    default: []
  search:
    description: Folders to look for applications in.
    type: list
    elements: path
    default: [/srv, /opt, /var/www]
  depth:
    description: How many folders below one of these, or below an application, are looked into.
    type: int
    default: 3
  max_files:
    description:
      - How many names are looked at in each folder of O(search), and in each application; and how many libraries one may have.
      - Where there are more, that is RV(findings[].status=not_assessed).
    type: int
    default: 20000
  advisories:
    description:
      - A folder on the controller with the advisories of OSV, by ecosystem as OSV exports them. The playbook
        C(infosec.principles.update_advisories) fetches them, to C(~/.cache/infosec.principles/advisories) where this is empty.
      - The host does not read it.
    type: str
    default: ""
  advisories_days:
    description: Advisories that are older, in days, let nothing pass.
    type: int
    default: 14
  reports:
    description:
      - What other scanners found, as files on the controller. Each has C(application) (the folder on the host), C(kind)
        (V(pip-audit), V(npm-audit), V(osv-scanner) or V(trivy)) and C(path) (a file in JSON).
      - The host does not read them.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - C(yarn.lock), C(Gemfile.lock), C(Cargo.lock), Go's files and version 9 of C(pnpm-lock.yaml) do not say what is for development alone, and all
    that they name counts.
  - Archives without C(pom.properties), such as those that Gradle builds, do not say which library they are.
seealso:
  - module: infosec.principles.harden
  - name: OSV
    description: The advisories, and how they are exported.
    link: https://google.github.io/osv.dev/data/
  - name: Package URL
    description: How libraries are named.
    link: https://github.com/package-url/purl-spec
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: See which libraries of the applications on this host have known holes
  infosec.principles.dependency_vulnerabilities:
    advisories: "{{ playbook_dir }}/advisories"

- name: Look at one application alone
  infosec.principles.dependency_vulnerabilities:
    applications: [/home/shop/app]
    search: []
    advisories: "{{ playbook_dir }}/advisories"
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
      sample: dependency_vulnerabilities
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: patching
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: dependency_vulnerabilities.inventory
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: /srv/shop
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: pass
    status_before:
      description: The status before any fix; the same as RV(findings[].status) in check mode.
      returned: success
      type: str
      sample: pass
    risk:
      description: One of V(low), V(medium), V(high), V(maximum).
      returned: success
      type: str
      sample: medium
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching.dependency_vulnerabilities import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
