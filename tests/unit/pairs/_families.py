# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of automatic_updates on the families of Red Hat and SUSE.

Composed after dnf-automatic(8), dnf5-automatic(8), os-update(8) and the files that these packages ship; not recorded.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import Machine

RULES = frozenset({"installed", "enabled", "origins", "timers", "exclusions", "report", "sources"})
DUE = {"SubState": "waiting", "NextElapseUSecRealtime": "Wed 2026-11-25 06:34:38 UTC"}
DNF4 = "[commands]\nupgrade_type = default\n# Whether updates should be applied\napply_updates = {apply}\n\n[emitters]\nemit_via = stdio\n"
BASEOS = "[baseos]\nname=BaseOS\nmirrorlist=https://mirrors.example/baseos\ngpgcheck=1\nenabled=1\n"
SHIPPED = """# To make changes in dnf5 automatic configuration
# edit /etc/dnf/dnf5-plugins/automatic.conf and make your adjustments there.
[commands]
apply_updates = no
upgrade_type = default
[emitters]
emit_via = stdio
"""
LEAP = "[repo-update]\nenabled=1\nautorefresh=1\nbaseurl=http://download.example/update/leap/15.6/oss\n"


def timer(machine: Machine, name: str, *, on: bool = True, hook: str = "") -> None:
    """A timer, what it starts, and what that starts when it fails."""
    machine.unit(f"{name}.timer", active=on, enablement="enabled" if on else "disabled", properties=DUE)
    machine.unit(f"{name}.service", active=False, enablement="static", properties={"OnFailure": hook})


def rocky(machine: Machine) -> None:
    """Rocky 9 without dnf-automatic."""
    machine.unit("systemd-journald.service", enablement="static")
    machine.write("/etc/os-release", 'ID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.6"\n')
    machine.write("/usr/bin/dnf-3", "")
    machine.path("/usr/bin/dnf").symlink_to("dnf-3")
    machine.write("/etc/dnf/dnf.conf", "[main]\ngpgcheck=1\ninstallonly_limit=3\n")
    machine.write("/etc/yum.repos.d/rocky.repo", BASEOS)
    machine.programs["install"] = lambda argv, stdin: install_dnf4(machine)
    machine.programs["remove"] = lambda argv, stdin: remove(machine)


def install_dnf4(machine: Machine, *, apply: str = "no") -> Completed:
    machine.write("/usr/bin/dnf-automatic", "")
    machine.write("/etc/dnf/automatic.conf", DNF4.format(apply=apply))
    for name in ("dnf-automatic", "dnf-automatic-install"):
        timer(machine, name, on=False, hook="tell.service")
    return Completed(0, "", "")


def remove(machine: Machine) -> Completed:
    for name in [name for name in machine.units if name.startswith(("dnf", "os-update"))]:
        del machine.units[name]
    for name in (
        "/usr/bin/dnf-automatic",
        "/etc/dnf/automatic.conf",
        OS_UPDATE,
        "/usr/share/dnf5/dnf5-plugins/automatic.conf",
    ):
        machine.path(name).unlink(missing_ok=True)
    return Completed(0, "", "")


def rocky_good(machine: Machine) -> None:
    rocky(machine)
    install_dnf4(machine, apply="yes")
    timer(machine, "dnf-automatic", hook="tell.service")


def rocky_tells(machine: Machine) -> None:
    """Applies nothing, tells nobody, and its timer is off; a mail server listens."""
    rocky(machine)
    install_dnf4(machine)
    timer(machine, "dnf-automatic", on=False)
    timer(machine, "dnf-automatic-install", on=False)
    machine.unit("postfix.service", sockets=[("tcp", "127.0.0.1", 25)])


def rocky_loose(machine: Machine) -> None:
    rocky_good(machine)
    machine.write("/etc/yum.repos.d/local.repo", "[local.x]\nname=x\nbaseurl=http://x.example/\ngpgcheck=0\n")
    machine.write("/etc/dnf/dnf.conf", "[main]\ngpgcheck=1\nexcludepkgs=kernel*\n")
    machine.write("/etc/dnf/plugins/versionlock.conf", "[main]\nenabled = 1\n")
    machine.write("/etc/dnf/plugins/versionlock.list", "# Added lock\nbash-0:5.1.8-9.el9.*\n")


def stream(machine: Machine) -> None:
    rocky_good(machine)
    machine.write("/etc/os-release", 'ID="centos"\nID_LIKE="rhel fedora"\nPRETTY_NAME="CentOS Stream 9"\n')
    machine.write("/etc/dnf/automatic.conf", "[commands]\nupgrade_type = security\napply_updates = yes\n")


def fedora(machine: Machine) -> None:
    machine.unit("systemd-journald.service", enablement="static")
    machine.write("/etc/os-release", 'ID=fedora\nPRETTY_NAME="Fedora Linux 42"\n')
    machine.write("/usr/bin/dnf5", "")
    machine.path("/usr/bin/dnf").symlink_to("dnf5")
    machine.write("/etc/dnf/dnf.conf", "[main]\n")
    machine.write("/etc/yum.repos.d/fedora-updates.repo", BASEOS.replace("baseos", "updates"))
    machine.programs["remove"] = lambda argv, stdin: remove(machine)


def fedora_off(machine: Machine) -> None:
    fedora(machine)
    machine.write("/usr/share/dnf5/dnf5-plugins/automatic.conf", SHIPPED)
    timer(machine, "dnf5-automatic", on=False, hook="tell.service")


