# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Changes to files: written beside, validated, renamed; never half-written, never through a link."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    NothingDone,
    kind,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.folders import (
    missing_folders,
    open_folder,
    read_plain,
    set_xattrs,
    xattrs,
)

HIDDEN = "(not shown: may hold secrets)\n"


def write_file(
    host: Machine, path: str, text: str, *, mode: int = 0o644, validate: tuple[str, ...] = (), sensitive: bool = False
) -> WriteFile:
    """Plan to give the file this text. `mode` is for a new file; an existing one keeps its owner, mode and ACL.

    `validate` is a command with "{}" for the path of the candidate; it must exit 0 or nothing is written.
    Raises ChangeError where the path is no plain file.
    """
    return WriteFile(path, read_now(host, path), text, mode, validate, sensitive)


def write_data(host: Machine, path: str, data: bytes, *, mode: int = 0o644) -> WriteData:
    """Plan to give the file these bytes. Raises ChangeError where the path is no plain file."""
    return WriteData(path, read_now(host, path), data.decode("utf-8", "surrogateescape"), mode)


def remove_file(host: Machine, path: str, *, sensitive: bool = False) -> RemoveFile:
    """Plan to remove the file. Raises ChangeError where the path is no plain file."""
    return RemoveFile(path, read_now(host, path), sensitive)


def edit_file(
    host: Machine, path: str, old: str, new: str, *, validate: tuple[str, ...] = (), sensitive: bool = False
) -> EditFile:
    """Plan to put the lines `new` in the place of the lines `old` ("": at the top), whatever else the file holds.

    Raises ChangeError where `old` is not there exactly once, or either is not made of whole lines.
    """
    change = EditFile(path, old, new, validate, sensitive)
    change.edited(read_now(host, path))
    return change


def read_now(host: Machine, path: str) -> str | None:
    """The file's text (other bytes than UTF-8 as surrogates), or None where there is no file."""
    with _folder_of(host, path, missing_ok=True) as folder:
        found = read_plain(folder, os.path.basename(path), path) if folder is not None else None
    return None if found is None else found[0].decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def _folder_of(host: Machine, path: str, *, create: bool = False, missing_ok: bool = False) -> t.Iterator[int | None]:
    try:
        folder = open_folder(os.path.dirname(host.path(path)), create=create)
    except FileNotFoundError:
        if not missing_ok:
            raise
        yield None
        return
    try:
        yield folder
    finally:
        os.close(folder)


@kind
@dataclasses.dataclass(frozen=True)
class WriteFile(Change):
    """Replace (or make) one file's text. `before` is the text it was planned against, None for no file."""

    path: str
    before: str | None
    after: str
    mode: int = 0o644
    validate: tuple[str, ...] = ()
    sensitive: bool = False

    def describe(self) -> str:
        return f"{'create' if self.before is None else 'edit'} {self.path}"

    def diff(self) -> Diff:
        return _diff(self.path, self.before or "", self.after, sensitive=self.sensitive)

    def capture(self, host: Machine) -> Before:
        return {"meta": _meta(host, self.path), "made": missing_folders(os.path.dirname(host.path(self.path)))}

    def apply(self, host: Machine, *, tag: str) -> None:
        now = read_now(host, self.path)
        if now == self.after:
            return
        if now != self.before:
            raise NothingDone(f"{self.path}: changed between the plan and the act, nothing was written; run again")
        _put(host, self.path, self.after, tag=tag, meta={"mode": self.mode}, validate=self.validate)

    def conflict(self, host: Machine) -> str:
        return _conflict(host, self.path, self.before, self.after)

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        _clean(host, self.path, tag)
        if not force and self.conflict(host):
            raise ChangeError(self.conflict(host))
        _restore(host, self.path, self.before, captured, tag=tag)


@kind
@dataclasses.dataclass(frozen=True)
class WriteData(WriteFile):
    """The same for what is no text, and what services read while they run, so that it outlives what names it."""

    outlives: t.ClassVar[bool] = True

    def diff(self) -> Diff:
        before, after = (text and f"{_sum(text)}\n" for text in (self.before or "", self.after))
        return {"before_header": self.path, "after_header": self.path, "before": before, "after": after}


