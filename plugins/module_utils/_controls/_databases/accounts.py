# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Accounts of MariaDB and MySQL: the addresses that a host pattern stands for, and the statements that narrow one.

A host pattern is an address, a name, "%" and "_" as in LIKE, or address/netmask (MariaDB Knowledge Base, "CREATE USER",
host name component; MySQL adds address/prefix in 8.0.23).
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    EVERYBODY,
    LOOPBACK,
    AddressSet,
)

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
#: Tables with a Host and a User column that hold what an account is and may do (MariaDB 10.4 and later).
TABLES = ("global_priv", "db", "tables_priv", "columns_priv", "procs_priv", "roles_mapping")
_WILD_FOUR = re.compile(r"((?:\d{1,3}\.){0,3})[\d%_.]*[%_][\d%_.]*")


@dataclasses.dataclass(frozen=True)
class Account:
    """One account. open: no proof is asked. locked: nobody gets in. tls: nobody gets in without it."""

    user: str
    host: str
    open: bool = False
    locked: bool = False
    tls: bool = False

    @property
    def name(self) -> str:
        """As people write it."""
        return f"'{self.user}'@'{self.host}'"


def addresses(pattern: str) -> AddressSet | None:
    """The addresses that a host pattern stands for (or a few more, where "%" is in the midst); None for a name."""
    if pattern in ("", "%"):
        return EVERYBODY
    if pattern == "localhost":
        return LOOPBACK
    try:
        return AddressSet.of([pattern])
    except ValueError:
        match = _WILD_FOUR.fullmatch(pattern)
        return _below(match.group(1)) if match else _six(pattern)


def _below(start: str) -> AddressSet:
    octets = [octet for octet in start.split(".") if octet]
    if not octets:
        return EVERYBODY
    return AddressSet.of([f"{'.'.join(octets + ['0'] * (4 - len(octets)))}/{8 * len(octets)}"])


def _six(pattern: str) -> AddressSet | None:
    return AddressSet.of(["::/0"]) if re.fullmatch(r"[0-9a-fA-F:]*:[0-9a-fA-F:%_]*", pattern) else None


def pattern(network: str) -> str | None:
    """The host pattern for exactly this network, or None: IPv6 networks cannot be written."""
    net = ipaddress.ip_network(network)
    if net.num_addresses == 1:
        return str(net.network_address)
    return f"{net.network_address}/{net.netmask}" if net.version == 4 else None


@dataclasses.dataclass(frozen=True)
class Narrowing:
    """One account, the host pattern that it gets, and those for which it is copied."""

    account: Account
    renamed: str
    copies: tuple[str, ...]

    def do(self) -> str:
        """Rename, then copy row by row inside the server, so that no password leaves it."""
        copies = "".join(self._copy(host) for host in self.copies)
        return PROLOGUE + _rename(self.account.user, self.account.host, self.renamed) + copies + "FLUSH PRIVILEGES;\n"

    def undo(self) -> str:
        """Drop the copies and rename back."""
        drops = "".join(_dynamic(f"'DROP USER IF EXISTS ', {_name(self.account.user, host)}") for host in self.copies)
        return PROLOGUE + drops + _rename(self.account.user, self.renamed, self.account.host)

    def probe(self) -> str:
        """Prints 1 once the account has its new name."""
        return f"SELECT COUNT(*) FROM mysql.global_priv WHERE {self._is(self.renamed)};\n"

    def _is(self, host: str) -> str:
        return f"User = {text(self.account.user)} AND Host = {text(host)}"

    def _copy(self, host: str) -> str:
        found = self._is(self.renamed)
        return "".join(
            f"CREATE TEMPORARY TABLE mysql.infosec_principles SELECT * FROM mysql.{table} WHERE {found};\n"
            f"UPDATE mysql.infosec_principles SET Host = {text(host)};\n"
            f"INSERT INTO mysql.{table} SELECT * FROM mysql.infosec_principles;\n"
            "DROP TEMPORARY TABLE mysql.infosec_principles;\n"
            for table in TABLES
        )


# QUOTE() writes backslash escapes, which NO_BACKSLASH_ESCAPES would not read back; the modes are this session's alone.
PROLOGUE = "SET SESSION sql_mode = '';\n"


def text(value: str) -> str:
    """An SQL expression for exactly this text, whatever is in it: names of accounts are anybody's choice."""
    return f"CONVERT(x'{value.encode('utf-8', 'surrogateescape').hex()}' USING utf8)"


def _name(user: str, host: str) -> str:
    return f"QUOTE({text(user)}), '@', QUOTE({text(host)})"


def _rename(user: str, old: str, new: str) -> str:
    return _dynamic(f"'RENAME USER ', {_name(user, old)}, ' TO ', {_name(user, new)}")


def _dynamic(pieces: str) -> str:
    """Run a statement that takes names and no expressions."""
    return (
        f"SET @infosec_principles = CONCAT({pieces});\n"
        "PREPARE infosec_principles FROM @infosec_principles;\n"
        "EXECUTE infosec_principles;\n"
        "DEALLOCATE PREPARE infosec_principles;\n"
    )


def lock(account: Account) -> str:
    """Let nobody in by the account any more (MariaDB 10.4 and later)."""
    return PROLOGUE + _dynamic(f"'ALTER USER ', {_name(account.user, account.host)}, ' ACCOUNT LOCK'")


def unlock(account: Account) -> str:
    """What takes `lock` back."""
    return PROLOGUE + _dynamic(f"'ALTER USER ', {_name(account.user, account.host)}, ' ACCOUNT UNLOCK'")


def is_locked(account: Account) -> str:
    """Prints 1 once the account is locked."""
    found = f"User = {text(account.user)} AND Host = {text(account.host)}"
    locked = "JSON_VALUE(Priv, '$.account_locked') IN ('1', 'true')"
    return f"SELECT COUNT(*) FROM mysql.global_priv WHERE {found} AND {locked};\n"


def narrow(account: Account, clients: AddressSet, own: t.Sequence[str], taken: t.Container[str]) -> Narrowing | str:
    """How to narrow an account to the clients and this host, as far as it was for them; or why it cannot be done.

    own: this host's addresses that programs on it may come from. taken: hosts for which the user has an account
    already, which counts for them before a wider one (so nothing changes for them).
    """
    reached = addresses(account.host) or AddressSet()
    patterns = [pattern(network) for network in (reached & clients).networks()]
    if None in patterns:
        return "an IPv6 network cannot be written as an account's host"
    local = [host for host in (*LOCAL_HOSTS, *own) if not (addresses(host) or EVERYBODY) - reached]
    wanted = [host for host in dict.fromkeys((*patterns, *local)) if host is not None and host not in taken]
    if not wanted:
        return f"no client needs {account.name}, or each has an account of its own: drop it (DROP USER)"
    return Narrowing(account, wanted[0], tuple(wanted[1:]))
