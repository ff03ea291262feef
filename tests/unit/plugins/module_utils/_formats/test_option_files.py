# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._formats import option_files

FILES = {
    "/etc/my.cnf": "user = x\n[mysqld]\nskip_grant_tables\nport='1'\n!includedir /etc/d/\n!include /etc/my.cnf\n# c\n",
    "/etc/d/a.cnf": "[ MariaDB ]\nskip-grant-tables = OFF\n;x\n",
}


def test_options_of_all_files() -> None:
    found = option_files.settings("/etc/my.cnf", FILES.__getitem__, lambda folder: ["a.cnf", "b.txt"])
    assert [(one.place, one.group, one.name, one.value, one.is_on) for one in found] == [
        ("/etc/my.cnf:1", "", "user", "x", True),
        ("/etc/my.cnf:3", "mysqld", "skip-grant-tables", None, True),
        ("/etc/my.cnf:4", "mysqld", "port", "1", True),
        ("/etc/d/a.cnf:2", "mariadb", "skip-grant-tables", "OFF", False),
    ]
