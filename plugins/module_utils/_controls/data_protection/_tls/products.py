# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which products the controls of TLS know, and what tells that a server of one may run. A new one is one line here.

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import nginx
else:
    nginx = later("_controls.data_protection._tls.nginx")
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import Server
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: A product's file beside this one, imported where one of its programs listens: (module, names of programs).
TRACES: tuple[tuple[t.Any, tuple[str, ...]], ...] = ()


def read(host: Host) -> tuple[Server, ...]:
    """Every server of these products that runs here. Use as `host.once(products.read)`."""
    programs = {listener.process for listener in host.once(sockets.read)}
    found = (product.find(host) for product, names in TRACES if not programs.isdisjoint(names))
    return tuple(server for servers in found for server in servers)
