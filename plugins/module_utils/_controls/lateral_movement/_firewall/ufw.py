# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""ufw: chains of our own before and behind those of ufw (ufw_rules.py), loaded by ufw itself (ufw_load.py).

`ufw reload` is not used: it lets everything in while it is at work, and ours can be put in place beside what runs.
"""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    Difference,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.policy import ANY
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.iptables import LoadChains
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._engine.packages import InstallPackage
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import State, UnitState
from ansible_collections.infosec.principles.plugins.module_utils._formats import iptables_save
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing, NeedsRoot

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
        ufw_foreign,
        ufw_load,
        ufw_rules,
    )
else:
    ufw_foreign = later("_controls.lateral_movement._firewall.ufw_foreign")
    ufw_load = later("_controls.lateral_movement._firewall.ufw_load")
    ufw_rules = later("_controls.lateral_movement._firewall.ufw_rules")

NAME = "ufw"
CONF = "/etc/ufw/ufw.conf"
DEFAULTS = "/etc/default/ufw"
UNIT = "ufw.service"
#: Not there where the kernel has no IPv6.
IF_INET6 = "/proc/net/if_inet6"
#: As many differing rules of a chain as evidence shows.
SHOWN = 3
#: Rules of other people's that may stand before our jump: they decide nothing.
HARMLESS = ("MARK", "CONNMARK", "LOG", "NFLOG", "TCPMSS", "DSCP", "TOS", "TTL", "HL", "CHECKSUM", "TRACE", "DROP")


def active(host: Host) -> bool:
    """Whether ufw is enabled, or its rules are in the kernel. Raises HostError."""
    return host.which("ufw") is not None and (_enabled(host) or _seen_running(host))


def _seen_running(host: Host) -> bool:
    """A kernel that lets not even root see rules, as in a container without NET_ADMIN, has none of ufw's."""
    try:
        return not _missing(host, ufw_rules.FAMILIES[0])
    except NeedsRoot:
        raise
    except HostError:
        return False


def compare(host: Host, wanted: Wanted) -> list[Difference]:
    """How the kernel's rules, and the files that ufw loads, differ from what is wanted. Raises HostError."""
    return [*_in_the_kernel(host, wanted), *_turned_away(host, wanted), *_after_a_boot(host, wanted)]


def changes(host: Host, wanted: Wanted) -> tuple[Change, ...]:
    """What differs, and no more; nothing where only rules of other people's are in the way. Raises HostError."""
    if _obstacle(host):
        return ()
    made = (*_files(host, wanted), *_kept(host))
    if not made and not list(_in_the_kernel(host, wanted)):
        return ()
    return (*_packages(host, wanted), *made, _loading(host))


# What the kernel filters by


def _chains(host: Host, family: ufw_rules.Family, table: str) -> dict[str, list[str]]:
    program = f"{family.iptables}-save"
    done = host.ask(program, "-t", table)
    if done.rc != 0:
        error = HostError if host.is_root else NeedsRoot
        raise error(f"{program} -t {table}: {done.stderr.strip() or f'ended with {done.rc}'}")
    return iptables_save.parse(done.stdout, table)


def _families(host: Host) -> list[ufw_rules.Family]:
    """Those that the kernel has."""
    return [family for family in ufw_rules.FAMILIES if family.version == 4 or host.exists(IF_INET6)]


def _of_ufw(host: Host) -> list[ufw_rules.Family]:
    """Those that ufw filters; with IPV6=no it shuts IPv6 altogether."""
    return [family for family in _families(host) if family.version == 4 or _is_yes(host, DEFAULTS, "IPV6")]


def _missing(host: Host, family: ufw_rules.Family) -> bool:
    """Whether the kernel does not have the rules of ufw."""
    return f"{family.ufw}-user-input" not in _chains(host, family, "filter")


