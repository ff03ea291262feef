# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units, programs, containers and jobs that no boot brings back."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot import (
    boot_units,
    containers,
    jobs,
    listeners,
    units,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sockets import Listener

TARGET = "Id=multi-user.target\nNames=multi-user.target default.target\nLoadState=loaded\nActiveState=active\nUnitFileState=static"


class Stage(Host):
    """A machine below a folder whose systemd shows `shown`; root is whoever runs the test."""

    shown = ""
    listening: tuple[Listener, ...] = ()
    answers: t.ClassVar[dict[str, Completed]] = {}

    @property
    def is_root(self) -> bool:
        return True

    def once(self, read: t.Callable[[Host], t.Any]) -> t.Any:
        return self.listening if read is sockets.read else super().once(read)

    def write(self, name: str, text: str) -> None:
        path = pathlib.Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def link(self, name: str, target: str) -> None:
        path = pathlib.Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


@pytest.fixture
def stage(tmp_path: pathlib.Path) -> Stage:
    (tmp_path / "run/systemd/system").mkdir(parents=True)

    def run(argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        if argv[0] == "systemctl":
            return Completed(0, f"{TARGET}\n\n{host.shown}\n", "")
        return host.answers.get(" ".join(argv), Completed(127, "", "command not found"))

    host = Stage(root=str(tmp_path), runner=run)
    return host


def unit(name: str, state: str = "enabled", **fields: str) -> str:
    """A running unit as `systemctl show` tells of it."""
    values = {
        "Id": name,
        "Names": name,
        "LoadState": "loaded",
        "ActiveState": "active",
        "UnitFileState": state,
        **fields,
    }
    return "\n".join(f"{key}={value}" for key, value in values.items())


def statuses(found: t.Iterable[f.Finding], rule: str) -> dict[str, str]:
    return {one.subject: one.status for one in found if one.rule.name == rule}


WANTED = "multi-user.target"
ETC = "/etc/systemd/system"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([unit("a.service", WantedBy=WANTED)], {"a.service": "pass"}),
        ([unit("a.service", "disabled")], {"a.service": "fail"}),
        ([unit("a.service", "disabled", WantedBy=WANTED)], {"a.service": "pass"}),
        ([unit("a.service", "disabled", WantedBy="b.service"), unit("b.service", WantedBy=WANTED)], dict.fromkeys(["a.service", "b.service"], "pass")),
        ([unit("a.service", "disabled", RequiredBy="b.service"), unit("b.service", "disabled")], dict.fromkeys(["a.service", "b.service"], "fail")),
        # Two that pull in each other, and nothing else does.
        (
            [unit("a.service", "disabled", WantedBy="b.service"), unit("b.service", "disabled", WantedBy="a.service")],
            dict.fromkeys(["a.service", "b.service"], "fail"),
        ),
        # A device that is there at each boot.
        ([unit("a.service", "disabled", WantedBy="dev-ttyS0.device")], {"a.service": "pass"}),
        # What a socket starts is as good as the socket.
        ([unit("a.service", "disabled", TriggeredBy="a.socket"), unit("a.socket", WantedBy=WANTED)], {"a.socket": "pass"}),
        ([unit("a.service", "disabled", TriggeredBy="a.socket"), unit("a.socket", "disabled")], {"a.socket": "fail"}),
        ([unit("a.timer", "disabled", Triggers="a.service")], {"a.timer": "fail"}),
        # Packages' static units, jobs that end, aliases: nobody enables those.
        ([unit("a.service", "static", FragmentPath="/lib/systemd/system/a.service")], {}),
        ([unit("a.service", "indirect")], {}),
        ([unit("a.service", "alias")], {}),
        ([unit("a.service", "disabled", ActiveState="activating", Type="oneshot")], {}),
        ([unit("a.service", "disabled", ActiveState="inactive")], {}),
        ([unit("a.service", "static", FragmentPath=f"{ETC}/a.service")], {"a.service": "fail"}),
        ([unit("a.service", "static", FragmentPath=f"{ETC}/a.service", UpheldBy=WANTED)], {"a.service": "pass"}),
        ([unit("run-r1.service", "transient", Transient="yes", FragmentPath="/run/systemd/transient/run-r1.service")], {"run-r1.service": "fail"}),
        ([unit(f"{'0af3' * 16}.timer", "transient", Transient="yes")], {}),
        ([unit("a.service", "masked", LoadState="masked")], {"a.service": "fail"}),
        (
            [unit("a.service", WantedBy=WANTED), unit("b.service", "masked", LoadState="masked", RequiredBy="a.service")],
            {"a.service": "fail", "b.service": "fail"},
        ),
        # A script of /etc/init.d with and without its links, as systemd's generator makes units of them.
        ([unit("a.service", "generated", SourcePath="/etc/init.d/a")], {"a.service": "fail"}),
        ([unit("a.service", "generated", SourcePath="/etc/init.d/a", WantedBy=WANTED)], {"a.service": "pass"}),
        # postgresql@15-main on Debian: its generator enables it in /run at each boot.
        ([unit("a.service", "enabled-runtime", WantedBy=WANTED)], {"a.service": "pass"}),
    ],
)  # fmt: skip
def test_enabled(stage: Stage, shown: list[str], expected: dict[str, str]) -> None:
    stage.shown = "\n\n".join(shown)
    assert statuses(units.assess(stage, {}), "enabled") == expected


