# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""homes: what an owner may put into a home, and what must not be touched."""

from __future__ import annotations

import contextlib
import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, homes
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

PASSWD = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nannie:x:1001:1001::/home/ann:/bin/sh\n"
PASSWD += (
    "www-data:x:33:33::/var/www:/usr/sbin/nologin\nsync:x:4:4::/bin:/bin/sync\nnobody:x:65534:65534::/nonexistent:/\n"
)
MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 0:40 / /home/bob rw,relatime shared:1 - nfs4 server:/bob rw
31 22 0:41 / /home/ann/my\\040server rw - fuse.sshfs x rw
32 30 8:2 / /home/bob/local rw - ext4 /dev/sdb1 rw
33 22 0:42 / /net rw master:2 shared:3 - autofs systemd-1 rw
"""


def machine(root: pathlib.Path) -> Host:
    for name in ("root", "home/ann/.ssh", "home/bob/local", "var/www", "bin", "etc", "proc/self", "net"):
        (root / name).mkdir(parents=True)
    (root / "etc/passwd").write_text(PASSWD, encoding="utf-8")
    (root / "proc/self/mountinfo").write_text(MOUNTS, encoding="utf-8")
    return Host(root=str(root), runner=lambda argv, stdin, timeout: Completed(127, "", ""))


@pytest.fixture
def host(tmp_path: pathlib.Path) -> Host:
    return machine(tmp_path)


def home(host: Host) -> homes.Home:
    return next(one for one in homes.read(host)[0] if one.account.name == "ann")


def seen(host: Host, *, depth: int = 4, limit: int = 1000, below: str = "") -> list[homes.Found]:
    """The files of ann's home; that something is mounted in it is tested by itself."""
    files: list[homes.Found] = []
    with contextlib.suppress(Unseen):
        files.extend(homes.files(host, home(host), depth=depth, limit=limit, below=below))
    return files


def found(host: Host, *, depth: int = 4, below: str = "") -> list[str]:
    return [one.path for one in seen(host, depth=depth, below=below)]


def test_each_home_once_and_none_of_the_systems_own(host: Host) -> None:
    assert [(one.account.name, one.path) for one in homes.read(host)[0]] == [
        ("root", "/root"),
        ("www-data", "/var/www"),
        ("ann", "/home/ann"),
    ]


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("/home/ann", False),
        ("/home/bob", True),
        ("/home/bob/x/y", True),
        ("/home/bob/local/x", False),
        ("/home/bobby", False),
        ("/home/ann/my server/x", True),
        ("/net/host/home", True),
        ("/", False),
    ],
)
def test_what_a_dead_server_could_hold(host: Host, path: str, remote: bool) -> None:
    assert homes.is_remote(host, path) is remote


