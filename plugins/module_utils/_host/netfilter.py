# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which tables of nftables and of the old iptables the kernel has, without running a program."""

from __future__ import annotations

import contextlib
import errno
import struct

from ansible_collections.infosec.principles.plugins.module_utils._host import netlink
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing, NeedsRoot

# include/uapi/linux: netlink.h, netfilter/nfnetlink.h, netfilter/nf_tables.h, netfilter.h
NETLINK_NETFILTER = 12
NEW_TABLE, GET_TABLE = 10 << 8, 10 << 8 | 1
TABLE_NAME = 1
FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_GENERIC = struct.Struct("=BBH")
#: A kernel without nftables.
ABSENT = (errno.EINVAL, errno.ENOENT, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT)


def tables(host: Host) -> list[tuple[str, str]]:
    """Family and name of each table of nftables. Use as `host.once(netfilter.tables)`. Raises NeedsRoot, HostError."""
    answer = host.netlink(NETLINK_NETFILTER, GET_TABLE, _GENERIC.pack(0, 0, 0))
    found = []
    for kind, body in netlink.messages(answer):
        if kind == netlink.ERROR:
            _raise(-struct.unpack_from("=i", body)[0])
        elif kind == NEW_TABLE:
            name = dict(netlink.attributes(body[_GENERIC.size :]))[TABLE_NAME]
            found.append((FAMILIES.get(body[0], str(body[0])), name.rstrip(b"\0").decode("utf-8", "replace")))
    return sorted(found)


def _raise(code: int) -> None:
    if code in (errno.EPERM, errno.EACCES):
        raise NeedsRoot("nftables: the kernel tells its rules to root alone; run as root (become: true)")
    if code and code not in ABSENT:
        raise HostError(f"nftables: the kernel answers with error {code}")


def legacy(host: Host) -> list[tuple[str, str]]:
    """The program and the name of each table of the iptables before nftables ("iptables", "filter")."""
    found: list[tuple[str, str]] = []
    for program, path in (("iptables", "/proc/net/ip_tables_names"), ("ip6tables", "/proc/net/ip6_tables_names")):
        with contextlib.suppress(Missing):
            found += [(program, name) for name in host.read_text(path).split()]
    return found
