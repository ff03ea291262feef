# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""security_updates beyond its pairs: lists of all shapes, pins, dates, and what other managers write.

What dnf and zypper write is composed from their manuals and sources (dnf(8), dnf5-advisory(8), zypper's xmlout.rnc).
"""

from __future__ import annotations

import bz2
import datetime
import gzip
import hashlib
import lzma
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching import security_updates
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._pending import (
    debian,
    lifecycle,
    model,
    outdated,
    pins,
    reboot,
    rpm,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._host import connection
from ansible_collections.infosec.principles.plugins.module_utils._host.connection import Connection
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.timezone.utc)
LISTS = "var/lib/apt/lists/security.debian.org_debian-security_dists_bookworm-security_"
PACKAGES = f"{LISTS}main_binary-amd64_Packages"
RELEASE = "Label: Debian-Security\nCodename: bookworm-security\nDate: Tue, 24 Nov 2026 06:00:00 UTC\n"
OFFER = "Package: openssl\nSource: openssl (3.0)\nArchitecture: amd64\nVersion: 3.0-2\n\n"
OPTIONS = {"window": {}, "now": True, "restart_services": False, "lists_days": 7, "extended_support": True}


class Box:
    """A Debian made of a few files."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.write("etc/os-release", "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n")
        self.write("etc/apt/sources.list", "deb http://security.debian.org/debian-security bookworm-security main\n")
        self.write(f"{LISTS}InRelease", RELEASE)
        self.installed(openssl="3.0-1")

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def installed(self, *, arch: str = "amd64", status: str = "install ok installed", **versions: str) -> None:
        text = "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\n\n"
        for name, version in versions.items():
            text += f"Package: {name}\nStatus: {status}\nArchitecture: {arch}\nVersion: {version}\n\n"
        self.write("var/lib/dpkg/status", text)

    def host(self, runner: t.Callable[..., Completed] = lambda *call: Completed(127, "", "")) -> Host:
        return Host(root=str(self.root), runner=runner, now=NOW)

    def pending(self) -> list[f.Finding]:
        found = security_updates.assess(self.host(), OPTIONS)
        return [one for one in found if one.rule is security_updates.PENDING]


@pytest.fixture
def box(tmp_path: pathlib.Path) -> Box:
    return Box(tmp_path)


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".xz", lzma.compress),
        (".bz2", bz2.compress),
        (".lzma", lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE)),
    ],
)
def test_lists_are_unpacked(box: Box, ending: str, pack: t.Callable[[bytes], bytes]) -> None:
    box.write(PACKAGES + ending, pack(OFFER.encode()))
    assert [(one.name, one.version) for one in debian.known(box.host()).updates] == [("openssl", "3.0-2")]


def test_other_lists_are_unpacked_by_apt(box: Box) -> None:
    box.write(f"{PACKAGES}.lz4", b"\x04\x22")
    asked: list[t.Sequence[str]] = []

    def run(argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        asked.append(argv)
        return Completed(0, OFFER, "")

    assert [one.name for one in debian.known(box.host(run)).updates] == ["openssl"]
    assert asked == [("/usr/lib/apt/apt-helper", "cat-file", f"/{PACKAGES}.lz4")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (f"{PACKAGES}.gz", b"\x1f\x8bgarbage"),
        (f"{PACKAGES}.xz", lzma.compress(OFFER.encode())[:-20]),
        (f"{PACKAGES}.lz4", b"\x04\x22"),
        (PACKAGES, b"Package: openssl\nArchitecture: amd64\nVersion: no version\n\n"),
        (PACKAGES, b"Package: openssl\nArchitecture: amd64\nVers"),
    ],
)
def test_a_list_that_is_broken_is_never_a_pass(box: Box, name: str, text: bytes) -> None:
    box.write(name, text)
    assert [one.status for one in box.pending()] == [f.NOT_ASSESSED]


