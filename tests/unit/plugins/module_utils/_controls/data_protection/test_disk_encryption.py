# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control says of whole machines."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.disk_encryption import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, NeedsRoot
from ansible_collections.infosec.principles.tests.unit.blocktree import BlockTree, luks

UNSAFE = {
    "physically_secure": "false",
    "give_up_hibernation": False,
    "luks_backup_folder": None,
    "luks_passphrases": None,
}


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> BlockTree:
    return BlockTree(tmp_path)


def assess(tree: BlockTree, **options: t.Any) -> dict[tuple[str, str], Finding]:
    findings = list(CONTROL.assess(Host(root=str(tree.root)), {**UNSAFE, **options}))
    keyed = {finding.key: finding for finding in findings}
    assert len(keyed) == len(findings), "two findings of one rule on one subject"
    return keyed


def statuses(findings: t.Mapping[tuple[str, str], Finding], rule: str) -> dict[str, str]:
    return {subject: finding.status for (name, subject), finding in findings.items() if name == rule}


def test_the_recorded_machine(tree: BlockTree) -> None:
    tree.play("linux-6.1-debian12-stacks")
    findings = assess(tree)
    assert statuses(findings, "filesystem") == {
        "/": "fail",
        "/home2": "pass",
        "/srv/plain": "fail",
        "/srv/upper": "pass",
        "/srv/a b": "pass",
        "/srv/btrfs": "fail",
        "/srv/inner": "pass",
        "/srv/pc": "pass",
    }
    assert statuses(findings, "swap") == {
        "/dev/vdb1": "fail",
        "/dev/mapper/vg--safe-swap": "pass",
        "/dev/mapper/vg0-swap": "fail",
        "/swapfile": "fail",
        "/dev/zram0": "not_applicable",
    }
    assert statuses(findings, "header_strength") == {
        "/dev/loop0": "pass",
        "/dev/loop4": "pass",
        "/dev/loop7": "pass",
        "/dev/md0": "pass",
        "/dev/mapper/vg0-lower": "fail",
        # Closed, and recorded when nobody asked for its header.
        "/dev/vdb2": "not_assessed",
    }


def test_the_virtual_machine(tree: BlockTree) -> None:
    """As tests/vm sees it for real; LUKS1 was still open."""
    tree.play("linux-6.1-debian12-vm")
    findings = assess(tree, luks_backup_folder="/root/headers", luks_passphrases={"/dev/vdb4": "x", "/dev/vdb5": "x"})
    assert {f"{rule} {subject}": finding.status for (rule, subject), finding in findings.items()} == {
        "filesystem /": "pass",
        "filesystem /boot": "not_applicable",
        "filesystem /srv/cheap": "pass",
        "filesystem /srv/lvm": "pass",
        "filesystem /srv/old": "pass",
        "filesystem /srv/plain": "fail",
        "header_backup /dev/vda2": "fail",
        "header_backup /dev/vdb2": "fail",
        "header_backup /dev/vdb4": "fail",
        "header_backup /dev/vdb5": "fail",
        "header_strength /dev/vda2": "pass",
        "header_strength /dev/vdb2": "pass",
        "header_strength /dev/vdb4": "fail",
        "header_strength /dev/vdb5": "fail",
        "swap /dev/vdb1": "fail",
    }
    assert "umount /srv/lvm" not in findings[("header_strength", "/dev/vdb4")].remedy
    steps = [line.partition(". ")[2] for line in findings[("header_strength", "/dev/vdb4")].remedy.splitlines()]
    assert steps[1:4] == ["umount /srv/old", "cryptsetup close old_crypt", "cryptsetup convert --type luks2 /dev/vdb4"]


@pytest.mark.parametrize("recording", ["linux-6.1-debian12-stacks", "linux-6.1-debian12-vm"])
def test_recordings_hold_no_key_material(tree: BlockTree, recording: str) -> None:
    """It begins behind the headers (specifications of LUKS1 and LUKS2)."""
    tree.play(recording)
    heads = [path.read_bytes() for path in (tree.root / "dev").iterdir() if path.is_file() and not path.is_symlink()]
    headers = [head for head in heads if head.startswith(b"LUKS\xba\xbe")]
    assert headers
    for head in headers:
        sizes = {1: 592, 2: 2 * int.from_bytes(head[8:16], "big")}
        assert not head[sizes[head[7]] :].strip(b"\0")