def test_enabled_in_run_by_somebody_is_lost(stage: Stage) -> None:
    stage.shown = unit("a.service", "enabled-runtime", WantedBy=WANTED)
    stage.link("/run/systemd/system/multi-user.target.wants/a.service", "/etc/systemd/system/a.service")
    (finding,) = (one for one in units.assess(stage, {}) if one.rule.name == "enabled")
    assert (finding.status, finding.fix) == ("fail", ()) and finding.remedy == "systemctl enable a.service"


def test_what_netplan_enables_in_run_comes_back(stage: Stage) -> None:
    stage.shown = unit("systemd-networkd.service", "enabled-runtime", WantedBy=WANTED)
    stage.link("/run/systemd/system/multi-user.target.wants/systemd-networkd.service", "/lib/x")
    stage.write("/etc/netplan/50-host.yaml", "")
    assert statuses(units.assess(stage, {}), "enabled") == {"systemd-networkd.service": "pass"}


def test_a_disabled_unit_is_enabled_and_nothing_else(stage: Stage) -> None:
    stage.shown = unit("a.service", "disabled")
    (finding,) = (one for one in units.assess(stage, {}) if one.rule.name == "enabled")
    assert [change.describe() for change in finding.fix] == ["enable a.service"]


@pytest.mark.parametrize(("names", "status"), [("dbus-x.service", "pass"), ("other.service", "fail")])
def test_dbus_brings_back_what_it_knows(stage: Stage, names: str, status: str) -> None:
    stage.shown = unit("a.service", "disabled", BusName="org.x", Names=f"a.service {names}")
    stage.write("/usr/share/dbus-1/system-services/org.x.service", "[D-BUS Service]\nSystemdService=dbus-x.service\n")
    assert statuses(units.assess(stage, {}), "enabled") == {"a.service": status}


def test_failed(stage: Stage) -> None:
    stage.shown = unit("a.service", ActiveState="failed", Result="exit-code")
    assert statuses(units.assess(stage, {}), "failed") == {"a.service": "fail"}
    stage = Stage(root=stage.root, runner=lambda argv, stdin, timeout: Completed(0, TARGET, ""))
    assert statuses(units.assess(stage, {}), "failed") == {"units": "pass"}


@pytest.mark.parametrize(
    ("mask", "enabled", "expected"),
    [
        (f"{ETC}/a.service", True, {"a.service": "fail"}),
        (f"{ETC}/a.service", False, {"units": "pass"}),
        # Debian masks what systemd replaces in its packages.
        ("/usr/lib/systemd/system/a.service", True, {"units": "pass"}),
    ],
)
def test_masked(stage: Stage, mask: str, enabled: bool, expected: dict[str, str]) -> None:
    stage.link(mask, "/dev/null")
    if enabled:
        stage.link(f"{ETC}/multi-user.target.wants/a.service", "/lib/systemd/system/a.service")
    assert statuses(units.assess(stage, {}), "masked") == expected


def test_without_systemd_nothing_is_known(tmp_path: pathlib.Path) -> None:
    host = Stage(root=str(tmp_path))
    found = [*units.assess(host, {}), *listeners.assess(host, {})]
    assert {one.rule.name: one.status for one in found} == dict.fromkeys(
        ["enabled", "failed", "masked", "unit"], "not_assessed"
    )
    assert not boot_units.starts(host, "a.service")


# Rule unit


