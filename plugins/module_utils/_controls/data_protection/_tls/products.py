# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which products the controls of TLS know, and what tells that a server of one may run. A new one is one line here."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import Server
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
        apache,
        dovecot,
        haproxy,
        mysql,
        nginx,
        postfix,
        postgresql,
        rabbitmq,
        redis,
        slapd,
    )
else:
    apache = later("_controls.data_protection._tls.apache")
    dovecot = later("_controls.data_protection._tls.dovecot")
    haproxy = later("_controls.data_protection._tls.haproxy")
    mysql = later("_controls.data_protection._tls.mysql")
    nginx = later("_controls.data_protection._tls.nginx")
    postfix = later("_controls.data_protection._tls.postfix")
    postgresql = later("_controls.data_protection._tls.postgresql")
    rabbitmq = later("_controls.data_protection._tls.rabbitmq")
    redis = later("_controls.data_protection._tls.redis")
    slapd = later("_controls.data_protection._tls.slapd")

#: A product's file beside this one, imported where one of its programs listens: (module, names of programs).
TRACES: tuple[tuple[t.Any, tuple[str, ...]], ...] = (
    (nginx, ("nginx",)),
    (apache, ("apache2", "httpd")),
    (haproxy, ("haproxy",)),
    (postfix, ("master",)),
    (dovecot, ("dovecot",)),
    (postgresql, ("postgres",)),
    (mysql, ("mariadbd", "mysqld")),
    (redis, ("redis-server", "valkey-server")),
    (slapd, ("slapd",)),
    (rabbitmq, ("beam.smp",)),
)


@dataclasses.dataclass(frozen=True)
class Found:
    """What runs here. unread: products whose servers could not be told (the program that listens, and why)."""

    servers: tuple[Server, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()


def read(host: Host) -> Found:
    """Every server of these products. Use as `host.once(products.read)`. Raises NeedsRoot."""
    programs = {listener.process for listener in host.once(sockets.read)}
    found = [_of(host, product, names) for product, names in TRACES if not programs.isdisjoint(names)]
    servers = tuple(server for one in found for server in one.servers)
    return Found(servers, tuple(unread for one in found for unread in one.unread))


def _of(host: Host, product: t.Any, names: tuple[str, ...]) -> Found:
    try:
        return Found(tuple(product.find(host)))
    except NeedsRoot:
        raise
    except HostError as exc:
        return Found(unread=((names[0], str(exc)),))
