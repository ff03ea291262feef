# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt and dpkg read from their files."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import apt
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "apt"


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path


def write(root: pathlib.Path, name: str, text: str) -> None:
    path = root / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def host(root: pathlib.Path, answer: Completed | None = None) -> Host:
    def run(argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        return answer or Completed(127, "", f"{argv[0]}: command not found")

    return Host(root=str(root), runner=run)


def test_package_state(root: pathlib.Path) -> None:
    excerpt = (FIXTURES / "dpkg-status-excerpt-debian-13").read_text(encoding="utf-8")
    gone = "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
    write(
        root,
        apt.STATUS,
        f"{gone}{excerpt}Package: broken\nDescription: a\n Status: x\nStatus: install ok half-configured\n\n",
    )
    states = {
        name: apt.package_state(host(root), name) for name in ("unattended-upgrades", "gone", "broken", "unattended")
    }
    assert states == {
        "unattended-upgrades": ("installed", "2.12"),
        "gone": ("config-files", "1"),
        "broken": ("half-configured", ""),
        "unattended": ("absent", ""),
    }


def test_no_dpkg(root: pathlib.Path) -> None:
    assert apt.package_state(host(root), "apt") == ("absent", "")


def test_files_of_the_configuration_come_in_apts_order(root: pathlib.Path) -> None:
    for name in (
        "99z",
        "20auto-upgrades",
        "zz-infosec-principles",
        "10x.conf",
        "30x.bak",
        "40x.dpkg-old",
        "A",
        "50 y",
        "60~",
    ):
        write(root, f"{apt.PARTS}/{name}", "")
    write(root, apt.MAIN, "")
    names = [path.rpartition("/")[2] for path in apt.config_files(host(root))]
    assert names == ["10x.conf", "20auto-upgrades", "99z", "A", "zz-infosec-principles", "apt.conf"]


def test_sources_of_both_formats_with_their_release_files(root: pathlib.Path) -> None:
    write(root, apt.SOURCES, "deb https://u:secret@security.debian.org/debian-security trixie-security main contrib\n")
    write(
        root,
        f"{apt.SOURCES}.d/x.sources",
        "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\n",
    )
    write(root, f"{apt.SOURCES}.d/ignored.txt", "deb http://ignored.example/ x main\n")
    for place, name in (("security.debian.org_debian-security_dists_trixie-security", "InRelease-security-head"),):
        write(root, f"{apt.LISTS}/{place}_InRelease", (FIXTURES / f"{name}-debian-13").read_text(encoding="utf-8"))
    found = apt.sources(host(root))
    assert [(source.place, source.component, source.label, source.fetched) for source in found] == [
        ("security.debian.org/debian-security", "main", "Debian-Security", True),
        ("security.debian.org/debian-security", "contrib", "Debian-Security", True),
        ("deb.debian.org/debian", "main", "", False),
    ]
    assert [source.entry for source in found[1:]] == [f"{apt.SOURCES}:1", f"{apt.SOURCES}.d/x.sources:1"]
    assert "secret" not in repr(found)


def test_a_release_file_without_signature_counts(root: pathlib.Path) -> None:
    write(root, apt.SOURCES, "deb http://mirror.example/d x main\n")
    write(root, f"{apt.LISTS}/mirror.example_d_dists_x_Release", "Origin: O\nSuite: s\n")
    assert [(source.origin, source.suite) for source in apt.sources(host(root))] == [("O", "s")]


def test_a_configuration_that_apt_cannot_read(root: pathlib.Path) -> None:
    broken = Completed(100, "", "E: Syntax error /etc/apt/apt.conf.d/x:2: Extra junk after value\n")
    with pytest.raises(apt.AptError, match="Extra junk after value"):
        apt.config(host(root, broken))
    with pytest.raises(apt.AptError, match="command not found"):
        apt.config(host(root))