def test_a_list_that_is_cut_short_is_never_a_pass(box: Box) -> None:
    text = "Package: bash\nArchitecture: amd64\nVersion: 5\n\n"
    whole = (text + OFFER).encode()
    digest = hashlib.sha256(whole).hexdigest()
    box.write(f"{LISTS}InRelease", f"{RELEASE}SHA256:\n {digest} {len(whole)} main/binary-amd64/Packages\n")
    box.write(PACKAGES, text)
    assert [one.status for one in box.pending()] == [f.NOT_ASSESSED]
    (box.root / PACKAGES).unlink()
    assert [one.status for one in box.pending()] == [f.NOT_ASSESSED]
    box.write(PACKAGES, whole)
    assert [one.status for one in box.pending()] == [f.FAIL]


def test_a_huge_list_is_not_read(box: Box) -> None:
    with open(box.root / PACKAGES, "wb") as stream:
        stream.truncate(65 * 1024 * 1024)
    assert "more than" in box.pending()[0].message


def test_a_list_that_unpacks_to_too_much_is_not_read(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "MAX_FILE", 1000)
    box.write(f"{PACKAGES}.xz", lzma.compress(b"\n" * 2000))
    assert [one.status for one in box.pending()] == [f.NOT_ASSESSED]


@pytest.mark.parametrize(
    ("installed", "arch", "offered", "found"),
    [
        ("3.0-1", "amd64", "amd64", ["openssl"]),
        ("3.0-2", "amd64", "amd64", []),
        ("3.0-3", "amd64", "amd64", []),
        ("3.0-1", "i386", "i386", ["openssl:i386"]),
        ("3.0-1", "i386", "amd64", []),
        ("3.0-1", "all", "all", ["openssl"]),
        ("3.0-1", "amd64", "all", ["openssl"]),
        ("3.0-1", "all", "amd64", ["openssl"]),
    ],
)
def test_what_waits(box: Box, installed: str, arch: str, offered: str, found: list[str]) -> None:
    box.installed(openssl=installed, arch=arch)
    box.write(PACKAGES, OFFER.replace("amd64", offered))
    assert [one.name for one in debian.known(box.host()).updates] == found


@pytest.mark.parametrize(
    "status",
    ["", "\n", "\0" * 512, "Package: dpkg\nStatus: install ok installed\n\x1fgar:bage\n\nPackage: openssl\n", None],
)
def test_without_sound_records_of_dpkg_there_is_no_pass(box: Box, status: str | None) -> None:
    box.write(PACKAGES, OFFER)
    (box.root / "var/lib/dpkg/status").unlink()
    if status is not None:
        box.write("var/lib/dpkg/status", status)
    (finding,) = box.pending()
    assert finding.status == f.NOT_ASSESSED and "/var/lib/dpkg/status" in finding.message


def test_what_was_removed_does_not_wait(box: Box) -> None:
    box.installed(openssl="3.0-1", status="deinstall ok config-files")
    box.write(PACKAGES, OFFER)
    assert [one.status for one in box.pending()] == [f.PASS]


def test_a_status_that_dpkg_has_not_merged_counts(box: Box) -> None:
    box.write(PACKAGES, OFFER)
    box.write(
        "var/lib/dpkg/updates/0000",
        "Package: openssl\nStatus: install ok half-configured\nArchitecture: amd64\nVersion: 3.0-2\n",
    )
    known = debian.known(box.host())
    assert (known.updates, known.unfinished) == ((), ("openssl",))


