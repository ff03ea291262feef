#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_request
short_description: Say which certificates of the internal authority a host needs, and make keys and requests for them
version_added: "1.0.0"
description:
  - Looks at the pairs of key and certificate that C(internal_ca.yml) has deployed, and makes a new key and a request for each that is
    missing, ends within O(renew_days), is for other names, has another kind of key, or is of an authority that O(authorities) does not have.
  - Keys are made on the host by C(openssl), and never leave it. A key that waits for its certificate since an earlier run is used.
  - Brings the authorities to the host (C(ca.pem) in O(folder)), before any certificate of theirs.
  - Services go on with what they have. M(infosec.principles.certificate_deployment) puts signed certificates in place.
options:
  folder:
    description:
      - Where pairs lie. O(certificates[].name) becomes a link in it, that leads to C(fullchain.pem) and C(key.pem).
    type: path
    default: /etc/ssl/infosec
  authorities:
    description:
      - Certificates of all authorities that count, in PEM, one behind the other.
    type: str
    required: true
  trust:
    description:
      - Whether all programs of the host trust them (C(update-ca-certificates), C(update-ca-trust)), and no others of this playbook's any more.
    type: bool
    default: false
  certificates:
    description:
      - The certificates that the host owes.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the service in the register, or of the host's own certificate.
        type: str
        required: true
      names:
        description: DNS names that it is for.
        type: list
        elements: str
        default: []
      addresses:
        description: Addresses that it is for.
        type: list
        elements: str
        default: []
      unit:
        description: The systemd unit of the service.
        type: str
        default: ""
      ports:
        description: TCP ports of the service. Who listens there reads the key, by its group.
        type: list
        elements: int
        default: []
  renew_days:
    description:
      - How many days before its end a certificate is replaced.
    type: int
    default: 30
  key:
    description:
      - The kind of new keys.
    type: str
    choices: [prime256v1, secp384r1, rsa3072]
    default: prime256v1
extends_documentation_fragment:
  - infosec.principles._attributes
attributes:
  check_mode:
    support: full
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
  - module: infosec.principles.certificate_deployment
  - module: infosec.principles.certificates
"""

EXAMPLES = r"""
- name: Make a key for the shop where its certificate ends soon
  infosec.principles.certificate_request:
    authorities: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"
    certificates:
      - {name: shop, names: [shop.example.org], unit: nginx.service, ports: [443]}
  register: requested
"""

RETURN = r"""
requests:
  description: One for each certificate that is needed.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Which one.
      returned: success
      type: str
      sample: shop
    why:
      description: Why it is needed.
      returned: success
      type: str
      sample: ends on 2026-12-20
    request:
      description: The request in PEM; empty in check mode.
      returned: success
      type: str
unfinished:
  description: Names of certificates that are in place, and that their services have still to take up.
  returned: success
  type: list
  elements: str
  sample: [shop]
"""

import datetime
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infosec.principles.plugins.module_utils._certificates import pairs, service, trust
from ansible_collections.infosec.principles.plugins.module_utils._certificates.pairs import Folder, PairError, Wanted
from ansible_collections.infosec.principles.plugins.module_utils._formats import x509
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, run_command

CERTIFICATE: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "names": {"type": "list", "elements": "str", "default": []},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "unit": {"type": "str", "default": ""},
    "ports": {"type": "list", "elements": "int", "default": []},
}
SPEC: dict[str, dict[str, t.Any]] = {
    "folder": {"type": "path", "default": "/etc/ssl/infosec"},
    "authorities": {"type": "str", "required": True},
    "trust": {"type": "bool", "default": False},
    "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
    "renew_days": {"type": "int", "default": 30},
    "key": {"type": "str", "choices": list(pairs.KINDS), "default": "prime256v1", "no_log": False},
}


def work(params: t.Mapping[str, t.Any], host: Host, folder: Folder, *, check: bool) -> dict[str, t.Any]:
    """What the module returns. Raises PairError."""
    wanted = [wanted_of(one) for one in params["certificates"]]
    for one in wanted:
        pairs.check(one)
    changed = publish(params, folder, check=check)
    terms = pairs.Terms(tuple(x509.every(params["authorities"].encode())), params["key"], params["renew_days"], _now())
    requests = []
    for one in wanted:
        why = pairs.fault(folder, one, terms)
        if why:
            request = "" if check else pairs.request(folder, one, params["key"])
            requests.append({"name": one.name, "why": why, "request": request})
        elif not check:
            changed |= pairs.admit(folder.current(one.name), service.group(host, one))
    unfinished = [one.name for one in wanted if pairs.untaken(folder, one.name)]
    return {"changed": changed or bool(requests), "requests": requests, "unfinished": unfinished}


def wanted_of(one: t.Mapping[str, t.Any]) -> Wanted:
    """An element of O(certificates)."""
    return Wanted(one["name"], tuple(one["names"]), tuple(one["addresses"]), one["unit"], tuple(one["ports"]))


def publish(params: t.Mapping[str, t.Any], folder: Folder, *, check: bool) -> bool:
    """Bring the authorities to the host; whether anything was, or would be, changed. Raises PairError."""
    news = pairs.read(folder.authorities).decode("utf-8", "replace") != params["authorities"]
    if not check:
        pairs.prepare(folder)
    if news and not check:
        pairs.write(folder.authorities, params["authorities"], 0o644)
    return (bool(params["trust"]) and trust.update(params["authorities"], openssl, check=check)) or news


def openssl(argv: t.Sequence[str]) -> t.Any:
    """Run a program; a key of RSA takes its time."""
    return run_command(argv, None, 60)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params
    try:
        folder = Folder(params["folder"], openssl)
        module.exit_json(**work(params, Host(), folder, check=module.check_mode))
    except (PairError, OSError) as exc:
        module.fail_json(msg=str(exc))


if __name__ == "__main__":
    main()
