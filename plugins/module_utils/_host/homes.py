# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Looking into home directories as root: bounded, through no link, and not where a dead server could hold us.

A home's owner may put anything into it. Folders are opened one after the other without following links; of files only
plain ones are opened; network and FUSE file systems are not touched, since reading there may never end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.folders import MAX_LINKS
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

_REMOTE = re.compile(
    r"(nfs\d?|cifs|smb\d?|smbfs|afs|ceph|glusterfs|lustre|9p|autofs|coda|fuse|beegfs|gpfs)(\..*)?|fuse\..+"
)
#: Homes of accounts that have none of their own.
_NO_HOME = re.compile(
    r"/|/(bin|boot|dev|etc|home|lib\w*|media|mnt|nonexistent|opt|proc|run|sbin|srv|sys|tmp|usr|var)"
    r"|/(dev|proc|sys|usr|run)/.*|/var/(lib|spool|cache|run|log|tmp|empty|backups|mail|list)"
)
REMOTE = "lies on a network or FUSE file system, which is not looked into"
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_PATH: int = getattr(os, "O_PATH", 0)


@dataclasses.dataclass(frozen=True)
class Home:
    """One home directory: the first account that has it, and where it is once links are followed."""

    account: accounts.Account
    path: str


@dataclasses.dataclass(frozen=True)
class Found:
    """A plain file in a home."""

    home: Home
    path: str
    status: os.stat_result


class Unseen(Exception):
    """Something that was not looked at: what and why."""


# Mounts


def remote_mounts(host: Host) -> dict[str, bool]:
    """Every mount point, and whether a server or a process behind it could keep us waiting. For `host.once`."""
    try:
        lines = host.read_text("/proc/self/mountinfo").splitlines()
    except HostError:
        return {}
    found: dict[str, bool] = {}
    for fields in (line.split(" ") for line in lines):
        if len(fields) > 6 and "-" in fields[6:]:
            kind = fields[fields.index("-", 6) + 1]
            found[_unescape(fields[4])] = _REMOTE.fullmatch(kind) is not None
    return found


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def is_remote(host: Host, path: str) -> bool:
    """Whether the path lies on such a file system, judged by its name alone."""
    mounts = host.once(remote_mounts)
    while path not in mounts and path != "/":
        path = os.path.dirname(path) or "/"
    return mounts.get(path, False)


def resolve(host: Host, path: str) -> str:
    """The path with all links followed, and nothing remote touched. Raises Unseen."""
    todo = [part for part in reversed(path.split("/")) if part]
    here, links = "/", 0
    while todo:
        part = todo.pop()
        step = os.path.normpath(os.path.join(here, part))
        if is_remote(host, step):
            raise Unseen(f"{path}: {REMOTE}")
        target = _link(host, step)
        if target is None:
            here = step
            continue
        links += 1
        if links > MAX_LINKS:
            raise Unseen(f"{path}: more than {MAX_LINKS} symbolic links on the way")
        todo += [piece for piece in reversed(target.split("/")) if piece]
        here = "/" if target.startswith("/") else here
    return here


def _link(host: Host, path: str) -> str | None:
    try:
        return os.readlink(host.path(path))
    except PermissionError as exc:
        raise Unseen(f"{path}: not readable by this user; run as root (become: true)") from exc
    except OSError:
        return None


# Homes


