#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: undo
short_description: List the runs that changed a host, and take them back
version_added: "1.0.0"
description:
  - Every change that a control makes is journaled on the host under C(/var/lib/infosec-principles) before it is made.
  - Without O(run_id) the module lists the runs. With it, it takes the run back; everything that the run wrote, removed, stopped, enabled or
    installed becomes what it was.
  - Runs are taken back newest first. A file that somebody has changed since is named and nothing of its run is taken back, unless O(force=true).
  - A run or an undo that was killed half-way is put in order first.
options:
  run_id:
    description:
      - The run to take back; V(latest) for the newest one that still stands, V(all) for all of them.
      - Empty to list only.
    type: str
    default: ""
  force:
    description:
      - Take back also what somebody has changed since (that change is lost), and a run that is not the newest.
    type: bool
    default: false
  lock_timeout:
    description:
      - Seconds to wait for another run that is changing the same host.
    type: int
    default: 60
extends_documentation_fragment:
  - infosec.principles._attributes
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.harden
"""

EXAMPLES = r"""
- name: What did we change here?
  infosec.principles.undo:
  register: journal

- name: Take the newest run back
  infosec.principles.undo:
    run_id: latest
"""

RETURN = r"""
runs:
  description: The runs of this host, newest first, as they are at the end of the module.
  returned: success
  type: list
  elements: dict
  contains:
    run_id:
      description: Names the run.
      returned: success
      type: str
      sample: 20261124T130744.123456Z-1f09ab
    started:
      description: When it started (UTC).
      returned: success
      type: str
    by:
      description: Who ran it.
      returned: success
      type: str
    state:
      description: V(ended) or V(undone); anything else was cut off and is put in order by the next run or undo.
      returned: success
      type: str
    stands:
      description: Whether anything of it is left to take back.
      returned: success
      type: bool
    controls:
      description: The controls that changed something.
      returned: success
      type: list
      elements: str
    changes:
      description: One line for each change.
      returned: success
      type: list
      elements: str
undone:
  description: Runs that were (in check mode, would be) taken back.
  returned: success
  type: list
  elements: str
package_manager:
  description: The module that installs packages on this host; V(auto) lets M(ansible.builtin.package) find out.
  returned: success
  type: str
  sample: apt
packages:
  description: Packages that those runs had installed, which the action plugin removes.
  returned: success
  type: list
  elements: str
"""

import dataclasses

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import Settings, Undone, listing, undo
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import caller, package_manager

SPEC = {
    "run_id": {"type": "str", "default": ""},
    "force": {"type": "bool", "default": False},
    "lock_timeout": {"type": "int", "default": 60},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    host, wanted = Host(), module.params["run_id"]
    settings = Settings(module.params["force"], module.check_mode, module.params["lock_timeout"], caller())
    try:
        result = undo(host, wanted, settings) if wanted else Undone()
        answer = dataclasses.asdict(result)
        for message in answer.pop("messages"):
            module.warn(message)
        rows = listing(host)
        module.exit_json(changed=bool(result.undone), runs=rows, package_manager=package_manager(host), **answer)
    except (ChangeError, PermissionError) as exc:
        module.fail_json(msg=f"{exc}")


if __name__ == "__main__":
    main()
