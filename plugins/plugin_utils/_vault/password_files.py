# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Files with passwords of Ansible Vault: which there are, who can read them, and whether git has or would take them."""

from __future__ import annotations

import configparser
import dataclasses
import pathlib
import re
import stat
import subprocess
import typing as t

_NAMED = re.compile(r"\.?(ansible[-_.]?)?vault[-_.]?(pass(word|wd|phrase)?|pw|secret|key)s?([-_.]\w+)*", re.IGNORECASE)
_NO_PASSWORD = re.compile(r".*\.(ya?ml|md|rst|j2|example|sample|dist)", re.IGNORECASE)
#: git answers at once; one that asks somebody for something never does.
_SECONDS = 10


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What is wrong with one file, and what could not be asked."""

    faults: tuple[str, ...]
    unknown: str = ""


def named(path: str) -> bool:
    """Whether a file is called like one with a password."""
    return _NAMED.fullmatch(path) is not None and not _NO_PASSWORD.fullmatch(path)


def configured(config: pathlib.Path) -> list[pathlib.Path]:
    """What an ansible.cfg names, seen from its own folder. A file that nobody can read names none."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return []
    single = parser.get("defaults", "vault_password_file", fallback="")
    several = parser.get("defaults", "vault_identity_list", fallback="")
    texts = [text.strip().rpartition("@")[2] for text in (single, *several.split(","))]
    return [
        (config.parent / pathlib.Path(text).expanduser()) for text in texts if text and not text.startswith("prompt")
    ]


def judge(path: pathlib.Path) -> Verdict:
    """What is wrong with this file. Raises OSError where it is not there."""
    status = path.stat()
    program = bool(status.st_mode & stat.S_IXUSR)
    mode = stat.S_IMODE(status.st_mode)
    faults = [f"its mode is {mode:04o}, so that others can write to it"] if program and mode & 0o022 else []
    faults += [f"its mode is {mode:04o}, so that others can read it"] if not program and mode & 0o077 else []
    if program or not _in_work_tree(path):
        return Verdict(tuple(faults))
    in_git, unknown = _in_git(path)
    return Verdict((*faults, *([in_git] if in_git else [])), unknown)


def _in_work_tree(path: pathlib.Path) -> bool:
    return any((folder / ".git").exists() for folder in path.resolve().parents)


def _in_git(path: pathlib.Path) -> tuple[str, str]:
    """What is wrong with the file's place in git; why that is not known."""
    tracked, ignored = _git(path, "ls-files", "--error-unmatch"), _git(path, "check-ignore", "--quiet")
    if tracked == 0:
        return "git has it, and so does everybody who has the repository", ""
    if ignored == 1:
        return "git does not ignore it, so that the next commit may take it", ""
    return ("", "") if ignored == 0 else ("", "git does not answer for it")


def _git(path: pathlib.Path, *command: str) -> int:
    real = path.resolve()
    argv = ["git", "-C", str(real.parent), *command, "--", real.name]
    try:
        return subprocess.run(
            argv, capture_output=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL
        ).returncode
    except (OSError, subprocess.SubprocessError):
        return -1


def every(root: pathlib.Path, names: t.Mapping[pathlib.Path, str], given: t.Iterable[str]) -> list[pathlib.Path]:
    """Those that Ansible was given, that ansible.cfg of the project names, and that are called so."""
    told = [pathlib.Path(text).expanduser() for text in given]
    found = [*told, *configured(root / "ansible.cfg"), *(path for path in names if named(path.name))]
    return sorted({path.resolve() for path in found if path.is_file()})
