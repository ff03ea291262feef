# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The units of systemd that start programs, asked for in one call a run (20 services: 17 ms)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

PROPERTIES = ",".join(
    (
        *(
            "Id",
            "Names",
            "LoadState",
            "ActiveState",
            "UnitFileState",
            "FragmentPath",
            "Triggers",
            "TriggeredBy",
            "PartOf",
        ),
        *("MainPID", "Listen", "Accept", "Transient"),
        *("SubState", "Result", "Type", "BusName", "SourcePath", "WantedBy", "RequiredBy", "BoundBy", "UpheldBy"),
        *("NextElapseUSecRealtime", "NextElapseUSecMonotonic", "OnFailure"),
        *("WorkingDirectory", "ExecStart"),
        *("User", "Environment", "EnvironmentFiles", "DropInPaths"),
    )
)
#: Targets say what a boot starts.
PATTERNS = ("*.service", "*.socket", "*.timer", "*.path", "*.target")
#: The one call.
ALL = ("systemctl", "show", f"--property={PROPERTIES}", *PATTERNS)
#: Where systemd finds units' files (systemd.unit(5)), those that generators make among them.
FOLDERS = (
    *(f"/etc/systemd/{name}" for name in ("system", "system.control", "system.attached")),
    *(f"/run/systemd/{name}" for name in ("system", "system.control", "system.attached", "transient")),
    *(f"/run/systemd/generator{suffix}" for suffix in ("", ".early", ".late")),
    *(f"{base}/systemd/system" for base in ("/usr/local/lib", "/usr/lib", "/lib")),
)
#: Without those of the distribution, what lies in the others does not tell what there is.
DISTRIBUTION = FOLDERS[-2:]
#: Other types have units without a file.
_FILED = re.compile(r"(?P<stem>[^@]*@?)[^@]*(?P<type>\.(?:service|socket|timer|path|target))")
#: The other ends of Wants=, Requires=, BindsTo= and Upholds=.
PULLS = ("WantedBy", "RequiredBy", "BoundBy", "UpheldBy")
_LISTEN = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>[0-9.]+)):(?P<port>\d+)(?:%\S+)? \((?P<kind>\w+)\)")
_PROTOCOLS = {"Stream": "tcp", "Datagram": "udp"}


@dataclasses.dataclass(frozen=True)
class Unit:
    """One unit as `systemctl show` tells it.

    load, active, enablement: LoadState, ActiveState, UnitFileState ("" for a unit without a file).
    listen: (protocol, address, port) of a socket unit's internet sockets. accept: it starts an instance a connection.
    transient: made by systemd-run or the like, without a unit file; gone once it stops.
    sub, result, kind: SubState, Result, Type. bus_name: D-Bus starts it for that name.
    source: what a generator made it of. pulled_by: units that start it whenever they start (Wants=, Requires= and the
    like). required_by: those of them that do not start without it.
    folder, program: where a service works (WorkingDirectory), and what it starts first (ExecStart).
    user: whom it runs as, as the unit names it; "" for root. commands: the words of each ExecStart, as shown.
    environment: what it gets, as systemd shows it. environment_files: (pattern of paths, whether it may be missing).
    drop_ins: files that add to the unit's own. Commands and environment may hold secrets, and are never to be told.
    """

    name: str
    names: tuple[str, ...] = ()
    load: str = ""
    active: str = ""
    enablement: str = ""
    fragment: str = ""
    triggers: tuple[str, ...] = ()
    triggered_by: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    main_pid: int = 0
    listen: tuple[tuple[str, str, int], ...] = ()
    accept: bool = False
    transient: bool = False
    folder: str = ""
    program: str = ""
    sub: str = ""
    result: str = ""
    kind: str = ""
    bus_name: str = ""
    source: str = ""
    pulled_by: tuple[str, ...] = ()
    required_by: tuple[str, ...] = ()
    #: When a timer starts its unit next, by the calendar or after boot; "" for never.
    next_elapse: str = ""
    #: What is started when it fails.
    on_failure: tuple[str, ...] = ()
    user: str = ""
    commands: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    environment: str = dataclasses.field(default="", repr=False)
    environment_files: tuple[tuple[str, bool], ...] = ()
    drop_ins: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether it runs, listens, or is on its way to."""
        return self.active in ("active", "activating", "reloading")


@dataclasses.dataclass(frozen=True)
class Units:
    """Units of PATTERNS that systemd has loaded, by name and by alias; `why` says why there are none."""

    by_name: t.Mapping[str, Unit]
    why: str = ""

    def __iter__(self) -> t.Iterator[Unit]:
        return iter({unit.name: unit for unit in self.by_name.values()}.values())

    def get(self, name: str) -> Unit | None:
        """The loaded unit of that name or alias."""
        return self.by_name.get(name)


def read(host: Host) -> Units:
    """Units of PATTERNS in systemd's memory, running or not; none where systemd is not PID 1.

    Use as `host.once(units.read)`. A unit that nothing started or wants may be missing: see `show`.
    """
    if not host.exists("/run/systemd/system"):
        return Units({}, "systemd does not run here (no /run/systemd/system)")
    shown = host.ask(*ALL)
    if shown.rc != 0:
        return Units({}, f"systemctl show: {shown.stderr.strip() or f'ended with {shown.rc}'}")
    units = parse(shown.stdout)
    return Units({name: unit for unit in units for name in (unit.name, *unit.names)})


def asking(*names: str) -> tuple[str, ...]:
    """The command that tells of these units, loaded or not."""
    return ("systemctl", "show", f"--property={PROPERTIES}", "--", *names)


def show(host: Host, name: str) -> Unit | None:
    """One unit of any type, loaded or not; None where systemd does not run or knows no such unit."""
    units = host.once(read)
    if units.why or units.get(name) or is_absent(host, name):
        return units.get(name)
    found = parse(host.ask(*asking(name)).stdout)
    return next((unit for unit in found if unit.load not in ("not-found", "")), None)


def on_disk(host: Host) -> frozenset[str]:
    """Names of all units' files, aliases and templates; empty where that cannot be told. Use with `host.once`."""
    if not any(map(host.listdir, DISTRIBUTION)):
        return frozenset()
    return frozenset(name for folder in FOLDERS for name in host.listdir(folder))


