# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Mounts, swap and encrypted volumes against what a boot brings up: fstab(5), systemd's units, its generators."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot import _crypttab, _lines
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine import units
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._formats import tables, unit_names
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host import container, startup
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing

MOUNTS = rule(
    "mounts",
    "What is mounted is what a boot mounts, and nothing that a boot mounts is missing",
    "high",
    "Write the mount into /etc/fstab, or take away what is not meant to come back; try it with mount -a.",
)
SWAPS = rule(
    "swaps",
    "The swap in use is the swap that a boot turns on",
    "medium",
    "Write the swap into /etc/fstab, or turn off what is not meant to come back.",
)
RULES = (MOUNTS, SWAPS, _crypttab.CRYPTTAB)
OPTIONS: dict[str, dict[str, t.Any]] = {}

FSTAB = "/etc/fstab"
THIS_HOST = "this host"
#: What the kernel shows of itself, and what programs mount for themselves each time that they start.
PSEUDO = frozenset(
    {
        "autofs",
        "binder",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "cpuset",
        "debugfs",
        "devpts",
        "devtmpfs",
    }
    | {"efivarfs", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "fuse.snapfuse", "fusectl", "hugetlbfs", "mqueue"}
    | {"nfsd", "nsfs", "overlay", "proc", "pstore", "ramfs", "resctrl", "rpc_pipefs", "securityfs", "selinuxfs"}
    | {"smackfs", "squashfs", "sysfs", "tracefs", "xenfs", "zfs"}
)
#: Beneath these, programs mount for themselves: runtimes of containers, snapd, udisks, sessions, chroots of daemons.
OTHERS = (
    *("/dev", "/proc", "/sys", "/run", "/snap", "/media", "/etc/machine-id", "/var/snap", "/var/named/chroot"),
    *("/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/kubelet", "/var/lib/lxc"),
    *("/var/lib/lxd", "/var/lib/incus", "/var/lib/nfs", "/var/lib/machines", "/var/lib/flatpak", "/var/lib/snapd"),
    *("/var/lib/rancher", "/var/lib/k0s", "/var/lib/libvirt", "/home/.ecryptfs"),
)
LOCAL = ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
GENERATED = ("/run/systemd/generator", "/run/systemd/generator.early", "/run/systemd/generator.late")
MASKED = "/dev/null"
CIB = "/var/lib/pacemaker/cib/cib.xml"
#: systemd orders these behind the network by themselves (fstype_is_network of its source).
NETWORK = frozenset(
    {"afs", "ceph", "cifs", "davfs", "glusterfs", "gfs", "gfs2", "gpfs", "lustre", "ncp", "ncpfs", "nfs", "nfs4"}
    | {"ocfs2", "pvfs2", "smb3", "smbfs", "sshfs"}
)


@dataclasses.dataclass(frozen=True)
class Entry:
    """A line of fstab."""

    row: tables.Row

    @property
    def spec(self) -> str:
        return self.row.word(0)

    @property
    def point(self) -> str:
        return self.row.word(1).rstrip("/") or "/"

    @property
    def kind(self) -> str:
        return self.row.word(2)

    @property
    def options(self) -> frozenset[str]:
        return frozenset(self.row.word(3).split(","))

    @property
    def device(self) -> str:
        """The path below /dev, or whatever else is mounted."""
        return tables.device_path(self.spec)

    @property
    def place(self) -> Evidence:
        return Evidence(f"{FSTAB}:{self.row.line}", self.row.text.strip())

    @property
    def waits(self) -> bool:
        """Whether a boot leaves it alone, until somebody asks for it."""
        return bool({"noauto", "x-systemd.automount"} & self.options)


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """All three rules. Swap and encrypted volumes of a container are those of its host."""
    entries = host.once(fstab)
    yield from _or_good(_mounts(host, entries), MOUNTS, "everything that is mounted, a boot mounts, and nothing else")
    runtime = host.once(container.read)
    if runtime:
        message = f"this is a container ({runtime}); swap and encrypted volumes are its host's"
        yield from (Finding(one, THIS_HOST, f.NOT_APPLICABLE, message) for one in (SWAPS, _crypttab.CRYPTTAB))
        return
    yield from _or_good(_swaps(host, entries), SWAPS, "a boot turns on the swap that is in use, and no other")
    yield from _crypttab.assess(host)


