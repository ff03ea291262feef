# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Gives a project's Ansible Vault values a new password: whole files and inline values, and no other byte of a file.

What a value says is compared before anything is put in place and again at the end. A run that was cut off leaves whole
files, each with the old or the new password, and is finished by the next.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import os
import pathlib
import re
import shutil
import stat
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib

from ansible_collections.infosec.principles.plugins.plugin_utils._vault.project import SKIPPED, write_beside

#: A value with its header, at the indent at which YAML has it.
VALUE = re.compile(
    rb"^(?P<indent>[ \t]*)(?P<header>\$ANSIBLE_VAULT;1\.[12];AES256(?:;(?P<label>[^;\r\n]+))?)[ \t]*(?P<end>\r?\n)"
    rb"(?P<body>(?:(?P=indent)[0-9a-f]+[ \t]*(?:\r?\n|\Z))+)",
    re.MULTILINE,
)
_HEADER = b"$ANSIBLE_VAULT;"
#: Nothing that people encrypt by hand is larger.
MAX_SIZE = 16 * 1024 * 1024
BACKUP = ".rekey-backup"


class RekeyError(Exception):
    """Why nothing, or nothing more, was changed. faults: each with its place."""

    def __init__(self, faults: t.Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclasses.dataclass(frozen=True)
class Value:
    """One encrypted value. start, end: its place in the file. plain: what it says. done: it has the new password."""

    start: int
    end: int
    match: re.Match[bytes]
    plain: bytes
    done: bool


@dataclasses.dataclass(frozen=True)
class File:
    """One file with such values."""

    path: pathlib.Path
    data: bytes
    values: tuple[Value, ...]

    @property
    def done(self) -> bool:
        return all(value.done for value in self.values)

    @property
    def plain(self) -> list[bytes]:
        return [value.plain for value in self.values]

    @property
    def around(self) -> list[bytes]:
        """All that is not encrypted."""
        edges = [0, *(edge for value in self.values for edge in (value.start, value.end)), len(self.data)]
        return [self.data[first:last] for first, last in zip(edges[::2], edges[1::2], strict=True)]


@dataclasses.dataclass(frozen=True)
class Vaults:
    """The old and the new password. label: the one vault id whose values are meant; "" for all."""

    old: VaultLib
    new: VaultLib
    label: str = ""

    def wanted(self, match: re.Match[bytes]) -> bool:
        return not self.label or (match["label"] or b"default").decode("utf-8", "replace") == self.label

    def read(self, path: pathlib.Path, data: bytes) -> File:
        """The file with what its values say. Raises RekeyError."""
        matches = [match for match in VALUE.finditer(data) if self.wanted(match)]
        faults = [] if self.label else _unread(path, data, len(matches))
        values = []
        for match in matches:
            try:
                values.append(self._value(match))
            except AnsibleError:
                line = data[: match.start()].count(b"\n") + 1
                faults.append(f"{path}:{line}: neither the old nor the new password opens this value")
        if faults:
            raise RekeyError(faults)
        return File(path, data, tuple(values))

    def _value(self, match: re.Match[bytes]) -> Value:
        text = match["header"] + b"\n" + b"".join(line.strip() + b"\n" for line in match["body"].splitlines())
        try:
            return Value(match.start(), match.end(), match, self.new.decrypt(text), done=True)
        except AnsibleError:
            return Value(match.start(), match.end(), match, self.old.decrypt(text), done=False)

    def rewritten(self, file: File) -> bytes:
        """The file's bytes with all values under the new password."""
        pieces = []
        for around, value in zip(file.around, (*file.values, None), strict=True):
            pieces += [around, self._sealed(value) if value else b""]
        return b"".join(pieces)

    def _sealed(self, value: Value) -> bytes:
        if value.done:
            return value.match[0]
        label = value.match["label"]
        text: bytes = self.new.encrypt(value.plain, vault_id=label.decode() if label else None)
        indent, end = value.match["indent"], value.match["end"]
        sealed = b"".join(indent + line + end for line in text.splitlines())
        return sealed if value.match[0].endswith(b"\n") else sealed[: -len(end)]


def _unread(path: pathlib.Path, data: bytes, read: int) -> list[str]:
    """Values in a form that nobody here can put back, such as one line of JSON; comments and texts name them too."""
    headers = len(re.findall(rb"\$ANSIBLE_VAULT;1\.[0-9];AES", data))
    return (
        [f"{path}: {headers - read} value(s) in a form that is not known here; rekey them by hand"]
        if headers > read
        else []
    )


def find(root: pathlib.Path, vaults: Vaults, exclude: t.Sequence[str] = ()) -> list[File]:
    """Every file of the project with such values. exclude: patterns of names below root. Raises RekeyError."""
    files: list[File] = []
    faults: list[str] = []
    for path in _paths(root):
        if any(fnmatch.fnmatch(str(path.relative_to(root)), pattern) for pattern in exclude):
            continue
        try:
            file = vaults.read(path, path.read_bytes())
        except RekeyError as exc:
            faults += exc.faults
        except OSError as exc:
            faults.append(f"{path}: {exc.strerror}")
        else:
            files += [file] if file.values else []
    if faults:
        raise RekeyError(faults)
    return files


def _paths(root: pathlib.Path) -> t.Iterator[pathlib.Path]:
    """Plain files that hold the header somewhere; links are not followed, since what they lead to may not be ours."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and name != BACKUP)
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_SIZE and _HEADER in path.read_bytes():
                yield path


def rekey(root: pathlib.Path, files: t.Iterable[File], vaults: Vaults) -> list[str]:
    """Put every file in place with the new password, its old bytes in BACKUP; their names. Raises RekeyError."""
    files = list(files)
    changed = [_replace(root, file, vaults) for file in files if not file.done]
    for file in files:
        _prove(file, vaults.read(file.path, file.path.read_bytes()))
    return changed


def _replace(root: pathlib.Path, file: File, vaults: Vaults) -> str:
    name = file.path.relative_to(root)
    candidate = file.path.with_name(f".{file.path.name}.rekey")
    with contextlib.suppress(FileNotFoundError):
        candidate.unlink()
    write_beside(candidate, vaults.rewritten(file), file.path.stat())
    try:
        _prove(file, vaults.read(file.path, candidate.read_bytes()))
        _keep(root / BACKUP, name, file)
        if file.path.read_bytes() != file.data:
            raise RekeyError([f"{file.path}: changed in the meantime; run again"])
        candidate.replace(file.path)
    except BaseException:
        candidate.unlink()
        raise
    return str(name)


def _prove(file: File, now: File) -> None:
    """Raise RekeyError unless every value says what it did, under the new password, and nothing else differs."""
    if not (now.done and now.plain == file.plain and now.around == file.around):
        raise RekeyError([f"{file.path}: does not say the same under the new password"])


def _keep(folder: pathlib.Path, name: pathlib.Path, file: File) -> None:
    """The first bytes of the file; those of an earlier run that was cut off stay."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    kept = folder / name
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not kept.exists():
        shutil.copy2(file.path, kept)
