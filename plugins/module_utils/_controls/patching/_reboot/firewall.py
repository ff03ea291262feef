# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Packet filters: the kernel's rules against those that a boot loads.

What a boot loads is found out by loading it, in a network namespace of its own that ends with the question. So both
sides are the kernel's own spelling. Rules of daemons that make them again at each start are left out of both.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import nftables
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine import nft, units
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._formats import iptables_save
from ansible_collections.infosec.principles.plugins.module_utils._host import container, netfilter, startup
from ansible_collections.infosec.principles.plugins.module_utils._host import units as host_units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

FIREWALL = rule(
    "firewall",
    "The packet filter of the kernel is the one that a boot loads",
    "high",
    "Write the rules into the file that a boot loads, or take away what is not meant to stay.",
)
RULES = (FIREWALL,)
OPTIONS: dict[str, dict[str, t.Any]] = {}

SUBJECT = "packet filter"
OURS = (nftables.FAMILY, nftables.TABLE)
#: Tables and chains that a daemon makes whenever it starts.
OWNED = re.compile(
    r"docker-|libvirt_|firewalld|f2b-|netavark|podman|lxd|incus|crowdsec|kube-|cilium|cali|tailscale|ts-|wg-quick-|nm-shared-"
    r"|sshguard|io\.systemd\.|cni|lxc|miniupnpd|DOCKER|LIBVIRT_|fail2ban-|ufw6?-|KUBE-|CILIUM|FLANNEL|NETAVARK|CNI-|CROWDSEC"
    r"|MINIUPNPD|WEAVE|infosec|INFOSEC"
)
#: Bridges and tunnels of the same, which their rules name also outside their own chains.
INTERFACES = re.compile(
    r"docker\w+|br-[0-9a-f]{12}|virbr\d+|podman\d+|cni\w+|lxcbr\d+|lxdbr\d+|incusbr\d+|tailscale\d+"
)
_TARGET = re.compile(r"-[jg] (\S+)")
_POLICY = re.compile(r"^:(\S+) (DROP|REJECT) ", re.MULTILINE)
_OWN_BRIDGE = re.compile(r"-s (\S+) -d \1 .*-j MASQUERADE")
#: The tables that iptables on top of nftables has.
IPTABLES = frozenset({"filter", "nat", "mangle", "raw", "security"})
PROGRAMS = {"ip": "iptables", "ip6": "ip6tables"}
#: Unit that a boot starts -> files that it loads, each with the program that reads it.
LOADERS = {
    "netfilter-persistent.service": (("iptables", "/etc/iptables/rules.v4"), ("ip6tables", "/etc/iptables/rules.v6")),
    "iptables.service": (("iptables", "/etc/sysconfig/iptables"),),
    "ip6tables.service": (("ip6tables", "/etc/sysconfig/ip6tables"),),
}
UNIT_FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
TOLD, LONGEST = 5, 200
MARK = "# infosec.principles: next"
#: $1: files for nft, $2 and $3: for iptables-restore and ip6tables-restore ("" for none).
LOAD = f"""set -e
[ -z "$1" ] || nft -f "$1"
[ -z "$2" ] || iptables-restore "$2"
[ -z "$3" ] || ip6tables-restore "$3"
[ -z "$1" ] || nft -j list ruleset
echo '{MARK}'
[ -z "$2" ] || iptables-save
echo '{MARK}'
[ -z "$3" ] || ip6tables-save
"""
#: Table or chain -> its rules, in the words of the program that lists them.
Listing = t.Mapping[str, t.Sequence[str]]


@dataclasses.dataclass(frozen=True)
class Files:
    """What a boot loads; "" where nothing is."""

    nft: str = ""
    iptables: str = ""
    ip6tables: str = ""


