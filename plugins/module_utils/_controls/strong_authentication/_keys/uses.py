# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which keys logged in of late, as sshd wrote it down, and which did not."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys import (
    keys,
    rules,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys.keys import Key
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._host import logins
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Entries of the journal, where the newest ones do not tell of every key. Some 10 MB.
DEEP = 50_000
LOGS = "journal, auth.log"
#: An account and the fingerprint of a key, or of the authority of a certificate.
Use = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the logs tell. since: as far back as they tell of every login; None where they do not reach the present.

    blind: accounts whose logins end with another factor, where sshd does not write down the one before (LogLevel).
    """

    used: t.Mapping[Use, datetime.datetime]
    blind: frozenset[str]
    since: datetime.datetime | None
    problems: tuple[str, ...]


def read(host: Host, since: datetime.datetime, wanted: t.Collection[Use]) -> Seen:
    """Ask the logs, and no further than until they tell of all that are wanted, or reach back far enough."""
    sources: list[logins.Source] = []
    seen = _told(host, sources)
    for source in _sources(host, since) if wanted else ():
        sources.append(source)
        seen = _told(host, sources)
        if seen.used.keys() >= set(wanted) or (seen.since and seen.since <= since):
            break
    return seen


def _sources(host: Host, since: datetime.datetime) -> t.Iterator[logins.Source]:
    newest = logins.journal(host, since)
    yield newest
    if len(newest.logins) + len(newest.partial) >= logins.MAX_LOGINS // 2:
        yield logins.journal(host, since, limit=DEEP)
    yield host.once(logins.auth_log)


def _told(host: Host, sources: t.Sequence[logins.Source]) -> Seen:
    used: dict[Use, datetime.datetime] = {}
    every = [login for source in sources for login in source.logins]
    partial = [login for source in sources for login in source.partial]
    for login in (*every, *partial):
        for value in filter(None, (login.fingerprint, login.authority)):
            use = (login.account, value)
            used[use] = max(login.when, used.get(use, login.when))
    others = {login.account for login in every if login.method not in ("", "publickey")}
    blind = frozenset(others - {login.account for login in partial})
    spans = [span for source in sources for span in source.spans]
    problems = tuple(dict.fromkeys(problem for source in sources for problem in source.problems))
    return Seen(used, blind, logins.covered_since(spans, host.now()), problems)


def uses(key: Key) -> list[Use]:
    """How a login with this key would show."""
    return [(printable(account.name), key.fingerprint) for account in key.file.accounts]


# The verdict


@dataclasses.dataclass(frozen=True)
class Unused:
    """The findings, and how many keys nothing can be said of."""

    found: list[Finding]
    unknown: tuple[str, ...]


def judge(host: Host, found: t.Sequence[Key], idle_days: int) -> Unused:
    """Which keys nobody used for so many days."""
    since = host.now() - datetime.timedelta(days=idle_days)
    alive = [key for key in found if not _expired(host, key)]
    seen = read(host, since, {use for key in alive for use in uses(key)})
    idle = [key for key in alive if not any(seen.used.get(use, since) > since for use in uses(key))]
    why = {key.subject: _unknown(host, key, seen, since) for key in idle}
    failing = [key for key in found if _expired(host, key) or why.get(key.subject) == ""]
    return Unused([_finding(host, key, seen, idle_days) for key in failing], _summed(why))


def _expired(host: Host, key: Key) -> bool:
    return key.entry.expires is not None and key.entry.expires <= host.now()


def _unknown(host: Host, key: Key, seen: Seen, since: datetime.datetime) -> str:
    """Why it is not known that nobody used the key; "" where it is."""
    because = f" ({'; '.join(seen.problems)})" if seen.problems else ""
    if seen.since is None or seen.since > since:
        days = (host.now() - seen.since).days if seen.since else 0
        return f"logins are remembered for {days} days only{because}"
    if all(account in seen.blind for account, _fingerprint in uses(key)):
        return "sshd does not write down the key that came before another factor (LogLevel VERBOSE does)"
    is_young = key.entry.made is None or key.entry.made >= since.date()
    if key.file.modified >= since and is_young:
        return "the file was changed since, and the key may be newer"
    return ""


def _summed(why: t.Mapping[str, str]) -> tuple[str, ...]:
    """Each reason once, with how many keys it is about."""
    number: dict[str, list[str]] = {}
    for subject, reason in why.items():
        if reason:
            number.setdefault(reason, []).append(subject)
    return tuple(
        f"{LOGS}: whether {_count(len(subjects))} was used is not known, since {reason}"
        for reason, subjects in number.items()
    )


def _count(number: int) -> str:
    return "1 key" if number == 1 else f"each of {number} keys"


def _finding(host: Host, key: Key, seen: Seen, idle_days: int) -> Finding:
    if _expired(host, key):
        message = f"{key.called} for {key.names} has expired, so that nobody can use it any more"
        return Finding(rules.UNUSED, key.subject, f.FAIL, message, (keys.describe(key),))
    message = f"nobody has used {key.called} to log in as {key.names} for {idle_days} days"
    known = f"no such login since {seen.since:%Y-%m-%d}" if seen.since else "no such login"
    return Finding(rules.UNUSED, key.subject, f.FAIL, message, (keys.describe(key), Evidence(LOGS, known)))
