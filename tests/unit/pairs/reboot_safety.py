# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of reboot_safety: units and programs here, the kernel's state in reboot_safety_state.py."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import reboot_safety_state
from .case import Case
from .machine import Machine
from .reboot_safety_whole import VERSION, whole

RULES = frozenset(
    {"enabled", "failed", "masked", "unit", "containers", "kernel", "clock", "jobs", "redundancy", "verdict"}
)
DOCKER = "/var/lib/docker/containers/4f2a"
Lay = t.Callable[[Machine], None]


def good(machine: Machine) -> None:
    """A web server that comes back whole."""
    whole(machine)
    machine.unit("multi-user.target", enablement="static", properties={"Names": "multi-user.target default.target"})
    machine.unit("nginx.service", sockets=[("tcp", "0.0.0.0", 80)], properties={"WantedBy": "multi-user.target"})


def with_unit(name: str, **fields: t.Any) -> Lay:
    """A good machine with one more unit."""

    def lay(machine: Machine) -> None:
        good(machine)
        machine.unit(name, **fields)

    return lay


def with_file(name: str, text: str) -> Lay:
    def lay(machine: Machine) -> None:
        good(machine)
        machine.write(name, text)

    return lay


def masked(machine: Machine) -> None:
    good(machine)
    machine.mkdir("/etc/systemd/system/multi-user.target.wants")
    machine.path("/etc/systemd/system/backup.service").symlink_to("/dev/null")
    machine.path("/etc/systemd/system/multi-user.target.wants/backup.service").symlink_to("/lib/x/backup.service")


def container(policy: str, *, enabled: bool = True) -> Lay:
    """Docker with one container; PID 1 stands for its process."""

    def lay(machine: Machine) -> None:
        good(machine)
        wanted = {"WantedBy": "multi-user.target"} if enabled else {}
        machine.unit("docker.service", enablement="enabled" if enabled else "disabled", properties=wanted)
        state = {"State": {"Running": True, "Pid": 1}, "Name": "/shop", "Config": {"Labels": {}}}
        machine.write(f"{DOCKER}/config.v2.json", json.dumps(state))
        update(machine, policy)
        machine.program("docker", lambda argv, stdin: update(machine, argv[3]))
        machine.programs["sh"] = lambda argv, stdin: Completed(
            0 if '"unless-stopped"' in present(machine) else 1, "", ""
        )

    return lay


def present(machine: Machine) -> str:
    return machine.path(f"{DOCKER}/hostconfig.json").read_text(encoding="utf-8")


def update(machine: Machine, policy: str) -> Completed:
    """What `docker update --restart` leaves."""
    machine.write(f"{DOCKER}/hostconfig.json", json.dumps({"RestartPolicy": {"Name": policy}, "AutoRemove": False}))
    return Completed(0, "", "")


def no_time(machine: Machine) -> None:
    good(machine)
    machine.path("/run/systemd/timesync/synchronized").unlink()
    machine.unit("systemd-timesyncd.service", active=False, enablement="disabled")
    machine.programs["timedatectl"] = lambda argv, stdin: Completed(
        0, f"NTPSynchronized={'yes' if machine.units['systemd-timesyncd.service'].active else 'no'}\n", ""
    )


def _case(name: str, lay: Lay, *rules: str, fixed: bool = False, **options: t.Any) -> Case:
    """One where the verdict is no, because of that."""
    fails = frozenset({*rules, "verdict"})
    return Case(name, lay, options, fails=fails, fixed=fails if fixed else frozenset())


SOLE = {"sole_services": ["db"]}
CASES: tuple[Case, ...] = (
    Case("all is well", good, passes=RULES),
    _case("not enabled", with_unit("app.service", enablement="disabled"), "enabled", fixed=True),
    _case("transient", with_unit("run-u1.service", enablement="transient", properties={"Transient": "yes"}), "enabled"),
    Case(
        "meant to be gone",
        with_unit("debug-7.service", enablement="disabled"),
        {"expected_gone": ["debug-*.service"]},
        passes=frozenset({"verdict"}),
    ),
    _case("failed", with_unit("app.service", properties={"ActiveState": "failed", "Result": "exit-code"}), "failed"),
    Case("enabled and masked", masked, fails=frozenset({"masked"}), passes=frozenset({"verdict"})),
    _case("by hand", with_unit("session-3.scope", enablement="transient", sockets=[("tcp", "::", 8080)]), "unit"),
    _case("container without a policy", container("no"), "containers", fixed=True),
    Case("container with a policy", container("always"), passes=frozenset({"containers", "verdict"})),
    _case("empty initrd", with_file(f"/boot/initrd.img-{VERSION}", ""), "kernel"),
    _case("no time server", no_time, "clock", fixed=True),
    _case("wrong hardware clock", with_file("/sys/class/rtc/rtc0/since_epoch", "946684800\n"), "clock"),
    Case(
        "a job at boot",
        with_file("/etc/cron.d/app", "@reboot app /srv/app/start\n"),
        fails=frozenset({"jobs"}),
        passes=frozenset({"verdict"}),
    ),
    Case("nobody else answers", good, SOLE, fails=frozenset({"redundancy"}), passes=frozenset({"verdict"})),
    *reboot_safety_state.CASES,
)
