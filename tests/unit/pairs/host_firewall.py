# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of host_firewall."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    nftables,
    policy,
    ufw,
    ufw_load,
    ufw_rules,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    LOG,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import Machine
from .nft import KERNEL, Nft
from .ufw import Ufw

SERVICES = [
    {
        "name": "orders-db",
        "ports": [{"first": 5432, "last": 5432, "protocol": "tcp"}],
        "clients": ["192.0.2.0/25", "198.51.100.7/32", "2001:db8::/64"],
    },
    {
        "name": "website",
        "ports": [{"first": 443, "last": 443, "protocol": "tcp"}, {"first": 443, "last": 443, "protocol": "udp"}],
        "clients": ["any"],
    },
    {"name": "cache", "ports": [{"first": 6379, "last": 6379, "protocol": "tcp"}], "clients": []},
]
OPTIONS = {"services": SERVICES}
LOGGING = {"services": SERVICES, "mode": LOG}
WANTED = Wanted(policy.admissions(SERVICES))
ADMISSION, PERSISTENCE, ONE = (frozenset({name}) for name in ("admission", "persistence", "one_firewall"))
BOTH = ADMISSION | PERSISTENCE


def bare(machine: Machine) -> None:
    """nft is installed, and nothing filters; the unit is there to be enabled once its file is."""
    Nft(machine)
    machine.unit(nftables.UNIT, active=False, enablement="disabled")


def without_nft(machine: Machine) -> None:
    machine.unit(nftables.UNIT, active=False, enablement="disabled")

    def install(argv: t.Sequence[str], stdin: str | None) -> Completed:
        Nft(machine)
        return Completed(0, "", "")

    def remove(argv: t.Sequence[str], stdin: str | None) -> Completed:
        machine.path("/usr/bin/nft").unlink()
        machine.path("/usr/bin").rmdir()
        return Completed(0, "", "")

    machine.path("/usr").mkdir()
    machine.programs.update(install=install, remove=remove)


def held(machine: Machine, wanted: Wanted = WANTED) -> None:
    """As a run leaves it."""
    bare(machine)
    machine.write(nftables.RULES_FILE, nftables.rules_text(wanted), mode=0o600)
    for path, text in nftables.FILES.items():
        machine.write(path, text)
    machine.unit(nftables.UNIT)
    machine.write(KERNEL, nftables.table(wanted).render())


def flushed(machine: Machine) -> None:
    held(machine)
    machine.path(KERNEL).unlink()
    machine.path(KERNEL).parent.rmdir()


def edited(pattern: str, text: str) -> t.Callable[[Machine], None]:
    """Held, and then somebody changed the kernel's table by hand."""

    def lay(machine: Machine) -> None:
        held(machine)
        machine.write(KERNEL, re.sub(pattern, text, machine.path(KERNEL).read_text(encoding="utf-8"), count=1))

    return lay


def not_at_boot(machine: Machine) -> None:
    held(machine)
    machine.unit(nftables.UNIT, enablement="disabled")


def other_file(machine: Machine) -> None:
    held(machine)
    machine.write(nftables.RULES_FILE, "# mine\n", mode=0o600)


def two_programs(machine: Machine) -> None:
    """Which one is to hold the host nobody said, so none is looked at."""
    bare(machine)
    machine.unit("nftables.service")
    machine.unit("firewalld.service")


def ufw_untouched(machine: Machine) -> None:
    Ufw(machine)


def ufw_as_left(machine: Machine) -> None:
    ufw_held(machine)


def ufw_held(machine: Machine) -> Ufw:
    """As a run leaves it."""
    played = Ufw(machine)
    for path, text in ufw.texts(WANTED).items():
        if text:
            machine.write(path, text, mode=0o640)
    machine.write(ufw_load.HOOK, ufw_load.hooked(None), mode=0o740)
    played.start()
    return played


def ufw_edited(table: str, chain: str, rules: list[str]) -> t.Callable[[Machine], None]:
    """Held, and then somebody changed a chain by hand."""

    def lay(machine: Machine) -> None:
        played = ufw_held(machine)
        played.put("iptables", table, {**played.get("iptables", table), chain: rules})

    return lay


