# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Prometheus and Alertmanager listen where a flag says, which Debian's units take from a variable in a file."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import programs
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import Shut
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.proof import still
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

FLAG = "--web.listen-address"


@dataclasses.dataclass(frozen=True)
class Product:
    """Its checker, and the configuration that it reads where no flag names another."""

    check: tuple[str, ...]
    config: str


PRODUCTS = {
    "Prometheus": Product(("promtool", "check", "config"), "/etc/prometheus/prometheus.yml"),
    "Alertmanager": Product(("amtool", "check-config"), "/etc/prometheus/alertmanager.yml"),
}
#: NAME=value, NAME="value" or NAME='value', in one line.
_LINE = re.compile(r"""^(?P<name>\w+)=(?P<quote>["']?)(?P<value>[^"'\\\n]*)(?P=quote)[ \t]*$""", re.MULTILINE)
_SAID = re.compile(rf"{re.escape(FLAG)}(?:=|\s+)\S+")


def plan(host: Host, shuts: t.Sequence[Shut], *, restart: bool) -> tuple[Change, ...]:
    """Let it listen on loopback from its next start on, and restart it. Raises Refused or HostError."""
    programs.loopback_alone(shuts)
    at = shuts[0].found.at
    argv = _check(host, at.product, at.run.pids[0])
    common.refuse_broken(host, at.product, argv)
    edits = _edits(host, at.product, at.run.unit, at.port)
    if not restart:
        raise Refused(f"{at.product} reads its flags when it starts: set restart: when_needed")
    return (
        *edits,
        Check(f"see that {at.product} takes its configuration", common.checker(argv)),
        Activate(at.run.unit, "restart", (("127.0.0.1", at.port),), seconds=60),
        *still(host, shuts),
    )


def _check(host: Host, product: str, pid: int) -> tuple[str, ...]:
    """Its checker with its file: a restart over what it cannot read would end it. Raises Refused without one."""
    known = PRODUCTS[product]
    if host.which(known.check[0]) is None:
        raise Refused(f"{known.check[0]} is not there to see that {product} would start again; add {FLAG} by hand")
    told = re.search(r"--config\.file[ =](\S+)", common.command_line(host, pid))
    return (*known.check, told[1] if told else known.config)


def _edits(host: Host, product: str, unit: str, port: int) -> tuple[Change, ...]:
    """The flag in the one variable that the unit hands to it."""
    wanted = f"{FLAG}=127.0.0.1:{port}"
    steps = f"start it with {wanted}"
    shown = units.show(host, unit) if unit.endswith(".service") else None
    if shown is None:
        raise Refused(f"{product} runs outside of systemd's services; {steps}")
    named = set(re.findall(r"\$\{?(\w+)\}?", " ".join(shown.commands)))
    places = [
        (path, line)
        for path, _optional in shown.environment_files
        if path.startswith("/") and host.exists(path)
        for line in _LINE.finditer(common.text(host, path))
        if line["name"] in named
    ]
    if len(places) != 1 or FLAG in " ".join(shown.commands):
        raise Refused(f"{unit} takes its flags from no one variable of a file; {steps}")
    path, line = places[0]
    value = _put(line["value"], wanted)
    edit = Edit(line.start("value"), line.end("value"), value)
    return () if value == line["value"] else common.edits(host, {path: [edit]})


def _put(value: str, wanted: str) -> str:
    """In the place of the one that is there, else at the end. Raises Refused where there are several."""
    said = _SAID.findall(value)
    if len(said) > 1:
        raise Refused(f"it has {FLAG} several times; leave one")
    return value.replace(said[0], wanted) if said else f"{value} {wanted}".strip()
