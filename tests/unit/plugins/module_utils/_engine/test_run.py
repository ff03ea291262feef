# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assess, fix, assess again; check mode shows what the run does; a fix stands or falls as a whole."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Statement
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._engine.run import Result, resume, run
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import Settings as UndoSettings
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import undo
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, NeedsRoot

from . import toy


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    toy.lay(tmp_path)
    return tmp_path


def before(result: Result) -> list[dict[str, t.Any]]:
    """The findings as they were before any fix."""
    return [{**finding, "status": finding["status_before"], "note": ""} for finding in result.findings]


def one(assess: t.Callable[[Host, Options], t.Iterator[f.Finding]], name: str = "one") -> Control:
    return Control(name, "patching", name, (toy.RULE,), {}, assess)


def run_one(control: Control, root: pathlib.Path, **options: t.Any) -> Result:
    return run(toy.RootHost(root=str(root)), [Request(control, options)], toy.settings())


def test_check_shows_what_the_run_does(root: pathlib.Path) -> None:
    first = toy.state(root)
    check = toy.harden(root, check=True)
    assert toy.state(root) == first and not (root / "var").exists()
    real = toy.harden(root)
    assert check.diff == real.diff and check.diff
    assert before(real) == check.findings
    assert {finding["status"] for finding in real.findings} == {"fixed"}
    assert [field.name for field in dataclasses.fields(check)] == [field.name for field in dataclasses.fields(real)]


def test_second_run_is_a_no_op(root: pathlib.Path) -> None:
    toy.harden(root)
    hardened = toy.state(root)
    again = toy.harden(root)
    assert (again.changed, again.diff, again.run_id) == (False, [], "")
    assert {finding["status"] for finding in again.findings} == {"pass"}
    assert toy.state(root) == hardened


def test_owner_and_mode_are_kept(root: pathlib.Path) -> None:
    toy.harden(root)
    assert (root / "etc/edited.conf").stat().st_mode & 0o777 == 0o640
    assert (root / "etc/new/deep/made.conf").stat().st_mode & 0o777 == 0o644


def test_report_only_changes_nothing(root: pathlib.Path) -> None:
    first = toy.state(root)
    result = run_one(toy.CONTROL, root, enforce=False)
    assert toy.state(root) == first
    assert not result.changed and not result.diff
    assert result.findings[0]["status"] == "fail" and result.findings[0]["diff"], "the finding still shows its fix"


def test_an_ordinary_user_reads_and_does_not_fix(root: pathlib.Path) -> None:
    class UserHost(Host):
        is_root = False  # type: ignore[assignment]

    first = toy.state(root)
    result = run(UserHost(root=str(root)), [Request(toy.CONTROL, {})], toy.settings())
    assert toy.state(root) == first
    assert result.findings[0]["status"] == "error" and "become: true" in result.findings[0]["note"]


def test_what_fails_half_way_is_put_back_and_the_rest_goes_on(root: pathlib.Path) -> None:
    first = toy.state(root)

    def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
        good = write_file(host, "/etc/one.conf", "1")
        refused = write_file(host, "/etc/two.conf", "2", validate=("sh", "-c", "echo line 7 is odd >&2; exit 3", "{}"))
        yield f.Finding(toy.RULE, "both", f.FAIL, "bad", fix=(good, refused))
        yield f.Finding(toy.RULE, "other", f.FAIL, "bad", fix=(write_file(host, "/etc/three.conf", "3"),))

    result = run_one(one(assess), root)
    both, other = result.findings
    assert both["status"] == "error"
    assert both["note"] == (
        "/etc/two.conf: the new text is refused by sh (rc 3), nothing was written: line 7 is odd; "
        "everything of this fix was put back"
    )
    assert other["status"] == "fail" and "after the fix: bad" in other["note"], "the judge decides, not the fixer"
    assert toy.state(root) == {**first, "etc/three.conf": (0o100644, b"3")}
    assert [diff["after_header"] for diff in result.diff] == ["/etc/three.conf"]


def test_a_file_changed_between_plan_and_act_is_left_alone(root: pathlib.Path) -> None:
    def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
        change = write_file(host, "/etc/edited.conf", "good\n")
        (root / "etc/edited.conf").write_text("somebody was faster\n")
        yield f.Finding(toy.RULE, "x", f.FAIL, "bad", fix=(change,))

    result = run_one(one(assess), root)
    assert "changed between the plan and the act" in result.findings[0]["note"]
    assert (root / "etc/edited.conf").read_text() == "somebody was faster\n"
    assert result.findings[0]["note"].endswith("everything of this fix was put back")
    assert undo(toy.RootHost(root=str(root)), "all", UndoSettings()).undone == [], "nothing stands that was never made"


