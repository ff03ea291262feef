# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""disk_encryption on a real kernel with dm-crypt: detect, fix, restart, undo. In the order of this file, on one machine.

The machine: / on LUKS2 (its passphrase is typed on the console) and /boot in clear; a second disk with swap in clear, LVM on
LUKS2, a file system in clear, LUKS1 and LUKS2 whose keyslots are cheap to guess.

VM_SUITE names the Debian suite (default bookworm). VM_RECORD names a file that gets the recording of the machine's disks, from
which fixtures/block is made.
"""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.tests.vm.vm import ROOT, Vm, image

SUITE = os.environ.get("VM_SUITE", "bookworm")
RECORD = os.environ.get("VM_RECORD", "")
RECORDER = ROOT / "tests/unit/fixtures/block/record.py"
PASSPHRASE = "battery staple"
PREPARE = f"""
printf 'label: gpt\\nsize=64M, type=S\\nsize=96M\\nsize=48M\\nsize=48M\\nsize=48M\\n' | sfdisk -q /dev/vdb
udevadm settle
mkswap -L oldswap /dev/vdb1
echo "UUID=$(blkid -s UUID -o value /dev/vdb1) none swap sw,pri=7 0 0" >> /etc/fstab
systemctl daemon-reload
swapon -a
umask 077
printf '{PASSPHRASE}' > /run/key
luks() {{ cryptsetup luksFormat -q --key-file /run/key "$@"; cryptsetup open --key-file /run/key "$device" "$name"; }}
device=/dev/vdb2 name=pv_crypt
luks $device --pbkdf argon2id --pbkdf-memory 65536 --pbkdf-parallel 1 --pbkdf-force-iterations 4
device=/dev/vdb4 name=old_crypt
luks $device --type luks1 --hash sha1 --pbkdf-force-iterations 1000
device=/dev/vdb5 name=cheap_crypt
luks $device --pbkdf pbkdf2 --pbkdf-force-iterations 1000
vgcreate -q vg0 /dev/mapper/pv_crypt
lvcreate -qy -L 32M -n data vg0
mounted() {{ mkfs.ext4 -q "$1"; mkdir -p "$2"; mount "$1" "$2"; echo kept > "$2/file"; }}
mounted /dev/vg0/data /srv/lvm
mounted /dev/vdb3 /srv/plain
mounted /dev/mapper/old_crypt /srv/old
mounted /dev/mapper/cheap_crypt /srv/cheap
"""
SWAPS = "swapon --noheadings --raw --show=NAME,PRIO"
HEADERS = ("/dev/vdb4", "/dev/vdb5")
DEVICES = ("/dev/vda2", "/dev/vdb2", *HEADERS)
#: All that a run may change. The two headers of LUKS1 and LUKS2 begin alike, and end before the data does.
STATE = """
blockdev --flushbufs /dev/vdb1 /dev/vdb4 /dev/vdb5
head -c 4096 /dev/vdb1 | sha256sum
head -c 592 /dev/vdb4 | sha256sum
head -c 32768 /dev/vdb5 | sha256sum
cat /etc/fstab /etc/crypttab
ls -A /root | grep -v '^.ansible$' || true
"""
FOLDER = "/root/headers"
OPTIONS: dict[str, t.Any] = {
    "physically_secure": "false",
    "luks_backup_folder": FOLDER,
    "luks_passphrases": dict.fromkeys(HEADERS, PASSPHRASE),
}
BEFORE = {
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


@pytest.fixture(scope="module")
def vm(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Vm]:
    cache = pathlib.Path(os.environ.get("VM_CACHE", ROOT / ".cache" / "vm"))
    machine = Vm(image(SUITE, cache), tmp_path_factory.mktemp("vm"))
    try:
        machine.start()
        machine.run(PREPARE)
        if RECORD:
            pathlib.Path(RECORD).write_bytes(machine.feed("python3 -", RECORDER.read_bytes()))
        yield machine
    finally:
        machine.stop()


@pytest.fixture(scope="module")
def seen(vm: Vm) -> dict[str, t.Any]:
    """What the machine was like, and what check mode said of it, before anything was closed or fixed."""
    return {"state": vm.run(STATE), "check": assess(vm, "--check")}


def assess(vm: Vm, *options: str) -> dict[str, t.Any]:
    return vm.ansible("disk_encryption", *options, **OPTIONS)


def found(result: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return {f"{finding['rule'].partition('.')[2]} {finding['subject']}": finding for finding in result["findings"]}


def statuses(result: dict[str, t.Any]) -> dict[str, str]:
    return {name: finding["status"] for name, finding in found(result).items()}


def test_it_sees_each_layout_as_it_is(vm: Vm, seen: dict[str, t.Any]) -> None:
    assert statuses(seen["check"]) == BEFORE
    assert vm.run(STATE) == seen["state"], "check mode changed something"


def test_luks1_in_use_is_left_alone_with_the_steps_that_close_it(vm: Vm, seen: dict[str, t.Any]) -> None:
    old = found(seen["check"])["header_strength /dev/vdb4"]
    assert "only what is closed" in old["message"]
    assert not old["fix"]
    steps = [line.partition(". ")[2] for line in old["remedy"].splitlines()]
    closing = steps[1:3]
    assert closing == ["umount /srv/old", "cryptsetup close old_crypt"]
    vm.run("\n".join(closing))


@pytest.fixture(scope="module")
def fixed(vm: Vm, seen: dict[str, t.Any]) -> dict[str, t.Any]:
    """By `harden`, as the playbook calls it, once LUKS1 is closed."""
    return vm.ansible("harden", controls={"disk_encryption": OPTIONS})


def test_the_fix_does_what_check_mode_showed(vm: Vm, seen: dict[str, t.Any], fixed: dict[str, t.Any]) -> None:
    expected = {name: {"fail": "fixed"}.get(status, status) for name, status in BEFORE.items()}
    del expected["filesystem /srv/old"]
    assert statuses(fixed) == {**expected, "filesystem /srv/plain": "fail", "swap /dev/mapper/cryptswap": "pass"}
    check, real = found(seen["check"]), found(fixed)
    same = [name for name in check if check[name]["fix"] and not name.endswith("/dev/vdb4")]
    assert len(same) == 5
    assert {name: real[name]["diff"] for name in same} == {name: check[name]["diff"] for name in same}
    assert_encrypted(vm)
    assert PASSPHRASE not in json.dumps([seen["check"], fixed])


def test_the_passphrase_opens_the_stronger_keyslots(vm: Vm, fixed: dict[str, t.Any]) -> None:
    for device in HEADERS:
        dump = vm.run(f"cryptsetup luksDump {device}")
        assert "PBKDF:      argon2id" in dump and "Version:       \t2" in dump
    vm.run("cryptsetup open --key-file /run/key /dev/vdb4 old_crypt && mount /dev/mapper/old_crypt /srv/old")
    assert vm.run("cat /srv/old/file /srv/cheap/file") == "kept\nkept\n"


def test_headers_are_kept_for_root_alone(vm: Vm) -> None:
    """Four, and the two that were changed also as they had been."""
    listed = vm.run(f"stat -c '%a %U' {FOLDER} {FOLDER}/*").splitlines()
    assert listed == ["700 root", *["600 root"] * 6]


def test_the_passphrase_was_written_nowhere(vm: Vm) -> None:
    """Neither into the journal of the run, nor into the log that Ansible's modules write, nor any file that stays."""
    vm.run("journalctl --sync")
    assert "Invoked with" in vm.run("journalctl --no-pager")
    words = f"'{PASSPHRASE}'"
    assert vm.run(f"journalctl --no-pager | grep -c {words} || true").strip() == "0"
    assert vm.run(f"grep -rlF {words} /var /root /etc /tmp || true") == ""


