# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Database servers that systemd knows and that do not listen: they are down, or talk over Unix sockets alone."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

UNITS = (
    "couchdb.service",
    "elasticsearch.service",
    "etcd.service",
    "mariadb.service",
    "memcached.service",
    "mongod.service",
    "mysql.service",
    "mysqld.service",
    "opensearch.service",
    "postgresql-*.service",
    "postgresql@*.service",
    "rabbitmq-server.service",
    "redis-server.service",
    "redis.service",
    "valkey-server.service",
    "valkey.service",
)
#: On Debian postgresql.service is no server but stands for all postgresql@VERSION-CLUSTER.service.
DEBIAN_CLUSTERS = "/usr/bin/pg_lsclusters"
PROPERTIES = "Id,Names,LoadState,ActiveState,UnitFileState"
STARTED = ("enabled", "enabled-runtime", "static", "indirect", "generated")


def find(host: Host, known: t.Container[str]) -> t.Iterator[tuple[str, str, str]]:
    """Each such unit that is not among the `known` ones: its name, a status and why."""
    if not host.exists("/run/systemd/system") or not (_on_disk(host) or _loaded(host)):
        return
    shown = host.ask(*asking(host))
    found = {unit.name: unit for unit in units.parse(shown.stdout) if unit.load not in ("", "not-found")}
    for name, unit in sorted(found.items()):
        if name not in known and "@." not in name:
            yield (name, *_judge(unit))


def ahead(host: Host) -> tuple[tuple[str, ...], ...]:
    """What `find` is surely going to ask."""
    return (asking(host),) if _on_disk(host) else ()


def asking(host: Host) -> tuple[str, ...]:
    """The command that tells of them."""
    # `--all`: without it a pattern matches active units alone.
    return ("systemctl", "show", "--all", f"--property={PROPERTIES}", "--", *_names(host))


def _names(host: Host) -> tuple[str, ...]:
    return UNITS if host.exists(DEBIAN_CLUSTERS) else (*UNITS, "postgresql.service")


def _on_disk(host: Host) -> bool:
    """Whether there are files of any, or that cannot be told: systemd takes 30 ms to say that there are none."""
    known = host.once(units.on_disk)
    return not known or any(fnmatch.filter(known, name) for name in _names(host))


def _loaded(host: Host) -> bool:
    """Whether one runs on without the file that it was started from."""
    return any(fnmatch.filter(host.once(units.read).by_name, name) for name in _names(host))


def _judge(unit: units.Unit) -> tuple[str, str]:
    if unit.active == "active":
        return f.PASS, "it listens on no TCP or UDP port"
    if unit.is_active or unit.enablement in STARTED:
        return f.NOT_ASSESSED, f"it does not run ({unit.active}), so what it would do is unknown"
    return f.NOT_APPLICABLE, f"it does not run and nothing starts it ({unit.enablement or unit.load})"
