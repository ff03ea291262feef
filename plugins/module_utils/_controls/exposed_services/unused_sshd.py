# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""unused_sshd: sshd that nobody logs in to is one more way in for nothing."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, logins, processes, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

SUBJECT = "sshd"
UNUSED = f.Rule(
    name="unused",
    title="sshd runs only where people log in",
    risk="medium",
    reference="https://infosec.mozilla.org/fundamentals/security_principles#do-not-expose-unnecessary-services",
    remedy="Stop, disable and mask sshd and its socket, or log in over SSH where it is meant to be used.",
)
RULES = (UNUSED,)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "idle_days": {"type": "int", "default": 90},
    "allow_self_cutoff": {"type": "bool", "default": False},
}

#: Sockets first: a connection must not start the service again. (sshd-unix-local.socket and sshd-vsock.socket, which
#: systemd makes by itself, are for this machine and its hypervisor alone and on no network.)
UNITS = ("ssh.socket", "sshd.socket", "ssh.service", "sshd.service")
_SESSION = re.compile(r"sshd(?:-session)?: (?P<account>\S+)@(?P<terminal>pts/\d+|notty)\b")
_OWN_UNITS = "/etc/systemd/system/"


@dataclasses.dataclass(frozen=True)
class Daemon:
    """sshd as it is here: what exists, what of it is on, and the sessions that it carries now (pid, account)."""

    units: tuple[units.Unit, ...] = ()
    listeners: tuple[processes.Process, ...] = ()
    sessions: tuple[tuple[int, str], ...] = ()

    @property
    def on(self) -> tuple[str, ...]:
        """What runs or will run after the next boot: units, and processes that no unit started."""
        known = {unit.name for unit in self.units}
        loose = [f"process {item.pid}" for item in self.listeners if item.place.unit not in known]
        return (*(unit.name for unit in self.units if unit.is_active or unit.enablement.startswith("enabled")), *loose)


@dataclasses.dataclass(frozen=True)
class History:
    """What all sources together say.

    last: the newest login that counts. since: as far back as it is known without a gap that nobody else came.
    every_since: the same for logins without a terminal; None where no source shows them. newest: of any entry.
    """

    last: logins.Login | None
    since: datetime.datetime | None
    every_since: datetime.datetime | None
    newest: datetime.datetime | None
    problems: tuple[str, ...]


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """One finding about sshd as a whole: a login cannot be told to have come through one unit or another."""
    if options["idle_days"] < 1:
        yield f.Finding(UNUSED, SUBJECT, f.ERROR, f"idle_days is {options['idle_days']}; give 1 day or more")
        return
    daemon = read_daemon(host)
    own = host.once(connection.read)
    yield _off(daemon) if not daemon.on else _used_now(daemon, own, options) or _by_history(host, daemon, own, options)


def _off(daemon: Daemon) -> f.Finding:
    if not daemon.units:
        return f.Finding(UNUSED, SUBJECT, f.NOT_APPLICABLE, "there is no sshd")
    return f.Finding(UNUSED, SUBJECT, f.PASS, "sshd is off", _state(daemon))


def _used_now(daemon: Daemon, own: connection.Connection | None, options: Options) -> f.Finding | None:
    """Open sessions are logins, however long ago they began; the one that carries this run is one of them."""
    ours = set(own.pids) if own else set()
    if own and not options["allow_self_cutoff"] and not own.unit.startswith("dropbear"):
        evidence = (*_state(daemon), f.Evidence("connection of this run", f"from {processes.printable(own.peer)}"))
        return f.Finding(UNUSED, SUBJECT, f.PASS, "sshd carries the connection of this run", evidence)
    for pid, account in daemon.sessions:
        if pid not in ours:
            evidence = (*_state(daemon), f.Evidence(f"/proc/{pid}/cmdline", f"open session of {account}"))
            return f.Finding(UNUSED, SUBJECT, f.PASS, f"{account} is logged in now", evidence)
    return None


def _by_history(host: Host, daemon: Daemon, own: connection.Connection | None, options: Options) -> f.Finding:
    idle_days = options["idle_days"]
    since = host.now() - datetime.timedelta(days=idle_days)
    history = read_history(host, since, _is_own(own, daemon))
    if history.last and history.last.when >= since:
        return f.Finding(UNUSED, SUBJECT, f.PASS, _came(history.last), (*_state(daemon), _last(history)))
    why = unknown(history, host.now(), idle_days)
    evidence = (*_state(daemon), _last(history), *_remembered(history, idle_days))
    if why:
        return f.Finding(UNUSED, SUBJECT, f.NOT_ASSESSED, why, evidence)
    message = f"sshd is on ({', '.join(daemon.on)}) and nobody has logged in for {idle_days} days"
    return f.Finding(UNUSED, SUBJECT, f.FAIL, message, evidence, _turn_off(daemon))


def unknown(history: History, now: datetime.datetime, idle_days: int) -> str:
    """Why what is remembered does not prove that nobody came; empty where it does."""
    because = f" ({'; '.join(history.problems)})" if history.problems else ""
    if history.newest and history.newest > now + logins.GAP:
        return f"the clock is wrong: it says {now:%Y-%m-%d}, but there are log entries of {history.newest:%Y-%m-%d}"
    days = (now - history.since).days if history.since else 0
    if days < idle_days:
        return f"logins are remembered for {days} days only, and {idle_days} (idle_days) are asked for{because}"
    if history.every_since is None:
        return f"logins without a terminal (scp, rsync, Ansible) are in no log that can be read{because}"
    return ""


