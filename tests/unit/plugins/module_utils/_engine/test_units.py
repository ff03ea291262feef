# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units: the verbs in their order, and health after a restart. Real systemd judges the same code in molecule/."""

from __future__ import annotations

import dataclasses
import errno
import os
import pathlib
import socket
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import units
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError, dump, load
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate, State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

UNIT = "x.service"
LINK = "/etc/systemd/system/multi-user.target.wants/x.service"
SYSV = "/etc/rc2.d/S01x"


class Systemd:
    """One unit with its enabling links. `refuses`: verbs that fail."""

    def __init__(self, root: pathlib.Path, state: State, *, refuses: t.Sequence[str] = ()) -> None:
        self.root, self.state, self.refuses = root, state, refuses
        self.verbs: list[str] = []
        self.link(LINK, "/lib/systemd/system/x.service")
        self.link(SYSV, "../init.d/x")

    def link(self, path: str, target: str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def links(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.root)): os.readlink(path) for path in self.root.rglob("*") if path.is_symlink()
        }

    def host(self) -> Host:
        return Host(root=str(self.root), runner=self.run)

    def run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        verb = argv[1]
        if verb == "show":
            active = "active" if self.state.active else "inactive"
            return Completed(0, f"ActiveState={active}\nUnitFileState={self.state.enablement}\nNames={UNIT}\n", "")
        self.verbs.append(verb)
        if verb in self.refuses:
            return Completed(1, "", "Failed to do that.\n")
        self._act(verb)
        return Completed(0, "", "")

    def _act(self, verb: str) -> None:
        effects = {
            "stop": {"active": False},
            "start": {"active": True},
            "restart": {"active": True},
            "disable": {"enablement": "disabled"},
            "mask": {"enablement": "masked"},
            "unmask": {"enablement": "disabled"},
            "enable": {"enablement": "enabled"},
        }
        self.state = dataclasses.replace(self.state, **effects.get(verb, {}))
        if verb == "disable":
            (self.root / LINK.lstrip("/")).unlink()
            (self.root / SYSV.lstrip("/")).rename(self.root / "etc/rc2.d/K01x")
        if verb == "daemon-reload" and (self.root / LINK.lstrip("/")).is_symlink():
            self.state = dataclasses.replace(self.state, enablement="enabled")


RUNNING, OFF, MASKED = State(True, "enabled"), State(False, "disabled"), State(False, "masked")


@pytest.mark.parametrize(
    ("before", "after", "verbs"),
    [
        (RUNNING, MASKED, ["stop", "disable", "mask"]),
        (RUNNING, OFF, ["stop", "disable"]),
        (RUNNING, State(False), ["stop"]),
        (MASKED, RUNNING, ["unmask", "enable", "start"]),
        (OFF, State(True), ["start"]),
        (RUNNING, RUNNING, []),
        (State(True, "static"), MASKED, ["stop", "mask"]),
    ],
)
def test_verbs(tmp_path: pathlib.Path, before: State, after: State, verbs: list[str]) -> None:
    systemd = Systemd(tmp_path, before)
    change = UnitState(UNIT, before, after)
    change.apply(systemd.host(), tag="t")
    assert systemd.verbs == verbs
    change.apply(systemd.host(), tag="t")
    assert systemd.verbs == verbs, "the second time there is nothing to do"


@pytest.mark.parametrize("after", [MASKED, OFF, State(False)])
def test_taking_back_restores_state_and_the_very_links(tmp_path: pathlib.Path, after: State) -> None:
    systemd = Systemd(tmp_path, RUNNING)
    first = systemd.links()
    change = UnitState(UNIT, RUNNING, after)
    captured = change.capture(systemd.host())
    change.apply(systemd.host(), tag="t")
    change.revert(systemd.host(), captured, tag="t")
    assert (systemd.state, systemd.links()) == (RUNNING, first)


def test_what_another_fix_closed_is_neither_enabled_nor_started_again(tmp_path: pathlib.Path) -> None:
    systemd = Systemd(tmp_path, MASKED)
    change = UnitState(UNIT, State(True, "disabled"), RUNNING, if_active=True)
    captured = change.capture(systemd.host())
    change.apply(systemd.host(), tag="t")
    change.revert(systemd.host(), captured, tag="t")
    assert (systemd.verbs, systemd.state) == ([], MASKED)
    assert load(dump(change)) == change


