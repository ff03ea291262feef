# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""fstab(5) and crypttab(5): tables of words between blanks. Edits keep every byte of the other lines."""

from __future__ import annotations

import dataclasses
import re
import typing as t

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclasses.dataclass(frozen=True)
class Row:
    """One entry: where it stands (first line is 1), as it is written, and its words with \\040 undone."""

    line: int
    text: str
    words: tuple[str, ...]

    def word(self, number: int, default: str = "") -> str:
        """A word, counted from 0."""
        return self.words[number] if number < len(self.words) else default


def rows(text: str) -> list[Row]:
    """The entries; comments and empty lines are none."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if words and not words[0].startswith("#"):
            found.append(Row(number, line, tuple(_undo(word) for word in words)))
    return found


def replace(text: str, row: Row, lines: t.Sequence[str]) -> str:
    """The text with these lines in the place of that entry."""
    old = text.split("\n")
    return "\n".join([*old[: row.line - 1], *lines, *old[row.line :]])


def append(text: str, lines: t.Sequence[str]) -> str:
    """The text with these lines at its end."""
    gap = "" if not text or text.endswith("\n") else "\n"
    return text + gap + "".join(f"{line}\n" for line in lines)


def device_path(spec: str) -> str:
    """The path below /dev of a first (fstab) or second (crypttab) word; other words come back as they are."""
    tag, equals, value = spec.partition("=")
    folder = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel", "ID": "id"}.get(tag)
    if not equals or folder is None:
        return spec
    value = value.strip("\"'")
    return f"/dev/disk/by-{folder}/{value.lower() if folder == 'partuuid' else _udev_name(value)}"


def _undo(word: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), word)


def _udev_name(value: str) -> str:
    r"""udev writes what is not plain in a name as \x20."""
    plain = re.compile(r"[A-Za-z0-9#+\-.:=@_]")
    return "".join(c if plain.match(c) else "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in value)
