# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A reload of firewalld that costs nobody else anything.

firewalld takes up a new policy or set by a reload alone. That forgets what others set without --permanent, and flushes
all rules of iptables, ip6tables and ebtables, fail2ban's and Docker's among them (0.9 and 1.3 always; 2.3 where there
are direct rules). So both are written down before, and put back behind it. What firewalld holds meanwhile against new
connections is its own: it drops them until the reload is over, and keeps those that are established.

It is asked through busctl, which takes 7 ms where firewall-cmd takes 200.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    kind,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import read_state

UNIT = "firewalld.service"
BUS = "org.fedoraproject.FirewallD1"
OBJECT = "/org/fedoraproject/FirewallD1"
#: It would take a rule's "-s" for an option of its own but for the "--".
BUSCTL = ("busctl", "--json=short", "--auto-start=no", "--")
RELOAD = ("firewall-cmd", "--reload")
RESTART = ("systemctl", "restart", UNIT)
#: Thousands of addresses take their time.
SECONDS = 300
#: For how long a firewalld without a table may be one that is just starting.
PATIENCE = 5
POLL_SECONDS = 0.1
#: What others had, from before a reload until it is put back; a boot forgets it, as it forgets the rules themselves.
STASH = "/run/infosec-principles-firewalld.json"
#: Programs whose rules a reload flushes: how to save, and how to load them again with their counters.
TABLES = {
    "iptables": (("iptables-save", "-c"), ("iptables-restore", "-w", "30", "-c")),
    "ip6tables": (("ip6tables-save", "-c"), ("ip6tables-restore", "-w", "30", "-c")),
    "ebtables": (("ebtables-save",), ("ebtables-restore",)),
}
#: Chains of those who make their rules again when firewalld says that it has reloaded: beside what is put back.
LISTENERS = ("DOCKER", "LIBVIRT_", "NETAVARK")
#: For how long they are at it.
SETTLE = 3
#: Answers of firewalld where somebody (Docker, NetworkManager) has put the thing back already, or elsewhere.
SETTLED = ("ALREADY_ENABLED", "ZONE_ALREADY_SET", "ZONE_CONFLICT", "NOT_ENABLED", "already bound to zone")
#: What direct rules are made of: how to ask for all, how to add one, and its D-Bus signature.
DIRECT = (
    ("getAllChains", "addChain", "sss"),
    ("getAllRules", "addRule", "sssias"),
    ("getAllPassthroughs", "addPassthrough", "sas"),
)

Json = t.Any
#: Settings of a zone or policy, as D-Bus has them: {key: {"type": signature, "data": …}}.
Settings = dict[str, dict[str, Json]]


@kind
@dataclasses.dataclass(frozen=True)
class Reload(Change):
    """Make firewalld take up its files. own: the names of our policies and sets, which are not put back."""

    activates: t.ClassVar[bool] = True

    own: tuple[str, ...]

    def describe(self) -> str:
        return "reload firewalld, and put back what others have set at run time"

    def diff(self) -> Diff:
        header = f"{UNIT} (configuration in use)"
        return {"before_header": header, "after_header": header, "before": "", "after": "taken up by reload\n"}

    def apply(self, host: Machine, *, tag: str) -> None:
        """Does nothing where it does not run. Raises ChangeError where it takes up neither its files nor the rest."""
        if not read_state(host, UNIT).active:
            return
        ready = _is_ready(host, PATIENCE)
        others = _stashed(host) or _stash(host, snapshot(host, self.own))
        _take_up(host, ready=ready)
        lost = list(restore(host, others))
        _forget(host)
        if lost:
            raise ChangeError(f"what others had in firewalld could not all be put back behind the reload: {lost}")

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        self.apply(host, tag=tag)


def _take_up(host: Machine, *, ready: bool) -> None:
    """Reload; where it has no table, which makes a reload fail and leave all closed, after a restart."""
    said = []
    for argv in (RELOAD, RESTART) if ready else (RESTART, RELOAD):
        done = host.run(argv, timeout=SECONDS)
        good = done.rc == 0 and _is_ready(host, SECONDS)
        # 0.9 says that it has started before it has its rules; a reload ends with them.
        if good and (ready or argv is RELOAD):
            return
        said.append(f"{' '.join(argv)} (rc {done.rc}): {(done.stderr or done.stdout).strip()}")
    raise ChangeError(f"firewalld does not take up its files: {'; '.join(said)}")