def test_what_cannot_be_asked_was_not_done(root: pathlib.Path) -> None:
    down = Statement("rename it", "", "", ("sh", "-c", "echo no server >&2; exit 1"), "do", "undo", "probe")

    def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
        yield f.Finding(toy.RULE, "x", f.FAIL, "bad", fix=(write_file(host, "/etc/edited.conf", "good\n"), down))

    first = toy.state(root)
    assert run_one(one(assess), root).findings[0]["note"] == (
        "rename it: sh failed (rc 1): no server; everything of this fix was put back"
    )
    assert toy.state(root) == first


def raises(host: Host, options: Options) -> t.Iterator[f.Finding]:
    yield f.Finding(toy.RULE, "seen before the fault", f.PASS, "fine")
    raise KeyError("odd input")


def hangs(host: Host, options: Options) -> t.Iterator[f.Finding]:
    with contextlib.suppress(Exception):  # what a careless control does must not keep the limit from it
        time.sleep(10)
    yield f.Finding(toy.RULE, "never", f.PASS, "fine")


def needs_root(host: Host, options: Options) -> t.Iterator[f.Finding]:
    yield from unreadable("/etc/shadow")


def unreadable(name: str) -> t.Iterator[f.Finding]:
    raise NeedsRoot(f"{name}: not readable by this user; run as root (become: true)")


@pytest.mark.parametrize(
    ("assess", "status", "message"),
    [
        pytest.param(raises, "error", "KeyError: 'odd input' (at test_run.py:", id="raises"),
        pytest.param(hangs, "error", "not done within its time limit of 0.2 s", id="hangs"),
        pytest.param(needs_root, "not_assessed", "/etc/shadow: not readable by this user", id="needs root"),
    ],
)
def test_a_control_fails_for_itself_alone(root: pathlib.Path, assess: t.Any, status: str, message: str) -> None:
    requests = [Request(one(assess), {}), Request(toy.CONTROL, {})]
    result = run(toy.RootHost(root=str(root)), requests, toy.settings(time_limit=0.2))
    own = [finding for finding in result.findings if finding["subject"] == "one"]
    assert [finding["status"] for finding in own] == [status] and message in own[0]["message"]
    assert {finding["status"] for finding in result.findings if finding["control"] == "toy"} == {"fixed"}


def packaged(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """Passes when its file is there; the file comes after the package, as planned before it."""
    good = host.exists("/etc/own.conf")
    fix = (InstallPackage("sl"), write_file(host, "/etc/own.conf", "planned\n"))
    yield f.Finding(toy.RULE, "sl", f.PASS if good else f.FAIL, "looked at", fix=() if good else fix)


def test_a_fix_waits_for_its_package_and_is_then_applied_as_planned(root: pathlib.Path) -> None:
    first = toy.state(root)
    requests = [Request(one(packaged), {}), Request(toy.CONTROL, {})]

    def host() -> Host:
        return toy.RootHost(root=str(root))

    check = run(host(), requests, toy.settings(check=True))
    waiting = run(host(), requests, toy.settings())
    assert waiting.packages == ["sl"] and waiting.diff == check.diff
    assert not (root / "etc/own.conf").exists() and (root / "etc/flag").read_text() == "on"
    resumed = resume(host(), requests, toy.settings(), waiting.run_id)
    assert [(finding["control"], finding["status"]) for finding in resumed.findings] == [("one", "fixed")]
    assert (root / "etc/own.conf").read_text() == "planned\n"
    assert undo(host(), "all", UndoSettings()).packages == ["sl"]
    assert toy.state(root) == first


def test_a_run_that_another_took_over_is_not_resumed(root: pathlib.Path) -> None:
    waiting = run_one(one(packaged), root)
    toy.harden(root)
    with pytest.raises(ChangeError, match="is ended, not waiting to be resumed"):
        resume(toy.RootHost(root=str(root)), [Request(one(packaged), {})], toy.settings(), waiting.run_id)
    assert not (root / "etc/own.conf").exists()


def test_what_one_control_puts_right_counts_for_the_others(root: pathlib.Path) -> None:
    def watches(host: Host, options: Options) -> t.Iterator[f.Finding]:
        off = host.read_text("/etc/flag") == "off"
        yield f.Finding(toy.RULE, "the flag", f.FAIL if off else f.PASS, "looked at")

    requests = [Request(one(watches), {}), Request(toy.CONTROL, {})]
    result = run(toy.RootHost(root=str(root)), requests, toy.settings())
    watched = next(finding for finding in result.findings if finding["control"] == "one")
    assert (watched["status"], watched["note"]) == ("fixed", "put right by another fix of this run")
