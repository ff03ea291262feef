# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What NFS exports: what is in force now (/var/lib/nfs/etab), and what the files say it will be (exports(5))."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._formats import exports
from ansible_collections.infosec.principles.plugins.module_utils._formats.exports import Export
from ansible_collections.infosec.principles.plugins.module_utils._host.configs import text
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

ETAB = "/var/lib/nfs/etab"
FILES = ("/etc/exports", "/etc/exports.d/*.exports")

Found = dict[tuple[str, str], list[tuple[str, Export]]]


def read(host: Host) -> Found:
    """By path and client: where each export is told, what is in force first. Raises HostError."""
    found: Found = {}
    for name in (ETAB, *(path for pattern in FILES for path in host.glob(pattern))):
        try:
            told = list(exports.parse(text(host, name)))
        except Missing:
            continue
        for one in told:
            place = name if name == ETAB else f"{name}:{one.number}"
            found.setdefault((printable(one.path), printable(one.client)), []).append((place, one))
    return found
