# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A played ufw, with the iptables below it: the kernel's tables are files of the machine.

How the real ones list is in the fixtures of test_ufw.py, and what our loader does with them in its tests.
"""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    ufw,
    ufw_load,
    ufw_rules,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import iptables_save
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .machine import Machine

Chains = dict[str, list[str]]

DONE = Completed(0, "", "")
EMPTY: Chains = {"INPUT": [], "FORWARD": []}
HOOKS = (
    ("mangle", "INPUT", ufw_rules.GATE),
    ("mangle", "FORWARD", ufw_rules.PUBLISHED),
    ("filter", "{ufw}-after-input", ufw_rules.ADMIT),
)


class Ufw:
    """ufw on one machine, enabled and as people left it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        machine.write("/proc/net/if_inet6", "")
        machine.write(ufw.CONF, "ENABLED=yes\nLOGLEVEL=low\n")
        machine.write(ufw.DEFAULTS, "IPV6=yes\n")
        machine.write(ufw_load.HOOK, "#!/bin/sh\n", mode=0o640)
        machine.unit(ufw.UNIT)
        machine.program("ufw")
        for family in ufw_rules.FAMILIES:
            self.put(family.iptables, "mangle", EMPTY)
            self.put(family.iptables, "filter", _of_ufw(family.ufw))
            machine.program(f"{family.iptables}-save", self._save)
            machine.program(f"{family.iptables}-restore", self._restore)
        machine.programs.update({"sh": self._sh, "chmod": self._chmod, "test": self._test})

    def get(self, program: str, table: str) -> Chains:
        """A table of the kernel."""
        found: Chains = json.loads(self._file(program, table).read_text(encoding="utf-8"))
        return found

    def put(self, program: str, table: str, chains: Chains) -> None:
        self.machine.write(f"/kernel/{program}-{table}", json.dumps(chains, sort_keys=True))

    def start(self) -> None:
        """What our loader does."""
        for family in ufw_rules.FAMILIES:
            text = self.machine.path(f"{ufw_load.FOLDER}/{family.iptables}.rules").read_text(encoding="utf-8")
            for table, chain, target in HOOKS:
                chains = {**self.get(family.iptables, table), **iptables_save.parse(text, table)}
                hooks = chains[chain.format(ufw=family.ufw)]
                hooks[:] = [f"-j {target}", *(rule for rule in hooks if rule != f"-j {target}")]
                self.put(family.iptables, table, chains)

    def _file(self, program: str, table: str) -> t.Any:
        return self.machine.path(f"/kernel/{program}-{table}")

    def _save(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        table = argv[2]
        chains = self.get(argv[0].partition("-")[0], table)
        heads = [f":{chain} - [0:0]" for chain in chains]
        rules = [f"-A {chain} {rule}" for chain, texts in chains.items() for rule in texts]
        return Completed(0, "\n".join([f"*{table}", *heads, *rules, "COMMIT", ""]), "")

    def _restore(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        if "--test" in argv:
            return DONE
        first, *lines = (stdin or "").splitlines()
        program = argv[0].partition("-")[0]
        chains = self.get(program, first[1:])
        for line in lines[:-1]:
            _act(chains, line)
        self.put(program, first[1:], chains)
        return DONE

    def _sh(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        if argv[1:] == (ufw_load.LOADER, "start"):
            self.start()
        else:
            assert argv[1] == "-n"
        return DONE

    def _chmod(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        path = self.machine.path(argv[2])
        path.chmod(path.stat().st_mode ^ 0o100)
        return DONE

    def _test(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        return Completed(0 if os.stat(self.machine.path(argv[2])).st_mode & 0o100 else 1, "", "")


def _of_ufw(prefix: str) -> Chains:
    """As much of its chains as matters."""
    before, user, after = (f"{prefix}-{name}" for name in ("before-input", "user-input", "after-input"))
    return {
        "INPUT": [f"-j {before}", f"-j {after}"],
        "FORWARD": [],
        before: [f"-j {user}"],
        user: ["-p tcp -m tcp --dport 9999 -j ACCEPT"],
        after: ["-p udp -m udp --dport 137 -j DROP"],
    }


def _act(chains: Chains, line: str) -> None:
    """One line for iptables-restore."""
    if line.startswith(":"):
        chains[line[1:].split(" ")[0]] = []
        return
    verb, chain, rule = f"{line} ".split(" ", 2)
    if verb == "-A":
        chains[chain].append(rule.strip())
    elif verb == "-I":
        place, _blank, text = rule.strip().partition(" ")
        chains[chain].insert(int(place) - 1, text)
    elif verb == "-D":
        chains[chain].remove(rule.strip())
    else:
        assert verb == "-X"
        del chains[chain]