def listener(**fields: t.Any) -> Listener:
    values = {"holder": "process", "pid": 7, "process": "node", "exe": "/usr/bin/node", **fields}
    return Listener("tcp", "0.0.0.0", 8080, **values)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (listener(unit="app.service"), {"8080/tcp": "pass"}),
        (listener(unit="session-4.scope"), {"8080/tcp": "fail"}),
        (listener(), {"8080/tcp": "fail"}),
        # Started through a login without a session of its own, or by a job.
        (listener(unit="ssh.service"), {"8080/tcp": "fail"}),
        (listener(unit="cron.service"), {"8080/tcp": "fail"}),
        (listener(unit="ssh.service", pid=5, process="sshd"), {"8080/tcp": "pass"}),
        (listener(socket_unit="app.socket", unit="app.service", pid=1), {"8080/tcp": "pass"}),
        (listener(socket_unit="echo.socket", pid=1), {"8080/tcp": "pass"}),
        (listener(holder="unknown", pid=0), {"8080/tcp": "not_assessed"}),
        # Not for us: the kernel's, a container's, what a session forwards.
        (listener(holder="kernel", pid=0), {"listeners": "pass"}),
        (listener(published_by="docker", unit="docker.service"), {"listeners": "pass"}),
        (listener(process="sshd-session", unit="session-4.scope"), {"listeners": "pass"}),
        (listener(unit="user@1000.service", user_unit="app.service"), {"8080/tcp": "fail"}),
    ],
)
def test_unit(stage: Stage, item: Listener, expected: dict[str, str]) -> None:
    stage.shown = "\n\n".join(unit(f"{name}.service", MainPID="5") for name in ("ssh", "cron", "app"))
    stage.listening = (item,)
    assert statuses(listeners.assess(stage, {}), "unit") == expected


def test_a_user_who_lingers_keeps_his_units(stage: Stage) -> None:
    stage.write("/proc/7/status", "Name:\tnode\nUid:\t1000\t1000\t1000\t1000\n")
    stage.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nkim:x:1000:1000::/home/kim:/bin/sh\n")
    stage.write("/var/lib/systemd/linger/kim", "")
    stage.listening = (listener(unit="user@1000.service", user_unit="app.service"),)
    assert statuses(listeners.assess(stage, {}), "unit") == {"8080/tcp": "pass"}


def test_the_unit_to_write_is_whole(stage: Stage) -> None:
    stage.write("/proc/7/status", "Name:\tnode\nUid:\t1000\t1000\t1000\t1000\n")
    stage.write("/etc/passwd", "kim:x:1000:1000::/home/kim:/bin/sh\n")
    stage.write(
        "/proc/7/cmdline", "node\0/srv/shop/server.js\0--name\0a b\0--rate=5%\0--db-password=hunter2\0--token\0s3cret\0"
    )
    stage.link("/proc/7/cwd", "/srv/shop")
    stage.listening = (listener(unit="session-4.scope"),)
    (finding,) = listeners.assess(stage, {})
    lines = finding.remedy.split("\n")
    assert lines[0].startswith("Write /etc/systemd/system/node-8080.service")
    assert (
        'ExecStart=/usr/bin/node /srv/shop/server.js --name "a b" --rate=5%% --db-password=<SECRET> --token <SECRET>'
        in lines
    )
    assert {"User=kim", "WorkingDirectory=/srv/shop", "WantedBy=multi-user.target"} <= set(lines)
    assert "hunter2" not in finding.remedy and "s3cret" not in finding.remedy


# Containers

FOLDER = "/var/lib/docker/containers/4f2a"


def docker(
    stage: Stage, policy: str, *, running: bool = True, remove: bool = False, labels: t.Any = None, pid: int = 9
) -> None:
    stage.write("/proc/9/comm", "nginx\n")
    state = {"State": {"Running": running, "Pid": pid}, "Name": "/shop", "Config": {"Labels": labels}}
    stage.write(f"{FOLDER}/config.v2.json", json.dumps(state))
    stage.write(f"{FOLDER}/hostconfig.json", json.dumps({"RestartPolicy": {"Name": policy}, "AutoRemove": remove}))


@pytest.mark.parametrize(
    ("policy", "fields", "status", "fix"),
    [
        ("always", {}, "pass", False),
        ("unless-stopped", {}, "pass", False),
        ("no", {}, "fail", True),
        ("", {}, "fail", True),
        # It starts again what failed, but nothing when dockerd starts.
        ("on-failure", {}, "fail", True),
        ("no", {"remove": True}, "fail", False),
        ("no", {"labels": {"com.docker.swarm.task.id": "x"}}, "pass", False),
        ("no", {"running": False}, None, False),
        # Left behind by a dockerd that died.
        ("no", {"pid": 99}, None, False),
    ],
)
def test_docker(stage: Stage, policy: str, fields: dict[str, t.Any], status: str | None, fix: bool) -> None:
    stage.shown = unit("docker.service", WantedBy=WANTED)
    docker(stage, policy, **fields)
    found = {one.subject: one for one in containers.assess(stage, {})}
    if status is None:
        assert list(found) == ["containers"]
    else:
        assert (found["docker/shop"].status, bool(found["docker/shop"].fix)) == (status, fix)
        assert found["docker.service"].status == "pass"