@pytest.mark.parametrize(
    ("chassis", "option", "status"),
    [
        ("10", "auto", "fail"),
        ("3", "auto", "not_applicable"),
        (None, "auto", "not_assessed"),
        ("10", "true", "not_applicable"),
        ("3", "false", "fail"),
    ],
)
def test_only_machines_that_can_be_carried_away_have_to_encrypt(
    tree: BlockTree, chassis: str | None, option: str, status: str
) -> None:
    tree.laptop().swap_partition()
    tree.mount("8:4", "/home", "ext4", "/dev/sda4")
    (tree.root / "sys/class/dmi/id/chassis_type").unlink()
    if chassis:
        tree.write("/sys/class/dmi/id/chassis_type", f"{chassis}\n")
    findings = assess(tree, physically_secure=option)
    home, swap = ("this host", "this host") if status == "not_applicable" else ("/home", "/dev/sda4")
    assert findings[("filesystem", home)].status == status
    assert findings[("swap", swap)].status == status
    assert findings[("header_strength", "/dev/sda3")].status == "pass"
    assert bool(findings[("swap", swap)].fix) == (status == "fail")


def test_a_laptop_may_have_its_boot_files_in_clear(tree: BlockTree) -> None:
    findings = assess(tree.laptop())
    assert statuses(findings, "filesystem") == {"/": "pass", "/boot": "not_applicable", "/boot/efi": "not_applicable"}
    assert "Secure Boot" in findings[("filesystem", "/boot")].message


@pytest.mark.parametrize(
    ("kind", "point", "type_of_partition", "status"),
    [
        ("vfat", "/boot/efi", "", "not_applicable"),
        ("vfat", "/efi", "", "not_applicable"),
        ("vfat", "/boot/efi", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "fail"),
        ("vfat", "/media/stick", "", "fail"),
        ("ext4", "/boot/efi", "", "fail"),
        ("ext4", "/boot/data", "", "fail"),
    ],
)
def test_only_the_boot_files_are_excepted(
    tree: BlockTree, kind: str, point: str, type_of_partition: str, status: str
) -> None:
    tree.device("sda", "8:0")
    tree.partition("sda", "sda1", "8:1")
    tree.mount("8:1", point, kind, "/dev/sda1")
    if type_of_partition:
        tree.udev("8:1", ID_PART_ENTRY_TYPE=type_of_partition)
    assert statuses(assess(tree), "filesystem") == {point: status}


def test_bind_mounts_and_subvolumes_count_once(tree: BlockTree) -> None:
    tree.device("sda", "8:0")
    tree.mount("8:0", "/etc/hosts", "ext4", "/dev/sda", root="/hosts")
    tree.mount("8:0", "/data", "ext4", "/dev/sda")
    tree.mount("8:0", "/d", "ext4", "/dev/sda")
    tree.mount("0:30", "/home", "btrfs", "/dev/sda", root="/@home")
    tree.mount("0:30", "/", "btrfs", "/dev/sda", root="/@")
    assert statuses(assess(tree), "filesystem") == {"/": "fail", "/data": "fail"}


def test_a_container_is_sent_to_its_host(tree: BlockTree) -> None:
    tree.device("sda", "8:0")
    tree.mount("0:50", "/", "overlay", "overlay", options="rw,upperdir=/var/lib/docker/overlay2/1/diff")
    tree.mount("8:0", "/etc/resolv.conf", "ext4", "/dev/sda", root="/var/lib/docker/containers/1/resolv.conf")
    tree.mount("8:0", "/etc/hosts", "ext4", "/dev/sda", root="/var/lib/docker/containers/1/hosts")
    findings = assess(tree)
    assert statuses(findings, "filesystem") == {"/": "not_assessed", "/etc/resolv.conf": "fail"}
    assert "e2fsck" not in findings[("filesystem", "/etc/resolv.conf")].remedy


