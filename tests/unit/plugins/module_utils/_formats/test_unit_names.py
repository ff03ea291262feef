# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd-escape of systemd 257 prints."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import unit_names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/srv/my data", r"srv-my\x20data"),
        ("/.hidden/x", r"\x2ehidden-x"),
        ("/a-b/ü", r"a\x2db-\xc3\xbc"),
        ("/", "-"),
        ("/x:y_z.w", "x:y_z.w"),
    ],
)
def test_paths(path: str, name: str) -> None:
    assert unit_names.of_path(path, "mount") == f"{name}.mount"