def test_a_container_that_a_unit_starts(stage: Stage) -> None:
    stage.shown = "\n\n".join(unit(f"{name}.service", WantedBy=WANTED) for name in ("docker", "shop"))
    stage.write(f"{ETC}/shop.service", "[Service]\nExecStart=/usr/bin/docker start -a shop\n")
    docker(stage, "no")
    assert statuses(containers.assess(stage, {}), "containers") == dict.fromkeys(
        ["docker/shop", "docker.service"], "pass"
    )


def test_a_socket_alone_starts_no_containers(stage: Stage) -> None:
    stage.shown = (
        f"{unit('docker.service', 'disabled', TriggeredBy='docker.socket')}\n\n{unit('docker.socket', WantedBy=WANTED)}"
    )
    docker(stage, "always")
    found = {one.subject: one for one in containers.assess(stage, {})}
    assert found["docker/shop"].status == "pass" and found["docker.service"].status == "fail"
    assert [change.describe() for change in found["docker.service"].fix] == ["enable docker.service"]


def test_a_dockerd_of_no_unit_is_not_judged(stage: Stage) -> None:
    docker(stage, "always")
    assert statuses(containers.assess(stage, {}), "containers")["docker.service"] == "not_assessed"


@pytest.mark.parametrize(
    ("cgroup", "policy", "restart", "status"),
    [
        ("/system.slice/shop.service", "no", False, "pass"),
        ("/machine.slice/libpod-conmon-4f2a.scope", "no", False, "fail"),
        ("/machine.slice/libpod-conmon-4f2a.scope", "always", False, "fail"),
        ("/machine.slice/libpod-conmon-4f2a.scope", "always", True, "pass"),
        ("/machine.slice/libpod-conmon-4f2a.scope", None, True, "not_assessed"),
    ],
)
def test_podman(stage: Stage, cgroup: str, policy: str | None, restart: bool, status: str) -> None:
    """conmon as podman-run(1) starts it; its arguments as conmon(8) has them."""
    stage.shown = "\n\n".join(
        unit(f"{name}.service", WantedBy=WANTED) for name in ["shop", *(["podman-restart"] if restart else [])]
    )
    stage.write("/usr/bin/podman", "")
    pathlib.Path(stage.path("/usr/bin/podman")).chmod(0o755)
    stage.write("/proc/1/cgroup", "0::/init.scope\n")
    stage.write("/proc/30/comm", "conmon\n")
    stage.write("/proc/30/stat", "30 (conmon) S 1 1 1\n")
    stage.write("/proc/30/cgroup", f"0::{cgroup}\n")
    stage.write("/proc/30/cmdline", "/usr/bin/conmon\0--api-version\0001\0-c\0004f2a\0-u\0004f2a\0-n\0shop\0")
    done = Completed(125, "", "no such container") if policy is None else Completed(0, f"{policy}\n", "")
    stage.answers = {"podman inspect --format {{.HostConfig.RestartPolicy.Name}} -- 4f2a": done}
    assert statuses(containers.assess(stage, {}), "containers") == {"podman/shop": status}


# Jobs


@pytest.mark.parametrize(
    ("path", "text", "mode", "expected"),
    [
        ("/etc/cron.d/app", "# @reboot root x\n0 3 * * * root x\n", 0o644, {"crontabs": "pass"}),
        ("/etc/cron.d/app", "@reboot root /srv/start --password x\n", 0o644, {"/etc/cron.d/app": "fail"}),
        ("/var/spool/cron/crontabs/kim", "@reboot ./start\n", 0o600, {"/var/spool/cron/crontabs/kim": "fail"}),
        ("/var/spool/cron/kim", "@reboot ./start\n", 0o600, {"/var/spool/cron/kim": "fail"}),
        ("/etc/rc.local", "#!/bin/sh -e\n# nothing\nexit 0\n", 0o755, {"crontabs": "pass"}),
        ("/etc/rc.d/rc.local", "#!/bin/bash\ntouch /var/lock/subsys/local\n", 0o755, {"crontabs": "pass"}),
        ("/etc/rc.local", "#!/bin/sh\n/srv/start &\n", 0o755, {"/etc/rc.local": "fail"}),
        ("/etc/rc.local", "#!/bin/sh\n/srv/start &\n", 0o644, {"/etc/rc.local": "fail"}),
    ],
)
def test_jobs(stage: Stage, path: str, text: str, mode: int, expected: dict[str, str]) -> None:
    stage.write(path, text)
    pathlib.Path(stage.path(path)).chmod(mode)
    found = list(jobs.assess(stage, {}))
    assert statuses(found, "jobs") == expected
    assert "password x" not in str(found)
    assert ("not executable" in found[0].message) == (path.endswith("rc.local") and mode == 0o644)