def test_what_lies_elsewhere_is_named_and_not_judged(tree: BlockTree) -> None:
    tree.mount("0:40", "/srv/nfs", "nfs4", "files:/export")
    tree.mount("0:41", "/srv/smb", "cifs", "//files/share")
    tree.mount("7:1", "/snap/core/1", "squashfs", "/dev/loop1")
    tree.mount("7:2", "/snap/core/2", "squashfs", "/dev/loop2")
    tree.mount("0:5", "/proc", "proc", "proc")
    tree.mount("0:6", "/run", "tmpfs", "tmpfs")
    findings = assess(tree)
    assert statuses(findings, "filesystem") == {
        "network file systems": "not_applicable",
        "read-only images": "not_applicable",
    }
    found = [evidence.found for evidence in findings[("filesystem", "network file systems")].evidence]
    assert found == ["nfs4 of files:/export at /srv/nfs", "cifs of //files/share at /srv/smb"]


@pytest.mark.parametrize(
    ("kind", "point", "status"),
    [
        ("zfs", "/tank", "not_assessed"),
        ("bcachefs", "/data", "not_assessed"),
        ("fuse.gocryptfs", "/home/a", "not_assessed"),
        ("fuse.lxcfs", "/var/lib/lxcfs", None),
        ("overlay", "/", "not_assessed"),
        ("overlay", "/var/lib/docker/overlay2/x/merged", None),
    ],
)
def test_what_cannot_be_traced_is_no_pass(tree: BlockTree, kind: str, point: str, status: str | None) -> None:
    tree.mount("0:50", point, kind, kind)
    expected = {point: status} if status else {"this host": "not_applicable"}
    assert statuses(assess(tree), "filesystem") == expected


def test_a_null_cipher_is_no_encryption(tree: BlockTree) -> None:
    tree.laptop().write("/dev/sda3", luks("luks2-null"))
    findings = assess(tree)
    assert findings[("filesystem", "/")].status == "fail"
    assert findings[("header_strength", "/dev/sda3")].status == "fail"


@pytest.mark.parametrize(
    ("row", "key", "status"),
    [
        ("data UUID=1 /clear/a\\040key luks", "/clear/a key", "fail"),
        ("data UUID=1 none luks", "/etc/cryptsetup-keys.d/data.key", "pass"),
        ("data UUID=1 /etc/key luks", "/etc/key", "pass"),
        ("data UUID=1 /clear/key luks,keyscript=/lib/x", "/clear/key", "pass"),
        ("data UUID=1 /dev/urandom swap", "/dev/urandom", "pass"),
        ("data UUID=1 /clear/missing luks", "/clear/key", "pass"),
        ("other UUID=1 /clear/key luks", "/clear/key", "pass"),
    ],
)
def test_a_key_that_lies_in_clear_opens_to_everybody(tree: BlockTree, row: str, key: str, status: str) -> None:
    """/etc lies on the encrypted root, /clear on a device in clear."""
    tree.laptop()
    tree.mapped("dm-1", "253:1", "CRYPT-LUKS2-1-data", "data", "sda4")
    tree.mount("253:1", "/data", "ext4", "/dev/mapper/data")
    tree.device("sdb", "8:16")
    tree.mount("8:16", "/clear", "ext4", "/dev/sdb")
    tree.write("/etc/crypttab", f"# comment\n{row}\n")
    tree.write(key, "secret")
    findings = assess(tree)
    assert findings[("filesystem", "/data")].status == status
    assert findings[("filesystem", "/")].status == "pass"
    assert ("/clear/a key on /dev/sdb" in findings[("filesystem", "/data")].message) == (status == "fail")


@pytest.mark.parametrize(
    ("pattern", "options", "status"),
    [
        ("/etc/keys/*.key", "luks,initramfs", "fail"),
        ("/etc/keys/*.key", "luks", "pass"),
        ("/etc/other/*", "luks,initramfs", "pass"),
        ("", "luks,initramfs", "pass"),
    ],
)
def test_a_key_that_the_initramfs_takes_to_a_boot_in_clear_opens_to_everybody(
    tree: BlockTree, pattern: str, options: str, status: str
) -> None:
    tree.laptop()
    tree.mapped("dm-1", "253:1", "CRYPT-LUKS2-1-data", "data", "sda4")
    tree.mount("253:1", "/data", "ext4", "/dev/mapper/data")
    tree.write("/etc/crypttab", f"data UUID=1 /etc/keys/data.key {options}\n")
    tree.write("/etc/keys/data.key", "secret")
    tree.write("/etc/cryptsetup-initramfs/conf-hook", f'#KEYFILE_PATTERN=\nKEYFILE_PATTERN="{pattern}"\n')
    finding = assess(tree)[("filesystem", "/data")]
    assert (finding.status, "the initramfs in /boot has" in finding.message) == (status, status == "fail")