def _or_good(findings: t.Iterator[Finding], judged: f.Rule, message: str) -> t.Iterator[Finding]:
    found = list(findings)
    yield from found or [Finding(judged, THIS_HOST, f.PASS, message)]


def fstab(host: Host) -> list[Entry]:
    """The entries of fstab; none without the file. Use as `host.once(fstab)`."""
    try:
        return [Entry(row) for row in tables.rows(host.read_text(FSTAB)) if len(row.words) >= 3]
    except Missing:
        return []


# Mounts


def _mounts(host: Host, entries: t.Sequence[Entry]) -> t.Iterator[Finding]:
    """What a boot would not mount, or not this way; then the entries that are not mounted or cannot be."""
    found = host.once(block.mounts)
    for mount in {mount.point: mount for mount in found if not _is_others(mount)}.values():
        entry = next((entry for entry in entries if _real(host, entry.point) == mount.point), None)
        if entry and not ({"noauto"} & entry.options and not entry.options & {"x-systemd.automount"}):
            yield from _other_device(host, mount, entry)
        elif not _comes_back(host, mount, found):
            yield _not_at_boot(host, mount, entry)
    points = {mount.point for mount in found}
    for entry in entries:
        if not entry.waits and entry.point.startswith("/") and entry.kind != "swap" and entry.kind not in PSEUDO:
            yield from _entry(host, entry, points, found)


def _is_others(mount: block.Mount) -> bool:
    # A bind mount of a container's own folder is an overlay as well.
    if mount.point == "/" or (mount.kind in PSEUDO and (mount.kind != "overlay" or mount.root == "/")):
        return True
    return any(f"{mount.point}/".startswith(f"{place}/") for place in OTHERS)


def _comes_back(host: Host, mount: block.Mount, mounts: t.Sequence[block.Mount]) -> bool:
    """Whether the runtime, a unit, a generator, an automounter or a cluster mounts it again."""
    number = container.masks(host) if host.once(container.read) else 0
    if number and any(mount is one for one in mounts[:number]):
        return True
    if any(one.kind == "autofs" and f"{mount.point}/".startswith(f"{one.point}/") for one in mounts):
        return True
    return _by_unit(host, unit_names.of_path(mount.point, "mount")) or _names(host, CIB, mount.point)


def _by_unit(host: Host, name: str) -> bool:
    """Whether a boot starts that unit, of a mount or swap, or an automount in its place."""
    names = (name, f"{name.rpartition('.')[0]}.automount")
    if any(_is_generated(host, f"{folder}/{unit}") for folder in GENERATED for unit in names):
        return True
    return any(_unit_file(host, unit) not in ("", MASKED) and _is_wanted(host, unit) for unit in names)


def _unit_file(host: Host, name: str) -> str:
    """The unit's file, or what a link there leads to (/dev/null for a masked one); "" for none."""
    for folder in LOCAL:
        path = f"{folder}/{name}"
        link = host.readlink(path)
        if link == MASKED or host.exists(path):
            return link or path
    return ""


def _is_generated(host: Host, path: str) -> bool:
    """Made by a generator, but not out of an fstab that may have changed since."""
    return host.exists(path) and f"SourcePath={FSTAB}" not in host.read_text(path)


def _is_wanted(host: Host, name: str) -> bool:
    """Whether it is enabled, or other units pull it in, as RequiresMountsFor= does."""
    shown = host.ask("systemctl", "show", "--property=UnitFileState,WantedBy,RequiredBy", "--", name).stdout
    values = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return values.get("UnitFileState") == "enabled" or any(values.get(key) for key in ("WantedBy", "RequiredBy"))


def _names(host: Host, path: str, word: str) -> bool:
    return word in host.once(startup.texts).get(path, "")