class CannotTellError(Exception):
    """What a boot loads cannot be found out; why."""


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """One finding for each table that differs, and for our own; or one that passes."""
    tables = host.once(netfilter.tables)
    files = _files(host)
    found = [*_ours(host, tables), *_others(host, tables, files)]
    yield from found or [Finding(FIREWALL, SUBJECT, f.PASS, _good(files))]


def _good(files: Files) -> str:
    named = ", ".join(path for path in dataclasses.astuple(files) if path)
    return f"the kernel's rules are those that a boot loads ({named or 'none, but those of daemons'})"


def _files(host: Host) -> Files:
    found: dict[str, str] = {}
    if _is_enabled(host, nftables.SERVICE):
        found["nft"] = _nft_file(host)
    for unit, pairs in LOADERS.items():
        if _is_enabled(host, unit):
            found.update((program, path) for program, path in pairs if host.exists(path))
    return Files(**found)


def _is_enabled(host: Host, unit: str) -> bool:
    """Whether a boot starts it. systemd need not have read a unit that was enabled since the last boot."""
    found = host.once(host_units.read).get(unit)
    if found is not None:
        return found.enablement in ("enabled", "static")
    wanted = any(host.glob(f"{folder}/*.{kind}/{unit}") for folder in UNIT_FOLDERS for kind in ("wants", "requires"))
    return wanted and host.readlink(f"{UNIT_FOLDERS[0]}/{unit}") != "/dev/null"


def _nft_file(host: Host) -> str:
    """What nftables.service loads: /etc/nftables.conf, /etc/sysconfig/nftables.conf."""
    for folder in UNIT_FOLDERS:
        match = re.search(r"^ExecStart=.*\s-f\s+(/\S+)", _text(host, f"{folder}/{nftables.SERVICE}"), re.MULTILINE)
        if match:
            return match.group(1) if host.exists(match.group(1)) else ""
    return ""


# Our own table


def _ours(host: Host, tables: t.Sequence[tuple[str, str]]) -> t.Iterator[Finding]:
    """Its unit that runs and is not enabled is the business of the rule `enabled`, as every other's."""
    unit = host.once(host_units.read).get(nftables.UNIT)
    if OURS not in tables or (unit is not None and unit.is_active) or _is_enabled(host, nftables.UNIT):
        return
    subject = " ".join(OURS)
    message = (
        f"table {subject} is in the kernel, but {nftables.UNIT} does not load it at boot: after a boot nothing filters"
    )
    seen = (Evidence(f"systemctl is-enabled {nftables.UNIT}", "not enabled", "enabled"),)
    if not host.exists(nftables.UNIT_FILE) or not host.exists(nftables.RULES_FILE):
        yield Finding(
            FIREWALL, subject, f.FAIL, message, seen, remedy="run the control host_firewall, which makes its files"
        )
        return
    state = units.read_state(host, nftables.UNIT)
    fix = (units.UnitState(nftables.UNIT, state, units.State(active=state.active, enablement="enabled")),)
    yield Finding(FIREWALL, subject, f.FAIL, message, seen, fix)


# All others


def _others(host: Host, tables: t.Sequence[tuple[str, str]], files: Files) -> t.Iterator[Finding]:
    """By the kernel's own tables; with none and nothing to load, no program is run."""
    foreign = [one for one in tables if one != OURS and not OWNED.match(one[1])]
    if not (foreign or host.once(netfilter.legacy) or any(dataclasses.astuple(files))):
        return
    try:
        boot = _boot(host, files)
        now = _now(host, foreign)
    except CannotTellError as exc:
        yield Finding(FIREWALL, SUBJECT, f.NOT_ASSESSED, str(exc))
        return
    for subject in sorted({*now, *boot}):
        differences = list(_differences(now.get(subject, {}), boot.get(subject, {})))
        if differences:
            yield _differs(host, subject, differences, files, gone=subject not in now, unknown=subject not in boot)


