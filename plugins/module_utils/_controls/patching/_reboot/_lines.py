# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The line of fstab(5) that brings back a mount or swap as the kernel has it now."""

from __future__ import annotations

import os

from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: What the kernel adds by itself.
IMPLIED = frozenset({"rw", "relatime", "inode64", "seclabel"})
#: The root of these lies on a device that can be named by its UUID.
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "fuse.sshfs", "9p", "virtiofs")


def fstab(host: Host, mount: block.Mount) -> str:
    """nofail: a boot goes on where it is not there."""
    if mount.root != "/" and mount.kind != "btrfs":
        return _line(_bound(host, mount), mount.point, "none", ["bind", *_flags(mount), "nofail"], 0)
    if not mount.device.startswith("0:") or mount.kind == "btrfs":
        number = block.number_of(host, mount.source) or mount.device
        loop = _loop(host, number)
        flags = [*(["loop"] if loop else []), *_subvolume(mount), *_flags(mount), "nofail"]
        return _line(loop or _name(host, number, mount.source), mount.point, mount.kind, flags, 2)
    if mount.kind == "tmpfs":
        own = [
            option for option in mount.options.split(",") if option.partition("=")[0] in ("size", "mode", "uid", "gid")
        ]
        return _line("tmpfs", mount.point, "tmpfs", [*_flags(mount), *own, "nofail"], 0)
    network = ["_netdev"] if mount.kind in REMOTE or mount.kind.startswith("fuse.") else []
    return _line(mount.source, mount.point, mount.kind, [*_flags(mount), *network, "nofail"], 0)


def swap(host: Host, found: block.Swap) -> str:
    """The same for swap; a priority that somebody chose is kept (the kernel chooses negative ones)."""
    number = block.number_of(host, found.path)
    name = _name(host, number, found.path) if number else found.path
    options = ["sw", *([f"pri={found.priority}"] if found.priority >= 0 else []), "nofail"]
    return _line(name, "none", "swap", options, 0)


def _line(spec: str, point: str, kind: str, options: list[str], check: int) -> str:
    return f"{_escaped(spec)} {_escaped(point)} {kind} {','.join(options)} 0 {check}"


def _escaped(text: str) -> str:
    return "".join(f"\\{ord(char):03o}" if char in " \t\n\\" else char for char in text)


def _flags(mount: block.Mount) -> list[str]:
    return [flag for flag in mount.flags.split(",") if flag and flag not in IMPLIED]


def _subvolume(mount: block.Mount) -> list[str]:
    return [f"subvol={mount.root}"] if mount.kind == "btrfs" and mount.root != "/" else []


def _name(host: Host, number: str, path: str) -> str:
    """By UUID, which stays with the file system; a mapped device's name stays as well."""
    uuid = block.udev(host, number).get("ID_FS_UUID", "")
    return f"UUID={uuid}" if uuid else path


def _loop(host: Host, number: str) -> str:
    found = block.device(host, number)
    try:
        return host.read_text(f"{found.folder}/loop/backing_file").strip() if found else ""
    except HostError:
        return ""


def _bound(host: Host, mount: block.Mount) -> str:
    """Where the folder that is shown lies, as another mount of the same file system tells."""
    for other in host.once(block.mounts):
        inside = other.device == mount.device and f"{mount.root}/".startswith(f"{other.root.rstrip('/')}/")
        if inside and other.point != mount.point:
            return os.path.normpath(f"{other.point}/{mount.root[len(other.root.rstrip('/')) :]}")
    return mount.root