def read_history(host: Host, since: datetime.datetime, is_own: t.Callable[[logins.Login], bool]) -> History:
    """Ask the sources in turn, and no further than the first login after `since`."""
    seen: list[logins.Source] = []
    last: logins.Login | None = None
    for source in logins.sources(host, since):
        seen.append(source)
        past = (login for login in source.logins if login.when <= host.now() + logins.GAP and not is_own(login))
        last = max((login for login in (last, *past) if login), key=_when, default=None)
        if last and last.when >= since:
            break
    spans = [span for source in seen for span in source.spans]
    every = [span for source in seen if source.every_login for span in source.spans]
    return History(
        last,
        logins.covered_since(spans, host.now()),
        logins.covered_since(every, host.now()),
        max((source.newest for source in seen if source.newest), default=None),
        tuple(problem for source in seen for problem in source.problems),
    )


def _when(login: logins.Login) -> datetime.datetime:
    return login.when


def _is_own(own: connection.Connection | None, daemon: Daemon) -> t.Callable[[logins.Login], bool]:
    """Whether a login came the way this run came; asked only where such a connection may be cut off."""
    accounts = {account for pid, account in daemon.sessions if own and pid in own.pids}
    return lambda login: bool(own) and login.account in accounts and login.peer in ("", own.peer if own else "")


# sshd itself


def read_daemon(host: Host) -> Daemon:
    """Units by name; processes by what sshd calls itself; units of any other name by their processes.

    What runs in a container is the container's own.
    """
    listeners: list[processes.Process] = []
    sessions: list[tuple[int, str]] = []
    for pid, title in _titles(host):
        process = processes.describe(host, pid)
        session = _SESSION.match(title)
        if process is None or process.place.engine:
            continue
        if session:
            sessions.append((pid, processes.printable(session["account"])))
        elif "[listener]" in title or not title.startswith(("sshd-", "sshd: ")):
            listeners.append(process)
    return Daemon(_units(host, listeners), tuple(listeners), tuple(sessions))


def _titles(host: Host) -> t.Iterator[tuple[int, str]]:
    """(pid, command line) of every process that is called sshd or sshd-session."""
    for name in host.listdir("/proc"):
        try:
            if name.isdigit() and host.read_text(f"/proc/{name}/comm").strip() in ("sshd", "sshd-session"):
                yield int(name), host.read_text(f"/proc/{name}/cmdline").replace("\0", " ").strip()
        except HostError:
            continue


def _units(host: Host, listeners: t.Iterable[processes.Process]) -> tuple[units.Unit, ...]:
    """The units that exist, each once whatever its aliases; by name, since systemd forgets those that are off."""
    others = {item.place.unit for item in listeners if item.place.unit.endswith(".service")}
    if not host.exists("/run/systemd/system"):
        return ()
    told = host.ask(*units.asking(*UNITS, *sorted(others - {*UNITS})))
    found = (unit for unit in units.parse(told.stdout) if unit.load not in ("not-found", ""))
    return tuple({unit.name: unit for unit in found}.values())


# The fix


def _turn_off(daemon: Daemon) -> tuple[Change, ...]:
    """Every unit of sshd that exists, also those that are off: masked, nothing starts them by accident.

    Sessions go on when ssh.service is stopped (KillMode=process), so whoever is on the way out can finish.
    """
    changes = (UnitState(unit.name, State(unit.is_active, unit.enablement), _off_state(unit)) for unit in daemon.units)
    return tuple(change for change in changes if change.before != change.after)


def _off_state(unit: units.Unit) -> State:
    """A unit whose file lies where the mask would lie cannot be masked, only disabled."""
    if unit.transient:
        return State(active=False, enablement=unit.enablement)
    if unit.fragment.startswith(_OWN_UNITS):
        return State(active=False, enablement="disabled" if unit.enablement == "enabled" else unit.enablement)
    return State(active=False, enablement="masked")


# Evidence


def _state(daemon: Daemon) -> tuple[f.Evidence, ...]:
    states = [
        f.Evidence(f"systemctl show {unit.name}", f"{unit.active}, {unit.enablement or 'without a unit file'}", "off")
        for unit in daemon.units
    ]
    known = {unit.name for unit in daemon.units}
    loose = [item for item in daemon.listeners if item.place.unit not in known]
    return (
        *states,
        *(f.Evidence(f"/proc/{item.pid}", f"{item.exe or item.name} that no unit started", "off") for item in loose),
    )


def _came(login: logins.Login) -> str:
    return f"{login.account} logged in{f' from {login.peer}' if login.peer else ''} on {login.when:%Y-%m-%d}"


def _last(history: History) -> f.Evidence:
    return (
        f.Evidence(history.last.source, _came(history.last)) if history.last else f.Evidence("all sources", "no login")
    )


def _remembered(history: History, idle_days: int) -> tuple[f.Evidence, ...]:
    return (
        f.Evidence("all sources", f"logins are known since {_day(history.since)}", f"{idle_days} days ago or earlier"),
        f.Evidence("journal, auth.log", f"logins without a terminal are known since {_day(history.every_since)}"),
        *(f.Evidence(*problem.split(": ", 1)) for problem in history.problems),
    )


def _day(when: datetime.datetime | None) -> str:
    return f"{when:%Y-%m-%d}" if when else "never"


CONTROL = Control(
    name="unused_sshd",
    principle="exposed_services",
    title="sshd runs only where people log in",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
