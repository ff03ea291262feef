# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The families of services that network_trust judges: how each is known to be here, and where its judge is."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

Judge = t.Callable[[Host, Options], t.Iterator[verdict.Verdict]]

# Each judge is imported only where its program is here: most hosts have three or four of them, and compiling a file
# takes longer than judging. Ansible sends along what it sees imported anywhere in a file.


def _postgresql() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import (
        postgresql,
    )

    return postgresql.judge


def _mysql() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import mysql

    return mysql.judge


def _redis() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import redis

    return redis.judge


def _memcached() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import (
        memcached,
    )

    return memcached.judge


def _mongodb() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import (
        mongodb,
    )

    return mongodb.judge


def _elasticsearch() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import (
        elasticsearch,
    )

    return elasticsearch.judge


def _rsh() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import rsh

    return rsh.judge


def _pam() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import pam

    return pam.judge


def _tcp_wrappers() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import (
        tcp_wrappers,
    )

    return tcp_wrappers.judge


def _nfs() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import nfs

    return nfs.judge


def _rsync() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import rsync

    return rsync.judge


def _snmp() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import snmp

    return snmp.judge


def _nginx() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import nginx

    return nginx.judge


def _apache() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import (
        apache,
    )

    return apache.judge


def _postfix() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import (
        postfix,
    )

    return postfix.judge


def _sshd() -> Judge:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import sshd

    return sshd.judge


@dataclasses.dataclass(frozen=True)
class Family:
    """One family. rules: the names of its rules, the usual one first. program: what a finding calls it.

    marks: files or patterns, processes: names of what listens; either tells that the program is here.
    """

    rules: tuple[str, ...]
    program: str
    load: t.Callable[[], Judge]
    marks: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()

    def is_here(self, host: Host) -> bool:
        """Whether the host has the program. Raises NeedsRoot."""
        if any(host.glob(mark) if "*" in mark else host.exists(mark) for mark in self.marks):
            return True
        return bool(self.processes) and bool(verdict.listeners(host, *self.processes))


FAMILIES = (
    Family(
        ("postgresql", "postgresql_local"),
        "PostgreSQL",
        _postgresql,
        marks=("/var/run/postgresql/.s.PGSQL.*",),
        processes=("postgres",),
    ),
    Family(
        ("mysql",),
        "MariaDB or MySQL",
        _mysql,
        marks=("/usr/sbin/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mariadbd", "/usr/libexec/mysqld"),
        processes=("mariadbd", "mysqld"),
    ),
    Family(("redis",), "Redis or Valkey", _redis, processes=("redis-server", "valkey-server")),
    Family(("memcached",), "memcached", _memcached, processes=("memcached",)),
    Family(
        ("mongodb",),
        "MongoDB",
        _mongodb,
        marks=("/etc/mongod.conf", "/etc/mongodb.conf"),
        processes=("mongod", "mongos"),
    ),
    Family(
        ("elasticsearch",),
        "Elasticsearch or OpenSearch",
        _elasticsearch,
        marks=("/etc/elasticsearch", "/etc/opensearch"),
    ),
    Family(
        ("rsh",),
        "rsh",
        _rsh,
        marks=("/etc/inetd.conf", "/etc/xinetd.d", "/etc/pam.d/rsh", "/etc/pam.d/rlogin"),
        processes=("in.rshd", "in.rlogind", "in.rexecd", "rshd", "rlogind", "rexecd"),
    ),
    Family(("pam",), "PAM", _pam, marks=("/etc/pam.d",)),
    Family(("tcp_wrappers",), "TCP Wrappers", _tcp_wrappers, marks=("/etc/hosts.allow", "/etc/hosts.deny")),
    Family(
        ("nfs", "nfs_root"), "NFS server", _nfs, marks=("/etc/exports", "/etc/exports.d/*.exports", "/var/lib/nfs/etab")
    ),
    Family(("rsync",), "rsync daemon", _rsync, marks=("/etc/rsyncd.conf",), processes=("rsync",)),
    Family(("snmp",), "snmpd", _snmp, processes=("snmpd",)),
    Family(("nginx",), "nginx", _nginx, processes=("nginx",)),
    Family(("apache",), "Apache httpd", _apache, processes=("apache2", "httpd")),
    Family(("postfix",), "Postfix", _postfix, marks=("/etc/postfix/main.cf",)),
    Family(("sshd",), "sshd", _sshd, marks=("/usr/sbin/sshd",)),
)