def test_packages_are_named_but_not_without_end(box: Box) -> None:
    names = [f"p{number}" for number in range(100)]
    box.installed(**dict.fromkeys(names, "1"))
    box.write(PACKAGES, "".join(f"Package: {name}\nArchitecture: amd64\nVersion: 2\n\n" for name in names))
    (finding,) = box.pending()
    assert len(finding.evidence) == security_updates.SHOWN + 1 and finding.evidence[-1].found == "80 more"
    assert finding.message.startswith("100 security update(s)")


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        ("Package: openssl\nPin: version 3.0-1\nPin-Priority: 1001\n", True),
        ("Package: openssl\nPin: version 3.0-2\nPin-Priority: 1001\n", False),
        ("Package: openssl\nPin: version 3.0-2\nPin-Priority: -1\n", True),
        ("Package: open*\nPin: version 3.0-1*\nPin-Priority: 1001\n", True),
        ("Package: src:openssl\nPin: release l=Debian-Security\nPin-Priority: 100\n", True),
        ("Package: *\nPin: release l=Debian-Security\nPin-Priority: -10\n", True),
        ("Package: *\nPin: release l=Debian-Security\nPin-Priority: 990\n", False),
        ("Package: *\nPin: release a=unstable\nPin-Priority: -10\n", False),
        ("Package: *\nPin: origin security.debian.org\nPin-Priority: 1\n", True),
        ("Package: bash\nPin: version 3.0-1\nPin-Priority: 1001\n", False),
        ("Package: openssl\nPin: nonsense\nPin-Priority: many\n", False),
    ],
)
def test_pins(box: Box, record: str, kept: bool) -> None:
    box.write(PACKAGES, OFFER)
    box.write("etc/apt/preferences.d/local", record)
    (update,) = debian.known(box.host()).updates
    assert bool(update.held) is kept
    assert not kept or "/etc/apt/preferences.d/local:1" in update.held


def test_pins_name_their_line() -> None:
    text = "# why\nPackage: a\nPin: version 1\nPin-Priority: 1001\n\nPackage: b\nPin: version 2\nPin-Priority: 1001\n"
    assert [pin.place for pin in pins.parse(text, "x")] == ["x:2", "x:6"]


# The window


WINDOW = {
    **{"days": ["tue"], "start": "12:00", "minutes": 60, "time_zone": "UTC", "reboot": "never", "catch_up": False},
    "next": ["2026-11-24T12:00:00+00:00", "2026-12-01T12:00:00+00:00"],
}


@pytest.mark.parametrize(
    ("options", "minutes", "may", "says"),
    [
        ({"now": True}, 0, True, ""),
        ({}, 0, False, "no maintenance window"),
        ({"window": WINDOW}, 0, True, ""),
        ({"window": WINDOW}, 59, True, ""),
        ({"window": WINDOW}, 60, False, "opens at 2026-12-01 12:00 UTC"),
        ({"window": WINDOW}, -1, False, "opens at 2026-11-24 12:00 UTC"),
        ({"window": WINDOW, "now": True}, 60, True, ""),
    ],
)
def test_slot(options: dict[str, t.Any], minutes: int, may: bool, says: str) -> None:
    got, why = security_updates.slot(NOW + datetime.timedelta(minutes=minutes), {"window": {}, "now": False, **options})
    assert got is may and says in why


# How old the data is


@pytest.mark.parametrize(
    ("days", "expires", "fault", "is_stale"),
    [
        (0, None, "", False),
        (7, None, "", False),
        (7.1, None, "", True),
        (-2, None, "", True),
        (1, -1, "", True),
        (1, 1, "", False),
        (1, None, "cannot be read", True),
    ],
)
def test_stale(days: float, expires: int | None, fault: str, is_stale: bool) -> None:
    end = None if expires is None else NOW + datetime.timedelta(days=expires)
    data = model.Data("s", "p", NOW - datetime.timedelta(days=days), end, fault)
    assert bool(model.stale(data, NOW, 7)) is is_stale


def test_data_without_a_day_is_stale(box: Box) -> None:
    box.write(f"{LISTS}InRelease", RELEASE.replace("Tue, 24 Nov 2026 06:00:00 UTC", "yesterday"))
    box.write(PACKAGES, "")
    assert [one.status for one in box.pending()] == [f.NOT_ASSESSED]


# End of life


def system(name: str, version: str, end: str = "") -> Distribution:
    return Distribution(name, (), name, "", version, end)


@pytest.mark.parametrize(
    ("name", "version", "end", "last"),
    [
        ("debian", "12", "", "2028-06-30"),
        ("debian", "11", "", "2026-08-31"),
        ("ubuntu", "24.04", "", "2034-04-25"),
        ("rocky", "9.5", "", "2032-05-31"),
        ("fedora", "43", "2026-12-02", "2026-12-02"),
        ("fedora", "99", "2050-01-01", "2050-01-01"),
        ("fedora", "43", "soon", "2026-12-09"),
    ],
)
def test_support(name: str, version: str, end: str, last: str) -> None:
    support = lifecycle.of(system(name, version, end))
    assert support and lifecycle.last_day(support, extended=True).isoformat() == last