def _sum(text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    return f"{len(data)} bytes, SHA256 {hashlib.sha256(data).hexdigest()}"


@kind
@dataclasses.dataclass(frozen=True)
class EditFile(Change):
    """Replace one passage of a file (whole lines, there once), so that others may edit the rest of it at any time.

    old: "" to put `new` at the top. new: never "", since then nobody could say where `old` had been.
    """

    path: str
    old: str
    new: str
    validate: tuple[str, ...] = ()
    sensitive: bool = False

    def describe(self) -> str:
        return f"edit {self.path}"

    def diff(self) -> Diff:
        return _diff(self.path, self.old, self.new, sensitive=self.sensitive)

    def edited(self, now: str | None) -> str:
        """The text with the passage replaced. Raises NothingDone."""
        if now is None or not self.new or not all(text.endswith("\n") for text in (self.old, self.new) if text):
            raise NothingDone(f"{self.path}: there is no such file, or the passage is not made of whole lines")
        return self.new + now if not self.old else self._swapped(now, self.old, self.new)

    def _swapped(self, now: str, old: str, new: str) -> str:
        if _occurrences(now, old) != 1:
            raise NothingDone(f"{self.path}: the lines to replace are not there exactly once; run again")
        before, _old, after = f"\n{now}".partition(f"\n{old}")
        return f"{before}\n{new}{after}"[1:]

    def _done(self, now: str | None) -> bool:
        replaced = self.old in self.new or not _occurrences(now or "", self.old)
        return replaced and _occurrences(now or "", self.new) == 1

    def apply(self, host: Machine, *, tag: str) -> None:
        now = read_now(host, self.path)
        if not self._done(now):
            _put(host, self.path, self.edited(now), tag=tag, meta={}, validate=self.validate)

    def conflict(self, host: Machine) -> str:
        return self.conflict_in(read_now(host, self.path) or "")

    def conflict_in(self, now: str) -> str:
        """Why it cannot be taken back where the file holds this."""
        if not self.old or 1 in (_occurrences(now, self.new), _occurrences(now, self.old)):
            return ""
        return f"{self.path}: somebody changed these lines since this run; put them back by hand: {self.old.strip()!r}"

    def taken_back(self, now: str) -> str:
        """The text without the edit, where it is there."""
        return self._swapped(now, self.new, self.old) if self._done(now) else now

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        _clean(host, self.path, tag)
        if not force and self.conflict(host):
            raise ChangeError(self.conflict(host))
        now = read_now(host, self.path) or ""
        if self._done(now):
            _put(host, self.path, self.taken_back(now), tag=tag, meta={})


def conflicts(host: Machine, changes: t.Iterable[Change]) -> list[str]:
    """Why these cannot be taken back, in this order.

    An edit is judged in the file as those that are taken back before it leave it: the lines around it, by which it was
    found, may have been edited after it.
    """
    texts: dict[str, str] = {}
    found: list[str] = []
    for change in changes:
        if isinstance(change, EditFile):
            now = texts.get(change.path)
            now = (read_now(host, change.path) or "") if now is None else now
            found.append(change.conflict_in(now))
            texts[change.path] = change.taken_back(now)
        else:
            found.append(change.conflict(host))
    return [problem for problem in found if problem]


def _occurrences(text: str, lines: str) -> int:
    """How often these whole lines are in the text."""
    return f"\n{text}".count(f"\n{lines}")


@kind
@dataclasses.dataclass(frozen=True)
class RemoveFile(Change):
    """Remove one file; its text, owner, mode and ACL go to the journal."""

    path: str
    before: str | None
    sensitive: bool = False

    def describe(self) -> str:
        return f"remove {self.path}"

    def diff(self) -> Diff:
        return _diff(self.path, self.before or "", "", sensitive=self.sensitive)

    def capture(self, host: Machine) -> Before:
        return {"meta": _meta(host, self.path), "made": []}

    def apply(self, host: Machine, *, tag: str) -> None:
        now = read_now(host, self.path)
        if now is None:
            return
        if now != self.before:
            raise NothingDone(f"{self.path}: changed between the plan and the act, not removed; run again")
        _drop(host, self.path)

    def conflict(self, host: Machine) -> str:
        return _conflict(host, self.path, self.before, None)

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        _clean(host, self.path, tag)
        if not force and self.conflict(host):
            raise ChangeError(self.conflict(host))
        _restore(host, self.path, self.before, captured, tag=tag)


def _diff(path: str, before: str, after: str, *, sensitive: bool) -> Diff:
    if sensitive:
        before, after = (before and f"before {HIDDEN}"), (after and f"after {HIDDEN}")
    return {"before_header": path, "after_header": path, "before": _readable(before), "after": _readable(after)}


def _readable(text: str) -> str:
    """The text with bytes that are not UTF-8 escaped: what leaves the host is JSON."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _conflict(host: Machine, path: str, before: str | None, after: str | None) -> str:
    if read_now(host, path) in (before, after):
        return ""
    return f"{path}: somebody changed it since this run; look at it, then undo with force: true to lose that change"


def _meta(host: Machine, path: str) -> dict[str, t.Any] | None:
    with _folder_of(host, path, missing_ok=True) as folder:
        if folder is None or read_plain(folder, os.path.basename(path), path) is None:
            return None
        fd = os.open(os.path.basename(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            status = os.fstat(fd)
            return {
                "mode": stat.S_IMODE(status.st_mode),
                "uid": status.st_uid,
                "gid": status.st_gid,
                "xattrs": xattrs(fd),
            }
        finally:
            os.close(fd)


def _temporary(path: str, tag: str) -> str:
    return f".{os.path.basename(path)}.{tag}"


def _put(
    host: Machine, path: str, text: str, *, tag: str, meta: t.Mapping[str, t.Any], validate: tuple[str, ...] = ()
) -> None:
    """Write beside, give it the present file's (else `meta`'s) owner, mode and ACL, validate, rename."""
    keep = _meta(host, path) or meta
    with _folder_of(host, path, create=True) as folder:
        temporary = _temporary(path, tag)
        _unlink(folder, temporary)
        try:
            _write(folder, temporary, text, keep)
            _validate(host, path, temporary, validate)
            os.rename(temporary, os.path.basename(path), src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _unlink(folder, temporary)
            raise
        os.fsync(t.cast(int, folder))


def _write(folder: int | None, name: str, text: str, meta: t.Mapping[str, t.Any]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))
        stream.flush()
        fd = stream.fileno()
        if "uid" in meta and (meta["uid"], meta["gid"]) != (os.geteuid(), os.getegid()):
            os.fchown(fd, meta["uid"], meta["gid"])
        set_xattrs(fd, meta.get("xattrs", {}))
        os.fchmod(fd, meta["mode"])
        os.fsync(fd)


def _validate(host: Machine, path: str, temporary: str, command: tuple[str, ...]) -> None:
    if not command:
        return
    candidate = os.path.join(os.path.dirname(host.path(path)), temporary)
    done = host.run([word.replace("{}", candidate) for word in command], timeout=60)
    if done.rc != 0:
        said = (done.stderr or done.stdout).strip().replace(candidate, path)
        raise ChangeError(
            f"{path}: the new text is refused by {command[0]} (rc {done.rc}), nothing was written: {said}"
        )


def _restore(host: Machine, path: str, text: str | None, captured: Before, *, tag: str) -> None:
    if text is None:
        _drop(host, path)
    elif read_now(host, path) != text:
        _put(host, path, text, tag=tag, meta=captured["meta"] or {"mode": 0o644})
    for folder in reversed(captured["made"]):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _drop(host: Machine, path: str) -> None:
    with _folder_of(host, path, missing_ok=True) as folder:
        if folder is not None:
            _unlink(folder, os.path.basename(path))
            os.fsync(folder)


def _clean(host: Machine, path: str, tag: str) -> None:
    """Remove what a killed process left beside the file."""
    with _folder_of(host, path, missing_ok=True) as folder:
        if folder is not None:
            _unlink(folder, _temporary(path, tag))


def _unlink(folder: int | None, name: str) -> None:
    """Remove the name if it is there; looked at first, since a read-only file system refuses also what is not."""
    with contextlib.suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        os.unlink(name, dir_fd=folder)