def is_absent(host: Host, name: str) -> bool:
    """Whether there is surely no file for a unit, so that systemd need not be asked for it: 8 ms, and 2 of PID 1."""
    known, parts = host.once(on_disk), _FILED.fullmatch(name)
    if not known or not parts:
        return False
    template = parts["stem"] + parts["type"] if parts["stem"].endswith("@") else name
    return not known & {name, template}


def parse(text: str) -> list[Unit]:
    """Read the output of `systemctl show` for any number of units: blocks of KEY=VALUE lines between empty lines."""
    return [unit for unit in map(_unit, re.split(r"\n\n+", text)) if unit.name]


def _unit(block: str) -> Unit:
    values: dict[str, str] = {}
    several: dict[str, list[str]] = {"Listen": [], "ExecStart": [], "EnvironmentFiles": []}
    for line in block.split("\n"):
        key, _equals, value = line.partition("=")
        if key in several:
            several[key].append(value)
        values[key] = value
    words = {key: tuple(value.split()) for key, value in values.items()}
    return Unit(
        name=values.get("Id", ""),
        names=words.get("Names", ()),
        load=values.get("LoadState", ""),
        active=values.get("ActiveState", ""),
        enablement=values.get("UnitFileState", ""),
        fragment=values.get("FragmentPath", ""),
        triggers=words.get("Triggers", ()),
        triggered_by=words.get("TriggeredBy", ()),
        part_of=words.get("PartOf", ()),
        main_pid=int(values.get("MainPID") or 0),
        listen=tuple(endpoint for value in several["Listen"] for endpoint in _endpoints(value)),
        accept=values.get("Accept") == "yes",
        transient=values.get("Transient") == "yes",
        # "!" says that the folder may be missing.
        folder=values.get("WorkingDirectory", "").lstrip("!"),
        program=_program(values.get("ExecStart", "")),
        sub=values.get("SubState", ""),
        result=values.get("Result", ""),
        kind=values.get("Type", ""),
        bus_name=values.get("BusName", ""),
        source=values.get("SourcePath", ""),
        pulled_by=tuple(name for key in PULLS for name in words.get(key, ())),
        required_by=(*words.get("RequiredBy", ()), *words.get("BoundBy", ())),
        next_elapse=_time(values.get("NextElapseUSecRealtime")) or _time(values.get("NextElapseUSecMonotonic")),
        on_failure=words.get("OnFailure", ()),
        user=values.get("User", ""),
        commands=tuple(filter(None, map(_arguments, several["ExecStart"]))),
        environment=values.get("Environment", ""),
        environment_files=tuple(_environment_file(value) for value in several["EnvironmentFiles"] if value),
        drop_ins=words.get("DropInPaths", ()),
    )


def _time(value: str | None) -> str:
    """A time that a timer is due at; what systemd shows for never is no time."""
    return "" if value in (None, "0", "infinity") else str(value)


def _endpoints(value: str) -> t.Iterator[tuple[str, str, int]]:
    match = _LISTEN.fullmatch(value)
    if match and match["kind"] in _PROTOCOLS:
        yield (_PROTOCOLS[match["kind"]], match["six"] or match["four"], int(match["port"]))


def _program(value: str) -> str:
    """The path in "{ path=/usr/sbin/sshd ; argv[]=... ; ... }"."""
    return value[len("{ path=") :].partition(" ; ")[0] if value.startswith("{ path=") else ""


def _arguments(value: str) -> str:
    """The words of the command in it."""
    return value.partition(" ; argv[]=")[2].rpartition(" ; ignore_errors=")[0]


def _environment_file(value: str) -> tuple[str, bool]:
    """Of "/etc/default/ssh (ignore_errors=yes)": the path, and whether it may be missing."""
    path, _blank, ignoring = value.rpartition(" (ignore_errors=")
    return (path, ignoring == "yes)") if path else (value, False)
