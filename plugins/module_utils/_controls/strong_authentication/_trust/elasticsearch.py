# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Elasticsearch and OpenSearch: security that is off.

The server itself is asked on loopback first: 401 for somebody without credentials means that it asks. Elasticsearch has
security on by default since 8.0 (its "Security settings" page), and of itself off in development before.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import by_config
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import (
    Endpoint,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

PRODUCTS = ("Elasticsearch", "OpenSearch")
TRANSPORT = range(9300, 9400)
ASKS, OPEN = "asks", "open"
VERDICTS = {"401": ASKS, "403": ASKS, "200": OPEN}


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Each server that listens."""
    verdict.seen(host)
    found = [one for one in by_config.find(host) if one.product.name in PRODUCTS]
    for server in found:
        yield _server(host, server)
    if not found:
        yield Verdict("Elasticsearch or OpenSearch", f.NOT_APPLICABLE, "no Elasticsearch or OpenSearch listens here")


def _server(host: Host, server: by_config.ByConfig) -> Verdict:
    exposed = [end.name for end in server.endpoints if end.exposed]
    if not exposed:
        return Verdict(server.name, f.PASS, "who comes without proof can come from this host alone")
    state, evidence = _asked(host, server) or _by_files(host, server)
    if state == ASKS:
        return Verdict(server.name, f.PASS, "it asks who comes", (evidence,))
    message = f"whoever reaches {', '.join(exposed)} is let in without proof"
    used = verdict.in_use(host, *((end.protocol, end.port) for end in server.endpoints))
    remedy = f"To put it right, {server.product.remedy}, and restart it."
    return Verdict(server.name, f.FAIL, message, (evidence, *used), remedy=remedy)


def _asked(host: Host, server: by_config.ByConfig) -> tuple[str, Evidence] | None:
    """What the server answers to somebody without credentials; None where it does not tell."""
    curl = host.which("curl")
    for end in server.endpoints:
        for scheme in ("http", "https") if curl and end.port not in TRANSPORT else ():
            url = f"{scheme}://{_near(end)}:{end.port}/"
            argv = (str(curl), "--silent", "--insecure", "--max-time", "3", "--output", "/dev/null")
            code = host.ask(*argv, "--write-out", "%{http_code}", "--noproxy", "*", url).stdout.strip()
            if code in VERDICTS:
                return VERDICTS[code], Evidence(f"GET {url} without credentials", code, "401")
    return None


def _near(end: Endpoint) -> str:
    """Where this host itself reaches the port."""
    if end.answers_at("127.0.0.1"):
        return "127.0.0.1"
    address = end.addresses[0]
    return f"[{address}]" if ":" in address else address


def _by_files(host: Host, server: by_config.ByConfig) -> tuple[str, Evidence]:
    """What the files say. Raises HostError where they leave it open."""
    paths, settings = by_config.read_settings(host, server.product)
    source = ", ".join(paths)
    for name, good in server.product.asks.items():
        value = settings.get(name)
        if value is None and value not in good:
            raise HostError(
                f"{source}: {name} is not set, and what counts then depends on the version; curl is not here"
            )
        if value not in good:
            return OPEN, Evidence(source, f"{name}: {value}", " or ".join(one or "not set" for one in good))
    return ASKS, Evidence(source, "security is on")
