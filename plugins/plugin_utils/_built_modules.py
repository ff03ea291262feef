# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Modules as Ansible built them for sending, kept from one run to the next.

Ansible parses every file that a module imports, for ours half a second in each run anew, and keeps what it made of
them until the run ends. Here its files are linked into a folder of the user's own and, as long as no source has
changed, back into the next run. Nothing is known of their names beyond the module's, nor of what is in them: an Ansible
that keeps them elsewhere builds as ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
import stat
import sys
import typing as t

from ansible import constants as C
from ansible.plugins.loader import module_utils_loader
from ansible.release import __version__

FOLDER = "infosec_principles_modules"
COLLECTION = pathlib.Path(__file__).parents[2]
#: How many states of the sources are kept, for users of several versions.
STATES = 4


@contextlib.contextmanager
def kept(module: str) -> t.Iterator[None]:
    """Within the block Ansible finds the module (namespace.collection.name) as an earlier run left it, if one did."""
    ours = pathlib.Path(C.ANSIBLE_HOME, FOLDER, state())  # type: ignore[attr-defined]
    theirs = pathlib.Path(C.DEFAULT_LOCAL_TMP, "ansiballz_cache")  # type: ignore[attr-defined]
    name = module.rpartition(".")[2]
    if _is_own(ours.parent) and _is_own(ours):
        _link(ours, theirs, name)
    yield
    _link(theirs, ours, name)
    _forget_old(ours.parent)


def state() -> str:
    """A digest that changes with Ansible, with Python and with every file that could be sent."""
    folders = [str(COLLECTION / "plugins" / part) for part in ("modules", "module_utils")]
    folders += module_utils_loader.print_paths().split(os.pathsep)
    files = [str(COLLECTION / "meta" / "runtime.yml"), *_sources(folders)]
    described = [__version__, sys.version, *map(_describe, files)]
    return hashlib.sha256("\n".join(described).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _sources(folders: t.Iterable[str]) -> t.Iterator[str]:
    for folder in folders:
        for parent, _folders, names in sorted(os.walk(folder)):
            yield from (os.path.join(parent, name) for name in sorted(names) if name.endswith(".py"))


def _describe(path: str) -> str:
    found = os.stat(path)
    # No copy can choose its ctime, as it can the other two.
    return f"{path} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def _is_own(folder: pathlib.Path) -> bool:
    """Whether nobody else can have put there what is going to run as root on every host."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _link(source: pathlib.Path, target: pathlib.Path, name: str) -> None:
    """Link what is built of the module; where that fails it is built again, which takes time and nothing else."""
    with contextlib.suppress(OSError):
        # Ansible's locks lie beside, and are empty.
        for built in [path for path in source.glob(f"*.{name}-*") if path.stat().st_size]:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            target.mkdir(mode=0o700, exist_ok=True)
            if not (target / built.name).exists():
                _flush(built)
                os.link(built, target / built.name)


def _flush(path: pathlib.Path) -> None:
    """Have it on the disk before it gets its lasting name: a power cut must not leave an empty one there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget_old(folder: pathlib.Path) -> None:
    with contextlib.suppress(OSError):
        for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-STATES]:
            shutil.rmtree(old, ignore_errors=True)
