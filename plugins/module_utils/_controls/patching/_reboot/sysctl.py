# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Kernel settings: what the kernel has now against what a boot sets, by systemd-sysctl's own rules of precedence."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._formats import sysctl_conf
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host import container, distribution, startup
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

SYSCTL = rule(
    "sysctl",
    "The kernel's settings are those that a boot sets",
    "medium",
    "Write the value into a file of /etc/sysctl.d, or set back what is not meant to stay (sysctl -w).",
)
RULES = (SYSCTL,)
OPTIONS: dict[str, dict[str, t.Any]] = {}

SUBJECT = "kernel settings"
#: A file hides those of its name in later folders. /run is empty after a boot.
FOLDERS = ("/etc/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
CONF = "/etc/sysctl.conf"
UFW = "/etc/ufw/sysctl.conf"
OWN = "/etc/sysctl.d/90-local.conf"
#: What the kernel rounds, counts, or what a program sets each time that it starts (systemd-coredump, apport, dmesg -n).
LIVE = (
    *("kernel/core_pattern", "kernel/core_pipe_limit", "kernel/printk", "kernel/random/*", "kernel/hostname"),
    *("kernel/domainname", "kernel/ns_last_pid", "net/ipv4/tcp_mem", "net/ipv4/udp_mem", "vm/min_free_kbytes"),
    *("vm/nr_hugepages*", "vm/dirty_*bytes", "vm/dirty_*ratio", "vm/overcommit_*bytes", "vm/overcommit_ratio"),
    *("fs/binfmt_misc/*", "net/ipv4/tcp_congestion_control", "net/ipv4/route/*", "*/drop_caches", "*/compact_memory"),
)
#: Settings that hosts are built on -> what the kernel has where nothing sets them (Documentation/admin-guide/sysctl).
DEFAULTS: t.Mapping[str, tuple[str, ...]] = {
    "net/ipv4/ip_forward": ("0",),
    "net/ipv6/conf/all/forwarding": ("0",),
    "net/ipv4/ip_nonlocal_bind": ("0",),
    "net/ipv6/ip_nonlocal_bind": ("0",),
    "net/ipv4/ip_local_port_range": ("32768 60999", "32768 61000"),
    "net/ipv4/ip_unprivileged_port_start": ("1024",),
    "net/ipv4/tcp_keepalive_time": ("7200",),
    "net/ipv4/tcp_fin_timeout": ("60",),
    "net/ipv4/tcp_syncookies": ("1",),
    "net/ipv4/conf/all/arp_ignore": ("0",),
    "net/ipv4/conf/all/arp_announce": ("0",),
    "net/ipv4/conf/all/route_localnet": ("0",),
    "net/core/somaxconn": ("4096", "128"),
    "vm/overcommit_memory": ("0",),
    "vm/max_map_count": ("65530", "1048576"),
    "vm/swappiness": ("60",),
    "vm/vfs_cache_pressure": ("100",),
    "vm/panic_on_oom": ("0",),
    "vm/zone_reclaim_mode": ("0",),
    "fs/aio-max-nr": ("65536",),
    "fs/inotify/max_user_instances": ("128",),
    "kernel/randomize_va_space": ("2",),
    "kernel/panic": ("0",),
    "kernel/panic_on_oops": ("0", "1"),
}
#: Which each network namespace has for itself, and begins with the kernel's value.
PER_CONTAINER = "net/core/somaxconn"
#: Programs that forward packets switch it on each time that they start.
FORWARDING = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/all/route_localnet")
FORWARDERS = (
    *(
        "/usr/bin/dockerd",
        "/usr/sbin/libvirtd",
        "/usr/bin/podman",
        "/usr/bin/lxd",
        "/usr/bin/incusd",
        "/usr/bin/kubelet",
    ),
    *("/usr/sbin/lxc-start", "/usr/local/bin/k3s", "/usr/bin/containerd", "/usr/libexec/incus/incusd", "/snap/bin/lxd"),
    *("/usr/lib/systemd/system/lxc-net.service", "/lib/systemd/system/lxc-net.service", "/usr/sbin/virtnetworkd"),
)
KUBERNETES = ("/usr/bin/kubelet", "/usr/local/bin/k3s", "/var/lib/kubelet")
#: What kubelet and kube-proxy set when they start.
KUBELET = frozenset({"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"})
NETWORKS = ("/etc/systemd/network/*.network", "/etc/systemd/networkd.conf", "/etc/NetworkManager/system-connections/*")
TUNED = "/etc/tuned/active_profile"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a boot gives a key, and the line that says so."""

    value: str
    place: str


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """One finding for each setting that a boot would change, or one that passes."""
    runtime = host.once(container.read)
    fixed = runtime and _why_fixed(host)
    if fixed:
        yield Finding(SYSCTL, SUBJECT, f.NOT_APPLICABLE, fixed)
        return
    # Where the runtime mounts /proc/sys read-only, and somebody made it writable since, no file is taken up at a start.
    wanted = {} if runtime and _remounted(host) else host.once(at_boot)
    found = [*_changed(host, wanted), *_unset(host, wanted, runtime)]
    yield from found or [Finding(SYSCTL, SUBJECT, f.PASS, f"{len(wanted)} settings of files are those of the kernel")]


def _why_fixed(host: Host) -> str:
    if not container.is_read_only(host.once(block.mounts), "/proc/sys"):
        return ""
    return "this is a container whose kernel settings are set from outside (/proc/sys is read-only)"


def at_boot(host: Host) -> dict[str, Wanted]:
    """The value of each key that a file sets. Use as `host.once(at_boot)`."""
    patterns: dict[str, Wanted] = {}
    keys: dict[str, Wanted] = {}
    left: set[str] = set()
    for path in _files(host):
        for one in sysctl_conf.parse(_text(host, path)):
            if one.value is None:
                left.add(one.key)
            else:
                (patterns if one.is_pattern else keys)[one.key] = Wanted(one.value, f"{path}:{one.line}")
    return {**_matched(host, patterns, left), **keys}


def _files(host: Host) -> list[str]:
    """In the order in which a boot reads them."""
    by_name: dict[str, str] = {}
    for folder in reversed(FOLDERS):
        by_name.update((name, f"{folder}/{name}") for name in host.listdir(folder) if name.endswith(".conf"))
    files = [by_name[name] for name in sorted(by_name)]
    if not host.exists("/run/systemd/system") or host.once(distribution.read).family == "suse":
        files.append(CONF)
    return [*files, *([UFW] if "ENABLED=yes" in _text(host, "/etc/ufw/ufw.conf") else [])]


def _matched(host: Host, patterns: t.Mapping[str, Wanted], left: set[str]) -> dict[str, Wanted]:
    """Of what a pattern matches, all/ and default/ alone: interfaces come and go, and their programs set their own."""
    found = {}
    for pattern, wanted in patterns.items():
        for middle in ("all", "default"):
            key = pattern.replace("*", middle, 1)
            if "*" not in key and key not in left and fnmatch.fnmatchcase(key, pattern):
                found[key] = wanted
    return found


# What a file says, and the kernel does not have


def _changed(host: Host, wanted: t.Mapping[str, Wanted]) -> t.Iterator[Finding]:
    for key, boot in sorted(wanted.items()):
        now = _now(host, key)
        if now is None or _is_live(key) or sysctl_conf.plain(now) == sysctl_conf.plain(boot.value):
            continue
        yield from _unless_explained(host, key, _differs(key, now, boot))


def _differs(key: str, now: str, boot: Wanted) -> Finding:
    name = sysctl_conf.name(key)
    message = f"{name} is {now}, but a boot sets {boot.value} ({boot.place})"
    remedy = (
        f"if {now} is meant: write {name} = {now} in the place of {boot.place}\n"
        f"if {boot.value} is meant: sysctl -w {name}='{boot.value}'"
    )
    return Finding(SYSCTL, name, f.FAIL, message, (Evidence(f"/proc/sys/{key}", now, boot.value),), remedy=remedy)


# What no file says


def _unset(host: Host, wanted: t.Mapping[str, Wanted], runtime: str) -> t.Iterator[Finding]:
    """Settings that differ from the kernel's own."""
    for key, default in sorted(_watched(host, runtime).items()):
        now = _now(host, key)
        usual = {sysctl_conf.plain(value) for value in (default, *DEFAULTS.get(key, ()))}
        if key not in wanted and now is not None and sysctl_conf.plain(now) not in usual:
            yield from _unless_explained(host, key, _nowhere(host, key, now, default))


def _watched(host: Host, runtime: str) -> dict[str, str]:
    """The keys, with the kernel's value. Those of a container come from its host, or its runtime sets them, but one."""
    if runtime:
        return {key: values[0] for key, values in DEFAULTS.items() if key == PER_CONTAINER and _remounted(host)}
    return {**{key: values[0] for key, values in DEFAULTS.items()}, **_unread(host)}


def _remounted(host: Host) -> bool:
    """/proc/sys, which the runtime mounts read-only, was made writable from within."""
    return any(mount.point == "/proc/sys" for mount in host.once(block.mounts))


def _unread(host: Host) -> dict[str, str]:
    """Keys that /etc/sysctl.conf alone sets, where a boot does not read it (Debian 13, without a link to it)."""
    if CONF in _files(host) or any(host.readlink(path) in ("../sysctl.conf", CONF) for path in _files(host)):
        return {}
    return {one.key: "" for one in sysctl_conf.parse(_text(host, CONF)) if one.value and not _is_live(one.key)}


def _nowhere(host: Host, key: str, now: str, default: str) -> Finding:
    name = sysctl_conf.name(key)
    unread = key in host.once(_unread)
    back = "to what the kernel has by itself" if not default else f"to {default}"
    why = f"this system does not read {CONF} at boot" if unread else "no file sets it"
    message = f"{name} is {now}, and {why}: a boot sets it back {back}"
    keep = (
        f"--sysctl {name}={now} for the container" if host.once(container.read) else f"echo '{name} = {now}' >> {OWN}"
    )
    remedy = f"if {now} is meant: {keep}"
    if default:
        remedy += f"\nif it is not: sysctl -w {name}='{default}'"
    seen = Evidence(f"/proc/sys/{key}", now, f"{default or 'another value'}, or a file that sets it")
    return Finding(SYSCTL, name, f.FAIL, message, (seen,), remedy=remedy)


# Who else may set it


def _unless_explained(host: Host, key: str, finding: Finding) -> t.Iterator[Finding]:
    """The finding, or why it is none: something else sets that key whenever the machine starts."""
    if _by_program(host, key):
        return
    dotted = re.escape(sysctl_conf.name(key))
    named = startup.naming(host, f"{dotted}|{re.escape(key)}")
    if named:
        message = f"{finding.message}; but {', '.join(named)} names it, and may set it at boot"
        yield dataclasses.replace(finding, status=f.NOT_ASSESSED, message=message)
    else:
        yield finding


def _by_program(host: Host, key: str) -> bool:
    if key in FORWARDING and (any(map(host.exists, FORWARDERS)) or _forwards(host)):
        return True
    if key in KUBELET and any(map(host.exists, KUBERNETES)):
        return True
    name, line = sysctl_conf.name(key), _text(host, "/proc/cmdline")
    if f"sysctl.{name}=" in line or f"sysctl.{key}=" in line or (key == "kernel/panic" and "panic=" in line):
        return True
    return name in _tuned(host)


def _forwards(host: Host) -> bool:
    """Whether the configuration of the network asks for it (systemd-networkd, NetworkManager's shared connections)."""
    paths = [path for place in NETWORKS for path in (host.glob(place) if "*" in place else [place])]
    return any(
        re.search(r"^\s*(IP(v[46])?Forward|IPMasquerade|method\s*=\s*shared)", _text(host, path), re.M)
        for path in paths
    )


def _tuned(host: Host) -> str:
    """The text of tuned's active profiles and of those that they include."""
    names, seen, found = _text(host, TUNED).split(), set[str](), ""
    while names:
        name = names.pop()
        if name in seen:
            continue
        seen.add(name)
        folders = ("/etc/tuned", "/etc/tuned/profiles", "/usr/lib/tuned", "/usr/lib/tuned/profiles")
        text = "".join(_text(host, f"{folder}/{name}/tuned.conf") for folder in folders)
        names += re.findall(r"^\s*include\s*=\s*(\S+)", text, re.M)
        found += text
    return found


def _is_live(key: str) -> bool:
    return any(fnmatch.fnmatchcase(key, pattern) for pattern in LIVE)


def _now(host: Host, key: str) -> str | None:
    """The kernel's value; None for what this kernel does not have, or does not tell."""
    try:
        return " ".join(host.read_text(f"/proc/sys/{key}").split())
    except HostError:
        return None


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""
