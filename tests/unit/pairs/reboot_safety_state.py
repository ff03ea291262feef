# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of reboot_safety: what the kernel has now, and no boot brings back."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import nftables
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import kernel
from .case import Case
from .machine import Machine
from .reboot_safety_whole import whole

STATE = frozenset({"mounts", "swaps", "sysctl", "firewall", "network"})
CACHE = "40 20 0:50 / /srv/cache rw,nosuid,relatime - tmpfs tmpfs rw,size=16384k"
MOUNT_UNIT = "[Mount]\nWhat=tmpfs\nWhere=/srv/cache\nType=tmpfs\n\n[Install]\nWantedBy=local-fs.target\n"
INTERFACES = "auto eth0\niface eth0 inet static\n  address 192.0.2.10/24\n  gateway 192.0.2.1\n"
BY_HAND = {
    "nftables": [
        {"metainfo": {"version": "1.0.6"}},
        {"table": {"family": "inet", "name": "byhand", "handle": 1}},
        {
            "chain": {
                **{"family": "inet", "table": "byhand", "name": "in", "handle": 1},
                **{"type": "filter", "hook": "input", "prio": 0, "policy": "accept"},
            }
        },
        {"rule": {"family": "inet", "table": "byhand", "chain": "in", "handle": 2, "expr": [{"drop": None}]}},
    ]
}


def clean(machine: Machine) -> None:
    """A server as people set it up: an address, a volume with a key file, swap, a setting of its own."""
    whole(machine)
    machine.write("/etc/network/interfaces", INTERFACES)
    machine.kernel(kernel.ROUTE, kernel.LINKS, kernel.answer(kernel.link(2, "eth0")))
    machine.kernel(kernel.ROUTE, kernel.ADDRESSES, kernel.answer(kernel.address(2, "192.0.2.10/24")))
    machine.kernel(kernel.ROUTE, kernel.ROUTES, kernel.answer(kernel.route("0.0.0.0/0", "192.0.2.1")))
    machine.write("/etc/crypttab", "data /dev/sdb1 /etc/keys/data.key luks\n")
    machine.write("/etc/keys/data.key", "x")
    machine.write("/dev/sdb1", "")
    machine.write("/swapfile", "")
    machine.write("/etc/fstab", "/swapfile none swap sw 0 0\n")
    machine.write("/proc/swaps", "Filename Type Size Used Priority\n/swapfile file 1048572 0 -2\n")
    machine.write("/etc/sysctl.d/50-host.conf", "net.ipv4.ip_forward = 1\n")
    machine.write("/proc/sys/net/ipv4/ip_forward", "1\n")


def mounted_by_hand(machine: Machine) -> None:
    clean(machine)
    machine.mounted(CACHE)


def mount_unit_not_enabled(machine: Machine) -> None:
    whole(machine)
    machine.unit("srv-cache.mount", enablement="disabled")
    machine.write("/etc/systemd/system/srv-cache.mount", MOUNT_UNIT)
    machine.mounted(CACHE)


def not_mounted(machine: Machine) -> None:
    clean(machine)
    machine.write("/etc/fstab", "/swapfile none swap sw 0 0\ntmpfs /srv/cache tmpfs size=16m 0 0\n")


def device_gone(machine: Machine) -> None:
    clean(machine)
    machine.write("/etc/fstab", "/swapfile none swap sw 0 0\n/dev/sdz9 /srv/data ext4 defaults 0 2\n")


def swap_by_hand(machine: Machine) -> None:
    clean(machine)
    machine.write("/etc/fstab", "")


def passphrase(machine: Machine) -> None:
    clean(machine)
    machine.write("/etc/crypttab", "data /dev/sdb1 none luks\n")


def set_by_hand(machine: Machine) -> None:
    clean(machine)
    machine.write("/proc/sys/net/ipv4/ip_forward", "0\n")
    machine.write("/proc/sys/vm/overcommit_memory", "1\n")


def filtered_by_hand(machine: Machine) -> None:
    clean(machine)
    machine.kernel(kernel.NETFILTER, kernel.TABLES, kernel.answer(kernel.table(1, "byhand")))

    def nft(argv: t.Sequence[str], stdin: str | None) -> Completed:
        return Completed(0, json.dumps(BY_HAND), "")

    machine.program("nft", nft)


def ours_not_enabled(machine: Machine) -> None:
    whole(machine)
    machine.unit(nftables.UNIT, active=False, enablement="disabled")
    machine.kernel(kernel.NETFILTER, kernel.TABLES, kernel.answer(kernel.table(1, nftables.TABLE)))
    machine.write(nftables.UNIT_FILE, nftables.UNIT_TEXT)
    machine.write(nftables.RULES_FILE, "# rules\n")


def addressed_by_hand(machine: Machine) -> None:
    clean(machine)
    held = (kernel.address(2, "192.0.2.10/24"), kernel.address(2, "192.0.2.77/24"))
    machine.kernel(kernel.ROUTE, kernel.ADDRESSES, kernel.answer(*held))


def routed_by_hand(machine: Machine) -> None:
    clean(machine)
    machine.kernel(kernel.ROUTE, kernel.ROUTES, kernel.answer(kernel.route("198.51.100.0/24", "192.0.2.1")))
    machine.kernel(kernel.ROUTE, kernel.RULES, kernel.answer(kernel.rule("192.0.2.77/32", 100)))


def _case(name: str, lay: t.Callable[[Machine], None], rule: str, *, fixed: bool = False) -> Case:
    fails = frozenset({rule, "verdict"})
    return Case(name, lay, fails=fails, passes=STATE - fails, fixed=fails if fixed else frozenset())


CASES: tuple[Case, ...] = (
    Case("state as a boot brings it", clean, passes=STATE | {"crypttab", "verdict"}),
    _case("mounted by hand", mounted_by_hand, "mounts"),
    _case("mount unit not enabled", mount_unit_not_enabled, "mounts", fixed=True),
    _case("in fstab and not mounted", not_mounted, "mounts"),
    _case("in fstab and not there", device_gone, "mounts"),
    _case("swap by hand", swap_by_hand, "swaps"),
    _case("a passphrase to type", passphrase, "crypttab"),
    _case("set by hand", set_by_hand, "sysctl"),
    _case("filtered by hand", filtered_by_hand, "firewall"),
    _case("our table not loaded at boot", ours_not_enabled, "firewall", fixed=True),
    _case("an address by hand", addressed_by_hand, "network"),
    _case("a route and a rule by hand", routed_by_hand, "network"),
)
