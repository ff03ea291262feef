# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of iptables as a change: the kernel gets back what it had, and nobody else's rules are touched."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import journal
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import ChangeError, dump, load
from ansible_collections.infosec.principles.plugins.module_utils._engine.iptables import LoadChains
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

Chains = dict[str, list[str]]

LOAD = LoadChains("load ours", ("load",), ("ours_",), beside="theirs-on")
ANEW = LoadChains("load theirs anew", ("load",), ("ours_", "theirs-"), beside="theirs-on", policies=True)


class Kernel:
    """The tables of both programs, sets, and what `load` does to them."""

    def __init__(self, loading: t.Callable[[Kernel], int] = lambda kernel: 0) -> None:
        self.loading = loading
        self.sets: dict[str, list[str]] = {}
        self.policies = {"INPUT": "DROP", "FORWARD": "ACCEPT"}
        self.tables: dict[tuple[str, str], Chains] = {
            (program, table): {"INPUT": ["-j docker"], "FORWARD": [], "docker": ["-s 192.0.2.1/32 -j DROP"]}
            for program in ("iptables", "ip6tables")
            for table in ("mangle", "filter")
        }
        self.filter["theirs-on"] = []

    @property
    def filter(self) -> Chains:
        return self.tables["iptables", "filter"]

    @property
    def mangle(self) -> Chains:
        return self.tables["iptables", "mangle"]

    def state(self) -> t.Any:
        return copy.deepcopy((self.tables, self.sets, self.policies))

    def path(self, name: str) -> str:
        return name

    def run(self, argv: t.Sequence[str], *, stdin: str | None = None, timeout: float = 10) -> Completed:
        program = argv[0].partition("-")[0]
        if argv[0] == "load":
            return Completed(self.loading(self), "", "said why")
        if argv[0] == "ipset":
            return self._ipset(argv[1:], stdin or "")
        if (program, "filter") not in self.tables:
            return Completed(3, "", "no such family")
        return self._restore(program, stdin or "") if "restore" in argv[0] else self._save(program, argv[2])

    def _save(self, program: str, table: str) -> Completed:
        chains = self.tables[program, table]
        heads = [f":{chain} {self.policies.get(chain, '-')} [1:2]" for chain in chains]
        rules = [f"-A {chain} {rule}" for chain, texts in chains.items() for rule in texts]
        return Completed(0, "\n".join(["# saved", f"*{table}", *heads, *rules, "COMMIT", ""]), "")

    def _restore(self, program: str, text: str) -> Completed:
        first, *lines = text.splitlines()
        chains = copy.deepcopy(self.tables[program, first[1:]])
        for line in lines[:-1]:
            verb, chain, rule = f"{line} ".split(" ", 2) if line[0] == "-" else (":", line[1:].split(" ")[0], line)
            self._act(chains, verb, chain, rule.strip())
        assert lines[-1] == "COMMIT"
        self.tables[program, first[1:]] = chains
        return Completed(0, "", "")

    def _act(self, chains: Chains, verb: str, chain: str, rule: str) -> None:
        if verb == ":":
            if chain in self.policies:
                self.policies[chain] = rule.split(" ")[1]
            else:
                chains[chain] = []
        elif verb == "-A":
            assert rule.rpartition("--match-set ")[2].split(" ")[0] in self.sets or "--match-set" not in rule
            chains[chain].append(rule)
        elif verb == "-I":
            place, _blank, text = rule.partition(" ")
            chains[chain].insert(int(place) - 1, text)
        elif verb == "-D":
            chains[chain].remove(rule)
        else:
            assert verb == "-X" and not any(f"-j {chain}" in text for texts in chains.values() for text in texts)
            del chains[chain]

    def _ipset(self, words: t.Sequence[str], text: str) -> Completed:
        if words[0] == "-exist":
            for line in text.splitlines():
                verb, name, *rest = line.split()
                self.sets.setdefault(name, [])
                self.sets[name] = [] if verb == "flush" else [*self.sets[name], *rest[: verb == "add"]]
        elif words[0] == "save":
            added = "".join(f"add {words[1]} {member}\n" for member in self.sets[words[1]])
            return Completed(0, f"create {words[1]} hash:net family inet\n{added}", "")
        elif words[0] == "destroy" and f"--match-set {words[1]} " not in str(self.tables):
            del self.sets[words[1]]
        return Completed(0, "\n".join(self.sets), "")


