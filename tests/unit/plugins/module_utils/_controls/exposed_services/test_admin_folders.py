# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site has by the folder that it serves: never the whole site, where only a page of it is for administration."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import configured
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.configured import (
    Place,
)


@pytest.mark.parametrize(
    ("path", "folder", "found"),
    [
        ("/", "/usr/share/wordpress", ["/wp-login.php"]),
        ("/blog/", "/usr/share/wordpress", ["/blog/wp-login.php"]),
        ("/blog", "/usr/share/wordpress", ["/blog/wp-login.php"]),
        ("/wp-includes/", "/usr/share/wordpress/wp-includes", []),
        ("/phpmyadmin", "/usr/share/phpmyadmin", ["/phpmyadmin/"]),
        ("/", "/usr/share/phpmyadmin", ["/"]),
        ("/", "/var/www/html", []),
    ],
)
def test_by_a_folder(path: str, folder: str, found: list[str]) -> None:
    assert [one.path for one in configured._by_folder(Place(path, "/etc/x.conf:1", folder))] == found