def _in_the_kernel(host: Host, wanted: Wanted) -> t.Iterator[Difference]:
    missing = [family for family in _of_ufw(host) if _missing(host, family)]
    if missing:
        expected = "the rules of ufw, which is enabled"
        absent = [
            Evidence(f"{one.iptables}-save -t filter", f"no chain {one.ufw}-user-input", expected) for one in missing
        ]
        yield Difference("admission", "ufw is enabled, but its rules are not in the kernel.", tuple(absent))
        return
    evidence = [item for family in _families(host) for item in _of_family(host, wanted, family)]
    if evidence:
        yield Difference("admission", "The kernel does not filter as the register says.", tuple(evidence))


def _of_family(host: Host, wanted: Wanted, family: ufw_rules.Family) -> t.Iterator[Evidence]:
    for table, chains in ufw_rules.tables(wanted, family).items():
        found = _chains(host, family, table)
        for chain, rules in chains.items():
            yield from _of_chain(f"{family.iptables}-save -t {table}", chain, found.get(chain), rules)
    for chain, target in ((("INPUT", ufw_rules.GATE)), ("FORWARD", ufw_rules.PUBLISHED)):
        yield from _hook(host, family, "mangle", chain, target)
    if family in _of_ufw(host):
        yield from _ufws_own(host, family)
        yield from _hook(host, family, "filter", f"{family.ufw}-after-input", ufw_rules.ADMIT)
    for name, clients in ufw_rules.sets(wanted, family).items():
        yield from _of_set(host, name, clients)


def _of_chain(source: str, chain: str, found: list[str] | None, wanted: list[str]) -> t.Iterator[Evidence]:
    if found is None:
        yield Evidence(source, f"no chain {chain}", f"{len(wanted)} rules there")
        return
    pairs = enumerate(itertools.zip_longest(found, wanted, fillvalue="no rule"), 1)
    differing = [(number, now, then) for number, (now, then) in pairs if now != then]
    for number, now, then in differing[:SHOWN]:
        yield Evidence(f"{source}, chain {chain}, rule {number}", now, then)


def _hook(host: Host, family: ufw_rules.Family, table: str, chain: str, target: str) -> t.Iterator[Evidence]:
    """Our jump has to be there, and nothing before it may decide."""
    rules = _chains(host, family, table).get(chain, [])
    jump = f"-j {target}"
    source = f"{family.iptables}-save -t {table}, chain {chain}"
    if jump not in rules:
        yield Evidence(source, f"no {jump}", f"{jump} first")
        return
    before = [rule for rule in rules[: rules.index(jump)] if iptables_save.rule(rule).target not in HARMLESS]
    yield from (Evidence(source, rule, f"{jump} before it") for rule in before)


def _ufws_own(host: Host, family: ufw_rules.Family) -> t.Iterator[Evidence]:
    """`iptables -F` empties INPUT, and no start of ufw fills it again as long as ufw's chains are there."""
    rules = _chains(host, family, "filter").get("INPUT", [])
    for chain in (f"{family.ufw}-before-input", f"{family.ufw}-after-input"):
        if f"-j {chain}" not in rules:
            yield Evidence(f"{family.iptables}-save -t filter, chain INPUT", f"no -j {chain}", "the jumps of ufw")


def _of_set(host: Host, name: str, clients: tuple[str, ...]) -> t.Iterator[Evidence]:
    done = host.ask("ipset", "save", name)
    found = {line.split()[2] for line in done.stdout.splitlines() if line.startswith("add ")}
    wanted = {_member(client) for client in clients}
    if found != wanted:
        have = f"{len(found - wanted)} that are no clients, {len(wanted - found)} missing" if done.rc == 0 else "no set"
        yield Evidence(f"ipset save {name}", have, f"{len(wanted)} clients")


def _member(client: str) -> str:
    """As ipset prints it."""
    address, _slash, length = client.partition("/")
    return address if length == ("128" if ":" in address else "32") else client


# What other people's rules turn away


def _turned_away(host: Host, wanted: Wanted) -> t.Iterator[Difference]:
    evidence = [
        item
        for family in _of_ufw(host)
        for item in ufw_foreign.turned_away(_chains(host, family, "filter"), wanted, family)
    ]
    evidence += _without_ipv6(host, wanted)
    if evidence:
        message = "Something that is not of the register turns its clients away; it is for a person to remove."
        yield Difference("admission", message, tuple(evidence))