def test_a_home_on_a_server_is_not_touched(host: Host, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc/passwd").write_text("bob:x:1:1::/home/bob:/x\ncat:x:1002:1::/home/cat:/x\n", encoding="utf-8")
    (tmp_path / "home/cat").symlink_to("/net/host/cat")
    touched: list[str] = []
    for name in ("stat", "readlink"):
        monkeypatch.setattr(os, name, noting(getattr(os, name), touched))
    there, unseen = homes.read(host)
    assert there == ()
    assert [problem.split(":")[0] for problem in unseen] == ["/home/bob", "/home/cat"]
    assert not [path for path in touched if path.endswith(("/home/bob", "/net")) or "/net/" in path]


def noting(real: t.Callable[..., t.Any], touched: list[str]) -> t.Callable[..., t.Any]:
    def call(path: t.Any, *args: t.Any, **more: t.Any) -> t.Any:
        touched.append(str(path))
        return real(path, *args, **more)

    return call


def test_links_fifos_and_loops_are_left_alone(host: Host, tmp_path: pathlib.Path) -> None:
    base = tmp_path / "home/ann"
    (base / "plain").write_text("x", encoding="utf-8")
    (base / "link").symlink_to("/etc/shadow")
    (base / "loop").symlink_to(".")
    (base / "top").symlink_to("/")
    os.mkfifo(base / "fifo")
    assert found(host) == ["/home/ann/plain"]


def test_depth_and_nearest_first(host: Host, tmp_path: pathlib.Path) -> None:
    for name in ("a/b/c/deep", "a/b/three", ".ssh/two", "one"):
        (tmp_path / "home/ann" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "home/ann" / name).write_text("", encoding="utf-8")
    assert found(host, depth=3) == ["/home/ann/one", "/home/ann/.ssh/two", "/home/ann/a/b/three"]
    assert found(host, depth=1, below=".ssh") == ["/home/ann/.ssh/two"]
    assert found(host, below="nothing") == []


def test_too_many_files_are_said_to_be(host: Host, tmp_path: pathlib.Path) -> None:
    for number in range(20):
        (tmp_path / f"home/ann/{number}").touch()
    with pytest.raises(Unseen, match="too many files"):
        list(homes.files(host, home(host), depth=2, limit=10))


def test_what_is_mounted_in_a_home_is_said_to_be_left_out(host: Host, tmp_path: pathlib.Path) -> None:
    (tmp_path / "home/ann/my server").mkdir()
    (tmp_path / "home/ann/my server/key").touch()
    assert found(host) == []
    with pytest.raises(Unseen, match="/home/ann/my server: lies on a network"):
        list(homes.files(host, home(host), depth=2, limit=10))


def test_a_folder_that_became_a_link_is_not_followed(host: Host, tmp_path: pathlib.Path) -> None:
    (tmp_path / "home/ann/.ssh/key").write_text("mine", encoding="utf-8")
    (tmp_path / "etc/key").write_text("secret", encoding="utf-8")
    (one,) = (item for item in seen(host) if item.path.endswith("key"))
    (tmp_path / "home/ann/.ssh").rename(tmp_path / "home/ann/old")
    (tmp_path / "home/ann/.ssh").symlink_to(tmp_path / "etc")
    assert homes.read_found(host, one, 100) == b""


@pytest.mark.parametrize("kind", ["fifo", "folder", "missing", "below a file"])
def test_what_is_no_plain_file_is_not_read(host: Host, tmp_path: pathlib.Path, kind: str) -> None:
    path = tmp_path / "home/ann/it"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "below a file":
        path.write_text("", encoding="utf-8")
    assert homes.read_plain(host, "/home/ann/it/x" if kind == "below a file" else "/home/ann/it", 10) is None


def test_links_are_followed_inside_of_the_machine_and_no_further_than_needed(
    host: Host, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "etc/keys").write_text("0123456789", encoding="utf-8")
    (tmp_path / "home/ann/keys").symlink_to("/etc/keys")
    (tmp_path / "home/ann/up").symlink_to("../../etc/keys")
    (tmp_path / "home/ann/round").symlink_to("round")
    (tmp_path / "home/ann/away").symlink_to("/home/bob/keys")
    assert homes.read_plain(host, "/home/ann/keys", 4) == b"0123"
    assert homes.read_plain(host, "/home/ann/up", 4) == b"0123"
    for name, why in (("round", "symbolic links"), ("away", "network")):
        with pytest.raises(Unseen, match=why):
            homes.read_plain(host, f"/home/ann/{name}", 4)


def test_accounts_and_groups_without_getent(host: Host, tmp_path: pathlib.Path) -> None:
    (tmp_path / "etc/group").write_text("wheel:x:10:ann,bob\nbroken:x\nempty:x:11:\n", encoding="utf-8")
    assert accounts.groups(host) == (accounts.Group("wheel", 10, ("ann", "bob")), accounts.Group("empty", 11, ()))
    assert accounts.group(host, "wheel") == accounts.Group("wheel", 10, ("ann", "bob"))
    assert accounts.group(host, "nosuch") is None
    assert [one.person for one in accounts.read(host) if one.name in ("root", "ann", "www-data", "nobody")] == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("mode", "above", "bits"),
    [
        (0o666, 0o755, 0o066),
        (0o666, 0o700, 0),
        (0o666, 0o710, 0o060),
        (0o666, 0o701, 0o066),
        (0o640, 0o755, 0o040),
        (0o711, 0o755, 0),
    ],
)
def test_reach_is_what_the_folders_above_let_through(host: Host, mode: int, above: int, bits: int) -> None:
    folder = pathlib.Path(host.path("/home/ann/.ssh"))
    (folder / "token").write_text("x", encoding="utf-8")
    (folder / "token").chmod(mode)
    folder.chmod(above)
    (token,) = [one for one in seen(host) if one.path.endswith("/token")]
    assert homes.reach(host, token) == bits