def loads(kernel: Kernel) -> int:
    """Our chains as they are to be, first in their hooks."""
    kernel.sets["ours_new"] = ["192.0.2.0/24"]
    for chains in kernel.tables.values():
        chains["ours_in"] = ["-m set --match-set ours_new src -j RETURN", "-j DROP"]
        rules = [rule for rule in chains["INPUT"] if rule != "-j ours_in"]
        chains["INPUT"] = ["-j ours_in", *rules]
    return 0


def nothing_yet(kernel: Kernel) -> None:
    pass


def an_older_set(kernel: Kernel) -> None:
    loads(kernel)
    kernel.sets["ours_old"] = ["198.51.100.1"]
    for chains in kernel.tables.values():
        chains["ours_in"] = ["-m set --match-set ours_old src -j RETURN", "-j DROP"]
    del kernel.sets["ours_new"]


def a_drifted_set(kernel: Kernel) -> None:
    loads(kernel)
    kernel.sets["ours_new"] = ["203.0.113.9"]


def flushed(kernel: Kernel) -> None:
    loads(kernel)
    kernel.mangle["ours_in"] = []


def hooked_elsewhere(kernel: Kernel) -> None:
    loads(kernel)
    kernel.mangle["INPUT"] = ["-j docker", "-p tcp -j ours_in"]
    kernel.filter["INPUT"] = ["-j docker"]


def without_ipv6(kernel: Kernel) -> None:
    for table in ("mangle", "filter"):
        del kernel.tables["ip6tables", table]


@pytest.mark.parametrize("lay", [nothing_yet, an_older_set, a_drifted_set, flushed, hooked_elsewhere, without_ipv6])
def test_the_kernel_gets_back_what_it_had(lay: t.Callable[[Kernel], None]) -> None:
    kernel = Kernel(loads_and_sweeps)
    lay(kernel)
    first = kernel.state()
    captured = json.loads(json.dumps(LOAD.capture(kernel)))
    LOAD.apply(kernel, tag="t")
    loaded = kernel.state()
    LOAD.apply(kernel, tag="t")
    assert kernel.state() == loaded != first
    for _again in range(2):
        LOAD.revert(kernel, captured, tag="t")
        assert kernel.state() == first


def loads_and_sweeps(kernel: Kernel) -> int:
    loads(kernel)
    kernel.sets.pop("ours_old", None)
    return 0


def test_rules_that_others_added_since_stay() -> None:
    kernel = Kernel(loads)
    captured = LOAD.capture(kernel)
    LOAD.apply(kernel, tag="t")
    kernel.mangle["INPUT"].append("-j LOG")
    kernel.filter["docker"].append("-j RETURN")
    LOAD.revert(kernel, captured, tag="t")
    assert kernel.mangle["INPUT"] == ["-j docker", "-j LOG"]
    assert kernel.filter["docker"] == ["-s 192.0.2.1/32 -j DROP", "-j RETURN"]


def test_nothing_is_given_back_to_a_firewall_that_was_switched_off_since() -> None:
    kernel = Kernel(loads)
    untouched = kernel.state()[0]
    an_older_set(kernel)
    captured = LOAD.capture(kernel)
    LOAD.apply(kernel, tag="t")
    for chains in (kernel.filter, untouched["iptables", "filter"]):
        del chains["theirs-on"]
    LOAD.revert(kernel, captured, tag="t")
    assert kernel.tables == untouched and kernel.sets == {}


def test_another_programs_chains_and_policies_too() -> None:
    """What `iptables -F` had left of them."""

    def anew(kernel: Kernel) -> int:
        kernel.filter.update({"theirs-on": ["-j ACCEPT"], "theirs-more": ["-j theirs-on"]})
        kernel.filter["INPUT"] += ["-j theirs-more", "-j theirs-on"]
        kernel.policies["FORWARD"] = "DROP"
        return loads(kernel)

    kernel = Kernel(anew)
    kernel.filter["INPUT"] = ["-j docker", "-j theirs-on", "-j LOG"]
    first = kernel.state()
    captured = ANEW.capture(kernel)
    ANEW.apply(kernel, tag="t")
    ANEW.revert(kernel, captured, tag="t")
    assert kernel.state() == first


def test_what_fails_says_so() -> None:
    with pytest.raises(ChangeError, match=r"load ours failed \(rc 3\): said why"):
        LOAD.apply(Kernel(lambda kernel: 3), tag="t")


def test_check_mode_shows_the_command() -> None:
    assert (LOAD.describe(), LOAD.diff()["after"]) == ("load ours", "load\n")


def test_the_journal_knows_it() -> None:
    assert journal.KINDS_FROM
    for change in (LOAD, ANEW):
        assert load(json.loads(json.dumps(dump(change)))) == change
