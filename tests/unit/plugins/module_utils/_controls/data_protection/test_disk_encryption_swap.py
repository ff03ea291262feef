# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fix for swap: when it is refused, what it writes, and that a failure leaves the machine as it was."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection import _swap
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError, dump, load
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.tests.unit.blocktree import FSTAB, BlockTree, PlayedSwap, swap_space


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> BlockTree:
    return BlockTree(tmp_path).laptop().swap_partition()


def plan(tree: BlockTree, *, give_up: bool = False) -> _swap.Plan:
    host = Host(root=str(tree.root), runner=PlayedSwap(tree))
    return _swap.plan(host, block.swaps(host), give_up_hibernation=give_up)


def described(plan: _swap.Plan) -> list[str]:
    return [change.describe() for change in plan.changes]


def test_what_is_written(tree: BlockTree) -> None:
    tree.write("/etc/crypttab", "root_crypt UUID=1 none luks\n")
    made = plan(tree)
    assert not made.refusals
    crypttab, fstab = (change.diff()["after"] for change in made.changes[:2])
    assert crypttab.startswith("root_crypt UUID=1 none luks\n# infosec.principles disk_encryption: ")
    assert crypttab.splitlines()[-1] == (
        "cryptswap /dev/disk/by-partuuid/5e1f-04 /dev/urandom plain,swap,cipher=aes-xts-plain64,size=512,hash=sha256"
    )
    old = FSTAB.splitlines(keepends=True)
    assert fstab.splitlines(keepends=True) == [
        *old[:2],
        f"# infosec.principles disk_encryption: instead of: {old[2]}",
        "/dev/mapper/cryptswap none swap sw,pri=5 0 0\n",
        *old[3:],
    ]


def test_order_of_the_changes(tree: BlockTree) -> None:
    tree.write("/usr/sbin/update-initramfs", "")
    (tree.root / "usr/sbin/update-initramfs").chmod(0o755)
    assert described(plan(tree)) == [
        "create /etc/crypttab",
        "edit /etc/fstab",
        "create /etc/initramfs-tools/conf.d/zz-infosec-principles",
        "reload systemd",
        "turn swap off on /dev/disk/by-partuuid/5e1f-04",
        "open /dev/disk/by-partuuid/5e1f-04 with a random key as /dev/mapper/cryptswap",
        "turn swap on on /dev/mapper/cryptswap",
        "update the initramfs",
    ]


def test_an_initramfs_that_resumes_nothing_stays_as_it_is(tree: BlockTree) -> None:
    tree.write("/usr/sbin/update-initramfs", "")
    (tree.root / "usr/sbin/update-initramfs").chmod(0o755)
    tree.write("/etc/initramfs-tools/initramfs.conf", "RESUME=none\n")
    assert "update the initramfs" not in described(plan(tree))


@pytest.mark.parametrize(
    ("os_release", "package"),
    [
        ('ID=debian\nVERSION_ID="13"\n', "systemd-cryptsetup"),
        ("ID=ubuntu\nID_LIKE=debian\n", "systemd-cryptsetup"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "systemd-udev"),
    ],
)
def test_a_missing_program_is_installed(tree: BlockTree, os_release: str, package: str) -> None:
    (tree.root / "lib/systemd/systemd-cryptsetup").unlink()
    tree.write("/etc/os-release", os_release)
    assert described(plan(tree))[0] == f"install {package}"


def test_two_devices_share_one_fix(tree: BlockTree) -> None:
    tree.mapped("dm-1", "253:1", "LVM-x", "vg-swap", "sda3")
    tree.write("/dev/dm-1", swap_space("ff" * 16))
    tree.swap("/dev/dm-1")
    tree.add("/etc/fstab", "/dev/mapper/vg-swap swap swap defaults 0 0")
    made = plan(tree)
    assert not made.refusals
    assert "open /dev/mapper/vg-swap with a random key as /dev/mapper/cryptswap2" in described(made)
    fstab = made.changes[1].diff()["after"].splitlines()
    assert fstab[3] == "/dev/mapper/cryptswap none swap sw,pri=5 0 0"
    assert fstab[-1] == "/dev/mapper/cryptswap2 swap swap defaults 0 0"


