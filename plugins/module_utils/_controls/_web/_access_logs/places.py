# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which logs tell of an interface: by the server that it was found at, whatever that is."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web._access_logs.model import Logs
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import Found
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._web._access_logs import (
        apache,
        haproxy,
        nginx,
        programs,
    )
else:
    apache, haproxy, nginx, programs = (
        later(f"_controls._web._access_logs.{name}") for name in ("apache", "haproxy", "nginx", "programs")
    )


def logs(host: Host, found: Found) -> Logs:
    """Those of one interface. Raises HostError."""
    of = SITES.get(found.at.product) if found.at.instance is not None else None
    return of(host, found) if of else programs.logs(host, found)


def _nginx(host: Host, found: Found) -> Logs:
    return nginx.logs(host, found.at.instance, found.at.site, found.at.name, found.path)


def _apache(host: Host, found: Found) -> Logs:
    return apache.logs(host, found.at.instance, found.at.site)


def _haproxy(host: Host, found: Found) -> Logs:
    return haproxy.logs(host, found.at.instance, found.at.place)


#: By the names of vhosts.PRODUCTS.
SITES: dict[str, t.Callable[[Host, Found], Logs]] = {"nginx": _nginx, "Apache httpd": _apache, "HAProxy": _haproxy}
