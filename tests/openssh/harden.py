# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a container: one run of ssh_authentication with the options of the first argument, confirmed at once.

It prints the findings as JSON. With "undo" for options it takes all runs back.
"""

from __future__ import annotations

import json
import sys
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication import (
    ssh_authentication,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import undo
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.run import Settings, resume, run
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, NeedsRoot


def harden(given: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The findings after the run."""
    options = {name: option["default"] for name, option in ssh_authentication.OPTIONS.items()}
    requests = [Request(ssh_authentication.CONTROL, {"enforce": True, **options, **given})]
    settings = Settings(unreadable=NeedsRoot, check=False, by="a test")
    result = run(Host(), requests, settings)
    if result.confirm:
        result = resume(Host(), requests, settings, result.run_id)
    return result.findings


if sys.argv[1] == "undo":
    undo.undo(Host(), "all", undo.Settings())
else:
    print(json.dumps(harden(json.loads(sys.argv[1]))))
