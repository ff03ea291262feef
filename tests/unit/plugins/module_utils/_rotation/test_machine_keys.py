# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key of a program, its rotation, and every point at which it may be cut off."""

from __future__ import annotations

import base64
import datetime
import os
import pathlib
import pwd
import struct
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.plugins.module_utils._rotation import machine_keys
from ansible_collections.infosec.principles.plugins.module_utils._rotation.machine_keys import IDLE, MADE, USED
from ansible_collections.infosec.principles.plugins.module_utils._rotation.rights import RotationError, acting_as

TODAY = datetime.date(2026, 11, 29)


def string(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def key(number: int, cipher: bytes = b"none") -> tuple[str, str]:
    """A private key as ssh-keygen writes it, as far as anybody reads it here, and its public half."""
    public = string(b"ssh-ed25519", bytes([number]) * 32)
    data = b"openssh-key-v1\0" + string(cipher, cipher, b"") + struct.pack(">I", 1) + string(public, b"")
    text = base64.encodebytes(data).decode()
    private = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}-----END OPENSSH PRIVATE KEY-----\n"
    return private, f"ssh-ed25519 {base64.b64encode(public).decode()}"


def lay(path: pathlib.Path, number: int, comment: str = "deploy key") -> None:
    private, public = key(number)
    path.write_text(private, encoding="utf-8")
    path.with_name(f"{path.name}.pub").write_text(f"{public} {comment}\n", encoding="utf-8")
    os.utime(path, (1_600_000_000, 1_600_000_000))


def keygen(number: int) -> machine_keys.Runner:
    """ssh-keygen that makes the key of this number."""

    def run(argv: t.Sequence[str]) -> Completed:
        path = argv[argv.index("-f") + 1]
        if os.path.exists(path):
            return Completed(1, "", f"{path} already exists.")
        private, public = key(number)
        pathlib.Path(path).write_text(private, encoding="utf-8")
        pathlib.Path(f"{path}.pub").write_text(f"{public} {argv[argv.index('-C') + 1]}\n", encoding="utf-8")
        return Completed(0, "", "")

    return run


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    """A plain key, number 1."""
    found = tmp_path / "id_deploy"
    lay(found, 1)
    return found


def make(path: pathlib.Path, number: int = 2, today: datetime.date = TODAY) -> None:
    machine_keys.make(str(path), name="deploy", kind="ed25519", today=today, run=keygen(number))


def number(key: machine_keys.Key | None) -> int:
    return key.public[-1] if key else 0


def names(path: pathlib.Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def test_a_rotation_from_a_plain_file(path: pathlib.Path) -> None:
    state = machine_keys.look(str(path))
    assert (state.phase, number(state.current), state.new, state.old) == (IDLE, 1, None, ())
    assert state.born == datetime.date(2020, 9, 13)
    make(path)
    state = machine_keys.look(str(path))
    assert (state.phase, number(state.current), number(state.new), [number(one) for one in state.old]) == (
        MADE,
        1,
        2,
        [1],
    )
    assert state.new is not None and state.new.line.endswith(" deploy-2026-11-29")
    machine_keys.switch(str(path), state.new.path)
    state = machine_keys.look(str(path))
    assert (state.phase, number(state.current), [number(one) for one in state.old]) == (USED, 2, [1])
    machine_keys.retire(state.old)
    state = machine_keys.look(str(path))
    assert (state.phase, number(state.current), state.old, state.born) == (IDLE, 2, (), TODAY)
    assert names(path) == ["id_deploy", "id_deploy-2026-11-29", "id_deploy-2026-11-29.pub", "id_deploy.pub"]
    assert os.readlink(path) == "id_deploy-2026-11-29"


def rotate(path: pathlib.Path, number: int) -> None:
    """What the playbook has the module do, run after run."""
    if machine_keys.look(str(path)).phase == IDLE:
        make(path, number)
    state = machine_keys.look(str(path))
    if state.new:
        machine_keys.switch(str(path), state.new.path)
    machine_keys.retire(machine_keys.look(str(path)).old)


def test_a_second_rotation_on_the_same_day(path: pathlib.Path) -> None:
    rotate(path, 2)
    rotate(path, 3)
    rotate(path, 4)
    assert os.readlink(path) == "id_deploy-2026-11-29-3"
    assert number(machine_keys.look(str(path)).current) == 4
    assert len(names(path)) == 4


class Killed(BaseException):
    """What a kill looks like from inside."""


def killed(monkeypatch: pytest.MonkeyPatch, after: int) -> list[str]:
    """End before the call of this number that changes something; what was called."""
    called: list[str] = []

    def counting(name: str, real: t.Callable[..., None]) -> t.Callable[..., None]:
        def call(*arguments: t.Any, **named: t.Any) -> None:
            if len(called) == after:
                raise Killed
            called.append(name)
            real(*arguments, **named)

        return call

    for name in ("rename", "link", "symlink", "unlink"):
        monkeypatch.setattr(machine_keys.os, name, counting(name, getattr(os, name)))
    return called


def usable(path: pathlib.Path) -> int:
    """The number of the key that ssh would log in with: beside another public half it would not (sshconnect2.c)."""
    private = ssh_keys.private(path.read_bytes())
    assert private is not None
    beside = path.with_name(f"{path.name}.pub")
    assert not beside.exists() or ssh_keys.public(beside.read_text(encoding="utf-8")) == private.public
    return private.public[-1]


@pytest.mark.parametrize("rotated", [0, 1], ids=["plain", "link"])
def test_cut_off_anywhere_it_works_and_the_next_run_finishes(
    path: pathlib.Path, rotated: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0
    while True:
        folder = path.parent / f"at-{steps}"
        folder.mkdir()
        here = folder / "id_deploy"
        lay(here, 1)
        if rotated:
            rotate(here, 5)
        old = usable(here)
        with monkeypatch.context() as context:
            called = killed(context, steps)
            try:
                rotate(here, 9)
                break
            except Killed:
                pass
        assert usable(here) in (old, 9), called
        held = {ssh_keys.private(one.read_bytes()) for one in folder.iterdir() if not one.name.endswith(".pub")}
        in_use = usable(here)
        assert in_use == 9 or any(one and one.public[-1] == old for one in held), called
        rotate(here, 9)
        state = machine_keys.look(str(here))
        assert (state.phase, usable(here), len(names(here))) == (IDLE, 9, 4), (called, names(here))
        steps += 1
    assert steps >= 8


def test_a_clock_that_went_back_makes_no_new_key_an_old_one(path: pathlib.Path) -> None:
    rotate(path, 2)
    make(path, 3, datetime.date(2026, 1, 1))
    state = machine_keys.look(str(path))
    assert (state.phase, number(state.current), number(state.new)) == (MADE, 2, 3)


def test_the_old_key_is_kept_until_it_is_retired(path: pathlib.Path) -> None:
    make(path)
    machine_keys.switch(str(path), machine_keys.look(str(path)).new.path)  # type: ignore[union-attr]
    assert machine_keys.look(str(path)).old[0].path == f"{path}.replaced"


def test_somebody_may_go_back_to_the_old_key(path: pathlib.Path) -> None:
    make(path)
    machine_keys.switch(str(path), machine_keys.look(str(path)).new.path)  # type: ignore[union-attr]
    path.with_name("id_deploy.pub").unlink()
    path.unlink()
    path.symlink_to("id_deploy.replaced")
    state = machine_keys.look(str(path))
    assert (state.phase, usable(path), number(state.new), [number(one) for one in state.old]) == (MADE, 1, 2, [1])
    rotate(path, 9)
    assert (usable(path), len(names(path))) == (2, 4)


def test_the_date_of_the_name_or_the_comment_counts_where_it_is_earlier(path: pathlib.Path) -> None:
    lay(path, 1, "deploy 2019-01-31")
    assert machine_keys.look(str(path)).born == datetime.date(2019, 1, 31)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda path: path.write_text(key(1, b"aes256-ctr")[0]), "has a passphrase"),
        (lambda path: path.write_text("hello"), "no private key that could be read"),
        (lambda path: path.unlink(), "no private key that could be read"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "no private key that could be read"),
        (lambda path: (path.rename(f"{path}.mine"), path.symlink_to(f"{path}.mine")), "which no rotation made"),
    ],
)
def test_what_is_no_key_of_a_program_is_refused(
    path: pathlib.Path, change: t.Callable[[pathlib.Path], None], why: str
) -> None:
    change(path)
    with pytest.raises(RotationError, match=why):
        machine_keys.look(str(path))


