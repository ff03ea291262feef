# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether a machine can be carried away, by the kind of case that its firmware tells."""

from __future__ import annotations

import dataclasses

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

CHASSIS = "/sys/class/dmi/id/chassis_type"
#: SMBIOS reference specification 3.7 (DSP0134), table 17.
PORTABLE = {
    8: "portable",
    9: "laptop",
    10: "notebook",
    11: "hand held",
    14: "sub notebook",
    30: "tablet",
    31: "convertible",
    32: "detachable",
    36: "stick PC",
}
UNKNOWN = 2
HINT = "set {}_physically_secure (option physically_secure) for this host"


@dataclasses.dataclass(frozen=True)
class Security:
    """`secure` is None where it cannot be told; `why` says so."""

    secure: bool | None
    evidence: Evidence
    why: str = ""


def judge(host: Host, option: str, *, principle: str = "data_protection") -> Security:
    """`option`: "true", "false" or "auto", which asks the firmware. principle: whose role has the variable for it."""
    if option != "auto":
        return Security(option == "true", Evidence("option physically_secure", option))
    try:
        text = host.read_text(CHASSIS).strip()
    except HostError:
        text = ""
    if not text.isdigit() or int(text) == UNKNOWN:
        found = f"chassis type {text}" if text else "no such file"
        why = f"the firmware does not tell whether it can be carried away: {HINT.format(principle)}"
        return Security(None, Evidence(CHASSIS, found), why)
    kind = PORTABLE.get(int(text))
    return Security(kind is None, Evidence(CHASSIS, f"{text} ({kind or 'not a portable kind'})"))
