# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Waivers: findings that somebody has accepted, with a reason, an owner and an end.

What can be waived is a violation, and a rule that broke or could not be looked at: who accepts the violation accepts
the doubt about it as well. What passes stays a pass, and what is about the run itself (principle ``run``) stays.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    ERROR,
    FAIL,
    NOT_ASSESSED,
    WAIVED,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._libraries import jmespath
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import RUN, Record, finding
from ansible_collections.infosec.principles.plugins.plugin_utils._report.rules import EXPIRED, UNUSED

KEYS = ("match", "why", "owner", "expires")
WAIVABLE = frozenset({FAIL, ERROR, NOT_ASSESSED})
FIELDS = frozenset(finding({})) | {"host", "vulnerabilities"}

# Which children of a node of the expression still look at the whole record (all others: none).
_ALL = slice(None)
_SCOPE = {
    "and_expression": _ALL,
    "or_expression": _ALL,
    "not_expression": _ALL,
    "comparator": _ALL,
    "function_expression": _ALL,
    "subexpression": slice(1),
    "index_expression": slice(1),
    "projection": slice(1),
    "filter_projection": slice(1),
    "value_projection": slice(1),
    "flatten": slice(1),
    "pipe": slice(1),
}


class WaiverError(ValueError):
    """The waivers are malformed. faults: each with its place."""

    def __init__(self, faults: t.Sequence[str]) -> None:
        super().__init__("Malformed waivers:\n" + "\n".join(f"- {fault}" for fault in faults))
        self.faults = tuple(faults)


@dataclasses.dataclass(frozen=True)
class Waiver:
    """One accepted finding, or several. match: a JMESPath expression over a record that is true or false."""

    match: str
    why: str
    owner: str
    expires: datetime.date

    def expired(self, today: datetime.date) -> bool:
        """Whether its last day is over."""
        return self.expires < today

    def matches(self, record: Record) -> bool:
        """Whether it is about this record. An expression that does not fit the record (a null in a function) is not."""
        try:
            return jmespath.compile(self.match).search(record) is True
        except jmespath.exceptions.JMESPathError:
            return False

    @property
    def controls(self) -> set[str]:
        """The controls that its expression names, by themselves or in front of a rule."""
        return {text.split(".")[0] for text in _compared(jmespath.compile(self.match).parsed, {"rule", "control"})}

    def as_dict(self) -> dict[str, str]:
        """The waiver as it stands in the report."""
        return {"match": self.match, "why": self.why, "owner": self.owner, "expires": self.expires.isoformat()}


def parse(given: t.Any) -> list[Waiver]:
    """Waivers as a person writes them. Raises WaiverError with all their faults."""
    if not isinstance(given, list):
        raise WaiverError([f"waivers: must be a list, found {_kind(given)}"])
    faults = [fault for index, entry in enumerate(given) for fault in _faults(f"waivers[{index}]", entry)]
    if faults:
        raise WaiverError(faults)
    return [
        Waiver(**{key: str(entry[key]) for key in KEYS[:3]}, expires=t.cast(datetime.date, _date(entry["expires"])))
        for entry in given
    ]


def apply(
    findings: t.Iterable[t.Mapping[str, t.Any]], host: str, waivers: t.Any, today: datetime.date
) -> list[dict[str, t.Any]]:
    """The findings of a host with what is waived today marked so; the given ones are left as they are.

    waivers: as a person writes them. Raises WaiverError. The mark is status ``waived`` and the key ``waiver``.
    """
    return mark(findings, host, parse(waivers or []), today)


def mark(
    findings: t.Iterable[t.Mapping[str, t.Any]], host: str, waivers: t.Iterable[Waiver], today: datetime.date
) -> list[dict[str, t.Any]]:
    """Like apply, with waivers that were parsed before."""
    valid = [waiver for waiver in waivers if not waiver.expired(today)]
    return [_mark(dict(one), host, valid) for one in findings]


def _mark(one: dict[str, t.Any], host: str, waivers: list[Waiver]) -> dict[str, t.Any]:
    if one.get("status") not in WAIVABLE or one.get("principle") == RUN:
        return one
    record = one | {"host": host}
    for waiver in waivers:
        if waiver.matches(record):
            return one | {"status": WAIVED, "waiver": waiver.as_dict()}
    return one


