# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Mounted file systems, swap, and what lies beneath them: partitions, LVM, RAID, loops, dm-crypt.

All is read from /proc and /sys, which needs no root. A block device is named by its number ("8:1"), as in the kernel.
"""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

ENCRYPTED = "encrypted"
CLEAR = "clear"
UNKNOWN = "unknown"

#: Layers by the beginning of the device-mapper UUID; the programs that make them set it (see dmsetup(8), UUID).
ENCRYPTION = {
    "CRYPT-LUKS1-": "LUKS1",
    "CRYPT-LUKS2-": "LUKS2",
    "CRYPT-PLAIN-": "plain dm-crypt",
    "CRYPT-TCRYPT-": "VeraCrypt",
    "CRYPT-BITLK-": "BitLocker",
    "CRYPT-FVAULT2-": "FileVault 2",
    "CRYPT-LOOPAES-": "loop-AES",
}
#: dm-integrity below a LUKS2 device, which cryptsetup makes for it alone: NAME_dif. It leaves the header out.
INTEGRITY_SUFFIX = "_dif"
LAYERS = {
    "LVM-": "LVM",
    "mpath-": "multipath",
    "part": "partition",
    "CRYPT-VERITY-": "verity",
    "CRYPT-INTEGRITY-": "integrity",
}
#: Drivers that say nothing in /sys of what lies beneath them.
OPAQUE = {
    "drbd": "DRBD: the disk beneath it is not shown in /sys",
    "nbd": "network block device: the data lies on another machine",
    "rbd": "Ceph block device: the data lies on other machines",
    "zd": "ZFS volume: ZFS keeps its own encryption (zfs get encryption)",
}
MAX_DEPTH = 32
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclasses.dataclass(frozen=True)
class Mount:
    """A line of mountinfo: the file system's device number, the folder of it that is shown, and where.

    options: those of the file system; flags: those of this mount of it.
    """

    device: str
    root: str
    point: str
    kind: str
    source: str
    options: str
    flags: str = ""


@dataclasses.dataclass(frozen=True)
class Swap:
    """A line of /proc/swaps; sizes in KiB."""

    path: str
    kind: str
    size: int
    used: int
    priority: int


@dataclasses.dataclass(frozen=True)
class Device:
    """A block device as /sys shows it. `uuid` and `mapped` are those of device-mapper, else empty."""

    number: str
    name: str
    folder: str
    uuid: str = ""
    mapped: str = ""

    @property
    def path(self) -> str:
        """Where people find it: the name of the mapping, else the kernel's (which has ! for /)."""
        return f"/dev/mapper/{self.mapped}" if self.mapped else self.node

    @property
    def node(self) -> str:
        """The kernel's own device file."""
        return f"/dev/{self.name.replace('!', '/')}"

    @property
    def encryption(self) -> str:
        """What encrypts here, or nothing."""
        return next((name for prefix, name in ENCRYPTION.items() if self.uuid.startswith(prefix)), "")


@dataclasses.dataclass(frozen=True)
class Trace:
    """What lies beneath: a verdict, the layers as a person reads them, why, and the devices that encrypt."""

    verdict: str
    layers: str
    why: str = ""
    crypts: tuple[Device, ...] = ()


@dataclasses.dataclass(frozen=True)
class Volume:
    """A LUKS device: what begins with its header (None where that is not told), and its mapping while it is open."""

    header: Device | None
    mapping: Device | None = None


# /proc


def mounts(host: Host) -> list[Mount]:
    """What this process sees mounted (host.once)."""
    lines = host.read_text("/proc/self/mountinfo").splitlines()
    return [mount for mount in map(_mount, lines) if mount]


def swaps(host: Host) -> list[Swap]:
    """Swap in use (host.once); none where the kernel has no swap."""
    try:
        lines = host.read_text("/proc/swaps").splitlines()
    except HostError:
        return []
    rows = [line.split() for line in lines[1:]]
    return [Swap(unescape(row[0]), row[1], int(row[2]), int(row[3]), int(row[4])) for row in rows if len(row) == 5]


def unescape(text: str) -> str:
    r"""Undo the \040 of the kernel and of fstab(5)."""
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), text)


