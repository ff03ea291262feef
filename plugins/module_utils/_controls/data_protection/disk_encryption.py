# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""On a machine that can be carried away, what is written to a disk is encrypted, and the encryption is worth it."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._rules import (
    BACKUP,
    FILE_SYSTEM,
    STRENGTH,
    SWAP,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host import chassis
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection import (
        _headers,
        _keys,
        _steps,
        _strength,
        _swap,
    )
    from ansible_collections.infosec.principles.plugins.module_utils._formats import luks
else:
    _headers = later("_controls.data_protection._headers")
    _keys = later("_controls.data_protection._keys")
    _steps = later("_controls.data_protection._steps")
    _strength = later("_controls.data_protection._strength")
    _swap = later("_controls.data_protection._swap")
    luks = later("_formats.luks")

NAME = "disk_encryption"
RULES = (FILE_SYSTEM, SWAP, STRENGTH, BACKUP)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "physically_secure": {"type": "str", "choices": ["auto", "true", "false"], "default": "auto"},
    "give_up_hibernation": {"type": "bool", "default": False},
    "luks_backup_folder": {"type": "path"},
    "luks_passphrases": {"type": "dict", "no_log": True},
}
EXPECTED = "an encrypting layer (LUKS2) on every way down to a disk"
THIS_HOST = "this host"

