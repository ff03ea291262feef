# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter signed_certificates."""

from __future__ import annotations

DOCUMENTATION = r"""
name: signed_certificates
short_description: Put together what is to be deployed on a host
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Of the certificates that a host owes, those that were signed now, and those that their services have still to take
    up.
positional: signed, unfinished
options:
  _input:
    description: What P(infosec.principles.owed_certificates#filter) returns for the host.
    type: list
    elements: dict
    required: true
  signed:
    description: Results of a loop of M(community.crypto.x509_certificate_pipe) over requests.
    type: list
    elements: dict
    required: true
  unfinished:
    description: What M(infosec.principles.certificate_request) returned in C(unfinished).
    type: list
    elements: str
    required: true
seealso:
  - module: infosec.principles.certificate_deployment
"""

EXAMPLES = r"""
- name: Bring the certificates into use
  infosec.principles.certificate_deployment:
    certificates: "{{ owed | infosec.principles.signed_certificates(signed.results, requested.unfinished) }}"
"""

RETURN = r"""
_value:
  description: The option O(infosec.principles.certificate_deployment#module:certificates).
  type: list
  elements: dict
"""

import typing as t


def signed_certificates(
    owed: t.Iterable[t.Mapping[str, t.Any]],
    signed: t.Iterable[t.Mapping[str, t.Any]],
    unfinished: t.Collection[str],
) -> list[dict[str, t.Any]]:
    """What is to be deployed."""
    certificates = {one["item"]["name"]: one["certificate"] for one in signed if one.get("certificate")}
    return [
        {
            "name": one["name"],
            "unit": one["unit"],
            "ports": one["ports"],
            "certificate": certificates.get(one["name"], ""),
        }
        for one in owed
        if one["name"] in certificates or one["name"] in unfinished
    ]


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"signed_certificates": signed_certificates}