# Refusals


def no_systemd(tree: BlockTree) -> None:
    (tree.root / "run/systemd/system/.keep").unlink()
    (tree.root / "run/systemd/system").rmdir()


def no_dm_crypt(tree: BlockTree) -> None:
    (tree.root / "sys/module/dm_crypt/.keep").unlink()
    (tree.root / "sys/module/dm_crypt").rmdir()


def no_program(tree: BlockTree) -> None:
    (tree.root / "lib/systemd/systemd-cryptsetup").unlink()
    tree.write("/etc/os-release", "ID=gentoo\n")


def hibernates(tree: BlockTree) -> None:
    tree.write("/sys/power/state", "freeze mem disk\n")
    tree.write("/sys/power/disk", "[platform] shutdown\n")


def resume_on_the_command_line(tree: BlockTree) -> None:
    hibernates(tree)
    tree.write("/proc/cmdline", "root=/dev/sda3 resume=UUID=01234567 quiet\n")


def resume_in_the_initramfs(tree: BlockTree) -> None:
    hibernates(tree)
    tree.write("/etc/initramfs-tools/initramfs.conf", "MODULES=most\nRESUME=none\n")
    tree.write("/etc/initramfs-tools/conf.d/resume", "RESUME=UUID=01234567-89ab\n")


def swapped_out(tree: BlockTree) -> None:
    tree.write("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda4 partition 1048572 1000001 -2\n")


def no_stable_name(tree: BlockTree) -> None:
    tree.udev("8:4", "disk/by-uuid/01234567-89ab-cdef-0123-456789abcdef")


def two_stable_names(tree: BlockTree) -> None:
    tree.udev(
        "8:4", "disk/by-partuuid/a-04", "disk/by-partuuid/b-04", "disk/by-uuid/01234567-89ab-cdef-0123-456789abcdef"
    )


def stable_name_of_another(tree: BlockTree) -> None:
    tree.link("/dev/disk/by-partuuid/5e1f-04", "../../sda3")


def no_signature(tree: BlockTree) -> None:
    tree.write("/dev/sda4", bytes(8192))


def a_file(tree: BlockTree) -> None:
    tree.write("/proc/swaps", "Filename Type Size Used Priority\n/swap file 1048572 0 -2\n")


def not_in_fstab(tree: BlockTree) -> None:
    tree.write("/etc/fstab", "/dev/mapper/root_crypt / ext4 defaults 0 1\n")


def twice_in_fstab(tree: BlockTree) -> None:
    tree.add("/etc/fstab", "/dev/sda4 none swap sw 0 0")


def in_crypttab(tree: BlockTree) -> None:
    tree.write("/etc/crypttab", "s PARTUUID=5E1F-04 /dev/urandom swap\n")


REFUSALS = [
    (no_systemd, "systemd does not run here"),
    (no_dm_crypt, "this kernel has no dm-crypt"),
    (no_program, "systemd-cryptsetup is missing"),
    (resume_on_the_command_line, "resume=UUID=01234567"),
    (resume_in_the_initramfs, "give_up_hibernation"),
    (swapped_out, "1000001 KiB are swapped out"),
    (no_stable_name, "no name that is certain"),
    (two_stable_names, "no name that is certain"),
    (stable_name_of_another, "no name that is certain"),
    (no_signature, "no swap signature"),
    (a_file, "it is a file"),
    (not_in_fstab, "0 entries"),
    (twice_in_fstab, "2 entries"),
    (in_crypttab, "has an entry for it already"),
]


