# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How a port is closed: which units to stop, disable and mask, and when to leave that to a person."""

from __future__ import annotations

import dataclasses
import fnmatch
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, sockets, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sockets import Listener

Plan = tuple[UnitState, ...]

#: Units that are not stopped, whatever the register says: shell patterns, and the reason with the better way.
PROTECTED: tuple[tuple[str, str], ...] = (
    ("systemd-resolved.service", "it resolves names for this host; set LLMNR=no and MulticastDNS=no in resolved.conf"),
    (
        "systemd-networkd* NetworkManager* networking.service netplan* dhcpcd* dhclient* ifup@* wpa_supplicant* "
        "connman* wicked*",
        "it configures this host's network; turn the feature off in its own configuration",
    ),
    ("systemd-timesyncd* chrony* ntp* openntpd*", "it keeps the clock; make it only a client in its own configuration"),
    ("systemd-* dbus* init.scope", "it is part of the system itself; turn the feature off in its own configuration"),
    (
        "docker.* containerd.* podman* crio.* k3s* kubelet.* libvirtd.* virtnetworkd.* lxd* incus*",
        "stopping it takes the network or the life of every guest; change what the guest publishes",
    ),
    (
        "openvpn* wg-quick@* strongswan* ipsec.* tailscaled.* zerotier-one.* nebula* frr.* bird* keepalived.*",
        "other hosts may reach this one through it; stop it by hand once that is ruled out",
    ),
    ("corosync* pacemaker* glusterd* ceph-* drbd*", "a cluster depends on it; take the host out of the cluster first"),
    ("*.slice session-*.scope user@* user-runtime-dir@*", "it holds the logins of people; end the process itself"),
    ("*.scope", "it is no service; end the process itself"),
)
#: Commands that list containers, where they are not the engine's name and `ps`.
_SSH = re.compile(r"(sshd?|dropbear)(@.*)?\.(service|socket)")
LISTERS = {"kubernetes": "crictl ps"}
_HIDDEN = "what has the socket is hidden from this user; run as root (become: true)"
_KERNEL = "the kernel itself has the socket (NFS, WireGuard or the like), no process that could be stopped"


def plans(
    host: Host, undeclared: t.Mapping[str, tuple[Listener, ...]], needed: t.Mapping[str, str]
) -> dict[str, Plan | str]:
    """For each undeclared port the changes that close it, or why it is left open.

    needed: the units behind declared ports, each with such a port. Ports of one unit share the very same changes.
    """
    verdicts = {name: _closable(host, listeners, needed) for name, listeners in undeclared.items()}
    groups = _connected([verdict for verdict in verdicts.values() if isinstance(verdict, frozenset)])
    made = {group: _plan(host, group) for group in groups}
    return {name: verdict if isinstance(verdict, str) else _of(made, verdict) for name, verdict in verdicts.items()}


def _of(made: t.Mapping[frozenset[str], Plan], names: frozenset[str]) -> Plan:
    return next(plan for group, plan in made.items() if names <= group)


