# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files sshd looks into for whom, and what their owners may put there."""

from __future__ import annotations

import os
import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import authorized, sshd_classes, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd import Daemon, Values
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State, States

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqDenlBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JKTs"
PASSWD = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n"


class Ground:
    """A machine of a folder whose sshd gives these answers to (names, values)."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.answers: list[tuple[tuple[str, ...], Values]] = [(("root", "ann", "bob"), {})]
        self.write("/etc/passwd", PASSWD)

    def write(self, name: str, data: str | bytes) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    def read(self) -> authorized.Authorized:
        host = Host(root=str(self.root), runner=lambda argv, stdin, timeout: Completed(127, "", ""))
        place = sshd_classes.Place()
        answers = tuple((Probe(names[0], frozenset(), names, place, ""), values) for names, values in self.answers)
        host._memory[sshd_state.read] = States((State(Daemon("ssh.service"), (), answers, 0),), {})
        return host.once(authorized.read)


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


def opened(found: authorized.Authorized) -> dict[str, list[str]]:
    return {file.path: [account.name for account in file.accounts] for file in found.files}


def test_the_default_files(ground: Ground) -> None:
    ground.write("/home/ann/.ssh/authorized_keys", f"{KEY} ann@laptop\n")
    ground.write("/home/bob/.ssh/authorized_keys2", f"# none\n{KEY}\n")
    found = ground.read()
    assert opened(found) == {"/home/ann/.ssh/authorized_keys": ["ann"], "/home/bob/.ssh/authorized_keys2": ["bob"]}
    assert [entry.number for file in found.files for entry in file.entries] == [1, 2]
    assert found.unlisted == () and found.unseen == ()


def test_patterns_of_each_class(ground: Ground) -> None:
    ground.answers = [
        (("root",), {"authorizedkeysfile": ("/etc/ssh/keys/%u-%U /etc/ssh/keys/all%%",)}),
        (("ann",), {"authorizedkeysfile": ("%h/keys",)}),
        (("bob",), {"authorizedkeysfile": ("/etc/ssh/keys/all%%",)}),
    ]
    for name in ("/etc/ssh/keys/root-0", "/etc/ssh/keys/all%", "/home/ann/keys", "/home/bob/.ssh/authorized_keys"):
        ground.write(name, f"{KEY}\n")
    assert opened(ground.read()) == {
        "/etc/ssh/keys/root-0": ["root"],
        "/etc/ssh/keys/all%": ["root", "bob"],
        "/home/ann/keys": ["ann"],
    }


def test_none_and_an_account_that_nobody_asked_about(ground: Ground) -> None:
    ground.answers = [
        (("root",), {"authorizedkeysfile": ("none",)}),
        (("ann",), {"authorizedkeysfile": ("/etc/k/%u",)}),
    ]
    for name in ("/root/.ssh/authorized_keys", "/etc/k/ann", "/etc/k/bob"):
        ground.write(name, f"{KEY}\n")
    assert opened(ground.read()) == {"/etc/k/ann": ["ann"], "/etc/k/bob": ["bob"]}


def test_what_cannot_be_listed(ground: Ground) -> None:
    told: Values = {"authorizedkeyscommand": ("/usr/bin/keys %u",), "trustedusercakeys": ("none",)}
    ground.answers = [(("root",), {}), (("ann", "bob"), told)]
    assert ground.read().unlisted == (authorized.Unlisted("authorizedkeyscommand", "/usr/bin/keys %u", "ann, bob"),)


@pytest.mark.parametrize("kind", ["fifo", "folder", "missing"])
def test_what_is_no_file(ground: Ground, kind: str) -> None:
    path = ground.root / "home/ann/.ssh/authorized_keys"
    path.parent.mkdir(parents=True)
    {"fifo": lambda: os.mkfifo(path), "folder": path.mkdir, "missing": lambda: None}[kind]()
    assert ground.read() == authorized.Authorized((), (), ())


def test_a_file_with_more_than_anybody_needs(ground: Ground) -> None:
    ground.write("/home/ann/.ssh/authorized_keys", f"{KEY}\n" * 100_000)
    ground.write("/home/bob/.ssh/authorized_keys", f"{KEY}\n")
    found = ground.read()
    assert [len(file.entries) for file in found.files] == [authorized.FILE_KEYS, 1]
    assert len(found.unseen) == 1 and found.unseen[0].startswith("/home/ann/.ssh/authorized_keys: only its first 2000")


@pytest.mark.parametrize(
    "data", [b"\0" * 100_000, b"x" * 9_000_000, b'a,="' * 200_000, os.urandom(100_000), f"{KEY}\n".encode() + b"\xff"]
)
def test_anything_may_be_in_there(ground: Ground, data: bytes) -> None:
    ground.write("/home/ann/.ssh/authorized_keys", data)
    (file,) = ground.read().files
    assert len(file.entries) == data.startswith(KEY.encode())


def test_all_keys_together_are_bounded(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorized, "ALL_KEYS", 2)
    for name in ("/root", "/home/ann", "/home/bob"):
        ground.write(f"{name}/.ssh/authorized_keys", f"{KEY}\n{KEY}\n")
    found = ground.read()
    assert list(opened(found)) == ["/root/.ssh/authorized_keys"]
    assert "not looked at, nor any after it" in found.unseen[0]


def test_without_an_sshd_nothing_opens(ground: Ground) -> None:
    ground.answers = []
    ground.write("/home/ann/.ssh/authorized_keys", f"{KEY}\n")
    assert opened(ground.read()) == {}
