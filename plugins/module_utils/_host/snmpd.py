# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What Net-SNMP's agent is told by its files (snmpd.conf(5), snmp_config(5))."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import snmpd_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.snmpd_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._host.configs import command_line, text
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing

CONFIGS = (
    "/etc/snmp/snmpd.conf",
    "/etc/snmp/snmpd.local.conf",
    "/usr/share/snmp/snmpd.conf",
    "/var/lib/snmp/snmpd.conf",
)
#: Directive: which of its arguments the community is, and which the source (snmpd.conf(5)); 0 is the first.
#: Directives with a community of SNMPv1 or v2c: where it stands among the arguments, and where its source.
COMMUNITIES: t.Mapping[str, tuple[int, int]] = {
    "rocommunity": (0, 1),
    "rwcommunity": (0, 1),
    "rocommunity6": (0, 1),
    "rwcommunity6": (0, 1),
    "authcommunity": (1, 2),
    "com2sec": (2, 1),
    "com2sec6": (2, 1),
}


def directives(host: Host, pid: int) -> t.Iterator[Directive]:
    """Those of each file that an agent reads, by its command line (-c, and -C for no others). Raises HostError."""

    def read(path: str) -> str:
        try:
            return text(host, path)
        except Missing:
            return ""

    words = command_line(host, pid)
    named = [path for word, value in zip(words, [*words[1:], ""]) if word == "-c" for path in value.split(",")]
    for path in (*named, *(() if "-C" in words else CONFIGS)):
        yield from snmpd_conf.directives(path, read, host.glob)
