# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""automatic_updates: patterns against sources, and the drop-in."""

from __future__ import annotations

import datetime
import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching import automatic_updates
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates import (
    debian,
    debian_patterns,
    debian_settings,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf
from ansible_collections.infosec.principles.plugins.module_utils._host import apt
from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

FIXTURES = pathlib.Path(__file__).parents[4] / "fixtures" / "apt"
DEBIAN = Distribution("debian", (), "Debian 13", "trixie")
UBUNTU = Distribution("ubuntu", ("debian",), "Ubuntu 24.04", "noble")


def source(**fields: str) -> apt.Source:
    names = ("place", "site", "release", "component", "entry", "origin", "label", "suite", "codename")
    return apt.Source(**{**dict.fromkeys(names, ""), **fields})


TRIXIE = source(
    place="security.debian.org/debian-security",
    site="security.debian.org",
    release="trixie-security",
    component="main",
    entry="/etc/apt/sources.list:1",
    origin="Debian",
    label="Debian-Security",
    suite="stable-security",
    codename="trixie-security",
)
NOBLE = source(
    origin="Ubuntu",
    label="Ubuntu",
    suite="noble-security",
    codename="noble",
    component="main",
    release="noble-security",
)


@pytest.mark.parametrize(
    ("pattern", "found", "system", "expected"),
    [
        ("origin=Debian,codename=${distro_codename}-security,label=Debian-Security", TRIXIE, DEBIAN, True),
        ("origin=Debian,codename=${distro_codename},label=Debian-Security", TRIXIE, DEBIAN, False),
        ("o=Debian,a=stable-security", TRIXIE, DEBIAN, True),
        ("o=Debian, a = stable-* ", TRIXIE, DEBIAN, True),
        ("o=debian", TRIXIE, DEBIAN, False),
        ("site=security.debian.org,c=main", TRIXIE, DEBIAN, True),
        ("site=deb.debian.org", TRIXIE, DEBIAN, False),
        ("origin=*", TRIXIE, DEBIAN, True),
        ("l=Debian%2CSecurity", TRIXIE, DEBIAN, False),
        ("", TRIXIE, DEBIAN, False),
        ("o=${distro_id},a=${distro_codename}-security", NOBLE, UBUNTU, True),
        ("o=${distro_id},a=${distro_codename}", NOBLE, UBUNTU, False),
    ],
)
def test_patterns(pattern: str, found: apt.Source, system: Distribution, expected: bool) -> None:
    assert debian_patterns.matches(pattern, found, system) == expected


@pytest.mark.parametrize("pattern", ["release=x", "Debian", "o=a=b", "o=${distro}", "o=$", "o=Debian,"])
def test_patterns_that_stop_the_program(pattern: str) -> None:
    with pytest.raises(debian_patterns.PatternError, match="pattern"):
        debian_patterns.matches(pattern, TRIXIE, DEBIAN)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${distro_id}:${distro_codename}-security", "o=${distro_id},a=${distro_codename}-security"),
        ("Debian stable", "o=Debian,a=stable"),
        (r"a\:b:c,d", "o=a:b,a=c%2Cd"),
        ("a:b:c", "a:b:c"),
    ],
)
def test_allowed_origins_are_the_older_form(value: str, expected: str) -> None:
    config = aptconf.parse_dump(f'Unattended-Upgrade::Allowed-Origins:: "{value}";\n')
    assert debian_patterns.allowed(config) == [expected]


@pytest.mark.parametrize(
    ("found", "system", "expected"),
    [
        (TRIXIE, DEBIAN, True),
        (NOBLE, UBUNTU, True),
        (source(release="trixie-security"), DEBIAN, True),
        (source(release="buster/updates"), DEBIAN, True),
        (source(release="trixie", label="Debian", origin="Debian", suite="stable", codename="trixie"), DEBIAN, False),
        (
            source(release="trixie-updates", label="Debian", suite="stable-updates", codename="trixie-updates"),
            DEBIAN,
            False,
        ),
        # Left over from the release before.
        (source(release="bookworm-security", label="Debian-Security", codename="bookworm-security"), DEBIAN, False),
        (source(release="stable", label="security-tools", codename="trixie"), DEBIAN, False),
    ],
)
def test_which_sources_carry_security_updates(found: apt.Source, system: Distribution, expected: bool) -> None:
    assert apt.is_security(found, system) == expected