def _is_ready(host: Machine, seconds: float) -> bool:
    """Whether firewalld runs and has its table, or comes to within that time; systemd has it active before."""
    deadline = time.monotonic() + seconds
    while True:
        state = host.run((*BUSCTL, "get-property", BUS, OBJECT, BUS, "state")).stdout
        tables = host.run(("nft", "list", "tables"))
        if '"RUNNING"' in state and (tables.rc == 127 or "table inet firewalld" in tables.stdout.splitlines()):
            return True
        if '"FAILED"' in state or time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)


# What others have at run time


@dataclasses.dataclass(frozen=True)
class Holder:
    """Zones or policies: the interface and methods of D-Bus that tell and set their settings at run time."""

    interface: str
    lister: str
    getter: str
    setter: str

    def read(self, host: Machine, name: str) -> Settings:
        return t.cast(Settings, _call(host, self.interface, self.getter, "s", name))

    def all(self, host: Machine, own: t.Collection[str]) -> dict[str, Settings]:
        names = _call(host, self.interface, self.lister)
        return {name: self.read(host, name) for name in names if name not in own}


ZONE = Holder(".zone", "getZones", "getZoneSettings2", "setZoneSettings2")
POLICY = Holder(".policy", "getPolicies", "getPolicySettings", "setPolicySettings")


def snapshot(host: Machine, own: t.Collection[str]) -> dict[str, Json]:
    """Everything that a reload loses and that is not ours. Raises ChangeError."""
    return {
        "zones": ZONE.all(host, ()),
        "policies": POLICY.all(host, own),
        "sets": {
            name: entries
            for name in _call(host, ".ipset", "getIPSets")
            if name not in own
            for entries in _entries(host, name)
        },
        "direct": {ask: _call(host, ".direct", ask) for ask, _add, _signature in DIRECT},
        "tables": {name: text for name, (save, _load) in TABLES.items() for text in _saved(host, save)},
    }


def restore(host: Machine, others: t.Mapping[str, Json]) -> t.Iterator[str]:
    """Put back what is missing of a snapshot, and nothing where all is there; yields what could not be."""
    for holder, key in ((ZONE, "zones"), (POLICY, "policies")):
        changed = {name: before for name, before in others[key].items() if _lost(host, holder, name, before)}
        # Twice, since an interface cannot come back to its zone before it has left the one that the files have it in.
        for name, before in (*changed.items(), *changed.items()):
            yield from _settle(host, holder, name, before)
    for name, before in others["sets"].items():
        yield from _refill(host, name, before)
    for ask, add, signature in DIRECT:
        now = _call(host, ".direct", ask)
        for one in others["direct"][ask]:
            if one not in now:
                yield from _try(host, ".direct", add, signature, *words(f"({signature})", one))
    yield from _load_tables(host, others["tables"])


def _load_tables(host: Machine, tables: t.Mapping[str, str]) -> t.Iterator[str]:
    listened = any(name in text for text in tables.values() for name in LISTENERS)
    deadline = time.monotonic() + (SETTLE if listened else 0)
    while True:
        for name, text in tables.items():
            yield from _load(host, name, text)
        if time.monotonic() >= deadline:
            return
        time.sleep(POLL_SECONDS)


def differing(before: Settings, now: Settings) -> Settings:
    """The settings to give so that `now` becomes `before`: lists and switches; the rest cannot be set at run time."""
    wanted = {}
    for key in sorted(before.keys() | now.keys()):
        signature = (before.get(key) or now[key])["type"]
        empty: Json = [] if signature.startswith("a") else False
        old, new = (side[key]["data"] if key in side else empty for side in (before, now))
        if (signature.startswith("a") and _sorted(old) != _sorted(new)) or (signature == "b" and old != new):
            wanted[key] = {"type": signature, "data": old}
    return wanted


def _sorted(items: t.Sequence[Json]) -> list[str]:
    return sorted(map(json.dumps, items))


def _lost(host: Machine, holder: Holder, name: str, before: Settings) -> Settings:
    try:
        return differing(before, holder.read(host, name))
    except ChangeError:
        # Its file went after firewalld had read it, and so it has gone now.
        return {}


