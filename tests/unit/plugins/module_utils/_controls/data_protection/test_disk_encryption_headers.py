# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a header is changed, and when not: whoever loses one, or whose boot loader cannot read it, is locked out for good."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.disk_encryption import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.luks_headers import (
    BackUpHeader,
    StrengthenHeader,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.tests.unit.blocktree import (
    BlockTree,
    PlayedCryptsetup,
    cheap_luks1,
    luks,
    with_uuid,
)

UUID = "0a1b2c3d-0000-4000-8000-00000000beef"
LINK = f"/dev/disk/by-uuid/{UUID}"
FOLDER = "/srv/headers"
PASSPHRASE = "battery staple"
CHEAP = luks("luks2-pbkdf2-cheap")


class Laptop:
    """One whose /dev/sda4 is a data device with this header: open (as data_crypt, on /data) or closed."""

    def __init__(self, root: pathlib.Path) -> None:
        self.tree = BlockTree(root).laptop()
        self.tree.write("/usr/sbin/cryptsetup", "")
        (root / "usr/sbin/cryptsetup").chmod(0o755)
        self.cryptsetup = PlayedCryptsetup(self.tree)
        self.options: dict[str, t.Any] = {
            "physically_secure": "false",
            "give_up_hibernation": False,
            "luks_backup_folder": FOLDER,
            "luks_passphrases": {"/dev/sda4": PASSPHRASE},
        }

    def has(self, header: bytes, *, opened: bool = False) -> Laptop:
        self.tree.write("/dev/sda4", with_uuid(header, UUID))
        self.tree.udev("8:4", LINK[len("/dev/") :], ID_FS_TYPE="crypto_LUKS")
        if opened:
            version = header[7]
            self.tree.mapped("dm-1", "253:1", f"CRYPT-LUKS{version}-x-data_crypt", "data_crypt", "sda4")
            self.tree.mount("253:1", "/data", "ext4", "/dev/mapper/data_crypt")
        return self

    def assess(self) -> dict[tuple[str, str], Finding]:
        host = Host(root=str(self.tree.root), runner=self.cryptsetup)
        return {finding.key: finding for finding in CONTROL.assess(host, self.options)}

    def strength(self) -> Finding:
        return self.assess()[("header_strength", "/dev/sda4")]


@pytest.fixture
def laptop(tmp_path: pathlib.Path) -> Laptop:
    return Laptop(tmp_path)


@pytest.mark.parametrize(
    ("header", "opened", "convert"), [(CHEAP, True, False), (CHEAP, False, False), (cheap_luks1(), False, True)]
)
def test_a_cheap_keyslot_is_raised_between_two_backups(
    laptop: Laptop, header: bytes, opened: bool, convert: bool
) -> None:
    findings = laptop.has(header, opened=opened).assess()
    before, stronger, after = findings[("header_strength", "/dev/sda4")].fix
    assert before == after == BackUpHeader(LINK, UUID, FOLDER)
    assert isinstance(stronger, StrengthenHeader)
    assert (stronger.convert, stronger.slots, stronger.passphrase) == (convert, (0,), "/dev/sda4")
    assert findings[("header_backup", "/dev/sda4")].fix == (before, stronger, after)
    assert PASSPHRASE not in repr(findings)


def in_use(laptop: Laptop) -> None:
    laptop.has(cheap_luks1(), opened=True)


def boot_on_it(laptop: Laptop) -> None:
    laptop.has(CHEAP, opened=True).tree.mount("253:1", "/boot", "ext4", "/dev/mapper/data_crypt")
    laptop.tree.write("/boot/grub/grub.cfg", "")


def folder_in_clear(laptop: Laptop) -> None:
    laptop.tree.device("sdb", "8:16")
    laptop.tree.mount("8:16", "/srv", "ext4", "/dev/sdb")


def folder_of_others(laptop: Laptop) -> None:
    laptop.tree.write(f"{FOLDER}/x", "")
    (laptop.tree.root / FOLDER[1:]).chmod(0o777)


def a_copy_of_the_disk(laptop: Laptop) -> None:
    laptop.tree.udev("8:3", LINK[len("/dev/") :], ID_FS_TYPE="crypto_LUKS")


def damaged(laptop: Laptop) -> None:
    data = bytearray(with_uuid(CHEAP, UUID))
    data[16384 + 5000] ^= 1
    laptop.tree.write("/dev/sda4", bytes(data))


def another_passphrase(laptop: Laptop) -> None:
    laptop.options["luks_passphrases"] = {"UUID=" + UUID: "guessed"}


def no_cryptsetup(laptop: Laptop) -> None:
    (laptop.tree.root / "usr/sbin/cryptsetup").unlink()


def no_folder(laptop: Laptop) -> None:
    laptop.options["luks_backup_folder"] = None