def _not_at_boot(host: Host, mount: block.Mount, entry: Entry | None) -> Finding:
    seen = Evidence("/proc/self/mountinfo", f"{mount.kind} of {mount.source} at {mount.point}", "mounted by a boot")
    if host.once(container.read) and container.masks(host) is None:
        message = f"{mount.kind} at {mount.point}: whether the runtime of this container mounts it is not told here"
        return Finding(MOUNTS, mount.point, f.NOT_ASSESSED, message, (seen,))
    if entry:
        message = f"{mount.kind} is mounted at {mount.point}, but {FSTAB} says noauto, so that a boot leaves it out"
        remedy = f"take noauto out of line {entry.row.line} of {FSTAB}, or: umount {mount.point}"
        return Finding(MOUNTS, mount.point, f.FAIL, message, (seen, entry.place), remedy=remedy)
    return _by_hand(host, mount, seen)


def _by_hand(host: Host, mount: block.Mount, seen: Evidence) -> Finding:
    """A unit that only has to be enabled is a fix; a line for fstab is for a person to add, who knows what is meant."""
    name = unit_names.of_path(mount.point, "mount")
    path = _unit_file(host, name)
    if path not in ("", MASKED) and "\n[Install]" in host.read_text(path):
        state = units.read_state(host, name)
        fix = (units.UnitState(name, state, units.State(active=state.active, enablement="enabled")),)
        message = (
            f"{mount.kind} is mounted at {mount.point}, but its unit {name} is {state.enablement or 'not enabled'}"
        )
        return Finding(MOUNTS, mount.point, f.FAIL, message, (seen, Evidence(path, state.enablement, "enabled")), fix)
    message = f"{mount.kind} is mounted at {mount.point}, and nothing mounts it at boot: what it shows will be gone"
    line = _lines.fstab(host, mount)
    remedy = (
        f"add to {FSTAB}, and try it with findmnt --verify: {line}\nif it is not meant to stay: umount {mount.point}"
    )
    return Finding(MOUNTS, mount.point, f.FAIL, message, (seen, Evidence(FSTAB, "no entry", line)), remedy=remedy)


def _other_device(host: Host, mount: block.Mount, entry: Entry) -> t.Iterator[Finding]:
    number = block.number_of(host, entry.device) if entry.device.startswith("/dev/") else None
    if number is None or mount.device.startswith("0:") or number == mount.device:
        return
    message = f"{mount.point} shows {mount.source}, but a boot mounts {entry.spec} there"
    seen = Evidence(
        "/proc/self/mountinfo", f"{mount.source} ({mount.device}) at {mount.point}", f"{entry.spec} ({number})"
    )
    line = _lines.fstab(host, mount)
    remedy = f"decide which of the two is meant; for the present one, put into line {entry.row.line}: {line}"
    yield Finding(MOUNTS, mount.point, f.FAIL, message, (seen, entry.place), remedy=remedy)


def _entry(host: Host, entry: Entry, points: set[str], mounts: t.Sequence[block.Mount]) -> t.Iterator[Finding]:
    """Bad news of an entry that a boot acts upon."""
    if entry.device.startswith("/dev/") and container.is_read_only(mounts, "/sys"):
        # systemd-fstab-generator leaves devices alone there.
        return
    if _is_missing(host, entry):
        if "nofail" not in entry.options:
            yield _stops(entry, f"{entry.spec} does not exist")
        return
    if _needs_network(entry) and not entry.options & {"_netdev", "nofail"}:
        yield _stops(entry, f"{entry.spec} lies behind a network that is not up yet (no _netdev)")
    elif _real(host, entry.point) not in points:
        yield _not_now(entry)


def _is_missing(host: Host, entry: Entry) -> bool:
    """Without udev there are no names by UUID or label, and nothing is told of them.

    systemd makes the folder that is to be bound where it is missing (247 to 257, tried).
    """
    path = entry.device
    if entry.options & {"bind", "rbind"}:
        return False
    if not path.startswith("/") or path in ("/dev/root", "/dev/fuse") or path.startswith(("/dev/zram", "//")):
        return False
    if path.startswith("/dev/disk/") and not host.exists(os.path.dirname(path)):
        return False
    return not host.exists(path)


def _needs_network(entry: Entry) -> bool:
    """A source on another machine, of a kind that systemd does not know for that."""
    kind = entry.kind[len("fuse.") :] if entry.kind.startswith("fuse.") else entry.kind
    remote = entry.spec.startswith("//") or (
        ":" in entry.spec and not entry.spec.startswith(("/", "LABEL", "PARTLABEL"))
    )
    return remote and kind not in NETWORK


