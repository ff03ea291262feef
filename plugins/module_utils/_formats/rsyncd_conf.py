# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""rsyncd.conf(5): modules and their parameters, with what "&include" and "&merge" bring.

Case and blanks in names of parameters do not count, a backslash at the end of a line continues it, and parameters above
the first module (or under [global]) are defaults of all.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import continued

MAX_FILES = 200


@dataclasses.dataclass(frozen=True)
class Module:
    """One module: where it begins, and its parameters with the defaults among them."""

    name: str
    place: str
    parameters: t.Mapping[str, str]

    def has(self, name: str, *, usual: bool) -> bool:
        """A parameter that is a switch."""
        value = self.parameters.get(name, "").lower()
        return usual if not value else value in ("yes", "true", "1")


class _Reader:
    """Gathers sections over several files."""

    def __init__(self, read: t.Callable[[str], str], glob: t.Callable[[str], t.Sequence[str]]) -> None:
        self._read, self._glob = read, glob
        self._seen: set[str] = set()
        self.defaults: dict[str, str] = {}
        self.modules: dict[str, tuple[str, dict[str, str]]] = {}

    def file(self, path: str) -> None:
        """One file; a second time it is left out, which also ends loops."""
        if path in self._seen or len(self._seen) >= MAX_FILES:
            return
        self._seen.add(path)
        section = self.defaults
        for number, line in _logical_lines(self._read(path)):
            if line.startswith("&"):
                self._included(line)
            elif line.startswith("["):
                section = self._section(line.partition("]")[0][1:].strip(), f"{path}:{number}")
            else:
                name, _equals, value = line.partition("=")
                section["".join(name.split()).lower()] = value.strip()

    def _included(self, line: str) -> None:
        place = line.partition(" ")[2].strip().rstrip("/")
        ending = ".conf" if line.startswith("&include") else ".inc"
        for path in self._glob(f"{place}/*{ending}") or [place]:
            self.file(path)

    def _section(self, name: str, place: str) -> dict[str, str]:
        if name.lower() == "global":
            return self.defaults
        return self.modules.setdefault(name, (place, {}))[1]


def modules(path: str, read: t.Callable[[str], str], glob: t.Callable[[str], t.Sequence[str]]) -> list[Module]:
    """Every module. read: the text of a file, "" for one that is not there."""
    reader = _Reader(read, glob)
    reader.file(path)
    return [Module(name, place, {**reader.defaults, **own}) for name, (place, own) in reader.modules.items()]


def _logical_lines(text: str) -> t.Iterator[tuple[int, str]]:
    stripped = ((number, line.strip()) for number, line in continued.lines(text))
    return ((number, line) for number, line in stripped if line and not line.startswith(("#", ";")))