def _boot(host: Host, files: Files) -> dict[str, Listing]:
    """What a boot loads, by table."""
    if not any(dataclasses.astuple(files)):
        return {}
    argv = ("unshare", "--net", "--", "/bin/sh", "-c", LOAD, "sh", *dataclasses.astuple(files))
    done = host.ask(*argv, timeout=30)
    if done.rc != 0:
        named = ", ".join(path for path in dataclasses.astuple(files) if path)
        raise CannotTellError(f"{named}: loading it to see what a boot loads failed: {done.stderr.strip()[:LONGEST]}")
    listed, four, six = [*done.stdout.split(f"{MARK}\n"), "", ""][:3]
    iptables = {**_saved("iptables", four), **_saved("ip6tables", six)}
    return {**(_nft(listed) if listed.strip() else {}), **iptables}


def _now(host: Host, foreign: t.Sequence[tuple[str, str]]) -> dict[str, Listing]:
    """What the kernel has, by table, without what daemons own."""
    by_iptables = {one for one in foreign if one[0] in PROGRAMS and one[1] in IPTABLES}
    asked = {PROGRAMS[family] for family, _name in by_iptables if not _is_the_engines(host, family)}
    saved = asked | {one for one, _name in host.once(netfilter.legacy)}
    found: dict[str, Listing] = {}
    # People also give tables of nftables the names of those of iptables; nft tells which they are.
    if host.which("nft") and foreign:
        found.update(_nft(_say(host, "nft", "-j", "list", "ruleset")))
    elif set(foreign) - by_iptables:
        raise CannotTellError(f"{', '.join(map(' '.join, foreign))}: nft is missing, which lists the rules")
    for program in sorted(saved):
        found.update(_saved(program, _say(host, f"{program}-save")))
    return found


def _is_the_engines(host: Host, family: str) -> bool:
    """Whether only this container's engine can have made them (Docker, to answer DNS): nobody here has iptables."""
    return bool(host.once(container.read)) and not host.which(f"{PROGRAMS[family]}-save")


def _say(host: Host, *argv: str) -> str:
    done = host.ask(*argv, timeout=30)
    if done.rc != 0:
        raise CannotTellError(f"{' '.join(argv)}: {done.stderr.strip()[:LONGEST] or f'ended with {done.rc}'}")
    return done.stdout


# Listings


def _nft(text: str) -> dict[str, Listing]:
    """Tables of nftables, but ours, those of daemons, and those that iptables made."""
    grouped: dict[tuple[str, str], list[dict[str, t.Any]]] = {}
    for item in json.loads(text)["nftables"]:
        for kind, body in item.items():
            if kind != "metainfo":
                key = (body["family"], body["name"] if kind == "table" else body["table"])
                grouped.setdefault(key, []).append({kind: _without_passing(body)})
    mine = {key: items for key, items in grouped.items() if key != OURS and not OWNED.match(key[1])}
    return {" ".join(key): _table(items) for key, items in mine.items() if not _made_by_iptables(key, items)}


def _without_passing(body: dict[str, t.Any]) -> dict[str, t.Any]:
    """Without the elements of a set that rules or time change."""
    passing = {"dynamic", "timeout"} & {*body.get("flags", ())} or "timeout" in body
    return {key: value for key, value in body.items() if not (passing and key == "elem")}


def _made_by_iptables(key: tuple[str, str], items: list[dict[str, t.Any]]) -> bool:
    """Its chains have the names that iptables gives (people who write for nft write them small)."""
    chains = {item["chain"]["name"] for item in items if "chain" in item}
    hooks = {"INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING"}
    return key[0] in PROGRAMS and key[1] in IPTABLES and bool(chains & hooks)


def _table(items: list[dict[str, t.Any]]) -> Listing:
    table = nft.parse(json.dumps({"nftables": items}))
    chains = {
        f"chain {one.name}": [*filter(None, [one.base]), *(_words(rule) for rule in one.rules)] for one in table.chains
    }
    sets = {f"set {one.name}": [one.type, *map(one.spell, one.ranges)] for one in table.sets}
    return {**chains, **sets, "table": list(table.other)}


