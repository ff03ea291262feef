# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half: what it installs, what it waives, when it fails the task."""

from __future__ import annotations

import json
import types
import typing as t

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

from ansible_collections.infosec.principles.plugins.action.harden import ActionModule
from ansible_collections.infosec.principles.plugins.plugin_utils import _confirm, _packages

HARDEN = "infosec.principles.harden"
WAIVER = {"match": "rule=='a.x'", "why": "legacy", "owner": "ops@example.org", "expires": "2999-01-01"}


def finding(rule: str, status: str, risk: str = "high") -> dict[str, t.Any]:
    return {"control": rule.partition(".")[0], "rule": rule, "subject": "s", "status": status, "risk": risk}


def answer(*findings: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"findings": list(findings), "changed": False, "diff": [], "run_id": "", "packages": [], **more}


class Played(ActionModule):
    """Answers with what the host would, call by call; remembers the arguments of each call."""

    def __init__(self, args: dict[str, t.Any], answers: list[dict[str, t.Any]], *, check: bool = False) -> None:
        task = types.SimpleNamespace(
            args=args,
            check_mode=check,
            resolved_action=HARDEN,
            action=HARDEN,
            async_val=0,
            diff=False,
            delegate_to=None,
        )
        connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None))
        super().__init__(task, connection, types.SimpleNamespace(check_mode=check, diff=False), None, None, None)
        self.answers, self.calls = answers, t.cast("list[dict[str, t.Any]]", [])

    def _execute_module(self, **call: t.Any) -> dict[str, t.Any]:
        assert call["module_name"] == HARDEN
        self.calls.append(call["module_args"])
        return self.answers.pop(0)


@pytest.fixture
def package_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    calls: list[tuple[list[str], str]] = []

    def ensure(
        action: ActionModule, result: dict[str, t.Any], state: str, variables: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        calls.append((result["packages"], state))
        if "unspoken" in result["packages"]:
            return {"failed": True, "msg": None}
        return {"failed": True, "msg": "no network"} if "unreachable" in result["packages"] else {"changed": True}

    monkeypatch.setattr(_packages, "ensure", ensure)
    return calls


def run(action: Played) -> dict[str, t.Any]:
    return action.run(task_vars={"inventory_hostname": "web1"})


def test_waivers_stay_on_the_controller() -> None:
    action = Played({"controls": {}, "waivers": [WAIVER]}, [answer(finding("a.x", "fail"), finding("b.y", "fail"))])
    result = run(action)
    assert action.calls == [{"controls": {}}]
    assert [item["status"] for item in result["findings"]] == ["waived", "fail"]


def test_secrets_never_travel_in_controls(package_calls: list[tuple[list[str], str]]) -> None:
    """Ansible logs `controls` on the host; also when the host is called again."""
    controls = {"disk_encryption": {"luks_passphrases": {"/dev/sda3": "battery staple"}, "enforce": True}}
    action = Played({"controls": controls}, [answer(packages=["systemd-cryptsetup"], run_id="r"), answer()])
    run(action)
    apart = {
        "controls": {"disk_encryption": {"enforce": True}},
        "secrets": {"disk_encryption": {"luks_passphrases": {"/dev/sda3": "battery staple"}}},
    }
    assert action.calls == [apart, {**apart, "resume": "r"}]


@pytest.mark.parametrize(
    ("fail_on", "left", "failed"),
    [
        ("none", finding("b.y", "fail", "maximum"), False),
        ("high", finding("b.y", "fail", "medium"), False),
        ("high", finding("b.y", "fail", "high"), True),
        ("high", finding("b.y", "error", "maximum"), True),
        ("low", finding("b.y", "fixed", "maximum"), False),
        ("low", finding("a.x", "fail", "maximum"), False),
    ],
    ids=["never", "below", "at", "error counts", "fixed does not", "waived does not"],
)
def test_fail_on(fail_on: str, left: dict[str, t.Any], failed: bool) -> None:
    result = run(Played({"controls": {}, "waivers": [WAIVER], "fail_on": fail_on}, [answer(left)]))
    assert bool(result.get("failed")) is failed
    assert not failed or "b.y (s)" in result["msg"]


def test_packages_are_installed_and_the_run_goes_on(package_calls: list[tuple[list[str], str]]) -> None:
    waiting = answer(finding("a.x", "fail"), finding("b.y", "pass"), packages=["one"], run_id="r1", changed=False)
    resumed = answer(finding("a.x", "fixed"), changed=True, run_id="r1")
    action = Played({"controls": {}}, [waiting, resumed])
    result = run(action)
    assert package_calls == [(["one"], "present")]
    assert action.calls == [{"controls": {}}, {"controls": {}, "resume": "r1"}]
    assert [(item["rule"], item["status"]) for item in result["findings"]] == [("a.x", "fixed"), ("b.y", "pass")]
    assert result["changed"] and result["packages"] == []


def test_a_package_manager_that_gives_no_reason(package_calls: list[tuple[list[str], str]]) -> None:
    result = run(Played({"controls": {}}, [answer(finding("a.x", "fail"), packages=["unspoken"], run_id="r1")]))
    assert result["failed"] and "None" not in result["msg"] and "no reason" in result["msg"]


def test_check_mode_installs_nothing(package_calls: list[tuple[list[str], str]]) -> None:
    action = Played({"controls": {}}, [answer(finding("a.x", "fail"), packages=["one"])], check=True)
    run(action)
    assert package_calls == [] and len(action.calls) == 1


def test_a_package_that_cannot_be_had_is_named(package_calls: list[tuple[list[str], str]]) -> None:
    result = run(Played({"controls": {}}, [answer(finding("a.x", "fail"), packages=["unreachable"], run_id="r1")]))
    assert result["failed"] and result["msg"] == "unreachable could not be installed: no network"
    assert result["findings"], "what was found is still reported"


def test_libraries_are_judged_before_waivers_and_the_exit_policy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: t.Any
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "PyPI").mkdir()
    advisory = {
        "id": "GHSA-1",
        "modified": "2000-01-01T00:00:00Z",
        "database_specific": {"severity": "CRITICAL"},
        "affected": [{"package": {"ecosystem": "PyPI", "name": "one"}, "versions": ["1.0"]}],
    }
    (tmp_path / "PyPI" / "GHSA-1.json").write_text(json.dumps(advisory))
    components = [{"purl": "pkg:pypi/one@1.0", "source": "METADATA", "installed": True}]
    told = {**finding("dependency_vulnerabilities.inventory", "pass"), "components": components}
    waiver = {**WAIVER, "match": "subject == 's: one (PyPI)' && vulnerabilities[].id == ['GHSA-1']"}
    args = {"controls": {"dependency_vulnerabilities": {"advisories": str(tmp_path)}}, "fail_on": "high"}
    result = run(Played(args, [answer(told)]))
    assert result["failed"] and "s: one (PyPI)" in result["msg"]
    assert [item["status"] for item in result["findings"]] == ["pass", "not_assessed", "fail"]
    waived = run(Played({**args, "waivers": [waiver]}, [answer(told)]))
    assert not waived.get("failed")
    assert [item["status"] for item in waived["findings"]] == ["pass", "not_assessed", "waived"]


