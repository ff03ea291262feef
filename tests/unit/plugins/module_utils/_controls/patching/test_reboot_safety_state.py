# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot loses: mounts, swap, encrypted volumes and kernel settings; the network's part is in a file of its own."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot import (
    filesystems,
    firewall,
    network,
    sysctl,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.tests.unit.reboothost import MOUNTINFO, lay, recorded

PARTS = (filesystems, sysctl, firewall, network)
DEBIAN_11 = "docker-20.10-debian-11-nftables-0.9.8"
DEBIAN_13 = "docker-20.10-debian-13-nftables-1.1.3"


def assess(host: Host, *parts: t.Any) -> list[Finding]:
    return [finding for part in parts or PARTS for finding in part.assess(host, {})]


def failing(findings: t.Iterable[Finding], status: str = "fail") -> set[tuple[str, str]]:
    return {finding.key for finding in findings if finding.status == status}


# Real containers


@pytest.mark.parametrize("name", [DEBIAN_11, DEBIAN_13])
def test_everything_made_by_hand_is_found(tmp_path: pathlib.Path, name: str) -> None:
    found = assess(recorded(tmp_path, f"{name}-by-hand"))
    assert failing(found) == {
        ("mounts", "/srv/bound"),
        ("mounts", "/srv/cache"),
        ("mounts", "/srv/later"),
        ("sysctl", "net.core.somaxconn"),
        ("firewall", "inet byhand"),
        ("firewall", "inet filter"),
        ("firewall", "iptables filter"),
        ("network", "address 192.0.2.77/24 eth0"),
        ("network", "route 198.51.100.0/24 via 192.0.2.1 dev eth0"),
        ("network", "rule -4 from 192.0.2.77/32 table 100 priority 32765"),
    }
    assert not failing(found, "not_assessed")


@pytest.mark.parametrize("name", [DEBIAN_11, DEBIAN_13])
def test_after_a_restart_it_is_gone_and_nothing_is_found(tmp_path: pathlib.Path, name: str) -> None:
    found = assess(recorded(tmp_path, f"{name}-restarted"))
    assert {finding.status for finding in found} <= {"pass", "not_applicable"}


def test_the_remedy_is_the_line_that_brings_it_back(tmp_path: pathlib.Path) -> None:
    host = recorded(tmp_path, f"{DEBIAN_13}-by-hand")
    remedies = {finding.subject: finding.remedy for finding in assess(host, filesystems)}
    assert "tmpfs /srv/cache tmpfs size=16384k,nofail 0 0" in remedies["/srv/cache"].replace("mode=1777,", "")
    assert "/data /srv/bound none bind,nofail 0 0" in remedies["/srv/bound"]


def without_iptables(tmp_path: pathlib.Path, *marks: str) -> Host:
    for name in marks:
        (tmp_path / name).touch()
    return Host(root=str(tmp_path), runner=lambda argv, stdin, timeout: Completed(127, "", f"{argv[0]}: not found"))


def test_the_engine_of_a_container_makes_what_nobody_in_it_can(tmp_path: pathlib.Path) -> None:
    assert firewall._now(without_iptables(tmp_path, ".dockerenv"), [("ip", "nat")]) == {}


def test_on_a_machine_somebody_made_it(tmp_path: pathlib.Path) -> None:
    with pytest.raises(firewall.CannotTellError, match="iptables-save"):
        firewall._now(without_iptables(tmp_path), [("ip", "nat")])


def test_in_a_container_a_table_that_iptables_does_not_have_is_somebodys(tmp_path: pathlib.Path) -> None:
    with pytest.raises(firewall.CannotTellError, match="nft is missing"):
        firewall._now(without_iptables(tmp_path, ".dockerenv"), [("inet", "filter")])


# Mounts of a machine of its own

DISK = "30 20 8:17 / /srv/data rw,noatime - xfs /dev/sdb1 rw,attr2\n"
VM = (
    "21 20 0:20 / /sys rw,nosuid - sysfs sysfs rw\n"
    "22 20 0:21 / /proc rw - proc proc rw\n"
    "23 20 0:5 / /dev rw - devtmpfs udev rw\n"
    "24 20 0:22 / /run rw,nosuid,nodev - tmpfs tmpfs rw,size=400000k,mode=755\n"
    "25 24 0:30 / /run/user/1000 rw - tmpfs tmpfs rw,size=399996k,mode=700,uid=1000\n"
    "26 20 8:15 / /boot/efi rw,relatime - vfat /dev/sda15 rw\n"
    "27 22 0:31 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
    "28 20 7:0 / /snap/core22/1 ro - squashfs /dev/loop0 ro\n"
    "29 20 0:44 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw\n"
    "31 24 0:4 net:[1] /run/docker/netns/default rw - nsfs nsfs rw\n"
)