def test_the_key_of_the_root_file_system_is_always_taken(tree: BlockTree) -> None:
    tree.laptop().write("/etc/crypttab", "root_crypt UUID=1 /etc/keys/root.key luks\n")
    tree.write("/etc/keys/root.key", "secret")
    tree.write("/etc/cryptsetup-initramfs/conf-hook", "KEYFILE_PATTERN=/etc/keys/*\n")
    assert assess(tree)[("filesystem", "/")].status == "fail"


def test_a_key_beneath_the_default_name_counts_too(tree: BlockTree) -> None:
    tree.device("sda", "8:0")
    tree.mount("8:0", "/", "ext4", "/dev/sda")
    tree.mapped("dm-1", "253:1", "CRYPT-LUKS2-1-data", "data", "sda")
    tree.mount("253:1", "/data", "ext4", "/dev/mapper/data")
    tree.write("/etc/crypttab", "data UUID=1 none luks\n")
    assert assess(tree)[("filesystem", "/data")].status == "pass"
    tree.write("/etc/cryptsetup-keys.d/data.key", "secret")
    assert assess(tree)[("filesystem", "/data")].status == "fail"


def test_zram_that_writes_to_a_disk_is_swap_on_that_disk(tree: BlockTree) -> None:
    tree.laptop()
    tree.device("zram0", "251:0")
    tree.swap("/dev/zram0")
    tree.write("/sys/block/zram0/backing_dev", "none\n")
    assert statuses(assess(tree), "swap") == {"/dev/zram0": "not_applicable"}
    tree.write("/sys/block/zram0/backing_dev", "/dev/sda4\n")
    assert statuses(assess(tree), "swap") == {"/dev/zram0": "fail"}


# Headers


def test_a_detached_header_is_not_assessed(tree: BlockTree) -> None:
    tree.laptop().write("/dev/sda3", b"\x17" * 70000)
    finding = assess(tree)[("header_strength", "/dev/sda3")]
    assert finding.status == "not_assessed"
    assert "detached" in finding.message


def test_a_damaged_copy_is_told(tree: BlockTree) -> None:
    tree.laptop().write("/dev/sda3", luks("luks2-damaged-first"))
    finding = assess(tree)[("header_strength", "/dev/sda3")]
    assert finding.status == "pass"
    assert "sequence 3, its checksum is wrong" in [evidence.found for evidence in finding.evidence]


class Ordinary(Host):
    """A host of a user who may not read devices."""

    @property
    def is_root(self) -> bool:
        return False

    def read_part(self, name: str, size: int) -> bytes:
        raise NeedsRoot(f"{name}: not readable by this user; run as root (become: true)")


def test_an_ordinary_user_sees_all_but_the_headers(tree: BlockTree) -> None:
    tree.laptop().swap_partition()
    findings = {finding.key: finding for finding in CONTROL.assess(Ordinary(root=str(tree.root)), UNSAFE)}
    assert findings[("filesystem", "/")].status == "pass"
    assert findings[("swap", "/dev/sda4")].status == "fail"
    assert "root" in findings[("swap", "/dev/sda4")].message
    header = findings[("header_strength", "/dev/sda3")]
    assert (header.status, "run as root" in header.message) == ("not_assessed", True)


def test_no_secret_leaves_the_host(tree: BlockTree) -> None:
    """Neither salts nor digests nor keys, in any form that luksDump or JSON have for them."""
    tree.laptop()
    told = repr(assess(tree))
    metadata = luks("luks2-argon2id")[4096:].split(b"\0", 1)[0].decode()
    secrets = [word for word in metadata.split('"') if len(word) >= 32]
    assert len(secrets) >= 3
    assert not [secret for secret in secrets if secret in told]


# What a person has to type


