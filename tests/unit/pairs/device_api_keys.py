# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of device_api_keys: laptops and servers with files in a home directory. The keys were made up."""

from __future__ import annotations

import typing as t

from .case import Case
from .machine import Machine

AWS = "[default]\naws_access_key_id = AKIA3XQ7ZC5VDUMMY7QA\naws_secret_access_key = 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\n"
LAPTOP, SERVER = "10", "23"


def machine(chassis: str, *, mode: int = 0o600, **files: str) -> t.Callable[[Machine], None]:
    """A machine of that kind of case, with these files in ann's home, which everybody may pass through."""

    def lay(machine: Machine) -> None:
        machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
        machine.write("/etc/group", "root:x:0:ann\nann:x:1000:\n")
        machine.write("/sys/class/dmi/id/chassis_type", f"{chassis}\n")
        machine.mkdir("/home/ann")
        for name, text in files.items():
            machine.write(f"/home/ann/{name}", text, mode=mode)

    return lay


def hidden(machine_: Machine) -> None:
    """Readable to everybody, in a folder that nobody else may enter."""
    machine(SERVER, mode=0o644, **{".aws/credentials": AWS})(machine_)
    machine_.path("/home/ann/.aws").chmod(0o700)


PRESENT, READABLE = frozenset({"present"}), frozenset({"readable"})
TOKEN = "hvs.CAESIJlWdummyq3V8xTn0Zy5Kp2Rb7Lc4Md9Wf6Gh1Js"

CASES = (
    Case("laptop-with-a-key", machine(LAPTOP, **{".aws/credentials": AWS}), fails=PRESENT, passes=READABLE),
    Case("laptop-without", machine(LAPTOP, **{"notes.txt": AWS}), passes=PRESENT | READABLE),
    Case("server-with-a-key", machine(SERVER, **{".vault-token": TOKEN}), passes=READABLE),
    Case(
        "readable-to-all",
        machine(SERVER, mode=0o644, **{".aws/credentials": AWS, ".vault-token": TOKEN}),
        fails=READABLE,
        fixed=READABLE,
    ),
    Case("behind-a-closed-folder", hidden, passes=READABLE),
    Case(
        "laptop-and-readable",
        machine(LAPTOP, mode=0o644, **{".config/gh/hosts.yml": f"github.com:\n    oauth_token: {TOKEN}\n"}),
        fails=PRESENT | READABLE,
        fixed=READABLE,
    ),
    Case("env-file", machine(SERVER, mode=0o644, **{"app/.env": f"API_TOKEN={TOKEN}\n"}), fails=READABLE),
)