def judge(
    waivers: t.Iterable[Waiver], used: set[Waiver], today: datetime.date, unseen: t.Callable[[Waiver], str]
) -> list[Record]:
    """The findings about the waivers of a whole run: those that have expired, and those that waived nothing.

    unseen: why the run did not see all that a waiver may be about, such as "--limit"; one that is unused may be about
    the rest, so that it is not assessed. Empty: it saw everything.
    """
    found = []
    for waiver in sorted(set(waivers), key=lambda one: (one.match, one.owner, one.expires, one.why)):
        if waiver.expired(today):
            message = f"The waiver of {waiver.owner} expired on {waiver.expires}."
            found.append(EXPIRED.record(waiver.match, FAIL, message))
        elif waiver not in used:
            found.append(_unused(waiver, unseen(waiver)))
    return found


def _unused(waiver: Waiver, unseen: str) -> Record:
    message = f"The waiver of {waiver.owner} waived nothing"
    if unseen:
        return UNUSED.record(waiver.match, NOT_ASSESSED, f"{message} here, but {unseen}.")
    return UNUSED.record(waiver.match, FAIL, f"{message}.")


def _faults(place: str, entry: t.Any) -> t.Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{place}: must be a mapping with {', '.join(KEYS)}; found {_kind(entry)}"
        return
    for key in sorted(map(str, set(entry) - set(KEYS))):
        yield f"{place}.{key}: unknown; a waiver has {', '.join(KEYS)}"
    for key in KEYS:
        if key not in entry:
            yield f"{place}.{key}: missing"
        else:
            yield from (f"{place}.{key}: {fault}" for fault in _CHECKS[key](entry[key]))


def _text_faults(value: t.Any) -> t.Iterator[str]:
    if not isinstance(value, str):
        yield f"must be text, found {_kind(value)}"
    elif not value.strip():
        yield "is empty"


def _date_faults(value: t.Any) -> t.Iterator[str]:
    if _date(value) is None:
        yield f"must be a day such as 2027-06-30, found {_kind(value)}"


def _match_faults(value: t.Any) -> t.Iterator[str]:
    yield from _text_faults(value)
    if not isinstance(value, str) or not value.strip():
        return
    try:
        tree = jmespath.compile(value).parsed
    except jmespath.exceptions.JMESPathError as error:
        yield f"is not JMESPath: {' '.join(str(error).split())}"
        return
    yield from map(_field_fault, sorted(set(_own_fields(tree)) - FIELDS))
    yield from _function_faults(tree)


_CHECKS: dict[str, t.Callable[[t.Any], t.Iterator[str]]] = {
    "match": _match_faults,
    "why": _text_faults,
    "owner": _text_faults,
    "expires": _date_faults,
}


def _own_fields(node: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    for child in node["children"][_SCOPE.get(node["type"], slice(0))]:
        yield from _own_fields(child)


def _compared(node: t.Mapping[str, t.Any], fields: set[str]) -> t.Iterator[str]:
    """The texts that one of these fields is compared with."""
    children = [child for child in node["children"] if isinstance(child, dict)]
    compares = node["type"] in ("comparator", "function_expression")
    if compares and any(child["type"] == "field" and child["value"] in fields for child in children):
        yield from _literals(node)
    for child in children:
        yield from _compared(child, fields)


def _literals(node: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    if node["type"] == "literal" and isinstance(node["value"], str):
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _literals(child)


def _field_fault(name: str) -> str:
    return f"a finding has no {name!r} (text is written '{name}'); it has {', '.join(sorted(FIELDS))}"


def _function_faults(node: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    if node["type"] == "function_expression":
        yield from _call_faults(node["value"], len(node["children"]))
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _function_faults(child)


def _call_faults(name: str, given: int) -> t.Iterator[str]:
    functions: t.Mapping[str, t.Mapping[str, t.Any]] = jmespath.functions.Functions.FUNCTION_TABLE
    if name not in functions:
        yield f"JMESPath has no function {name}()"
        return
    signature = functions[name]["signature"]
    if given < len(signature) or (given > len(signature) and not signature[-1].get("variadic")):
        yield f"{name}() takes {len(signature)} arguments, found {given}"


def _date(value: t.Any) -> datetime.date | None:
    # A datetime is a date in Python, but not one day.
    if isinstance(value, datetime.datetime):
        return None
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.datetime.strptime(value, "%Y-%m-%d").date() if isinstance(value, str) else None
    except ValueError:
        return None


# Not by type(...).__name__: what comes through Ansible has types of its own. A bool is an int, a moment a day as well.
_KINDS = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
    datetime.datetime: "a moment",
    datetime.date: "a day",
}


def _kind(value: t.Any) -> str:
    if value is None:
        return "nothing"
    name = next((name for kind, name in _KINDS.items() if isinstance(value, kind)), "a value")
    return f"{name} {value if isinstance(value, datetime.date) else repr(value)}"
