#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_deployment
short_description: Put signed certificates beside the keys that wait for them, and have services take them up
version_added: "1.0.0"
description:
  - Puts each certificate beside the key that M(infosec.principles.certificate_request) made for it, sees by C(openssl) that the two belong
    together and that C(ca.pem) stands for the certificate, and brings both into use in one moment.
  - The key is readable by root, and by the group of the process that listens on the service's ports.
  - Then reloads the service, and sees that it is active and answers. Where it does not, it gets the old pair back and is reloaded again.
    The first pair of a service reloads nothing, since nothing shows it yet.
  - Stopped at any point, the service has its old pair or the new one, whole; the next run finishes.
options:
  folder:
    description:
      - Where pairs lie.
    type: path
    default: /etc/ssl/infosec
  certificates:
    description:
      - What is to be put in place.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: As in M(infosec.principles.certificate_request).
        type: str
        required: true
      certificate:
        description: The certificate in PEM, and those between it and the authority; empty where only its service has still to take it up.
        type: str
        default: ""
      unit:
        description: The systemd unit of the service.
        type: str
        default: ""
      ports:
        description: TCP ports of the service.
        type: list
        elements: int
        default: []
  restart:
    description:
      - Whether a service that cannot reload is restarted. With V(never) the result says that it has to be.
    type: str
    choices: [never, when_needed]
    default: never
extends_documentation_fragment:
  - infosec.principles._attributes
attributes:
  check_mode:
    support: none
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    platforms: Debian 11, 12 and 13 (tested for real), and any Linux with OpenSSL 1.1.1 or newer
    support: full
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.certificate_request
"""

EXAMPLES = r"""
- name: Bring the signed certificate into use
  infosec.principles.certificate_deployment:
    certificates:
      - {name: shop, certificate: "{{ signed.certificate }}", unit: nginx.service, ports: [443]}
"""

RETURN = r"""
deployed:
  description: Names of the certificates that are in use since.
  returned: always
  type: list
  elements: str
  sample: [shop]
left:
  description: What a person has still to do, by the name of the certificate.
  returned: always
  type: dict
  sample: {"cache": "redis-server.service cannot be reloaded; restart it"}
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._certificates import pairs, service
from ansible_collections.infosec.principles.plugins.module_utils._certificates.pairs import Folder, PairError, Wanted
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, run_command

CERTIFICATE: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "certificate": {"type": "str", "default": ""},
    "unit": {"type": "str", "default": ""},
    "ports": {"type": "list", "elements": "int", "default": []},
}
SPEC: dict[str, dict[str, t.Any]] = {
    "folder": {"type": "path", "default": "/etc/ssl/infosec"},
    "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
    "restart": {"type": "str", "choices": [service.NEVER, service.WHEN_NEEDED], "default": service.NEVER},
}


def work(params: t.Mapping[str, t.Any], folder: Folder, host: Host) -> dict[str, t.Any]:
    """What the module returns; one certificate that fails stops no other."""
    deployed: list[str] = []
    left: dict[str, str] = {}
    failed: list[str] = []
    for one in params["certificates"]:
        wanted = Wanted(one["name"], (), (), one["unit"], tuple(one["ports"]))
        try:
            todo = deploy(folder, host, wanted, one["certificate"], params["restart"])
            left.update({wanted.name: todo} if todo else {})
            deployed += [wanted.name] if one["certificate"] else []
        except (PairError, OSError) as exc:
            failed.append(f"{wanted.name}: {exc}")
    result = {"changed": bool(params["certificates"]), "deployed": deployed, "left": left}
    return {**result, "failed": True, "msg": "; ".join(failed)} if failed else result


def deploy(folder: Folder, host: Host, wanted: Wanted, certificate: str, restart: str) -> str:
    """Bring one pair into use; "" or what a person has still to do. Raises PairError."""
    before = folder.current(wanted.name)
    if certificate:
        made = pairs.complete(folder, wanted.name, certificate, service.group(host, wanted))
        pairs.point(folder, wanted.name, made)
    if not pairs.untaken(folder, wanted.name):
        return ""
    try:
        todo = service.take_up(host, wanted, restart)
    except PairError as exc:
        raise PairError(_back(folder, host, wanted, before, restart, str(exc))) from exc
    if not todo:
        pairs.taken(folder, wanted.name)
    return todo


def _back(folder: Folder, host: Host, wanted: Wanted, before: str, restart: str, why: str) -> str:
    """Give the service its old pair; what is to be said of it."""
    if not before or before == folder.current(wanted.name):
        return why
    pairs.point(folder, wanted.name, before)
    try:
        service.take_up(host, wanted, restart)
    except PairError as exc:
        return f"{why}; it has its old pair again, and is not well with that either: {exc}"
    return f"{why}; it has its old pair again"


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC)
    folder = Folder(module.params["folder"], lambda argv: run_command(argv, None, 60))
    try:
        result = work(module.params, folder, Host())
    except PairError as exc:
        module.fail_json(msg=str(exc))
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
