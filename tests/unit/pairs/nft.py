# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A played nft: keeps one table as text in a file of the machine, and lists it as the real one does.

It knows no more of the language than our table needs; how real versions list is in the fixtures of test_nft.py.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .machine import Machine

KERNEL = "/kernel/nft"
ABSENT = Completed(1, "", "Error: No such file or directory\nlist table inet infosec_principles\n")


class Nft:
    """The program on one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        machine.program("nft", self)

    def __call__(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        words = [word for word in argv[1:] if not word.startswith("-") or word == "-"]
        if words[:2] == ["list", "table"]:
            return self._list(as_json="-j" in argv)
        if "-c" in argv:
            return Completed(0, "", "")
        return self._load(stdin or "")

    def _list(self, *, as_json: bool) -> Completed:
        path = self.machine.path(KERNEL)
        if not path.exists():
            return ABSENT
        text = path.read_text(encoding="utf-8")
        return Completed(0, json.dumps({"nftables": list(items(text))}) if as_json else text, "")

    def _load(self, text: str) -> Completed:
        made = re.sub(r"^(#.*|table \S+ \S+|delete table \S+ \S+)\n", "", text, flags=re.MULTILINE)
        if made:
            self.machine.write(KERNEL, made)
        else:
            self.machine.path(KERNEL).unlink(missing_ok=True)
            self.machine.path(KERNEL).parent.rmdir()
        return Completed(0, "", "")


def items(text: str) -> t.Iterator[dict[str, t.Any]]:
    """What `nft -j list table` says of a table of ours."""
    family, name = re.findall(r"^table (\S+) (\S+) \{", text)[0]
    place = {"family": family, "table": name}
    yield {"table": {"family": family, "name": name}}
    for set_name, body in re.findall(r"^\tset (\S+) \{\n(.*?)^\t\}", text, re.MULTILINE | re.DOTALL):
        kind = re.findall(r"type (\S+)", body)[0]
        found = re.findall(r"elements = \{(.*)\}", body, re.DOTALL)
        elements = [_element(word.strip()) for word in found[0].split(",")] if found else []
        yield {"set": {**place, "name": set_name, "type": kind, "flags": ["interval"], "elem": elements}}
    for chain, body in re.findall(r"^\tchain (\S+) \{\n(.*?)^\t\}", text, re.MULTILINE | re.DOTALL):
        lines = [line.strip() for line in body.splitlines()]
        base = re.fullmatch(r"type (\S+) hook (\S+) priority (\S+); policy (\S+);", lines[0])
        hook = dict(zip(("type", "hook", "prio", "policy"), base.groups())) if base else {}
        yield {"chain": {**place, "name": chain, **hook}}
        for line in lines[1:] if base else lines:
            yield {"rule": {**place, "chain": chain, "expr": list(_expressions(line))}}


def _element(text: str) -> t.Any:
    if "/" in text:
        address, length = text.split("/")
        return {"prefix": {"addr": address, "len": int(length)}}
    return {"range": text.split("-")} if "-" in text else text


#: The start of an expression, and what it is in JSON; tried in this order.
GRAMMAR: tuple[tuple[str, t.Callable[..., t.Any]], ...] = (
    (r"ct original (\S+) (\S+)", lambda key, value: _match({"ct": {"key": key, "dir": "original"}}, value)),
    (r"ct (\S+) (\S+)", lambda key, value: _match({"ct": {"key": key}}, value, "in")),
    (r"meta (\S+) (\S+)", lambda key, value: _match({"meta": {"key": key}}, value)),
    (r"limit rate (\d+)/(\S+)", lambda rate, per: {"limit": {"rate": int(rate), "burst": 5, "per": per}}),
    (r'log prefix "([^"]*)"', lambda prefix: {"log": {"prefix": prefix}}),
    (r"counter", lambda: {"counter": {"packets": 7, "bytes": 99}}),
    (r"(accept|drop)", lambda verdict: {verdict: None}),
    (r"jump (\S+)", lambda target: {"jump": {"target": target}}),
    (r'comment "[^"]*"', lambda: None),
    (r"(\w+) (\w+) & (\w+) == 0", lambda p, f, bits: _match({"payload": {"protocol": p, "field": f}}, bits, "!")),
    (r"(\w+) (\w+) (\{[^}]*\}|\S+)", lambda p, f, value: _match({"payload": {"protocol": p, "field": f}}, value)),
)


def _expressions(line: str) -> t.Iterator[dict[str, t.Any]]:
    while line:
        for pattern, make in GRAMMAR:
            found = re.match(pattern + r"(?: |$)", line)
            if found:
                expression = make(*found.groups())
                yield from [expression] if expression else []
                line = line[found.end() :]
                break
        else:
            raise AssertionError(f"the played nft does not know: {line}")


def _match(left: t.Any, value: str, operator: str = "==") -> dict[str, t.Any]:
    right: t.Any = value.split(",") if "," in value and "{" not in value else value
    if value.startswith("{"):
        right = {"set": [word.strip() for word in value.strip("{} ").split(",")]}
    return {"match": {"op": operator, "left": left, "right": right}}
