# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter unanswered."""

from __future__ import annotations

DOCUMENTATION = r"""
name: unanswered
short_description: Which ports do not answer which client
version_added: "1.0.0"
author:
  - The infosec.principles authors (@infosec-principles)
description:
  - Names what clients did not reach, in a loop over the C(again) of P(infosec.principles.judge_reboot#filter).
options:
  _input:
    description: The results of that loop.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: infosec.principles.judge_reboot
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See that all ports answer
  ansible.builtin.assert:
    that: tried.results | infosec.principles.unanswered | length == 0
"""

RETURN = r"""
_value:
  description: A sentence for each port and client, with the address, the port, the client and what it saw.
  type: list
  elements: str
"""

import typing as t


def unanswered(results: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """What was asked for and is not open."""
    from ansible_collections.infosec.principles.plugins.plugin_utils._rolling import answered

    return answered.unanswered(results)


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"unanswered": unanswered}
