# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of LUKS headers, by the real cryptsetup on files where it is there, and by a played one where it must fail."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import luks_headers
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    ChangeError,
    NothingDone,
    dump,
    load,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.luks_headers import (
    BackUpHeader,
    StrengthenHeader,
    state,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import luks as luks_format
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.tests.unit.blocktree import (
    BlockTree,
    PlayedCryptsetup,
    cheap_luks1,
    luks,
    with_uuid,
)

UUID = "0a1b2c3d-0000-4000-8000-00000000beef"
DEVICE, FOLDER = "/dev/sda4", "/srv/headers"
PASSPHRASE = "battery staple"


class Played:
    """A device with a LUKS1 header of one cheap keyslot, and the host that has it."""

    def __init__(self, root: pathlib.Path) -> None:
        self.tree = BlockTree(root)
        self.tree.write(DEVICE, with_uuid(cheap_luks1(), UUID))
        self.cryptsetup = PlayedCryptsetup(self.tree)
        self.host = Host(root=str(root), runner=self.cryptsetup)
        self.host.secrets = {luks_headers.PASSPHRASES: {DEVICE: PASSPHRASE}}

    @property
    def device(self) -> bytes:
        return (self.tree.root / DEVICE[1:]).read_bytes()

    @property
    def folder(self) -> pathlib.Path:
        return self.tree.root / FOLDER[1:]

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    def strengthen(self) -> StrengthenHeader:
        now = state(self.device)
        assert now
        backup = f"{FOLDER}/{now.file_name}"
        return StrengthenHeader(DEVICE, now.uuid, now.digest, backup, True, (0,), DEVICE, 65536, 3)


@pytest.fixture
def played(tmp_path: pathlib.Path) -> Played:
    return Played(tmp_path)


KEEP = BackUpHeader(DEVICE, UUID, FOLDER)


@pytest.mark.parametrize("name", ["luks1-xts", "luks2-argon2id", "luks2-big-header"])
def test_the_state_is_that_of_the_header_and_no_more(name: str) -> None:
    data = luks(name)
    now = state(data + b"key material")
    assert now == state(data) and now
    assert now.uuid == luks_format.parse(data).uuid
    assert state(with_uuid(data, UUID)) != now
    changed = bytearray(data)
    changed[300 if name.startswith("luks1") else 5000] ^= 1
    assert state(bytes(changed)) != now


@pytest.mark.parametrize("data", [b"", b"LUKS", bytes(4096), luks("luks2-argon2id")[:20000], luks("luks1-xts")[:400]])
def test_what_is_no_header_has_no_state(data: bytes) -> None:
    assert state(data) is None


def test_a_uuid_that_leads_elsewhere_names_no_file() -> None:
    assert state(with_uuid(luks("luks1-xts"), "../../etc/shadow")) is None


def test_a_backup_is_for_root_alone_and_made_once(played: Played) -> None:
    captured = KEEP.capture(played.host)
    KEEP.apply(played.host, tag="t")
    (name,) = played.names()
    now = state(played.device)
    assert now and name == now.file_name
    assert (played.folder / name).read_bytes() == played.device
    assert [path.stat().st_mode & 0o777 for path in (played.folder, played.folder / name)] == [0o700, 0o600]
    KEEP.apply(played.host, tag="t")
    assert len(played.cryptsetup.calls) == 1
    KEEP.revert(played.host, captured, tag="t")
    assert not played.folder.exists()


def test_what_was_there_before_stays(played: Played) -> None:
    KEEP.apply(played.host, tag="t")
    KEEP.revert(played.host, KEEP.capture(played.host), tag="t")
    assert len(played.names()) == 1


def test_no_backup_of_another_device(played: Played) -> None:
    played.tree.write(DEVICE, luks("luks1-xts"))
    with pytest.raises(NothingDone, match="no LUKS header"):
        KEEP.apply(played.host, tag="t")


def test_a_backup_that_is_not_the_header_is_not_kept(played: Played) -> None:
    real = played.cryptsetup

    def lying(argv: t.Sequence[str], stdin: str | None, timeout: float) -> t.Any:
        done = real(argv, stdin)
        pathlib.Path(argv[-1]).write_bytes(bytes(4096))
        return done

    host = Host(root=str(played.tree.root), runner=lying)
    with pytest.raises(ChangeError, match="changed while it was copied"):
        KEEP.apply(host, tag="t")
    assert played.names() == []


def test_it_is_converted_raised_and_put_back(played: Played) -> None:
    first, change = played.device, played.strengthen()
    KEEP.apply(played.host, tag="1")
    change.apply(played.host, tag="2")
    assert luks_format.parse(played.device).version == 2
    assert change.conflict(played.host) != ""
    KEEP.apply(played.host, tag="3")
    assert change.conflict(played.host) == ""
    change.revert(played.host, {}, tag="2")
    assert played.device == first
    change.revert(played.host, {}, tag="2")


def test_the_passphrase_goes_by_stdin_alone(played: Played) -> None:
    change = played.strengthen()
    KEEP.apply(played.host, tag="1")
    change.apply(played.host, tag="2")
    assert PASSPHRASE not in repr(played.cryptsetup.calls)
    assert PASSPHRASE not in repr([change.describe(), change.diff(), dump(change)])
    assert load(dump(change)) == change


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda played: played.tree.write(DEVICE, with_uuid(luks("luks1-xts"), UUID)), "not what was planned"),
        (lambda played: shutil.rmtree(played.folder), "not what was planned"),
        (lambda played: played.host.secrets.clear(), "was not given"),
        (lambda played: played.host.secrets.update({luks_headers.PASSPHRASES: {DEVICE: "wrong"}}), "No key available"),
    ],
)
def test_where_anything_is_in_doubt_nothing_is_done(
    played: Played, spoil: t.Callable[[Played], t.Any], reason: str
) -> None:
    change = played.strengthen()
    KEEP.apply(played.host, tag="1")
    spoil(played)
    first = played.device
    with pytest.raises(NothingDone, match=reason):
        change.apply(played.host, tag="2")
    assert played.device == first


