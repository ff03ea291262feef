# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What keeps a site from telling browsers to come by TLS alone (HSTS): they would keep to it for years.

A browser that was told so comes by TLS to each port of the name (RFC 6797, section 8.3): to 443 where it would have
come to 80, and by TLS to any other port.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import near
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import NO_NAME, Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.looks import (
    Look,
    covers,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import requests
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Ports at which programs that are no web servers serve pages in clear, as their makers have it.
PAGES = frozenset(
    (
        *(3000, 3001, 4200, 5000, 5601, 5984, 7474, 8000, 8001, 8008, 8080, 8081, 8082, 8086, 8088, 8090, 8123, 8161),
        *(8200, 8384, 8500, 8888, 8983, 9000, 9001, 9090, 9091, 9093, 9100, 9200, 10000, 15672, 19999, 28017, 32400),
    )
)
PRINTER = 9100


def obstacle(host: Host, look: Look, looks: t.Sequence[Look], closed: t.Container[int] = ()) -> str:
    """Why visitors would be locked out of something; "" where they would not.

    closed: ports to which nobody else is to come, as the register has it.
    """
    name = look.vhost.asked if look.vhost.name else ""
    if not look.good:
        return f"its certificate is not valid now, issued by an authority and for {printable(name) or 'any name'}"
    if not any(one.vhost.port == 443 and one.vhost.tls and one.good and _same(one.vhost, look.vhost) for one in looks):
        return "nothing answers for it by TLS at port 443, to which browsers would come from then on"
    for one in looks:
        if not one.vhost.tls and one.vhost.port != 80 and _same(one.vhost, look.vhost) and _serves(one):
            return f"{one.vhost.subject} serves it in clear, to which browsers would come by TLS from then on"
    return _other_program(host, {one.vhost.port for one in looks}, closed)


def _same(one: Vhost, other: Vhost) -> bool:
    """Whether visitors of one name may be visitors of the other; a site without a name is for all."""
    return not one.name or not other.name or one.name == other.name or covers(one.name, other.asked)


def _serves(look: Look) -> bool:
    return look.answer is not None and not look.to_tls and look.answer.status < 400


def _other_program(host: Host, known: t.Container[int], closed: t.Container[int]) -> str:
    for one in host.once(sockets.read):
        outside = one.protocol == "tcp" and one.port in PAGES and not sockets.is_loopback(one.address)
        if (
            outside
            and one.port not in known
            and one.port not in closed
            and not _speaks_tls(host, near((one.address,)), one.port)
        ):
            return (
                f"{printable(one.process or 'a program')} listens at {one.port}/tcp, where pages are served in clear "
                "as a rule, and to which browsers would come by TLS from then on; if it serves none under this name, "
                "write the header into the site's configuration, which this then takes for good"
            )
    return ""


def _speaks_tls(host: Host, address: str, port: int) -> bool:
    """Whether browsers that come by TLS get an answer, as from Cockpit, which has both at one port.

    Not asked of a port of printers, which print what they are sent.
    """
    if port == PRINTER:
        return False
    try:
        return bool(requests.ask(host.connect(address, port), NO_NAME, "/", tls=True).status)
    except (HostError, OSError, ValueError):
        return False