def read(host: Host) -> tuple[tuple[Home, ...], tuple[str, ...]]:
    """Every home that is there, each once, and why others were not looked at. Use as `host.once(homes.read)`."""
    found: dict[tuple[int, int], Home] = {}
    unseen: list[str] = []
    for account in host.once(accounts.read):
        if not account.home.startswith("/") or _NO_HOME.fullmatch(os.path.normpath(account.home)):
            continue
        try:
            path = resolve(host, account.home)
            status = os.stat(host.path(path), follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                found.setdefault((status.st_dev, status.st_ino), Home(account, path))
        except FileNotFoundError:
            continue
        except Unseen as exc:
            unseen.append(str(exc))
        except OSError as exc:
            unseen.append(f"{account.home}: {exc.strerror}")
    return tuple(found.values()), tuple(unseen)


def files(host: Host, home: Home, *, depth: int, limit: int, below: str = "") -> t.Iterator[Found]:
    """The plain files of a home, nearest first. depth: 1 for those in the folder itself. below: a folder in it.

    Raises Unseen after `limit` names, and (once all else was seen) for what could not be read.
    """
    todo = [(below, depth)]
    unseen = _mounted_in(host, home)
    while todo:
        folder, deeper = todo.pop(0)
        try:
            entries = _entries(host, home, folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as exc:
            unseen = unseen or f"{os.path.join(home.path, folder)}: {exc.strerror}"
            continue
        limit -= len(entries)
        if limit < 0:
            raise Unseen(f"{home.path}: too many files to look at all of them")
        for name, status in entries:
            path = os.path.join(folder, name)
            if stat.S_ISREG(status.st_mode):
                yield Found(home, os.path.join(home.path, path), status)
            elif stat.S_ISDIR(status.st_mode) and deeper > 1:
                todo.append((path, deeper - 1))
    if unseen:
        raise Unseen(unseen)


def _mounted_in(host: Host, home: Home) -> str:
    """Why not all of the home is looked at; empty where nothing remote is mounted in it."""
    inside = sorted(
        path for path, remote in host.once(remote_mounts).items() if remote and path.startswith(f"{home.path}/")
    )
    return f"{inside[0]}: {REMOTE}" if inside else ""


def _entries(host: Host, home: Home, folder: str) -> list[tuple[str, os.stat_result]]:
    """Names and status of the plain files and folders in a folder; what is mounted from elsewhere is left out."""
    with _opened(host, home, folder) as fd:
        found = []
        with os.scandir(fd) as listing:
            for entry in listing:
                here = os.path.join(home.path, folder, entry.name)
                plain = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
                if plain and not is_mounted_remote(host, here):
                    with contextlib.suppress(OSError):
                        found.append((entry.name, os.stat(entry.name, dir_fd=fd, follow_symlinks=False)))
        return sorted(found)


def is_mounted_remote(host: Host, path: str) -> bool:
    """Whether something remote is mounted at this very path."""
    return host.once(remote_mounts).get(path, False)


@contextlib.contextmanager
def _opened(host: Host, home: Home, folder: str) -> t.Iterator[int]:
    """A descriptor of a folder in a home, reached without following any link."""
    fd = os.open(host.path(home.path), _OPEN | os.O_DIRECTORY)
    try:
        for part in filter(None, folder.split("/")):
            following = os.open(part, _OPEN | os.O_DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = following
        yield fd
    finally:
        os.close(fd)


def read_found(host: Host, found: Found, size: int) -> bytes:
    """The first bytes of a file that `files` gave; none where it is gone, or is no plain file any more."""
    folder = os.path.relpath(os.path.dirname(found.path), found.home.path)
    try:
        with _opened(host, found.home, "" if folder == "." else folder) as above:
            fd = os.open(os.path.basename(found.path), _OPEN | os.O_NONBLOCK, dir_fd=above)
            with os.fdopen(fd, "rb") as stream:
                return stream.read(size) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    except OSError:
        return b""


def reach(host: Host, found: Found) -> int:
    """The mode bits by which others than its owner may read or write the file.

    Only as far as the folders from the home on let them through to it; access control lists are not looked at.
    """
    group, others = 0o060, 0o006
    folder = os.path.relpath(os.path.dirname(found.path), found.home.path)
    parts = [] if folder == "." else folder.split("/")
    for length in range(len(parts) + 1):
        try:
            with _opened(host, found.home, "/".join(parts[:length])) as fd:
                above = os.fstat(fd)
        except OSError:
            return 0
        others = others if above.st_mode & 0o001 else 0
        same_group = above.st_mode & 0o010 and above.st_gid == found.status.st_gid
        group = group if same_group or above.st_mode & 0o001 else 0
    return found.status.st_mode & (group | others)


def status_of(host: Host, home: Home, name: str) -> os.stat_result | None:
    """The status of a name in the home itself, or None where there is none. Raises Unseen."""
    if is_mounted_remote(host, os.path.join(home.path, name)):
        return None
    try:
        with _opened(host, home, "") as fd:
            return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise Unseen(f"{home.path}: {exc.strerror}") from exc


def read_plain(host: Host, path: str, size: int) -> bytes | None:
    """The first bytes of a plain file, reached through links as its owner would; None where there is none.

    Nothing else (a device, a FIFO) is ever opened. Raises Unseen.
    """
    found = read_with_status(host, path, size)
    return found[0] if found else None


def read_with_status(host: Host, path: str, size: int) -> tuple[bytes, os.stat_result] | None:
    """The same with the status of the file that was read. Raises Unseen."""
    real = resolve(host, path)
    try:
        fd = os.open(host.path(real), _PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise Unseen(f"{path}: {exc.strerror}") from exc
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return None
        with open(f"/proc/self/fd/{fd}", "rb") as stream:
            return stream.read(size), status
    except OSError as exc:
        raise Unseen(f"{path}: {exc.strerror}") from exc
    finally:
        os.close(fd)
