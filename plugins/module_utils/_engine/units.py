# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Changes to systemd units: their state, and making a service take up a new configuration."""

from __future__ import annotations

import dataclasses
import errno
import glob
import os
import re
import socket
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    kind,
)

LINKS = "/etc/systemd/system"
SYSV_LINKS = "/etc/rc[0-6S].d"
POLL_SECONDS = 0.1
#: A daemon of Type=simple is "active" before it has read its configuration; without a port, look again after this.
SETTLE_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class State:
    """`active`: whether it runs. `enablement`: UnitFileState of systemctl(1); "" leaves it alone."""

    active: bool
    enablement: str = ""

    def render(self) -> str:
        lines = [f"active: {'yes' if self.active else 'no'}"]
        lines += [f"enablement: {self.enablement}"] if self.enablement else []
        return "\n".join(lines) + "\n"


@kind
@dataclasses.dataclass(frozen=True)
class UnitState(Change):
    """Stop, start, enable, disable, mask or unmask one unit. `before` is what it was planned against.

    if_active: whether a unit that does not run by then is left alone; another fix of the run may have closed it.
    """

    unit: str
    before: State
    after: State
    if_active: bool = False

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            value = getattr(self, name)
            if not isinstance(value, State):
                object.__setattr__(self, name, State(**value))

    def describe(self) -> str:
        return f"{' and '.join(verb for verb in self._verbs(self.before)) or 'keep'} {self.unit}"

    def diff(self) -> Diff:
        return {
            "before_header": self.unit,
            "after_header": self.unit,
            "before": self.before.render(),
            "after": dataclasses.replace(
                self.after, enablement=self.after.enablement or self.before.enablement
            ).render(),
        }

    def _verbs(self, now: State) -> list[str]:
        """The systemctl verbs that lead from `now` to `after`, in the order that never starts what is to be masked."""
        wanted = self.after.enablement or now.enablement
        steps = {
            "unmask": now.enablement == "masked" and wanted != "masked",
            "stop": now.active and not self.after.active,
            "disable": now.enablement == "enabled" and wanted in ("disabled", "masked"),
            "mask": now.enablement != "masked" and wanted == "masked",
            "enable": now.enablement != "enabled" and wanted == "enabled",
            "start": not now.active and self.after.active,
        }
        return [verb for verb, needed in steps.items() if needed]

    def capture(self, host: Machine) -> Before:
        left_alone = self.if_active and not read_state(host, self.unit).active
        return {"links": _links(host), **({"left_alone": True} if left_alone else {})}

    def apply(self, host: Machine, *, tag: str) -> None:
        now = read_state(host, self.unit)
        if self.if_active and not now.active:
            return
        for verb in self._verbs(now):
            systemctl(host, verb, self.unit)

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        if captured.get("left_alone"):
            return
        # The planned-against state: by the time of the act an earlier step, or a package, may have moved the unit.
        old = self.before
        if read_state(host, self.unit).enablement == "masked" and old.enablement != "masked":
            systemctl(host, "unmask", self.unit)
        if _restore_links(host, captured["links"], _names(host, self.unit)):
            systemctl(host, "daemon-reload")
        for verb in UnitState(self.unit, old, old)._verbs(read_state(host, self.unit)):
            systemctl(host, verb, self.unit)


