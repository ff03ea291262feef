# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How old a key is, as far as anything tells, and what that is worth.

A date that somebody wrote into the name or the comment of a key says when it was made. The time of a file does not: who
copies or restores a key gives it a new one, so that it shows how old the key is at least, and never that it is young.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._formats import key_dates

WEAK = "the time of the file alone, which copying renews: weak evidence"
UNTOLD = (
    "Write the day on which it was made into its comment (ssh-keygen -c -C 'who 2026-05-01' -f KEY, or at the end of "
    "its line in authorized_keys) or into the name of the file; or replace it, which rotate_keys.yml does with a date. "
    "trust_file_times takes the time of the file for it."
)


@dataclasses.dataclass(frozen=True)
class Policy:
    """today: UTC. days: how old a key may be. trusting: whether the time of a file is enough to pass."""

    today: datetime.date
    days: int
    trusting: bool


@dataclasses.dataclass(frozen=True)
class Told:
    """One thing that tells when a key was made. firm: it does not change when the file is copied."""

    source: str
    date: datetime.date
    what: str
    firm: bool = False


def by_text(source: str, text: str, what: str) -> list[Told]:
    """What a name or a comment tells."""
    date = key_dates.date_in(text)
    return [Told(source, date, what, firm=True)] if date else []


def by_time(source: str, seconds: float) -> Told:
    """What the time at which a file was written (mtime) tells."""
    date = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date()
    return Told(source, date, WEAK)


def judge(rule: Rule, subject: str, told: t.Sequence[Told], policy: Policy) -> Finding:
    """By the earliest day that anything tells: the key is at least that old."""
    born = min(one.date for one in told)
    due = born + datetime.timedelta(days=policy.days)
    expected = f"at most {policy.days} days old"
    evidence = tuple(Evidence(one.source, f"{one.date}: {one.what}", expected) for one in told)
    days = (policy.today - born).days
    if due <= policy.today:
        message = f"{days} days old or more, {policy.days} are allowed; due since {due}"
        return Finding(rule, subject, f.FAIL, message, evidence, due=str(due))
    if any(one.date > policy.today for one in told if one.firm):
        message = "its date lies in the future, so its age is not known"
        return Finding(rule, subject, f.NOT_ASSESSED, message, evidence, remedy=UNTOLD)
    if policy.trusting or any(one.firm for one in told):
        return Finding(rule, subject, f.PASS, f"{days} days old; due {due}", evidence, due=str(due))
    message = f"{days} days old or more; nothing but the time of the file tells, so it may be due before {due}"
    return Finding(rule, subject, f.NOT_ASSESSED, message, evidence, remedy=UNTOLD, due=str(due))
