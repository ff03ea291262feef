# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a person has to type where no program should: the exact commands for this device, in order."""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._strength import Weakness
from ansible_collections.infosec.principles.plugins.module_utils._formats.luks import Header
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: Room for the LUKS2 header (16 MiB), twice, as `cryptsetup reencrypt --encrypt` asks for.
HEADER_KIB = 32 * 1024
#: What cannot be unmounted while the system that uses it runs.
SYSTEM = ("/", "/usr", "/var")
NULL = "A null cipher: cryptsetup reencrypt --cipher aes-xts-plain64 --key-size 512 DEVICE."
KEY = (
    "A key in clear: put it on an encrypted file system, or take a passphrase or a TPM (systemd-cryptenroll) instead; "
    "then give the device a new key (cryptsetup reencrypt DEVICE), for the old one may have been read."
)
#: Where the initramfs has to learn of it, by the program that makes it; {device}: what was encrypted.
INITRAMFS = {
    "update-initramfs": ("apt-get install cryptsetup-initramfs", "update-initramfs -u -k all", "update-grub"),
    "dracut": (
        "dracut --force --regenerate-all",
        "grubby --update-kernel=ALL --args=rd.luks.uuid=$(cryptsetup luksUUID {device})",
    ),
    "": ("make the initramfs anew, with cryptsetup and {device} in it, and let the boot loader know of it",),
}
OWN_BOOT = (
    "make a partition for /boot (ext4, 1 GiB), copy what is in /boot there, add it to /etc/fstab, and install GRUB "
    "anew (grub-install): it cannot read LUKS2 with argon2id"
)
BOUND = (
    "Only a part of the file system is bound into this machine, as into a container: encrypt the device on the "
    "machine that mounts the whole of it; disk_encryption says there how."
)
RESCUE = "start a rescue system that has cryptsetup (an installer's, a live system); mount none of this there"
BACKUP = "back up everything on it, and see that the backup can be restored"


