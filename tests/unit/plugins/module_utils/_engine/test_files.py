# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root writes where it was told to, and nowhere else."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError, NothingDone
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import (
    conflicts,
    edit_file,
    remove_file,
    write_file,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user, which root alone may")
NOBODY = 65534


@pytest.fixture
def host(tmp_path: pathlib.Path) -> Host:
    return Host(root=str(tmp_path))


def place(host: Host, path: str) -> pathlib.Path:
    target = pathlib.Path(host.path(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def apply(host: Host, path: str, text: str, **options: t.Any) -> None:
    write_file(host, path, text, **options).apply(host, tag="t")


def test_a_link_in_the_place_of_the_file_is_refused(host: Host, tmp_path: pathlib.Path) -> None:
    precious = place(host, "/precious")
    precious.write_text("precious")
    place(host, "/etc/x.conf").symlink_to(precious)
    with pytest.raises(ChangeError, match=r"/etc/x\.conf: is a symbolic link"):
        apply(host, "/etc/x.conf", "bad")
    assert precious.read_text() == "precious"


def test_a_link_that_comes_after_the_plan_is_refused(host: Host) -> None:
    target, precious = place(host, "/etc/x.conf"), place(host, "/precious")
    target.write_text("old")
    precious.write_text("old")
    change = write_file(host, "/etc/x.conf", "new")
    target.unlink()
    target.symlink_to(precious)
    with pytest.raises(ChangeError, match="is a symbolic link"):
        change.apply(host, tag="t")
    assert precious.read_text() == "old"


@as_root
def test_a_folder_that_its_owner_swapped_for_a_link_is_not_entered(host: Host) -> None:
    elsewhere = place(host, "/etc/cron.d/keep").parent
    home = place(host, "/home/mallory/x").parent
    (home / "conf.d").symlink_to(elsewhere)
    os.lchown(home / "conf.d", NOBODY, NOBODY)
    with pytest.raises(ChangeError, match=r"conf\.d is a symbolic link of user 65534"):
        apply(host, "/home/mallory/conf.d/x.conf", "bad")
    assert not (elsewhere / "x.conf").exists()


def test_roots_own_link_to_a_folder_is_followed(host: Host) -> None:
    real = place(host, "/usr/lib/x.d/keep").parent
    place(host, "/lib").symlink_to("usr/lib")
    apply(host, "/lib/x.d/a.conf", "text")
    assert (real / "a.conf").read_text() == "text"


@pytest.mark.parametrize("make", [os.mkfifo, pathlib.Path.mkdir], ids=["fifo", "folder"])
def test_what_is_no_plain_file_is_refused(host: Host, make: t.Callable[[pathlib.Path], None]) -> None:
    make(place(host, "/etc/x.conf"))
    with pytest.raises(ChangeError, match="is not a plain file"):
        apply(host, "/etc/x.conf", "bad")


@as_root
def test_owner_mode_and_acl_survive(host: Host) -> None:
    target = place(host, "/etc/x.conf")
    target.write_text("old")
    os.chown(target, NOBODY, 7)
    target.chmod(0o604)
    # What setfacl -m u:daemon:r writes: version 2, owner rw, user 1 r, group -, mask r, other r.
    acl = bytes.fromhex("0200000001000600ffffffff020004000100000004000000ffffffff10000400ffffffff20000400ffffffff")
    try:
        os.setxattr(target, "system.posix_acl_access", acl)
    except OSError:
        acl = b""  # tmpfs without ACLs: owner and mode are still held
    change = write_file(host, "/etc/x.conf", "new")
    captured = change.capture(host)
    mode = target.stat().st_mode
    for act in (lambda: change.apply(host, tag="t"), lambda: change.revert(host, captured, tag="t")):
        act()
        status = target.stat()
        assert (status.st_uid, status.st_gid, status.st_mode) == (NOBODY, 7, mode)
        assert not acl or os.getxattr(target, "system.posix_acl_access") == acl
    assert target.read_text() == "old"


@as_root
def test_a_removed_file_comes_back_with_its_owner_and_mode(host: Host) -> None:
    target = place(host, "/home/bob/.rhosts")
    target.write_text("+ +\n")
    os.chown(target, NOBODY, 7)
    target.chmod(0o600)
    change = remove_file(host, "/home/bob/.rhosts")
    captured = change.capture(host)
    change.apply(host, tag="t")
    assert not target.exists()
    change.revert(host, captured, tag="t")
    status = target.stat()
    assert (target.read_text(), status.st_uid, status.st_gid, status.st_mode & 0o777) == ("+ +\n", NOBODY, 7, 0o600)


def test_a_full_disk_leaves_the_old_file(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    target = place(host, "/etc/x.conf")
    target.write_text("old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        apply(host, "/etc/x.conf", "new")
    assert target.read_text() == "old" and os.listdir(target.parent) == ["x.conf"]


def test_a_read_only_file_system_leaves_nothing_to_take_back(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    target = place(host, "/etc/x.conf")
    target.write_text("old")
    change = write_file(host, "/etc/x.conf", "new")
    captured = change.capture(host)

    def refuse(*args: t.Any, **options: t.Any) -> t.NoReturn:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "unlink", refuse)  # which unlink(2) says there also of what does not exist
    change.revert(host, captured, tag="t")
    assert target.read_text() == "old"


def test_hidden_text_stays_out_of_the_diff(host: Host) -> None:
    place(host, "/etc/secret.conf").write_text("password=hunter2\n")
    diff = write_file(host, "/etc/secret.conf", "password=hunter3\n", sensitive=True).diff()
    assert "hunter" not in str(diff) and diff["before"] != diff["after"]


def test_bytes_that_are_not_utf_8_are_escaped_in_the_diff_and_kept_in_the_file(host: Host) -> None:
    place(host, "/etc/latin.conf").write_bytes(b"caf\xe9\n")
    change = write_file(host, "/etc/latin.conf", "caf\udce9 cr\u00e8me\n")
    assert (change.diff()["before"], change.diff()["after"]) == ("caf\\xe9\n", "caf\\xe9 cr\u00e8me\n")
    change.apply(host, tag="t")
    assert place(host, "/etc/latin.conf").read_bytes() == b"caf\xe9 cr\xc3\xa8me\n"


def test_a_hostile_file_name_is_no_command(host: Host, tmp_path: pathlib.Path) -> None:
    path = "/etc/$(touch flag);`touch flag`.conf"
    apply(host, path, "text", validate=("test", "-e", "{}"))
    assert pathlib.Path(host.path(path)).read_text() == "text"
    assert not list(tmp_path.rglob("flag"))


def test_new_folders_ignore_a_tight_umask(host: Host) -> None:
    former = os.umask(0o077)
    try:
        apply(host, "/etc/a/b/x.conf", "text")
    finally:
        os.umask(former)
    made = place(host, "/etc/a/b/x.conf")
    assert made.parent.stat().st_mode & 0o777 == 0o755 and made.stat().st_mode & 0o777 == 0o644


# Editing one passage

CONFIG = "# ours\nPort 22\nSubsystem sftp /bin/a\nBanner none\n"
OLD, NEW = "Subsystem sftp /bin/a\n", "Subsystem sftp /bin/a -l INFO\n"


def lay(host: Host, text: str = CONFIG) -> pathlib.Path:
    target = place(host, "/etc/x.conf")
    target.write_text(text)
    return target


@pytest.mark.parametrize(
    ("old", "new", "after"),
    [
        (OLD, NEW, CONFIG.replace(OLD, NEW)),
        ("", "Include y\n", f"Include y\n{CONFIG}"),
        ("# ours\n", "# theirs\n", CONFIG.replace("ours", "theirs")),
        ("Banner none\n", "Banner none\nX11 no\n", f"{CONFIG}X11 no\n"),
    ],
)
def test_a_passage_is_edited_once_and_taken_back(host: Host, old: str, new: str, after: str) -> None:
    target = lay(host)
    change = edit_file(host, "/etc/x.conf", old, new)
    for _again in range(2):
        change.apply(host, tag="t")
        assert target.read_text() == after
    assert change.conflict(host) == ""
    for _again in range(2):
        change.revert(host, {}, tag="t")
        assert target.read_text() == CONFIG


def test_what_others_edit_around_the_passage_stays(host: Host) -> None:
    target = lay(host)
    change = edit_file(host, "/etc/x.conf", OLD, NEW)
    target.write_text(f"Include y\n{CONFIG}")
    change.apply(host, tag="t")
    target.write_text(target.read_text() + "Last line\n")
    change.revert(host, {}, tag="t")
    assert target.read_text() == f"Include y\n{CONFIG}Last line\n"


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (CONFIG + OLD, OLD, NEW),
        (CONFIG, "Subsystem other\n", NEW),
        (CONFIG, "sftp /bin/a\n", NEW),
        (CONFIG, "Subsystem sftp", NEW),
        (CONFIG, OLD, ""),
    ],
    ids=["twice", "not there", "within a line", "half a line", "nothing instead"],
)
def test_what_is_not_there_exactly_once_is_not_edited(host: Host, text: str, old: str, new: str) -> None:
    lay(host, text)
    with pytest.raises(NothingDone):
        edit_file(host, "/etc/x.conf", old, new)


def test_a_passage_that_somebody_changed_since_is_not_taken_back(host: Host) -> None:
    target = lay(host)
    change = edit_file(host, "/etc/x.conf", OLD, NEW)
    change.apply(host, tag="t")
    target.write_text(CONFIG.replace(OLD, "Subsystem sftp internal-sftp\n"))
    assert "somebody changed these lines" in change.conflict(host)
    with pytest.raises(ChangeError):
        change.revert(host, {}, tag="t")
    assert "internal-sftp" in target.read_text()


def test_two_fixes_edit_lines_next_to_each_other(host: Host) -> None:
    """The second one edits a line by which the first one is found; both are taken back, the second one first."""
    text = "a {\n  x;\n}\nb {\n  x;\n}\n"
    target = lay(host, text)
    first = edit_file(host, "/etc/x.conf", "a {\n  x;\n", "a {\n  x;\n  y;\n")
    second = edit_file(host, "/etc/x.conf", "a {\n", "a { # z\n")
    for change in (first, second):
        change.apply(host, tag="t")
    assert first.conflict(host)
    assert conflicts(host, (second, first)) == []
    kept = target.read_text()
    target.write_text(kept.replace("x;\n  y;\n", "w;\n  y;\n"))
    assert len(conflicts(host, (second, first))) == 1
    target.write_text(kept)
    for change in (second, first):
        change.revert(host, {}, tag="t")
    assert target.read_text() == text


def test_an_edit_that_the_checker_refuses_is_not_made(host: Host) -> None:
    target = lay(host)
    change = edit_file(host, "/etc/x.conf", OLD, NEW, validate=("grep", "-q", "no such text", "{}"))
    with pytest.raises(ChangeError, match="is refused by grep"):
        change.apply(host, tag="t")
    assert target.read_text() == CONFIG
