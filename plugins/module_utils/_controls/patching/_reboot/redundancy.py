# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether anybody else answers while this host is away."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

REDUNDANCY = rule(
    "redundancy",
    "Every registered service of this host has another host that answers meanwhile",
    "medium",
    "Give the service a second host, or tell its clients when this host will be away.",
)
RULES = (REDUNDANCY,)
OPTIONS: dict[str, dict[str, t.Any]] = {"sole_services": {"type": "list", "elements": "str", "default": []}}


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """One finding for each service that this host alone runs, or one that passes."""
    for name in map(printable, options["sole_services"]):
        evidence = (f.Evidence(f"register: {name}", "this host alone", "two hosts or more"),)
        message = f"nobody else answers for {name} while this host is away"
        yield f.Finding(REDUNDANCY, name, f.FAIL, message, evidence)
    if not options["sole_services"]:
        yield f.Finding(REDUNDANCY, "register", f.PASS, "no service of the register depends on this host alone")
