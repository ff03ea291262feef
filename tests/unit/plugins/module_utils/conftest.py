# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded machines for the tests of what reads /proc (tests/unit/fixtures/sockets)."""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host, NeedsRoot

RECORDINGS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "sockets"
NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)


class RecordedHost(Host):
    """A machine laid below `root`. `hidden`: what this user may not read, by the start of its path."""

    hidden: tuple[str, ...] = ()
    superuser = True

    @property
    def is_root(self) -> bool:
        return self.superuser

    def listdir(self, name: str) -> list[str]:
        self._look(name)
        return super().listdir(name)

    def readlink(self, name: str) -> str | None:
        self._look(name)
        return super().readlink(name)

    def _look(self, name: str) -> None:
        if name.startswith(self.hidden):
            raise NeedsRoot(f"{name}: not readable by this user; run as root (become: true)")


Lay = t.Callable[[t.Mapping[str, t.Any]], RecordedHost]


@pytest.fixture
def lay(tmp_path: pathlib.Path) -> Lay:
    """Makes a host of `files`, `links`, `commands` and `systemd`, as record.py writes them."""

    def make(machine: t.Mapping[str, t.Any]) -> RecordedHost:
        for name, text in machine.get("files", {}).items():
            path = tmp_path / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        for name, target in machine.get("links", {}).items():
            path = tmp_path / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
        commands = machine.get("commands", {})
        for program in {command.split()[0] for command in commands}:
            path = tmp_path / "usr/sbin" / program
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o755)
        if machine.get("systemd"):
            (tmp_path / "run/systemd/system").mkdir(parents=True)

        def run(argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
            done = commands.get(" ".join(argv))
            return Completed(**done) if done else Completed(127, "", f"{argv[0]}: command not found")

        return RecordedHost(root=str(tmp_path), runner=run, now=NOW)

    return make


@pytest.fixture
def recorded(lay: Lay) -> t.Callable[[str], RecordedHost]:
    """Makes a host of a recording, by the start of its name."""

    def make(name: str) -> RecordedHost:
        (path,) = RECORDINGS.glob(f"{name}*.json")
        machine = json.loads(path.read_text(encoding="utf-8"))
        # Recorded when services and sockets were asked for alone: a part of what the call of today is answered.
        asked = f"systemctl show --property={units.PROPERTIES} {' '.join(units.PATTERNS)}"
        told = machine["commands"]
        machine["commands"] = {asked if key.startswith("systemctl show") else key: told[key] for key in told}
        return lay(machine)

    return make
