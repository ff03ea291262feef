# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt.conf: what apt-config dumps, where a file says it, and what we write."""

from __future__ import annotations

import pathlib
import random

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "apt"


@pytest.mark.parametrize("name", ["2.2.4-debian-11", "3.0.4-debian-13"])
def test_dump_of_real_systems(name: str) -> None:
    config = aptconf.parse_dump((FIXTURES / f"apt-config-{name}.txt").read_text(encoding="utf-8"))
    assert config.get("APT::Periodic::Unattended-Upgrade") == config.get("apt::periodic::unattended-upgrade") == "1"
    assert config.values("Unattended-Upgrade::Origins-Pattern")[-1] == (
        "origin=Debian,codename=${distro_codename}-security,label=Debian-Security"
    )
    assert len(config.values("Unattended-Upgrade::Origins-Pattern")) == 3


def test_dump_of_a_system_without_the_package() -> None:
    config = aptconf.parse_dump((FIXTURES / "apt-config-2.6.2-bare-debian-12.txt").read_text(encoding="utf-8"))
    assert config.get("APT::Periodic::Unattended-Upgrade", "0") == "0"
    assert config.values("Unattended-Upgrade::Origins-Pattern") == ()


def test_members_of_lists_may_have_names_and_children_do_not_count() -> None:
    config = aptconf.parse_dump('A::L "";\nA::L:: "one";\nA::L::named "two";\nA::L::named::deep "no";\nA::Lx:: "no";\n')
    assert config.values("a::l") == ("one", "two")


def test_the_last_value_counts() -> None:
    assert aptconf.parse_dump('A "1";\nA "2";\n').get("A") == "2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('APT::Periodic::Enable "0";', [(1, "APT::Periodic::Enable", "0")]),
        ('APT { Periodic {\n  Enable "0";\n }; };', [(2, "APT::Periodic::Enable", "0")]),
        (
            'APT::Periodic { Enable 0; Update-Package-Lists "1"; };',
            [(1, "APT::Periodic::Enable", "0"), (1, "APT::Periodic::Update-Package-Lists", "1")],
        ),
        ('// A "1";\n# B "2";\n/* C "3";\n*/ D "4";', [(4, "D", "4")]),
        ('L { "a"; "b;}"; };\nL:: "c";', [(1, "L::", "a"), (1, "L::", "b;}"), (2, "L::", "c")]),
        ('A "http://x//y";', [(1, "A", "http://x//y")]),
        ("A;", [(1, "A", "")]),
        ('}; } A "1";', [(1, "A", "1")]),
        ('A "never ends;\n', []),
        ("", []),
    ],
)
def test_statements_of_a_file(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert [(setting.line, setting.key, setting.value) for setting in aptconf.settings(text)] == expected


def test_clear_is_a_statement() -> None:
    (setting,) = aptconf.settings("\n#clear Unattended-Upgrade::Origins-Pattern;\n")
    assert setting == aptconf.Setting(2, "Unattended-Upgrade::Origins-Pattern", "", True)


def test_package_file_of_a_real_system() -> None:
    text = (FIXTURES / "50unattended-upgrades-debian-13").read_text(encoding="utf-8")
    found = [setting for setting in aptconf.settings(text) if setting.value]
    assert [setting.key for setting in found] == ["Unattended-Upgrade::Origins-Pattern::"] * 3
    lines = text.splitlines()
    assert all(setting.value in lines[setting.line - 1] for setting in found)


def test_what_is_rendered_reads_back() -> None:
    wanted = [("B::Key", "1"), ("A::L::", "x,y=${z}"), ("A::L::", "w"), ("B::Key", "1")]
    text = aptconf.render(wanted)
    assert sorted((setting.key, setting.value) for setting in aptconf.settings(text)) == sorted(set(wanted))
    assert aptconf.render(reversed(wanted)) == text


@pytest.mark.parametrize("value", ['a"; Evil "1', "a\nb", "a\0"])
def test_what_would_break_out_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"apt\.conf cannot hold"):
        aptconf.render([("A", value)])


def test_hostile_text_never_raises() -> None:
    dice = random.Random(3)
    for _attempt in range(500):
        text = "".join(
            dice.choice(["{", "}", ";", '"', "A::B", " ", "\n", "/*", "*/", "//", "#clear", "\udcff"])
            for _part in range(40)
        )
        list(aptconf.settings(text))
        aptconf.parse_dump(text)
