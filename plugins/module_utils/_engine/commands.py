# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Changes made by commands or statements: each with its inverse, and a probe that says whether it is done."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    NothingDone,
    kind,
)


class _Probed(Change):
    """Does nothing where the probe says that it is done (or not done) already, so that a crash does no harm."""

    title: str
    before: str
    after: str

    def describe(self) -> str:
        return self.title

    def diff(self) -> Diff:
        return {"before_header": self.title, "after_header": self.title, "before": self.before, "after": self.after}

    def apply(self, host: Machine, *, tag: str) -> None:
        try:
            done = self._done(host)
        except ChangeError as exc:
            raise NothingDone(str(exc)) from exc
        if not done:
            self._act(host, "do")

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        if self._done(host):
            self._act(host, "undo")

    def _done(self, host: Machine) -> bool:
        raise NotImplementedError

    def _act(self, host: Machine, which: str) -> None:
        raise NotImplementedError


@kind
@dataclasses.dataclass(frozen=True)
class Command(_Probed):
    """Commands `do` and their inverse `undo`, each run in order; `probe` exits 0 once `do` is done."""

    title: str
    before: str
    after: str
    do: tuple[tuple[str, ...], ...]
    undo: tuple[tuple[str, ...], ...]
    probe: tuple[str, ...]

    def _done(self, host: Machine) -> bool:
        return t.cast(int, host.run(self.probe).rc) == 0

    def _act(self, host: Machine, which: str) -> None:
        for argv in t.cast("tuple[tuple[str, ...], ...]", getattr(self, which)):
            done = host.run(argv, timeout=120)
            if done.rc != 0:
                said = (done.stderr or done.stdout).strip()
                raise ChangeError(f"{self.title}: {' '.join(argv)} failed (rc {done.rc}): {said}")


@kind
@dataclasses.dataclass(frozen=True)
class TakeUp(Change):
    """A command that makes a program take up what the other changes wrote, such as `systemctl daemon-reload`.

    It has no inverse: it is run again after the others are taken back.
    """

    activates: t.ClassVar[bool] = True

    title: str
    argv: tuple[str, ...]
    seconds: int = 120

    def describe(self) -> str:
        return self.title

    def diff(self) -> Diff:
        return {
            "before_header": self.title,
            "after_header": self.title,
            "before": "",
            "after": f"{' '.join(self.argv)}\n",
        }

    def apply(self, host: Machine, *, tag: str) -> None:
        done = host.run(self.argv, timeout=self.seconds)
        if done.rc != 0:
            said = (done.stderr or done.stdout).strip()
            raise ChangeError(f"{self.title}: {self.argv[0]} failed (rc {done.rc}): {said}")

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        self.apply(host, tag=tag)


@kind
@dataclasses.dataclass(frozen=True)
class Check(Change):
    """A command that changes nothing and has to exit 0 before the fix goes on."""

    title: str
    argv: tuple[str, ...]

    def describe(self) -> str:
        return self.title

    def diff(self) -> Diff:
        return {"before_header": self.title, "after_header": self.title, "before": "", "after": ""}

    def apply(self, host: Machine, *, tag: str) -> None:
        done = host.run(self.argv, timeout=60)
        if done.rc != 0:
            raise NothingDone(f"{self.title}: no (rc {done.rc}): {(done.stderr or done.stdout).strip()}")

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        """Nothing: there is nothing to take back."""


@kind
@dataclasses.dataclass(frozen=True)
class Statement(_Probed):
    """Text (SQL, as a rule) given to `argv` on its standard input; `probe` makes it print 1 once `do` is done."""

    title: str
    before: str
    after: str
    argv: tuple[str, ...]
    do: str
    undo: str
    probe: str

    def _done(self, host: Machine) -> bool:
        return self._say(host, self.probe).strip() == "1"

    def _act(self, host: Machine, which: str) -> None:
        self._say(host, getattr(self, which))

    def _say(self, host: Machine, text: str) -> str:
        done = host.run(self.argv, stdin=text, timeout=60)
        if done.rc != 0:
            raise ChangeError(f"{self.title}: {self.argv[0]} failed (rc {done.rc}): {done.stderr.strip()}")
        return t.cast(str, done.stdout)