class Wire:
    """A connection that remembers how it was used."""

    transport = "ssh"

    def __init__(self) -> None:
        self._shell = types.SimpleNamespace(tmpdir=None)
        self.options = {"ssh_extra_args": "-o User=x"}
        self.seen: list[str] = []

    def reset(self) -> None:
        self.seen.append("reset")

    def get_option(self, name: str) -> str:
        return self.options[name]

    def set_option(self, name: str, value: str) -> None:
        self.options[name] = value
        self.seen.append(value)


def guarded(*answers: dict[str, t.Any] | Exception) -> Played:
    first = answer(finding("a.x", "fail"), finding("b.y", "pass"), run_id="r1", confirm=60, changed=True)
    action = Played({"controls": {}}, [first, *answers])  # type: ignore[list-item]
    action._connection = Wire()
    return action


def test_a_guarded_change_is_confirmed_over_a_new_connection() -> None:
    action = guarded(answer(finding("a.x", "fixed"), run_id="r1", confirm=0))
    result = run(action)
    assert action.calls[1] == {"controls": {}, "resume": "r1"}
    assert action._connection.seen == ["reset", f"-o User=x {_confirm.SSH_OPTIONS}", "-o User=x"]
    assert [(item["rule"], item["status"]) for item in result["findings"]] == [("a.x", "fixed"), ("b.y", "pass")]
    assert result["changed"] and not result.get("failed")


def test_what_the_host_took_back_fails_the_task_and_stays_in_the_report() -> None:
    expired = answer(finding("a.x", "error"), run_id="r1", failed=True, msg="put back")
    result = run(guarded(expired))
    assert (result["failed"], result["msg"]) == (True, "put back")
    assert [item["status"] for item in result["findings"]] == ["error", "pass"]


def test_check_mode_confirms_nothing() -> None:
    action = guarded()
    action._task.check_mode = True
    run(action)
    assert action._connection.seen == []


def test_a_host_is_asked_again_until_past_its_time() -> None:
    now = [0.0]
    calls: list[float] = []

    def call() -> dict[str, t.Any]:
        calls.append(now[0])
        if now[0] < 70:
            raise AnsibleConnectionFailure("timed out")
        return {"failed": True}

    def sleep(seconds: float) -> None:
        now[0] += seconds

    assert _confirm.ask(call, 60, clock=lambda: now[0], sleep=sleep) == {"failed": True}
    assert len(calls) > 2


def test_a_host_that_never_answers_again_is_unreachable() -> None:
    now = [0.0]

    def call() -> dict[str, t.Any]:
        raise AnsibleConnectionFailure("timed out")

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(AnsibleConnectionFailure, match="takes back by itself 60 s after it was made: timed out"):
        _confirm.ask(call, 60, clock=lambda: now[0], sleep=sleep)


def test_a_connection_without_reset_is_used_as_it_is() -> None:
    class Local(ConnectionBase):
        transport = "local"

        def __init__(self) -> None:
            pass

        exec_command = put_file = fetch_file = close = _connect = None  # type: ignore[assignment]

    with _confirm.new_connection(Local()):
        pass


def test_a_failed_module_is_passed_on() -> None:
    result = run(Played({"controls": {}}, [{"failed": True, "msg": "another run holds this host"}]))
    assert result == {"failed": True, "msg": "another run holds this host"}


def test_a_malformed_waiver_stops_the_task_before_the_host_is_touched() -> None:
    action = Played({"controls": {}, "waivers": [{"match": "x", "why": "y"}]}, [])
    with pytest.raises(AnsibleActionFail, match="owner"):
        run(action)
    assert action.calls == []
