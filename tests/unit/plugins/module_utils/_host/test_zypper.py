# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""zypper read from its files, which are composed after zypper(8), its locks' own format and libzypp's zypp.conf."""

from __future__ import annotations

import pathlib

from ansible_collections.infosec.principles.plugins.module_utils._host import zypper
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


def write(root: pathlib.Path, name: str, text: str) -> None:
    path = root / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_locks(tmp_path: pathlib.Path) -> None:
    package = "type: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: kernel-default\n"
    write(tmp_path, zypper.LOCKS, f"\n{package}\ntype: patch\nsolvable_name: openSUSE-2026-1\n\nquery_string: mc\n\n")
    assert zypper.locked(Host(root=str(tmp_path))) == ("kernel-default", "patch:openSUSE-2026-1", "mc")
    assert zypper.locked(Host(root=str(tmp_path / "empty"))) == ()


def test_repositories(tmp_path: pathlib.Path) -> None:
    write(tmp_path, f"{zypper.REPOSITORIES}/a.repo", "[repo-oss]\nenabled=1\ngpgcheck=0\n\n[off]\nenabled=0\n")
    found = zypper.repositories(Host(root=str(tmp_path)))
    assert [(one.name, one.enabled, one.options.get("gpgcheck")) for one in found] == [
        ("repo-oss", True, "0"),
        ("off", False, None),
    ]


def test_later_files_win(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "/usr/etc/os-update.conf", 'UPDATE_CMD="auto"\nREBOOT_CMD="auto"\n')
    write(tmp_path, "/etc/os-update.conf", 'UPDATE_CMD="security"\n')
    found = zypper.settings(Host(root=str(tmp_path)), "/usr/etc/os-update.conf", "/etc/os-update.conf")
    assert found == {"UPDATE_CMD": "security", "REBOOT_CMD": "auto"}
