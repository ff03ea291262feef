# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What controls are going to ask, begun before their sources are compiled, which takes as long as the answers do.

Worth a line here: what a control asks on nearly every host, always in these words, and what takes 5 ms or more.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import idle
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

Commands = tuple[tuple[str, ...], ...]

FIREWALLS = ("nftables.service", "firewalld.service")
#: By control. What several ask is asked once.
ASKED: dict[str, t.Callable[[Host], Commands]] = {
    "listening_services": lambda host: (units.ALL,),
    "unused_sshd": lambda host: (units.asking("ssh.socket", "sshd.socket", "ssh.service", "sshd.service"),),
    "database_exposure": idle.ahead,
    "host_firewall": lambda host: tuple(units.asking(name) for name in FIREWALLS if not units.is_absent(host, name)),
    "automatic_updates": lambda host: (("apt-config", "dump"),),
    "reboot_safety": lambda host: (units.ALL,),
    "credential_files": lambda host: (units.ALL,),
}


def begin(host: Host, controls: t.Container[str]) -> None:
    """Begin what these controls are going to ask the host."""
    wanted = (command for control, asked in ASKED.items() if control in controls for command in asked(host))
    for command in dict.fromkeys(wanted):
        host.ahead(*command)
