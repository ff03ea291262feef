# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Weak LUKS keyslots raised to argon2id, LUKS1 to LUKS2: when that is safe, and the changes that bring it about.

A header that is lost or that the boot loader cannot read locks its owner out for good. So it is backed up first,
nothing is planned where there is any doubt, and where the passphrase does not open it afterwards, it is put back.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection import _steps, _strength
from ansible_collections.infosec.principles.plugins.module_utils._engine import luks_headers
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.luks_headers import (
    BackUpHeader,
    StrengthenHeader,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import luks, tables
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: Trying a passphrase costs what the keyslot costs, and the weak ones are cheap.
TRY_SECONDS = 20
#: What GRUB reads before there is a kernel.
BOOT = ("/boot/grub", "/boot/grub2")


@dataclasses.dataclass(frozen=True)
class Plan:
    """The changes; or why there are none although a passphrase was given, and what has to be closed by hand before."""

    changes: tuple[Change, ...] = ()
    refusal: str = ""
    close: tuple[str, ...] = ()


class _Refused(Exception):
    def __init__(self, why: str, close: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.close = close


def plan(
    host: Host, volume: block.Volume, header: luks.Header, weak: t.Sequence[_strength.Weakness], options: Options
) -> Plan:
    """The fix for the weak keyslots of this device."""
    below = t.cast("block.Device", volume.header)
    close = _steps.close(host, volume.mapping) if header.version == 1 and volume.mapping else ()
    name = _given(host, below, options["luks_passphrases"] or {})
    slots = sorted(weakness.slot for weakness in weak if weakness.slot >= 0)
    if not name or not slots:
        return Plan(close=close)
    try:
        _refuse(host, below, header, close, options)
        opened = _opened(host, below, slots, str(options["luks_passphrases"][name]))
        return Plan(_changes(host, below, header, opened, name, options["luks_backup_folder"]))
    except _Refused as exc:
        return Plan(refusal=str(exc), close=close)


def _given(host: Host, below: block.Device, passphrases: t.Mapping[str, str]) -> str:
    """The name under which this device has a passphrase, or nothing."""
    return next(
        (name for name in passphrases if block.number_of(host, tables.device_path(name)) == below.number),
        "",
    )


def by_uuid(uuid: str) -> str:
    """The path that udev gives a LUKS device, whichever disk the kernel finds first."""
    return f"/dev/disk/by-uuid/{uuid}"


def refuse_device(host: Host, below: block.Device, uuid: str) -> str:
    """Why nothing is done to this header, or nothing."""
    if host.which("cryptsetup") is None:
        return "cryptsetup is not installed"
    if block.number_of(host, by_uuid(uuid)) != below.number:
        return f"{by_uuid(uuid)} does not lead to it; two devices with one UUID are a disk and its copy"
    return ""


def refuse_folder(host: Host, folder: str) -> str:
    """Why no backup goes there, or nothing."""
    status = host.stat(folder)
    if not folder.startswith("/"):
        return f"luks_backup_folder is no absolute path ({folder})"
    if status is not None and status.st_mode & 0o022:
        return f"others can write into {folder} (mode {status.st_mode & 0o7777:04o}), and so exchange what is put back"
    return ""


def _refuse(host: Host, below: block.Device, header: luks.Header, close: tuple[str, ...], options: Options) -> None:
    """Raises _Refused with the first thing that speaks against it."""
    folder = options["luks_backup_folder"]
    if not folder:
        raise _Refused(
            "no header is changed before it is backed up, and no folder for that is declared (luks_backup_folder)"
        )
    refusal = refuse_folder(host, folder) or refuse_device(host, below, header.uuid)
    if refusal:
        raise _Refused(refusal)
    if header.requirements or any(segment.kind == "linear" for segment in header.segments):
        raise _Refused("it is being encrypted anew (cryptsetup reencrypt); finish that first")
    if any(copy.fault for copy in header.copies):
        raise _Refused("one copy of its header is damaged; cryptsetup repair mends that")
    if close:
        raise _Refused("it is LUKS1, and only what is closed can become LUKS2", close)
    if any(host.exists(path) and lies_on(host, path, below) for path in BOOT):
        raise _Refused(
            "/boot lies on it, and GRUB reads no keyslot with argon2id; give /boot a partition of its own first"
        )
    place = block.trace(host, block.members(host, block.mount_of(host, folder)))
    if place.verdict == block.CLEAR:
        raise _Refused(
            f"{folder} lies in clear on {place.layers}, where the backup would keep the weak keyslots for whoever "
            "holds that; declare a folder on an encrypted device, or on another machine"
        )


def lies_on(host: Host, path: str, below: block.Device) -> bool:
    """Whether the device with this header is one of those that a path of this machine lies on."""
    place = block.trace(host, block.members(host, block.mount_of(host, path)))
    headers = [block.header_device(host, crypt) for crypt in place.crypts]
    return below.number in [found.number for found in headers if found]


def _opened(host: Host, below: block.Device, slots: t.Sequence[int], passphrase: str) -> tuple[int, ...]:
    """Those of the keyslots that this passphrase opens."""
    opened = tuple(slot for slot in slots if _opens(host, below, slot, passphrase))
    if not opened:
        raise _Refused("the passphrase that was given opens none of the weak keyslots")
    return opened


def _opens(host: Host, below: block.Device, slot: int, passphrase: str) -> bool:
    argv = ("cryptsetup", "open", "--test-passphrase", "--key-file", "-", "--key-slot", str(slot), below.node)
    return host.ask(*argv, stdin=passphrase, timeout=TRY_SECONDS).rc == 0


def _changes(
    host: Host, below: block.Device, header: luks.Header, slots: tuple[int, ...], name: str, folder: str
) -> tuple[Change, ...]:
    """A backup before, from which it is put back, and one after, which is the one to keep."""
    start = host.read_part(below.node, luks.BINARY_SIZE)
    state = luks_headers.state(host.read_part(below.node, luks.size_to_read(start)))
    if state is None:
        raise _Refused("its first header is damaged; cryptsetup repair mends that")
    device = by_uuid(state.uuid)
    keep = BackUpHeader(device, state.uuid, folder)
    strengthen = StrengthenHeader(
        device=device,
        uuid=state.uuid,
        digest=state.digest,
        backup=f"{folder}/{state.file_name}",
        convert=header.version == 1,
        slots=slots,
        passphrase=name,
        memory=_strength.ARGON2_MEMORY_KIB,
        passes=_strength.ARGON2_PASSES,
    )
    return (keep, strengthen, keep)
