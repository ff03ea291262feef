# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of dependency_vulnerabilities: what the host says; the controller judges the libraries themselves."""

from __future__ import annotations

import typing as t

from .case import Case
from .machine import Machine

ALL = frozenset({"inventory"})
METADATA = "Metadata-Version: 2.1\nName: Django\nVersion: 3.2\n\nA framework.\n"


def files(*named: tuple[str, str]) -> t.Callable[[Machine], None]:
    """A machine with these files below /srv/shop."""

    def lay(machine: Machine) -> None:
        for name, text in named:
            machine.write(f"/srv/shop/{name}", text)

    return lay


CASES = (
    Case("no application", lambda machine: None),
    Case("declared and not there", lambda machine: None, options={"applications": ["/home/shop"]}),
    Case(
        "a virtual environment",
        files(
            ("venv/pyvenv.cfg", "home = /usr/bin\n"),
            ("venv/lib/python3.11/site-packages/Django-3.2.dist-info/METADATA", METADATA),
            ("requirements.txt", "django>=3\n"),
        ),
        passes=ALL,
    ),
    Case("a lock file", files(("requirements.txt", "django==3.2\n")), passes=ALL),
    Case("requirements without versions", files(("requirements.txt", "django>=3\n")), fails=ALL),
    Case("libraries of Node, and nothing locked", files(("package.json", '{"dependencies": {"a": "^1"}}')), fails=ALL),
    Case("a broken lock file", files(("package-lock.json", "{"))),
)
