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
INITRAMFS = (
    "Debian: apt-get install cryptsetup-initramfs && update-initramfs -u -k all; "
    "Fedora, RHEL: dracut --force --regenerate-all"
)
BOUND = (
    "Only a part of the file system is bound into this machine, as into a container: encrypt the device on the "
    "machine that mounts the whole of it; disk_encryption says there how."
)
BACKUP = "back up everything on it, and see that the backup can be restored"


def numbered(lines: t.Iterable[str]) -> str:
    """The steps as one text."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def encrypt_file_system(host: Host, mount: block.Mount, points: t.Sequence[str]) -> str:
    """How to put LUKS2 beneath a file system that is there."""
    numbers = block.members(host, mount) or []
    devices = [found for found in (block.device(host, number) for number in numbers) if found]
    if len(devices) != 1 or mount.kind not in SHRINK:
        return _recreate(mount, devices)
    path = shlex.quote(devices[0].path)
    room = block.sectors(host, devices[0]) // 2 - HEADER_KIB
    before = [BACKUP, *_leave(points), *(line.format(device=path, size=room) for line in SHRINK[mount.kind])]
    return numbered([*before, *_encrypt(path, mount), *_return(path, mount)])


#: How a file system makes room for the header; {size} in KiB. xfs and others cannot shrink.
SHRINK = {
    "ext4": ("e2fsck -f {device}", "resize2fs {device} {size}K"),
    "ext3": ("e2fsck -f {device}", "resize2fs {device} {size}K"),
    "ext2": ("e2fsck -f {device}", "resize2fs {device} {size}K"),
    "btrfs": ("mount {device} /mnt", "btrfs filesystem resize -32M /mnt", "umount /mnt"),
}
GROW = {
    "btrfs": ("mount {opened} /mnt", "btrfs filesystem resize max /mnt", "umount /mnt"),
}


def _name(mount: block.Mount) -> str:
    """A name for the mapping: root_crypt, home_crypt, ..."""
    last = "".join(c if c.isalnum() else "_" for c in mount.point.strip("/").rsplit("/", 1)[-1])
    return f"{last or 'root'}_crypt"


def _leave(points: t.Sequence[str]) -> list[str]:
    if any(point in SYSTEM for point in points):
        return ["start a rescue system that has cryptsetup (an installer's, a live system); mount none of this there"]
    return [f"umount {' '.join(shlex.quote(point) for point in points)}"]


def _encrypt(path: str, mount: block.Mount) -> list[str]:
    opened = f"/dev/mapper/{_name(mount)}"
    grow = GROW.get(mount.kind, ("resize2fs {opened}",))
    return [
        f"cryptsetup reencrypt --encrypt --type luks2 --pbkdf argon2id --reduce-device-size 32M {path}",
        f"cryptsetup open {path} {_name(mount)}",
        *(line.format(opened=opened) for line in grow),
        f"cryptsetup luksHeaderBackup --header-backup-file FILE {path}, with FILE kept on another medium",
    ]


def _return(path: str, mount: block.Mount) -> list[str]:
    name = _name(mount)
    options = "luks,initramfs" if mount.point in SYSTEM else "luks"
    crypttab = f"add to /etc/crypttab: {name} UUID=$(cryptsetup luksUUID {path}) none {options}"
    fstab = f"in /etc/fstab, give {mount.point} the device /dev/mapper/{name}"
    if mount.point not in SYSTEM:
        return [crypttab, fstab, "systemctl daemon-reload", f"mount {shlex.quote(mount.point)}"]
    enter = f"mount /dev/mapper/{name} and all that belongs to it below /mnt, bind /dev, /proc, /sys, and chroot /mnt"
    boot = "see that /boot is a file system of its own: GRUB cannot read LUKS2 with argon2id"
    return [enter, boot, crypttab, fstab, f"{INITRAMFS}; then update the boot loader", "reboot"]


def _recreate(mount: block.Mount, devices: t.Sequence[block.Device]) -> str:
    """For file systems that cannot shrink, or span devices: anew, on an encrypted device."""
    paths = [shlex.quote(found.path) for found in devices] or ["DEVICE"]
    encrypted = [
        f"cryptsetup luksFormat --type luks2 --pbkdf argon2id {path}   # destroys what it holds" for path in paths
    ]
    opened = [f"cryptsetup open {path} {_name(mount)}{number or ''}" for number, path in enumerate(paths)]
    made = f"make a new {mount.kind} on /dev/mapper/{_name(mount)} and restore the backup"
    return numbered([BACKUP, *_leave([mount.point]), *encrypted, *opened, made, *_return(paths[0], mount)])


def strengthen(path: str, header: Header, weak: t.Sequence[Weakness]) -> str:
    """How to bring a LUKS header up to the thresholds; all of it keeps the data."""
    device = shlex.quote(path)
    steps = [f"cryptsetup luksHeaderBackup --header-backup-file FILE {device}   # then move FILE to another medium"]
    if header.version == 1:
        steps.append(
            f"with the device closed (from a rescue system for root): cryptsetup convert --type luks2 {device}"
        )
    steps += [
        f"cryptsetup luksConvertKey --pbkdf argon2id --key-slot {weakness.slot} {device}"
        for weakness in weak
        if weakness.slot >= 0
    ]
    if any(weakness.what == "cipher" for weakness in weak):
        steps.append(
            f"cryptsetup reencrypt --cipher aes-xts-plain64 --key-size 512 {device}   # hours; can be interrupted"
        )
    if any(weakness.what == "data" for weakness in weak):
        steps.append(f"cryptsetup reencrypt --resume-only {device}")
    return numbered([*steps, "destroy old header backups: they still open the device with the old, weaker keyslots"])
