# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Changes: the only code that writes to a host.

A change is an immutable value. It is planned by a control, rendered by `diff()` in check mode, carried out by `apply()`
and taken back by `revert()`; both of the last two can be called again after a crash and end in the same state.
"""

from __future__ import annotations

import dataclasses
import typing as t

Diff = dict[str, str]
#: What a change has to remember to be taken back; JSON.
Before = dict[str, t.Any]


class ChangeError(Exception):
    """A change that could not be made or taken back: what, where, what was found, and the remedy."""


class NothingDone(ChangeError):
    """A change that `apply` refused before it touched anything, so that there is nothing to take back."""


class Completed(t.Protocol):
    """The end of a command."""

    rc: int
    stdout: str
    stderr: str


class Machine(t.Protocol):
    """The slice of a host that changes use."""

    @property
    def secrets(self) -> t.Mapping[str, t.Any]:
        """The secret options of this run by name; they live in memory alone, and no change holds one."""

    def path(self, name: str) -> str:
        """Where a path of the host lies for this process."""

    def run(self, argv: t.Sequence[str], *, stdin: str | None = None, timeout: float = 10) -> t.Any:
        """Run a command; see Host.run."""


class Change:
    """One reversible act. Subclasses are frozen dataclasses; `KINDS` names them for the journal."""

    #: Acts that only make a service take up what other changes wrote; taken back after them, by being done again.
    activates: t.ClassVar[bool] = False
    #: Acts that a service depends on at any moment (a file that it reads for each connection): done before it is told,
    #: and taken back only once everything else is; kept where that failed.
    outlives: t.ClassVar[bool] = False
    #: Acts of the controller (packages), which the host only plans.
    on_controller: t.ClassVar[bool] = False
    #: Acts that stay although their fix or their run is taken back (security updates); whoever takes back says so.
    stays: t.ClassVar[bool] = False

    def describe(self) -> str:
        """One line for a person: the verb and the thing."""
        raise NotImplementedError

    def diff(self) -> Diff:
        """Before and after, as Ansible shows them; no reading, so check mode and the run show the same."""
        raise NotImplementedError

    def capture(self, host: Machine) -> Before:
        """What `revert` will need besides the change itself, read just before `apply`."""
        return {}

    def conflict(self, host: Machine) -> str:
        """Why this cannot be taken back without losing what somebody did since; empty where it can."""
        return ""

    def apply(self, host: Machine, *, tag: str) -> None:
        """Make the change. `tag` names this run and step (for temporary files).

        Raises ChangeError; NothingDone where the thing is still as it was found.
        """
        raise NotImplementedError

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Take it back, wherever `apply` was stopped. Raises ChangeError where somebody changed the thing since."""
        raise NotImplementedError


KINDS: dict[str, type[Change]] = {}


def kind(cls: type[Change]) -> type[Change]:
    """Register a subclass under its name, so that the journal can read it back."""
    KINDS[cls.__name__] = cls
    return cls


def dump(change: Change) -> dict[str, t.Any]:
    """A change as JSON."""
    return {"kind": type(change).__name__, **dataclasses.asdict(change)}  # type: ignore[call-overload]


def load(record: t.Mapping[str, t.Any]) -> Change:
    """The change that `dump` made this of; raises ChangeError for a kind that this version does not know."""
    fields = dict(record)
    name = fields.pop("kind")
    if name not in KINDS:
        raise ChangeError(
            f"journal: change of unknown kind {name!r}; it was written by another version of the collection"
        )
    return KINDS[name](**{key: _frozen(value) for key, value in fields.items()})


def _frozen(value: t.Any) -> t.Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
