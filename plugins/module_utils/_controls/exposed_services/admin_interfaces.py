# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Administration over the web answers those alone who need it, and nobody where nobody uses it.

Mozilla, "Do not expose unnecessary services": no administration that nobody uses stays reachable. Which interfaces are
known is a table in _admin; this file holds the rules, and the cheap question whether there may be any.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    SERVICES_OPTION,
    Control,
    Options,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import verdicts
else:
    verdicts = later("_controls.exposed_services._admin.verdicts")

PRINCIPLE = "https://infosec.mozilla.org/fundamentals/security_principles"
REFERENCE = f"{PRINCIPLE}#do-not-expose-unnecessary-services"

UNUSED = Rule(
    "unused",
    "Web administration that others can reach is used",
    "high",
    REFERENCE,
    "Close it, or name who needs it in the register (admin: true).",
)
OPEN_TO_ALL = Rule(
    "open_to_all",
    "Web administration answers those alone whom the register names for it",
    "high",
    REFERENCE,
    "Write an entry with admin: true that names who administers from where; then let nobody else in.",
)
NO_TLS = Rule(
    "no_tls",
    "Web administration is reached by TLS alone",
    "high",
    "https://infosec.mozilla.org/guidelines/web_security#https",
    "Serve it by TLS alone: passwords of administrators come by there.",
)
DEFAULT_CREDENTIALS = Rule(
    "default_credentials_page",
    "No page of web administration tells credentials that everybody knows",
    "maximum",
    f"{PRINCIPLE}#require-two-factor-authentication",
    "Give its accounts passwords of their own.",
)
RULES = (UNUSED, OPEN_TO_ALL, NO_TLS, DEFAULT_CREDENTIALS)

NEVER, WHEN_NEEDED = "never", "when_needed"
OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": SERVICES_OPTION,
    "idle_days": {"type": "int", "default": 90},
    "restart": {"type": "str", "choices": [NEVER, WHEN_NEEDED], "default": NEVER},
}
SUBJECT = "web administration"
#: What tells, before the table is imported, that there may be any: the processes of web servers, of its programs, and
#: of what serves a project of Django by itself.
PROCESSES = frozenset(
    (
        *("nginx", "apache2", "httpd", "haproxy"),
        *("daphne", "granian", "hypercorn", "python", "python3", "uvicorn", "uwsgi"),
        *("beam.smp", "gunicorn", "java", "node", "perl", "miniserv.pl", "pgadmin4"),
        *("alertmanager", "prometheus", "prometheus-aler", "grafana", "grafana-server"),
        *("cockpit-tls", "cockpit-ws", "consul", "kibana", "portainer", "traefik"),
    )
)
SOCKETS = frozenset(("cockpit.socket",))


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """All rules for each interface that is found, and one finding a rule where there is none."""
    if options["idle_days"] < 1:
        yield Finding(UNUSED, SUBJECT, f.ERROR, f"idle_days is {options['idle_days']}; give 1 day or more")
        return
    processes.need_holders(host)
    if not any(_may_have_one(listener) for listener in host.once(sockets.read)):
        nothing = "no web server runs here, and no program with web administration of its own"
        yield from (Finding(rule, SUBJECT, f.NOT_APPLICABLE, nothing) for rule in RULES)
        return
    yield from verdicts.judge(host, options, RULES)


def _may_have_one(listener: sockets.Listener) -> bool:
    return listener.protocol == "tcp" and (listener.process in PROCESSES or listener.socket_unit in SOCKETS)


CONTROL = Control(
    name="admin_interfaces",
    principle="exposed_services",
    title="Web administration is for those who use it",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
