# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which distribution it is."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "apt"
DEBIAN_11 = (FIXTURES / "os-release-debian-11").read_text(encoding="utf-8")
DEBIAN_13 = (FIXTURES / "os-release-debian-13").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected", "family"),
    [
        (DEBIAN_11, ("debian", "Debian GNU/Linux 11 (bullseye)", "bullseye", "11"), "debian"),
        (DEBIAN_13, ("debian", "Debian GNU/Linux 13 (trixie)", "trixie", "13"), "debian"),
        (
            "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nPRETTY_NAME='Linux Mint'\n",
            ("linuxmint", "Linux Mint", "", ""),
            "debian",
        ),
        (
            'ID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky \\"x\\""\nVERSION_ID="9.4"\n',
            ("rocky", 'Rocky "x"', "", "9.4"),
            "redhat",
        ),
        (
            'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n',
            ("opensuse-leap", "opensuse-leap", "", "15.6"),
            "suse",
        ),
        ('ID="debian\nVERSION_CODENAME=x\x1b\n', ("debian", "debian", "x\\x1b", ""), "debian"),
        ("ID=arch\n", ("arch", "arch", "", ""), ""),
        ("", ("unknown", "this system", "", ""), ""),
    ],
)
def test_distribution(tmp_path: pathlib.Path, text: str, expected: tuple[str, str, str, str], family: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(text, encoding="utf-8")
    found = distribution.read(Host(root=str(tmp_path)))
    assert ((found.id, found.name, found.codename, found.version), found.family) == (expected, family)
