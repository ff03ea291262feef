# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Database servers that systemd knows and that do not listen: they are down, or talk over Unix sockets alone."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

# postgresql.service of Debian is a container for postgresql@VERSION-CLUSTER.service and no server.
UNITS = re.compile(
    r"(postgresql@.+|postgresql-\d+|mariadb|mysqld?|redis|redis-server|valkey|valkey-server|memcached|mongod|elasticsearch|"
    r"opensearch|rabbitmq-server|etcd|couchdb)\.service"
)
ON = ("enabled", "enabled-runtime", "static", "indirect", "generated")


def find(host: Host, known: t.Container[str]) -> t.Iterator[tuple[str, str, str]]:
    """Each such unit that is not among the `known` ones: its name, a status and why."""
    loaded = sorted((unit for unit in host.once(units.read) if UNITS.fullmatch(unit.name)), key=lambda unit: unit.name)
    for unit in loaded:
        if unit.name in known or unit.load == "not-found":
            continue
        if unit.active == "active":
            yield unit.name, f.PASS, "it listens on no TCP or UDP port"
        elif unit.is_active or unit.enablement in ON:
            yield unit.name, f.NOT_ASSESSED, f"it does not run ({unit.active}), so what it would do is unknown"
        else:
            yield (
                unit.name,
                f.NOT_APPLICABLE,
                f"it does not run and nothing starts it ({unit.enablement or 'no unit file'})",
            )