def mounts(tmp_path: pathlib.Path, fstab: str, more: str = "", **laid: t.Any) -> list[Finding]:
    files = {
        "/proc/self/mountinfo": MOUNTINFO + VM + more,
        "/etc/fstab": fstab,
        "/dev/sdb1": "",
        **laid.pop("files", {}),
    }
    return [one for one in assess(lay(tmp_path, files, **laid), filesystems) if one.rule.name == "mounts"]


EFI = "/dev/sda15 /boot/efi vfat umask=0077,nofail 0 1\n"


@pytest.mark.parametrize(
    ("fstab", "more", "bad"),
    [
        pytest.param(EFI, "", set(), id="a cloud's machine"),
        pytest.param("/dev/sda15 /boot/efi vfat umask=0077 0 1\n", "", {"/boot/efi"}, id="a device that is not there"),
        pytest.param(EFI + "/dev/sdb1 /srv/data xfs noatime 0 2\n", DISK, set(), id="in fstab"),
        pytest.param(EFI + "/dev/sdb1 /srv/data/ xfs noatime 0 2\n", DISK, set(), id="in fstab with a slash"),
        pytest.param(EFI, DISK, {"/srv/data"}, id="not in fstab"),
        pytest.param(EFI + "# /dev/sdb1 /srv/data xfs noatime 0 2\n", DISK, {"/srv/data"}, id="commented out"),
        pytest.param(EFI + "/dev/sdb1 /srv/data xfs noauto 0 2\n", DISK, {"/srv/data"}, id="noauto"),
        pytest.param(EFI + "/dev/sdb1 /srv/data xfs noauto,x-systemd.automount 0 2\n", DISK, set(), id="automount"),
        pytest.param(EFI + "/dev/sdb1 /srv/data xfs defaults 0 2\n", "", {"/srv/data"}, id="not mounted"),
        pytest.param(EFI + "/dev/sdb1 /srv/data xfs noauto 0 2\n", "", set(), id="not mounted, nor meant"),
        pytest.param(EFI + "/dev/sdz1 /srv/data xfs nofail 0 2\n", "", set(), id="not there, nor needed"),
        pytest.param(EFI + "UUID=no-udev /srv/data xfs defaults 0 2\n", DISK, set(), id="by UUID without udev"),
        pytest.param(EFI + "tank:/x /srv/x fuse.s3fs defaults 0 0\n", "", {"/srv/x"}, id="network without _netdev"),
        pytest.param(EFI + "nas:/x /srv/x nfs defaults 0 0\n", "", {"/srv/x"}, id="nfs that is not mounted"),
        pytest.param(EFI + "proc /proc proc defaults 0 0\n", "", set(), id="pseudo"),
        pytest.param(
            EFI,
            "40 20 0:70 / /net/a rw - autofs auto.net rw\n41 40 0:71 / /net/a/b rw - nfs4 nas:/b rw\n",
            set(),
            id="autofs",
        ),
    ],
)
def test_mounts(tmp_path: pathlib.Path, fstab: str, more: str, bad: set[str]) -> None:
    found = mounts(tmp_path, fstab, more)
    assert {subject for _rule, subject in failing(found)} == bad
    assert bad or [finding.status for finding in found] == ["pass"]


def test_a_device_that_stops_a_boot_is_told_as_such(tmp_path: pathlib.Path) -> None:
    (found,) = mounts(tmp_path, EFI + "/dev/sdz1 /srv/data xfs defaults 0 2\n")
    assert found.message == (
        "/etc/fstab mounts /srv/data: /dev/sdz1 does not exist; a boot waits 90 s for it, then stops in emergency mode"
    )


def test_a_link_on_the_way_is_followed(tmp_path: pathlib.Path) -> None:
    found = mounts(tmp_path, EFI + "/dev/sdb1 /data xfs noatime 0 2\n", DISK, links={"/data": "srv/data"})
    assert not failing(found)


def test_a_generators_unit_mounts_it_but_not_one_of_an_older_fstab(tmp_path: pathlib.Path) -> None:
    unit = "/run/systemd/generator.late/srv-data.mount"
    assert not failing(mounts(tmp_path / "a", EFI, DISK, files={unit: "[Mount]\nWhat=/dev/sdb1\n"}))
    assert failing(mounts(tmp_path / "b", EFI, DISK, files={unit: "SourcePath=/etc/fstab\n[Mount]\nWhat=/dev/sdb1\n"}))


def test_another_device_than_a_boot_mounts(tmp_path: pathlib.Path) -> None:
    files = {"/dev/sdc1": "", "/sys/class/block/sdc1/dev": "8:33\n"}
    found = mounts(tmp_path, EFI + "/dev/sdc1 /srv/data xfs noatime 0 2\n", DISK, files=files)
    assert [finding.message for finding in found] == ["/srv/data shows /dev/sdb1, but a boot mounts /dev/sdc1 there"]