def _connected(sets: t.Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Join the sets that have a member in common."""
    joined: list[frozenset[str]] = []
    for one in sets:
        touching = [other for other in joined if other & one]
        joined = [other for other in joined if not other & one] + [one.union(*touching)]
    return joined


def _plan(host: Host, names: frozenset[str]) -> Plan:
    found = [unit for unit in (units.show(host, name) for name in sorted(names)) if unit]
    services = [unit for unit in found if unit.name.endswith(".service")]
    starters = [unit for unit in found if unit not in services]
    if not starters:
        return tuple(map(_off, services))
    # A service stops with a socket that it requires. It is stopped before, so that undo, which goes the other way,
    # starts it last; and it is shut after what could start it again.
    stopped = [dataclasses.replace(unit, active="inactive") for unit in services]
    return (*_stops(services), *map(_off, starters), *(_off(unit) for unit in stopped if _shut(unit)))


def _stops(services: t.Iterable[units.Unit]) -> t.Iterator[UnitState]:
    for unit in services:
        if unit.is_active:
            yield UnitState(unit.name, State(True, unit.enablement), State(False))


def _off(unit: units.Unit) -> UnitState:
    return UnitState(unit.name, State(unit.is_active, unit.enablement), State(False, _shut(unit)))


def _shut(unit: units.Unit) -> str:
    """masked; a unit whose file lies where the mask would can only be disabled."""
    if os.path.dirname(unit.fragment) != "/etc/systemd/system":
        return "masked"
    return "disabled" if unit.enablement.startswith("enabled") else ""


def _closable(host: Host, listeners: tuple[Listener, ...], needed: t.Mapping[str, str]) -> frozenset[str] | str:
    """The units to stop, or why they are not stopped."""
    names: set[str] = set()
    for item in listeners:
        verdict = _outsider(item) or _carrier(host, item) or _guarded(host, item) or _needed(host, item, needed)
        if verdict:
            return verdict
        names.update(_stack(host, item))
    return frozenset(names)


def _outsider(item: Listener) -> str:
    """Why there is no unit to stop, with what to do instead."""
    if item.published_by:
        lister = LISTERS.get(item.published_by, f"{item.published_by} ps")
        return f"it is a container's; find it with `{lister}` and start it again without that port"
    if item.holder != sockets.PROCESS and not item.socket_unit:
        return _KERNEL if item.holder == sockets.KERNEL else _HIDDEN
    if item.user_unit:
        owner = item.unit.partition("@")[2].rpartition(".")[0]
        return f"a user's own systemd runs it; run `systemctl --user --machine={owner}@ disable --now {item.user_unit}`"
    if not item.unit and not item.socket_unit:
        return f"no systemd unit runs it; find it with `ss -lnp 'sport = :{item.port}'`, end it and see what started it"
    return ""


def _carrier(host: Host, item: Listener) -> str:
    """Why stopping it might cut us off."""
    ours = host.once(connection.read)
    if ours and (item.protocol, item.port) == ("tcp", ours.local_port):
        return f"it carries the connection from {ours.peer}"
    own = {process.place.unit for process in host.once(connection.lineage)} | set(ours.units if ours else ())
    if item.unit and item.unit in own:
        return f"{item.unit} carries this run"
    if item.process in connection.DAEMONS or _SSH.fullmatch(item.unit) or _SSH.fullmatch(item.socket_unit):
        return "it takes SSH logins, which the control unused_sshd judges; declare SSH in the register"
    return ""


def _guarded(host: Host, item: Listener) -> str:
    """Why its unit is left running."""
    for name in _stack(host, item):
        unit = units.show(host, name)
        if unit is None:
            return host.once(units.read).why or f"systemd does not know {name}"
        if unit.transient:
            return f"{name} is transient (systemd-run) and could not be started again; run `systemctl stop {name}`"
        for patterns, reason in PROTECTED:
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns.split()):
                return f"{name}: {reason}"
    return ""


def _needed(host: Host, item: Listener, needed: t.Mapping[str, str]) -> str:
    """What this host, or the register, needs its unit for."""
    for name in _stack(host, item):
        if name in needed:
            return f"{name} also serves {needed[name]}, which is declared; take the port out of its configuration"
    same = [one for one in host.once(sockets.read) if one.unit and one.unit == item.unit]
    if item.unit.startswith(("rpcbind", "rpc-statd")) and _mounts_nfs3(host):
        return f"mounted NFS of version 3 needs {item.unit}; mount it with vers=4"
    if any(one.port == 53 for one in same) and _resolves_here(host):
        return f"this host resolves names through {item.unit}; bind it to 127.0.0.1"
    return ""


def _resolves_here(host: Host) -> bool:
    try:
        lines = host.read_text("/etc/resolv.conf").split("\n")
    except HostError:
        return False
    servers = [words[1] for words in map(str.split, lines) if words[:1] == ["nameserver"] and words[1:]]
    return any(map(sockets.is_loopback, servers))


def _mounts_nfs3(host: Host) -> bool:
    try:
        lines = host.read_text("/proc/mounts").split("\n")
    except HostError:
        return False
    return any(words[2:3] == ["nfs"] for words in map(str.split, lines))


def _stack(host: Host, item: Listener) -> tuple[str, ...]:
    """The unit, its socket, and whatever else starts it."""
    unit = units.show(host, item.unit) if item.unit else None
    starters = unit.triggered_by if unit else ()
    return tuple(dict.fromkeys(name for name in (item.socket_unit, *starters, item.unit) if name))