def fedora_bare(machine: Machine) -> None:
    fedora(machine)

    def install(argv: t.Sequence[str], stdin: str | None) -> Completed:
        machine.write("/usr/share/dnf5/dnf5-plugins/automatic.conf", SHIPPED.replace("/dnf5-plugins", ""))
        timer(machine, "dnf5-automatic", on=False, hook="tell.service")
        return Completed(0, "", "")

    machine.programs["install"] = install


OS_UPDATE = "/usr/lib/systemd/system/os-update.timer"


def leap(machine: Machine) -> None:
    """openSUSE Leap without anything that updates it."""
    machine.unit("systemd-journald.service", enablement="static")
    machine.write("/etc/os-release", 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nPRETTY_NAME="openSUSE Leap 15.6"\n')
    machine.write("/etc/zypp/repos.d/repo-update.repo", LEAP)
    machine.programs["install"] = lambda argv, stdin: install_os_update(machine)
    machine.programs["remove"] = lambda argv, stdin: remove(machine)


def install_os_update(machine: Machine, *, on: bool = False) -> Completed:
    machine.write(OS_UPDATE, "")
    timer(machine, "os-update", on=on, hook="systemd-status-mail@os-update.service")
    return Completed(0, "", "")


def leap_good(machine: Machine) -> None:
    leap(machine)
    install_os_update(machine, on=True)


def leap_wrong(machine: Machine) -> None:
    leap(machine)
    install_os_update(machine)
    machine.write("/etc/os-update.conf", 'REBOOT_CMD="none"\nUPDATE_CMD="patch"\n')


def leap_loose(machine: Machine) -> None:
    leap_good(machine)
    machine.write(
        "/etc/zypp/locks", "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: kernel-*\n\n"
    )
    machine.write("/etc/zypp/repos.d/x.repo", "[x]\nenabled=1\nbaseurl=http://x.example/\ngpgcheck=0\n")


def sles_yast(machine: Machine, *, value: str = "true", skip: str = "false") -> None:
    machine.write("/etc/os-release", 'ID="sles"\nID_LIKE="suse"\nPRETTY_NAME="SUSE Linux Enterprise Server 15 SP6"\n')
    machine.write(
        "/etc/zypp/repos.d/SLES-Updates.repo", "[SLE-Product-SLES15-SP6-Updates]\nenabled=1\nbaseurl=plugin:x\n"
    )
    machine.write(
        "/etc/sysconfig/automatic_online_update",
        f'AOU_ENABLE_CRONJOB="{value}"\nAOU_SKIP_INTERACTIVE_PATCHES="{skip}"\n',
    )
    machine.write("/etc/cron.daily/opensuse.org-online_update", "")
    machine.write("/usr/sbin/sendmail", "")
    machine.unit("cron.service")


def sles_off(machine: Machine) -> None:
    sles_yast(machine, value="false", skip="true")
    machine.unit("cron.service", active=False)
    machine.path("/usr/sbin/sendmail").unlink()
    machine.path("/etc/zypp/repos.d/SLES-Updates.repo").unlink()


def micro(machine: Machine) -> None:
    machine.write("/etc/os-release", 'ID="opensuse-microos"\nID_LIKE="suse opensuse opensuse-tumbleweed"\n')
    machine.write("/etc/zypp/repos.d/oss.repo", "[repo-oss]\nenabled=1\nbaseurl=http://download.example/tumbleweed/\n")
    machine.write("/usr/sbin/transactional-update", "")
    timer(machine, "transactional-update", hook="tell.service")


def ostree(machine: Machine) -> None:
    fedora_off(machine)
    machine.write("/run/ostree-booted", "")


CASES = (
    Case("dnf: all is well", rocky_good, passes=RULES),
    Case(
        "dnf: no program",
        rocky,
        fails=RULES - {"origins", "exclusions", "sources"},
        fixed=frozenset({"installed", "enabled", "timers"}),
    ),
    Case(
        "dnf: tells and applies nothing",
        rocky_tells,
        options={"mail": "ops@example.org"},
        fails=frozenset({"enabled", "timers", "report"}),
        fixed=frozenset({"enabled", "timers", "report"}),
    ),
    Case(
        "dnf: left out and unsigned",
        rocky_loose,
        fails=frozenset({"exclusions", "sources"}),
        passes=RULES - {"exclusions"},
    ),
    Case(
        "dnf: security updates of a system without advisories",
        stream,
        fails=frozenset({"origins"}),
        fixed=frozenset({"origins"}),
    ),
    Case(
        "dnf5: off",
        fedora_off,
        fails=frozenset({"enabled", "timers"}),
        passes=RULES - {"enabled", "timers"},
        fixed=frozenset({"enabled", "timers"}),
    ),
    Case(
        "dnf5: no program",
        fedora_bare,
        fails=frozenset({"installed", "enabled", "timers", "report"}),
        fixed=frozenset({"installed", "enabled", "timers"}),
    ),
    Case("dnf5: an image", ostree),
    Case("suse: all is well", leap_good, passes=RULES),
    Case(
        "suse: no program",
        leap,
        fails=frozenset({"installed", "enabled", "timers", "report"}),
        passes=frozenset({"origins", "sources", "exclusions"}),
        fixed=frozenset({"installed", "enabled", "timers"}),
    ),
    Case(
        "suse: a word that os-update does not know",
        leap_wrong,
        fails=frozenset({"enabled", "timers"}),
        fixed=frozenset({"enabled", "timers"}),
    ),
    Case("suse: left out and unsigned", leap_loose, fails=frozenset({"exclusions", "sources"})),
    Case("suse: YaST", sles_yast, passes=RULES - {"installed"}),
    Case("suse: YaST off", sles_off, fails=frozenset({"enabled", "origins", "timers", "exclusions", "report"})),
    Case("suse: MicroOS", micro, passes=RULES),
)
