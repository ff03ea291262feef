# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""memcached: judged by its sockets, narrowed in its command line's file. It knows users only if started so."""

from __future__ import annotations

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
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import memcached as format_
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing

Narrow = t.Callable[[str, str], str]
#: Where Debian and the RHEL family keep the command line, and how it is changed there.
FILES: tuple[tuple[str, Narrow], ...] = (
    ("/etc/memcached.conf", format_.narrow_conf),
    ("/etc/sysconfig/memcached", format_.narrow_sysconfig),
)
#: SASL, and the file of users and passwords (memcached(1)).
ASKS = ("-S", "--enable-sasl", "-Y", "--auth-file")
NO_USERS = "it knows no users and lets in who reaches it; only its addresses and the firewall keep others out"


class Memcached(Server):
    """One server."""

    PRODUCT: t.ClassVar[str] = "memcached"
    FORGETS: t.ClassVar[bool] = True

    def bind_files(self, host: Host, wanted: Wanted) -> tuple[WriteFile, ...]:
        if None in wanted.values():
            raise Refused("one of its ports stays open to all, and one setting serves all its ports")
        path, narrow = _file(host)
        six = ["::1"] if any(str(own.ip) == "::1" for own in host.once(addresses.read)) else []
        needed = [address for found in wanted.values() for address in found or ()]
        listen = ",".join(dict.fromkeys(["127.0.0.1", *six, *needed]))
        try:
            return (write_file(host, path, narrow(host.read_text(path), listen)),)
        except ValueError as exc:
            raise Refused(f"{path}: {exc}") from exc

    def admission(self, host: Host, needs: Needs, *, restrict_accounts: bool = False) -> t.Iterator[Verdict]:
        exposed = [end for end in self.endpoints if end.exposed]
        path, asks = _asks(host)
        wide = [end for end in exposed if needs[end.key].anyone or set(end.exposed) - set(needs[end.key].addresses)]
        if not exposed:
            yield Verdict(f.PASS, "it can be reached from this host alone")
        elif asks:
            yield Verdict(f.PASS, "it asks for a user and a password", (Evidence(path, asks),))
        elif wide:
            known = all(needs[end.key].declared and not needs[end.key].anyone for end in wide)
            yield Verdict(f.FAIL, f"{', '.join(end.name for end in wide)}: {NO_USERS}", by_bind=known)
        else:
            yield Verdict(f.NOT_APPLICABLE, NO_USERS)


def find(host: Host) -> t.Iterator[Server]:
    """Every server that listens, by unit."""
    for unit, ends in grouped(host.once(sockets.read), _runs).items():
        yield Memcached(unit, ends)


def _runs(listener: sockets.Listener) -> bool:
    return listener.process == "memcached"


def _file(host: Host) -> tuple[str, Narrow]:
    for path, narrow in FILES:
        if host.exists(path):
            return path, narrow
    raise Refused(f"neither {' nor '.join(path for path, _narrow in FILES)} is there, so what starts it is unknown")


def _asks(host: Host) -> tuple[str, str]:
    """The file and the option by which it asks for users; "" for none."""
    for path, _narrow in FILES:
        try:
            text = host.read_text(path)
        except Missing:
            continue
        return path, next((name for name in ASKS if format_.has_option(text, name)), "")
    return "", ""
