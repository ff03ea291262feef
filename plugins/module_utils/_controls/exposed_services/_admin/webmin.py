# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Webmin lets in by address what allow= of miniserv.conf says (miniserv.pl)."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    ANY,
    Admission,
    Found,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

CONFIG = "/etc/webmin/miniserv.conf"


def admission(host: Host, found: Found) -> Admission:
    """Everybody where it names nobody, or hosts by name, which others may change. Raises HostError."""
    try:
        match = re.search(r"^allow=(.*)$", host.read_text(CONFIG), re.MULTILINE)
    except Missing:
        return Admission((ANY,))
    words = match[1].split() if match else []
    evidence = (Evidence(CONFIG, f"allow={printable(' '.join(words))}"),) if words else ()
    try:
        networks = tuple(str(ipaddress.ip_network(word, strict=False)) for word in words)
    except ValueError:
        return Admission((ANY,), evidence)
    return Admission(networks or (ANY,), evidence)
