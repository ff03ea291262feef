# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A control: one thing that can be violated and put right."""

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding, Rule

Options = t.Mapping[str, t.Any]

#: Options that every control takes besides its own, as an Ansible argument spec.
COMMON_OPTIONS: dict[str, dict[str, t.Any]] = {
    "enforce": {"type": "bool", "default": True},
}

#: Options of one run, taken by every module that runs controls.
RUN_OPTIONS: dict[str, dict[str, t.Any]] = {
    "time_limit": {"type": "int", "default": 30},
    "lock_timeout": {"type": "int", "default": 60},
    "resume": {"type": "str", "default": ""},
    "waivers": {"type": "list", "elements": "dict", "default": []},
    "fail_on": {"type": "str", "choices": ["none", "low", "medium", "high", "maximum"], "default": "none"},
}

#: One service of the register, resolved for one host (an option of the controls that judge by it).
SERVICES_OPTION: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "name": {"type": "str", "required": True},
        "unit": {"type": "str", "default": ""},
        "ports": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "first": {"type": "int", "required": True},
                "last": {"type": "int", "required": True},
                "protocol": {"type": "str", "choices": ["tcp", "udp"], "required": True},
            },
        },
        "clients": {"type": "list", "elements": "str", "required": True},
        "tls": {"type": "str", "choices": ["none", "required", "intermediate", "modern"], "default": "none"},
        "names": {"type": "list", "elements": "str", "default": []},
        "admin": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "name": {"type": "str", "required": True},
                "clients": {"type": "list", "elements": "str", "required": True},
            },
        },
        "justification": {"type": "str", "default": ""},
        "owner": {"type": "str", "default": ""},
        "review_by": {"type": "str", "default": ""},
    },
}


@dataclasses.dataclass(frozen=True)
class Control:
    """What the catalogue lists: a name, its principle, its rules, its options and the one function that judges."""

    name: str
    principle: str
    title: str
    rules: tuple[Rule, ...]
    options: t.Mapping[str, dict[str, t.Any]]
    assess: t.Callable[[t.Any, Options], t.Iterator[Finding]]