def test_a_container_without_masks_is_not_judged(tmp_path: pathlib.Path) -> None:
    found = mounts(tmp_path, EFI, DISK, files={"/.dockerenv": ""})
    assert failing(found, "not_assessed") == {("mounts", "/srv/data")}
    assert not failing(found)


# Swap and encrypted volumes


@pytest.mark.parametrize(
    ("fstab", "active", "bad"),
    [
        ("/swapfile none swap sw 0 0\n", "/swapfile file 1024 0 -2\n", set()),
        ("", "/swapfile file 1024 0 -2\n", {"/swapfile"}),
        ("/swapfile none swap sw 0 0\n", "", {"/swapfile"}),
        ("/swapfile none swap noauto 0 0\n", "", set()),
        ("/dev/sdz1 none swap sw 0 0\n", "", {"/dev/sdz1"}),
        ("/dev/sdz1 none swap nofail 0 0\n", "", set()),
        ("", "/dev/zram0 partition 1024 0 100\n", set()),
    ],
)
def test_swaps(tmp_path: pathlib.Path, fstab: str, active: str, bad: set[str]) -> None:
    files = {"/etc/fstab": fstab, "/proc/swaps": f"Filename Type Size Used Priority\n{active}", "/swapfile": ""}
    found = assess(lay(tmp_path, files), filesystems)
    assert failing(found) == {("swaps", path) for path in bad}


def test_the_line_of_a_swap_keeps_its_priority(tmp_path: pathlib.Path) -> None:
    swaps = "Filename Type Size Used Priority\n/swapfile file 1024 0 5\n"
    found = assess(lay(tmp_path, {"/proc/swaps": swaps, "/swapfile": ""}), filesystems)
    assert "/swapfile none swap sw,pri=5,nofail 0 0" in next(one for one in found if one.status == "fail").remedy


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ("data /dev/sdb1 none luks", "fail"),
        ("data /dev/sdb1", "fail"),
        ("data /dev/sdb1 - luks,discard", "fail"),
        ("data /dev/sdb1 /etc/keys/data.key luks", "pass"),
        ("data /dev/sdb1 /etc/keys/gone.key luks", "fail"),
        ("data /dev/sdb1 none luks,tpm2-device=auto", "pass"),
        ("data /dev/sdb1 none luks,fido2-device=auto", "not_assessed"),
        ("data /dev/sdb1 none luks,noauto", "pass"),
        ("swap /dev/sdb1 /dev/urandom swap,cipher=aes-xts-plain64", "pass"),
        ("data /dev/sdb1 x luks,keyscript=/usr/local/sbin/fetch", "pass"),
        ("data /dev/sdb1 x luks,keyscript=decrypt_keyctl", "fail"),
        ("data /dev/sdz9 /etc/keys/data.key luks", "fail"),
        ("data /dev/sdz9 /etc/keys/data.key luks,nofail", "pass"),
    ],
)
def test_crypttab(tmp_path: pathlib.Path, row: str, status: str) -> None:
    host = lay(tmp_path, {"/etc/crypttab": f"# name device key\n{row}\n", "/dev/sdb1": "", "/etc/keys/data.key": "k"})
    assert [one.status for one in assess(host, filesystems) if one.rule.name == "crypttab"] == [status]


def test_a_key_beside_crypttab_opens_it(tmp_path: pathlib.Path) -> None:
    files = {"/etc/crypttab": "data /dev/sdb1 none luks\n", "/dev/sdb1": "", "/etc/cryptsetup-keys.d/data.key": "k"}
    assert not failing(assess(lay(tmp_path, files), filesystems))


# Kernel settings

SYSTEMD = {"/run/systemd/system/.keep": ""}


def settings(tmp_path: pathlib.Path, files: t.Mapping[str, str], **laid: t.Any) -> list[Finding]:
    return assess(lay(tmp_path, {**SYSTEMD, **files}, **laid), sysctl)


