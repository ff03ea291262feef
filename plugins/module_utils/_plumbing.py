# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Between Ansible and the engine: arguments in, one JSON result out."""

from __future__ import annotations

import dataclasses
import getpass
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    COMMON_OPTIONS,
    RUN_OPTIONS,
    Control,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.run import Settings, resume, run
from ansible_collections.infosec.principles.plugins.module_utils._host import connection
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, NeedsRoot


def run_module(control: Control) -> None:
    """Be the module of one control: its own options are the module's."""
    own = {**control.options, **COMMON_OPTIONS}
    module = AnsibleModule(argument_spec={**own, **RUN_OPTIONS}, supports_check_mode=True)
    run_requests(module, Host(), [Request(control, {name: module.params[name] for name in own})])


def joined(controls: t.Mapping[str, t.Any], secrets: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """`controls` with the options that came apart from them, since they must not be logged."""
    return {name: {**(options or {}), **secrets.get(name, {})} for name, options in controls.items()}


def parse_controls(catalogue: t.Mapping[str, Control], wanted: t.Mapping[str, t.Any]) -> list[Request]:
    """The requests of `controls: {name: options}`, in the catalogue's order. Raises ValueError with every fault."""
    faults = [
        f"controls.{name}: no such control; there are: {', '.join(catalogue)}"
        for name in wanted
        if name not in catalogue
    ]
    requests = []
    for name, control in catalogue.items():
        if name in wanted:
            validated = ArgumentSpecValidator({**control.options, **COMMON_OPTIONS}).validate(wanted[name] or {})
            faults += [f"controls.{name}: {message}" for message in validated.error_messages]
            requests.append(Request(control, validated.validated_parameters))
    if faults:
        raise ValueError("; ".join(faults))
    return requests


def run_requests(module: AnsibleModule, host: Host, requests: t.Sequence[Request]) -> None:
    """Run (or resume) and leave the process with the result."""
    settings = Settings(
        unreadable=NeedsRoot,
        check=module.check_mode,
        time_limit=module.params["time_limit"],
        lock_timeout=module.params["lock_timeout"],
        by=caller(),
        connection=lambda: carrier(host),
    )
    try:
        waiting = module.params["resume"]
        result = resume(host, requests, settings, waiting) if waiting else run(host, requests, settings)
    except ChangeError as exc:
        module.fail_json(msg=str(exc))
    answer = dataclasses.asdict(result)
    del answer["failure"]
    for message in answer.pop("messages"):
        module.warn(message)
    answer["package_manager"] = package_manager(host)
    if result.failure:
        module.fail_json(msg=result.failure, **answer)
    module.exit_json(**answer)


def package_manager(host: Host) -> str:
    """The module behind ansible.builtin.package; "auto" where the controller has to find out by itself."""
    return "apt" if host.which("apt-get") else "auto"


def carrier(host: Host) -> str:
    """The SSH connection that carries this call, as text that no other has; "" for a local one."""
    own = host.once(connection.read)
    return f"{own.peer} {own.peer_port} {own.local} {own.local_port}" if own else ""


def caller() -> str:
    """Who runs this, for the lock and the journal."""
    user = os.environ.get("SUDO_USER") or getpass.getuser()
    origin = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return f"{user} from {origin}" if origin else user
