# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The configuration of Apache httpd as a tree: sections, directives, and what Include brings where it stands.

After server/config.c: one directive a line, a backslash at the end continues it, names without regard to case, words
may be quoted. Of IfModule and IfDefine only those are kept whose condition holds: loaded modules are those that a
LoadModule further up names, and `static` ones; defined is what Define says.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import continued

DEPTH = 16
MAX_DIRECTIVES = 100_000
#: Readings of included files; one that several blocks include is read for each.
MAX_FILES = 5000
#: Modules that are part of the program in every distribution.
STATIC = frozenset(("core", "so", "http", "http_core", "log_config", "logio", "version", "unixd", "watchdog"))
_WORD = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|(\S+)")
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


class BadConfig(ValueError):
    """What is wrong with a file, and where."""


@dataclasses.dataclass(frozen=True)
class Directive:
    """One directive, or a section with its `block`. name: in lower case."""

    place: str
    name: str
    arguments: tuple[str, ...]
    block: tuple[Directive, ...] | None = None


@dataclasses.dataclass
class _Open:
    """A section that is being read. kept: False for a condition that does not hold."""

    place: str
    name: str
    arguments: tuple[str, ...]
    kept: bool
    found: list[Directive] = dataclasses.field(default_factory=list)


class _Reader:
    def __init__(
        self,
        root: str,
        read: t.Callable[[str], str],
        glob: t.Callable[[str], t.Sequence[str]],
        variables: t.Mapping[str, str],
    ) -> None:
        self._root, self._read, self._glob = root, read, glob
        self._variables = dict(variables)
        self._loaded = set(STATIC)
        self._left = MAX_DIRECTIVES
        self._files = MAX_FILES

    def file(self, path: str, within: tuple[str, ...] = ()) -> list[Directive]:
        """The directives of one file. within: the files that include it."""
        self._files -= 1
        if path in within or len(within) >= DEPTH or self._files < 0:
            raise BadConfig(
                f"{path}: includes itself, or is included {DEPTH} deep, or one of {MAX_FILES} files and more"
            )
        sections = [_Open(path, "", (), kept=True)]
        text = self._read(path)
        if text.startswith("\ufeff"):
            raise BadConfig(f"{path}:1: begins with a byte order mark, which httpd takes for part of the first word")
        for number, line in _logical_lines(text):
            self._left -= 1
            if self._left < 0 or len(sections) > 100:
                raise BadConfig(f"{path}:{number}: more than {MAX_DIRECTIVES} lines, or sections more than 100 deep")
            self._line(sections, f"{path}:{number}", line, (*within, path))
        if len(sections) != 1:
            raise BadConfig(f"{sections[-1].place}: the section has no end")
        return sections[0].found

    def _line(self, sections: list[_Open], place: str, line: str, within: tuple[str, ...]) -> None:
        text = _VARIABLE.sub(lambda match: self._variables.get(match[1], match[0]), line)
        if text.startswith("</"):
            if len(sections) < 2:
                raise BadConfig(f"{place}: the end of no section")
            closed = sections.pop()
            sections[-1].found += _closed(closed)
        elif text.startswith("<"):
            name, arguments = _split(text[1:].rstrip().removesuffix(">"))
            kept = sections[-1].kept and self._holds(name, arguments)
            sections.append(_Open(place, name, arguments, kept))
        elif sections[-1].kept:
            sections[-1].found += self._directive(place, text, within)

    def _directive(self, place: str, text: str, within: tuple[str, ...]) -> list[Directive]:
        name, arguments = _split(text)
        if name in ("include", "includeoptional") and arguments:
            paths = self._glob(posixpath.join(self._root, arguments[0]))
            return [one for path in paths for one in self.file(path, within)]
        if name == "loadmodule" and arguments:
            self._loaded.add(_module(arguments[0]))
        if name == "define" and arguments:
            self._variables[arguments[0]] = arguments[1] if len(arguments) > 1 else ""
        if name == "serverroot" and arguments:
            self._root = arguments[0]
        return [Directive(place, name, arguments)]

    def _holds(self, name: str, arguments: tuple[str, ...]) -> bool:
        """Whether the condition holds; sections that are none always do."""
        word = arguments[0] if arguments else ""
        known: t.Mapping[str, t.Callable[[str], bool]] = {
            "ifmodule": lambda text: _module(text) in self._loaded,
            "ifdefine": lambda text: text in self._variables,
        }
        return known[name](word.lstrip("!")) != word.startswith("!") if name in known else True


def parse(
    path: str,
    read: t.Callable[[str], str],
    glob: t.Callable[[str], t.Sequence[str]],
    *,
    root: str,
    variables: t.Mapping[str, str],
) -> list[Directive]:
    """The directives of a configuration. root: where relative includes lie (ServerRoot). Raises BadConfig."""
    return _Reader(root, read, glob, variables).file(path)


def _closed(section: _Open) -> list[Directive]:
    """What stays of a section: conditions vanish, with what they held where they do not hold."""
    if not section.kept:
        return []
    if section.name.startswith("if") and section.name[2:] in (
        "module",
        "define",
        "version",
        "file",
        "directive",
        "section",
    ):
        return section.found
    return [Directive(section.place, section.name, section.arguments, tuple(section.found))]


def _module(text: str) -> str:
    """mod_ssl.c and ssl_module are one module."""
    name = text[: -len(".c")] if text.endswith(".c") else text
    name = name[len("mod_") :] if name.startswith("mod_") else name
    return name[: -len("_module")] if name.endswith("_module") else name


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    name, _blank, rest = text.replace("\t", " ").strip().partition(" ")
    words = (double or single or bare for double, single, bare in _WORD.findall(rest))
    return name.lower(), tuple(words)


def _logical_lines(text: str) -> t.Iterator[tuple[int, str]]:
    stripped = ((number, line.strip()) for number, line in continued.lines(text))
    return ((number, line) for number, line in stripped if line and not line.startswith("#"))
