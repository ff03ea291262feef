# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""MongoDB: authorization that is off.

A key file, or X.509 among the members, turns it on too (MongoDB manual, security.keyFile, security.clusterAuthMode);
what is on the command line outweighs the file.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import by_config
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import flat_yaml, ini
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing

PROCESSES = ("mongod", "mongos")
FILES = ("/etc/mongod.conf", "/etc/mongodb.conf")
#: Settings (YAML, then the old "key = value" ones) that turn it on, and with which values; "" for any.
TURNS_ON: t.Mapping[str, tuple[str, ...]] = {
    "security.authorization": ("enabled",),
    "security.keyFile": ("",),
    "security.clusterAuthMode": ("x509", "sendX509"),
    "auth": ("true",),
    "keyFile": ("",),
}
ARGUMENTS = ("--auth", "--keyFile", "--clusterAuthMode")
STEPS = (
    "Make an administrator (db.createUser in the database admin) and users for the clients, then set "
    "security.authorization: enabled in {config} and restart it."
)


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Each server that listens."""
    verdict.seen(host)
    servers = [one for one in by_config.find(host) if one.product.name == "MongoDB"]
    for server in servers:
        yield _server(host, server)
    if not servers:
        yield Verdict("MongoDB", f.NOT_APPLICABLE, "no server of MongoDB listens here")


def _server(host: Host, server: by_config.ByConfig) -> Verdict:
    pids = [item.pid for item in verdict.listeners(host, *PROCESSES) if item.unit == server.unit]
    arguments = verdict.command_line(host, pids[0]) if pids else []
    config = _config(arguments) or next((path for path in FILES if host.exists(path)), "")
    asks = _asks(arguments, _settings(host, config))
    exposed = [end.name for end in server.endpoints if end.exposed]
    if asks:
        return Verdict(server.name, f.PASS, "it asks who comes", (Evidence(config or "its command line", asks),))
    if not exposed:
        return Verdict(server.name, f.PASS, "who comes without proof can come from this host alone")
    evidence = (
        Evidence(config or "its command line", "security.authorization: not enabled", "enabled"),
        *verdict.in_use(host, *((end.protocol, end.port) for end in server.endpoints)),
    )
    message = f"whoever reaches {', '.join(exposed)} is let in without proof"
    return Verdict(server.name, f.FAIL, message, evidence, remedy=STEPS.format(config=config or FILES[0]))


def _config(arguments: t.Sequence[str]) -> str:
    """The file that the command line names."""
    for at, word in enumerate(arguments):
        if word in ("-f", "--config") and at + 1 < len(arguments):
            return arguments[at + 1]
        if word.startswith("--config="):
            return word.partition("=")[2]
    return ""


def _settings(host: Host, config: str) -> dict[str, str]:
    if not config:
        return {}
    try:
        text = verdict.text(host, config)
    except Missing as exc:
        raise HostError(f"MongoDB was started with {config}, which is not there any more") from exc
    return {**ini.parse(text), **flat_yaml.parse(text)}


def _asks(arguments: t.Sequence[str], settings: t.Mapping[str, str]) -> str:
    """The name of what turns it on; "" where nothing does."""
    told = [word for word in arguments if word.partition("=")[0] in ARGUMENTS]
    written = [
        name
        for name, values in TURNS_ON.items()
        if settings.get(name) and (values == ("",) or settings[name] in values)
    ]
    return next((one.partition("=")[0] for one in (*told, *written)), "")
