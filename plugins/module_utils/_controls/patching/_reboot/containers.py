# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Containers of Docker and Podman that run and that nothing starts again after a boot."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot import boot_units
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

CONTAINERS = rule(
    "containers",
    "Containers that run are started at boot",
    "high",
    "Give the container a restart policy (docker update --restart unless-stopped NAME), or a unit (Podman: a quadlet).",
)
RULES = (CONTAINERS,)
OPTIONS: dict[str, dict[str, t.Any]] = {}
DAEMON = "docker.service"
DOCKER_ROOT, DOCKER_CONFIG = "/var/lib/docker", "/etc/docker/daemon.json"
PODMAN_RESTART = "podman-restart.service"
LINGER = "/var/lib/systemd/linger"
#: Policies by which dockerd starts a container when it starts itself; on-failure is not one.
#: https://docs.docker.com/engine/containers/start-containers-automatically/
COMES_BACK = ("always", "unless-stopped")
POLICY = "unless-stopped"
#: Labels of containers that an orchestrator starts again.
ORCHESTRATED = ("com.docker.swarm.task.id", "io.kubernetes.pod.name")


@dataclasses.dataclass(frozen=True)
class Container:
    """One that runs. policy: of restarting, "no" for none. temporary: removed once it stops (--rm)."""

    engine: str
    name: str
    policy: str
    source: str
    temporary: bool = False
    orchestrated: bool = False
    unit: str = ""

    @property
    def subject(self) -> str:
        return f"{self.engine}/{self.name}"


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """One finding for each container that runs, and one for what has to start Docker's."""
    docker, podman = list(_docker(host)), list(_podman(host))
    for found in (*docker, *podman):
        yield _judge(host, found)
    if docker:
        yield _daemon(host)
    if not docker and not podman:
        yield f.Finding(CONTAINERS, "containers", f.PASS, "no container of Docker or Podman runs")


def _judge(host: Host, found: Container) -> f.Finding:
    unit = found.unit or _unit_of(host, found)
    evidence = (f.Evidence(found.source, f"restart policy {found.policy}", f"{' or '.join(COMES_BACK)}, or a unit"),)
    if unit or found.orchestrated or (found.engine == "docker" and found.policy in COMES_BACK):
        by = unit or (f"restart policy {found.policy}" if found.policy in COMES_BACK else "its orchestrator")
        return f.Finding(CONTAINERS, found.subject, f.PASS, f"{found.subject} is started at boot ({by})", evidence)
    if found.engine == "podman":
        return _judge_podman(host, found, evidence)
    message = f"{found.subject} runs, but is not started at boot: its restart policy is {found.policy}"
    if found.temporary:
        steps = "It was started with --rm, which no restart policy goes with: start it anew without, and with --restart"
        return f.Finding(CONTAINERS, found.subject, f.FAIL, message, evidence, remedy=f"{steps} {POLICY}.")
    return f.Finding(CONTAINERS, found.subject, f.FAIL, message, evidence, _update(found))


def _judge_podman(host: Host, found: Container, evidence: tuple[f.Evidence, ...]) -> f.Finding:
    if found.policy in COMES_BACK and boot_units.starts(host, PODMAN_RESTART):
        message = f"{found.subject} is started at boot ({PODMAN_RESTART})"
        return f.Finding(CONTAINERS, found.subject, f.PASS, message, evidence)
    if not found.policy:
        message = f"{found.subject}: podman does not tell its restart policy"
        return f.Finding(CONTAINERS, found.subject, f.NOT_ASSESSED, message, evidence)
    why = f"{PODMAN_RESTART} is not enabled" if found.policy in COMES_BACK else f"its restart policy is {found.policy}"
    steps = (
        f"Write a quadlet /etc/containers/systemd/{found.name}.container (podman-systemd.unit(5)) with "
        f"WantedBy=multi-user.target; or podman update --restart always {found.name} (Podman 5.1 and later) and "
        f"systemctl enable {PODMAN_RESTART}"
    )
    message = f"{found.subject} runs, but is not started at boot: {why}"
    return f.Finding(CONTAINERS, found.subject, f.FAIL, message, evidence, remedy=steps)


def _update(found: Container) -> tuple[Change, ...]:
    name = shlex.quote(found.name)
    policy = "docker inspect --format '{{.HostConfig.RestartPolicy.Name}}' " + name
    return (
        Command(
            title=f"give the container {found.name} the restart policy {POLICY}",
            before=f"restart policy {found.policy}\n",
            after=f"restart policy {POLICY}\n",
            do=(("docker", "update", "--restart", POLICY, found.name),),
            undo=(("docker", "update", "--restart", found.policy, found.name),),
            probe=("sh", "-c", f"{policy} | grep -qx {POLICY}"),
        ),
    )


