# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Logs of any size, newest first, in blocks of whole lines, within bounds of time, bytes and memory.

A log is its file in use and what was rotated away (NAME.1, NAME.2.gz, NAME-20261101.gz, or names with a date in
them). A plain file is read in segments from its end, so that the bounds cost the oldest entries. Whoever runs the
server may put anything there: links are not followed (but root's own), and nothing but plain files is opened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import os
import re
import stat
import sys
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import homes, tree
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Bytes that are held at once, of the file and of what is unpacked from it.
CHUNK = 256 * 1024
#: No server writes a longer line; what is longer is left out.
LINE = 64 * 1024
#: A plain file is read in so many bytes at once, the last ones first.
SEGMENT = 64 * 1024 * 1024
#: Of one log; and names in its folder.
MAX_FILES, MAX_NAMES = 1000, 20_000
#: xz says itself how much memory it needs: 9 MiB by default, 65 MiB by -9.
XZ_MEMORY = 80 * 1024 * 1024
_AGE = re.compile(r"(?:\.(?P<age>\d{1,4})|[-.](?P<date>\d{4}-?\d\d-?\d\d[-\d]*))?(?:\.(?:gz|xz|bz2|zst))?")
_AFTER = re.compile(r"(?:\.\d{1,3})?(?:\.(?:gz|xz|bz2|zst))?$")
_AFTER_AGE = re.compile(r"\.(\d{1,3})(?=$|\.(?:gz|xz|bz2|zst)$)")
#: The age of the file in use.
IN_USE = -1
_DATE = re.compile(r"\d{4}\D?\d\d\D?\d\d(?:\D?\d\d){0,3}|\d{9,10}")


@dataclasses.dataclass
class Bounds:
    """What may still be spent: seconds (a moment of time.monotonic) and bytes, of what is unpacked."""

    until: float
    bytes: int
    clock: t.Callable[[], float] = time.monotonic

    def spent(self) -> str:
        """What ran out, "" while nothing did."""
        if self.bytes <= 0:
            return "the limit of bytes was reached"
        return "the time for reading logs was used up" if self.clock() > self.until else ""


@dataclasses.dataclass(frozen=True)
class Piece:
    """A part of a log that is read forward: a whole file, or a segment of a plain one.

    path: of the file. begin, end: bytes of it. modified: when the file was last written, seconds since 1970.
    follows: whether nothing is missing between it and the piece that is newer.
    """

    path: str
    begin: int
    end: int
    modified: float
    follows: bool = True


class Damaged(Exception):
    """The rest of a piece cannot be read: what, and why."""


@dataclasses.dataclass
class Blocks:
    """An open piece; iterate over it for its blocks. Raises Damaged. long: how many lines were left out as too long."""

    stream: t.BinaryIO
    piece: Piece
    bounds: Bounds
    long: int = 0

    def __iter__(self) -> t.Iterator[bytes]:
        rest, skipping = b"", False
        for part in _parts(self.stream, self.piece):
            self.bounds.bytes -= len(part)
            end = part.rfind(b"\n") + 1
            if end:
                yield part[part.index(b"\n") + 1 : end] if skipping else rest + part[:end]
                rest, skipping = part[end:], False
            elif not skipping:
                rest += part
            if len(rest) > LINE:
                self.long, rest, skipping = self.long + 1, b"", True
            why = self.bounds.spent()
            if why:
                raise Damaged(f"{printable(self.piece.path)}: not read to its end, since {why}")
        if rest:
            yield rest


# Files


def pieces(host: Host, path: str) -> list[Piece]:
    """The pieces of the log at this path, newest first. A "*" in its name stands for a date. Raises Unseen."""
    folder, name = os.path.split(_real(host, path))
    with tree.opened(host, folder, tree.Budget(MAX_NAMES, 0)) as opened:
        if opened is None:
            return []
        found = (_dated if "*" in name else _rotated)(name, opened.list().files)
        return [piece for name, follows in found[:MAX_FILES] for piece in _segments(opened, name, follows)]


@contextlib.contextmanager
def blocks(host: Host, piece: Piece, bounds: Bounds) -> t.Iterator[Blocks]:
    """Open a piece. Raises Unseen where it is gone."""
    folder, name = os.path.split(piece.path)
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(tree.opened(host, folder, tree.Budget(0, 0)))
        stream = stack.enter_context(opened.open(name)) if opened else None
        if stream is None:
            raise Unseen(f"{printable(piece.path)}: not there any more")
        yield Blocks(stream, piece, bounds)


def _real(host: Host, path: str) -> str:
    """A log that is a link of root's lies elsewhere; other links lead nowhere."""
    try:
        status = os.lstat(host.path(path))
    except OSError:
        return path
    own = stat.S_ISLNK(status.st_mode) and status.st_uid in (0, os.geteuid())
    return homes.resolve(host, path) if own else path


def _rotated(base: str, names: t.Sequence[str]) -> list[tuple[str, bool]]:
    """The file in use and its rotated copies; whether each follows the one before it."""
    numbered: list[tuple[int, str]] = []
    dated: list[tuple[str, str]] = []
    for name in names:
        match = _AGE.fullmatch(name, len(base)) if name.startswith(base) else None
        if match and match["date"]:
            dated.append((match["date"].replace("-", ""), name))
        elif match:
            numbered.append((int(match["age"]) if match["age"] else IN_USE, name))
    numbered.sort()
    newer = [None, *(age for age, _name in numbered)]
    found = [(name, _follows(one, age)) for one, (age, name) in zip(newer, numbered)]
    # What is rotated by date leaves no trace of what is missing.
    return found + [(name, bool(numbered)) for _date, name in sorted(dated, reverse=True)]


def _follows(newer: int | None, age: int) -> bool:
    """Some begin to count at 0, others at 1. Without a file in use, nobody knows what was written last."""
    if newer is None:
        return age == IN_USE
    return age - newer <= 1 or (newer == IN_USE and age == 1)


def _dated(pattern: str, names: t.Sequence[str]) -> list[tuple[str, bool]]:
    """Files with the date in their names, as servers write that rotate by themselves; others may rotate them, too."""
    plain = {name: _AFTER.sub("", name) for name in names}
    found = [name for name, short in plain.items() if fnmatch.fnmatchcase(short, pattern)]
    ages = {name: int(match[1]) if match else IN_USE for name in found for match in [_AFTER_AGE.search(name)]}
    return [(name, True) for name in sorted(found, key=lambda name: (_date(name), -ages[name], name), reverse=True)]


def _date(name: str) -> str:
    match = _DATE.search(name)
    return re.sub(r"\D", "", match[0]) if match else ""


def _segments(folder: tree.Folder, name: str, follows: bool) -> t.Iterator[Piece]:
    with folder.open(name) as stream:
        if stream is None:
            return
        status = os.fstat(stream.fileno())
        path, size = folder.join(name), status.st_size
        if _unpacker(stream.read(6)) or size <= SEGMENT:
            yield Piece(path, 0, size, status.st_mtime, follows)
            return
        end = size
        while end:
            begin = _begin(stream, end)
            yield Piece(path, begin, end, status.st_mtime, follows or end != size)
            end = begin


def _begin(stream: t.BinaryIO, end: int) -> int:
    """Where the segment begins that ends there: at a line, unless there is none for long."""
    at = begin = end
    while begin >= end and at:
        at = max(0, at - SEGMENT)
        stream.seek(at)
        read = stream.readline(LINE) if at else b""
        begin = at + len(read) if read.endswith(b"\n") else at
    return begin


# Bytes


def _parts(stream: t.BinaryIO, piece: Piece) -> t.Iterator[bytes]:
    """The bytes of a piece in parts, unpacked. Raises Damaged."""
    unpack = _unpacker(stream.read(6))
    stream.seek(piece.begin)
    try:
        yield from unpack(stream) if unpack else _plain(stream, piece.end - piece.begin)
    except _errors() as exc:
        raise Damaged(f"{printable(piece.path)}: damaged, and not read to its end ({printable(str(exc))})") from exc


def _plain(stream: t.BinaryIO, left: int) -> t.Iterator[bytes]:
    while left > 0:
        part = stream.read(min(CHUNK, left))
        if not part:
            return
        left -= len(part)
        yield part


def _gzip(stream: t.BinaryIO) -> t.Iterator[bytes]:
    """One file may hold several packs, one behind the other, as nginx writes them."""
    import gzip

    with gzip.GzipFile(fileobj=stream) as packed:
        yield from iter(lambda: packed.read(CHUNK), b"")


def _xz(stream: t.BinaryIO) -> t.Iterator[bytes]:
    import lzma

    return _decompressed(stream, lzma.LZMADecompressor(memlimit=XZ_MEMORY))


def _bzip2(stream: t.BinaryIO) -> t.Iterator[bytes]:
    import bz2

    return _decompressed(stream, bz2.BZ2Decompressor())


def _decompressed(stream: t.BinaryIO, packer: t.Any) -> t.Iterator[bytes]:
    while not packer.eof:
        data = stream.read(64 * 1024) if packer.needs_input else b""
        if packer.needs_input and not data:
            raise EOFError("its end is missing")
        yield packer.decompress(data, CHUNK)
    if packer.unused_data or stream.read(1):
        raise EOFError("there is more behind its end")


def _zstd(stream: t.BinaryIO) -> t.Iterator[bytes]:
    raise EOFError("zstd is not read here; gzip, xz and bzip2 are")


_MAGIC: dict[bytes, t.Callable[[t.BinaryIO], t.Iterator[bytes]]] = {
    b"\x1f\x8b": _gzip,
    b"\xfd7zXZ\0": _xz,
    b"BZh": _bzip2,
    b"\x28\xb5\x2f\xfd": _zstd,
}


def _unpacker(head: bytes) -> t.Callable[[t.BinaryIO], t.Iterator[bytes]] | None:
    """By what a file begins with: nginx packs the log in use, too, whatever its name is."""
    return next((unpack for magic, unpack in _MAGIC.items() if head.startswith(magic)), None)


def _errors() -> tuple[type[Exception], ...]:
    """What the libraries raise, of which some hosts have not all."""
    found: list[type[Exception]] = [EOFError, OSError, ImportError]
    for module, name in (("zlib", "error"), ("lzma", "LZMAError")):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)