def _mount(line: str) -> Mount | None:
    left, _separator, right = line.partition(" - ")
    first, second = left.split(), right.split(" ")
    if len(first) < 6 or len(second) < 3:
        return None
    root, point = unescape(first[3]), unescape(first[4])
    return Mount(first[2], root, point, second[0], unescape(second[1]), second[2], first[5])


# /sys


def device(host: Host, number: str) -> Device | None:
    """The device with this number, or None where /sys does not have it."""
    link = host.readlink(f"/sys/dev/block/{number}")
    if link is None:
        return None
    folder = os.path.normpath(os.path.join("/sys/dev/block", link))
    return Device(
        number, os.path.basename(folder), folder, _line(host, f"{folder}/dm/uuid"), _line(host, f"{folder}/dm/name")
    )


def number_of(host: Host, path: str) -> str | None:
    """The number of the device that a path below /dev leads to, or None; links are followed, not the device opened."""
    for _step in range(MAX_DEPTH):
        link = host.readlink(path)
        if link is None:
            break
        path = os.path.normpath(os.path.join(os.path.dirname(path), link))
    mapped = path.startswith("/dev/mapper/") and host.once(_mapped).get(path[len("/dev/mapper/") :])
    name = path[len("/dev/") :].replace("/", "!") if path.startswith("/dev/") else ""
    return mapped or (_line(host, f"/sys/class/block/{name}/dev") if name else "") or None


def mapped_devices(host: Host) -> list[Device]:
    """All device-mapper devices (host.once)."""
    numbers = [
        _line(host, f"/sys/class/block/{name}/dev") for name in host.listdir("/sys/class/block") if _is_mapped(name)
    ]
    return [found for found in (device(host, number) for number in numbers if number) if found]


def sectors(host: Host, found: Device) -> int:
    """The size in sectors of 512 bytes; 0 where it is not told."""
    text = _line(host, f"{found.folder}/size")
    return int(text) if text.isdigit() else 0


def udev(host: Host, number: str) -> dict[str, str]:
    """What udev knows of a device (ID_PART_ENTRY_TYPE, ...); empty without udev."""
    return dict(line[2:].split("=", 1) for line in _udev_lines(host, number) if line.startswith("E:") and "=" in line)


def links(host: Host, number: str) -> list[str]:
    """The stable names below /dev that lead to a device, as udev made them."""
    names = [f"/dev/{line[2:]}" for line in _udev_lines(host, number) if line.startswith("S:")]
    return [name for name in names if number_of(host, name) == number]


def beneath(host: Host, found: Device) -> list[str] | None:
    """The numbers of the devices that this one lies on; none for a disk, None for a driver that does not say."""
    if any(re.fullmatch(rf"{driver}\d+(p\d+)?", found.name) for driver in OPAQUE):
        return None
    if host.exists(f"{found.folder}/partition"):
        return [_line(host, f"{os.path.dirname(found.folder)}/dev")]
    backing = _line(host, f"{found.folder}/loop/backing_file")
    if backing:
        return members(host, mount_of(host, backing))
    return [_line(host, f"{found.folder}/slaves/{name}/dev") for name in host.listdir(f"{found.folder}/slaves")]


def mount_of(host: Host, path: str) -> Mount | None:
    """The mount that a path of this machine lies on."""
    holders = [mount for mount in host.once(mounts) if f"{path}/".startswith(f"{mount.point.rstrip('/')}/")]
    return max(reversed(holders), key=lambda mount: len(mount.point), default=None) if holders else None


def members(host: Host, mount: Mount | None) -> list[str] | None:
    """The numbers of the devices that hold a file system, or None where that is not told.

    btrfs has an anonymous number, and may span devices: /sys/fs/btrfs/UUID/devices has one entry for each of them.
    """
    if mount is None:
        return None
    if not mount.device.startswith("0:"):
        return [mount.device]
    first = number_of(host, mount.source)
    if first is None:
        return None
    return next((group for group in host.once(_btrfs) if first in group), [first])


def _btrfs(host: Host) -> list[list[str]]:
    folders = [f"/sys/fs/btrfs/{name}/devices" for name in host.listdir("/sys/fs/btrfs")]
    return [[_line(host, f"/sys/class/block/{name}/dev") for name in host.listdir(folder)] for folder in folders]