def _daemon(host: Host) -> f.Finding:
    """Docker starts containers only once it runs itself; that its socket would start it is not enough."""
    unit = host.once(units.read).get(DAEMON)
    if unit is None or not unit.is_active:
        why = host.once(units.read).why or f"{DAEMON} does not run; something else runs Docker"
        return f.Finding(CONTAINERS, DAEMON, f.NOT_ASSESSED, f"what starts Docker at boot is not known: {why}")
    evidence = (f.Evidence(f"systemctl show {DAEMON}", f"{unit.active}, {unit.enablement}", "enabled"),)
    if any(boot_units.starts(host, name) for name in unit.pulled_by):
        return f.Finding(CONTAINERS, DAEMON, f.PASS, "Docker starts at boot", evidence)
    plain = unit.enablement == "disabled"
    fix = (UnitState(DAEMON, State(True, "disabled"), State(True, "enabled"), if_active=True),) if plain else ()
    message = f"{DAEMON} is not started at boot, and so none of its containers"
    return f.Finding(CONTAINERS, DAEMON, f.FAIL, message, evidence, fix, f"systemctl enable {DAEMON}")


def _unit_of(host: Host, found: Container) -> str:
    """A unit of somebody's own that names the container and starts at boot."""
    named = re.compile(rf"(?<![\w.-]){re.escape(found.name)}(?![\w.-])")
    for path in host.glob("/etc/systemd/system/*.service"):
        text = _text(host, path)
        if found.engine in text and named.search(text) and boot_units.starts(host, path.rpartition("/")[2]):
            return path.rpartition("/")[2]
    return ""


# Docker


def _docker(host: Host) -> t.Iterator[Container]:
    """Containers that run, by the files of dockerd; none of them is asked for."""
    top = _json(host, DOCKER_CONFIG).get("data-root") or DOCKER_ROOT
    # A folder that only root may look into escapes as NeedsRoot.
    for name in host.listdir(f"{top}/containers"):
        folder = f"{top}/containers/{name}"
        state, config = _json(host, f"{folder}/config.v2.json"), _json(host, f"{folder}/hostconfig.json")
        running = state.get("State") or {}
        # What a dockerd that died left behind still says that it runs.
        if running.get("Running") and host.exists(f"/proc/{running.get('Pid', 0)}"):
            yield Container(
                "docker",
                printable(str(state.get("Name", name)).lstrip("/")),
                str((config.get("RestartPolicy") or {}).get("Name") or "no"),
                f"{folder}/hostconfig.json",
                bool(config.get("AutoRemove")),
                any(label in ORCHESTRATED for label in (state.get("Config") or {}).get("Labels") or {}),
            )


def _json(host: Host, path: str) -> dict[str, t.Any]:
    try:
        found = json.loads(host.read_text(path))
    except (HostError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""


# Podman


def _podman(host: Host) -> t.Iterator[Container]:
    """Containers that run have a conmon each; its cgroup tells whether a unit runs it."""
    if not host.which("podman"):
        return
    for pid in sorted(int(name) for name in host.listdir("/proc") if name.isascii() and name.isdigit()):
        if _text(host, f"/proc/{pid}/comm").strip() == "conmon":
            yield _conmon(host, pid)


def _conmon(host: Host, pid: int) -> Container:
    words = _text(host, f"/proc/{pid}/cmdline").split("\0")
    options = dict(zip(words, words[1:]))
    identity, name = options.get("-c", ""), printable(options.get("-n") or options.get("-c", "?"))
    process = processes.describe(host, pid)
    unit = _service(host, pid, process)
    if unit or (process and process.place.unit.startswith("user@")):
        # A unit runs it; or it is a user's own, of which root's podman does not know.
        return Container(
            "podman", name, "" if not unit else "no", f"/proc/{pid}/cgroup".replace(str(pid), "PID"), unit=unit
        )
    asked = host.ask("podman", "inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", "--", identity)
    return Container("podman", name, (asked.stdout.strip() or "no") if asked.rc == 0 else "", f"podman inspect {name}")


def _service(host: Host, pid: int, process: processes.Process | None) -> str:
    """The unit that starts it at boot: the one of its cgroup, or the one whose main process it is."""
    if process and process.place.user_unit.endswith(".service"):
        return process.place.user_unit if host.listdir(LINGER) else ""
    placed = process.place.unit if process else ""
    mains = [unit.name for unit in host.once(units.read) if unit.main_pid == pid]
    return next((name for name in (placed, *mains) if name.endswith(".service") and boot_units.starts(host, name)), "")
