# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx.conf as a tree: directives with their arguments and blocks, and what `include` brings where it stands.

After src/core/ngx_conf_file.c: words are separated by blanks, ";" ends a directive, braces hold a block, quotes and
backslashes keep characters, "#" at the start of a word begins a comment. Lua blocks hold code and are skipped whole.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

DEPTH = 16
MAX_DIRECTIVES = 100_000
MAX_WORDS = 500_000
#: Readings of included files; one that several blocks include is read for each.
MAX_FILES = 5000
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<sign>[;{}])|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'"""
    r"""|(?P<bare>(?:[^\s;{}"'\\$]+|\\.|\$\{[^}]*\}|\$|(?<=[^\s;{}])["'])+)""",
    re.DOTALL,
)


class BadConfig(ValueError):
    """What is wrong with a file, and where."""


@dataclasses.dataclass(frozen=True)
class Directive:
    """One directive; `block` is None for one that ends in a semicolon.

    span: where it stands in the text of its file, from its name to behind its semicolon, or behind its opening brace.
    close: where the closing brace of its block stands.
    """

    place: str
    name: str
    arguments: tuple[str, ...]
    block: tuple[Directive, ...] | None = None
    span: tuple[int, int] = dataclasses.field(default=(0, 0), compare=False)
    close: int = dataclasses.field(default=0, compare=False)

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.place.rpartition(":")[0]


class _Token(t.NamedTuple):
    """kind: "word" or "sign". line: its number. start, end: its place in the text."""

    kind: str
    text: str
    line: int
    start: int
    end: int


class _Reader:
    """Reads files and what they include, up to MAX_DIRECTIVES in all."""

    def __init__(self, prefix: str, read: t.Callable[[str], str], glob: t.Callable[[str], t.Sequence[str]]) -> None:
        self._prefix, self._read, self._glob = prefix, read, glob
        self._left = MAX_DIRECTIVES
        self._files, self._words = MAX_FILES, MAX_WORDS
        self._closed = 0

    def file(self, path: str, within: tuple[str, ...] = ()) -> list[Directive]:
        """The directives of one file. within: the files that include it."""
        self._files -= 1
        if path in within or len(within) >= DEPTH or self._files < 0:
            raise BadConfig(
                f"{path}: includes itself, or is included {DEPTH} deep, or one of {MAX_FILES} files and more"
            )
        tokens = _tokens(self._read(path), path)
        return self._block(tokens, path, (*within, path), top=True)

    def _block(
        self,
        tokens: t.Iterator[_Token],
        path: str,
        within: tuple[str, ...],
        *,
        top: bool = False,
        depth: int = 0,
    ) -> list[Directive]:
        found: list[Directive] = []
        words: list[_Token] = []
        for token in tokens:
            self._words -= 1
            if self._words < 0:
                raise BadConfig(f"{path}:{token.line}: more than {MAX_WORDS} words")
            if token.kind == "word":
                words.append(token)
            elif token.text == "}":
                self._closed = token.start
                return found
            elif words:
                found += self._directive(tokens, path, within, words, token, depth)
                words = []
        if not top:
            raise BadConfig(f"{path}: a block has no end")
        return found

    def _directive(
        self,
        tokens: t.Iterator[_Token],
        path: str,
        within: tuple[str, ...],
        words: list[_Token],
        sign: _Token,
        depth: int,
    ) -> list[Directive]:
        self._left -= 1
        line, span = words[0].line, (words[0].start, sign.end)
        if self._left < 0 or depth > 100:
            raise BadConfig(f"{path}:{line}: more than {MAX_DIRECTIVES} directives, or blocks more than 100 deep")
        place, name, arguments = f"{path}:{line}", words[0].text, tuple(word.text for word in words[1:])
        if name == "include" and sign.text == ";" and arguments:
            pattern = posixpath.join(self._prefix, arguments[0])
            return [one for included in self._glob(pattern) for one in self.file(included, within)]
        if sign.text == ";":
            return [Directive(place, name, arguments, span=span)]
        inside = self._block(tokens, path, within, depth=depth + 1)
        block = () if name.endswith("_by_lua_block") else tuple(inside)
        return [Directive(place, name, arguments, block, span, self._closed)]


def parse(path: str, read: t.Callable[[str], str], glob: t.Callable[[str], t.Sequence[str]]) -> list[Directive]:
    """The directives of a configuration. Relative includes lie beside the file. Raises BadConfig."""
    return _Reader(posixpath.dirname(path), read, glob).file(path)


def _tokens(text: str, path: str) -> t.Iterator[_Token]:
    if text.startswith("\ufeff"):
        raise BadConfig(f"{path}:1: begins with a byte order mark, which nginx takes for part of the first word")
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise BadConfig(f"{path}:{line}: not to be read as nginx would")
        position = match.end()
        sign, double, single, bare = match.groups()
        if sign is not None:
            yield _Token("sign", sign, line, *match.span())
        else:
            word = next((one for one in (double, single, bare) if one is not None), None)
            if word is not None:
                yield _Token("word", re.sub(r"\\([\\\"' ;{}])", r"\1", word), line, *match.span())
        line += match.group().count("\n")
