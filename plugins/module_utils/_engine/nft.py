# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""One table of nftables in a normal form: rendered for `nft -f`, and read back from `nft -j list table`.

A rule is a tuple of expressions as one would write them for nft; what nft adds by itself, or prints in another order in
another version, is not part of the normal form. So two tables are equal where they filter alike, whatever handles,
counters, comments, or spelling they have. What this file does not know is kept as JSON, and so never equals anything.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import json
import socket
import typing as t

Json = t.Any
Range = tuple[int, int]

#: Bits of an address, by the type of the set's elements.
BITS = {"ipv4_addr": 32, "ipv6_addr": 128}
#: Names that are the same in some versions, or where /etc/protocols is missing.
ALIASES = {"mld-listener-reduction": "mld-listener-done", "icmpv6": "ipv6-icmp"}
NUMBERS = {
    "meta l4proto": {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"},
    "meta nfproto": {2: "ipv4", 10: "ipv6"},
}
#: What an expression that begins so says already.
IMPLIED = {
    "ip ": ("meta nfproto ipv4",),
    "ip6 ": ("meta nfproto ipv6",),
    "icmp ": ("meta nfproto ipv4", "meta l4proto icmp"),
    "icmpv6 ": ("meta nfproto ipv6", "meta l4proto ipv6-icmp"),
    "tcp ": ("meta l4proto tcp",),
    "udp ": ("meta l4proto udp",),
}
#: What counts, and what the kernel hands out.
PASSING = ("handle", "packets", "bytes", "used", "expires")
#: Selectors of bits, for which naming one asks whether it is among those that are set.
FLAGS = ("ct state", "ct status")


@dataclasses.dataclass(frozen=True)
class Rule:
    """Expressions in order, such as ("tcp dport 22", "ip saddr @clients", "accept")."""

    expressions: tuple[str, ...]
    comment: str = dataclasses.field(default="", compare=False)

    def render(self) -> str:
        return " ".join((*self.expressions, *([f'comment "{self.comment}"'] if self.comment else [])))


@dataclasses.dataclass(frozen=True)
class Chain:
    """base: where it is hooked in, such as "type filter hook input priority 0; policy drop;"; "" for one to jump to."""

    name: str
    rules: tuple[Rule, ...]
    base: str = ""

    def render(self) -> str:
        return _block(f"chain {self.name}", (*([self.base] if self.base else []), *(r.render() for r in self.rules)))


@dataclasses.dataclass(frozen=True)
class AddressSet:
    """A set of addresses. type: a key of BITS. ranges: first and last address as numbers, as `merged` makes them."""

    name: str
    type: str
    ranges: tuple[Range, ...]
    flags: tuple[str, ...] = ("interval",)

    def render(self) -> str:
        elements = ",\n".join(self.spell(item) for item in self.ranges)
        lines = [f"type {self.type}", f"flags {', '.join(self.flags)}"]
        return _block(f"set {self.name}", [*lines, *([_block("elements =", [elements])] if elements else [])])

    def spell(self, item: Range) -> str:
        """The range as nft writes it: an address, a network, or first-last."""
        return spell(item, BITS[self.type])


@dataclasses.dataclass(frozen=True)
class Table:
    """family: of nftables, such as "inet". other: whatever else is in it, as JSON."""

    family: str
    name: str
    sets: tuple[AddressSet, ...]
    chains: tuple[Chain, ...]
    other: tuple[str, ...] = ()

    def render(self) -> str:
        """The table for `nft -f`; chains must be in an order in which each is there before one jumps to it."""
        inner = [*(one.render() for one in self.sets), *(one.render() for one in self.chains)]
        return _block(f"table {self.family} {self.name}", inner) + "\n"

    @property
    def digest(self) -> str:
        """The same for tables that filter alike."""
        parts = [
            *sorted(f"{one.name} {one.type} {one.flags} {one.ranges}" for one in self.sets),
            *sorted(f"{one.name} {one.base} {[rule.expressions for rule in one.rules]}" for one in self.chains),
            *sorted(self.other),
        ]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def replacing(family: str, name: str, text: str) -> str:
    """One transaction for `nft -f`: puts `text` in the place of the table, or removes the table where it is empty.

    Deleting what is not there is an error, so the table is made first.
    """
    return f"table {family} {name}\ndelete table {family} {name}\n{text}"


def _block(head: str, lines: t.Iterable[str]) -> str:
    inner = "\n".join(lines).replace("\n", "\n\t")
    return f"{head} {{\n\t{inner}\n}}" if inner else f"{head} {{\n}}"


# Addresses


def merged(networks: t.Iterable[str]) -> tuple[Range, ...]:
    """Networks (or addresses) of one family as sorted ranges that neither overlap nor touch. Raises ValueError."""
    parsed = [ipaddress.ip_network(text, strict=False) for text in networks]
    return _joined([(int(one.network_address), int(one.broadcast_address)) for one in parsed])


def _joined(ranges: t.Iterable[Range]) -> tuple[Range, ...]:
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def spell(item: Range, bits: int) -> str:
    """A range of addresses of that many bits, as an address, a network, or first-last."""
    first, last = item
    size = last - first + 1
    address = _text(first, bits)
    if size == 1:
        return address
    if size & (size - 1) == 0 and first % size == 0:
        return f"{address}/{bits - size.bit_length() + 1}"
    return f"{address}-{_text(last, bits)}"


def _text(number: int, bits: int) -> str:
    family = socket.AF_INET if bits == 32 else socket.AF_INET6
    return socket.inet_ntop(family, number.to_bytes(bits // 8, "big"))


def _number(text: str) -> int:
    return int.from_bytes(socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text), "big")


# Reading


def parse(text: str) -> Table:
    """Read the output of `nft -j list table`. Raises ValueError where it is something else."""
    try:
        return _table(json.loads(text)["nftables"])
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"no listing of a table of nftables: {exc!r}") from exc


def _table(items: Json) -> Table:
    kinds: dict[str, list[Json]] = {}
    for item in items:
        for kind, body in item.items():
            kinds.setdefault(kind, []).append(body)
    (table,) = kinds["table"]
    rules: dict[str, list[Rule]] = {}
    for rule in kinds.get("rule", []):
        rules.setdefault(rule["chain"], []).append(_rule(rule))
    sets, other = _sets(kinds.get("set", []))
    other += [_json({kind: body}) for kind in sorted(kinds.keys() - KNOWN) for body in kinds[kind]]
    # A table can be switched off as a whole ("dormant"); some versions print another word for it.
    other += ["flags, which switch the table off"] if table.get("flags") else []
    chains = [_chain(chain, rules.get(chain["name"], [])) for chain in kinds.get("chain", [])]
    return Table(table["family"], table["name"], tuple(sets), tuple(chains), tuple(other))


KNOWN = {"metainfo", "table", "chain", "rule", "set"}


def _sets(bodies: list[Json]) -> tuple[list[AddressSet], list[str]]:
    known: list[AddressSet] = []
    other: list[str] = []
    for body in bodies:
        try:
            ranges = _joined([_range(item, body["type"]) for item in body.get("elem", [])])
        except (KeyError, TypeError, ValueError, OSError):
            other.append(_json({"set": body}))
        else:
            known.append(AddressSet(body["name"], body["type"], ranges, tuple(sorted(body.get("flags", [])))))
    return known, other


def _range(item: Json, type_: str) -> Range:
    bits = BITS[type_]
    if isinstance(item, str):
        return (_number(item), _number(item))
    if "prefix" in item:
        first = _number(item["prefix"]["addr"])
        return (first, first + (1 << (bits - item["prefix"]["len"])) - 1)
    first, last = item["range"]
    return (_number(first), _number(last))


def _chain(body: Json, rules: list[Rule]) -> Chain:
    base = ""
    if "hook" in body:
        base = f"type {body['type']} hook {body['hook']} priority {body['prio']}; policy {body['policy']};"
    return Chain(body["name"], tuple(rules), base)


def _rule(body: Json) -> Rule:
    return Rule(plain([_expression(item) for item in body["expr"]]), body.get("comment", ""))


def plain(expressions: t.Sequence[str]) -> tuple[str, ...]:
    """The expressions without those that others imply: nft adds them, and prints them or not."""
    implied = {one for text in expressions for start, said in IMPLIED.items() if text.startswith(start) for one in said}
    return tuple(text for text in expressions if text not in implied)


def _expression(item: Json) -> str:
    ((kind, body),) = item.items()
    read = READERS.get(kind)
    try:
        return (read(body) if read else None) or _json(item)
    except (KeyError, TypeError, ValueError):
        return _json(item)


def _match(body: Json) -> str:
    left = _left(body["left"])
    right = _right(body["right"], NUMBERS.get(left, {}))
    if body["op"] == "!":
        # How nft 1.0 and later tell that none of the bits is set.
        return f"{left} & {right} == 0"
    usual = "in" if left in FLAGS else "" if " & " in left else "=="
    return f"{left} {right}" if body["op"] == usual else f"{left} {body['op']} {right}"


def _left(item: Json) -> str:
    ((kind, body),) = item.items()
    if kind == "payload":
        return f"{body['protocol']} {body['field']}"
    if kind == "ct":
        return " ".join(["ct", *([body["dir"]] if "dir" in body else []), body["key"]])
    if kind == "meta":
        return f"meta {body['key']}"
    if kind == "&":
        return f"{_left(body[0])} & {_right(body[1], {})}"
    raise ValueError(kind)


def _right(item: Json, names: t.Mapping[int, str]) -> str:
    if isinstance(item, list):
        return ",".join(sorted(_right(part, names) for part in item))
    if isinstance(item, dict):
        ((kind, body),) = item.items()
        return COMPOUND[kind](body, names)
    return names.get(item, ALIASES.get(item, str(item)))


COMPOUND: dict[str, t.Callable[[Json, t.Mapping[int, str]], str]] = {
    "set": lambda body, names: f"{{ {', '.join(sorted(_right(part, names) for part in body))} }}",
    "|": _right,
    "range": lambda body, names: f"{_right(body[0], names)}-{_right(body[1], names)}",
    "prefix": lambda body, names: f"{body['addr']}/{body['len']}",
}


def _limit(body: Json) -> str | None:
    usual = body.keys() <= {"rate", "burst", "per"}
    return f"limit rate {body['rate']}/{body['per']}" if usual else None


def _log(body: Json) -> str | None:
    return f'log prefix "{body["prefix"]}"' if body.keys() == {"prefix"} else None


def _counter(body: Json) -> str | None:
    return None if isinstance(body, str) else "counter"


READERS: dict[str, t.Callable[[Json], str | None]] = {
    "match": _match,
    "limit": _limit,
    "log": _log,
    "counter": _counter,
    "accept": lambda body: "accept",
    "drop": lambda body: "drop",
    "jump": lambda body: f"jump {body['target']}",
}


def _json(item: Json) -> str:
    return json.dumps(_lasting(item), sort_keys=True)


def _lasting(item: Json) -> Json:
    """Without what differs from one listing to the next."""
    if isinstance(item, dict):
        return {key: _lasting(value) for key, value in item.items() if key not in PASSING}
    return [_lasting(part) for part in item] if isinstance(item, list) else item
