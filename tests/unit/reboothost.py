# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine laid below a folder, with the kernel's answers, for the parts of reboot_safety."""

from __future__ import annotations

import base64
import json
import pathlib
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

RECORDINGS = pathlib.Path(__file__).resolve().parent / "fixtures" / "reboot"
MOUNTINFO = "20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"


class RebootHost(Host):
    """`answers`: by family and kind, as in the recordings; `commands`: by program or by the whole command."""

    answers: t.Mapping[str, bytes]
    commands: t.Mapping[str, Completed]

    @property
    def is_root(self) -> bool:
        return True

    def netlink(self, family: int, kind: int, body: bytes) -> bytes:
        return self.answers.get(f"{family}-{kind}", b"")

    def run(self, argv: t.Sequence[str], *, stdin: str | None = None, timeout: float = 10) -> Completed:
        missing = Completed(127, "", f"{argv[0]}: command not found")
        return self.commands.get(" ".join(argv), self.commands.get(argv[0], missing))


def lay(
    root: pathlib.Path,
    files: t.Mapping[str, str],
    *,
    links: t.Mapping[str, str] | None = None,
    commands: t.Mapping[str, Completed] | None = None,
    answers: t.Mapping[str, bytes] | None = None,
) -> RebootHost:
    """Lay it. Programs that a command begins with are installed; mountinfo has a root file system where none is given."""
    commands = commands or {}
    programs = {f"/usr/sbin/{command.split()[0]}": "" for command in commands}
    for name, text in {"/proc/self/mountinfo": MOUNTINFO, **programs, **files}.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        path.chmod(0o755)
    for name, target in (links or {}).items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    host = RebootHost(root=str(root))
    host.answers, host.commands = answers or {}, commands
    return host


def recorded(root: pathlib.Path, name: str) -> RebootHost:
    """A recording."""
    found = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    if found["systemd"]:
        (root / "run/systemd/system").mkdir(parents=True)
    return lay(
        root,
        found["files"],
        links=found["links"],
        commands={key: Completed(**done) for key, done in found["commands"].items()},
        answers={key: base64.b64decode(answer) for key, answer in found["netlink"].items()},
    )