@pytest.mark.parametrize(
    ("found", "system", "expected"),
    [
        (TRIXIE, DEBIAN, "origin=Debian,codename=${distro_codename}-security,label=Debian-Security"),
        (NOBLE, UBUNTU, "origin=Ubuntu,suite=${distro_codename}-security,label=Ubuntu"),
        (source(origin='x"; Evil', codename="trixie-security"), DEBIAN, ""),
        (source(origin="a,b", codename="trixie-security"), DEBIAN, ""),
        (source(origin="*", codename="trixie-security"), DEBIAN, ""),
        (source(codename="trixie-security"), DEBIAN, ""),
    ],
)
def test_the_pattern_that_we_would_write(found: apt.Source, system: Distribution, expected: str) -> None:
    pattern = debian_patterns.pattern_for(found, system)
    assert pattern == expected
    assert not pattern or debian_patterns.matches(pattern, found, system)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("1", True),
        ("7", True),
        ("12h", True),
        ("always", True),
        ("0", False),
        ("0d", False),
        ("", False),
        ("yes", False),
        ("-1", False),
    ],
)
def test_intervals(interval: str, expected: bool) -> None:
    assert debian.is_on(interval) == expected


#: While the lists of the fixtures are valid.
NOW = datetime.datetime(2026, 11, 25, tzinfo=datetime.timezone.utc)


