# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Database servers that are down: systemd is asked only where there is one."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import idle
from ansible_collections.infosec.principles.plugins.module_utils._host import units

ALL = f"systemctl show --property={units.PROPERTIES} {' '.join(units.PATTERNS)}"
SHOWN = "Id=redis-server.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n"
DISK = {"/usr/lib/systemd/system/ssh.service": ""}


def machine(files: dict[str, str], loaded: str = "ssh.service") -> dict[str, t.Any]:
    ask = f"systemctl show --all --property={idle.PROPERTIES} -- {' '.join((*idle.UNITS, 'postgresql.service'))}"
    commands = {
        ALL: {"rc": 0, "stdout": f"Id={loaded}\nLoadState=loaded\n", "stderr": ""},
        ask: {"rc": 0, "stdout": SHOWN, "stderr": ""},
    }
    return {"systemd": True, "files": files, "commands": commands}


@pytest.mark.parametrize(
    ("given", "ahead", "found"),
    [
        (machine(DISK), 0, []),
        (machine({}), 1, ["redis-server.service"]),
        (machine({**DISK, "/usr/lib/systemd/system/redis-server.service": ""}), 1, ["redis-server.service"]),
        (machine({**DISK, "/usr/lib/systemd/system/postgresql@.service": ""}), 1, ["redis-server.service"]),
        (machine({**DISK, "/run/systemd/generator.late/mysql.service": ""}), 1, ["redis-server.service"]),
        # Its package is gone, and it runs on.
        (machine(DISK, loaded="redis-server.service"), 0, ["redis-server.service"]),
    ],
    ids=["none", "unknown", "file", "template", "generated", "running"],
)
def test_find(lay: t.Any, given: dict[str, t.Any], ahead: int, found: list[str]) -> None:
    host = lay(given)
    assert len(idle.ahead(host)) == ahead
    assert [name for name, _status, _why in idle.find(host, ())] == found
