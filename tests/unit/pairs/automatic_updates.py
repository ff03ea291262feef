# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of automatic_updates."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import _families
from .case import Case
from .machine import Machine

ALL = frozenset({"installed", "enabled", "origins", "timers", "exclusions", "report", "sources"})
OURS = frozenset({"installed", "enabled", "origins"})
PARTS = "/etc/apt/apt.conf.d"
PATTERN = "origin=Debian,codename=${distro_codename}-security,label=Debian-Security"
SECURITY = "security.debian.org_debian-security_dists_bookworm-security_InRelease"
STRICT = 'Unattended-Upgrade::Package-Whitelist-Strict "true";\n'
URI = "http://security.debian.org/debian-security"
RELEASE = (
    "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
    "Origin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\nCodename: bookworm-security\n"
)
STANZA = "Package: unattended-upgrades\nStatus: install ok installed\nVersion: 2.9.1\n\n"
DUE = {"SubState": "waiting", "NextElapseUSecRealtime": "Wed 2026-11-25 06:34:38 UTC"}
OFF = {"SubState": "dead", "NextElapseUSecMonotonic": "infinity"}


def debian(machine: Machine) -> None:
    """Debian 12 with its security source fetched and apt's timers on."""
    machine.write("/etc/os-release", 'ID=debian\nPRETTY_NAME="Debian 12"\nVERSION_CODENAME=bookworm\n')
    machine.write("/etc/apt/sources.list", "deb http://security.debian.org/debian-security bookworm-security main\n")
    machine.write(f"/var/lib/apt/lists/{SECURITY}", RELEASE)
    machine.write("/var/lib/dpkg/status", "Package: apt\nStatus: install ok installed\n\n")
    machine.write(f"{PARTS}/60mail", 'Unattended-Upgrade::Mail "ops@example.org";\n')
    machine.program("mail")
    for name in ("apt-daily", "apt-daily-upgrade"):
        machine.unit(f"{name}.timer", properties=DUE)
        machine.unit(f"{name}.service", active=False, enablement="static")
    machine.program("apt-config", lambda argv, stdin: Completed(0, dump(machine), ""))
    machine.programs["install"] = lambda argv, stdin: install(machine)
    machine.programs["remove"] = lambda argv, stdin: remove(machine)


def dump(machine: Machine) -> str:
    """What apt makes of the files: the last value of a key, all members of a list."""
    values: dict[str, str] = {}
    for path in sorted(machine.path(PARTS).iterdir()):
        for number, setting in enumerate(aptconf.settings(path.read_text(encoding="utf-8"))):
            member = f"{path.name}{number}" if setting.key.endswith("::") else ""
            values[setting.key + member] = setting.value
    return "".join(f'{key} "{value}";\n' for key, value in values.items())


def install(machine: Machine) -> Completed:
    """The package, the two files that come with it, and the service that it starts."""
    machine.unit(HELPER)
    status = machine.path("/var/lib/dpkg/status").read_text(encoding="utf-8")
    machine.write("/var/lib/dpkg/status", status + STANZA)
    machine.write(f"{PARTS}/20auto-upgrades", "".join(f'APT::Periodic::{key} "1";\n' for key in SWITCHES))
    machine.write(f"{PARTS}/50unattended-upgrades", f'Unattended-Upgrade::Origins-Pattern {{\n  "{PATTERN}";\n}};\n')
    return Completed(0, "", "")


SWITCHES = ("Update-Package-Lists", "Unattended-Upgrade")


HELPER = "unattended-upgrades.service"


def remove(machine: Machine) -> Completed:
    """Debian's package leaves its service running, so that only who stopped it first is rid of it."""
    if not machine.units[HELPER].active:
        del machine.units[HELPER]
    status = machine.path("/var/lib/dpkg/status").read_text(encoding="utf-8")
    machine.write("/var/lib/dpkg/status", status.replace(STANZA, ""))
    for name in ("20auto-upgrades", "50unattended-upgrades"):
        machine.path(f"{PARTS}/{name}").unlink()
    return Completed(0, "", "")


def good(machine: Machine) -> None:
    debian(machine)
    install(machine)


def with_file(name: str, text: str) -> t.Callable[[Machine], None]:
    """A good machine with one more file of configuration."""

    def lay(machine: Machine) -> None:
        good(machine)
        machine.write(name, text)

    return lay


def held(machine: Machine) -> None:
    good(machine)
    status = machine.path("/var/lib/dpkg/status").read_text(encoding="utf-8")
    machine.write("/var/lib/dpkg/status", f"{status}Package: nginx\nStatus: hold ok installed\nVersion: 1\n\n")


