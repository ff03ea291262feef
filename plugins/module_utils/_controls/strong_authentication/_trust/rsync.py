# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""rsyncd: modules that ask for no user (`auth users`), so that hosts allow, if anything, decides who reads or
writes.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import rsyncd_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.rsyncd_conf import Module
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

CONFIG = "/etc/rsyncd.conf"
PORT = 873
STEPS = (
    "Under [{name}] write auth users = NAME and secrets file = /etc/rsyncd.secrets (NAME:PASSWORD, chmod 0600), and "
    "give the clients the password; or let them come over ssh (rsync -e ssh). A mirror that is public on purpose is "
    "to be waived."
)


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Each module, where a daemon listens."""
    daemons = [item for item in verdict.seen(host) if _serves(host, item)]
    if not daemons:
        yield Verdict("rsync", f.NOT_APPLICABLE, "no rsync daemon listens here")
        return
    reached = verdict.exposed(daemons)
    config = _config(host, daemons)
    modules = rsyncd_conf.modules(config, lambda path: _text(host, path), host.glob)
    used = verdict.in_use(host, *((item.protocol, item.port) for item in daemons))
    yield from verdict.bounded((_module(module, reached, used) for module in modules), "modules")
    if not modules:
        yield Verdict("rsync", f.PASS, f"{printable(config)} has no module")


def _serves(host: Host, item: sockets.Listener) -> bool:
    """The daemon itself, or a super-server that starts one for each connection."""
    if item.protocol != "tcp" or item.published_by:
        return False
    by_other = item.port == PORT and (item.process.endswith("inetd") or item.process == "systemd")
    return item.process == "rsync" or by_other


def _config(host: Host, daemons: t.Sequence[sockets.Listener]) -> str:
    """The file that the daemon's command line names, else the usual one."""
    for item in daemons:
        words = verdict.command_line(host, item.pid) if item.process == "rsync" else []
        named = [word.partition("=")[2] for word in words if word.startswith("--config=")]
        if named:
            return named[-1]
    return CONFIG


def _text(host: Host, path: str) -> str:
    try:
        return verdict.text(host, path)
    except Missing as exc:
        raise HostError(f"{printable(path)}, which an rsync daemon reads, is not there") from exc


def _module(module: Module, reached: t.Sequence[str], used: tuple[Evidence, ...]) -> Verdict:
    name = printable(module.name)
    asks = module.parameters.get("authusers", "")
    if asks:
        return Verdict(name, f.PASS, "it asks for a user and a password")
    if not reached:
        return Verdict(name, f.PASS, "it can be reached from this host alone")
    what = "reads" if module.has("readonly", usual=True) else "reads and writes"
    allow = printable(module.parameters.get("hostsallow", ""))
    message = f"whoever comes from {allow or 'any address'} {what} it without saying who he is"
    evidence = (Evidence(printable(module.place), f"[{name}] without auth users", "auth users"), *used)
    return Verdict(name, f.FAIL, message, evidence, remedy=STEPS.format(name=name))