def _mapped(host: Host) -> dict[str, str]:
    return {found.mapped: found.number for found in host.once(mapped_devices)}


def _is_mapped(name: str) -> bool:
    return name.startswith("dm-")


def _udev_lines(host: Host, number: str) -> list[str]:
    try:
        return host.read_text(f"/run/udev/data/b{number}").splitlines()
    except HostError:
        return []


def _line(host: Host, name: str) -> str:
    try:
        return host.read_text(name).rstrip("\n")
    except HostError:
        return ""


# From the top down


def trace(host: Host, numbers: t.Sequence[str] | None, depth: int = 0) -> Trace:
    """Whether all ways down from these devices pass an encrypting layer."""
    if not numbers:
        return Trace(UNKNOWN, "", "the device beneath it is not told")
    traces = [_trace_one(host, number, depth) for number in numbers]
    worst = next((found for verdict in (CLEAR, UNKNOWN) for found in traces if found.verdict == verdict), traces[0])
    crypts = tuple(dict.fromkeys(crypt for found in traces for crypt in found.crypts))
    return Trace(worst.verdict, " + ".join(found.layers for found in traces), worst.why, crypts)


def _trace_one(host: Host, number: str, depth: int) -> Trace:
    found = device(host, number) if number else None
    if found is None or depth > MAX_DEPTH:
        return Trace(UNKNOWN, number, f"/sys does not show the device {number}")
    below = beneath(host, found)
    if found.encryption:
        deeper = trace(host, below, depth + 1) if below else Trace(CLEAR, "")
        return Trace(ENCRYPTED, _join(found, found.encryption, deeper), crypts=(found, *deeper.crypts))
    if below == []:
        return Trace(CLEAR, found.path, f"{found.path} holds it in clear")
    if below is None:
        return Trace(UNKNOWN, found.path, _opaque(found))
    deeper = trace(host, below, depth + 1)
    return dataclasses.replace(deeper, layers=_join(found, _layer(host, found), deeper))


def _opaque(found: Device) -> str:
    return next(
        (why for driver, why in OPAQUE.items() if found.name.startswith(driver)), "what lies beneath is not told"
    )


def _join(found: Device, layer: str, deeper: Trace) -> str:
    own = f"{found.path} ({layer})" if layer else found.path
    return f"{own} on {deeper.layers}" if deeper.layers else own


def _layer(host: Host, found: Device) -> str:
    if host.exists(f"{found.folder}/md"):
        return "RAID"
    if host.exists(f"{found.folder}/loop"):
        return "loop"
    return next((name for prefix, name in LAYERS.items() if found.uuid.startswith(prefix)), "")


def luks_volumes(host: Host) -> list[Volume]:
    """The LUKS devices that are open, and those that udev knows besides (host.once)."""
    mappings = [found for found in host.once(mapped_devices) if found.encryption.startswith("LUKS")]
    opened = [Volume(header_device(host, mapping), mapping) for mapping in mappings]
    taken = {volume.header.number for volume in opened if volume.header}
    closed = [found for found in _luks_devices(host) if found.number not in taken and not _holders(host, found)]
    return [*opened, *(Volume(found) for found in closed)]


def _luks_devices(host: Host) -> list[Device]:
    names = [name for name in host.listdir("/run/udev/data") if name.startswith("b")]
    numbers = [name[1:] for name in names if udev(host, name[1:]).get("ID_FS_TYPE") == "crypto_LUKS"]
    return [found for found in (device(host, number) for number in numbers) if found]


def _holders(host: Host, found: Device) -> list[str]:
    """What lies directly on a device; its header is then that of another one (multipath, RAID)."""
    return host.listdir(f"{found.folder}/holders")


def header_device(host: Host, crypt: Device) -> Device | None:
    """The device whose first bytes hold the header of an encrypting one, or None where it is not told."""
    below = beneath(host, crypt)
    found = device(host, below[0]) if below and len(below) == 1 else None
    own = found is not None and found.mapped == f"{crypt.mapped}{INTEGRITY_SUFFIX}"
    return header_device(host, found) if found and own else found