def _words(one: nft.Rule) -> str:
    return " ".join(one.expressions)


def _saved(program: str, text: str) -> dict[str, Listing]:
    """Tables of iptables-save, without the chains and rules of daemons; a policy counts as a rule."""
    found: dict[str, Listing] = {}
    for part in re.split(r"^(?=\*)", text, flags=re.MULTILINE)[1:]:
        name = part[1:].partition("\n")[0]
        chains = iptables_save.parse(part, name)
        policies = {} if any(OWNED.match(chain) for chain in chains) else dict(_POLICY.findall(part))
        kept = {
            chain: [*([f"policy {policies[chain]}"] if chain in policies else []), *filter(_is_anybodys, rules)]
            for chain, rules in chains.items()
            if not OWNED.match(chain)
        }
        found[f"{program} {name}"] = {f"chain {chain}": rules for chain, rules in kept.items() if rules}
    return found


def _is_anybodys(text: str) -> bool:
    """Whether no daemon made the rule."""
    target = _TARGET.search(text)
    owned = target is not None and OWNED.match(target.group(1))
    return not (owned or INTERFACES.search(text) or _OWN_BRIDGE.search(text))


def _differences(now: Listing, boot: Listing) -> t.Iterator[tuple[str, str, str]]:
    """Place, what the kernel has, what a boot loads: the first line of each chain or set that differs."""
    for place in sorted({*now, *boot}):
        here, there = list(now.get(place, ())), list(boot.get(place, ()))
        if here == there:
            continue
        surplus = [line for line in here if line not in there] or (here if sorted(here) == sorted(there) else [])
        lacking = [line for line in there if line not in here]
        yield place, "; ".join(surplus)[:LONGEST] or "nothing", "; ".join(lacking)[:LONGEST] or "nothing more"


def _differs(
    host: Host, subject: str, differences: list[tuple[str, str, str]], files: Files, *, gone: bool, unknown: bool
) -> Finding:
    evidence = tuple(Evidence(f"{subject}, {place}", here, there) for place, here, there in differences[:TOLD])
    path = _path(subject, files)
    if gone:
        message = f"a boot loads {subject} from {path}, but the kernel does not have it now"
    elif unknown:
        message = f"{subject} was made by hand: nothing loads it at boot, so its rules will be gone"
    else:
        message = f"{subject} was changed by hand: a boot loads it as {path} has it ({len(differences)} difference(s))"
    status = f.FAIL
    named = [name for name in startup.naming(host, r"\bnft\b|\bip6?tables\b") if "infosec-principles" not in name]
    if named and not gone:
        status, message = f.NOT_ASSESSED, f"{message}; unless {', '.join(named)} makes these rules, which is not told"
    return Finding(FIREWALL, subject, status, message, evidence, remedy=_remedy(subject, path, unknown=unknown))


def _path(subject: str, files: Files) -> str:
    program = subject.partition(" ")[0]
    return {"iptables": files.iptables, "ip6tables": files.ip6tables}.get(program, files.nft) or "no file"


def _remedy(subject: str, path: str, *, unknown: bool) -> str:
    """Both ways; which one is meant a person knows."""
    program = subject.partition(" ")[0]
    if program in PROGRAMS.values():
        file = path if path != "no file" else f"/etc/iptables/rules.{'v4' if program == 'iptables' else 'v6'}"
        keep = f"{program}-save > {file} (without chains of Docker and the like), with netfilter-persistent enabled"
        return f"to keep it: {keep}\nto go back: {program}-restore {path}" if not unknown else f"to keep it: {keep}"
    file = path if path != "no file" else "/etc/nftables.conf"
    keep = f"put what this prints into {file}: nft list table {subject}; then: systemctl enable nftables.service"
    back = f"nft delete table {subject}" if unknown else f"nft delete table {subject}; nft -f {file}"
    return f"to keep it: {keep}\nto go back: {back}"


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""
