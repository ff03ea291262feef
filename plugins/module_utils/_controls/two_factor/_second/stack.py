# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The auth stack of PAM that sshd asks: what it takes to get through, and the lines that ask for a second factor."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block, pam, pam_modules
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam import Step, Trail
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam_modules import FACTOR, PASSWORD
from ansible_collections.infosec.principles.plugins.module_utils._host import pam as host_pam
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

SERVICE = "sshd"
BLOCK = "ssh_two_factor"
NOTE = (
    "# Asks for the second factor. No module that takes a password may come with it, or a password would do instead.\n"
)
OATH, GOOGLE, DUO, FIDO2 = "oath", "google_authenticator", "duo", "fido2"
MODULES = {OATH: "pam_oath", GOOGLE: "pam_google_authenticator", DUO: "pam_duo"}
#: Mozilla's guideline for OpenSSH has those of pam_oath and pam_duo; nothing may come after a `sufficient`.
_LINES = {
    OATH: "auth requisite pam_oath.so usersfile={usersfile} digits={digits} window={window}",
    GOOGLE: "auth requisite pam_google_authenticator.so",
    DUO: "auth sufficient pam_duo.so",
}
_SETS: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset((PASSWORD,)),
    frozenset((FACTOR,)),
    frozenset((PASSWORD, FACTOR)),
)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What somebody has to prove to get through: the least of what does (None: nothing does), and one way through."""

    kinds: frozenset[str] | None
    trail: Trail = ()

    def told(self) -> str:
        """The way through in words: what each module on it said."""
        return ", then ".join(f"{step.name or 'nothing'} ({step.place}) says {said}" for step, said in self.trail)


@dataclasses.dataclass(frozen=True)
class Factors:
    """What counts as asking for a second factor.

    declared: modules besides those known. present: what is installed. failing_open: what lets everybody in where it
        cannot do its work.
    """

    declared: frozenset[str]
    present: frozenset[str]
    failing_open: frozenset[str] = frozenset()

    def results(self, proven: t.Collection[str]) -> pam.Results:
        """What each module may say to somebody who can prove that; one that is not there says so."""

        def of(step: Step) -> t.Collection[str]:
            if step.name and step.name not in self.present:
                return ("module_unknown",)
            said = pam_modules.results(step, proven, self.declared)
            return (*said, pam.SUCCESS) if step.name in self.failing_open else said

        return of

    def asking(self, steps: t.Iterable[Step]) -> list[Step]:
        """The steps that ask for a second factor."""
        return [step for step in steps if pam_modules.kind(step, self.declared) == FACTOR]


def judge(steps: t.Sequence[Step], factors: Factors) -> Verdict:
    """Walk the stack with all that the modules may say, for somebody who can prove nothing, this, that, and both."""
    for proven in _SETS:
        trail = pam.way_in(steps, factors.results(proven))
        if trail is not None:
            return Verdict(proven, trail)
    return Verdict(None)


def line(method: str, options: t.Mapping[str, t.Any]) -> str:
    """The line of PAM that asks for this factor."""
    return _LINES[method].format(
        usersfile=options["oath_usersfile"], digits=options["oath_digits"], window=options["oath_window"]
    )


@dataclasses.dataclass(frozen=True)
class Candidate:
    """The service's file as it should be. change: what makes it so. steps: the stack that it would then be."""

    change: Change | None
    steps: tuple[Step, ...]


def candidate(host: Host, service: str, method: str, wanted: str, factors: Factors) -> Candidate:
    """The service with `wanted` in the place of what leads to passwords. Raises HostError where that cannot be done."""
    path, text = host_pam.file_of(host, service)
    before, ours, after = marked_block.split(text, BLOCK)
    old, new = ours or _leading_to_passwords(host, path, text), block(wanted)
    target = f"{host_pam.FOLDERS[0]}/{service}"
    edited = before + new + after if ours else _swapped(text, old, new)
    steps = host_pam.assemble(host, target, edited)
    verdict = judge(steps, dataclasses.replace(factors, present=factors.present | {MODULES[method]}))
    if verdict.kinds != frozenset((FACTOR,)):
        raise HostError(f"{path}: with {wanted!r} in the place of {old.strip()!r} it would still not ask for it alone")
    if edited == text:
        return Candidate(None, steps)
    change = files.edit_file(host, path, old, new) if path == target else files.write_file(host, target, edited)
    return Candidate(change, steps)


def written(host: Host, service: str) -> str:
    """Our block of the service's file, "" where there is none. Raises HostError."""
    _path, text = host_pam.file_of(host, service)
    return marked_block.split(text, BLOCK)[1]


def block(wanted: str) -> str:
    """Our block with this line."""
    return marked_block.put("", BLOCK, [wanted], note=NOTE)


def _swapped(text: str, old: str, new: str) -> str:
    before, _old, after = f"\n{text}".partition(f"\n{old}")
    return f"{before}\n{new}{after}"[1:]


def _leading_to_passwords(host: Host, path: str, text: str) -> str:
    """The line of the file that asks for a password, or includes what does. Raises HostError for none or several."""
    lines = text.splitlines(keepends=True)
    found = [number for number, whole in _own(text) if _asks_password(host, path, whole)]
    if len(found) != 1 or not lines[found[0] - 1].endswith("\n"):
        raise HostError(
            f"{path}: {len(found)} of its own lines lead to modules that take passwords; only one can be replaced"
        )
    return lines[found[0] - 1]


def _own(text: str) -> t.Iterator[tuple[int, str]]:
    """(number, text) of each line that may stand alone: none that goes on in the next one."""
    for number, whole in enumerate(text.splitlines(), 1):
        if not whole.rstrip().endswith("\\"):
            yield number, whole


def _asks_password(host: Host, path: str, whole: str) -> bool:
    steps = host_pam.assemble(host, path, whole)
    return any(step.control != pam.SUBSTACK and pam_modules.kind(step) == PASSWORD for step in steps)