def _without_ipv6(host: Host, wanted: Wanted) -> t.Iterator[Evidence]:
    """IPV6=no, though this host has an address that a client may reach it by."""
    shut = [one for one in _families(host) if one not in _of_ufw(host)]
    named = [one.service for one in wanted.admissions if ANY not in one.clients and one.of_family(6)]
    if shut and named and _has_global_ipv6(host):
        yield Evidence(DEFAULTS, "IPV6 is not yes", f"yes, for the IPv6 clients of {', '.join(dict.fromkeys(named))}")


def _has_global_ipv6(host: Host) -> bool:
    """The fourth field of /proc/net/if_inet6 is the scope, 00 for global ones."""
    return any(line.split()[3:4] == ["00"] for line in (_read(host, IF_INET6) or "").splitlines())


# What it filters by after a boot


def _after_a_boot(host: Host, wanted: Wanted) -> t.Iterator[Difference]:
    evidence = [*_stale(host, wanted), *_unhooked(host), *_disabled(host)]
    if evidence:
        yield Difference("persistence", "After a boot, ufw would not filter as the register says.", tuple(evidence))


def _stale(host: Host, wanted: Wanted) -> t.Iterator[Evidence]:
    for path, text in texts(wanted).items():
        now = _read(host, path)
        if now != (text or None):
            found = "no such file" if now is None else "another text"
            yield Evidence(path, found, "as the register says" if text else "no such file")


def _unhooked(host: Host) -> t.Iterator[Evidence]:
    text = _read(host, ufw_load.HOOK)
    if text is None or ufw_load.hooked(text) != text:
        yield Evidence(ufw_load.HOOK, "does not load our rules", f"runs {ufw_load.LOADER}")
    if text is not None and not _is_executable(host):
        yield Evidence(ufw_load.HOOK, "not executable, so ufw does not run it", "executable")
    if _obstacle(host):
        yield Evidence(ufw_load.HOOK, _obstacle(host), "an executable shell script; nothing is changed until it is")


def _obstacle(host: Host) -> str:
    texts = [_read(host, path) for path in (ufw_load.HOOK, ufw_load.PRISTINE)]
    return ufw_load.obstacle(*texts, executable=_is_executable(host))


def _disabled(host: Host) -> t.Iterator[Evidence]:
    if not _enabled(host):
        yield Evidence(CONF, "ENABLED is not yes", "ENABLED=yes")
    unit = units.show(host, UNIT)
    if unit and unit.enablement != "enabled":
        yield Evidence(f"systemctl show {UNIT}", unit.enablement or "no state", "enabled")


def _enabled(host: Host) -> bool:
    return _is_yes(host, CONF, "ENABLED")


def _is_yes(host: Host, path: str, name: str) -> bool:
    """ufw sources the file, so the last word counts; it knows these two spellings of yes."""
    lines = (_read(host, path) or "").splitlines()
    values = [line.partition("=")[2] for line in lines if _sets(line, name)]
    return bool(values) and values[-1].split("#")[0].strip().strip("\"'") in ("yes", "YES")


def _sets(line: str, name: str) -> bool:
    return line.strip().startswith(f"{name}=")


def _read(host: Host, path: str) -> str | None:
    try:
        return host.read_text(path)
    except Missing:
        return None


def _is_executable(host: Host) -> bool:
    status = host.stat(ufw_load.HOOK)
    return status is not None and bool(status.st_mode & 0o100)


# Bringing it about


def texts(wanted: Wanted) -> dict[str, str]:
    """Our own files; those without a text are not to be there."""
    rules = {f"{ufw_load.FOLDER}/{one.iptables}.rules": ufw_rules.rules_file(wanted, one) for one in ufw_rules.FAMILIES}
    return {ufw_load.LOADER: ufw_load.LOADER_TEXT, ufw_load.SETS: ufw_rules.sets_file(wanted), **rules}