@pytest.mark.parametrize(
    ("lay", "why"),
    [
        (in_use, "only what is closed can become LUKS2"),
        (boot_on_it, "GRUB reads no keyslot with argon2id"),
        (folder_in_clear, "lies in clear on /dev/sdb"),
        (folder_of_others, "others can write into"),
        (a_copy_of_the_disk, "a disk and its copy"),
        (damaged, "one copy of its header is damaged"),
        (another_passphrase, "opens none of the weak keyslots"),
        (no_cryptsetup, "cryptsetup is not installed"),
        (no_folder, "no folder for that is declared"),
    ],
)
def test_where_anything_is_in_doubt_it_is_left_alone(laptop: Laptop, lay: t.Callable[[Laptop], None], why: str) -> None:
    laptop.has(CHEAP)
    lay(laptop)
    finding = laptop.strength()
    assert finding.status == "fail" and finding.fix == ()
    assert f"not fixed: {why}" in finding.message or why in finding.message.partition("not fixed: ")[2]
    assert "luksConvertKey" in finding.remedy


def test_without_a_passphrase_the_steps_are_told_and_no_more(laptop: Laptop) -> None:
    laptop.options["luks_passphrases"] = {"/dev/sda3": PASSPHRASE}
    finding = laptop.has(CHEAP).strength()
    assert finding.fix == () and "not fixed" not in finding.message
    assert laptop.cryptsetup.calls == []


def test_grub_may_lie_elsewhere(laptop: Laptop) -> None:
    laptop.has(CHEAP, opened=True).tree.write("/boot/grub/grub.cfg", "")
    assert laptop.strength().fix


@pytest.mark.parametrize("named", ["/dev/sda4", LINK, f"UUID={UUID}"])
def test_a_device_may_be_named_by_any_path(laptop: Laptop, named: str) -> None:
    laptop.options["luks_passphrases"] = {named: PASSPHRASE}
    assert laptop.has(CHEAP).strength().fix


def test_what_lies_on_luks1_is_closed_from_the_top_down(laptop: Laptop) -> None:
    tree = laptop.has(cheap_luks1(), opened=True).tree
    tree.mapped("dm-2", "253:2", "LVM-x", "vg--safe-a", "dm-1")
    tree.mapped("dm-3", "253:3", "LVM-y", "vg--safe-swap", "dm-1")
    for number in ("253:2", "253:3"):
        tree.udev(number, DM_VG_NAME="vg-safe")
    tree.mount("253:2", "/data/in side", "ext4", "/dev/mapper/vg--safe-a")
    tree.swap("/dev/dm-3")
    steps = [line.partition(". ")[2] for line in laptop.strength().remedy.splitlines()]
    assert steps[1:7] == [
        "umount '/data/in side'",
        "umount /data",
        "swapoff /dev/dm-3",
        "vgchange --activate n vg-safe",
        "cryptsetup close data_crypt",
        "cryptsetup convert --type luks2 /dev/sda4",
    ]


# Backups


def keep(laptop: Laptop, name: str, data: bytes, mode: int = 0o600) -> None:
    laptop.tree.write(f"{FOLDER}/{name}", data)
    (laptop.tree.root / FOLDER[1:] / name).chmod(mode)


def kept_as(data: bytes) -> str:
    from ansible_collections.infosec.principles.plugins.module_utils._engine.luks_headers import state

    now = state(data)
    assert now
    return now.file_name


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (lambda data: (kept_as(data), data, 0o600), "pass", "its header is kept"),
        (lambda data: (kept_as(data), data, 0o640), "fail", "others than root can read"),
        (lambda data: (kept_as(data), bytes(4096), 0o600), "fail", "is not the header that its name says"),
        (lambda data: (f"{UUID}-0.luks", data, 0o600), "fail", "has no backup of its header as it is now"),
    ],
)
def test_a_backup_is_one_of_the_header_as_it_is(
    laptop: Laptop, change: t.Callable[[bytes], tuple[str, bytes, int]], status: str, words: str
) -> None:
    data = with_uuid(luks("luks2-argon2id"), UUID)
    laptop.has(luks("luks2-argon2id"))
    keep(laptop, *change(data))
    finding = laptop.assess()[("header_backup", "/dev/sda4")]
    assert (finding.status, words in finding.message) == (status, True)
    assert bool(finding.fix) == (status == "fail" and "is not the header" not in words)


def test_old_backups_and_such_on_the_device_itself_are_named(laptop: Laptop) -> None:
    data = with_uuid(luks("luks2-argon2id"), UUID)
    laptop.has(luks("luks2-argon2id"), opened=True).tree.mount("253:1", "/srv", "ext4", "/dev/mapper/data_crypt")
    keep(laptop, kept_as(data), data)
    keep(laptop, f"{UUID}-0.luks", CHEAP)
    message = laptop.assess()[("header_backup", "/dev/sda4")].message
    assert "1 older there" in message and "on this very device" in message


def test_no_backup_is_asked_for_where_none_is_declared(laptop: Laptop) -> None:
    laptop.options["luks_backup_folder"] = None
    findings = laptop.has(luks("luks2-argon2id")).assess()
    assert findings[("header_backup", "/dev/sda4")].status == "not_applicable"