def ufw_not_run(machine: Machine) -> None:
    ufw_held(machine)
    machine.path(ufw_load.HOOK).chmod(0o640)
    machine.write(ufw.CONF, "ENABLED=no\n")


CASES = (
    Case("ufw as people left it", ufw_untouched, OPTIONS, fails=BOTH, passes=ONE, fixed=BOTH),
    Case("ufw held", ufw_as_left, OPTIONS, passes=BOTH | ONE),
    Case(
        "ufw with our chain flushed",
        ufw_edited("mangle", ufw_rules.GATE, []),
        OPTIONS,
        fails=ADMISSION,
        passes=PERSISTENCE,
        fixed=ADMISSION,
    ),
    Case(
        "ufw with somebody's rule before ours",
        ufw_edited("mangle", "INPUT", ["-p tcp -j ACCEPT", f"-j {ufw_rules.GATE}"]),
        OPTIONS,
        fails=ADMISSION,
        passes=PERSISTENCE,
        fixed=ADMISSION,
    ),
    Case(
        "ufw that denies a client",
        ufw_edited("filter", "ufw-user-input", ["-p tcp -m tcp --dport 443 -j DROP"]),
        OPTIONS,
        fails=ADMISSION,
        passes=PERSISTENCE,
    ),
    Case("ufw that does not run ours", ufw_not_run, OPTIONS, fails=PERSISTENCE, passes=ADMISSION, fixed=PERSISTENCE),
    Case("two programs", two_programs, OPTIONS, fails=ONE),
    Case(
        "two programs, and one of them chosen",
        two_programs,
        {**OPTIONS, "backend": "nftables"},
        fails=BOTH | ONE,
        fixed=BOTH,
    ),
    Case("a program that is not active", bare, {**OPTIONS, "backend": "firewalld"}, fails=BOTH | ONE),
    Case("nothing filters", bare, OPTIONS, fails=BOTH, passes=ONE, fixed=BOTH),
    Case("no nft", without_nft, OPTIONS, fails=BOTH, passes=ONE, fixed=BOTH),
    Case("an empty register", bare, {}, fails=BOTH, passes=ONE, fixed=BOTH),
    Case("held", held, OPTIONS, passes=BOTH | ONE),
    Case("somebody flushed it", flushed, OPTIONS, fails=ADMISSION, passes=PERSISTENCE, fixed=ADMISSION),
    Case(
        "a rule of somebody's",
        edited(r"\tjump refused", "\ttcp dport 22 accept\n\t\tjump refused"),
        OPTIONS,
        fails=ADMISSION,
        passes=PERSISTENCE,
        fixed=ADMISSION,
    ),
    Case(
        "a client of somebody's",
        edited(r"192.0.2.0/25", "192.0.2.0/24"),
        OPTIONS,
        fails=ADMISSION,
        passes=PERSISTENCE,
        fixed=ADMISSION,
    ),
    Case(
        "another policy of the chain",
        edited("policy drop", "policy accept"),
        OPTIONS,
        fails=ADMISSION,
        passes=PERSISTENCE,
        fixed=ADMISSION,
    ),
    Case("another register", held, {"services": SERVICES[1:]}, fails=BOTH, fixed=BOTH),
    Case(
        "the same networks in other words",
        held,
        {
            "services": [
                {**SERVICES[0], "clients": ["192.0.2.0/26", "192.0.2.64/26", "198.51.100.7/32", "2001:db8::/64"]},
                *SERVICES[1:],
            ]
        },
        passes=BOTH,
    ),
    Case("not enabled", not_at_boot, OPTIONS, fails=PERSISTENCE, passes=ADMISSION, fixed=PERSISTENCE),
    Case("another file", other_file, OPTIONS, fails=PERSISTENCE, passes=ADMISSION, fixed=PERSISTENCE),
    # Nothing is dropped, so that not all is well even where all is as it was asked for.
    Case("to log only", bare, LOGGING, fails=BOTH, fixed=PERSISTENCE),
    Case(
        "logs only",
        lambda machine: held(machine, Wanted(WANTED.admissions, LOG)),
        LOGGING,
        fails=ADMISSION,
        passes=PERSISTENCE,
    ),
)
