# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Databases that are judged by their sockets and their configuration files, and never changed."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import (
    Needs,
    Refused,
    Server,
    Verdict,
    Wanted,
    grouped,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import flat_yaml, ini
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing

Settings = t.Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Product:
    """How one product is recognised and judged.

    processes, units: either tells it (Java and Erlang programs all have one name; of a unit, the start counts).
    files: every one that is there is read, the last value wins. bind: what to set, with {} for the addresses.
    asks: the settings of which each must have one of the values for it to let nobody in without proof; a value of None
    stands for "not set", so that defaults count.
    """

    name: str
    processes: tuple[str, ...]
    units: tuple[str, ...]
    files: tuple[str, ...]
    parse: t.Callable[[str], dict[str, str]]
    bind: str
    asks: t.Mapping[str, tuple[str | None, ...]]
    remedy: str


PRODUCTS = (
    Product(
        "MongoDB",
        ("mongod", "mongos"),
        (),
        ("/etc/mongod.conf", "/etc/mongodb.conf"),
        flat_yaml.parse,
        "net.bindIp: {} in /etc/mongod.conf",
        {"security.authorization": ("enabled",)},
        "make an administrator (db.createUser), then set security.authorization: enabled",
    ),
    # https://www.elastic.co/guide/en/elasticsearch/reference/8.0/security-settings.html: on by default since 8.0.
    Product(
        "Elasticsearch",
        (),
        ("elasticsearch.service", "elasticsearch@"),
        ("/etc/elasticsearch/elasticsearch.yml",),
        flat_yaml.parse,
        "network.host: [{}] in /etc/elasticsearch/elasticsearch.yml",
        {"xpack.security.enabled": ("true",)},
        "set xpack.security.enabled: true and passwords (elasticsearch-reset-password)",
    ),
    Product(
        "OpenSearch",
        (),
        ("opensearch.service",),
        ("/etc/opensearch/opensearch.yml",),
        flat_yaml.parse,
        "network.host: [{}] in /etc/opensearch/opensearch.yml",
        {"plugins.security.disabled": (None, "false")},
        "take plugins.security.disabled out and set the security plugin up",
    ),
    # https://www.rabbitmq.com/docs/access-control: guest comes from this host alone unless loopback_users says more.
    Product(
        "RabbitMQ",
        (),
        ("rabbitmq-server.service",),
        ("/etc/rabbitmq/rabbitmq.conf", "/etc/rabbitmq/conf.d/*.conf"),
        ini.parse,
        "listeners.tcp.1 = ADDRESS:5672, one line each for {}, in /etc/rabbitmq/rabbitmq.conf",
        {"loopback_users": (None,), "loopback_users.guest": (None, "true")},
        "take loopback_users = none out, and delete the user guest",
    ),
    Product(
        "etcd",
        ("etcd",),
        (),
        ("/etc/default/etcd", "/etc/etcd/etcd.conf"),
        ini.parse,
        "ETCD_LISTEN_CLIENT_URLS with {} in /etc/default/etcd",
        {"ETCD_CLIENT_CERT_AUTH": ("true",)},
        "set ETCD_CLIENT_CERT_AUTH=true with a client CA, or turn on auth (etcdctl auth enable)",
    ),
    # https://docs.couchdb.org/en/stable/config/auth.html: require_valid_user is true by default since 3.0.
    Product(
        "CouchDB",
        (),
        ("couchdb.service",),
        ("/opt/couchdb/etc/default.ini", "/opt/couchdb/etc/local.ini", "/opt/couchdb/etc/local.d/*.ini"),
        ini.parse,
        "bind_address = {} under [chttpd] in /opt/couchdb/etc/local.ini",
        {"chttpd.require_valid_user": (None, "true")},
        "set require_valid_user = true under [chttpd] and an administrator under [admins]",
    ),
)


@dataclasses.dataclass(frozen=True)
class ByConfig(Server):
    """One server of such a product."""

    product: Product = PRODUCTS[0]

    @property
    def PRODUCT(self) -> str:  # type: ignore[override]
        return self.product.name

    def bind_files(self, host: Host, wanted: Wanted) -> tuple[WriteFile, ...]:
        needed = dict.fromkeys(address for found in wanted.values() for address in found or ())
        setting = self.product.bind.format(",".join(["127.0.0.1", *needed]))
        raise Refused(f"{self.product.name} is not changed by this collection; set {setting} and restart {self.name}")

    def admission(self, host: Host, needs: Needs, *, restrict_accounts: bool = False) -> t.Iterator[Verdict]:
        paths, settings = read_settings(host, self.product)
        faults = {
            name: settings.get(name) for name, good in self.product.asks.items() if settings.get(name) not in good
        }
        exposed = [end.name for end in self.endpoints if end.exposed]
        evidence = tuple(
            Evidence(", ".join(paths), f"{name}: {value or 'not set'}", _values(self.product.asks[name]))
            for name, value in faults.items()
        )
        if faults and exposed:
            said = (
                f"whoever reaches {', '.join(exposed)} is let in without proof of who they are; {self.product.remedy}"
            )
            yield Verdict(f.FAIL, said, evidence)
        elif faults:
            yield Verdict(f.PASS, "who comes without proof can come from this host alone", evidence)
        else:
            yield Verdict(
                f.PASS, f"{self.product.name} asks who comes", (Evidence(", ".join(paths), _good(self.product)),)
            )


def find(host: Host) -> t.Iterator[ByConfig]:
    """Every server that listens, by product and unit."""
    for product in PRODUCTS:
        for unit, ends in grouped(host.once(sockets.read), _is(product)).items():
            yield ByConfig(unit, ends, product=product)


def _is(product: Product) -> t.Callable[[sockets.Listener], bool]:
    def belongs(listener: sockets.Listener) -> bool:
        return listener.process in product.processes or listener.unit.startswith(product.units or ("\0",))

    return belongs


def read_settings(host: Host, product: Product) -> tuple[list[str], Settings]:
    """The files that are there and their settings. Raises HostError where there is none."""
    paths = [path for pattern in product.files for path in host.glob(pattern)]
    settings: dict[str, str] = {}
    for path in paths:
        try:
            settings.update(product.parse(host.read_text(path)))
        except Missing:
            continue
    if not paths:
        raise HostError(f"{product.name}: none of {', '.join(product.files)} is there, so whom it admits is unknown")
    return paths, settings


def _values(good: tuple[str | None, ...]) -> str:
    return " or ".join(value or "not set" for value in good)


def _good(product: Product) -> str:
    return ", ".join(f"{name}: {_values(good)}" for name, good in product.asks.items())
