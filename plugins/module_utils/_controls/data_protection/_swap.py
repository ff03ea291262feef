# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Swap with a fresh random key at each start: when that is safe, and the changes that bring it about.

The device is wiped at every start from then on. So it is named by what cannot come to mean another one (the UUID of its
partition, the name of its logical volume), and nothing is planned where there is any doubt about it.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._steps import numbered
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command, TakeUp
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._formats import swapspace, tables
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

CRYPTTAB = "/etc/crypttab"
FSTAB = "/etc/fstab"
RESUME_FOLDER = "/etc/initramfs-tools/conf.d"
NO_RESUME = f"{RESUME_FOLDER}/zz-infosec-principles"
MARK = "# infosec.principles disk_encryption"
NAME = "cryptswap"
#: `hash` plays no part with a key file, but Debian's own scripts ask for it. systemd makes the swap space anew (swap).
CRYPT_OPTIONS = "plain,swap,cipher=aes-xts-plain64,size=512,hash=sha256"
REMEDY = (
    "The fix gives the device a fresh random key at each start. What was swapped out before stays on the disk in clear "
    "until it is overwritten: where that matters, turn swap off, wipe the device once, and start again."
)
#: Swapping in reads a page at a time; this much takes a slow disk about a minute.
MAX_USED_KIB = 1024 * 1024
CRYPTSETUP = ("/usr/lib/systemd/systemd-cryptsetup", "/lib/systemd/systemd-cryptsetup", "/usr/bin/systemd-cryptsetup")
#: Where systemd's cryptsetup is a package of its own, by ID and ID_LIKE of os-release(5).
PACKAGES = {"debian": "systemd-cryptsetup", "fedora": "systemd-udev", "rhel": "systemd-udev"}


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why there is no fix, where that was read, and what a person does instead."""

    why: str
    evidence: tuple[Evidence, ...] = ()
    remedy: str = ""


@dataclasses.dataclass(frozen=True)
class Plan:
    """One fix for all swap devices that can be fixed (they share two files), and the refusals by path of the others."""

    changes: tuple[Change, ...] = ()
    refusals: t.Mapping[str, Refusal] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Target:
    """A swap device beyond doubt: its stable path, its signature, its entry in fstab, and the name of its mapping."""

    swap: block.Swap
    stable: str
    signature: swapspace.Signature
    row: tables.Row
    name: str = ""

    @property
    def mapped(self) -> str:
        return f"/dev/mapper/{self.name}"


class _Refused(Exception):
    def __init__(self, why: str, *evidence: Evidence) -> None:
        super().__init__(why)
        self.evidence = evidence


def trace(host: Host, swap: block.Swap) -> block.Trace | None:
    """What lies beneath swap; None for compressed memory."""
    if swap.kind == "file":
        return block.trace(host, block.members(host, block.mount_of(host, swap.path)))
    if re.fullmatch(r"/dev/zram\d+", swap.path):
        return _zram(host, swap.path[len("/dev/") :])
    number = block.number_of(host, swap.path)
    return block.trace(host, [number] if number else None)


def subject(host: Host, swap: block.Swap) -> str:
    """The path that a swap keeps: /proc/swaps has /dev/dm-1, whose number depends on the order of the start."""
    number = block.number_of(host, swap.path) if swap.kind == "partition" else None
    found = block.device(host, number) if number else None
    return found.path if found else swap.path


def _zram(host: Host, name: str) -> block.Trace | None:
    """zram can write idle pages to a disk (backing_dev)."""
    try:
        backing = host.read_text(f"/sys/block/{name}/backing_dev").strip()
    except HostError:
        return None
    number = block.number_of(host, backing) if backing != "none" else ""
    return None if number == "" else block.trace(host, [number] if number else None)


def plan(host: Host, swaps: t.Sequence[block.Swap], *, give_up_hibernation: bool) -> Plan:
    """The fix for these swap devices, all of them in clear."""
    targets: list[Target] = []
    refusals: dict[str, Refusal] = {}
    for swap in swaps:
        try:
            target = _target(host, swap, give_up_hibernation=give_up_hibernation)
            targets.append(dataclasses.replace(target, name=_free_name(host, targets)))
        except _Refused as exc:
            refusals[swap.path] = Refusal(str(exc), exc.evidence, _by_hand(host, swap))
    return Plan(_changes(host, targets) if targets else (), refusals)


# When it is safe


def _target(host: Host, swap: block.Swap, *, give_up_hibernation: bool) -> Target:
    """Raises _Refused with the first thing that speaks against it."""
    if swap.kind != "partition":
        raise _Refused("it is a file, whose place on the file system a program should not tie a wiping to")
    number = block.number_of(host, swap.path) or ""
    found = block.device(host, number)
    if found is None:
        raise _Refused("/sys does not show the device")
    _refuse_system(host)
    _refuse_hibernation(host, give_up_hibernation)
    _refuse_memory(host, swap)
    return Target(swap, _stable(host, found), _signature(host, found), _row(host, number))


def _refuse_system(host: Host) -> None:
    if not host.exists("/run/systemd/system"):
        raise _Refused("systemd does not run here, which would open it at each start")
    if not any(map(host.exists, CRYPTSETUP)) and _package(host) is None:
        raise _Refused("systemd-cryptsetup is missing, and the package that has it is not known for this distribution")
    if not _has_dm_crypt(host):
        raise _Refused("this kernel has no dm-crypt", Evidence("/lib/modules", "no dm-crypt module", "dm-crypt"))


def _has_dm_crypt(host: Host) -> bool:
    if host.exists("/sys/module/dm_crypt"):
        return True
    release = _text(host, "/proc/sys/kernel/osrelease").strip()
    loadable = _text(host, "/proc/sys/kernel/modules_disabled").strip() != "1"
    return any(
        "/dm-crypt.ko" in _text(host, f"/lib/modules/{release}/{name}")
        for name in ("modules.builtin", *(["modules.dep"] if loadable else []))
    )


def _refuse_hibernation(host: Host, give_up: bool) -> None:
    """A random key makes what was hibernated unreadable: the session is lost."""
    if "disk" not in _text(host, "/sys/power/state").split() or "[disabled]" in _text(host, "/sys/power/disk"):
        return
    words = _text(host, "/proc/cmdline").split()
    resume = next((word for word in words if word.startswith("resume=")), "")
    if resume and "noresume" not in words:
        why = f"the kernel is told to resume from hibernation ({resume}); take that out of the boot loader first"
        raise _Refused(why, Evidence("/proc/cmdline", resume, "no resume="))
    source, value = _resume(host)
    if value not in ("", "auto", "none") and not give_up:
        why = "hibernation is configured, and would lose the session; give it up with give_up_hibernation: true"
        raise _Refused(why, Evidence(source, f"RESUME={value}", "RESUME=none"))


def _resume(host: Host) -> tuple[str, str]:
    """RESUME of initramfs-tools and the file that sets it; the last one wins."""
    found = ("", "")
    for path in ("/etc/initramfs-tools/initramfs.conf", *host.glob(f"{RESUME_FOLDER}/*")):
        values = re.findall(r"^\s*RESUME=(.*?)\s*$", _text(host, path), re.MULTILINE)
        found = (path, values[-1].strip("\"'")) if values else found
    return found


def _refuse_memory(host: Host, swap: block.Swap) -> None:
    match = re.search(r"^MemAvailable:\s+(\d+) kB", _text(host, "/proc/meminfo"), re.MULTILINE)
    available = int(match.group(1)) if match else 0
    limit = min(available // 2, MAX_USED_KIB)
    if swap.used > limit:
        why = f"{swap.used} KiB are swapped out, more than can be taken back into memory now ({limit} KiB)"
        raise _Refused(why, Evidence("/proc/swaps", f"{swap.used} KiB used", f"at most {limit} KiB"))


def _stable(host: Host, found: block.Device) -> str:
    """A path that stays with this device whatever it holds (the swap's own UUID goes with the first key)."""
    if found.uuid.startswith("LVM-"):
        return found.path
    links = block.links(host, found.number)
    for start in ("/dev/disk/by-partuuid/", "/dev/disk/by-id/md-uuid-"):
        stable = [link for link in links if link.startswith(start)]
        if len(stable) == 1:
            return stable[0]
    raise _Refused(f"{found.path} has no name that is certain to stay with it (by-partuuid, md-uuid or logical volume)")


def _signature(host: Host, found: block.Device) -> swapspace.Signature:
    try:
        signature = swapspace.parse(host.read_part(found.node, max(swapspace.PAGE_SIZES)))
    except NeedsRoot as exc:
        raise _Refused(f"whether {found.path} really holds swap is for root to read; run with become: true") from exc
    except HostError as exc:
        raise _Refused(str(exc)) from exc
    if signature is None:
        raise _Refused(f"{found.path} has no swap signature", Evidence(found.path, "no swap signature", "SWAPSPACE2"))
    return signature


def _row(host: Host, number: str) -> tables.Row:
    """The one entry of fstab that turns this swap on."""
    rows = [
        row
        for row in tables.rows(_text(host, FSTAB))
        if row.word(2) == "swap" and block.number_of(host, tables.device_path(row.word(0))) == number
    ]
    if len(rows) != 1:
        raise _Refused(f"{FSTAB} has {len(rows)} entries for it, so what turns it on is not certain")
    taken = [row for row in tables.rows(_text(host, CRYPTTAB)) if _is(host, row.word(1), number)]
    if taken:
        raise _Refused(
            f"{CRYPTTAB} has an entry for it already, which a restart may take up", Evidence(CRYPTTAB, taken[0].text)
        )
    return rows[0]


def _is(host: Host, spec: str, number: str) -> bool:
    return block.number_of(host, tables.device_path(spec)) == number


def _free_name(host: Host, targets: t.Sequence[Target]) -> str:
    taken = {row.word(0) for row in tables.rows(_text(host, CRYPTTAB))} | {target.name for target in targets}
    taken |= {found.mapped for found in host.once(block.mapped_devices)}
    names = [NAME, *(f"{NAME}{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _package(host: Host) -> str | None:
    text = _text(host, "/etc/os-release")
    words = " ".join(re.findall(r"^ID(?:_LIKE)?=(.*)$", text, re.MULTILINE)).replace('"', " ").split()
    return next((PACKAGES[word] for word in words if word in PACKAGES), None)


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""


# The changes


def _changes(host: Host, targets: t.Sequence[Target]) -> tuple[Change, ...]:
    """Tables first, so that systemd knows the units; the initramfs last, once the new swap is there."""
    changes: list[Change] = []
    if not any(map(host.exists, CRYPTSETUP)):
        changes.append(InstallPackage(_package(host) or ""))
    changes += [
        write_file(host, CRYPTTAB, _crypttab(host, targets), mode=0o644),
        write_file(host, FSTAB, _fstab(host, targets), mode=0o644),
    ]
    initramfs = _initramfs(host)
    changes += initramfs[:1]
    changes.append(TakeUp("reload systemd", ("systemctl", "daemon-reload")))
    for target in targets:
        changes += [_off(target), _open(target), _on(target)]
    return (*changes, *initramfs[1:])


def _crypttab(host: Host, targets: t.Sequence[Target]) -> str:
    lines = []
    for target in targets:
        lines.append(f"{MARK}: swap with a fresh random key at each start; wipes this device")
        lines.append(f"{target.name} {target.stable} /dev/urandom {CRYPT_OPTIONS}")
    return tables.append(_text(host, CRYPTTAB), lines)


def _fstab(host: Host, targets: t.Sequence[Target]) -> str:
    text = _text(host, FSTAB)
    for target in sorted(targets, key=lambda target: -target.row.line):
        row = target.row
        words = [target.mapped, row.word(1, "none"), "swap", row.word(3, "sw"), row.word(4, "0"), row.word(5, "0")]
        text = tables.replace(text, row, [f"{MARK}: instead of: {row.text.strip()}", " ".join(words)])
    return text


def _initramfs(host: Host) -> list[Change]:
    """Debian's initramfs would wait half a minute for the swap that it knew by UUID. Two changes, or none."""
    update = host.which("update-initramfs")
    if update is None or _resume(host)[1] == "none":
        return []
    text = f"{MARK}: swap has a random key, nothing can be resumed from it\nRESUME=none\n"
    return [write_file(host, NO_RESUME, text), TakeUp("update the initramfs", ("update-initramfs", "-u"), 600)]


#: $1: the stable path, $2: the UUID that was planned against. What is no longer that very swap stays untouched.
_OFF = """set -eu
blockdev --flushbufs "$1"
[ "$(blkid -p -s TYPE -o value "$1")" = swap ] || { echo "$1 does not hold swap" >&2; exit 1; }
[ "$(blkid -p -s UUID -o value "$1")" = "$2" ] || { echo "$1 holds another swap than $2" >&2; exit 1; }
swapoff "$1"
"""
#: $1, $2 as above, $3: the label, $4: the options of fstab.
#: What went through dm-crypt is not in the page cache of the device below, so that cache is dropped before it is asked.
_BACK = """set -eu
blockdev --flushbufs "$1"
type=$(blkid -p -s TYPE -o value "$1" || true)
[ -z "$type" ] || [ "$type" = swap ] || { echo "$1 now holds $type; it is left alone" >&2; exit 1; }
[ "$type" = swap ] || mkswap -U "$2" ${3:+-L "$3"} "$1"
swapon -o "$4" "$1"
"""
_IN_USE = """awk -v device="$(readlink -f "$1")" '$1 == device { found = 1 } END { exit !found }' /proc/swaps"""


def _script(text: str, *words: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", text, "sh", *words)


def _off(target: Target) -> Command:
    options = target.row.word(3, "defaults")
    back = _script(_BACK, target.stable, target.signature.uuid, target.signature.label, options)
    return Command(
        title=f"turn swap off on {target.stable}",
        before=f"swap in clear on {target.stable}, UUID {target.signature.uuid}\n",
        after="",
        do=(_script(_OFF, target.stable, target.signature.uuid),),
        undo=(back,),
        probe=_script(f"! {_IN_USE}", target.stable),
    )


def _open(target: Target) -> Command:
    unit = f"systemd-cryptsetup@{target.name}.service"
    return Command(
        title=f"open {target.stable} with a random key as {target.mapped}",
        before="",
        after=f"{target.mapped}: {CRYPT_OPTIONS}\n",
        do=(("systemctl", "start", unit),),
        undo=(("systemctl", "stop", unit),),
        probe=("test", "-e", target.mapped),
    )


def _on(target: Target) -> Command:
    unit = f"dev-mapper-{target.name}.swap"
    return Command(
        title=f"turn swap on on {target.mapped}",
        before="",
        after=f"swap on {target.mapped}\n",
        do=(("systemctl", "start", unit),),
        undo=(("systemctl", "stop", unit),),
        probe=_script(_IN_USE, target.mapped),
    )


# By hand


def _by_hand(host: Host, swap: block.Swap) -> str:
    """The same for a person, who can see to what stands in the way."""
    path = shlex.quote(swap.path)
    place = (
        swap.path
        if swap.kind == "file"
        else "/dev/disk/by-partuuid/UUID-OF-ITS-PARTITION (see blkid; not the UUID of the swap)"
    )
    name = _free_name(host, [])
    return numbered(
        [
            "settle what the message names, then run again; or by hand:",
            f"swapoff {path}",
            f"add to {CRYPTTAB}: {name} {place} /dev/urandom {CRYPT_OPTIONS}",
            f"in {FSTAB}, put this in the place of its entry: /dev/mapper/{name} none swap sw 0 0",
            f"systemctl daemon-reload && systemctl start systemd-cryptsetup@{name}.service",
            f"swapon /dev/mapper/{name}",
        ]
    )