def test_what_cryptsetup_says_is_told_without_the_passphrase(played: Played) -> None:
    change = played.strengthen()
    KEEP.apply(played.host, tag="1")
    played.cryptsetup.fail = "luksConvertKey"
    with pytest.raises(ChangeError) as caught:
        change.apply(played.host, tag="2")
    assert "********" in str(caught.value)
    assert PASSPHRASE not in str(caught.value)
    change.revert(played.host, {}, tag="2")
    assert luks_format.parse(played.device).version == 1


def test_what_a_slow_machine_finds_bearable_is_no_less_than_asked_for(played: Played) -> None:
    played.cryptsetup.stronger = "luks2-argon2i-small"
    change = played.strengthen()
    KEEP.apply(played.host, tag="1")
    change.apply(played.host, tag="2")
    raised = [call for call in played.cryptsetup.calls if "luksConvertKey" in call]
    assert len(raised) == 2
    assert raised[1][5:9] == ("--pbkdf-memory", "65536", "--pbkdf-force-iterations", "4")


def test_a_header_is_never_put_on_another_device(played: Played) -> None:
    change = played.strengthen()
    KEEP.apply(played.host, tag="1")
    other = luks("luks2-argon2id")
    played.tree.write(DEVICE, other)
    with pytest.raises(ChangeError, match="for the right device: cryptsetup luksHeaderRestore"):
        change.revert(played.host, {}, tag="2", force=True)
    assert played.device == other


def test_a_backup_that_was_exchanged_is_not_put_back(played: Played) -> None:
    change = played.strengthen()
    KEEP.apply(played.host, tag="1")
    change.apply(played.host, tag="2")
    now = played.device
    (played.folder / played.names()[0]).write_bytes(luks("luks1-xts"))
    with pytest.raises(ChangeError, match="is not the backup that was made"):
        change.revert(played.host, {}, tag="2")
    assert played.device == now


def cryptsetup() -> str:
    """Its path. On a workstation the test is skipped without it; under CI it has to be there."""
    found = shutil.which("cryptsetup", path="/usr/sbin:/sbin:/usr/bin")
    if found is None and not os.environ.get("CI"):
        pytest.skip("cryptsetup is not installed (Debian: apt-get install cryptsetup-bin)")
    assert found, "cryptsetup is not installed"
    return found


def test_the_real_cryptsetup(tmp_path: pathlib.Path) -> None:
    device, folder = tmp_path / "device", tmp_path / "headers"
    with device.open("wb") as stream:
        stream.truncate(20 * 1024 * 1024)
    options = ("--type", "luks1", "--uuid", UUID, "--pbkdf-force-iterations", "1000", "--key-file", "-")
    subprocess.run(
        [cryptsetup(), "luksFormat", "-q", *options, str(device)], input=PASSPHRASE.encode(), check=True, timeout=60
    )
    first = device.read_bytes()
    now = state(first)
    assert now
    host = Host()
    host.secrets = {luks_headers.PASSPHRASES: {"it": PASSPHRASE}}
    keep = BackUpHeader(str(device), UUID, str(folder))
    change = StrengthenHeader(str(device), UUID, now.digest, f"{folder}/{now.file_name}", True, (0,), "it", 65536, 3)
    keep.apply(host, tag="1")
    change.apply(host, tag="2")
    keep.apply(host, tag="3")
    header = luks_format.parse(device.read_bytes())
    kdf = header.keyslots[0].kdf
    assert (header.version, header.uuid, kdf.name) == (2, UUID, "argon2id")
    assert kdf.memory >= 65536 and kdf.cost >= 3
    assert len(list(folder.iterdir())) == 2
    change.revert(host, {}, tag="2")
    assert device.read_bytes()[:592] == first[:592]
    again = [cryptsetup(), "open", "--test-passphrase", "--key-file", "-", str(device)]
    subprocess.run(again, input=PASSPHRASE.encode(), check=True, timeout=60)