@pytest.mark.parametrize(
    ("files", "now", "status"),
    [
        pytest.param({"/etc/sysctl.d/a.conf": "net.ipv4.ip_forward=1"}, "1", "pass", id="as the file says"),
        pytest.param({"/etc/sysctl.d/a.conf": "net.ipv4.ip_forward=0"}, "1", "fail", id="not as the file says"),
        pytest.param({"/etc/sysctl.d/a.conf": "net/ipv4/ip_forward = 1"}, "1", "pass", id="slashes"),
        pytest.param({"/etc/sysctl.d/a.conf": "-net.ipv4.ip_forward = 1"}, "1", "pass", id="may fail"),
        pytest.param({"/etc/sysctl.d/a.conf": "# net.ipv4.ip_forward = 1"}, "1", "fail", id="a comment"),
        pytest.param({"/etc/sysctl.d/a.txt": "net.ipv4.ip_forward = 1"}, "1", "fail", id="no .conf"),
        pytest.param({"/run/sysctl.d/a.conf": "net.ipv4.ip_forward = 1"}, "1", "fail", id="/run is empty after a boot"),
        pytest.param(
            {"/usr/lib/sysctl.d/90.conf": "net.ipv4.ip_forward=1", "/etc/sysctl.d/10.conf": "net.ipv4.ip_forward=0"},
            *("1", "pass"),
            id="the name decides, not the folder",
        ),
        pytest.param(
            {"/usr/lib/sysctl.d/50.conf": "net.ipv4.ip_forward=0", "/etc/sysctl.d/50.conf": "net.ipv4.ip_forward=1"},
            *("1", "pass"),
            id="a file hides its namesake",
        ),
        pytest.param({}, "1", "fail", id="no file"),
        pytest.param({}, "0", "pass", id="the kernel's own"),
        pytest.param({"/usr/bin/dockerd": ""}, "1", "pass", id="Docker sets it"),
        pytest.param(
            {"/proc/cmdline": "quiet sysctl.net.ipv4.ip_forward=1"}, "1", "pass", id="the boot loader sets it"
        ),
        pytest.param(
            {"/etc/rc.local": "sysctl -w net.ipv4.ip_forward=1"}, "1", "not_assessed", id="rc.local may set it"
        ),
        pytest.param({"/etc/rc.local": "# net.ipv4.ip_forward=1"}, "1", "fail", id="a comment of rc.local"),
        pytest.param(
            {"/etc/systemd/network/a.network": "[Network]\nIPForward=yes"}, "1", "pass", id="systemd-networkd sets it"
        ),
        pytest.param({"/etc/sysctl.conf": "net.ipv4.ip_forward = 1"}, "1", "fail", id="a file that no boot reads"),
        pytest.param(
            {"/etc/sysctl.conf": "net.ipv4.ip_forward = 1", "/etc/os-release": "ID=sles\n"},
            "1",
            "pass",
            id="but SUSE's",
        ),
    ],
)
def test_ip_forward(tmp_path: pathlib.Path, files: dict[str, str], now: str, status: str) -> None:
    found = settings(tmp_path, {**files, "/proc/sys/net/ipv4/ip_forward": f"{now}\n"})
    assert [one.status for one in found] == [status]


def test_debians_link_to_sysctl_conf_is_read_by_its_name(tmp_path: pathlib.Path) -> None:
    files = {"/etc/sysctl.conf": "vm.swappiness = 10\n", "/proc/sys/vm/swappiness": "10\n"}
    links = {"/etc/sysctl.d/99-sysctl.conf": "../sysctl.conf"}
    assert not failing(settings(tmp_path, files, links=links))


def test_a_file_that_no_boot_reads_is_named(tmp_path: pathlib.Path) -> None:
    files = {"/etc/sysctl.conf": "net.core.rmem_max = 9\n", "/proc/sys/net/core/rmem_max": "9\n"}
    (found,) = settings(tmp_path, files)
    assert "this system does not read /etc/sysctl.conf at boot" in found.message


def test_words_and_numbers_are_compared_not_their_spelling(tmp_path: pathlib.Path) -> None:
    files = {
        "/etc/sysctl.d/a.conf": "net.ipv4.tcp_rmem = 4096 131072  6291456\nkernel.shmmax = 0x10\n",
        "/proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t6291456\n",
        "/proc/sys/kernel/shmmax": "16\n",
    }
    assert [one.status for one in settings(tmp_path, files)] == ["pass"]


def test_patterns_leave_alone_what_is_excluded_and_interfaces(tmp_path: pathlib.Path) -> None:
    conf = "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n"
    values = {f"/proc/sys/net/ipv4/conf/{name}/rp_filter": "0\n" for name in ("all", "default", "docker0")}
    found = settings(tmp_path, {"/usr/lib/sysctl.d/50-default.conf": conf, **values})
    assert failing(found) == {("sysctl", "net.ipv4.conf.default.rp_filter")}


def test_tuned_sets_its_own(tmp_path: pathlib.Path) -> None:
    files = {
        "/etc/tuned/active_profile": "virtual-guest\n",
        "/usr/lib/tuned/virtual-guest/tuned.conf": "[main]\ninclude=throughput\n",
        "/usr/lib/tuned/throughput/tuned.conf": "[sysctl]\nvm.swappiness=10\n",
        "/proc/sys/vm/swappiness": "10\n",
    }
    assert not failing(settings(tmp_path, files))