def test_nobody_knows_of_it() -> None:
    assert lifecycle.of(system("debian", "")) is None and lifecycle.of(system("arch", "1")) is None


def test_every_date_is_one() -> None:
    for support in lifecycle.RELEASES.values():
        assert lifecycle.last_day(support, extended=False) <= lifecycle.last_day(support, extended=True)


@pytest.mark.parametrize(
    ("token", "extended", "status"), [(True, True, f.PASS), (True, False, f.FAIL), (False, True, f.FAIL)]
)
def test_extended_support_counts_where_the_host_has_it(box: Box, token: bool, extended: bool, status: str) -> None:
    box.write("etc/os-release", "ID=ubuntu\nVERSION_ID=20.04\nVERSION_CODENAME=focal\n")
    if token:
        box.write("var/lib/ubuntu-advantage/private/machine-token.json", "{}")
    found = [*security_updates.assess(box.host(), {**OPTIONS, "extended_support": extended})]
    assert [one.status for one in found if one.rule is security_updates.END_OF_LIFE] == [status]


# Boot


@pytest.mark.parametrize(
    ("running", "others", "pending"),
    [
        ("6.1.0-28-amd64", [], False),
        ("6.1.0-28-amd64", ["6.1.0-9-amd64"], False),
        ("6.1.0-28-amd64", ["6.1.0-31-amd64"], True),
        ("6.1.0-28-amd64", ["6.1.0-31-cloud-amd64", "6.12.0-1-rt-amd64"], False),
        ("6.8.0-45-generic", ["6.8.0-100-generic"], True),
        ("5.14.0-427.13.1.el9_4.x86_64", ["5.14.0-503.11.1.el9_5.x86_64"], True),
        ("5.14.0-503.11.1.el9_5.x86_64", ["5.14.0-503.11.1.el9_5.x86_64+debug"], False),
        ("6.4.0-150600.23.25-default", ["6.4.0-150600.23.33-default"], True),
    ],
)
def test_newer_kernel(box: Box, running: str, others: list[str], pending: bool) -> None:
    box.write("proc/sys/kernel/osrelease", f"{running}\n")
    for name in (running, *others):
        box.write(f"boot/vmlinuz-{name}", "")
    assert bool(reboot.older_kernel(box.host())) is pending


@pytest.mark.parametrize(("version", "pending"), [("6.1.119-1", False), ("6.1.123-1", True), ("6.1.115-1", False)])
def test_a_kernel_replaced_under_its_name(box: Box, version: str, pending: bool) -> None:
    box.write("proc/sys/kernel/osrelease", "6.1.0-28-amd64\n")
    box.write("proc/version", "Linux version 6.1.0-28-amd64 (x) (gcc) #1 SMP Debian 6.1.119-1 (2024-11-22)\n")
    box.installed(**{"linux-image-6.1.0-28-amd64": version})
    assert bool(reboot.older_kernel(box.host())) is pending


@pytest.mark.parametrize(("when", "pending"), [(999, False), (1001, True)])
def test_core_packages_after_the_boot(box: Box, when: int, pending: bool) -> None:
    box.write("etc/os-release", "ID=rocky\nID_LIKE=rhel\nVERSION_ID=9.5\n")
    box.write("proc/stat", "cpu 1 2 3\nbtime 1000\n")
    answer = Completed(1, f"glibc {when}\npackage kernel-rt is not installed\n", "")
    assert bool(reboot.newer_core(box.host(lambda *call: answer))) is pending