#: File systems that live elsewhere.
NETWORK = frozenset(
    {"9p", "afs", "ceph", "cifs", "coda", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "lustre", "nfs"}
    | {"nfs4", "smb3", "virtiofs"}
)
#: Images that cannot be written to: software, not data.
IMAGES = frozenset({"cramfs", "erofs", "iso9660", "romfs", "squashfs"})
OVERLAYS = frozenset({"aufs", "overlay"})
#: With a device number of its own although it lies on disks, and nothing in /sys that tells on which or how.
OPAQUE = {
    "zfs": "ZFS keeps its own encryption; see zfs get encryption",
    "bcachefs": "bcachefs keeps its own encryption; see bcachefs show-super",
    "ubifs": "UBIFS lies on raw flash, which has no block devices; see fscryptctl",
}
#: FUSE file systems that show the kernel's or the session's state and keep nothing.
TRANSIENT = frozenset({"fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "fuse.snapfuse"})
#: GPT type of the EFI system partition (UEFI specification 2.10, table 5.7).
ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
ESP_POINTS = ("/boot/efi", "/efi", "/boot")


@dataclasses.dataclass(frozen=True)
class FileSystem:
    """One file system of a disk, with all the places where it is mounted; the first is its main one."""

    mounts: tuple[block.Mount, ...]

    @property
    def main(self) -> block.Mount:
        return self.mounts[0]

    @property
    def points(self) -> tuple[str, ...]:
        return tuple(mount.point for mount in self.mounts)


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """The first two rules ask whether somebody who holds the disk can read it, so they need the chassis."""
    security = chassis.judge(host, options["physically_secure"])
    if security.secure:
        yield from (_not_needed(rule, security) for rule in (FILE_SYSTEM, SWAP))
    else:
        yield from _file_systems(host, security)
        yield from _swaps(host, security, give_up_hibernation=options["give_up_hibernation"])
    yield from _luks(host, options)


def _not_needed(rule: Rule, security: chassis.Security) -> Finding:
    message = "the machine is physically secure, where Mozilla does not ask for disk encryption"
    return Finding(rule, THIS_HOST, f.NOT_APPLICABLE, message, (security.evidence,))


# File systems


def _file_systems(host: Host, security: chassis.Security) -> t.Iterator[Finding]:
    mounts = host.once(block.mounts)
    found = [_file_system(host, system, security) for system in _on_disks(mounts)]
    found += [_opaque(mount) for mount in mounts if mount.kind in OPAQUE or _is_unknown_fuse(mount)]
    found += [_overlay(mount) for mount in mounts if mount.kind in OVERLAYS and mount.point == "/"]
    found += _elsewhere(mounts)
    yield from found or [Finding(FILE_SYSTEM, THIS_HOST, f.NOT_APPLICABLE, "no file system on a disk is mounted")]


def _on_disks(mounts: t.Sequence[block.Mount]) -> list[FileSystem]:
    """By device, so that bind mounts and subvolumes count once; the first mount that shows all of it leads."""
    groups: dict[str, list[block.Mount]] = {}
    for mount in mounts:
        if (not mount.device.startswith("0:") or mount.kind == "btrfs") and mount.kind not in IMAGES | NETWORK:
            groups.setdefault(mount.device, []).append(mount)
    return [FileSystem(tuple(sorted(group, key=_is_partial))) for group in groups.values()]


def _is_partial(mount: block.Mount) -> bool:
    return "/" not in (mount.root, mount.point)


def _is_unknown_fuse(mount: block.Mount) -> bool:
    return mount.device.startswith("0:") and mount.kind.startswith("fuse.") and mount.kind not in TRANSIENT | NETWORK


def _file_system(host: Host, system: FileSystem, security: chassis.Security) -> Finding:
    main = system.main
    numbers = block.members(host, main)
    trace = block.trace(host, numbers)
    evidence = (Evidence("/proc/self/mountinfo", _seen(system)), Evidence("/sys/dev/block", trace.layers, EXPECTED))
    if trace.verdict == block.CLEAR and numbers:
        exception = _exception(host, system, numbers[0])
        if exception:
            return Finding(FILE_SYSTEM, main.point, f.NOT_APPLICABLE, exception, evidence)
        return _in_clear(host, system, trace, evidence, security)
    if trace.verdict == block.ENCRYPTED:
        return _encrypted(host, FILE_SYSTEM, main.point, trace, evidence)
    return Finding(FILE_SYSTEM, main.point, f.NOT_ASSESSED, f"{main.kind} at {main.point}: {trace.why}", evidence)


def _seen(system: FileSystem) -> str:
    """The mount, and how many more show the same file system (container hosts have hundreds)."""
    main, more = system.main, len(system.mounts) - 1
    return f"{main.kind} of {main.source} at {main.point}" + (f", and at {more} more places" if more else "")


def _exception(host: Host, system: FileSystem, number: str) -> str:
    """Why this file system may be in clear (firmware and boot loader read it before there is a key), or nothing."""
    point = system.main.point
    kind = block.udev(host, number).get("ID_PART_ENTRY_TYPE", "").lower()
    if system.main.kind == "vfat" and (kind == ESP or (not kind and point in ESP_POINTS)):
        return "the firmware reads the EFI system partition, so it cannot be encrypted; Secure Boot guards it"
    if point == "/boot":
        return (
            "the boot loader reads kernel and initramfs from /boot before there is a key; "
            "it holds no data, and Secure Boot or a measured boot guards it"
        )
    return ""


def _in_clear(
    host: Host, system: FileSystem, trace: block.Trace, evidence: tuple[Evidence, ...], security: chassis.Security
) -> Finding:
    point = system.main.point
    message = f"{system.main.kind} at {point} is not encrypted: {trace.layers}"
    if security.secure is None:
        return Finding(FILE_SYSTEM, point, f.NOT_ASSESSED, f"{message}; {security.why}", (*evidence, security.evidence))
    whole = not _is_partial(system.main)
    remedy = _steps.encrypt_file_system(host, system.main, system.points) if whole else _steps.BOUND
    return Finding(FILE_SYSTEM, point, f.FAIL, message, (*evidence, security.evidence), remedy=remedy)


def _encrypted(host: Host, rule: Rule, subject: str, trace: block.Trace, evidence: tuple[Evidence, ...]) -> Finding:
    """Encrypted, unless each layer that encrypts is worth nothing."""
    worthless = [why for why in (_worthless(host, crypt) for crypt in trace.crypts) if why]
    if worthless and len(worthless) == len(trace.crypts):
        remedy = f"{_steps.NULL} {_steps.KEY}"
        return Finding(rule, subject, f.FAIL, "; ".join(worthless), evidence, remedy=remedy)
    how = ", ".join(f"{crypt.path} ({crypt.encryption})" for crypt in trace.crypts)
    return Finding(rule, subject, f.PASS, f"encrypted by {how}", evidence)


def _worthless(host: Host, crypt: block.Device) -> str:
    """Why this layer keeps nobody out, as far as this user can see, or nothing."""
    if _is_null(host, crypt):
        return f"{crypt.path} has the cipher null, which writes in clear"
    return _keys.in_clear(host, crypt)


def _is_null(host: Host, crypt: block.Device) -> bool:
    below = block.header_device(host, crypt)
    if below is None or not crypt.encryption.startswith("LUKS"):
        return False
    try:
        header = luks.parse(_headers.head(host, below.node))
    except (HostError, luks.LuksError):
        return False
    return any(_strength.is_null(segment.cipher) for segment in header.segments)


def _opaque(mount: block.Mount) -> Finding:
    why = OPAQUE.get(mount.kind, "its data lies where its program puts it")
    found = Evidence("/proc/self/mountinfo", f"{mount.kind} of {mount.source}", EXPECTED)
    return Finding(FILE_SYSTEM, mount.point, f.NOT_ASSESSED, f"{mount.kind} at {mount.point}: {why}", (found,))


def _overlay(mount: block.Mount) -> Finding:
    message = f"{mount.kind} at {mount.point}: it lies on a file system of the container's host; assess that host"
    found = Evidence("/proc/self/mountinfo", f"{mount.kind} at {mount.point}", EXPECTED)
    return Finding(FILE_SYSTEM, mount.point, f.NOT_ASSESSED, message, (found,))


def _elsewhere(mounts: t.Sequence[block.Mount]) -> list[Finding]:
    """One finding for all network file systems, one for all read-only images: there can be dozens."""
    kinds = {
        "network file systems": (NETWORK, "they lie on other machines, which have to be assessed themselves"),
        "read-only images": (IMAGES, "they hold software and cannot be written to"),
    }
    found = []
    for subject, (names, why) in kinds.items():
        evidence = tuple(
            Evidence("/proc/self/mountinfo", f"{mount.kind} of {mount.source} at {mount.point}")
            for mount in mounts
            if mount.kind in names
        )
        found += [Finding(FILE_SYSTEM, subject, f.NOT_APPLICABLE, f"{subject}: {why}", evidence)] if evidence else []
    return found


# Swap


def _swaps(host: Host, security: chassis.Security, *, give_up_hibernation: bool) -> t.Iterator[Finding]:
    traced = [(swap, _swap.trace(host, swap)) for swap in host.once(block.swaps)]
    clear = [swap for swap, trace in traced if trace and trace.verdict == block.CLEAR]
    plan = (
        _swap.plan(host, clear, give_up_hibernation=give_up_hibernation) if security.secure is False else _swap.Plan()
    )
    for swap, trace in traced:
        yield _swap_finding(host, swap, trace, security, plan)
    if not traced:
        yield Finding(SWAP, THIS_HOST, f.NOT_APPLICABLE, "no swap is in use", (Evidence("/proc/swaps", "empty"),))


def _swap_finding(
    host: Host, swap: block.Swap, trace: block.Trace | None, security: chassis.Security, plan: _swap.Plan
) -> Finding:
    subject = _swap.subject(host, swap)
    if trace is None:
        found = Evidence("/proc/swaps", swap.path)
        return Finding(SWAP, subject, f.NOT_APPLICABLE, "compressed swap in memory, which no disk keeps", (found,))
    evidence = (
        Evidence("/proc/swaps", f"{swap.path} ({swap.kind}, {swap.size} KiB)"),
        Evidence("/sys/dev/block", trace.layers, EXPECTED),
    )
    if trace.verdict == block.ENCRYPTED:
        return _encrypted(host, SWAP, subject, trace, evidence)
    if trace.verdict == block.UNKNOWN:
        return Finding(SWAP, subject, f.NOT_ASSESSED, f"swap {subject}: {trace.why}", evidence)
    clear = Finding(SWAP, subject, f.FAIL, f"swap {subject} is not encrypted: {trace.layers}", evidence)
    return _swap_in_clear(clear, security, plan, plan.refusals.get(swap.path))


def _swap_in_clear(
    clear: Finding, security: chassis.Security, plan: _swap.Plan, refusal: _swap.Refusal | None
) -> Finding:
    """The finding with its fix, or with why there is none."""
    evidence = (*clear.evidence, security.evidence)
    if security.secure is None:
        message = f"{clear.message}; {security.why}"
        return dataclasses.replace(clear, status=f.NOT_ASSESSED, message=message, evidence=evidence)
    if refusal is None:
        return dataclasses.replace(clear, evidence=evidence, fix=plan.changes, remedy=_swap.REMEDY)
    message = f"{clear.message}; not fixed: {refusal.why}"
    return dataclasses.replace(clear, message=message, evidence=(*evidence, *refusal.evidence), remedy=refusal.remedy)


# Headers


def _luks(host: Host, options: Options) -> t.Iterator[Finding]:
    volumes = host.once(block.luks_volumes)
    for volume in volumes:
        yield from _headers.assess(host, options, volume)
    if not volumes:
        yield from (
            Finding(rule, THIS_HOST, f.NOT_APPLICABLE, "there is no LUKS device") for rule in (STRENGTH, BACKUP)
        )


CONTROL = Control(
    name=NAME,
    principle="data_protection",
    title="Disks of machines without physical security are encrypted",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