class Ground:
    """A Debian 13 whose programs answer with what a real one answered."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.mail = ""
        self.now = NOW
        self.dump = Completed(0, (FIXTURES / "apt-config-3.0.4-debian-13.txt").read_text(), "")
        self.timers = Completed(0, (FIXTURES / "systemctl-show-timers-debian-13.txt").read_text(), "")
        self.write("/etc/os-release", (FIXTURES / "os-release-debian-13").read_text())
        self.write(apt.STATUS, (FIXTURES / "dpkg-status-excerpt-debian-13").read_text())
        self.write(apt.SOURCES, "deb http://security.debian.org/debian-security trixie-security main\n")
        head = (FIXTURES / "InRelease-security-head-debian-13").read_text()
        self.write(f"{apt.LISTS}/security.debian.org_debian-security_dists_trixie-security_InRelease", head)
        self.write("/run/systemd/system/x", "")

    def write(self, name: str, text: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def part(self, name: str, text: str) -> None:
        """A file of configuration, which the dump shows as well."""
        self.write(f"{apt.PARTS}/{name}", text)
        self.dump = Completed(0, self.dump.stdout + text, "")

    def assess(self) -> dict[tuple[str, str], Finding]:
        def run(argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
            return {"apt-config": self.dump, "systemctl": self.timers}[argv[0]]

        findings = automatic_updates.assess(Host(root=str(self.root), runner=run, now=self.now), {"mail": self.mail})
        return {(finding.rule.name, finding.subject): finding for finding in findings}


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


SECURITY = ("origins", "security.debian.org/debian-security trixie-security")
PERIODIC = ("enabled", "APT::Periodic")


def test_a_real_debian_passes(ground: Ground) -> None:
    assert {key: finding.status for key, finding in ground.assess().items()} == {
        ("installed", "unattended-upgrades"): "pass",
        PERIODIC: "pass",
        SECURITY: "pass",
        ("timers", "apt-daily.timer"): "pass",
        ("timers", "apt-daily-upgrade.timer"): "pass",
        ("exclusions", "packages"): "pass",
        ("report", "unattended-upgrades"): "fail",
        ("sources", "apt"): "pass",
        ("sources", "security.debian.org/debian-security trixie-security"): "pass",
    }


def test_the_line_that_has_the_last_word_is_the_evidence(ground: Ground) -> None:
    ground.part("20auto-upgrades", 'APT::Periodic::Unattended-Upgrade "1";\n')
    ground.part("99off", '// policy\nAPT::Periodic::Unattended-Upgrade "0";\n')
    finding = ground.assess()[PERIODIC]
    assert finding.status == "fail"
    assert [(evidence.source, evidence.found) for evidence in finding.evidence] == [
        (f"{apt.PARTS}/99off:2", 'APT::Periodic::Unattended-Upgrade "0"')
    ]


def test_failing_rules_share_one_fix(ground: Ground) -> None:
    ground.write(apt.STATUS, "")
    ground.part("99off", 'APT::Periodic::Enable "0";\n')
    findings = ground.assess()
    fixes = {id(finding.fix): finding.fix for finding in findings.values() if finding.fix}
    (fix,) = fixes.values()
    assert [change.describe() for change in fix] == [
        "install unattended-upgrades",
        f"create {debian_settings.DROP_IN}",
        "enable and start unattended-upgrades.service",
    ]
    assert fix[1].diff()["after"].endswith('\nAPT::Periodic::Enable "1";\n')


def test_the_drop_in_keeps_what_it_has(ground: Ground) -> None:
    ground.part("99off", 'APT::Periodic::Enable "0";\n')
    own = aptconf.render([("APT::Periodic::Unattended-Upgrade", "1"), (f"{debian_patterns.PATTERNS}::", "o=X")])
    ground.write(debian_settings.DROP_IN, own)
    (change,) = ground.assess()[PERIODIC].fix
    after = change.diff()["after"]
    assert [(setting.key, setting.value) for setting in aptconf.settings(after)] == [
        ("APT::Periodic::Enable", "1"),
        ("APT::Periodic::Unattended-Upgrade", "1"),
        (f"{debian_patterns.PATTERNS}::", "o=X"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (f"{apt.PARTS}/zzz", 'APT { Periodic { Enable "0"; }; };\n'),
        (apt.MAIN, 'apt::periodic::enable "0";\n'),
        (apt.MAIN, "#clear APT::Periodic;\n"),
    ],
)
def test_nothing_is_written_where_ours_would_not_win(ground: Ground, name: str, text: str) -> None:
    ground.part("99off", 'APT::Periodic::Enable "0";\n')
    ground.write(name, text)
    finding = ground.assess()[PERIODIC]
    assert (finding.status, finding.fix) == ("fail", ())
    assert finding.evidence[-1].source == f"{name}:1"


def test_a_list_that_is_cleared_later_is_not_ours_to_fill(ground: Ground) -> None:
    ground.dump = Completed(0, 'APT::Periodic::Unattended-Upgrade "1";\nAPT::Periodic::Update-Package-Lists "1";\n', "")
    assert ground.assess()[SECURITY].fix
    ground.write(apt.MAIN, 'Unattended-Upgrade::Origins-Pattern:: "o=Other";\n')
    assert ground.assess()[SECURITY].fix
    ground.write(apt.MAIN, "#clear Unattended-Upgrade;\n")
    assert ground.assess()[SECURITY].fix == ()


@pytest.mark.parametrize(
    ("entry", "status", "message"),
    [
        ("unattended", "fail", "updates never reach unattended-upgrades"),
        ("upgrades", "pass", "no installed package is meant by it"),
        ("(", "fail", "unattended-upgrades stops with an error"),
    ],
)
def test_the_blacklist_is_matched_from_the_start_of_names(
    ground: Ground, entry: str, status: str, message: str
) -> None:
    ground.part("51x", f'Unattended-Upgrade::Package-Blacklist:: "{entry}";\n')
    finding = ground.assess()["exclusions", f"blacklist {entry}"]
    assert (finding.status, finding.message[: len(message)]) == (status, message)
    assert finding.evidence[0].source == f"{apt.PARTS}/51x:1"


@pytest.mark.parametrize(("strict", "status"), [("true", "fail"), ("false", None)])
def test_a_whitelist_excludes_where_it_is_strict(ground: Ground, strict: str, status: str | None) -> None:
    """Seen of the real program, on Debian 11 to 13: one that is not strict lets all others be updated as well."""
    key = "Unattended-Upgrade::Package-Whitelist"
    ground.part("51x", f'{key}:: "apt";\n{key}-Strict "{strict}";\n')
    finding = ground.assess().get(("exclusions", "whitelist"))
    assert (finding.status if finding else None) == status


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("release o=Debian\nPin-Priority: -1", "fail"),
        ('origin "security.debian.org"\nPin-Priority: -1', "fail"),
        ("release o=Debian,l=Debian\nPin-Priority: -10", "pass"),
        ("release o=Debian\nPin-Priority: 50", None),
        ("version 2.12\nPin-Priority: 1001", "fail"),
        ("version 2.12\nPin-Priority: 500", None),
        ("version 2.*\nPin-Priority: 1001", None),
    ],
)
def test_pins_count_where_they_are_about_security_updates(ground: Ground, lines: str, status: str | None) -> None:
    ground.write("/etc/apt/preferences", f"Package: *\nPin: {lines}\n")
    finding = ground.assess().get(("exclusions", "pin /etc/apt/preferences:1"))
    assert (finding.status if finding else None) == status


def test_lists_that_are_past_their_day_prove_nothing(ground: Ground) -> None:
    ground.now = datetime.datetime(2026, 12, 24, tzinfo=datetime.timezone.utc)
    finding = ground.assess()[SECURITY]
    assert finding.status == "not_assessed"
    assert "of Sun, 22 Nov 2026 19:58:57 UTC" in finding.message


@pytest.mark.parametrize(("days", "status"), [(6, "pass"), (8, "not_assessed")])
def test_lists_without_a_last_day_count_for_a_week(ground: Ground, days: int, status: str) -> None:
    head = (FIXTURES / "InRelease-security-head-debian-13").read_text().replace("Valid-Until", "X-Valid-Until")
    ground.write(f"{apt.LISTS}/security.debian.org_debian-security_dists_trixie-security_InRelease", head)
    ground.write(f"{apt.LISTS}/partial/x", "")
    fetched = (NOW - datetime.timedelta(days=days)).timestamp()
    os.utime(ground.root / "var/lib/apt/lists/partial", (fetched, fetched))
    assert ground.assess()[SECURITY].status == status


@pytest.mark.parametrize("mail", ["two words", 'a"; Evil "x', "a\nb"])
def test_what_is_no_address_is_not_written(ground: Ground, mail: str) -> None:
    ground.write("/usr/sbin/sendmail", "")
    ground.mail = mail
    finding = ground.assess()["report", "unattended-upgrades"]
    assert (finding.status, finding.fix) == ("fail", ())
    assert "no address" in finding.message


def test_who_is_told_and_when(ground: Ground) -> None:
    ground.write("/usr/sbin/sendmail", "")
    ground.mail = "ops@example.org"
    (change,) = ground.assess()["report", "unattended-upgrades"].fix
    assert change.diff()["after"].endswith(
        'Unattended-Upgrade::Mail "ops@example.org";\nUnattended-Upgrade::MailReport "only-on-error";\n'
    )
    ground.part("60x", 'Unattended-Upgrade::MailReport "always";\n')
    (change,) = ground.assess()["report", "unattended-upgrades"].fix
    assert "MailReport" not in change.diff()["after"]


@pytest.mark.parametrize(
    ("options", "text", "found"),
    [
        ("[trusted=yes] ", "", "trusted: yes"),
        ("[arch=amd64 allow-insecure=yes] ", "", "allow-insecure: yes"),
        ("[trusted=no]", "", None),
        ("", "Origin: Debian\n", "no signature"),
    ],
)
def test_sources_that_prove_nothing(ground: Ground, options: str, text: str, found: str | None) -> None:
    ground.write(apt.SOURCES, f"deb {options} http://security.debian.org/debian-security trixie-security main\n")
    if text:
        ground.write(f"{apt.LISTS}/security.debian.org_debian-security_dists_trixie-security_InRelease", text)
    finding = ground.assess()["sources", "security.debian.org/debian-security trixie-security"]
    assert finding.status == ("fail" if found else "pass")
    assert not found or finding.evidence[0].found == found


def test_deb822_says_it_in_words(ground: Ground) -> None:
    ground.write(apt.SOURCES, "")
    stanza = "Types: deb\nURIs: http://deb.example/\nSuites: x\nComponents: main\nTrusted: yes\n"
    ground.write(f"{apt.SOURCES}.d/x.sources", stanza)
    finding = ground.assess()["sources", "deb.example x"]
    assert (finding.status, finding.evidence[0].found) == ("fail", "trusted: yes")


def test_each_component_must_be_matched(ground: Ground) -> None:
    ground.write(apt.SOURCES, "deb http://security.debian.org/debian-security trixie-security main contrib\n")
    ground.dump = Completed(0, 'Unattended-Upgrade::Origins-Pattern:: "l=Debian-Security,c=main";\n', "")
    assert ground.assess()[SECURITY].status == "fail"


def test_a_configuration_that_apt_cannot_read_fails(ground: Ground) -> None:
    ground.dump = Completed(100, "", "E: Syntax error /etc/apt/apt.conf.d/x:2: Extra junk after value")
    findings = ground.assess()
    for key in (PERIODIC, ("origins", "apt sources")):
        assert (findings[key].status, findings[key].fix) == ("fail", ())
        assert "x:2: Extra junk" in findings[key].message


@pytest.mark.parametrize(
    ("old", "new", "fix"),
    [
        (
            "Id=apt-daily.timer\nLoadState=loaded\nActiveState=active",
            "Id=apt-daily.timer\nLoadState=loaded\nActiveState=inactive",
            ["start apt-daily.timer"],
        ),
        ("Id=apt-daily.service\nLoadState=loaded", "Id=apt-daily.service\nLoadState=not-found", []),
    ],
)
def test_timers(ground: Ground, old: str, new: str, fix: list[str]) -> None:
    assert old in ground.timers.stdout
    ground.timers = Completed(0, ground.timers.stdout.replace(old, new), "")
    finding = ground.assess()["timers", "apt-daily.timer"]
    assert finding.status == "fail"
    assert [change.describe() for change in finding.fix] == fix


def test_a_timer_whose_service_runs_is_due_after_it(ground: Ground) -> None:
    lines = [
        line if not line.startswith("NextElapse") else line.partition("=")[0] + "="
        for line in ground.timers.stdout.splitlines()
    ]
    ground.timers = Completed(0, "\n".join(lines).replace("SubState=waiting", "SubState=running"), "")
    assert ground.assess()["timers", "apt-daily.timer"].status == "pass"


@pytest.mark.parametrize("answer", [Completed(1, "", "Failed to connect to bus"), Completed(0, "", "")])
def test_timers_of_a_systemd_that_does_not_answer(ground: Ground, answer: Completed) -> None:
    ground.timers = answer
    assert ground.assess()["timers", "apt-daily.timer"].status == "not_assessed"


def test_without_systemd_nothing_is_said_of_timers(ground: Ground) -> None:
    (ground.root / "run/systemd/system/x").unlink()
    (ground.root / "run/systemd/system").rmdir()
    assert "systemd does not run here" in ground.assess()["timers", "apt-daily.timer"].message


@pytest.mark.parametrize(
    ("release", "status"),
    [("ID=debian\nVERSION_CODENAME=trixie\n", "fail"), ("ID=raspbian\nID_LIKE=debian\n", "not_assessed")],
)
def test_no_security_source(ground: Ground, release: str, status: str) -> None:
    ground.write("/etc/os-release", release)
    ground.write(apt.SOURCES, "deb http://deb.debian.org/debian trixie main\n")
    assert ground.assess()["origins", "apt sources"].status == status


@pytest.mark.parametrize("release", ["ID=alpine\n", 'ID="rhel"\nPRETTY_NAME="Red Hat Enterprise Linux 7"\n'])
def test_what_is_not_known_is_not_assessed(ground: Ground, release: str) -> None:
    ground.write("/etc/os-release", 'ID="rhel"\nPRETTY_NAME="Red Hat Enterprise Linux 9"\n')
    findings = ground.assess()
    assert {finding.status for finding in findings.values()} == {"not_assessed"}
    assert {key[0] for key in findings} == {rule.name for rule in automatic_updates.RULES}
