# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the tries come to: which lines answer, which do not, and which nobody could try."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._reachability import probing
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.judge import Answers, answers
from ansible_collections.infosec.principles.plugins.plugin_utils._rolling.plan import Line, Plan, Try, lines, peers

#: What says that nobody answers there. All else says that the client could not try.
_DOWN = {
    probing.REFUSED: "refused",
    probing.FILTERED: "no answer",
    probing.UNREACHABLE: "unreachable, says ICMP",
}
_UNTRIED = {
    probing.NO_ROUTE: "it has no route there",
    probing.SELF: "it has this address itself",
    probing.UNTRIED: "not tried within the time limit",
    probing.FAILED: "it ran out of sockets or memory",
}
_WORDS = {**_DOWN, **_UNTRIED}


@dataclasses.dataclass(frozen=True)
class Answered:
    """What is to be said about the lines of a host and of its peers. again: what was open of the host's own."""

    down: tuple[str, ...]
    unproven: tuple[str, ...]
    again: tuple[Try, ...]


def judge(made: Plan, host: str, results: t.Iterable[t.Mapping[str, t.Any]]) -> Answered:
    """results: of the loop over `tries`, each with its `item`."""
    seen = {str(one["item"]["client"]): answers(one) for one in results if "item" in one}
    lost = {str(one["item"]["client"]): _lost(one) for one in results if "item" in one and "tried" not in one}
    verdicts = [_line(line, seen, lost, host) for line in lines(made, host)]
    silent = [one for one in peers(made, host) if not made["lines"].get(one)]
    nothing = [
        f"{one}: no TCP port of it is in the register, so that nothing tells whether it serves" for one in silent
    ]
    return Answered(
        tuple(text for status, text in verdicts if status == "down"),
        (*(text for status, text in verdicts if status == "unproven"), *nothing),
        tuple(_again(made, host, seen)),
    )


def _lost(result: t.Mapping[str, t.Any]) -> str:
    text = str(result.get("msg") or "").strip().splitlines()
    return text[0] if text else "it did not try"


def _line(line: Line, seen: t.Mapping[str, Answers], lost: t.Mapping[str, str], host: str) -> tuple[str, str]:
    """Whether this line answers ("open"), does not ("down"), or nobody could try it ("unproven"), and the sentence."""
    found = {
        (client, address): [outcome for port in line["ports"] if (outcome := _outcome(seen[client], address, port))]
        for client in seen
        if client in line["clients"]
        for address in line["addresses"]
    }
    if any(probing.OPEN in outcomes for outcomes in found.values()):
        return "open", ""
    who = "" if line["host"] == host else f"its peer {line['host']}: "
    down = [
        f"{client} at {address}: {_DOWN[one[0]]}" for (client, address), one in found.items() if one and one[0] in _DOWN
    ]
    if down:
        return "down", f"{who}{line['subject']} does not answer {'; nor '.join(down)}"
    return "unproven", f"{who}{line['subject']} could not be tried: {_why(line, found, lost)}"


def _outcome(found: Answers, address: str, port: int) -> str:
    answer = found.get((address, probing.TCP, port))
    return answer.outcome if answer else ""


def _why(line: Line, found: t.Mapping[tuple[str, str], list[str]], lost: t.Mapping[str, str]) -> str:
    if not line["addresses"]:
        return f"the inventory has no address of {line['host']}; name it in infosec_addresses"
    if not line["clients"]:
        return "no host of the inventory is among its clients"
    reasons = [
        f"from {client}: {_UNTRIED[one[0]]}" for (client, _at), one in found.items() if one and one[0] in _UNTRIED
    ]
    reasons += [f"from {client}: {lost[client]}" for client in line["clients"] if client in lost]
    return "; ".join(dict.fromkeys(reasons)) or "no client tried"


def _again(made: Plan, host: str, seen: t.Mapping[str, Answers]) -> t.Iterator[Try]:
    """What was open of this host, by the client that saw it."""
    mine = {
        (address, port)
        for line in made["lines"].get(host, ())
        for address in line["addresses"]
        for port in line["ports"]
    }
    for client, found in seen.items():
        ports: dict[str, list[int]] = {}
        for (address, _protocol, port), answer in found.items():
            if answer.outcome == probing.OPEN and (address, port) in mine:
                ports.setdefault(address, []).append(port)
        if ports:
            probes = [
                {"address": address, "protocol": "tcp", "ports": sorted(ports[address])} for address in sorted(ports)
            ]
            yield {"client": client, "probes": probes}


def unanswered(results: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """What was asked for (`again`, the `item` of each result) and is not open."""
    return [text for one in results for text in _silent(one["item"], one)]


def _silent(asked: Try, result: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    seen = answers(result)
    for group in asked["probes"]:
        for port in group["ports"]:
            outcome = _outcome(seen, group["address"], port)
            if outcome != probing.OPEN:
                why = _WORDS.get(outcome) or _lost(result)
                yield f"{port}/tcp at {group['address']} does not answer {asked['client']}: {why}"