def _stops(entry: Entry, why: str) -> Finding:
    """What local-fs.target requires, a boot cannot do without; remote-fs.target it only wants (systemd.special(7))."""
    far = "_netdev" in entry.options or entry.kind in NETWORK
    waits = "waits 90 s for it, then " if entry.device.startswith("/dev/") or far else ""
    end = f"a boot {waits}{'goes on without' if far else 'stops in emergency mode'}"
    remedy = f"correct or remove line {entry.row.line} of {FSTAB}, or add nofail; then systemctl daemon-reload"
    message = f"{FSTAB} mounts {entry.point}: {why}; {end}"
    return Finding(MOUNTS, entry.point, f.FAIL, message, (entry.place,), remedy=remedy)


def _not_now(entry: Entry) -> Finding:
    message = f"{FSTAB} mounts {entry.point} at boot, but it is not mounted now: what lies beneath will be hidden then"
    remedy = f"mount {entry.point}, if it is meant; else take away line {entry.row.line} of {FSTAB}, or add noauto"
    return Finding(MOUNTS, entry.point, f.FAIL, message, (entry.place,), remedy=remedy)


def _real(host: Host, path: str) -> str:
    """The path without links, as mountinfo has it."""
    done = ""
    rest = [word for word in path.split("/") if word]
    for _step in range(256):
        if not rest:
            break
        word = rest.pop(0)
        link = host.readlink(f"{done}/{word}")
        if link is None:
            done = f"{done}/{word}"
            continue
        target = os.path.normpath(link if link.startswith("/") else f"{done or '/'}/{link}")
        done, rest = "", [*(part for part in target.split("/") if part), *rest]
    return done or "/"


# Swap


def _swaps(host: Host, entries: t.Sequence[Entry]) -> t.Iterator[Finding]:
    wanted = [entry for entry in entries if entry.kind == "swap" and not entry.waits]
    active = host.once(block.swaps)
    for swap in active:
        if not _turned_on(host, swap, wanted):
            line = _lines.swap(host, swap)
            message = f"swap on {swap.path} is in use, and nothing turns it on at boot"
            seen = (Evidence("/proc/swaps", swap.path), Evidence(FSTAB, "no entry", line))
            remedy = f"add to {FSTAB}: {line}\nif it is not meant to stay: swapoff {swap.path}"
            yield Finding(SWAPS, swap.path, f.FAIL, message, seen, remedy=remedy)
    for entry in wanted:
        yield from _swap_entry(host, entry, active)


def _turned_on(host: Host, swap: block.Swap, wanted: t.Sequence[Entry]) -> bool:
    """By fstab, a unit or a generator; compressed swap in memory and dphys-swapfile have programs of their own."""
    if swap.path.startswith("/dev/zram") or (host.exists("/etc/dphys-swapfile") and swap.kind == "file"):
        return True
    if any(_same(host, entry, swap) for entry in wanted):
        return True
    number = block.number_of(host, swap.path)
    names = [swap.path, *(block.links(host, number) if number else [])]
    return any(_by_unit(host, unit_names.of_path(name, "swap")) for name in names)


def _same(host: Host, entry: Entry, swap: block.Swap) -> bool:
    if _real(host, entry.device) == swap.path:
        return True
    number = block.number_of(host, entry.device)
    return number is not None and number == block.number_of(host, swap.path)


def _swap_entry(host: Host, entry: Entry, active: t.Sequence[block.Swap]) -> t.Iterator[Finding]:
    if entry.spec.startswith("/dev/zram") or any(_same(host, entry, swap) for swap in active):
        return
    remedy = f"swapon {entry.spec}, if it is meant; else take away line {entry.row.line} of {FSTAB}"
    if not _is_missing(host, entry):
        message = f"{FSTAB} turns on swap on {entry.spec} at boot, but it is off now"
        yield Finding(SWAPS, entry.spec, f.FAIL, message, (entry.place,), remedy=remedy)
    elif "nofail" not in entry.options:
        message = f"{FSTAB} turns on swap on {entry.spec}, which does not exist: each boot waits 90 s for it"
        yield Finding(SWAPS, entry.spec, f.FAIL, message, (entry.place,), remedy=remedy)
