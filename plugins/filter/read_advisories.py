# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: read_advisories
short_description: Read an export of OSV, and compile its index
version_added: "1.0.0"
author:
  - the infosec.principles authors (@infosec-principles)
description:
  - Reads an export of OSV on the controller, as M(infosec.principles.dependency_vulnerabilities) does,
    and tells what there is for each ecosystem.
  - Compiles the index that the control uses, unless it is there already.
positional: _input
options:
  _input:
    description:
      - Folder of the export, with C(all.zip) or C(*.json) in a folder for each ecosystem.
    type: path
    required: true
  cache:
    description:
      - Folder for the index. By default, that of the control.
    type: path
seealso:
  - module: infosec.principles.dependency_vulnerabilities
"""

EXAMPLES = r"""
- name: Show how old the advisories are
  ansible.builtin.debug:
    msg: "{{ '~/.cache/infosec.principles/advisories' | infosec.principles.read_advisories }}"
"""

RETURN = r"""
_value:
  description: By ecosystem, what there is.
  type: dict
  sample:
    npm:
      advisories: 23456
      date: "2026-11-24T09:00:00+00:00"
      fault: ""
"""

import pathlib
import typing as t

from ansible.errors import AnsibleFilterError


def read_advisories(folder: str, cache: str = "") -> dict[str, dict[str, t.Any]]:
    """By ecosystem: the number of advisories that stand, their date, and why they cannot be read ("": they can)."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import index
    from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.osv import OsvFault

    place = pathlib.Path(cache).expanduser() if cache else None
    try:
        with index.opened(pathlib.Path(folder).expanduser(), place) as opened:
            return opened.summary()
    except OsvFault as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """Makes the filter known to Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters by name."""
        return {"read_advisories": read_advisories}