def test_a_refused_verb_is_told(tmp_path: pathlib.Path) -> None:
    systemd = Systemd(tmp_path, RUNNING, refuses=["mask"])
    with pytest.raises(ChangeError, match=r"systemctl mask x\.service failed \(rc 1\): Failed to do that\."):
        UnitState(UNIT, RUNNING, MASKED).apply(systemd.host(), tag="t")


def test_survives_the_journal() -> None:
    change = UnitState(UNIT, RUNNING, MASKED)
    assert load(dump(change)) == change
    activate = Activate(UNIT, "restart", (("::1", 1),))
    assert load(dump(activate)) == activate


def test_diff_keeps_the_enablement_that_is_left_alone() -> None:
    assert UnitState(UNIT, RUNNING, State(False)).diff()["after"] == "active: no\nenablement: enabled\n"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(units, "POLL_SECONDS", 0.01)


@pytest.mark.usefixtures("quick")
def test_a_daemon_that_does_not_answer_is_ill(tmp_path: pathlib.Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        change = Activate(UNIT, "restart", (("127.0.0.1", port),), seconds=0)
        with pytest.raises(ChangeError, match=rf"not healthy 0 s after restart: no answer on 127\.0\.0\.1 port {port}"):
            change.apply(Systemd(tmp_path, RUNNING).host(), tag="t")


@pytest.mark.usefixtures("quick")
def test_a_daemon_that_answers_is_healthy(tmp_path: pathlib.Path) -> None:
    systemd = Systemd(tmp_path, RUNNING)
    with socket.create_server(("127.0.0.1", 0)) as server:
        Activate(UNIT, "reload", (server.getsockname()[:2],)).apply(systemd.host(), tag="t")
    assert systemd.verbs == ["reload"]


@pytest.mark.parametrize(("state", "times"), [(RUNNING, 2), (OFF, 0)])
@pytest.mark.usefixtures("quick")
def test_a_daemon_that_was_stopped_may_be_left_alone(tmp_path: pathlib.Path, state: State, times: int) -> None:
    systemd = Systemd(tmp_path, state)
    change = Activate(UNIT, "reload", seconds=0, if_active=True)
    change.apply(systemd.host(), tag="t")
    change.revert(systemd.host(), {}, tag="t")
    assert systemd.verbs.count("reload") == times


class Dying(Systemd):
    """A daemon that its first reload ends (an sshd whose port came from a socket unit that is gone by now)."""

    failed = False

    def run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        if argv[1] == "reload" and "reload" not in self.verbs:
            self.verbs.append("reload")
            self.failed, self.state = True, OFF
            return Completed(1, "", "Job for x.service failed.\n")
        done = super().run(argv, stdin, timeout)
        shown = done.stdout.replace("=inactive", "=failed") if self.failed else done.stdout
        self.failed = self.failed and argv[1] != "reset-failed"
        return Completed(done.rc, shown, done.stderr)


@pytest.mark.usefixtures("quick")
def test_a_daemon_that_its_reload_ended_is_started_again(tmp_path: pathlib.Path) -> None:
    systemd = Dying(tmp_path, RUNNING)
    change = Activate(UNIT, "reload", seconds=0, if_active=True)
    with pytest.raises(ChangeError, match=r"systemctl reload x\.service failed"):
        change.apply(systemd.host(), tag="t")
    change.revert(systemd.host(), {}, tag="t")
    assert systemd.verbs == ["reload", "reset-failed", "start", "reload"]
    assert systemd.state.active


@pytest.mark.usefixtures("quick")
def test_a_daemon_that_is_not_active_is_ill(tmp_path: pathlib.Path) -> None:
    systemd = Systemd(tmp_path, OFF)
    with pytest.raises(ChangeError, match=r"it is not active; see journalctl -u x\.service"):
        Activate(UNIT, "reload", seconds=0).apply(systemd.host(), tag="t")


@pytest.mark.parametrize(
    ("address", "code", "expected"),
    [("::1", errno.EADDRNOTAVAIL, True), ("192.0.2.1", errno.EADDRNOTAVAIL, False), ("::1", errno.ECONNREFUSED, False)],
    ids=["a host without IPv6", "an address that it has not", "nobody listens"],
)
def test_what_a_host_without_ipv6_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, address: str, code: int, expected: bool
) -> None:
    def refuse(*args: t.Any, **more: t.Any) -> t.NoReturn:
        raise OSError(code, "no")

    monkeypatch.setattr(units.socket, "create_connection", refuse)
    assert units._answers(address, 22) is expected
