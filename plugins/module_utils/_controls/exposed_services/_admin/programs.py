# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Programs that have their web administration at a port of their own: where they listen, whom they let in, and how
each is closed without a word of TCP to ports that are for something else.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    ANY,
    Admission,
    Found,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
        cockpit,
        flags,
        rabbitmq,
        tomcat,
        webmin,
    )
else:
    cockpit = later("_controls.exposed_services._admin.cockpit")
    flags = later("_controls.exposed_services._admin.flags")
    rabbitmq = later("_controls.exposed_services._admin.rabbitmq")
    tomcat = later("_controls.exposed_services._admin.tomcat")
    webmin = later("_controls.exposed_services._admin.webmin")

BY_KEY = {one.key: one for one in INTERFACES}


@dataclasses.dataclass(frozen=True)
class Program:
    """A program of the table. keys: the interfaces that it serves. runs: a pattern of its command line, for what is
    known by no name of its own (java, perl).

    told: a pattern of the command line that names a port of its web. every: whether it has no other ports than
    those of its web; else only those that it is known for, and those it is told, are asked. secure: whether it speaks
    TLS by itself, so that is tried first.
    """

    name: str
    keys: tuple[str, ...]
    runs: str = ""
    told: str = ""
    every: bool = False
    secure: bool = False

    @property
    def processes(self) -> frozenset[str]:
        return frozenset(name for key in self.keys for name in BY_KEY[key].programs)

    @property
    def usual(self) -> frozenset[int]:
        return frozenset(port for key in self.keys for port in BY_KEY[key].ports)


_FLAG = r"--web\.listen-address[ =]\S*:(\d+)"
PROGRAMS = (
    Program("Tomcat", ("tomcat", "tomcat-host-manager"), r"org\.apache\.catalina\.startup\.Bootstrap"),
    Program("Jenkins", ("jenkins",), r"jenkins\S*\.war", r"--https?Port=(\d+)"),
    Program("Solr", ("solr",), r"-Dsolr\.", r"-Djetty\.port=(\d+)"),
    Program("Grafana", ("grafana",), every=True),
    Program("Kibana", ("kibana",), r"kibana", every=True),
    Program("Prometheus", ("prometheus",), told=_FLAG, every=True),
    Program("Alertmanager", ("alertmanager",), told=_FLAG),
    Program("Consul", ("consul",)),
    Program("Portainer", ("portainer",), told=r"--bind(?:-https)?[ =]\S*:(\d+)", secure=True),
    Program("Traefik", ("traefik",), every=True),
    Program("RabbitMQ", ("rabbitmq",), r" -s rabbit "),
    Program("CouchDB", ("couchdb",), r"couch"),
    Program("Cockpit", ("cockpit",), every=True),
    Program("Webmin", ("webmin",), r"miniserv\.pl", every=True, secure=True),
    Program("pgAdmin", ("pgadmin",), r"(?i)pgadmin", every=True),
)
BY_NAME = {one.name: one for one in PROGRAMS}
#: Whose ports are said in files.
PORTS: dict[str, t.Any] = {"Tomcat": tomcat, "RabbitMQ": rabbitmq}
#: Who lets in by address.
ADMISSIONS: dict[str, t.Any] = {"Tomcat": tomcat, "Webmin": webmin}
PLANS: dict[str, t.Callable[[Host, t.Sequence[Shut], bool], tuple[Change, ...]]] = {
    "Tomcat": lambda host, shuts, restart: tomcat.plan(host, shuts),
    "RabbitMQ": lambda host, shuts, restart: rabbitmq.plan(host, shuts),
    "Cockpit": lambda host, shuts, restart: cockpit.plan(host, shuts, restart=restart),
    "Prometheus": lambda host, shuts, restart: flags.plan(host, shuts, restart=restart),
    "Alertmanager": lambda host, shuts, restart: flags.plan(host, shuts, restart=restart),
}
#: Who speaks both at one port, and leads others to TLS or does not, as its files say.
SECURED: dict[str, t.Any] = {"Cockpit": cockpit}
#: systemd holds its port, and starts it for whoever comes.
SOCKET_UNITS = {"cockpit.socket": "cockpit-tls"}


