# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._formats import snmpd_conf

FILES = {
    "/etc/a": "rocommunity 'a b' default # x\n\nincludeFile /etc/a\nINCLUDEDIR /etc/d\n",
    "/etc/d/b.conf": 'com2sec x "10.0.0.0/8" y\n',
}


def test_directives_with_includes() -> None:
    found = list(snmpd_conf.directives("/etc/a", FILES.__getitem__, lambda pattern: ["/etc/d/b.conf"]))
    assert [(one.place, one.name, one.arguments) for one in found] == [
        ("/etc/a:1", "rocommunity", ("a b", "default")),
        ("/etc/a:3", "includefile", ("/etc/a",)),
        ("/etc/a:4", "includedir", ("/etc/d",)),
        ("/etc/d/b.conf:1", "com2sec", ("x", "10.0.0.0/8", "y")),
    ]
