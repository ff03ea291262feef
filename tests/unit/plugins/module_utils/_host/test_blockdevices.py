# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tracing, on a recorded machine with most stacks that there are, and on built ones for the rest."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host import chassis
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.tests.unit.blocktree import BlockTree


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> BlockTree:
    return BlockTree(tmp_path)


def host(tree: BlockTree) -> Host:
    return Host(root=str(tree.root))


def mount_at(host: Host, point: str) -> block.Mount:
    return next(mount for mount in host.once(block.mounts) if mount.point == point)


LOOP = " (loop) on /dev/vda"


@pytest.mark.parametrize(
    ("point", "verdict", "layers", "crypts"),
    [
        ("/", "clear", "/dev/vda", []),
        (
            "/home2",
            "encrypted",
            f"/dev/mapper/vg--safe-home (LVM) on /dev/mapper/pv_crypt (LUKS2) on /dev/loop0{LOOP}",
            ["pv_crypt"],
        ),
        ("/srv/plain", "clear", f"/dev/mapper/vg0-plain (LVM) on /dev/loop1{LOOP}", []),
        (
            "/srv/upper",
            "encrypted",
            f"/dev/mapper/upper (LUKS1) on /dev/mapper/vg0-lower (LVM) on /dev/loop1{LOOP}",
            ["upper"],
        ),
        (
            "/srv/a b",
            "encrypted",
            f"/dev/mapper/raid_crypt (LUKS2) on /dev/md0 (RAID) on /dev/loop2{LOOP} + /dev/loop3{LOOP}",
            ["raid_crypt"],
        ),
        (
            "/srv/btrfs",
            "clear",
            f"/dev/mapper/b_crypt (LUKS2) on /dev/loop4{LOOP} + /dev/loop5{LOOP}",
            ["b_crypt"],
        ),
        (
            "/srv/inner",
            "encrypted",
            "/dev/loop8 (loop) on /dev/mapper/vg--safe-home (LVM) on /dev/mapper/pv_crypt (LUKS2) on /dev/loop0" + LOOP,
            ["pv_crypt"],
        ),
        ("/srv/pc", "encrypted", f"/dev/mapper/plain_crypt (plain dm-crypt) on /dev/loop6{LOOP}", ["plain_crypt"]),
    ],
)
def test_traces_what_was_recorded(tree: BlockTree, point: str, verdict: str, layers: str, crypts: list[str]) -> None:
    tree.play("linux-6.1-debian12-stacks")
    seen = host(tree)
    trace = block.trace(seen, block.members(seen, mount_at(seen, point)))
    assert (trace.verdict, trace.layers, [crypt.mapped for crypt in trace.crypts]) == (verdict, layers, crypts)


def test_finds_the_header_beneath_integrity(tree: BlockTree) -> None:
    tree.play("linux-6.1-debian12-stacks")
    seen = host(tree)
    crypt = next(found for found in block.mapped_devices(seen) if found.mapped == "int_crypt")
    below = block.header_device(seen, crypt)
    assert below
    assert below.path == "/dev/loop7"


def test_swap_is_read_as_the_kernel_writes_it(tree: BlockTree) -> None:
    tree.play("linux-6.1-debian12-stacks")
    swaps = block.swaps(host(tree))
    assert [(swap.path, swap.kind, swap.priority) for swap in swaps] == [
        ("/dev/vdb1", "partition", 7),
        ("/dev/dm-2", "partition", -2),
        ("/dev/dm-4", "partition", 3),
        ("/swapfile", "file", -3),
        ("/dev/zram0", "partition", -4),
    ]


@pytest.mark.parametrize(
    ("uuid", "verdict"),
    [
        ("CRYPT-LUKS2-00-x", "encrypted"),
        ("CRYPT-TCRYPT-x", "encrypted"),
        ("CRYPT-BITLK-00-x", "encrypted"),
        ("CRYPT-VERITY-00-x", "clear"),
        ("CRYPT-INTEGRITY-x", "clear"),
        ("mpath-3600", "clear"),
        ("", "clear"),
    ],
)
def test_only_what_encrypts_counts(tree: BlockTree, uuid: str, verdict: str) -> None:
    tree.device("sda", "8:0")
    tree.mapped("dm-0", "253:0", uuid, "x", "sda")
    assert block.trace(host(tree), ["253:0"]).verdict == verdict


def test_one_clear_leg_of_a_raid_is_enough(tree: BlockTree) -> None:
    for name, number in (("sda", "8:0"), ("sdb", "8:16")):
        tree.device(name, number)
    tree.mapped("dm-0", "253:0", "CRYPT-LUKS2-0-a", "a", "sda")
    tree.device("md0", "9:0", md__level="raid1")
    tree.on("md0", "dm-0", "sdb")
    trace = block.trace(host(tree), ["9:0"])
    assert (trace.verdict, trace.why) == ("clear", "/dev/sdb holds it in clear")


@pytest.mark.parametrize("name", ["drbd0", "nbd3", "rbd1", "rbd1p1", "zd16"])
def test_what_is_not_told_is_unknown(tree: BlockTree, name: str) -> None:
    tree.device(name, "250:0")
    assert block.trace(host(tree), ["250:0"]).verdict == "unknown"


def test_sd_and_nvme_are_disks(tree: BlockTree) -> None:
    tree.device("nvme0n1", "259:0")
    tree.partition("nvme0n1", "nvme0n1p2", "259:2")
    assert block.trace(host(tree), ["259:2"]).layers == "/dev/nvme0n1p2 on /dev/nvme0n1"


def test_a_name_with_a_folder_in_it(tree: BlockTree) -> None:
    tree.device("cciss!c0d0", "104:0")
    assert block.trace(host(tree), ["104:0"]).layers == "/dev/cciss/c0d0"
    assert block.number_of(host(tree), "/dev/cciss/c0d0") == "104:0"


def test_a_circle_of_devices_ends(tree: BlockTree) -> None:
    tree.mapped("dm-0", "253:0", "", "a")
    tree.mapped("dm-1", "253:1", "", "b", "dm-0")
    tree.on("dm-0", "dm-1")
    assert block.trace(host(tree), ["253:0"]).verdict == "unknown"


def test_a_device_that_sys_does_not_show_is_unknown(tree: BlockTree) -> None:
    assert block.trace(host(tree), ["8:1"]).why == "/sys does not show the device 8:1"
    assert block.trace(host(tree), None).verdict == "unknown"


def test_odd_lines_of_mountinfo_are_passed_over(tree: BlockTree) -> None:
    tree.write("/proc/self/mountinfo", "\nx\n1 2 8:1 / / rw\n30 1 8:1 / /a\\134b rw - ext4 /dev/sda1 rw\n")
    assert [mount.point for mount in block.mounts(host(tree))] == ["/a\\b"]


def test_no_swap_file_is_no_swap(tmp_path: pathlib.Path) -> None:
    assert block.swaps(Host(root=str(tmp_path))) == []


@pytest.mark.parametrize(
    ("option", "chassis_type", "secure"),
    [
        ("auto", "10", False),
        ("auto", "31", False),
        ("auto", "3", True),
        ("auto", "23", True),
        ("auto", "1", True),
        ("auto", "2", None),
        ("auto", "", None),
        ("auto", "notebook", None),
        ("true", "10", True),
        ("false", "23", False),
    ],
)
def test_chassis(tree: BlockTree, option: str, chassis_type: str, secure: bool | None) -> None:
    if chassis_type:
        tree.write(chassis.CHASSIS, f"{chassis_type}\n")
    assert chassis.judge(host(tree), option).secure is secure
