# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""snmpd.conf(5): directives, a line each, with what includeFile, includeDir and their kin bring.

Names are compared without regard to case; text in quotes is one word.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

MAX_FILES = 200
_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")


@dataclasses.dataclass(frozen=True)
class Directive:
    """One line. name: in lower case."""

    place: str
    name: str
    arguments: tuple[str, ...]


def directives(
    path: str, read: t.Callable[[str], str], glob: t.Callable[[str], t.Sequence[str]], seen: set[str] | None = None
) -> t.Iterator[Directive]:
    """Every directive of a file and of what it includes; no file twice, which also ends loops."""
    known = {path} if seen is None else seen
    for number, line in enumerate(read(path).split("\n"), 1):
        words = [double or single or bare for double, single, bare in _WORD.findall(line.partition("#")[0])]
        if not words:
            continue
        directive = Directive(f"{path}:{number}", words[0].lower(), tuple(words[1:]))
        yield directive
        for name in _included(directive, glob):
            if name not in known and len(known) < MAX_FILES:
                known.add(name)
                yield from directives(name, read, glob, known)


def _included(directive: Directive, glob: t.Callable[[str], t.Sequence[str]]) -> t.Sequence[str]:
    place = directive.arguments[0] if directive.arguments else ""
    if directive.name == "includedir" and place:
        return glob(f"{place.rstrip('/')}/*.conf")
    return [place] if directive.name == "includefile" and place else []
