# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._formats import rsyncd_conf

FILES = {
    "/etc/rsyncd.conf": "uid = x\nREAD only = no\n[a]\npath = /a\n&include /etc/d\n[global]\nhosts allow = \\\n  y\n# z\n",
    "/etc/d/b.conf": "[b]\nreadonly = yes\nauth  Users = joe\n&merge /etc/rsyncd.conf\n",
}


def test_modules_with_defaults_and_includes() -> None:
    def glob(pattern: str) -> list[str]:
        return ["/etc/d/b.conf"] if pattern == "/etc/d/*.conf" else []

    a, b = rsyncd_conf.modules("/etc/rsyncd.conf", FILES.__getitem__, glob)
    assert (a.name, a.place, b.name, b.place) == ("a", "/etc/rsyncd.conf:3", "b", "/etc/d/b.conf:1")
    assert a.parameters == {"uid": "x", "readonly": "no", "path": "/a", "hostsallow": "y"}
    assert b.parameters["authusers"] == "joe"
    assert b.has("readonly", usual=False)
    assert not a.has("readonly", usual=True)