def _settle(host: Machine, holder: Holder, name: str, before: Settings) -> t.Iterator[str]:
    # One key at a time: an interface that somebody took elsewhere meanwhile does not keep a port from coming back.
    for key, value in _lost(host, holder, name, before).items():
        given = ["1", key, value["type"], *words(value["type"], value["data"])]
        yield from _try(host, holder.interface, holder.setter, "sa{sv}", name, *given)


def _entries(host: Machine, name: str) -> t.Iterator[list[str]]:
    """The entries of a set, or nothing where firewalld does not know them (those with a timeout live in the kernel)."""
    with contextlib.suppress(ChangeError):
        yield _call(host, ".ipset", "getEntries", "s", name)


def _refill(host: Machine, name: str, before: t.Sequence[str]) -> t.Iterator[str]:
    for now in _entries(host, name):
        for method, entries in (("addEntry", set(before) - set(now)), ("removeEntry", set(now) - set(before))):
            for entry in sorted(entries):
                yield from _try(host, ".ipset", method, "ss", name, entry)


def _saved(host: Machine, save: tuple[str, ...]) -> t.Iterator[str]:
    done = host.run(save, timeout=60)
    if done.rc == 0:
        yield done.stdout


def _load(host: Machine, name: str, text: str) -> t.Iterator[str]:
    save, load = TABLES[name]
    if any(rules(now) == rules(text) for now in _saved(host, save)):
        return
    done = host.run(load, stdin=text, timeout=60)
    if done.rc != 0:
        yield f"the rules of {name}: {done.stderr.strip()}"


def rules(text: str) -> list[str]:
    """What filters in the output of iptables-save and its like: rules, own chains and policies, without counters."""
    found, table = [], ""
    for line in text.splitlines():
        plain = re.sub(r"\[\d+:\d+\] ?", "", line).strip()
        table = plain if plain.startswith("*") else table
        # A reload makes empty tables where there were none.
        if plain.startswith(("-", ":")) and not re.fullmatch(r":[A-Z]+ ACCEPT", plain):
            found.append(f"{table} {plain}")
    return found


# Asking firewalld


def _call(host: Machine, interface: str, method: str, signature: str = "", *given: str) -> Json:
    """What a method of firewalld answers. Raises ChangeError."""
    argv = (*BUSCTL, "call", BUS, OBJECT, f"{BUS}{interface}", method, *((signature, *given) if signature else ()))
    done = host.run(argv, timeout=60)
    if done.rc != 0:
        said = re.sub(r"\x1b\[[\d;]*m", "", done.stderr).strip()
        raise ChangeError(f"firewalld, {method} {' '.join(given)[:200]}: {said}")
    return (json.loads(done.stdout or "{}").get("data") or [None])[0]


def _try(host: Machine, interface: str, method: str, signature: str, *given: str) -> t.Iterator[str]:
    try:
        _call(host, interface, method, signature, *given)
    except ChangeError as exc:
        if not any(word in str(exc) for word in SETTLED):
            yield str(exc)


def words(signature: str, data: Json) -> list[str]:
    """Data as arguments of busctl: texts, numbers, switches, and arrays and structures of them."""
    if signature.startswith("a"):
        return [str(len(data)), *(word for item in data for word in words(signature[1:], item))]
    if signature.startswith("("):
        parts = re.findall(r"a?\w", signature[1:-1])
        return [word for part, item in zip(parts, data) for word in words(part, item)]
    return [str(data).lower() if signature == "b" else str(data)]


# The stash: a run that is killed behind the reload has not lost what others had


def _stash(host: Machine, others: dict[str, Json]) -> dict[str, Json]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    new = host.path(f"{STASH}.new")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    with os.fdopen(os.open(new, flags, 0o600), "w", encoding="utf-8", errors="surrogateescape") as stream:
        json.dump(others, stream)
    os.rename(new, host.path(STASH))
    return others


def _stashed(host: Machine) -> dict[str, Json]:
    try:
        with open(host.path(STASH), encoding="utf-8", errors="surrogateescape") as stream:
            return t.cast("dict[str, Json]", json.load(stream))
    except FileNotFoundError:
        return {}


def _forget(host: Machine) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(host.path(STASH))
