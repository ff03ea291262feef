# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""maintenance_window: what is judged, and what is written.

What systemctl tells is of Debian 11 and 13. The states of dnf-automatic, os-update and transactional-update are composed
from their manual pages, not recorded.
"""

from __future__ import annotations

import datetime
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching import maintenance_window
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._window import Window, parse
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

FIXTURES = pathlib.Path(__file__).parents[4] / "fixtures" / "maintenance"
NOW = datetime.datetime(2026, 11, 24, 22, 0, tzinfo=datetime.timezone.utc)
WINDOW: dict[str, t.Any] = {
    **{"days": ["sat", "sun"], "start": "04:15", "minutes": 15, "time_zone": "Europe/Berlin"},
    **{"reboot": "never", "catch_up": False},
    "next": ["2026-11-28T03:15:00+00:00", "2026-11-29T03:15:00+00:00"],
}
SETTINGS = 'APT::Periodic::Update-Package-Lists "always";\nAPT::Periodic::Unattended-Upgrade "always";\n'
RESTART = 'Unattended-Upgrade::Automatic-Reboot "{}";\n'
APT_TIMER = "apt-daily-upgrade.timer"


def fixture(name: str) -> str:
    return (FIXTURES / f"systemctl-show-{name}.txt").read_text(encoding="utf-8")


def block(name: str, **changed: str) -> str:
    """A timer in the slot of WINDOW, as systemctl shows it."""
    shown = {
        **{"Id": name, "LoadState": "loaded", "ActiveState": "active", "SubState": "waiting"},
        "TimersCalendar": "{ OnCalendar=Sat,Sun *-*-* 04:15:00 Europe/Berlin ; next_elapse=Sat 2026-11-28 03:15:00 UTC }",
        **{"RandomizedDelayUSec": "0", "AccuracyUSec": "1s", "Persistent": "no", "DropInPaths": ""},
        "NextElapseUSecRealtime": "Sat 2026-11-28 03:15:00 UTC",
        **changed,
    }
    return "".join(f"{key}={value}\n" for key, value in shown.items())


SERVICE = "Id=apt-daily-upgrade.service\nLoadState=loaded\nWants=apt-daily.service\nAfter=apt-daily.service\n"


def absent(name: str) -> str:
    return f"Id={name}\nLoadState=not-found\n"


class Play:
    """A host made of a folder, with what systemctl and apt-config tell."""

    def __init__(self, root: pathlib.Path, *, system: str = "debian", systemd: bool = True) -> None:
        self.root = root
        self.shown = block(APT_TIMER) + "\n" + SERVICE
        self.dump = SETTINGS
        self.write("etc/os-release", f"ID={system}\n")
        self.write("usr/share/zoneinfo/Europe/Berlin", "TZif2")
        if systemd:
            (root / "run/systemd/system").mkdir(parents=True)

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        return Completed(0, self.dump if argv[0] == "apt-config" else self.shown, "")

    def judge(self, **changed: t.Any) -> dict[str, Finding]:
        """The findings by rule; the last of each."""
        host = Host(root=str(self.root), runner=self._run, now=NOW)
        found = maintenance_window.assess(host, {"window": {**WINDOW, **changed}})
        return {finding.rule.name: finding for finding in found}

    def schedule(self, **changed: t.Any) -> Finding:
        return self.judge(**changed)["schedule"]


@pytest.fixture
def play(tmp_path: pathlib.Path) -> Play:
    return Play(tmp_path)


def expected(finding: Finding) -> list[str]:
    return [evidence.expected for evidence in finding.evidence if evidence.expected]


# The window


def test_no_window(play: Play) -> None:
    host = Host(root=str(play.root), runner=play._run, now=NOW)
    found = list(maintenance_window.assess(host, {"window": {}}))
    assert [(finding.rule.name, finding.status) for finding in found] == [
        ("declared", "fail"),
        ("schedule", "not_applicable"),
        ("lists", "not_applicable"),
        ("reboot", "not_applicable"),
    ]


def test_the_window_knows_when_it_is_open() -> None:
    window = parse({"window": WINDOW})
    assert isinstance(window, Window)
    first, second = window.next
    minute = datetime.timedelta(minutes=1)
    assert [window.is_open(first + count * minute) for count in (-1, 0, 14, 15)] == [False, True, True, False]
    assert [window.opens(at) for at in (first - minute, first, second)] == [first, second, None]


# What systemd tells


@pytest.mark.parametrize("release", ["247-stock-debian-11", "257-stock-debian-13"])
def test_the_times_that_debian_brings(play: Play, release: str) -> None:
    play.shown = fixture(release)
    finding = play.schedule()
    assert finding.status == "fail"
    assert expected(finding) == ["Sat,Sun *-*-* 04:15:00 Europe/Berlin", "0", "false", "2026-11-28 03:15:00 UTC"]
    assert [change.describe() for change in finding.fix] == [
        "create /etc/systemd/system/apt-daily-upgrade.timer.d/zz-infosec-principles.conf",
        "create /etc/apt/apt.conf.d/zz-infosec-principles-window",
        "create /etc/systemd/system/apt-daily-upgrade.service.d/zz-infosec-principles.conf",
        "have systemd take up the times of apt-daily-upgrade.timer",
    ]


@pytest.mark.parametrize("release", ["247-fixed-debian-11", "257-fixed-debian-13"])
def test_the_times_that_the_fix_gave(play: Play, release: str) -> None:
    play.shown = fixture(release)
    findings = play.judge()
    assert {finding.status for finding in findings.values()} == {"pass"}
    assert "next elapse 2026-11-28 03:15:00 UTC" in findings["schedule"].evidence[0].found


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"TimersCalendar": ""}, ["Sat,Sun *-*-* 04:15:00 Europe/Berlin"]),
        (
            {"TimersCalendar": "{ OnCalendar=Sat,Sun *-*-* 04:15:00 ; next_elapse=x }"},
            ["Sat,Sun *-*-* 04:15:00 Europe/Berlin"],
        ),
        (
            {"TimersCalendar": "{ OnCalendar=Sat *-*-* 04:15:00 Europe/Berlin ; next_elapse=x }"},
            ["Sat,Sun *-*-* 04:15:00 Europe/Berlin"],
        ),
        ({"TimersMonotonic": "{ OnBootUSec=15min ; next_elapse=15min }"}, ["none"]),
        ({"RandomizedDelayUSec": "5min"}, ["0"]),
        ({"AccuracyUSec": "1h"}, ["60 s at most"]),
        ({"Persistent": "yes"}, ["false"]),
        ({"NextElapseUSecRealtime": ""}, ["2026-11-28 03:15:00 UTC"]),
        ({"NextElapseUSecRealtime": "Sun 2026-11-29 03:15:00 UTC"}, ["2026-11-28 03:15:00 UTC"]),
        # While what it starts runs, or the timer is off, nothing is due.
        ({"NextElapseUSecRealtime": "", "SubState": "running"}, []),
        ({"NextElapseUSecRealtime": "", "ActiveState": "inactive", "SubState": "dead"}, []),
        ({"AccuracyUSec": "1min"}, []),
    ],
)
def test_what_makes_another_schedule(play: Play, changed: dict[str, str], wanted: list[str]) -> None:
    play.shown = block(APT_TIMER, **changed) + "\n" + SERVICE
    finding = play.schedule()
    assert expected(finding) == wanted
    assert finding.status == ("fail" if wanted else "pass")
    assert bool(finding.fix) == bool(wanted)


def test_more_than_one_time(play: Play) -> None:
    more = block(APT_TIMER) + "TimersCalendar={ OnCalendar=*-*-* 06:00:00 ; next_elapse=x }\n"
    play.shown = more + "\n" + SERVICE
    assert play.schedule().status == "fail"


def test_the_drop_in(play: Play) -> None:
    window = parse({"window": {**WINDOW, "catch_up": True}})
    assert window is not None
    assert maintenance_window.timer_text(window).splitlines()[1:] == [
        *("[Timer]", "OnCalendar=", "OnCalendar=Sat,Sun *-*-* 04:15:00 Europe/Berlin"),
        *("RandomizedDelaySec=0", "AccuracySec=1s", "Persistent=true"),
    ]


def test_nothing_is_written_where_a_later_drop_in_wins(play: Play) -> None:
    later = f"etc/systemd/system/{APT_TIMER}.d/zzz.conf"
    play.write(later, "[Timer]\n OnCalendar = hourly\n")
    play.shown = block(APT_TIMER, Persistent="yes", DropInPaths=f"/{later}") + "\n" + SERVICE
    finding = play.schedule()
    assert finding.fix == ()
    assert finding.evidence[-1].source == f"/{later}"


def test_a_later_drop_in_about_something_else_does_no_harm(play: Play) -> None:
    later = f"etc/systemd/system/{APT_TIMER}.d/zzz.conf"
    play.write(later, "[Unit]\nDescription=x\n")
    play.shown = block(APT_TIMER, Persistent="yes", DropInPaths=f"/{later}") + "\n" + SERVICE
    assert play.schedule().fix


def test_hosts_without_systemd(tmp_path: pathlib.Path) -> None:
    findings = Play(tmp_path, systemd=False).judge()
    assert {name: finding.status for name, finding in findings.items()} == {
        **{"declared": "pass", "schedule": "not_assessed"},
        **{"lists": "not_assessed", "reboot": "not_assessed"},
    }


# Time zones


def test_no_time_zones_at_all(play: Play) -> None:
    (play.root / "usr/share/zoneinfo/Europe/Berlin").unlink()
    play.shown = fixture("257-stock-debian-13")
    assert play.schedule().fix[0].describe() == "install tzdata"
    assert play.schedule(time_zone="UTC").fix[0].describe() != "install tzdata"


def test_a_time_zone_that_the_package_does_not_have(play: Play) -> None:
    play.write("usr/share/zoneinfo/Etc/UTC", "TZif2")
    finding = play.schedule(time_zone="US/Pacific")
    assert finding.fix == ()
    assert finding.evidence[-1].found == "this host does not know the time zone"


# apt's settings


@pytest.mark.parametrize(
    ("dump", "window", "status"),
    [
        ("", {}, "pass"),
        (RESTART.format("off"), {}, "pass"),
        (RESTART.format("1"), {}, "fail"),
        (RESTART.format("yes"), {"reboot": "when_needed"}, "pass"),
        ("", {"reboot": "when_needed"}, "fail"),
        (
            RESTART.format("true") + RESTART.format("02:00").replace("Reboot", "Reboot-Time"),
            {"reboot": "when_needed"},
            "fail",
        ),
        (
            RESTART.format("true") + RESTART.format("false").replace("Reboot", "Reboot-WithUsers"),
            {"reboot": "when_needed"},
            "fail",
        ),
        # What is made up for runs at a boot, at any time.
        (RESTART.format("true"), {"reboot": "when_needed", "catch_up": True}, "fail"),
        ("", {"reboot": "when_needed", "catch_up": True}, "pass"),
    ],
)
def test_restarts(play: Play, dump: str, window: dict[str, t.Any], status: str) -> None:
    play.dump = SETTINGS + dump
    finding = play.judge(**window)["reboot"]
    assert (finding.status, bool(finding.fix)) == (status, status == "fail")


@pytest.mark.parametrize(
    ("dump", "failing"),
    [
        (SETTINGS.replace("always", "1"), {"schedule", "lists"}),
        (SETTINGS + 'Unattended-Upgrade::InstallOnShutdown "true";\n', {"schedule"}),
        (SETTINGS.replace('Lists "always"', 'Lists "0"'), {"lists"}),
    ],
)
def test_settings_that_keep_updates_from_the_slot(play: Play, dump: str, failing: set[str]) -> None:
    play.dump = dump
    assert {name for name, finding in play.judge().items() if finding.status == "fail"} == failing


@pytest.mark.parametrize(
    "text",
    [
        'APT::Periodic::Update-Package-Lists "1";',
        'APT { Periodic { Update-Package-Lists "1"; }; };',
        "#clear APT::Periodic;",
    ],
)
def test_nothing_is_written_where_a_later_file_of_apt_wins(play: Play, text: str) -> None:
    play.write("etc/apt/apt.conf.d/zzz", text + "\n")
    play.dump = SETTINGS.replace('Lists "always"', 'Lists "1"')
    finding = play.judge()["lists"]
    assert (finding.status, finding.fix) == ("fail", ())
    assert finding.evidence[-1].source == "/etc/apt/apt.conf.d/zzz:1"


def test_the_lists_come_with_the_service(play: Play) -> None:
    play.shown = block(APT_TIMER) + "\n" + SERVICE.replace("Wants=apt-daily.service", "Wants=")
    assert [change.describe() for change in play.judge()["lists"].fix] == [
        "create /etc/systemd/system/apt-daily-upgrade.service.d/zz-infosec-principles.conf",
        "create /etc/apt/apt.conf.d/zz-infosec-principles-window",
        "have systemd read its units again",
    ]


# Other families


@pytest.mark.parametrize(
    ("conf", "window", "status"),
    [
        ("", {}, "pass"),
        ("[commands]\nreboot = when-needed\n", {}, "fail"),
        ("[commands]\nreboot = when-needed\n", {"reboot": "when_needed"}, "fail"),
        ("[commands]\nreboot = when-needed\nreboot_command = shutdown -r now\n", {"reboot": "when_needed"}, "pass"),
        ("[commands]\nreboot = when-changed\nreboot_command = shutdown -r now\n", {"reboot": "when_needed"}, "fail"),
    ],
)
def test_red_hat(tmp_path: pathlib.Path, conf: str, window: dict[str, t.Any], status: str) -> None:
    play = Play(tmp_path, system="fedora")
    names = ("dnf-automatic.timer", "dnf-automatic-install.timer", "dnf5-automatic.timer")
    play.shown = "\n".join([absent(names[0]), block(names[1]), absent(names[2])])
    play.write("etc/dnf/automatic.conf", conf)
    findings = play.judge(**window)
    assert (findings["schedule"].subject, findings["schedule"].status) == ("dnf-automatic-install.timer", "pass")
    assert (findings["reboot"].status, findings["reboot"].fix) == (status, ())
    assert findings["lists"].status == "not_assessed"


@pytest.mark.parametrize(
    ("conf", "window", "status"),
    [("", {}, "fail"), ("REBOOT_CMD=none\n", {}, "pass"), ('REBOOT_CMD="reboot"\n', {"reboot": "when_needed"}, "pass")],
)
def test_suse(tmp_path: pathlib.Path, conf: str, window: dict[str, t.Any], status: str) -> None:
    play = Play(tmp_path, system="opensuse-leap")
    play.write("etc/os-release", 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n')
    play.shown = block("os-update.timer", RandomizedDelayUSec="2h") + "\n" + absent("transactional-update.timer")
    play.write("etc/os-update.conf", conf)
    findings = play.judge(**window)
    assert [change.describe() for change in findings["schedule"].fix] == [
        "create /etc/systemd/system/os-update.timer.d/zz-infosec-principles.conf",
        "have systemd take up the times of os-update.timer",
    ]
    assert findings["reboot"].status == status


def test_nothing_that_installs_updates(tmp_path: pathlib.Path) -> None:
    play = Play(tmp_path, system="fedora")
    names = ("dnf-automatic.timer", "dnf-automatic-install.timer", "dnf5-automatic.timer")
    play.shown = "\n".join(absent(name) for name in names)
    assert play.schedule().status == "not_assessed"