def test_a_flag_counts_in_a_container_too(box: Box) -> None:
    box.write(".dockerenv", "")
    box.write("run/reboot-required", "*** System restart required ***\n")
    box.write("run/reboot-required.pkgs", "linux-image-6.1.0-31-amd64\nlibc6\nlibc6\n")
    (finding,) = [one for one in security_updates.assess(box.host(), OPTIONS) if one.rule is security_updates.REBOOT]
    assert finding.status == f.FAIL and "libc6, linux-image-6.1.0-31-amd64" in finding.message


def test_a_container_has_no_kernel(box: Box) -> None:
    box.write("proc/1/environ", "PATH=/\0container=lxc\0")
    (finding,) = [one for one in security_updates.assess(box.host(), OPTIONS) if one.rule is security_updates.REBOOT]
    assert finding.status == f.NOT_APPLICABLE


# Services


def stale(box: Box, pid: int, cgroup: str, exe: str) -> None:
    gone = "7f10-7f20 r-xp 00000000 08:01 42 /usr/lib/libssl.so.3 (deleted)\n"
    box.write(f"proc/{pid}/maps", gone)
    box.write(f"proc/{pid}/stat", f"{pid} (daemon) S 1 1 1\n")
    box.write(f"proc/{pid}/cgroup", f"0::{cgroup}\n")
    (box.root / f"proc/{pid}/exe").symlink_to(exe)
    for table in ("tcp", "tcp6", "udp", "udp6"):
        box.write(f"proc/net/{table}", "  sl  local_address\n")


@pytest.mark.parametrize(
    ("cgroup", "exe", "subject", "fixed"),
    [
        ("/system.slice/web.service", "/usr/sbin/webd", "web.service", True),
        ("/system.slice/web.service", "/usr/sbin/gone", "web.service", False),
        ("/system.slice/docker.service", "/usr/sbin/webd", "docker.service", False),
        ("/system.slice/system-ifup.slice/ifup@eth0.service", "/usr/sbin/webd", "ifup@eth0.service", False),
        ("/user.slice/user-0.slice/session-1.scope", "/usr/sbin/webd", "login sessions", False),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service",
            "/usr/sbin/webd",
            "login sessions",
            False,
        ),
        ("/", "/usr/sbin/webd", "process daemon", False),
    ],
)
def test_who_runs_what_was_replaced(box: Box, cgroup: str, exe: str, subject: str, fixed: bool) -> None:
    box.write("usr/sbin/webd", "")
    stale(box, 50, cgroup, exe)
    finding, others = outdated.assess(box.host(), security_updates.LIBRARIES, True, "")
    assert (others.subject, others.status) == ("services", f.PASS)
    assert (finding.subject, finding.status, bool(finding.fix)) == (subject, f.FAIL, fixed)


@pytest.mark.parametrize(
    ("unit", "mode", "fixed"),
    [
        ("ssh.service", "process", True),
        ("ssh.service", "control-group", False),
        ("relay.service", "process", False),
        ("web.service", "control-group", True),
    ],
)
def test_our_own_connection_is_not_cut(
    box: Box, monkeypatch: pytest.MonkeyPatch, unit: str, mode: str, fixed: bool
) -> None:
    box.write("usr/sbin/daemon", "")
    stale(box, 50, f"/system.slice/{unit}", "/usr/sbin/daemon")
    own = Connection("192.0.2.1", 4000, "192.0.2.2", 22, (7,), "ssh.service", ("ssh.service", "relay.service"))
    monkeypatch.setattr(connection, "read", lambda host: own)
    host = box.host(lambda *call: Completed(0, f"KillMode={mode}\n", ""))
    finding, _others = outdated.assess(host, security_updates.LIBRARIES, True, "")
    assert bool(finding.fix) is fixed and ("carries the connection" in finding.message) is not fixed


@pytest.mark.parametrize("unit", ["init.scope", "system.slice/dbus.service", "system.slice/systemd-logind.service"])
def test_what_only_a_boot_replaces(box: Box, unit: str) -> None:
    box.write("usr/sbin/webd", "")
    stale(box, 50, f"/{unit}", "/usr/sbin/webd")
    host = box.host()
    assert [one.source for one in outdated.needs_boot(host)] == [unit.rpartition("/")[2]]
    (finding,) = outdated.assess(host, security_updates.LIBRARIES, True, "")
    assert finding.status == f.PASS