def find(host: Host) -> t.Iterator[Vhost]:
    """Each port where one of them may have its administration, as a site without a name."""
    listening = [one for one in map(_named, host.once(sockets.read)) if _plain(one)]
    for program in PROGRAMS:
        for run in _running(host, program, [one for one in listening if one.process in program.processes]):
            for port in _ports(host, program, run):
                yield _place(host, program, run, port)


def _named(one: sockets.Listener) -> sockets.Listener:
    process = SOCKET_UNITS.get(one.socket_unit)
    return dataclasses.replace(one, process=process) if process else one


def _plain(one: sockets.Listener) -> bool:
    """What runs in a container is not this host's, and its files are not either."""
    return one.protocol == "tcp" and one.holder == sockets.PROCESS and not one.published_by


def _running(host: Host, program: Program, listening: t.Sequence[sockets.Listener]) -> t.Iterator[Running]:
    """By unit, and by process for those outside of all units."""
    groups: dict[tuple[str, int], list[sockets.Listener]] = {}
    for one in listening:
        if not program.runs or re.search(program.runs, command_line(host, one.pid)):
            groups.setdefault((one.unit, 0 if one.unit else one.pid), []).append(one)
    for (unit, _pid), found in sorted(groups.items()):
        yield Running(unit, tuple(sorted({one.pid for one in found})), tuple(found))


def command_line(host: Host, pid: int) -> str:
    """The words of a process; "" for one that has ended, or is PID 1 and stands for another."""
    try:
        return common.command_line(host, pid)
    except HostError:
        return ""


def _ports(host: Host, program: Program, run: Running) -> list[int]:
    listening = {one.port for one in run.listeners}
    if program.every:
        return sorted(listening)
    told = {int(port) for port in re.findall(program.told, command_line(host, run.pids[0]))} if program.told else set()
    asked = set(PORTS[program.name].ports(host, run)) if program.name in PORTS else program.usual
    return sorted(listening & (asked | told))


def _place(host: Host, program: Program, run: Running, port: int) -> Vhost:
    """With TLS where it speaks that. A server that wants TLS may tell a client in clear so, by status 400."""

    def at(*, tls: bool) -> Vhost:
        return Vhost(program.name, run, "", run.near(port), port, tls, "", None)

    if program.name in SECURED:
        return _woken(host, at(tls=SECURED[program.name].secured(host)))
    for tls in (program.secure, not program.secure):
        try:
            if tls or at(tls=tls).ask(host, "/").status != 400:
                at(tls=tls).ask(host, "/")
                return at(tls=tls)
        except HostError:
            continue
    return at(tls=program.secure)


def _woken(host: Host, vhost: Vhost) -> Vhost:
    """What sleeps until somebody comes (cockpit.socket) may be too slow for the first request."""
    for anew in (False, True):
        with contextlib.suppress(HostError):
            vhost.ask(host, "/", anew=anew)
            break
    return vhost


def admission(host: Host, found: Found) -> Admission:
    """Whom it lets in: nobody else where it listens on loopback alone. Raises HostError."""
    addresses = found.at.run.addresses(found.at.port)
    listens = Evidence("/proc/net/tcp", f"port {found.at.port} on {', '.join(addresses)}", "loopback")
    if all(map(sockets.is_loopback, addresses)):
        return Admission((), (listens,))
    if found.at.product not in ADMISSIONS:
        return Admission((ANY,), (listens,))
    told: Admission = ADMISSIONS[found.at.product].admission(host, found)
    return dataclasses.replace(told, evidence=(listens, *told.evidence))


def plan(host: Host, shuts: t.Sequence[Shut], *, restart: bool) -> tuple[Change, ...]:
    """What shuts all of one program. restart: whether that may restart it. Raises Refused or HostError."""
    product = shuts[0].found.at.product
    if product not in PLANS:
        raise Refused(f"{product} is not changed from here: {shuts[0].found.interface.shut}")
    return PLANS[product](host, shuts, restart)


def loopback_alone(shuts: t.Iterable[Shut]) -> None:
    """Raise Refused where others are to get in to a program that tells nobody apart by address."""
    for one in shuts:
        if one.clients:
            raise Refused(
                f"{one.found.at.product} tells nobody apart by address: let the host's firewall admit "
                f"{', '.join(one.clients)} alone to port {one.found.at.port} (control host_firewall, by the same "
                "entry of the register), or put a web server before it"
            )
