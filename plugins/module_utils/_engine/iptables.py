# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Changes to chains of iptables in the kernel: loaded by a command, and given back as they were found."""

from __future__ import annotations

import dataclasses
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

PROGRAMS = ("iptables", "ip6tables")
TABLES = ("mangle", "filter")
BUILT_IN = ("INPUT", "FORWARD", "OUTPUT")
SECONDS = 120
#: The kernel lets go of a set a moment after the rules that named it.
LETS_GO_SECONDS = 0.2


@kind
@dataclasses.dataclass(frozen=True)
class LoadChains(Change):
    """Run a command that loads chains, sets of addresses, and the jumps to them.

    prefixes: how the names of all that the command may touch begin.
    beside: the chain of the table `filter` without which nothing is given back, since its owner was switched off.
    policies: whether the command also says what becomes of packets at the end of the built-in chains.
    """

    title: str
    argv: tuple[str, ...]
    prefixes: tuple[str, ...]
    beside: str
    policies: bool = False

    def describe(self) -> str:
        return self.title

    def diff(self) -> Diff:
        after = f"{' '.join(self.argv)}\n"
        return {"before_header": self.title, "after_header": self.title, "before": "", "after": after}

    def capture(self, host: Machine) -> Before:
        tables = {f"{program} {table}": self._now(host, program, table) for program, table in _places(host)}
        used = dict.fromkeys(re.findall(r"--match-set (\S+)", str(tables)))
        saved = {name: host.run(["ipset", "save", name], timeout=SECONDS).stdout for name in used}
        return {"tables": tables, "sets": saved}

    def apply(self, host: Machine, *, tag: str) -> None:
        done = host.run(self.argv, timeout=SECONDS)
        if done.rc != 0:
            raise ChangeError(f"{self.title} failed (rc {done.rc}): {(done.stderr or done.stdout).strip()}")

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        is_on = f"\n:{self.beside} " in _save(host, "iptables", "filter")
        for name, text in captured["sets"].items() if is_on else ():
            first, _break, members = text.partition("\n")
            _restore(host, ["ipset", "-exist", "restore"], f"{first}\nflush {name}\n{members}")
        for program, table in _places(host):
            old = captured["tables"].get(f"{program} {table}", _NOTHING) if is_on else _NOTHING
            batch = "\n".join(_batch(table, self._now(host, program, table), old))
            _restore(host, [f"{program}-restore", "-w", "--noflush"], f"{batch}\n")
        self._sweep(host, captured["sets"] if is_on else ())

    def _now(self, host: Machine, program: str, table: str) -> dict[str, t.Any]:
        """What of the table is the command's: chains with their rules, jumps to them with their places, policies."""
        chains: dict[str, list[str]] = {}
        others: dict[str, list[str]] = {}
        policies: dict[str, str] = {}
        for line in _save(host, program, table).splitlines():
            name, _blank, rest = line.lstrip("-:").removeprefix("A ").partition(" ")
            kept = chains if name.startswith(self.prefixes) else others
            if line.startswith(":"):
                kept.setdefault(name, [])
                policies.update({name: rest.split(" ")[0]} if name in BUILT_IN and self.policies else {})
            elif line.startswith("-A "):
                kept.setdefault(name, []).append(rest)
        return {"chains": chains, "jumps": list(self._jumps(others)), "policies": policies, "others": list(others)}

    def _jumps(self, others: t.Mapping[str, t.Sequence[str]]) -> t.Iterator[tuple[str, int, str]]:
        for chain, rules in others.items():
            for place, rule in enumerate(rules, 1):
                if f"{rule} ".partition("-j ")[2].startswith(self.prefixes):
                    yield chain, place, rule

    def _sweep(self, host: Machine, keep: t.Container[str]) -> None:
        for pause in (0, LETS_GO_SECONDS):
            names = host.run(["ipset", "-n", "list"]).stdout.split()
            old = [name for name in names if name.startswith(self.prefixes) and name not in keep]
            if old:
                time.sleep(pause)
            for name in old:
                host.run(["ipset", "destroy", name])


_NOTHING: dict[str, t.Any] = {"chains": {}, "jumps": [], "policies": {}}


def _batch(table: str, now: t.Mapping[str, t.Any], old: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """From what is there now to what was there, in one step; a chain that is named is emptied, or made."""
    yield f"*{table}"
    yield from (f":{chain} {policy} [0:0]" for chain, policy in old["policies"].items())
    yield from (f":{chain} - [0:0]" for chain in dict.fromkeys((*now["chains"], *old["chains"])))
    yield from (f"-D {chain} {rule}" for chain, _place, rule in now["jumps"])
    yield from (f"-A {chain} {rule}" for chain, rules in old["chains"].items() for rule in rules)
    yield from (f"-I {chain} {place} {rule}" for chain, place, rule in old["jumps"] if chain in now["others"])
    yield from (f"-X {chain}" for chain in now["chains"] if chain not in old["chains"])
    yield "COMMIT"


def _places(host: Machine) -> t.Iterator[tuple[str, str]]:
    """The tables of those families that the kernel has."""
    for program in PROGRAMS:
        if host.run([f"{program}-save", "-t", "filter"], timeout=SECONDS).rc == 0:
            yield from ((program, table) for table in TABLES)


def _save(host: Machine, program: str, table: str) -> str:
    return t.cast(str, host.run([f"{program}-save", "-t", table], timeout=SECONDS).stdout)


def _restore(host: Machine, argv: t.Sequence[str], text: str) -> None:
    done = host.run(argv, stdin=text, timeout=SECONDS)
    if done.rc != 0:
        raise ChangeError(f"{argv[0]} could not give the kernel what it had (rc {done.rc}): {done.stderr.strip()}")
