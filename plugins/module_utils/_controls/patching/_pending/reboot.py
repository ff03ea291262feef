# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether the system has to be booted for what is installed to be what runs."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import dpkg_version
from ansible_collections.infosec.principles.plugins.module_utils._host import apt, distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Files by which a package asks for a boot: Debian and Ubuntu, and SUSE.
FLAGS = ("/run/reboot-required", "/run/reboot-needed")
PACKAGES = "/run/reboot-required.pkgs"
OS_RELEASE = "/proc/sys/kernel/osrelease"
MODULES = "/lib/modules"
#: Of the RHEL family, what only a boot replaces (needs-restarting(1) of dnf-utils has the list).
CORE = (
    "kernel",
    "kernel-core",
    "kernel-rt",
    "glibc",
    "linux-firmware",
    "systemd",
    "dbus",
    "dbus-broker",
    "dbus-daemon",
)
#: What follows the version in a kernel's name: its flavour, such as amd64, cloud-amd64, generic, default.
_FLAVOUR = re.compile(r"-([a-z].*)|\+([a-z]\w*)$")


def is_container(host: Host) -> bool:
    """Whether the kernel is somebody else's: by what container engines and systemd leave."""
    if any(host.exists(path) for path in ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")):
        return True
    try:
        return "\0container=" in "\0" + host.read_text("/proc/1/environ")
    except HostError:
        return False


def asked_for(host: Host) -> list[Evidence]:
    """The flag that packages leave."""
    found = [Evidence(path, _packages(host), "no such file") for path in FLAGS if host.exists(path)]
    return found


def _packages(host: Host) -> str:
    try:
        names = sorted(set(host.read_text(PACKAGES).split()))
    except HostError:
        names = []
    shown = ", ".join(printable(name) for name in names[:20])
    return f"asked for by {shown}" if shown else "a package asks for it"


def running(host: Host) -> str:
    """The release of the kernel that runs (uname -r)."""
    return printable(host.read_text(OS_RELEASE).strip())


def older_kernel(host: Host) -> list[Evidence]:
    """What shows that the running kernel is not the newest that is installed. Raises HostError."""
    now = running(host)
    images = [os.path.basename(path).partition("-")[2] for path in host.glob("/boot/vmlinuz-*")]
    modules = [name for name in host.listdir(MODULES) if host.exists(f"{MODULES}/{name}/modules.dep")]
    same = [name for name in {*images, *modules} if flavour(name) == flavour(now) and "rescue" not in name]
    newest = max(same, key=dpkg_version.part_key, default=now)
    if dpkg_version.part_key(newest) > dpkg_version.part_key(now):
        return [Evidence("uname -r", now, f"{printable(newest)}, which is installed")]
    return _same_name(host, now)


def flavour(release: str) -> str:
    """Kernels of one flavour follow each other; those of another are there besides."""
    match = _FLAVOUR.search(release)
    return (match[1] or match[2]) if match else ""


def _same_name(host: Host, now: str) -> list[Evidence]:
    """Debian's kernels may be replaced under the same name; the running one says its version."""
    match = re.search(r" Debian (\S+) \(", _text(host, "/proc/version")) or re.match(
        r"Ubuntu (\S+?)(?:-[a-z]\S*)? ", _text(host, "/proc/version_signature")
    )
    state, version = apt.package_state(host, f"linux-image-{now}") if match else ("", "")
    if match and state == "installed" and version != match[1] and _is_later(version, match[1]):
        return [Evidence("/proc/version", f"Linux {now} of version {printable(match[1])}", f"{version}, as installed")]
    return []


def _is_later(version: str, other: str) -> bool:
    try:
        return dpkg_version.key(version) > dpkg_version.key(other)
    except dpkg_version.VersionError:
        return False


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""


def newer_core(host: Host) -> list[Evidence]:
    """RHEL family: packages that were installed after the boot, and that only a boot replaces."""
    if host.once(distribution.read).family != "redhat":
        return []
    booted = re.search(r"^btime (\d+)$", _text(host, "/proc/stat"), re.MULTILINE)
    told = host.ask("rpm", "-q", "--queryformat", "%{NAME} %{INSTALLTIME}\n", *CORE)
    rows = [line.split() for line in told.stdout.splitlines()]
    later = sorted(
        {row[0] for row in rows if len(row) == 2 and row[1].isdigit() and booted and int(row[1]) > int(booted[1])}
    )
    return [Evidence("rpm -q", f"{', '.join(later)} installed after the boot", "installed before it")] if later else []


def all_reasons(host: Host) -> t.Iterator[Evidence]:
    """Of a machine with a kernel of its own. Raises HostError where that cannot be told."""
    yield from asked_for(host)
    yield from older_kernel(host)
    yield from newer_core(host)