@kind
@dataclasses.dataclass(frozen=True)
class Activate(Change):
    """Reload or restart a unit so that it takes up what was written, and see that it is healthy.

    Healthy: the unit is active and each (address, TCP port) of `ports` takes a connection within `seconds`.
    if_active: whether a unit that does not run by then is left alone; another fix of the run may have stopped it.
    """

    activates: t.ClassVar[bool] = True

    unit: str
    verb: str
    ports: tuple[tuple[str, int], ...] = ()
    seconds: int = 30
    if_active: bool = False

    def describe(self) -> str:
        return f"{self.verb} {self.unit}"

    def diff(self) -> Diff:
        header = f"{self.unit} (configuration in use)"
        return {"before_header": header, "after_header": header, "before": "", "after": f"taken up by {self.verb}\n"}

    def apply(self, host: Machine, *, tag: str) -> None:
        if self.if_active and not read_state(host, self.unit).active:
            return
        self._read_units(host)
        systemctl(host, self.verb, self.unit)
        self._await_health(host)

    def _read_units(self, host: Machine) -> None:
        """Where a drop-in of the unit is among what was written, or taken back.

        systemd says nothing of a drop-in in a folder that is new, since it looks for folders when it is reloaded.
        """
        shown = host.run(["systemctl", "show", "-p", "NeedDaemonReload", "--", self.unit]).stdout
        if "NeedDaemonReload=yes" in shown or self.verb == "restart":
            systemctl(host, "daemon-reload")

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Where the reload itself has ended the unit (nobody stopped it), it is started again."""
        shown = host.run(["systemctl", "show", "-p", "ActiveState", "--", self.unit]).stdout
        host.run(["systemctl", "reset-failed", self.unit])
        if "ActiveState=failed" in shown:
            self._read_units(host)
            systemctl(host, "start", self.unit)
        self.apply(host, tag=tag)

    def _await_health(self, host: Machine) -> None:
        deadline = time.monotonic() + self.seconds
        while True:
            ill = self._illness(host)
            if not ill:
                return
            if time.monotonic() > deadline:
                raise ChangeError(f"{self.unit}: not healthy {self.seconds} s after {self.verb}: {ill}")
            time.sleep(POLL_SECONDS)

    def _illness(self, host: Machine) -> str:
        if not self.ports:
            time.sleep(SETTLE_SECONDS)
        if not read_state(host, self.unit).active:
            return f"it is not active; see journalctl -u {self.unit}"
        closed = [f"{address} port {port}" for address, port in self.ports if not _answers(address, port)]
        return f"no answer on {', '.join(closed)}" if closed else ""


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError as exc:
        # A host without IPv6 has no ::1, though a socket on [::] would take it: that is no illness of the unit.
        return exc.errno == errno.EADDRNOTAVAIL and address == "::1"


def read_state(host: Machine, unit: str) -> State:
    """The unit's state as systemd has it now. Raises ChangeError where systemctl does not answer."""
    done = host.run(["systemctl", "show", "-p", "ActiveState", "-p", "UnitFileState", "--", unit])
    if done.rc != 0:
        raise ChangeError(f"{unit}: systemctl show failed (rc {done.rc}): {done.stderr.strip()}")
    shown = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return State(shown.get("ActiveState") in ("active", "reloading", "activating"), shown.get("UnitFileState", ""))


def systemctl(host: Machine, verb: str, *units: str) -> None:
    """Run systemctl; raises ChangeError with what it said."""
    done = host.run(["systemctl", verb, *(["--", *units] if units else [])], timeout=120)
    if done.rc != 0:
        raise ChangeError(
            f"systemctl {verb} {' '.join(units)} failed (rc {done.rc}): {(done.stderr or done.stdout).strip()}"
        )


def _names(host: Machine, unit: str) -> set[str]:
    """The unit, its aliases and what its [Install] section enables along with it (Also=, systemd.unit(5))."""
    shown = host.run(["systemctl", "show", "-p", "Names", "-p", "FragmentPath", "--", unit]).stdout
    fields = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    names = {unit, *fields.get("Names", "").split()}
    try:
        with open(
            host.path(fields.get("FragmentPath") or "/nonexistent"), encoding="utf-8", errors="replace"
        ) as stream:
            for line in stream:
                if line.startswith(("Also=", "Alias=")):
                    names.update(line.split("=", 1)[1].split())
    except OSError:
        pass
    return names


def _links(host: Machine) -> dict[str, str]:
    """All enabling links, systemd's and SysV's beside it: enabling again would make them, but with other texts."""
    found = {}
    for top in [host.path(LINKS), *sorted(glob.glob(host.path(SYSV_LINKS)))]:
        for folder, folders, names in os.walk(top):
            paths = [os.path.join(folder, name) for name in (*folders, *names)]
            found.update({path: os.readlink(path) for path in paths if os.path.islink(path)})
    return found


def _restore_links(host: Machine, links: t.Mapping[str, str], names: set[str]) -> bool:
    """Make the enabling links of these units again what they were; says whether any had to be."""
    now = _links(host)
    wanted = {path: target for path, target in links.items() if _enables(path, target, names)}
    surplus = [
        path for path, target in now.items() if path not in wanted and _enables(path, target, names) and "/rc" in path
    ]
    missing = {path: target for path, target in wanted.items() if path not in now}
    for path in surplus:
        os.unlink(path)
    for path, target in missing.items():
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        os.symlink(target, path)
    return bool(surplus or missing)


def _enables(path: str, target: str, names: set[str]) -> bool:
    script = re.fullmatch(r"[SK]\d\d(.+)", os.path.basename(path))
    if script:
        return f"{script.group(1)}.service" in names
    return bool({os.path.basename(path), os.path.basename(target)} & names)
