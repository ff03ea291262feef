# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets go out of a file into credentials, and come back to the byte; nothing that is kept or told has one of them."""

from __future__ import annotations

import base64
import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine.assignments import FILE, UNIT
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    ChangeError,
    NothingDone,
    dump,
    load,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.seal import Seal, plan
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

PATH = "/etc/default/app"
FOLDER = "/etc/credstore.encrypted/infosec/app.service"
TEXT = "# mail \udcff\nSMTP_PASSWORD='m4il S3cret99'\nSMTP_HOST=mail\nTOKEN=tok3nAbc\n"
REST = "# mail \udcff\nSMTP_HOST=mail\n"


class Creds:
    """systemd-creds, played: backwards is as good as encrypted here."""

    def __init__(self) -> None:
        self.called: list[tuple[str, ...]] = []
        self.broken = ""

    def __call__(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        self.called.append(tuple(argv))
        if self.broken and self.broken in " ".join(argv):
            return Completed(1, "", f"failed on {stdin}")
        name = next(word for word in argv if word.startswith("--name="))
        if argv[1] == "encrypt":
            return Completed(0, base64.b64encode(f"{name}\0{stdin}".encode()[::-1]).decode() + "\n", "")
        text = pathlib.Path(argv[-2]).read_text(encoding="ascii")
        found, _zero, value = base64.b64decode(text)[::-1].decode().partition("\0")
        return Completed(0, value, "") if found == name else Completed(1, "", "wrong name")


@pytest.fixture
def creds() -> Creds:
    return Creds()


@pytest.fixture
def host(tmp_path: pathlib.Path, creds: Creds) -> Host:
    path = tmp_path / "etc/default/app"
    path.parent.mkdir(parents=True)
    path.write_bytes(TEXT.encode("utf-8", "surrogateescape"))
    path.chmod(0o640)
    return Host(root=str(tmp_path), runner=creds)


def planned(host: Host) -> Seal:
    return plan(host, PATH, FILE, ["SMTP_PASSWORD", "TOKEN"], folder=FOLDER, copy=f"{FOLDER}/1.copy")


def text(host: Host) -> str:
    return pathlib.Path(host.path(PATH)).read_bytes().decode("utf-8", "surrogateescape")


def everything(host: Host) -> bytes:
    return b"".join(path.read_bytes() for path in pathlib.Path(host.root).rglob("*") if path.is_file())


def test_it_seals_and_brings_back_every_byte(host: Host, creds: Creds) -> None:
    change = planned(host)
    captured = json.loads(json.dumps(change.capture(host)))
    change.apply(host, tag="t")
    assert text(host) == REST and b"S3cret" not in everything(host) and b"tok3n" not in everything(host)
    folder = pathlib.Path(host.path(FOLDER))
    assert {path.name for path in folder.iterdir()} == {"1.copy", "infosec.env.SMTP_PASSWORD", "infosec.env.TOKEN"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    assert not change.conflict(host)
    again = load(json.loads(json.dumps(dump(change))))
    again.revert(host, captured, tag="t")
    assert text(host) == TEXT and pathlib.Path(host.path(PATH)).stat().st_mode & 0o777 == 0o640
    assert not pathlib.Path(host.path("/etc/credstore.encrypted")).exists()


def test_nothing_that_is_kept_told_or_run_has_a_secret(host: Host, creds: Creds) -> None:
    change = planned(host)
    captured = change.capture(host)
    change.apply(host, tag="t")
    told = json.dumps([dump(change), change.diff(), change.describe(), captured, creds.called])
    assert "S3cret" not in told and "tok3n" not in told


def test_a_second_call_does_nothing(host: Host, creds: Creds) -> None:
    change = planned(host)
    change.apply(host, tag="t")
    before, count = everything(host), len(creds.called)
    change.apply(host, tag="t")
    assert everything(host) == before and len(creds.called) == count


def test_a_file_that_changed_since_the_plan_is_left(host: Host) -> None:
    change = planned(host)
    pathlib.Path(host.path(PATH)).write_text("OTHER=1\nTOKEN=x\n", encoding="utf-8")
    with pytest.raises(NothingDone, match="changed between the plan and the act"):
        change.apply(host, tag="t")
    assert not pathlib.Path(host.path(FOLDER)).exists()


def test_where_it_cannot_encrypt_nothing_is_done_and_nothing_quoted(host: Host, creds: Creds) -> None:
    creds.broken = "TOKEN"
    with pytest.raises(NothingDone) as raised:
        planned(host).apply(host, tag="t")
    assert "S3cret" not in str(raised.value) and "tok3n" not in str(raised.value)
    assert text(host) == TEXT and not pathlib.Path(host.path(FOLDER)).exists()


def test_a_run_that_was_killed_between_the_credentials_and_the_file_is_taken_back(host: Host) -> None:
    change = planned(host)
    captured = change.capture(host)
    change.apply(host, tag="t")
    pathlib.Path(host.path(PATH)).write_bytes(TEXT.encode("utf-8", "surrogateescape"))
    assert not change.conflict(host)
    change.revert(host, captured, tag="t")
    assert text(host) == TEXT and not pathlib.Path(host.path(FOLDER)).exists()


def test_taking_back_what_was_never_begun_leaves_the_file(host: Host) -> None:
    change = planned(host)
    change.revert(host, change.capture(host), tag="t")
    assert text(host) == TEXT


def test_somebodys_later_work_is_a_conflict_and_force_brings_the_first_state(host: Host) -> None:
    change = planned(host)
    captured = change.capture(host)
    change.apply(host, tag="t")
    pathlib.Path(host.path(PATH)).write_text(REST.encode("utf-8", "ignore").decode() + "NEW=1\n", encoding="utf-8")
    with pytest.raises(ChangeError, match="somebody changed it since"):
        change.revert(host, captured, tag="t")
    change.revert(host, captured, tag="t", force=True)
    assert text(host) == TEXT


def test_what_cannot_be_decrypted_stays_where_it_is(host: Host, creds: Creds) -> None:
    change = planned(host)
    captured = change.capture(host)
    change.apply(host, tag="t")
    creds.broken = "decrypt"
    with pytest.raises(ChangeError, match="cannot decrypt"):
        change.revert(host, captured, tag="t")
    assert pathlib.Path(host.path(f"{FOLDER}/1.copy")).exists() and text(host) == REST


def test_what_is_not_there_cannot_be_planned(host: Host) -> None:
    with pytest.raises(ChangeError, match="OTHER is not there"):
        plan(host, PATH, FILE, ["OTHER"], folder=FOLDER, copy=f"{FOLDER}/1.copy")
    with pytest.raises(ChangeError, match="not there"):
        plan(host, "/etc/none", UNIT, ["A"], folder=FOLDER, copy=f"{FOLDER}/1.copy")
