# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who may write to what opens an account, and read private keys in .ssh, besides its owner."""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys import rules
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine import modes
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host import homes, strict_modes
from ansible_collections.infosec.principles.plugins.module_utils._host.authorized import KeyFile
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Found, Home, Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

SUBJECT = "home directories"
FOLDER = ".ssh"
#: How many names below .ssh are looked at, and how deep.
LIMIT, DEPTH = 2000, 2
_START = 256


def judge(host: Host, files: t.Sequence[KeyFile]) -> t.Iterator[Finding]:
    """Files of keys and their folders, and private keys."""
    unseen: list[str] = []
    open_ = [*_writable(host, files, unseen), *_readable(host, unseen)]
    message = f"nobody else can write to {len(files)} files of keys, or read a private key in {FOLDER}"
    yield from rules.all_of(rules.MODES, open_, unseen, Finding(rules.MODES, SUBJECT, f.PASS, message))


# Files of keys


def _writable(host: Host, files: t.Sequence[KeyFile], unseen: list[str]) -> list[Finding]:
    found: dict[str, Finding] = {}
    for file in files:
        for account in file.accounts:
            try:
                for path, status, who in strict_modes.writable(host, file.path, account):
                    found.setdefault(path, _open(host, path, status, who))
            except FileNotFoundError:
                continue
            except OSError as exc:
                unseen.append(f"{file.path}: {exc.strerror}")
            except Unseen as exc:
                unseen.append(str(exc))
    return list(found.values())


def _open(host: Host, path: str, status: os.stat_result, who: str) -> Finding:
    mode = stat.S_IMODE(status.st_mode)
    message = f"{printable(path)} can be written to by {who}"
    evidence = (Evidence(printable(path), f"mode {mode:04o}", f"{mode & ~0o022:04o}"),)
    if strict_modes.everywhere(host):
        message += "; not changed, since sshd refuses all keys there as it is (StrictModes), and would take them then"
        remedy = f"Look at the keys, which others may have put there; then chmod go-w {printable(path)}."
        return Finding(rules.MODES, printable(path), f.FAIL, message, evidence, remedy=remedy)
    return Finding(rules.MODES, printable(path), f.FAIL, message, evidence, _chmod(host, path, mode & ~0o022))


def _chmod(host: Host, path: str, mode: int) -> tuple[Change, ...]:
    try:
        change = modes.set_mode(host, path, mode)
    except (OSError, ChangeError):
        return ()
    return (change,) if change.before != change.after else ()


# Private keys


def _readable(host: Host, unseen: list[str]) -> t.Iterator[Finding]:
    """ssh itself refuses a key that others than its owner may read, so that nothing that works needs those rights."""
    found, missing = host.once(homes.read)
    unseen += missing
    for home in found:
        try:
            yield from (_exposed(host, one) for one in _keys(host, home))
        except Unseen as exc:
            unseen.append(str(exc))


def _keys(host: Host, home: Home) -> t.Iterator[Found]:
    for one in homes.files(host, home, depth=DEPTH, limit=LIMIT, below=FOLDER):
        is_open = one.status.st_mode & 0o077 and 0 < one.status.st_size <= ssh_keys.MAX_SIZE
        if is_open and ssh_keys.may_be_private(homes.read_found(host, one, _START)):
            yield one


def _exposed(host: Host, one: Found) -> Finding:
    path, mode = printable(one.path), stat.S_IMODE(one.status.st_mode)
    evidence = (Evidence(path, f"private key, mode {mode:04o}", f"{mode & 0o700:04o}"),)
    message = f"others than its owner have rights to the private key {path}"
    return Finding(rules.MODES, path, f.FAIL, message, evidence, _chmod(host, one.path, mode & 0o700))
