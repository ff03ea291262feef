# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small control over files below a folder, for tests of the engine; run as a program, it is one real run.

`python toy.py ROOT POINT`: enforce below ROOT and die by SIGKILL at the POINT-th record of the journal.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import signal
import sys
import typing as t

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[5] / ".collections"))

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command, Statement
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import remove_file, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.run import Result, Settings, run
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, NeedsRoot

RULE = f.Rule("tidy", "The file says good", "high", "https://example.org/", "Write good into it.")
#: Path below the root, its first text (None: no file), the text that passes (None: no file).
FILES: tuple[tuple[str, str | None, str | None], ...] = (
    ("/etc/edited.conf", "bad\nold \udcff bytes\n", "good\n"),
    ("/etc/new/deep/made.conf", None, "good\n"),
    ("/etc/hosts.equiv", "+ +\n", None),
)


class RootHost(Host):
    """A host below a folder of the test's, where this process may write."""

    @property
    def is_root(self) -> bool:
        return True


def lay(root: pathlib.Path) -> None:
    """Write the violating files."""
    for path, text, _good in FILES:
        if text is not None:
            target = root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8", "surrogateescape"))
            target.chmod(0o640)
    (root / "etc/flag").write_text("off")


def state(root: pathlib.Path) -> dict[str, tuple[int, bytes]]:
    """Mode and bytes of every file below the root but the journal's."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and "infosec-principles" not in str(path))
    return {str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes()) for path in files}


def _text(host: Host, path: str) -> str | None:
    return host.read_text(path) if host.exists(path) else None


def _change(host: Host, path: str, good: str | None) -> Change:
    return remove_file(host, path) if good is None else write_file(host, path, good)


def _flag(host: Host) -> tuple[Change, ...]:
    flag = host.path("/etc/flag")
    command = Command(
        "switch the flag",
        "off\n",
        "on\n",
        (("sh", "-c", 'printf on > "$1"', "sh", flag),),
        (("sh", "-c", 'printf off > "$1"', "sh", flag),),
        ("grep", "-q", "on", flag),
    )
    probe = f'[ -e "{flag}.second" ] && echo 1 || echo 0'
    statement = Statement("second flag", "", "on\n", ("sh",), f'touch "{flag}.second"', f'rm "{flag}.second"', probe)
    return (command, statement)


def assess_toy(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """All files share one fix, with a command and a statement in the middle; the flag has a finding of its own."""
    bad = [(path, good) for path, _first, good in FILES if _text(host, path) != good]
    changes = [_change(host, path, good) for path, good in bad]
    flagged = host.read_text("/etc/flag") == "on"
    fix = tuple(changes[:1]) + (() if flagged else _flag(host)) + tuple(changes[1:])
    for path, _first, good in FILES:
        failing = (path, good) in bad
        yield f.Finding(RULE, path, f.FAIL if failing else f.PASS, f"{path}: looked at", fix=fix if failing else ())
    yield f.Finding(RULE, "flag", f.PASS if flagged else f.FAIL, "looked at", fix=() if flagged else fix)


CONTROL = Control("toy", "exposed_services", "Toy", (RULE,), {}, assess_toy)


def settings(**changes: t.Any) -> Settings:
    """Short waits."""
    return dataclasses.replace(Settings(unreadable=NeedsRoot, lock_timeout=0.3, by="a test"), **changes)


def harden(root: pathlib.Path, **changes: t.Any) -> Result:
    """One run below the root."""
    return run(RootHost(root=str(root)), [Request(CONTROL, {})], settings(**changes))


def _main() -> None:
    root, point = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    seen = 0

    def die(event: str) -> None:
        nonlocal seen
        seen += 1
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)

    harden(root, fault=die)


if __name__ == "__main__":
    _main()
