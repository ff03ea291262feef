# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of security_updates."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import NOW, Machine

ALL = frozenset({"pending", "lists", "reboot", "libraries", "end_of_life"})
KERNEL = "6.1.0-28-amd64"
LISTS = "/var/lib/apt/lists/security.debian.org_debian-security_dists_bookworm-security_"
STATUS = "/var/lib/dpkg/status"
OLD, NEW = "3.0.15-1~deb12u1", "3.0.16-1~deb12u1"
STAYS = frozenset({STATUS.lstrip("/")})
WINDOW = {
    **{"days": ["tue"], "start": "12:00", "minutes": 60, "time_zone": "UTC", "reboot": "never", "catch_up": False},
    "next": ["2026-11-24T11:30:00+00:00", "2026-12-01T11:30:00+00:00"],
}
LATER = {**WINDOW, "next": ["2026-12-01T11:30:00+00:00"]}


def stanza(name: str, version: str, status: str = "install ok installed") -> str:
    return f"Package: {name}\nStatus: {status}\nArchitecture: amd64\nVersion: {version}\n\n"


def debian(machine: Machine, *, date: str = "Tue, 24 Nov 2026 06:00:00 UTC", version: str = "12") -> None:
    """Debian 12 with an OpenSSL that is up to date."""
    machine.write(
        "/etc/os-release", f'ID=debian\nPRETTY_NAME="Debian"\nVERSION_CODENAME=bookworm\nVERSION_ID="{version}"\n'
    )
    machine.write("/etc/apt/sources.list", "deb http://security.debian.org/debian-security bookworm-security main\n")
    release = "Origin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\nCodename: bookworm-security\n"
    machine.write(f"{LISTS}InRelease", f"{release}Date: {date}\n")
    machine.write(
        f"{LISTS}main_binary-amd64_Packages", f"Package: openssl\nArchitecture: amd64\nVersion: {NEW}\nSize: 1\n\n"
    )
    machine.write(STATUS, stanza("dpkg", "1.21.22") + stanza("openssl", NEW))
    machine.unit("web.service", sockets=[("udp", "127.0.0.1", 8080)], process="webd")
    machine.program("env", lambda argv, stdin: upgrade(machine, argv))
    kernel(machine, KERNEL)


def kernel(machine: Machine, newest: str) -> None:
    machine.write("/proc/sys/kernel/osrelease", f"{KERNEL}\n")
    for name in (KERNEL, newest):
        machine.write(f"/lib/modules/{name}/modules.dep", "")


def upgrade(machine: Machine, argv: t.Sequence[str]) -> Completed:
    """What apt-get and dpkg do to the status."""
    text = machine.path(STATUS).read_text(encoding="utf-8")
    if "--configure" in argv:
        text = text.replace("half-configured", "installed")
    if "--download-only" not in argv:
        for word in argv:
            name, equals, version = word.partition("=")
            text = text.replace(stanza(name, OLD), stanza(name, version)) if equals else text
    machine.write(STATUS, text)
    return Completed(0, "", "")


def waiting(machine: Machine, *, status: str = "install ok installed") -> None:
    debian(machine)
    machine.write(STATUS, stanza("dpkg", "1.21.22") + stanza("openssl", OLD, status))


def unfinished(machine: Machine) -> None:
    debian(machine)
    machine.write(STATUS, stanza("dpkg", "1.21.22") + stanza("openssl", NEW, "install ok half-configured"))


def replaced(machine: Machine) -> None:
    """An update that waits, and a service that runs a library that was replaced by an earlier one."""
    waiting(machine)
    machine.write("/usr/sbin/webd", "")
    machine.write(
        "/proc/100/maps",
        "7f10-7f20 r-xp 00000000 08:01 42                         /usr/lib/libssl.so.3 (deleted)\n"
        "7f30-7f40 rwxp 00000000 00:01 43                         /memfd:jit (deleted)\n",
    )


def redhat(machine: Machine, text: str) -> None:
    """Composed from dnf(8) and the columns of `dnf updateinfo list`; no such system was at hand."""
    machine.write(
        "/etc/os-release", 'ID=rocky\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky 9"\nVERSION_ID="9.5"\n'
    )
    metadata = "/var/cache/dnf/baseos-1f/repodata/repomd.xml"
    machine.write(metadata, '<repomd><data type="updateinfo"></data></repomd>\n')
    os.utime(machine.path(metadata), (NOW.timestamp(), NOW.timestamp()))
    machine.program("dnf", lambda argv, stdin: Completed(0, text if "list" in argv else "", ""))
    kernel(machine, KERNEL)


def advisories(machine: Machine) -> None:
    redhat(machine, "RLSA-2026:0001 Important/Sec. openssl-1:3.0.7-28.el9.x86_64\n")


def never(machine: Machine) -> None:
    debian(machine)
    machine.path(f"{LISTS}InRelease").unlink()


def newer_kernel(machine: Machine) -> None:
    debian(machine)
    kernel(machine, "6.1.0-31-amd64")


CASES = (
    Case("all is well", debian, passes=ALL),
    Case(
        "an update waits and may be installed",
        waiting,
        {"now": True},
        fails=frozenset({"pending"}),
        passes=ALL - {"pending"},
        fixed=frozenset({"pending"}),
        stays=STAYS,
    ),
    Case(
        "an update waits, in the window",
        waiting,
        {"window": WINDOW},
        fails=frozenset({"pending"}),
        fixed=frozenset({"pending"}),
        stays=STAYS,
    ),
    Case("an update waits, outside the window", waiting, {"window": LATER}, fails=frozenset({"pending"})),
    Case("an update waits, without a window", waiting, fails=frozenset({"pending"})),
    Case(
        "an update waits on hold",
        lambda machine: waiting(machine, status="hold ok installed"),
        {"now": True},
        fails=frozenset({"pending"}),
        passes=ALL,
    ),
    Case(
        "an installation was cut off",
        unfinished,
        {"now": True},
        fails=frozenset({"pending"}),
        fixed=frozenset({"pending"}),
        stays=STAYS,
    ),
    Case(
        "old lists",
        lambda machine: debian(machine, date="Tue, 10 Nov 2026 06:00:00 UTC"),
        fails=frozenset({"lists"}),
        passes=ALL - {"lists", "pending"},
    ),
    Case("no lists", never, fails=frozenset({"lists"}), passes=ALL - {"lists", "pending"}),
    Case("a newer kernel", newer_kernel, fails=frozenset({"reboot"}), passes=ALL - {"reboot"}),
    Case("a replaced library", replaced, fails=frozenset({"pending", "libraries"})),
    Case(
        "a replaced library, and services may be restarted",
        replaced,
        {"now": True, "restart_services": True},
        fails=frozenset({"pending", "libraries"}),
        fixed=frozenset({"pending", "libraries"}),
        stays=STAYS,
    ),
    Case("end of life", lambda machine: debian(machine, version="11"), fails=frozenset({"end_of_life"})),
    Case("advisories of dnf", advisories, fails=frozenset({"pending"}), passes=ALL - {"pending"}),
    Case("no advisories of dnf", lambda machine: redhat(machine, ""), passes=ALL),
    Case("no manager that is known", lambda machine: machine.write("/etc/os-release", "ID=alpine\n")),
)
