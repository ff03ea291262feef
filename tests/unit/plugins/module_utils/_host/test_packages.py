# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import packages


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/usr/sbin/nginx", ("/usr/sbin/nginx", "/sbin/nginx")),
        ("/bin/nc", ("/usr/bin/nc", "/bin/nc")),
        ("/lib/systemd/systemd", ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")),
        ("/opt/bin/x", ("/opt/bin/x",)),
        ("/usr/local/bin/x", ("/usr/local/bin/x",)),
        ("/usr/library", ("/usr/library",)),
    ],
)
def test_aliases(path: str, names: tuple[str, ...]) -> None:
    assert packages.aliases(path) == names


def test_owners_by_dpkg_knows_both_names_of_a_merged_folder(lay: t.Any) -> None:
    files = {
        "/var/lib/dpkg/info/nginx.list": "/.\n/usr\n/usr/sbin/nginx\n/usr/sbin/nginx-debug\n",
        "/var/lib/dpkg/info/libc6:amd64.list": "/bin/ldd",
        "/var/lib/dpkg/info/netcat.list": "/.\n/bin/nc.openbsd\n",
        "/var/lib/dpkg/info/netcat.md5sums": "/usr/bin/other\n",
        "/var/lib/dpkg/info/tail.list": "/usr/bin/tail\n",
    }
    wanted = ["/usr/sbin/nginx", "/usr/bin/nc.openbsd", "/usr/bin/other", "/opt/x", "", "/usr/bin/tail"]
    found = {"/usr/sbin/nginx": "nginx", "/usr/bin/nc.openbsd": "netcat", "/usr/bin/tail": "tail"}
    assert packages.owners(lay({"files": files}), wanted) == found


def test_owners_by_rpm(recorded: t.Any) -> None:
    paths = ["/usr/bin/rpcbind", "/home/ops/node_exporter"]
    assert packages.owners(recorded("rhel-9"), paths) == {"/usr/bin/rpcbind": "rpcbind"}


def test_owners_without_a_package_manager(lay: t.Any) -> None:
    assert packages.owners(lay({}), ["/usr/sbin/nginx"]) == {}
    assert packages.owners(lay({}), []) == {}
