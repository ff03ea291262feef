# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Password stores of services, by the files that they are known to keep them in."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import htpasswd
from ansible_collections.infosec.principles.plugins.module_utils._host import homes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

_BYTES = 8 * 1024 * 1024
#: Not what an earlier record has left of itself, such as the test user of a package ("!authd:user").
_SASL = re.compile(rb"(?<![\w.@+:-])[\w.@+-]{1,128}\x00[\w.@+-]{1,128}\x00userPassword")
_SAMBA = re.compile(rb"USER_([^\x00$]{1,64})\x00")


def _colons(data: bytes) -> htpasswd.Store:
    return htpasswd.colons(data.decode("utf-8", "surrogateescape"))


def _smb(data: bytes) -> htpasswd.Store:
    """smbpasswd(5): name:uid:LM:NT:flags; computers' names end in $."""
    text = "\n".join(line for line in data.decode("utf-8", "replace").splitlines() if "$:" not in line)
    return htpasswd.Store(htpasswd.colons(text, 3).users, ())


def _blanks(data: bytes) -> htpasswd.Store:
    return htpasswd.blanks(data.decode("utf-8", "surrogateescape"))


def _sasl(data: bytes) -> htpasswd.Store:
    return htpasswd.marked(data, _SASL)


def _samba(data: bytes) -> htpasswd.Store:
    return htpasswd.marked(data, _SAMBA)


#: (service, path or pattern, how it is counted); None for a database that only says by being there that it is used.
STORES: tuple[tuple[str, str, t.Callable[[bytes], htpasswd.Store] | None], ...] = (
    ("vsftpd", "/etc/vsftpd*/*.db", None),
    ("vsftpd", "/etc/vsftpd_login.db", None),
    ("ProFTPD", "/etc/proftpd/ftpd.passwd", _colons),
    ("ProFTPD", "/etc/ftpd.passwd", _colons),
    ("Pure-FTPd", "/etc/pure-ftpd/pureftpd.passwd", _colons),
    ("Dovecot", "/etc/dovecot/users", _colons),
    ("Dovecot", "/etc/dovecot/passwd", _colons),
    ("Dovecot", "/etc/dovecot/private/passwd", _colons),
    ("Exim", "/etc/exim4/passwd", _colons),
    ("Samba", "/var/lib/samba/private/passdb.tdb", _samba),
    ("Samba", "/etc/samba/smbpasswd", _smb),
    ("Cyrus SASL", "/etc/sasldb2", _sasl),
    ("Postfix (Cyrus SASL)", "/var/spool/postfix/etc/sasldb2", _sasl),
    ("Mosquitto", "/etc/mosquitto/passwd", _colons),
    ("Mosquitto", "/etc/mosquitto/passwordfile", _colons),
    ("Squid", "/etc/squid/passwd", _colons),
    ("Squid", "/etc/squid/passwords", _colons),
    ("Radicale", "/etc/radicale/users", _colons),
    ("Webmin", "/etc/webmin/miniserv.users", _colons),
    ("PPP", "/etc/ppp/chap-secrets", _blanks),
    ("PPP", "/etc/ppp/pap-secrets", _blanks),
    ("CUPS", "/etc/cups/passwd.md5", _colons),
)


@dataclasses.dataclass(frozen=True)
class Found:
    """A store that holds passwords. store: None where it cannot be counted. problem: why it was not looked at."""

    service: str
    path: str
    store: htpasswd.Store | None = None
    problem: str = ""


def read(host: Host) -> tuple[Found, ...]:
    """Every store of STORES that is there and holds something."""
    found: dict[str, Found] = {}
    for service, pattern, count in STORES:
        for path in host.glob(pattern) if "*" in pattern else [pattern] if host.exists(pattern) else []:
            one = _found(host, service, path, count)
            if one:
                found.setdefault(path, one)
    return tuple(found.values())


def _found(host: Host, service: str, path: str, count: t.Callable[[bytes], htpasswd.Store] | None) -> Found | None:
    try:
        data = homes.read_plain(host, path, _BYTES if count else 1)
    except homes.Unseen as exc:
        return Found(service, path, problem=str(exc))
    if not data:
        return None
    store = count(data) if count else None
    return None if store is not None and not store.users else Found(service, path, store)
