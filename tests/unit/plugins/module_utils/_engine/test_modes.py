# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mode is set where it was planned, and of nothing else, whatever the owner of the folder does in between."""

from __future__ import annotations

import os
import pathlib
import stat

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    ChangeError,
    NothingDone,
    dump,
    load,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.modes import SetMode, set_mode, set_owner
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user, which root alone may")
NOBODY = 65534
PATH = "/home/mallory/.netrc"


@pytest.fixture
def host(tmp_path: pathlib.Path) -> Host:
    (tmp_path / "home/mallory").mkdir(parents=True)
    return Host(root=str(tmp_path))


def place(host: Host, path: str = PATH, mode: int = 0o644) -> pathlib.Path:
    target = pathlib.Path(host.path(path))
    target.write_text("x")
    target.chmod(mode)
    return target


def mode_of(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_mode_is_set_and_taken_back(host: Host) -> None:
    target = place(host)
    change = set_mode(host, PATH, 0o600)
    assert change.describe() == f"chmod 0600 {PATH}"
    assert (change.diff()["before"], change.diff()["after"]) == ("mode 0644\n", "mode 0600\n")
    change.apply(host, tag="t")
    change.apply(host, tag="t")
    assert mode_of(target) == 0o600
    change.revert(host, {}, tag="t")
    change.revert(host, {}, tag="t")
    assert mode_of(target) == 0o644


def test_a_folder_too(host: Host) -> None:
    folder = pathlib.Path(host.path("/home/mallory/.ssh"))
    folder.mkdir(mode=0o755)
    set_mode(host, "/home/mallory/.ssh", 0o700).apply(host, tag="t")
    assert mode_of(folder) == 0o700


def test_the_journal_reads_it_back(host: Host) -> None:
    place(host)
    change = set_mode(host, PATH, 0o600)
    assert load(dump(change)) == change


def test_nothing_is_opened(host: Host) -> None:
    """A FIFO without a writer would hold whoever opens it, and a device might do something."""
    os.mkfifo(host.path(PATH))
    with pytest.raises(ChangeError, match="neither a plain file nor a folder"):
        set_mode(host, PATH, 0o600)


def test_a_link_that_comes_after_the_plan_is_not_followed(host: Host) -> None:
    target = place(host)
    precious = place(host, "/precious")
    change = set_mode(host, PATH, 0o600)
    target.unlink()
    target.symlink_to(precious)
    with pytest.raises(NothingDone, match="neither a plain file nor a folder"):
        change.apply(host, tag="t")
    assert mode_of(precious) == 0o644


@as_root
def test_a_folder_that_its_owner_swapped_for_a_link_is_not_entered(host: Host) -> None:
    home = pathlib.Path(host.path("/home/mallory"))
    (home / "conf").mkdir()
    place(host, "/home/mallory/conf/token")
    change = set_mode(host, "/home/mallory/conf/token", 0o600)
    (home / "conf").rename(home / "gone")
    precious = pathlib.Path(host.path("/etc"))
    precious.mkdir()
    place(host, "/etc/token")
    (home / "conf").symlink_to(precious)
    os.lchown(home / "conf", NOBODY, NOBODY)
    with pytest.raises(NothingDone, match="conf is a symbolic link of user 65534"):
        change.apply(host, tag="t")
    assert mode_of(precious / "token") == 0o644


@as_root
def test_a_hard_link_to_somebody_elses_file_is_left_alone(host: Host) -> None:
    target = place(host)
    os.chown(target, NOBODY, NOBODY)
    change = set_mode(host, PATH, 0o600)
    precious = place(host, "/precious")
    target.unlink()
    os.link(precious, target)
    with pytest.raises(NothingDone, match="belongs to user 0 by now"):
        change.apply(host, tag="t")
    change.revert(host, {}, tag="t")
    assert mode_of(precious) == 0o644


def test_a_mode_that_changed_since_the_plan_is_kept(host: Host) -> None:
    target = place(host)
    change = set_mode(host, PATH, 0o600)
    target.chmod(0o640)
    with pytest.raises(NothingDone, match="has the mode 0640 by now"):
        change.apply(host, tag="t")
    assert mode_of(target) == 0o640


def test_a_mode_that_somebody_set_since_is_a_conflict(host: Host) -> None:
    target = place(host)
    change = SetMode(PATH, 0o644, 0o600, target.stat().st_uid)
    target.chmod(0o400)
    assert "somebody gave it the mode 0400 since this run" in change.conflict(host)
    with pytest.raises(ChangeError, match="force: true"):
        change.revert(host, {}, tag="t")
    change.revert(host, {}, tag="t", force=True)
    assert mode_of(target) == 0o644


def test_a_file_that_is_gone_needs_no_taking_back(host: Host) -> None:
    target = place(host)
    change = set_mode(host, PATH, 0o600)
    change.apply(host, tag="t")
    target.unlink()
    assert change.conflict(host) == ""
    change.revert(host, {}, tag="t")
    assert not target.exists()


@as_root
def test_with_an_acl_the_mask_is_set_and_comes_back(host: Host) -> None:
    target = place(host, mode=0o640)
    acl = bytes.fromhex("0200000001000600ffffffff02000400feff000004000400ffffffff10000400ffffffff20000000ffffffff")
    try:
        os.setxattr(target, "system.posix_acl_access", acl)
    except OSError:
        pytest.skip("this file system keeps no ACL")
    change = set_mode(host, PATH, 0o600)
    change.apply(host, tag="t")
    change.revert(host, {}, tag="t")
    assert os.getxattr(target, "system.posix_acl_access") == acl


# SetOwner


@as_root
def test_an_owner_is_set_and_taken_back(host: Host) -> None:
    target = place(host, mode=0o640)
    change = set_owner(host, PATH, 0, NOBODY)
    assert load(dump(change)) == change
    change.apply(host, tag="t")
    change.apply(host, tag="t")
    assert (target.stat().st_uid, target.stat().st_gid, mode_of(target)) == (0, NOBODY, 0o640)
    assert not change.conflict(host)
    change.revert(host, {}, tag="t")
    assert (target.stat().st_uid, target.stat().st_gid, mode_of(target)) == (0, 0, 0o640)


@as_root
def test_an_owner_is_not_set_where_something_else_lies_there(host: Host) -> None:
    target = place(host)
    change = set_owner(host, PATH, NOBODY, NOBODY)
    target.chmod(0o600)
    with pytest.raises(NothingDone, match="another by now"):
        change.apply(host, tag="t")
    target.unlink()
    target.symlink_to("/etc/passwd")
    with pytest.raises(NothingDone, match="neither a plain file"):
        change.apply(host, tag="t")


@as_root
def test_an_owner_that_somebody_set_since_is_a_conflict(host: Host) -> None:
    target = place(host)
    change = set_owner(host, PATH, NOBODY, NOBODY)
    change.apply(host, tag="t")
    os.chown(target, 1234, 1234)
    with pytest.raises(ChangeError, match="another owner since"):
        change.revert(host, {}, tag="t")
    change.revert(host, {}, tag="t", force=True)
    assert target.stat().st_uid == 0


def test_an_owner_that_is_gone_needs_no_taking_back(host: Host) -> None:
    target = place(host)
    change = set_owner(host, PATH, os.geteuid(), os.getegid())
    target.unlink()
    assert not change.conflict(host)
    change.revert(host, {}, tag="t")