def test_a_key_that_somebody_put_there_since_is_not_replaced_by_an_older_one(path: pathlib.Path) -> None:
    rotate(path, 2)
    path.unlink()
    lay(path, 3)
    os.utime(path, (4_000_000_000, 4_000_000_000))
    with pytest.raises(RotationError, match=r"was written after .*id_deploy-2026-11-29"):
        machine_keys.look(str(path))


def test_a_public_half_of_another_key_does_not_count(path: pathlib.Path) -> None:
    path.with_name("id_deploy.pub").write_text(f"{key(7)[1]} somebody else\n", encoding="utf-8")
    found = machine_keys.look(str(path)).current
    assert (number(found), found.comment) == (1, "")


def test_where_ssh_keygen_fails_nothing_is_left(path: pathlib.Path) -> None:
    before = names(path)
    with pytest.raises(RotationError, match="no entropy"):
        machine_keys.make(
            str(path), name="x", kind="rsa", today=TODAY, run=lambda argv: Completed(1, "", "no entropy\n")
        )
    assert names(path) == before


def test_paths_are_below_the_home() -> None:
    account = pwd.struct_passwd(("ci", "x", 1000, 1000, "", "/home/ci", "/bin/sh"))
    assert machine_keys.locate(account, ".ssh/id") == "/home/ci/.ssh/id"
    assert machine_keys.locate(account, "~/.ssh/id") == "/home/ci/.ssh/id"
    assert machine_keys.locate(account, "/etc/app/id") == "/etc/app/id"


# Rights

root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NOBODY = pwd.getpwnam("nobody")


@root
def test_another_account_acts_with_its_own_rights_alone(tmp_path: pathlib.Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    secret.chmod(0o600)
    seen = acting_as("nobody", lambda account: [os.getuid(), os.geteuid(), os.getgid(), os.environ["HOME"]])
    assert seen == [NOBODY.pw_uid, NOBODY.pw_uid, NOBODY.pw_gid, NOBODY.pw_dir]
    with pytest.raises(RotationError, match="PermissionError"):
        acting_as("nobody", lambda account: secret.read_text(encoding="utf-8"))
    with pytest.raises(RotationError, match="PermissionError"):
        acting_as("nobody", lambda account: os.setuid(0))
    assert os.geteuid() == 0


@root
def test_what_goes_wrong_there_is_said_here() -> None:
    def refuse(account: pwd.struct_passwd) -> t.NoReturn:
        raise RotationError("no such key")

    with pytest.raises(RotationError, match=r"^no such key$"):
        acting_as("nobody", refuse)
    with pytest.raises(RotationError, match="there is no account ghost here"):
        acting_as("ghost", refuse)


def test_whoever_runs_it_needs_no_other_process() -> None:
    assert acting_as("", lambda account: os.getpid()) == os.getpid()
