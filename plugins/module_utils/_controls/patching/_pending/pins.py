# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""apt_preferences(5), as far as a pin keeps a security update away."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import apt
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

MAIN = "/etc/apt/preferences"
#: The priority of every version that nobody pinned.
DEFAULT = 500
_RELEASE = {"a": "suite", "n": "codename", "o": "origin", "l": "label", "c": "component"}


@dataclasses.dataclass(frozen=True)
class Pin:
    """One record. place: file and line. packages: names and patterns; kind: version, release or origin."""

    place: str
    packages: tuple[str, ...]
    kind: str
    what: str
    priority: int


def pinned(host: Host, name: str, source_name: str, installed: str, offered: str, source: apt.Source) -> str:
    """Which pin keeps the offered version away; "" where none does. The first record that fits counts."""
    for pin in host.once(read):
        if not any(names(pattern, name, source_name) for pattern in pin.packages):
            continue
        if pin.kind == "version":
            offers, keeps = fnmatch.fnmatchcase(offered, pin.what), fnmatch.fnmatchcase(installed, pin.what)
            kept = pin.priority < DEFAULT if offers else keeps and pin.priority > DEFAULT
        else:
            kept = is_from(pin, source) and pin.priority < DEFAULT
        if kept:
            return f"pinned by {pin.place} ({pin.kind} {pin.what}, priority {pin.priority})"
    return ""


def read(host: Host) -> tuple[Pin, ...]:
    """All records, those of parts first. Use as `host.once(pins.read)`."""
    parts = [
        name
        for name in host.listdir(f"{MAIN}.d")
        if re.fullmatch(r"[\w-][\w.-]*", name) and name.rpartition(".")[2] in (name, "pref")
    ]
    found: list[Pin] = []
    for path in [*(f"{MAIN}.d/{name}" for name in parts), MAIN]:
        try:
            found += parse(host.read_text(path), path)
        except HostError:
            continue
    return tuple(found)


def parse(text: str, path: str) -> t.Iterator[Pin]:
    """The records of one file; what apt would refuse is left out."""
    first, fields = 1, dict[str, str]()
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.strip() and not line.startswith("#"):
            key, _colon, value = line.partition(":")
            first = first if fields else number
            fields[key.strip().lower()] = value.strip()
        elif not line.strip():
            pin = _pin(f"{path}:{first}", fields)
            yield from [pin] if pin else []
            fields = {}


def _pin(place: str, fields: dict[str, str]) -> Pin | None:
    kind, _blank, what = fields.get("pin", "").partition(" ")
    priority = fields.get("pin-priority", "")
    if kind not in ("version", "release", "origin") or not re.fullmatch(r"-?[0-9]{1,6}", priority):
        return None
    return Pin(place, tuple(fields.get("package", "").split()), kind, printable(what.strip()), int(priority))


def names(pattern: str, name: str, source_name: str) -> bool:
    """Whether a record that is about this pattern is about the package."""
    if pattern.startswith("src:"):
        pattern, name = pattern[len("src:") :], source_name
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        # A regular expression of somebody else is not run: literal text is all that is looked for.
        return pattern.strip("/^$") in name
    return fnmatch.fnmatchcase(name, pattern.partition(":")[0])


def is_from(pin: Pin, source: apt.Source) -> bool:
    """Whether a record by origin or release is about what comes from the source."""
    if pin.kind == "origin":
        return fnmatch.fnmatchcase(source.site, pin.what.strip('"'))
    parts = [part.partition("=") for part in pin.what.split(",")]
    return all(
        fnmatch.fnmatchcase(getattr(source, _RELEASE[key.strip()]), value.strip()) if key.strip() in _RELEASE else False
        for key, _equals, value in parts
    )
