# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security updates as a change: what is run, what a failure says, and that nothing takes them back."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine import packages
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Change,
    ChangeError,
    NothingDone,
    dump,
    load,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.journal import Journal, new_run_id, recover
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import UpgradePackages
from ansible_collections.infosec.principles.plugins.module_utils._engine.run import Result, Settings, run
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import Settings as UndoSettings
from ansible_collections.infosec.principles.plugins.module_utils._engine.undo import undo
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, NeedsRoot

OPENSSL = UpgradePackages("apt", (("openssl", "3.0-1", "3.0-2"), ("libssl3:i386", "3.0-1", "3.0-2")))
RULE = f.Rule("rule", "title", "high", "https://example.org", "remedy")
LOCKED = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 9 (unattended-upgr)"


class RootHost(Host):
    @property
    def is_root(self) -> bool:
        return True


class Manager:
    """Answers one command after the other, the last answer for all that follow; remembers them."""

    def __init__(self, *answers: Completed) -> None:
        self.answers = list(answers) or [Completed(0, "", "")]
        self.called: list[tuple[str, ...]] = []

    def __call__(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        self.called.append(tuple(argv))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6, packages.LOCK_POLL_SECONDS))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def apply(change: UpgradePackages, manager: Manager) -> list[tuple[str, ...]]:
    change.apply(Host(root="/nonexistent", runner=manager), tag="t")
    return manager.called


def test_the_journal_keeps_it() -> None:
    assert load(dump(OPENSSL)) == OPENSSL


def test_what_is_shown() -> None:
    assert OPENSSL.describe() == "install security updates of openssl, libssl3:i386"
    diff = OPENSSL.diff()
    assert (diff["before"], diff["after"]) == (
        "openssl 3.0-1\nlibssl3:i386 3.0-1\n",
        "openssl 3.0-2\nlibssl3:i386 3.0-2\n",
    )


def test_apt_takes_the_versions_that_were_shown_and_removes_nothing() -> None:
    download, install = apply(OPENSSL, Manager())
    assert "--download-only" in download and "--download-only" not in install
    for argv in (download, install):
        assert argv[-2:] == ("openssl=3.0-2", "libssl3:i386=3.0-2")
        assert {"--no-remove", "--only-upgrade", "NEEDRESTART_MODE=l", "Dpkg::Options::=--force-confold"} <= {*argv}


def test_what_was_cut_off_is_finished_first() -> None:
    configure, download, install = apply(dataclasses.replace(OPENSSL, unfinished=("bash",)), Manager())
    assert "--configure" in configure and "--fix-broken" in download and "--fix-broken" in install


def test_nothing_is_done_where_a_mirror_fails() -> None:
    manager = Manager(Completed(100, "Err:1 http://x", "E: Failed to fetch http://x/openssl.deb  404  Not Found"))
    with pytest.raises(NothingDone, match=r"apt-get failed .rc 100.: E: Failed to fetch.*apt-get update"):
        apply(OPENSSL, manager)
    assert len(manager.called) == 1


def test_it_waits_for_the_lock() -> None:
    locked = Completed(100, "", LOCKED)
    assert len(apply(OPENSSL, Manager(locked, locked, Completed(0, "", "")))) == 4


def test_it_does_not_wait_for_ever() -> None:
    with pytest.raises(NothingDone, match=r"another program holds the package manager for more than 60 s.*process 9"):
        apply(OPENSSL, Manager(Completed(100, "", LOCKED)))


def test_a_package_that_fails_to_install_is_no_nothing_done() -> None:
    failing = Completed(100, "", "E: Sub-process /usr/bin/dpkg returned an error code (1)")
    with pytest.raises(ChangeError) as caught:
        apply(OPENSSL, Manager(Completed(0, "", ""), failing))
    assert not isinstance(caught.value, NothingDone)


def test_dnf_installs_security_updates_alone() -> None:
    download, install = apply(UpgradePackages("dnf", (("a.x86_64", "", "2"),)), Manager())
    assert "--downloadonly" in download and install[-2:] == ("upgrade-minimal", "--security")


@pytest.mark.parametrize(("codes", "calls"), [((0,), 1), ((102,), 1), ((103, 0), 2)])
def test_zypper(codes: tuple[int, ...], calls: int) -> None:
    called = apply(UpgradePackages("zypper", (("SUSE-1", "", "1"),)), Manager(*[Completed(c, "", "") for c in codes]))
    assert len(called) == calls and called[0][-2:] == ("--category", "security")


# In a run


def harden(host: Host, *changes: Change) -> Result:
    def assess(machine: t.Any, options: Options) -> t.Iterator[f.Finding]:
        yield f.Finding(RULE, "openssl", f.FAIL, "old", fix=changes)

    control = Control("toy", "patching", "toy", (RULE,), {}, assess)
    return run(host, [Request(control, {"enforce": True})], Settings(unreadable=NeedsRoot))


def test_undo_leaves_it_and_says_so(tmp_path: pathlib.Path) -> None:
    host = RootHost(root=str(tmp_path), runner=Manager())
    harden(host, OPENSSL)
    first = undo(host, "latest", UndoSettings())
    assert len(first.undone) == 1 and first.diff == []
    assert "not taken back, since it stays: install security updates of openssl" in first.messages[0]
    assert undo(host, "all", UndoSettings()).undone == []


def test_it_stays_where_a_later_change_of_its_fix_fails(tmp_path: pathlib.Path) -> None:
    manager = Manager(*[Completed(0, "", "")] * 2, Completed(1, "", "no"))
    fail = Command("restart it", "", "", (("restart",),), (("start",),), ("is-done",))
    (finding,) = harden(RootHost(root=str(tmp_path), runner=manager), OPENSSL, fail).findings
    assert finding["status"] == "error"
    assert "what was done of this stays: install security updates of openssl" in finding["note"]
    assert "everything of this fix was put back" not in finding["note"]


def test_a_killed_run_is_put_in_order(tmp_path: pathlib.Path) -> None:
    host = RootHost(root=str(tmp_path), runner=Manager())
    journal = Journal(host, new_run_id(host))
    journal.start(by="a test")
    journal.fix(1, "security_updates", ["security updates"])
    journal.begin(1, OPENSSL)
    (said,) = recover(host)
    assert "stays: install security updates of openssl" in said and "taken back" not in said
    assert recover(host) == []