@pytest.mark.parametrize(("spoil", "why"), REFUSALS, ids=lambda value: getattr(value, "__name__", ""))
def test_refused_where_there_is_doubt(tree: BlockTree, spoil: t.Callable[[BlockTree], None], why: str) -> None:
    spoil(tree)
    made = plan(tree)
    assert not made.changes
    (refusal,) = made.refusals.values()
    assert why in refusal.why
    assert "swapoff " in refusal.remedy


def test_hibernation_can_be_given_up(tree: BlockTree) -> None:
    resume_in_the_initramfs(tree)
    assert plan(tree, give_up=True).changes
    tree.write("/proc/cmdline", "resume=/dev/sda4\n")
    assert not plan(tree, give_up=True).changes


@pytest.mark.parametrize(
    ("state", "disk", "cmdline"),
    [
        ("mem", "[platform]", "resume=/dev/sda4"),
        ("mem disk", "[disabled]", "resume=/dev/sda4"),
        ("disk", "[platform]", "noresume resume=x"),
    ],
)
def test_a_kernel_that_cannot_resume_loses_nothing(tree: BlockTree, state: str, disk: str, cmdline: str) -> None:
    tree.write("/sys/power/state", f"{state}\n")
    tree.write("/sys/power/disk", f"{disk}\n")
    tree.write("/proc/cmdline", f"{cmdline}\n")
    assert plan(tree).changes


@pytest.mark.parametrize("source", ["modules.dep", "modules.builtin"])
def test_dm_crypt_may_be_a_module_or_built_in(tree: BlockTree, source: str) -> None:
    no_dm_crypt(tree)
    tree.write("/proc/sys/kernel/osrelease", "6.1.0\n")
    tree.write(f"/lib/modules/6.1.0/{source}", "kernel/drivers/md/dm-crypt.ko: kernel/x.ko\n")
    assert plan(tree).changes
    tree.write("/proc/sys/kernel/modules_disabled", "1\n")
    assert bool(plan(tree).changes) is (source == "modules.builtin")


# Acting


def act(tree: BlockTree, played: PlayedSwap, changes: t.Sequence[Change]) -> list[Change]:
    """Apply until one fails; those that were begun."""
    host = Host(root=str(tree.root), runner=played)
    begun: list[Change] = []
    for change in changes:
        begun.append(change)
        try:
            change.apply(host, tag="t")
        except ChangeError:
            break
    return begun


def take_back(tree: BlockTree, played: PlayedSwap, begun: t.Sequence[Change]) -> None:
    host = Host(root=str(tree.root), runner=played)
    ordered = [*(c for c in reversed(begun) if not c.activates), *(c for c in begun if c.activates)]
    for change in ordered:
        change.revert(host, {"meta": None, "made": []}, tag="t")


def files(tree: BlockTree) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in tree.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "fail", ["nothing", "daemon-reload", "swapoff", "start systemd-cryptsetup", "start dev-mapper"]
)
def test_a_failure_leaves_the_machine_as_it_was(tree: BlockTree, fail: str) -> None:
    first = files(tree)
    changes = [load(dump(change)) for change in plan(tree).changes]
    played = PlayedSwap(tree)
    played.fail = fail
    begun = act(tree, played, changes)
    assert (len(begun) == len(changes)) == (fail in ("nothing", "start dev-mapper"))
    played.fail = ""
    take_back(tree, played, begun)
    assert files(tree) == first


def test_a_change_that_is_done_is_not_done_again(tree: BlockTree) -> None:
    changes = plan(tree).changes
    played = PlayedSwap(tree)
    act(tree, played, changes)
    played.calls.clear()
    act(tree, played, [change for change in changes if isinstance(change, Command)])
    assert not [call for call in played.calls if "swapoff" in call or call.startswith("systemctl")]


def test_another_swap_in_its_place_is_left_alone(tree: BlockTree) -> None:
    changes = plan(tree).changes
    tree.write("/dev/sda4", swap_space("ee" * 16))
    begun = act(tree, PlayedSwap(tree), changes)
    assert begun[-1].describe().startswith("turn swap off")
