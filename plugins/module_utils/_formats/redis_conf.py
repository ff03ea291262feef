# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The configuration of Redis and Valkey: one setting a line, words quoted as redis-cli does, the last one wins."""

from __future__ import annotations

import posixpath
import re
import typing as t

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)')
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a"}
_SECRET = re.compile(
    r"^\s*(requirepass|masterauth|primaryauth|user|tls-key-file-pass|sentinel\s+auth-pass)\s", re.MULTILINE | re.I
)
_DEPTH = 8


def words(line: str) -> list[str]:
    """The words of one line; none for a comment."""
    if line.lstrip().startswith("#"):
        return []
    return [_plain(match) for match in _WORD.finditer(line)]


def _plain(match: t.Match[str]) -> str:
    double, single, bare = match.groups()
    if double is not None:
        return _unescape(double)
    return single.replace("\\'", "'") if single is not None else bare


def _unescape(text: str) -> str:
    def char(match: t.Match[str]) -> str:
        code = match.group(1)
        return chr(int(code[1:], 16)) if len(code) == 3 else _CONTROLS.get(code, code)

    return _ESCAPE.sub(char, text)


def unquote(text: str) -> str:
    """A string as redis-cli prints it, in double quotes."""
    return _unescape(text[1:-1])


def quote(text: str) -> str:
    """A word that redis-cli takes for exactly this text, whatever is in it; ASCII, one line."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode("utf-8", "surrogateescape")) + '"'


def effective(
    path: str, read: t.Callable[[str], str], glob: t.Callable[[str], list[str]], depth: int = 0
) -> dict[str, str]:
    """The last value of each setting, arguments joined by blanks, with the includes where they stand."""
    found: dict[str, str] = {}
    for line in read(path).splitlines():
        name, *arguments = words(line) or [""]
        if name.lower() == "include" and arguments and depth < _DEPTH:
            for part in glob(posixpath.join(posixpath.dirname(path), arguments[0])):
                found.update(effective(part, read, glob, depth + 1))
        elif name:
            found[name.lower()] = " ".join(arguments)
    return found


def holds_secrets(text: str) -> bool:
    """Whether the text may hold a password, so that it must not be shown."""
    return bool(_SECRET.search(text))
