# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Certificates and private keys of TLS: those that running daemons name, and those that lie where they usually do."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._formats import x509
else:
    x509 = later("_formats.x509")

#: Files that are looked into at most: of configuration, and of certificates and keys.
MAX_CONFIGS, MAX_FILES = 200, 500
CONFIG_BYTES = 256 * 1024
_MYSQL = "ssl[-_](?:cert|key)"
#: By the name of the process that listens: its configuration, and the directives that name a certificate or a key.
DAEMONS: dict[str, tuple[tuple[str, ...], str]] = {
    "nginx": (
        ("/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*", "/etc/nginx/snippets/*"),
        "ssl_certificate(?:_key)?",
    ),
    "apache2": (("/etc/apache2/sites-enabled/*", "/etc/apache2/mods-enabled/ssl.conf"), "SSLCertificate(?:Key)?File"),
    "httpd": (("/etc/httpd/conf.d/*.conf", "/etc/httpd/conf/httpd.conf"), "SSLCertificate(?:Key)?File"),
    "haproxy": (("/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*.cfg"), "crt"),
    "master": (("/etc/postfix/main.cf",), "smtpd?_tls_(?:(?:ec|d)?(?:cert|key)_file|chain_files)"),
    "dovecot": (
        ("/etc/dovecot/dovecot.conf", "/etc/dovecot/conf.d/*.conf"),
        "ssl_(?:server_)?(?:cert|key)(?:_file)?",
    ),
    "postgres": (
        ("/etc/postgresql/*/*/postgresql.conf", "/var/lib/pgsql/data/postgresql.conf"),
        "ssl_(?:cert|key)_file",
    ),
    "mariadbd": (("/etc/mysql/mariadb.conf.d/*.cnf", "/etc/mysql/conf.d/*.cnf", "/etc/my.cnf.d/*.cnf"), _MYSQL),
    "mysqld": (("/etc/mysql/mysql.conf.d/*.cnf", "/etc/mysql/conf.d/*.cnf", "/etc/my.cnf.d/*.cnf"), _MYSQL),
    "redis-server": (("/etc/redis/*.conf", "/etc/redis.conf"), "tls-(?:cert|key)-file"),
    "slapd": (
        ("/etc/ldap/slapd.d/cn=config.ldif", "/etc/openldap/slapd.d/cn=config.ldif"),
        "olcTLSCertificate(?:Key)?File",
    ),
    "stunnel4": (("/etc/stunnel/*.conf",), "cert|key"),
    "openvpn": (("/etc/openvpn/*.conf", "/etc/openvpn/server/*.conf"), "cert|key"),
}
#: Where files of certificates and keys lie; of /etc/ssl/certs the bundles and links of authorities are left out below.
FOLDERS = (
    # What internal_ca.yml deploys.
    *("/etc/ssl/infosec/*/fullchain.pem", "/etc/ssl/infosec/*/key.pem"),
    *("/etc/letsencrypt/live/*/*.pem", "/etc/ssl/*.pem", "/etc/ssl/*.crt", "/etc/ssl/*.key", "/etc/ssl/private/*"),
    *("/etc/ssl/certs/*.pem", "/etc/ssl/certs/*.crt", "/etc/pki/tls/certs/*", "/etc/pki/tls/private/*"),
    *("/etc/nginx/ssl/*", "/etc/nginx/certs/*", "/etc/apache2/ssl/*", "/etc/haproxy/certs/*", "/etc/postfix/ssl/*"),
)
_AUTHORITIES = ("/usr/share/ca-certificates/", "/usr/local/share/ca-certificates/", "/etc/pki/ca-trust/")
_NAMES_OF_LETSENCRYPT = ("cert", "fullchain", "privkey")


@dataclasses.dataclass(frozen=True)
class Held:
    """A file with a certificate, with a private key, or with both.

    certificate: the first. written: mtime. used_by: the processes that listen and whose configuration names it.
    """

    path: str
    certificate: x509.Certificate | None
    key: bool
    written: float
    used_by: tuple[str, ...]

    @property
    def used(self) -> bool:
        """Whether any daemon names it."""
        return bool(self.used_by)

    @property
    def stem(self) -> str:
        """What files of one pair have in common in their name."""
        stem = os.path.splitext(os.path.basename(self.path))[0]
        return "cert" if stem in _NAMES_OF_LETSENCRYPT else stem


def read(host: Host) -> tuple[Held, ...]:
    """Every file once, whatever links lead to it. Use as `host.once(_certificate_files.read)`."""
    used: dict[str, dict[str, None]] = {}
    for process, path in itertools.islice(_named(host), MAX_FILES):
        used.setdefault(path, {})[process] = None
    lying = [path for pattern in FOLDERS for path in host.glob(pattern) if not _authority(host, path)]
    found: dict[tuple[int, int], Held] = {}
    for path in dict.fromkeys([*used, *lying][:MAX_FILES]):
        status = host.stat(path)
        if status and stat.S_ISREG(status.st_mode) and (status.st_dev, status.st_ino) not in found:
            held = _held(host, path, status, tuple(used.get(path, ())))
            if held:
                found[(status.st_dev, status.st_ino)] = held
    return tuple(found.values())


def _named(host: Host) -> t.Iterator[tuple[str, str]]:
    """Processes that listen, and what their configurations name, as far as the paths are absolute."""
    for process in sorted({one.process for one in host.once(sockets.read)} & set(DAEMONS)):
        patterns, directive = DAEMONS[process]
        # Outside of comments, and the path behind it (dovecot writes a < before it).
        wanted = re.compile(
            rf"^(?:[^#\n]*[\s;{{])?(?:{directive})[ \t]*[=: \t][ \t]*[\"'<]?(/[^\s\"';,]+)", re.MULTILINE
        )
        for path in [path for pattern in patterns for path in host.glob(pattern)][:MAX_CONFIGS]:
            yield from ((process, named) for named in wanted.findall(config(host, path)))


def config(host: Host, path: str) -> str:
    """The beginning of a plain file; "" for anything else."""
    status = host.stat(path)
    if not status or not stat.S_ISREG(status.st_mode):
        return ""
    return host.read_part(path, CONFIG_BYTES).decode("utf-8", "replace")


def _authority(host: Host, path: str) -> bool:
    """Whether the file is of the authorities that this host trusts, and no key of its own."""
    return (host.readlink(path) or "").startswith(_AUTHORITIES) or os.path.basename(path) == "ca-certificates.crt"


def _held(host: Host, path: str, status: os.stat_result, used_by: tuple[str, ...]) -> Held | None:
    """None for what is neither, and for authorities that no daemon shows."""
    try:
        data = host.read_part(path, x509.MAX_SIZE)
    except NeedsRoot:
        raise
    except HostError:
        return None
    certificate = x509.first(data)
    if certificate and certificate.authority and not used_by:
        certificate = None
    key = b"PRIVATE KEY-----" in data
    return Held(path, certificate, key, status.st_mtime, used_by) if certificate or key else None


def certificates(held: t.Iterable[Held]) -> list[Held]:
    """Each certificate once: cert.pem and fullchain.pem begin with the same."""
    found: dict[str, Held] = {}
    for one in held:
        if one.certificate:
            found.setdefault(one.certificate.digest, one)
    return list(found.values())
