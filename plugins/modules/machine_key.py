#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_key
short_description: Rotate the SSH key that a program logs in with, at the end where the private half is
version_added: "1.0.0"
description:
  - Makes a new key beside the one in use (O(state=made)), has the program use it (O(state=used)), and removes the old one
    (O(state=retired)). The playbook C(rotate_keys) calls it step by step; between the steps the new key is brought to every
    host and a login with it is proved.
  - How far a rotation has come is read from the names of the files alone, so that what was cut off anywhere is finished by the next run.
    C(id_deploy-2026-11-29) is a key that was made that day, C(id_deploy) is what the program uses, a plain file at first and a link to the
    newest key after a rotation, and C(id_deploy.replaced) is that plain file until the rotation is over.
  - Everything is done with the rights of the account that owns the key. Keys with a passphrase are refused, since no program types one.
options:
  key:
    description:
      - Path of the private key that the program uses; what does not begin with C(/) is below the home of O(account).
    type: str
    required: true
  account:
    description:
      - The account that owns the key; the one that runs this where it is empty.
    type: str
    default: ""
  name:
    description:
      - Begins the comment of a new key, which ends with the day.
    type: str
    required: true
  state:
    description:
      - With V(made) a new key is made where none is being brought in and the present one is due, or O(now) is set.
      - With V(used) the program uses the new key from now on.
      - With V(retired) the old ones are removed.
    type: str
    choices: [made, used, retired]
    default: made
  expected:
    description:
      - Fingerprint of the new key. V(used) and V(retired) refuse where another one is the new one.
    type: str
    default: ""
  type:
    description:
      - What a new key is. RSA has 4096 bits.
    type: str
    choices: [ed25519, rsa]
    default: ed25519
  max_age_days:
    description:
      - How old a key may be.
    type: int
    default: 730
  now:
    description:
      - Whether a key is replaced that is not due yet.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the predicted change without modifying the host.
    details:
      - No new key is there then, so that RV(new) is empty.
  diff_mode:
    support: none
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - The age is told by the date in the name of the file, in its comment, and by its time of writing; the earliest counts.
  - ssh-keygen is needed.
seealso:
  - module: infosec.principles.authorized_key_rotation
  - module: infosec.principles.ssh_login_info
  - module: infosec.principles.key_rotation
"""

EXAMPLES = r"""
- name: Make a new key where the one that deploys is due
  infosec.principles.machine_key:
    name: deploy
    account: ci
    key: .ssh/id_ed25519_deploy
  register: deploy_key
"""

RETURN = r"""
phase:
  description:
    - V(idle) where no rotation is going on, V(made) where a new key lies beside the one in use, V(used) where the program uses it already.
  returned: success
  type: str
  sample: made
due:
  description: The day from which the key in use is too old.
  returned: success
  type: str
  sample: "2026-11-01"
current:
  description: The key in use, with its C(path), C(fingerprint) and C(line), its public half as C(authorized_keys) has it.
  returned: success
  type: dict
new:
  description: The key that is being brought in, as RV(current); empty where there is none.
  returned: success
  type: dict
old:
  description: The keys that it replaces, each as RV(current).
  returned: success
  type: list
  elements: dict
"""

import datetime
import pwd
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, run_command
from ansible_collections.infosec.principles.plugins.module_utils._rotation import machine_keys
from ansible_collections.infosec.principles.plugins.module_utils._rotation.machine_keys import State
from ansible_collections.infosec.principles.plugins.module_utils._rotation.rights import RotationError, acting_as

SPEC: dict[str, dict[str, t.Any]] = {
    "key": {"type": "str", "required": True, "no_log": False},
    "account": {"type": "str", "default": ""},
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["made", "used", "retired"], "default": "made"},
    "expected": {"type": "str", "default": ""},
    "type": {"type": "str", "choices": list(machine_keys.TYPES), "default": "ed25519"},
    "max_age_days": {"type": "int", "default": 730},
    "now": {"type": "bool", "default": False},
}


def act(params: t.Mapping[str, t.Any], path: str, state: State, *, check: bool) -> bool:
    """Do what is wanted, where it is not done yet; whether anything was, or would be. Raises RotationError."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    if params["state"] == "made":
        wanted = state.phase == machine_keys.IDLE and (params["now"] or due(params, state) <= today)
        if wanted and not check:
            machine_keys.make(path, name=params["name"], kind=params["type"], today=today, run=run)
        return wanted
    if params["expected"] and (state.new or state.current).fingerprint != params["expected"]:
        raise RotationError(f"{path}: another key than {params['expected']} is the new one by now; run again")
    return _bring_in(path, state, check=check) if params["state"] == "used" else _retire(path, state, check=check)


def due(params: t.Mapping[str, t.Any], state: State) -> datetime.date:
    """The day from which the key in use is too old."""
    return state.born + datetime.timedelta(days=params["max_age_days"])


def _bring_in(path: str, state: State, *, check: bool) -> bool:
    if state.new and not check:
        machine_keys.switch(path, state.new.path)
    return state.phase == machine_keys.MADE


def _retire(path: str, state: State, *, check: bool) -> bool:
    if state.phase == machine_keys.MADE:
        raise RotationError(f"{path}: the program does not use the new key yet, so the old one stays")
    if not check:
        machine_keys.retire(state.old)
    return bool(state.old)


def run(argv: t.Sequence[str]) -> Completed:
    """Run ssh-keygen; a key of 4096 bits takes its time."""
    return run_command(argv, None, 120)


def answer(params: t.Mapping[str, t.Any], path: str, *, check: bool) -> dict[str, t.Any]:
    """What the module returns. Raises RotationError."""
    changed = act(params, path, machine_keys.look(path), check=check)
    state = machine_keys.look(path)
    return {
        "changed": changed,
        "phase": state.phase,
        "due": str(due(params, state)),
        "current": state.current.facts(),
        "new": state.new.facts() if state.new else {},
        "old": [key.facts() for key in state.old],
    }


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params

    def work(account: pwd.struct_passwd) -> dict[str, t.Any]:
        return answer(params, machine_keys.locate(account, params["key"]), check=module.check_mode)

    try:
        module.exit_json(**acting_as(params["account"], work))
    except RotationError as exc:
        module.fail_json(msg=str(exc))


if __name__ == "__main__":
    main()