def no_mailer(machine: Machine) -> None:
    good(machine)
    machine.path("/usr/bin/mail").unlink()


def timers_off(machine: Machine) -> None:
    good(machine)
    machine.unit("apt-daily.timer", enablement="masked", active=False, properties=DUE)
    machine.unit("apt-daily-upgrade.timer", active=False, enablement="disabled", properties=DUE)
    machine.unit("apt-daily-upgrade.service", active=False, enablement="masked")


def never_due(machine: Machine) -> None:
    good(machine)
    machine.unit("apt-daily.timer", properties=OFF)


CASES = (
    Case("all is well", good, passes=ALL),
    Case("no package", debian, fails=OURS, passes=ALL - OURS, fixed=OURS),
    Case(
        "switched off by a later file",
        with_file(f"{PARTS}/99off", 'APT { Periodic { Enable "0"; }; };\n'),
        fails=frozenset({"enabled"}),
        passes=ALL - {"enabled"},
        fixed=frozenset({"enabled"}),
    ),
    Case(
        "switched off where ours would not win",
        with_file(f"{PARTS}/zzz-local", 'APT::Periodic::Unattended-Upgrade "0";\n'),
        fails=frozenset({"enabled"}),
    ),
    Case(
        "patterns of another distribution",
        with_file(f"{PARTS}/50unattended-upgrades", 'Unattended-Upgrade::Allowed-Origins { "Ubuntu:jammy"; };\n'),
        fails=frozenset({"origins"}),
        fixed=frozenset({"origins"}),
    ),
    Case(
        "a pattern that stops unattended-upgrades",
        with_file(f"{PARTS}/51x", 'Unattended-Upgrade::Origins-Pattern:: "release=bookworm";\n'),
        fails=frozenset({"origins"}),
    ),
    Case("no security source", with_file("/etc/apt/sources.list", ""), fails=frozenset({"origins"})),
    Case(
        "a source that is past its day",
        with_file(f"/var/lib/apt/lists/{SECURITY}", f"{RELEASE}Valid-Until: Mon, 23 Nov 2026 11:22:38 UTC\n"),
        passes=ALL - {"origins"},
    ),
    Case(
        "a source that is trusted whatever it says",
        with_file("/etc/apt/sources.list", f"deb [trusted=yes] {URI} bookworm-security main\n"),
        fails=frozenset({"sources"}),
    ),
    Case(
        "a list without signature",
        with_file(f"/var/lib/apt/lists/{SECURITY}", RELEASE.partition("\n\n")[2]),
        fails=frozenset({"sources"}),
        passes=ALL,
    ),
    Case(
        "proof is not wanted at all",
        with_file(f"{PARTS}/90insecure", 'Acquire::AllowInsecureRepositories "true";\n'),
        fails=frozenset({"sources"}),
    ),
    Case(
        "packages left out",
        with_file(f"{PARTS}/90skip", 'Unattended-Upgrade::Package-Blacklist { "ap"; "linux-"; };\n'),
        fails=frozenset({"exclusions"}),
        passes=ALL,
    ),
    Case("a package on hold", held, fails=frozenset({"exclusions"}), passes=ALL - {"exclusions"}),
    Case(
        "updates by a list of names alone",
        with_file(f"{PARTS}/90only", 'Unattended-Upgrade::Package-Whitelist { "unattended"; };\n' + STRICT),
        fails=frozenset({"exclusions"}),
    ),
    Case(
        "a pin against the security source",
        with_file("/etc/apt/preferences.d/x", "Package: apt\nPin: release l=Debian-Security\nPin-Priority: -1\n"),
        fails=frozenset({"exclusions"}),
    ),
    Case(
        "nobody is told",
        with_file(f"{PARTS}/60mail", ""),
        options={"mail": "ops@example.org"},
        fails=frozenset({"report"}),
        fixed=frozenset({"report"}),
    ),
    Case("nobody is told, and nobody said whom to tell", with_file(f"{PARTS}/60mail", ""), fails=frozenset({"report"})),
    Case(
        "somebody else is told",
        good,
        options={"mail": "security@example.org"},
        fails=frozenset({"report"}),
        fixed=frozenset({"report"}),
    ),
    Case("no mail program", no_mailer, options={"mail": "ops@example.org"}, fails=frozenset({"report"})),
    Case("lists never fetched", with_file(f"/var/lib/apt/lists/{SECURITY}", "")),
    Case("timers off", timers_off, fails=frozenset({"timers"}), fixed=frozenset({"timers"})),
    Case("a timer without a schedule", never_due, fails=frozenset({"timers"})),
    Case("no apt", lambda machine: machine.write("/etc/os-release", "ID=alpine\n")),
    *_families.CASES,
)
