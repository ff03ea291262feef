# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The files of an Ansible project: found by where they lie, each told by what reads it. Links are not followed."""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import os
import pathlib
import stat
import typing as t

#: What is not written by people, or is somebody else's.
SKIPPED = frozenset({".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".collections"})
#: What an Ansible project has its own files in.
FOLDERS = (
    *("group_vars", "host_vars", "inventory", "inventories", "playbooks", "roles", "vars", "defaults", "tasks"),
    *("handlers", "files", "templates", "environments", "host_files"),
)
#: Nothing that people write is larger; and so many files are looked at.
MAX_SIZE, MAX_FILES = 4 * 1024 * 1024, 20_000

YAML, INI, TEXT = "yaml", "ini", "text"
_BY_SUFFIX = {
    **dict.fromkeys((".yml", ".yaml", ".json", ".vault"), YAML),
    **dict.fromkeys((".ini", ".cfg", ".toml"), INI),
    **dict.fromkeys((".j2", ".pem", ".key", ".crt", ".conf", ".env", ".sh", ".txt"), TEXT),
}
_VARIABLES = ("group_vars", "host_vars")
_DEPLOYED = ("files", "templates")


@dataclasses.dataclass(frozen=True)
class Source:
    """One file. name: below the project's folder, with "/". reader: YAML, INI or TEXT."""

    path: pathlib.Path
    name: str
    reader: str


class TooMany(Exception):
    """There are more files than are looked at."""


def files(
    root: pathlib.Path, inventories: t.Iterable[pathlib.Path], exclude: t.Sequence[str]
) -> dict[pathlib.Path, str]:
    """The project's files with their names: those in its folders and beside them, and the inventories with theirs.

    exclude: patterns of names. Raises TooMany.
    """
    found: dict[pathlib.Path, str] = {}
    for path in _candidates(root, inventories):
        name = os.path.relpath(path, root).replace(os.sep, "/")
        if not any(fnmatch.fnmatch(name, pattern) for pattern in exclude):
            found[path] = name
        if len(found) > MAX_FILES:
            raise TooMany(f"{root} has more than {MAX_FILES} files")
    return found


def sources(found: t.Mapping[pathlib.Path, str]) -> list[Source]:
    """Those that are read, in the order of their names."""
    readers = ((path, name, _reader(path, pathlib.PurePosixPath(name).parts)) for path, name in found.items())
    return sorted((Source(path, name, reader) for path, name, reader in readers if reader), key=lambda one: one.name)


def _candidates(root: pathlib.Path, inventories: t.Iterable[pathlib.Path]) -> t.Iterator[pathlib.Path]:
    yield from _plain(root)
    for name in FOLDERS:
        yield from _below(root / name)
    for path in inventories:
        folder = path if path.is_dir() else path.parent
        yield from _below(path) if path.is_dir() else [path]
        for name in _VARIABLES:
            yield from _below(folder / name)


def _below(folder: pathlib.Path) -> t.Iterator[pathlib.Path]:
    if folder.is_symlink():
        return
    for parent, folders, _names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        yield from _plain(pathlib.Path(parent))


def _plain(folder: pathlib.Path) -> t.Iterator[pathlib.Path]:
    with contextlib.suppress(OSError):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size <= MAX_SIZE:
                yield folder / entry.name


def _reader(path: pathlib.Path, parts: tuple[str, ...]) -> str:
    if set(parts[:-1]) & set(_DEPLOYED):
        return TEXT
    # An executable inventory is a program, whatever it is called.
    if path.suffix != ".yml" and path.stat().st_mode & stat.S_IXUSR:
        return ""
    in_variables = bool(set(parts[:-1]) & set(_VARIABLES))
    # Ansible reads YAML without a suffix there; elsewhere such a file is an inventory, or nothing of Ansible's.
    bare = YAML if in_variables else INI if parts[-1] in ("hosts", "inventory") or "inventor" in parts[0] else ""
    return _BY_SUFFIX.get(path.suffix, bare if not path.suffix else "")


def read(path: pathlib.Path) -> bytes:
    """What is in it. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as stream:
        return stream.read(MAX_SIZE + 1)


def write_beside(path: pathlib.Path, data: bytes, like: os.stat_result) -> None:
    """A new file with the owner and mode of another, on the disk before this returns. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as stream:
        stream.write(data)
        if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(fd, like.st_uid, like.st_gid)
        os.fchmod(fd, stat.S_IMODE(like.st_mode))
        stream.flush()
        os.fsync(fd)
