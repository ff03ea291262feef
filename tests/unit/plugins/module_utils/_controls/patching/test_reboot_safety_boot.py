# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next boot loads, and the clock that it starts with.

The menus are composed after what grub-mkconfig of Debian 12 and RHEL 9, kernel-install and u-boot-menu write.
"""

from __future__ import annotations

import datetime
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot import boot, clock
from ansible_collections.infosec.principles.plugins.module_utils._formats import boot_menus
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)
NEW, OLD = "6.1.0-28-amd64", "6.1.0-27-amd64"


class Stage(Host):
    """A machine below a folder, with a few played programs."""

    answers: t.ClassVar[dict[str, Completed]] = {}

    def write(self, name: str, text: str = "x") -> None:
        path = pathlib.Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def kernel(self, version: str, folder: str = "/boot") -> None:
        """As Debian names them."""
        self.write(f"{folder}/vmlinuz-{version}")
        self.write(f"{folder}/initrd.img-{version}")
        self.write(f"/lib/modules/{version}/modules.dep")


@pytest.fixture
def stage(tmp_path: pathlib.Path) -> Stage:
    def run(argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        return host.answers.get(" ".join(argv), Completed(127, "", "command not found"))

    host = Stage(root=str(tmp_path), runner=run, now=NOW)
    return host


def entry(
    title: str, name: str, version: str, *, top: str = "/boot", initrd: bool = True, root: str = "UUID=9a"
) -> str:
    image = f"\tinitrd\t{top}/initrd.img-{version}\n" if initrd else ""
    return (
        f"menuentry '{title}' --class debian --class os $menuentry_id_option '{name}' {{\n"
        "\tload_video\n\tif [ x$grub_platform = xxen ]; then insmod xzio; fi\n\tinsmod part_gpt\n"
        f"\tlinux\t{top}/vmlinuz-{version} root={root} ro quiet\n{image}}}\n"
    )


def menu(default: str = "0", *, top: str = "/boot", **fields: t.Any) -> str:
    """A grub.cfg with a simple entry, and a submenu of two kernels."""
    return (
        'if [ "${next_entry}" ] ; then\n   set default="${next_entry}"\n   set next_entry=\nelse\n'
        f'   set default="{default}"\nfi\n'
        "function load_video {\n  if [ x$feature_all_video_module = xy ]; then\n    insmod all_video\n  fi\n}\n"
        + entry("Debian GNU/Linux", "simple", NEW, top=top, **fields)
        + "submenu 'Advanced options' $menuentry_id_option 'advanced' {\n"
        + entry(f"with Linux {NEW}", "advanced-new", NEW, top=top)
        + entry(f"with Linux {OLD}", "advanced-old", OLD, top=top)
        + "}\nmenuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {\n\tfwsetup\n}\n"
    )


def verdict(host: Host) -> tuple[str, str]:
    (finding,) = boot.assess(host, {})
    return finding.status, finding.message


def test_all_is_there(stage: Stage) -> None:
    stage.write("/boot/grub/grub.cfg", menu())
    stage.kernel(NEW)
    stage.kernel(OLD)
    (finding,) = boot.assess(stage, {})
    assert finding.status == "pass" and "Debian GNU/Linux" in finding.message
    assert not any("also broken" in one.found for one in finding.evidence)


def test_another_entry_may_be_broken(stage: Stage) -> None:
    stage.write("/boot/grub/grub.cfg", menu())
    stage.kernel(NEW)
    (finding,) = boot.assess(stage, {})
    assert finding.status == "pass" and "also broken: with Linux 6.1.0-27-amd64" in str(finding.evidence)


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (f"/boot/vmlinuz-{NEW}", None, "vmlinuz-6.1.0-28-amd64 is missing"),
        (f"/boot/initrd.img-{NEW}", None, "initrd.img-6.1.0-28-amd64 is missing"),
        (f"/boot/initrd.img-{NEW}", "", "initrd.img-6.1.0-28-amd64 is empty"),
        (f"/lib/modules/{NEW}", None, "no modules of 6.1.0-28-amd64"),
        (f"/boot/initrd.img-{NEW}.new", "half", "was not finished"),
    ],
)
def test_the_default_is_broken(stage: Stage, path: str, text: str | None, said: str) -> None:
    stage.write("/boot/grub/grub.cfg", menu())
    stage.kernel(NEW)
    stage.kernel(OLD)
    if text is None:
        pathlib.Path(stage.path(path)).rename(stage.path("/elsewhere"))
    else:
        stage.write(path, text)
    status, message = verdict(stage)
    assert status == "fail" and said in message


@pytest.mark.parametrize(
    ("root", "status"), [("UUID=9a", "fail"), ("/dev/mapper/vg-root", "fail"), ("/dev/vda1", "pass")]
)
def test_an_entry_without_initrd(stage: Stage, root: str, status: str) -> None:
    stage.write("/boot/grub/grub.cfg", entry("Own", "own", NEW, initrd=False, root=root))
    stage.kernel(NEW)
    assert verdict(stage)[0] == status


@pytest.mark.parametrize("top", ["", "/@/boot", "/@rootfs/boot"])
def test_paths_below_the_loaders_own_root(stage: Stage, top: str) -> None:
    """/boot as a file system of its own; a subvolume of btrfs."""
    stage.write("/boot/grub/grub.cfg", menu(top=top))
    stage.kernel(NEW)
    assert verdict(stage)[0] == "pass"


@pytest.mark.parametrize(
    ("default", "environment", "title"),
    [
        ("0", {}, "Debian GNU/Linux"),
        ("1>1", {}, f"with Linux {OLD}"),
        ("advanced>advanced-old", {}, f"with Linux {OLD}"),
        ("${saved_entry}", {}, "Debian GNU/Linux"),
        ("${saved_entry}", {"saved_entry": "advanced-new"}, f"with Linux {NEW}"),
        ("0", {"next_entry": f"with Linux {OLD}"}, f"with Linux {OLD}"),
        ("2", {}, "UEFI Firmware Settings"),
        ("no such entry", {}, "Debian GNU/Linux"),
    ],
)
def test_default_of_grub(default: str, environment: dict[str, str], title: str) -> None:
    text = menu(default)
    chosen = boot_menus.chosen(boot_menus.grub_entries(text), boot_menus.grub_default(text, environment))
    assert chosen is not None and chosen.title == title


def bls(version: str, *, more: str = "") -> str:
    return (
        f"title Red Hat Enterprise Linux ({version}) 9.4 (Plow)\nversion {version}\nlinux /vmlinuz-{version}\n"
        f"initrd /initramfs-{version}.img $tuned_initrd\noptions root=/dev/mapper/rhel-root ro $tuned_params\n{more}"
    )


RHEL = ("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-427.9.1.el9_4.x86_64")


@pytest.mark.parametrize(
    ("saved", "lost", "status"),
    [
        ("", RHEL[0], "fail"),
        ("", RHEL[1], "pass"),
        (f"abc-{RHEL[1]}", RHEL[1], "fail"),
        (f"abc-{RHEL[1]}", RHEL[0], "pass"),
    ],
)
def test_grub_with_entries_of_the_boot_loader_specification(stage: Stage, saved: str, lost: str, status: str) -> None:
    """The newest is the default, as versions go, unless grubenv names another."""
    stage.write("/boot/grub2/grub.cfg", 'set default="${saved_entry}"\ninsmod blscfg\nblscfg\n')
    stage.write("/boot/grub2/grubenv", f"# GRUB Environment Block\nsaved_entry={saved}\n####\n")
    for version in RHEL:
        stage.write(f"/boot/loader/entries/abc-{version}.conf", bls(version))
        stage.write(f"/boot/vmlinuz-{version}")
        stage.write(f"/boot/initramfs-{version}.img", "" if version == lost else "x")
    assert verdict(stage)[0] == status


def test_systemd_boot(stage: Stage) -> None:
    stage.write("/boot/efi/loader/loader.conf", "timeout 3\ndefault debian-*\n")
    stage.write(
        "/boot/efi/loader/entries/debian-6.1.conf", "title Debian\nlinux /debian/6.1/linux\ninitrd /debian/6.1/initrd\n"
    )
    stage.write("/boot/efi/loader/entries/windows.conf", "title Windows\nefi /EFI/Microsoft/Boot/bootmgfw.efi\n")
    stage.write("/boot/efi/debian/6.1/linux")
    assert verdict(stage)[0] == "fail"
    stage.write("/boot/efi/debian/6.1/initrd")
    assert verdict(t.cast(Stage, stage.refresh()))[0] == "pass"


def test_extlinux(stage: Stage) -> None:
    text = "default l1\nlabel l0\n\tlinux /boot/vmlinuz-1\nlabel l1\n\tlinux /boot/vmlinuz-2\n\tinitrd /boot/initrd.img-2\n\tappend root=UUID=9a ro\n"
    stage.write("/boot/extlinux/extlinux.conf", text)
    stage.write("/boot/vmlinuz-2")
    assert verdict(stage)[0] == "fail"
    stage.write("/boot/initrd.img-2")
    assert verdict(t.cast(Stage, stage.refresh()))[0] == "pass"


def test_a_kernel_from_outside_is_not_judged(stage: Stage) -> None:
    assert verdict(stage)[0] == "not_assessed"
    stage.write("/efi/EFI/Linux/debian.efi")
    assert verdict(t.cast(Stage, stage.refresh()))[0] == "pass"


def test_a_container_has_neither(stage: Stage) -> None:
    stage.write("/run/systemd/container", "docker\n")
    assert {one.status for one in (*boot.assess(stage, {}), *clock.assess(stage, {}))} == {"not_applicable"}


# Clock

YES, NO = Completed(0, "NTPSynchronized=yes\n", ""), Completed(0, "NTPSynchronized=no\n", "")
LEAP = "Reference ID    : 00000000 ()\nLeap status     : {}\n"


@pytest.mark.parametrize(
    ("mark", "timedatectl", "leap", "status"),
    [
        (True, None, None, "pass"),
        (False, YES, None, "pass"),
        (False, NO, None, "fail"),
        # chronyd tells the kernel only with its rtcsync.
        (False, NO, "Normal", "pass"),
        (False, NO, "Not synchronised", "fail"),
        (False, Completed(1, "", "Failed to connect to bus"), None, "not_assessed"),
    ],
)
def test_time(stage: Stage, mark: bool, timedatectl: Completed | None, leap: str | None, status: str) -> None:
    if mark:
        stage.write("/run/systemd/timesync/synchronized", "")
    stage.answers = {"timedatectl show --property=NTPSynchronized": timedatectl} if timedatectl else {}
    if leap:
        stage.write("/usr/bin/chronyc")
        pathlib.Path(stage.path("/usr/bin/chronyc")).chmod(0o755)
        stage.answers["chronyc -n tracking"] = Completed(0, LEAP.format(leap), "")
    (finding,) = clock.assess(stage, {})
    assert finding.status == status


@pytest.mark.parametrize(
    ("ahead", "adjtime", "status"),
    [
        (0, "", "pass"),
        (-299, "", "pass"),
        (301, "", "fail"),
        (7200, "0.0 0 0\n0\nUTC\n", "fail"),
        # The hardware keeps local time, two hours ahead.
        (7200, "0.0 0 0\n0\nLOCAL\n", "pass"),
        (7200 + 400, "0.0 0 0\n0\nLOCAL\n", "fail"),
    ],
)
def test_hardware_clock(stage: Stage, ahead: int, adjtime: str, status: str) -> None:
    stage.write("/run/systemd/timesync/synchronized", "")
    stage.write("/sys/class/rtc/rtc0/since_epoch", f"{int(NOW.timestamp()) + ahead}\n")
    if adjtime:
        stage.write("/etc/adjtime", adjtime)
    found = {one.subject: one.status for one in clock.assess(stage, {})}
    assert found == {"time": "pass", "rtc": status}
