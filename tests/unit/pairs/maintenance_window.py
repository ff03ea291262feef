# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of maintenance_window."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .automatic_updates import PARTS, dump
from .case import Case
from .machine import Machine

ALL = frozenset({"declared", "schedule", "lists", "reboot"})
TIMER, SERVICE = "apt-daily-upgrade.timer", "apt-daily-upgrade.service"
TIMER_DROP_IN = f"/etc/systemd/system/{TIMER}.d/zz-infosec-principles.conf"
SERVICE_DROP_IN = f"/etc/systemd/system/{SERVICE}.d/zz-infosec-principles.conf"
OURS = f"{PARTS}/zz-infosec-principles-window"
WINDOW = {
    **{"days": ["sat", "sun"], "start": "02:15", "minutes": 15, "time_zone": "Europe/Berlin"},
    **{"reboot": "when_needed", "catch_up": False},
    "next": ["2026-11-28T01:15:00+00:00", "2026-11-29T01:15:00+00:00"],
}
STOCK = ["OnCalendar=*-*-* 6:00", "RandomizedDelaySec=60m", "Persistent=true"]


def stock(machine: Machine) -> None:
    """Debian as it is installed: apt's own times, and no restart."""
    machine.write("/etc/os-release", 'ID=debian\nPRETTY_NAME="Debian 12"\nVERSION_CODENAME=bookworm\n')
    machine.write("/usr/share/zoneinfo/Europe/Berlin", "TZif2")
    machine.write(f"{PARTS}/20auto-upgrades", "".join(f'APT::Periodic::{key} "1";\n' for key in SWITCHES))
    machine.unit(TIMER, properties=in_effect(machine))
    machine.unit(SERVICE, active=False, enablement="static")
    machine.program("apt-config", lambda argv, stdin: Completed(0, dump(machine), ""))
    machine.programs["env"] = lambda argv, stdin: machine.programs["systemctl"](argv[2:], stdin)
    machine.programs["sh"] = lambda argv, stdin: take_up(machine, argv[2])


SWITCHES = ("Update-Package-Lists", "Unattended-Upgrade")


def take_up(machine: Machine, script: str) -> Completed:
    """systemd reads its units again; a timer's next run is counted anew only where it is restarted."""
    assert script.startswith("systemctl daemon-reload")
    restarted = f"systemctl try-restart {TIMER}" in script
    due = machine.units[TIMER].properties["NextElapseUSecRealtime"]
    fields = in_effect(machine)
    machine.units[TIMER].properties = fields if restarted else {**fields, "NextElapseUSecRealtime": due}
    wants = "apt-daily.service" if machine.path(SERVICE_DROP_IN).exists() else ""
    machine.units[SERVICE].properties = {"Wants": wants, "After": f"{wants} network.target"}
    return Completed(0, "", "")