def numbered(lines: t.Iterable[str]) -> str:
    """The steps as one text."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def encrypt_file_system(host: Host, mount: block.Mount, points: t.Sequence[str]) -> str:
    """How to put LUKS2 beneath a file system: a logical volume makes room for any, elsewhere it has to shrink."""
    numbers = block.members(host, mount) or []
    devices = [found for found in (block.device(host, number) for number in numbers) if found]
    if len(devices) != 1 or not (_is_logical(devices[0]) or mount.kind in SHRINK):
        return _recreate(host, mount, devices)
    path = shlex.quote(devices[0].path)
    room = block.sectors(host, devices[0]) // 2 - HEADER_KIB
    shrink, grow = SHRINK.get(mount.kind, ()), GROW.get(mount.kind, ("resize2fs {opened}",))
    if _is_logical(devices[0]):
        shrink, grow = (EXTEND,), ()
    before = [BACKUP, *_leave(points), *(line.format(device=path, size=room) for line in shrink)]
    return numbered([*before, *_encrypt(path, mount, grow), *_return(host, path, mount)])


def _is_logical(found: block.Device) -> bool:
    return found.uuid.startswith("LVM-")


EXTEND = "lvextend --size +32M {device}   # room for the header, so that the file system keeps its size"
#: How a file system makes room for the header; {size} in KiB. xfs and others cannot shrink.
SHRINK: dict[str, tuple[str, ...]] = {
    "ext4": ("e2fsck -f {device}", "resize2fs {device} {size}K"),
    "ext3": ("e2fsck -f {device}", "resize2fs {device} {size}K"),
    "ext2": ("e2fsck -f {device}", "resize2fs {device} {size}K"),
    "btrfs": ("mount {device} /mnt", "btrfs filesystem resize -32M /mnt", "umount /mnt"),
}
GROW: dict[str, tuple[str, ...]] = {
    "btrfs": ("mount {opened} /mnt", "btrfs filesystem resize max /mnt", "umount /mnt"),
}


def _name(mount: block.Mount) -> str:
    """A name for the mapping: root_crypt, home_crypt, ..."""
    last = "".join(c if c.isalnum() else "_" for c in mount.point.strip("/").rsplit("/", 1)[-1])
    return f"{last or 'root'}_crypt"


def _leave(points: t.Sequence[str]) -> list[str]:
    if any(point in SYSTEM for point in points):
        return [RESCUE]
    return [f"umount {' '.join(shlex.quote(point) for point in points)}"]


def _encrypt(path: str, mount: block.Mount, grow: t.Sequence[str]) -> list[str]:
    opened = f"/dev/mapper/{_name(mount)}"
    return [
        f"cryptsetup reencrypt --encrypt --type luks2 --pbkdf argon2id --reduce-device-size 32M {path}",
        f"cryptsetup open {path} {_name(mount)}",
        *(line.format(opened=opened) for line in grow),
        f"cryptsetup luksHeaderBackup --header-backup-file FILE {path}   # with FILE kept on another medium",
    ]


def _return(host: Host, path: str, mount: block.Mount) -> list[str]:
    name = _name(mount)
    options = "luks,initramfs" if mount.point in SYSTEM else "luks"
    crypttab = f"add to /etc/crypttab: {name} UUID=$(cryptsetup luksUUID {path}) none {options}"
    fstab = f"in /etc/fstab, give {mount.point} the device /dev/mapper/{name}"
    if mount.point not in SYSTEM:
        return [crypttab, fstab, "systemctl daemon-reload", f"mount {shlex.quote(mount.point)}"]
    return [_enter(mount), *_own_boot(host), crypttab, fstab, *_taken_up(host, path), "reboot"]


def _enter(mount: block.Mount) -> str:
    below = "" if mount.root == "/" else f"-o subvol={shlex.quote(mount.root)} "
    opened = f"mount {below}/dev/mapper/{_name(mount)}"
    return f"{opened} and all that belongs to it below /mnt, bind /dev, /proc, /sys, and chroot /mnt"


def _own_boot(host: Host) -> list[str]:
    boot = block.mount_of(host, "/boot")
    return [] if boot and boot.point == "/boot" else [OWN_BOOT]


def _taken_up(host: Host, path: str) -> list[str]:
    maker = next((program for program in INITRAMFS if program and host.which(program)), "")
    return [line.format(device=path) for line in INITRAMFS[maker]]


def _recreate(host: Host, mount: block.Mount, devices: t.Sequence[block.Device]) -> str:
    """For file systems that cannot shrink, or span devices: anew, on an encrypted device."""
    paths = [shlex.quote(found.path) for found in devices] or ["DEVICE"]
    encrypted = [
        f"cryptsetup luksFormat --type luks2 --pbkdf argon2id {path}   # destroys what it holds" for path in paths
    ]
    opened = [f"cryptsetup open {path} {_name(mount)}{number or ''}" for number, path in enumerate(paths)]
    made = f"make a new {mount.kind} on /dev/mapper/{_name(mount)} and restore the backup"
    return numbered([BACKUP, *_leave([mount.point]), *encrypted, *opened, made, *_return(host, paths[0], mount)])


def close(host: Host, crypt: block.Device) -> tuple[str, ...]:
    """What has to be let go before this mapping can be closed, from the top down, and the closing."""

    def is_on(numbers: t.Sequence[str] | None) -> bool:
        return crypt in block.trace(host, numbers).crypts

    mounted = [mount.point for mount in host.once(block.mounts) if is_on(block.members(host, mount))]
    if any(point in SYSTEM for point in mounted):
        return (RESCUE,)
    swaps = [swap.path for swap in host.once(block.swaps) if is_on([block.number_of(host, swap.path) or ""])]
    logical = [found for found in host.once(block.mapped_devices) if _is_logical(found) and is_on([found.number])]
    groups = dict.fromkeys(block.udev(host, found.number).get("DM_VG_NAME", found.mapped) for found in logical)
    return (
        *(f"umount {shlex.quote(point)}" for point in reversed(mounted)),
        *(f"swapoff {shlex.quote(path)}" for path in swaps),
        *(f"vgchange --activate n {shlex.quote(group)}" for group in groups),
        f"cryptsetup close {shlex.quote(crypt.mapped)}",
    )


def back_up(path: str, file: str) -> str:
    """How to keep a header in this file."""
    return numbered(
        [
            f"mkdir -p -m 0700 {shlex.quote(file.rpartition('/')[0])}",
            f"cryptsetup luksHeaderBackup --header-backup-file {shlex.quote(file)} {shlex.quote(path)}",
            f"chmod 0600 {shlex.quote(file)}, and keep a copy of it on another machine",
        ]
    )


def strengthen(path: str, header: Header, weak: t.Sequence[Weakness], closing: t.Sequence[str]) -> str:
    """How to bring a LUKS header up to the thresholds; all of it keeps the data. closing: see `close`."""
    device = shlex.quote(path)
    steps = [f"cryptsetup luksHeaderBackup --header-backup-file FILE {device}   # then move FILE to another medium"]
    if header.version == 1:
        steps += [*closing, f"cryptsetup convert --type luks2 {device}"]
    steps += [
        f"cryptsetup luksConvertKey --pbkdf argon2id --key-slot {weakness.slot} {device}"
        for weakness in weak
        if weakness.slot >= 0
    ]
    steps += [line.format(device=device) for what, line in ANEW.items() if what in {weakness.what for weakness in weak}]
    steps += ["open and mount it again"] if closing else []
    return numbered([*steps, "destroy old header backups: they still open the device with the old, weaker keyslots"])


#: What only encrypting all data anew puts right, by the kind of weakness.
ANEW = {
    "cipher": "cryptsetup reencrypt --cipher aes-xts-plain64 --key-size 512 {device}   # hours; can be interrupted",
    "data": "cryptsetup reencrypt --resume-only {device}",
}