def test_steps_for_the_root_file_system(tree: BlockTree) -> None:
    tree.device("sda", "8:0", size="2097152")
    tree.mount("8:0", "/", "ext4", "/dev/sda")
    steps = assess(tree)[("filesystem", "/")].remedy.splitlines()
    assert steps[0].startswith("1. back up")
    assert "rescue system" in steps[1]
    assert steps[3] == f"4. resize2fs /dev/sda {2097152 // 2 - 32768}K"
    assert (
        steps[4] == "5. cryptsetup reencrypt --encrypt --type luks2 --pbkdf argon2id --reduce-device-size 32M /dev/sda"
    )


@pytest.mark.parametrize(
    ("kind", "first", "never"),
    [("ext4", "umount '/srv/a b'", "luksFormat"), ("xfs", "umount '/srv/a b'", "reencrypt")],
)
def test_steps_quote_names_and_know_what_cannot_shrink(tree: BlockTree, kind: str, first: str, never: str) -> None:
    tree.device("sda", "8:0")
    tree.mapped("dm-0", "253:0", "mpath-x", "vg-$(touch x)", "sda")
    tree.mount("253:0", "/srv/a b", kind, "/dev/mapper/x")
    steps = assess(tree)[("filesystem", "/srv/a b")].remedy
    assert first in steps
    assert "'/dev/mapper/vg-$(touch x)'" in steps
    assert " /dev/mapper/vg-$" not in steps
    assert never not in steps


def test_a_logical_volume_makes_room_for_a_file_system_that_cannot_shrink(tree: BlockTree) -> None:
    tree.device("sda", "8:0")
    tree.mapped("dm-0", "253:0", "LVM-x", "vg-home", "sda")
    tree.mount("253:0", "/home", "xfs", "/dev/mapper/vg-home")
    steps = [line.partition(". ")[2] for line in assess(tree)[("filesystem", "/home")].remedy.splitlines()]
    assert steps[1:5] == [
        "umount /home",
        "lvextend --size +32M /dev/mapper/vg-home   # room for the header, so that the file system keeps its size",
        "cryptsetup reencrypt --encrypt --type luks2 --pbkdf argon2id --reduce-device-size 32M /dev/mapper/vg-home",
        "cryptsetup open /dev/mapper/vg-home home_crypt",
    ]
    assert "resize" not in "".join(steps)


@pytest.mark.parametrize(
    ("program", "step"),
    [
        ("update-initramfs", "update-grub"),
        ("dracut", "grubby --update-kernel=ALL --args=rd.luks.uuid=$(cryptsetup luksUUID /dev/sda2)"),
        ("", "make the initramfs anew, with cryptsetup and /dev/sda2 in it, and let the boot loader know of it"),
    ],
)
@pytest.mark.parametrize("own_boot", [True, False])
def test_steps_for_root_are_those_of_its_layout_and_distribution(
    tree: BlockTree, program: str, step: str, own_boot: bool
) -> None:
    tree.device("sda", "8:0")
    for number in (1, 2):
        tree.partition("sda", f"sda{number}", f"8:{number}")
    tree.mount("0:30", "/", "btrfs", "/dev/sda2", root="/@")
    if own_boot:
        tree.mount("8:1", "/boot", "ext4", "/dev/sda1")
    if program:
        tree.write(f"/usr/sbin/{program}", "")
        (tree.root / "usr/sbin" / program).chmod(0o755)
    steps = [line.partition(". ")[2] for line in assess(tree)[("filesystem", "/")].remedy.splitlines()]
    assert step in steps
    assert "mount -o subvol=/@ /dev/mapper/root_crypt and all" in "\n".join(steps)
    assert any("make a partition for /boot" in line for line in steps) == (not own_boot)
    assert steps[-1] == "reboot"


def test_steps_for_a_weak_header(tree: BlockTree) -> None:
    tree.laptop().write("/dev/sda3", luks("luks1-cbc-essiv-sha1"))
    steps = assess(tree)[("header_strength", "/dev/sda3")].remedy
    assert "cryptsetup luksHeaderBackup --header-backup-file FILE /dev/sda3" in steps
    assert "cryptsetup convert --type luks2 /dev/sda3" in steps
    assert "cryptsetup luksConvertKey --pbkdf argon2id --key-slot 0 /dev/sda3" in steps
    assert "cryptsetup reencrypt --cipher aes-xts-plain64 --key-size 512 /dev/sda3" in steps