# dnf and zypper


DNF4 = """\
RHSA-2024:0001 Moderate/Sec.  openssl-1:3.0.7-25.el9_3.x86_64
RHSA-2024:0002 Important/Sec. openssl-1:3.0.7-27.el9.x86_64
RHSA-2024:0003 Critical/Sec.  kernel-core-5.14.0-427.13.1.el9_4.x86_64
RHBA-2024:0004 bugfix         bash-5.1.8-9.el9.x86_64
"""
DNF5 = """\
Name                   Type     Severity                             Package              Issued
FEDORA-2025-0123456789 security Important openssl-libs-1:3.2.4-1.fc42.x86_64 2025-04-16 02:20:31
FEDORA-2025-9876543210 bugfix   None      bash-5.2.37-1.fc42.x86_64          2025-04-16 02:20:31
"""
ZYPPER = """\
<?xml version='1.0'?>
<stream>
<message type="info">Loading repository data...</message>
<update-status version="0.6">
<update-list>
<update kind="patch" name="SUSE-SLE-Module-Basesystem-15-SP6-2025-100" edition="1" arch="noarch" status="needed" category="security"
 severity="important" pkgmanager="false" restart="false" interactive="false"><summary>Security &amp; more</summary></update>
<update kind="patch" name="SUSE-SLE-Module-Basesystem-15-SP6-2025-101" edition="1" arch="noarch" status="not-needed" category="security"
 severity="low"></update>
</update-list>
</update-status>
</stream>
"""


def test_dnf4() -> None:
    found = {one.name: (one.version, one.place) for one in rpm.parse_dnf(DNF4)}
    assert found == {
        "kernel-core.x86_64": ("5.14.0-427.13.1.el9_4", "RHSA-2024:0003"),
        "openssl.x86_64": ("1:3.0.7-27.el9", "RHSA-2024:0002"),
    }


def test_dnf5() -> None:
    assert [(one.name, one.version) for one in rpm.parse_dnf(DNF5)] == [("openssl-libs.x86_64", "1:3.2.4-1.fc42")]


def test_zypper() -> None:
    assert [(one.name, one.place) for one in rpm.parse_zypper(ZYPPER)] == [
        ("SUSE-SLE-Module-Basesystem-15-SP6-2025-100", "important patch")
    ]


@pytest.mark.parametrize(
    "text", ["", "\0" * 100, "a/Sec. b\n" * 100, "<update kind='patch'", "<update " * 1000, "x" * 100000]
)
def test_garbage_of_programs(text: str) -> None:
    assert rpm.parse_dnf(text) == () and rpm.parse_zypper(text) == ()


@pytest.mark.parametrize(
    ("release", "metadata", "says"),
    [
        ("ID=centos\nVERSION_ID=9\n", "updateinfo", "carry no security advisories"),
        ("ID=rhel\nVERSION_ID=9.5\n", "primary", "no repository with security advisories"),
    ],
)
def test_without_advisories_there_is_no_pass(box: Box, release: str, metadata: str, says: str) -> None:
    box.write("etc/os-release", release)
    box.write("usr/bin/dnf", "")
    (box.root / "usr/bin/dnf").chmod(0o755)
    box.write("var/cache/dnf/epel-1/repodata/repomd.xml", f'<data type="{metadata}">')
    (finding,) = box.pending()
    assert finding.status == f.NOT_ASSESSED and says in finding.message


def test_suse(box: Box) -> None:
    box.write("etc/os-release", "ID=opensuse-leap\nID_LIKE=suse\nVERSION_ID=16.0\n")
    box.write("usr/bin/zypper", "")
    (box.root / "usr/bin/zypper").chmod(0o755)
    box.write("var/cache/zypp/raw/repo-oss/repodata/repomd.xml", "<repomd/>")
    known = rpm.zypper(box.host(lambda *call: Completed(0, ZYPPER, "")))
    assert [one.name for one in known.updates] == ["SUSE-SLE-Module-Basesystem-15-SP6-2025-100"] and known.sources