def _packages(host: Host, wanted: Wanted) -> t.Iterator[Change]:
    if ufw_rules.sets_file(wanted) and not host.which("ipset"):
        yield InstallPackage("ipset")


def _files(host: Host, wanted: Wanted) -> t.Iterator[Change]:
    differing = {path: text for path, text in texts(wanted).items() if _read(host, path) != (text or None)}
    for path, text in differing.items():
        if text:
            yield files.write_file(host, path, text, mode=0o640, validate=_validation(host, path))
        else:
            yield files.remove_file(host, path)
        if path == ufw_load.SETS and text:
            yield _fill([name for family in ufw_rules.FAMILIES for name in ufw_rules.sets(wanted, family)])
    yield from _hooking(host)


def _fill(names: t.Sequence[str]) -> Command:
    """Done before the rules that name the sets are tried. The last set is there when all are."""
    return Command(
        title="fill the sets of clients",
        before="",
        after=f"ipset -exist restore -file {ufw_load.SETS}\n",
        do=(("ipset", "-exist", "restore", "-file", ufw_load.SETS),),
        undo=(("sh", "-c", 'for name; do ipset destroy "$name" 2>/dev/null || :; done', "sh", *names),),
        probe=("ipset", "-n", "list", names[-1]),
    )


def _validation(host: Host, path: str) -> tuple[str, ...]:
    programs = {f"{ufw_load.FOLDER}/{one.iptables}.rules": one.iptables for one in _families(host)}
    if path in programs:
        return (f"{programs[path]}-restore", "-w", "--test", "--noflush", "{}")
    return ("sh", "-n", "{}") if path == ufw_load.LOADER else ()


def _hooking(host: Host) -> t.Iterator[Change]:
    """ufw's own file for this: our line in it, and that ufw runs it."""
    text = _read(host, ufw_load.HOOK)
    if ufw_load.hooked(text) != text:
        yield files.write_file(host, ufw_load.HOOK, ufw_load.hooked(text), mode=0o750, validate=("sh", "-n", "{}"))
    if text is not None and not _is_executable(host):
        yield _executable()


def _executable() -> Command:
    return Command(
        title=f"let ufw run {ufw_load.HOOK}",
        before="not executable\n",
        after="executable\n",
        do=(("chmod", "u+x", ufw_load.HOOK),),
        undo=(("chmod", "u-x", ufw_load.HOOK),),
        probe=("test", "-x", ufw_load.HOOK),
    )


def _kept(host: Host) -> t.Iterator[Change]:
    """What makes ufw start at a boot. It runs by now, so that nobody is shut out who was not."""
    if not _enabled(host):
        yield files.write_file(host, CONF, _with_enabled(_read(host, CONF) or ""))
    unit = units.show(host, UNIT)
    if unit and unit.enablement != "enabled":
        yield UnitState(UNIT, State(unit.is_active, unit.enablement), State(unit.is_active, "enabled"))


def _with_enabled(text: str) -> str:
    """The last word, where ufw itself would write it."""
    lines = text.splitlines(keepends=True)
    places = [number for number, line in enumerate(lines) if _sets(line, "ENABLED")]
    lines[slice(places[-1], places[-1] + 1) if places else slice(len(lines), None)] = ["ENABLED=yes\n"]
    return "".join(lines)


def _loading(host: Host) -> Change:
    whole = not [item for family in _of_ufw(host) for item in _ufws_own(host, family)]
    if whole and not any(_missing(host, family) for family in _of_ufw(host)):
        load = ("sh", ufw_load.LOADER, "start")
        return LoadChains("load the rules of the register", load, (ufw_rules.PREFIX,), beside="ufw-user-input")
    prefixes = (ufw_rules.PREFIX, *(f"{family.ufw}-" for family in ufw_rules.FAMILIES))
    rebuild = ("sh", ufw_load.LOADER, "rebuild")
    return LoadChains("load the rules of ufw anew", rebuild, prefixes, beside="ufw-user-input", policies=True)
