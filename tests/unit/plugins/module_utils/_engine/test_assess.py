# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import to_wire
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import PASS, Finding, Rule

RULE = Rule("age", "Keys are young", "low", "https://example.org/", "Make a new one.")
CONTROL = Control("keys", "p", "Keys are young", (RULE,), {}, lambda host, options: iter(()))
FINDING = Finding(RULE, "a key", PASS, "young")


def test_what_few_findings_have_is_only_sent_where_it_is() -> None:
    assert not {"due", "fingerprints", "components"} & set(to_wire(CONTROL, FINDING))
    assert to_wire(CONTROL, dataclasses.replace(FINDING, due="2027-01-01"))["due"] == "2027-01-01"
