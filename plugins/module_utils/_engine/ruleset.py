# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Changes to the kernel's own ruleset: one table of nftables, replaced in one transaction."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import nft
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    NothingDone,
    kind,
)

SECONDS = 60
ABSENT = ""


@kind
@dataclasses.dataclass(frozen=True)
class Ruleset(Change):
    """Put one table in the place of the one that is there. before, after: for `nft -f`; empty for no table.

    found, left: what nft.Table.digest says of the two. The kernel's own listing is compared, since it never spells a
    table as it was given.
    """

    family: str
    table: str
    before: str
    after: str
    found: str
    left: str

    def describe(self) -> str:
        verb = "remove" if not self.after else "replace" if self.before else "load"
        return f"{verb} table {self.family} {self.table}"

    def diff(self) -> Diff:
        header = f"nft list table {self.family} {self.table}"
        return {"before_header": header, "after_header": header, "before": self.before, "after": self.after}

    def apply(self, host: Machine, *, tag: str) -> None:
        try:
            now = self._now(host)
        except ChangeError as exc:
            raise NothingDone(str(exc)) from exc
        if now not in (self.found, self.left):
            raise NothingDone(
                f"table {self.family} {self.table}: changed between the plan and the act, nothing was loaded; run again"
            )
        if now != self.left:
            self._load(host, self.after)

    def conflict(self, host: Machine) -> str:
        # A table that is gone (a boot, a flush, its unit stopped) holds nobody's later work.
        if self._now(host) in (self.found, self.left, ABSENT):
            return ""
        return (
            f"table {self.family} {self.table}: somebody changed it since this run; look at it, then undo with "
            "force: true to lose that change"
        )

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        if not force and self.conflict(host):
            raise ChangeError(self.conflict(host))
        if self._now(host) != self.found:
            self._load(host, self.before)

    def _load(self, host: Machine, text: str) -> None:
        whole = nft.replacing(self.family, self.table, text)
        done = host.run(["nft", "-f", "-"], stdin=whole, timeout=SECONDS)
        if done.rc != 0:
            raise ChangeError(
                f"table {self.family} {self.table}: nft refused it (rc {done.rc}), and changed nothing: "
                f"{done.stderr.strip()}"
            )

    def _now(self, host: Machine) -> str:
        done = host.run(listing(self.family, self.table), timeout=SECONDS)
        if is_absent(done):
            return ABSENT
        if done.rc != 0:
            raise ChangeError(
                f"table {self.family} {self.table}: nft cannot list it (rc {done.rc}): {done.stderr.strip()}"
            )
        try:
            return nft.parse(t.cast(str, done.stdout)).digest
        except ValueError as exc:
            raise ChangeError(f"table {self.family} {self.table}: {exc}") from exc


def listing(family: str, table: str) -> tuple[str, ...]:
    """The command whose output nft.parse reads."""
    return ("nft", "-j", "list", "table", family, table)


def is_absent(done: t.Any) -> bool:
    """Whether that command says that there is no such table. Without nft there is none either."""
    return bool(done.rc == 127 or (done.rc != 0 and "No such file or directory" in done.stderr))
