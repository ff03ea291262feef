# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""PAM stacks that leave a proof out for where somebody comes from.

In `auth`, a module that looks at the host alone (pam_rhosts, pam_access, pam_succeed_if with rhost) may turn people
away; where its success ends the stack or jumps over what follows, the address stands in for the proof (pam.conf(5)). So
it does where pam_rhosts is the only module that could turn somebody away.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import pam
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam import Entry
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

FOLDER = "/etc/pam.d"
RHOSTS = ("pam_rhosts", "pam_rhosts_auth")
BY_HOST = (*RHOSTS, "pam_access")
SUCCEED_IF = "pam_succeed_if"
#: Modules of `auth` that ask nobody for anything.
NO_PROOF = (*BY_HOST, "pam_nologin", "pam_env", "pam_securetty", "pam_permit", SUCCEED_IF)
STEPS = (
    "Take {place} out, or make it required, so that it can only turn people away. What must stay without a second "
    "proof, such as automation, belongs to an account of its own with a key (Match User in sshd_config)."
)


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """One verdict for each service whose stack has such a line, or one that says that none has."""
    found = False
    for name in host.listdir(FOLDER):
        path = f"{FOLDER}/{name}"
        status = host.stat(path)
        lines = _lines(verdict.text(host, path)) if status and status.st_mode & 0o170000 == 0o100000 else []
        if lines:
            found = True
            yield _failing(printable(path), lines)
    if not found:
        yield Verdict(FOLDER, f.PASS, "no stack leaves a proof out for where somebody comes from")


def _failing(path: str, found: t.Sequence[Entry]) -> Verdict:
    evidence = tuple(Evidence(f"{path}:{one.number}", _text(one), "no such line, or required") for one in found)
    message = f"{path} leaves a proof out for where somebody comes from"
    places = ", ".join(one.source for one in evidence)
    return Verdict(path, f.FAIL, message, evidence, remedy=STEPS.format(place=places))


def _text(one: Entry) -> str:
    return printable(" ".join((one.facility, one.control, one.module, *one.arguments)))


def _lines(text: str) -> list[Entry]:
    """The lines that let somebody off, or that are all the proof there is."""
    stack = [one for one in pam.parse(text) if one.facility == pam.AUTH or one.control == pam.ALL_OF]
    proved = any(one.control == pam.ALL_OF or _name(one) not in NO_PROOF for one in stack)
    return [one for one in stack if _lets_off(one) or (not proved and _name(one) in RHOSTS)]


def _lets_off(one: Entry) -> bool:
    """Whether what it finds out about the host ends the stack, or jumps over what follows."""
    by_host = _name(one) in BY_HOST or (_name(one) == SUCCEED_IF and "rhost" in one.arguments)
    return by_host and any(act == "done" or act.isdecimal() for act in pam.actions(one.control).values())


def _name(one: Entry) -> str:
    return one.module.rpartition("/")[2].partition(".")[0]
