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

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import continued
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

FOLDER = "/etc/pam.d"
_LINE = re.compile(r"-?auth\s+(?P<control>\[[^\]]*\]|\S+)\s+(?P<module>\S+)(?P<arguments>.*)")
_BY_HOST = re.compile(r"pam_(?:rhosts(?:_auth)?|access)\.so")
_RHOSTS = re.compile(r"pam_rhosts(?:_auth)?\.so")
_SUCCEED_IF = "pam_succeed_if.so"
#: Modules of `auth` that ask nobody for anything.
_NO_PROOF = ("pam_nologin.so", "pam_env.so", "pam_securetty.so", "pam_access.so", "pam_permit.so", _SUCCEED_IF)
#: What a success may do in the long form of a control: end the stack, or jump over some modules.
_LETS_OFF = re.compile(r"\b(?:success|default)=(?:done|[1-9]\d*)\b")
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


def _failing(path: str, lines: t.Sequence[tuple[int, str]]) -> Verdict:
    evidence = tuple(
        Evidence(f"{path}:{number}", printable(text), "no such line, or required") for number, text in lines
    )
    message = f"{path} leaves a proof out for where somebody comes from"
    places = ", ".join(one.source for one in evidence)
    return Verdict(path, f.FAIL, message, evidence, remedy=STEPS.format(place=places))


def _lines(text: str) -> list[tuple[int, str]]:
    """(number, text) of each line that lets somebody off, or that is all the proof there is."""
    numbered = continued.lines(text, " ")
    plain = [(number, " ".join(line.partition("#")[0].split())) for number, line in numbered]
    proved = any(_proves(line) for _number, line in plain)
    return [(number, line) for number, line in plain if _lets_off(line) or (not proved and _trusts(line))]


def _lets_off(line: str) -> bool:
    match = _LINE.fullmatch(line)
    if not match:
        return False
    module = _module(match)
    by_host = _BY_HOST.fullmatch(module) or (module == _SUCCEED_IF and "rhost" in match["arguments"].split())
    control = match["control"]
    return bool(by_host) and (control == "sufficient" or bool(_LETS_OFF.search(control)))


def _trusts(line: str) -> bool:
    """Whether it lets in by host whom no other module asks for anything."""
    match = _LINE.fullmatch(line)
    return match is not None and _RHOSTS.fullmatch(_module(match)) is not None


def _proves(line: str) -> bool:
    """Whether it may ask for a proof; what is included is taken to."""
    match = _LINE.fullmatch(line)
    return line.startswith("@include") or (match is not None and _module(match) not in _NO_PROOF and not _trusts(line))


def _module(match: t.Match[str]) -> str:
    return match["module"].rpartition("/")[2]
