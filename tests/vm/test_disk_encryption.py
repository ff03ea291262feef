# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""disk_encryption on a real kernel with dm-crypt: detect, fix, restart, undo. In the order of this file, on one machine.

VM_SUITE names the Debian suite (default bookworm). Debian 13 has systemd-cryptsetup in a package that is not installed here,
so there the fix also goes through the controller's package installation.
"""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.tests.vm.vm import ROOT, Vm, image

SUITE = os.environ.get("VM_SUITE", "bookworm")
PREPARE = """
printf 'label: gpt\\nsize=64M, type=S\\ntype=L\\n' | sfdisk -q /dev/vdb
udevadm settle
mkswap -L oldswap /dev/vdb1
echo "UUID=$(blkid -s UUID -o value /dev/vdb1) none swap sw,pri=7 0 0" >> /etc/fstab
systemctl daemon-reload
swapon -a
printf secret > /run/key
cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vdb2 /run/key
echo "data_crypt /dev/vdb2 /run/key luks,noauto" >> /etc/crypttab
cryptsetup open --key-file /run/key /dev/vdb2 data_crypt
mkfs.ext4 -q /dev/mapper/data_crypt
mkdir -p /data
mount /dev/mapper/data_crypt /data
"""
SWAPS = "swapon --noheadings --raw --show=NAME,PRIO"
HEAD = "blockdev --flushbufs /dev/vdb1; head -c 4096 /dev/vdb1 | sha256sum; cat /etc/fstab /etc/crypttab"
OPTIONS = {"physically_secure": "false"}


@pytest.fixture(scope="module")
def vm(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Vm]:
    cache = pathlib.Path(os.environ.get("VM_CACHE", ROOT / ".cache" / "vm"))
    machine = Vm(image(SUITE, cache), tmp_path_factory.mktemp("vm"))
    try:
        machine.start()
        machine.run(PREPARE)
        yield machine
    finally:
        machine.stop()


@pytest.fixture(scope="module")
def seen(vm: Vm) -> dict[str, t.Any]:
    """What the machine was like, and what check mode said, before anything was fixed."""
    return {"head": vm.run(HEAD), "check": vm.ansible("disk_encryption", "--check", **OPTIONS)}


def statuses(result: dict[str, t.Any]) -> dict[str, str]:
    findings = result["findings"]
    return {f"{finding['rule'].partition('.')[2]} {finding['subject']}": finding["status"] for finding in findings}


def test_it_sees_what_is_in_clear(vm: Vm, seen: dict[str, t.Any]) -> None:
    assert statuses(seen["check"]) == {
        "filesystem /": "fail",
        "filesystem /data": "pass",
        "header_strength /dev/vdb2": "fail",
        "swap /dev/vdb1": "fail",
    }
    assert vm.run(HEAD) == seen["head"], "check mode changed something"


def test_the_fix_encrypts_swap_as_check_mode_showed(vm: Vm, seen: dict[str, t.Any]) -> None:
    real = vm.ansible("disk_encryption", **OPTIONS)
    assert statuses(real)["swap /dev/vdb1"] == "fixed"
    assert [f["diff"] for f in real["findings"] if f["fix"]] == [
        f["diff"] for f in seen["check"]["findings"] if f["fix"]
    ]
    assert_encrypted(vm)


def test_a_second_run_changes_nothing(vm: Vm) -> None:
    again = vm.ansible("disk_encryption", **OPTIONS)
    assert (again["changed"], again["run_id"]) == (False, "")
    assert statuses(again)["swap /dev/mapper/cryptswap"] == "pass"


def test_swap_is_encrypted_after_a_restart_too(vm: Vm) -> None:
    key = vm.run("dmsetup table --showkeys cryptswap | sha256sum")
    vm.reboot()
    assert_encrypted(vm)
    assert vm.run("dmsetup table --showkeys cryptswap | sha256sum") != key, "not a fresh key"
    assert vm.run("systemctl is-system-running || true").strip() == "running"
    assert "suspend/resume device" not in vm.console.read_text(errors="replace")


def test_undo_makes_it_the_old_swap(vm: Vm, seen: dict[str, t.Any]) -> None:
    vm.ansible("undo", run_id="latest")
    assert vm.run(SWAPS) == "/dev/vdb1 7\n"
    assert vm.run(HEAD) == seen["head"]
    assert vm.run("ls /dev/mapper").split() == ["control"]
    assert statuses(vm.ansible("disk_encryption", "--check", **OPTIONS))["swap /dev/vdb1"] == "fail"


def assert_encrypted(vm: Vm) -> None:
    """On, on dm-crypt, with the old priority; and the disk beneath shows no swap."""
    name, priority = vm.run(SWAPS).split()
    assert vm.run(f"dmsetup table {name}").split()[2:4] == ["crypt", "aes-xts-plain64"]
    assert priority == "7"
    assert vm.run("blockdev --flushbufs /dev/vdb1; blkid -p -s TYPE -o value /dev/vdb1 || true") == ""