def test_swap_is_encrypted_after_a_restart_too(vm: Vm) -> None:
    key = vm.run("dmsetup table --showkeys cryptswap | sha256sum")
    vm.reboot()
    assert_encrypted(vm)
    assert vm.run("dmsetup table --showkeys cryptswap | sha256sum") != key, "not a fresh key"
    assert vm.run("systemctl is-system-running --wait || true").strip() == "running"
    assert "suspend/resume device" not in vm.console.read_text(errors="replace")


def test_a_second_run_changes_nothing_and_knows_what_is_closed(vm: Vm) -> None:
    """After the restart nobody has opened the devices of the second disk."""
    again = assess(vm)
    assert (again["changed"], again["run_id"]) == (False, "")
    assert statuses(again) == {
        **{f"{rule} {device}": "pass" for rule in ("header_backup", "header_strength") for device in DEVICES},
        "filesystem /": "pass",
        "filesystem /boot": "not_applicable",
        "swap /dev/mapper/cryptswap": "pass",
    }


def test_undo_makes_it_the_old_machine(vm: Vm, seen: dict[str, t.Any]) -> None:
    # Nothing is started from the initramfs that undo makes anew, and that takes a minute.
    vm.run("echo update_initramfs=no > /etc/initramfs-tools/update-initramfs.conf")
    vm.ansible("undo", run_id="latest")
    assert vm.run(SWAPS) == "/dev/vdb1 7\n"
    assert vm.run(STATE) == seen["state"]
    assert "cryptswap" not in vm.run("ls /dev/mapper")
    vm.run(f"printf '{PASSPHRASE}' > /run/key")
    for device in HEADERS:
        vm.run(f"cryptsetup open --test-passphrase --key-file /run/key {device}")


def assert_encrypted(vm: Vm) -> None:
    """On, on dm-crypt, with the old priority; and the disk beneath shows no swap."""
    name, priority = vm.run(SWAPS).split()
    assert vm.run(f"dmsetup table {name}").split()[2:4] == ["crypt", "aes-xts-plain64"]
    assert priority == "7"
    assert vm.run("blockdev --flushbufs /dev/vdb1; blkid -p -s TYPE -o value /dev/vdb1 || true") == ""