def in_effect(machine: Machine) -> dict[str, str]:
    """What systemd tells of the timer by its drop-ins; the last one wins."""
    paths = sorted(machine.path(f"/etc/systemd/system/{TIMER}.d").glob("*.conf"), key=lambda path: path.name)
    lines = STOCK + [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    values = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    calendar = (
        values["OnCalendar"].replace("6:00", "06:00:00") if "6:00" in values["OnCalendar"] else values["OnCalendar"]
    )
    ours = "02:15" in calendar
    return {
        "TimersCalendar": f"{{ OnCalendar={calendar} ; next_elapse=Sat 2026-11-28 01:15:00 UTC }}",
        "RandomizedDelayUSec": {"60m": "1h"}.get(values["RandomizedDelaySec"], values["RandomizedDelaySec"]),
        "AccuracyUSec": values.get("AccuracySec", "1min"),
        "Persistent": "yes" if values["Persistent"] == "true" else "no",
        "NextElapseUSecRealtime": "Sat 2026-11-28 01:15:00 UTC" if ours else "Wed 2026-11-25 06:22:57 UTC",
        "SubState": "waiting",
        "DropInPaths": " ".join(f"/{path.relative_to(machine.root)}" for path in paths),
    }


def good(machine: Machine) -> None:
    """A host that has had its fix."""
    stock(machine)
    machine.write(
        TIMER_DROP_IN,
        "[Timer]\nOnCalendar=\nOnCalendar=Sat,Sun *-*-* 02:15:00 Europe/Berlin\nRandomizedDelaySec=0\nAccuracySec=1s\n"
        "Persistent=false\n",
    )
    machine.write(SERVICE_DROP_IN, "[Unit]\nWants=apt-daily.service\nAfter=apt-daily.service\n")
    machine.write(
        OURS,
        "".join(f'APT::Periodic::{key} "always";\n' for key in SWITCHES)
        + 'Unattended-Upgrade::Automatic-Reboot "true";\n',
    )
    take_up(machine, f"systemctl daemon-reload && systemctl try-restart {TIMER}")


def with_file(name: str, text: str) -> t.Callable[[Machine], None]:
    """A good machine with one more file, which its programs have read."""

    def lay(machine: Machine) -> None:
        good(machine)
        machine.write(name, text)
        take_up(machine, f"systemctl daemon-reload && systemctl try-restart {TIMER}")

    return lay


def no_zone(machine: Machine) -> None:
    """Debian 13 has no time zones unless somebody installs them."""
    stock(machine)
    machine.path("/usr/share/zoneinfo/Europe/Berlin").unlink()
    zone = "/usr/share/zoneinfo/Europe/Berlin"

    def install(argv: t.Sequence[str], stdin: str | None) -> Completed:
        machine.write(zone, "TZif2")
        return Completed(0, "", "")

    def remove(argv: t.Sequence[str], stdin: str | None) -> Completed:
        machine.path(zone).unlink()
        return Completed(0, "", "")

    machine.programs["install"] = install
    machine.programs["remove"] = remove


def not_restarted(machine: Machine) -> None:
    """Somebody has written the drop-in, and systemd still waits for the time before."""
    good(machine)
    machine.units[TIMER].properties = {
        **machine.units[TIMER].properties,
        "NextElapseUSecRealtime": "Wed 2026-11-25 06:22:57 UTC",
    }


REST = frozenset({"schedule", "lists", "reboot"})
FOLDER = f"/etc/systemd/system/{TIMER}.d"

CASES = (
    Case("no window", stock, fails=frozenset({"declared"})),
    Case("all is well", good, {"window": WINDOW}, passes=ALL),
    Case("as it is installed", stock, {"window": WINDOW}, fails=REST, passes=frozenset({"declared"}), fixed=REST),
    Case("no time zones", no_zone, {"window": WINDOW}, fails=REST, passes=frozenset({"declared"}), fixed=REST),
    Case(
        "the timer waits for the time before",
        not_restarted,
        {"window": WINDOW},
        fails=frozenset({"schedule"}),
        passes=ALL - {"schedule"},
        fixed=frozenset({"schedule"}),
    ),
    Case(
        "a drop-in that wins",
        with_file(f"{FOLDER}/zzz.conf", "[Timer]\nRandomizedDelaySec=2h\n"),
        {"window": WINDOW},
        fails=frozenset({"schedule"}),
        passes=ALL - {"schedule"},
    ),
    Case(
        "a drop-in that does not win",
        with_file(f"{FOLDER}/local.conf", "[Timer]\nRandomizedDelaySec=2h\n"),
        {"window": WINDOW},
        passes=ALL,
    ),
    Case(
        "a restart at any time",
        with_file(
            OURS,
            "".join(f'APT::Periodic::{key} "always";\n' for key in SWITCHES)
            + 'Unattended-Upgrade::Automatic-Reboot "true";\nUnattended-Upgrade::Automatic-Reboot-Time "12:00";\n',
        ),
        {"window": WINDOW},
        fails=frozenset({"reboot"}),
        passes=ALL - {"reboot"},
        fixed=frozenset({"reboot"}),
    ),
    Case(
        "a restart where ours would not win",
        with_file(f"{PARTS}/zzz-local", 'Unattended-Upgrade { Automatic-Reboot "false"; };\n'),
        {"window": WINDOW},
        fails=frozenset({"reboot"}),
        passes=ALL - {"reboot"},
    ),
    Case(
        "a restart that is not wanted",
        good,
        {"window": {**WINDOW, "reboot": "never"}},
        fails=frozenset({"reboot"}),
        fixed=frozenset({"reboot"}),
    ),
    Case("no apt", lambda machine: machine.write("/etc/os-release", "ID=arch\n"), {"window": WINDOW}),
)
