# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Joins what each host says of its keys and ids: what opens an account elsewhere, and what is there twice.

Hosts send fingerprints with their findings, never a key or an id. What is found twice is a violation however little of
the fleet was seen; that something is found once is worth a pass only where every host was looked at.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import sys
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import (
    ERROR,
    FAIL,
    NOT_ASSESSED,
    PASS,
    WAIVED,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import CONTROLLER, Record, Store
from ansible_collections.infosec.principles.plugins.plugin_utils._report.rules import (
    KEY_OPENS_ACCOUNT,
    OTHER_ACCOUNT,
    SHARED_API_KEY,
    SHARED_HOST_KEY,
    SHARED_MACHINE_ID,
    RunRule,
)

#: So many accounts or hosts are named in the evidence, and so many in the message.
EVIDENCE = 20
NAMED = 3

PRIVATE_KEY, AUTHORIZED_KEY, HOST_KEY, MACHINE_ID = "private_key", "authorized_key", "host_key", "machine_id"
API_KEY = "api_key"


class Held(t.NamedTuple):
    """A fingerprint's place: the host, and whose it is there (``/root/.ssh/id_rsa``, ``ann: /home/ann/…``)."""

    host: str
    holder: str

    @property
    def account(self) -> str:
        """The account that the holder names, or nothing."""
        name, colon, _path = self.holder.partition(": ")
        return name if colon and not name.startswith("/") else ""

    @property
    def path(self) -> str:
        """The file."""
        return self.holder.removeprefix(f"{self.account}: ") if self.account else self.holder

    def __str__(self) -> str:
        return f"{self.account or self.path} on {self.host}"


@dataclasses.dataclass(frozen=True)
class Join:
    """What to look for. have: the kind that is judged. meet: the kind that it must not meet elsewhere.

    what: what it meets. found, alone: the message where it does (with the number and names), and where it does not.
    """

    rule: RunRule
    have: str
    meet: str
    what: str
    found: str
    alone: str


JOINS = (
    Join(
        rule=KEY_OPENS_ACCOUNT,
        have=PRIVATE_KEY,
        meet=AUTHORIZED_KEY,
        what="other account",
        found="This private key opens {}: {}.",
        alone="This private key opens no other account",
    ),
    Join(
        rule=SHARED_HOST_KEY,
        have=HOST_KEY,
        meet=HOST_KEY,
        what="other host",
        found="This host key is also that of {}: {}.",
        alone="No other host has this host key",
    ),
    Join(
        rule=SHARED_MACHINE_ID,
        have=MACHINE_ID,
        meet=MACHINE_ID,
        what="other host",
        found="This machine-id is also that of {}: {}.",
        alone="No other host has this machine-id",
    ),
    Join(
        rule=SHARED_API_KEY,
        have=API_KEY,
        meet=API_KEY,
        what="other host",
        found="This key to an API is also on {}: {}.",
        alone="No other host has this key to an API",
    ),
)


class Places:
    """Where one fingerprint of one kind was seen."""

    def __init__(self) -> None:
        self._hosts: dict[str, dict[str, Held]] = {}

    def add(self, held: Held) -> None:
        """One more place; an account or a file counts once."""
        self._hosts.setdefault(held.host, {}).setdefault(held.account or held.path, held)

    def __iter__(self) -> t.Iterator[Held]:
        return itertools.chain.from_iterable(places.values() for places in self._hosts.values())

    # An image that 10,000 hosts were made from would else be looked through 10,000 times: only the first are.
    def doors(self, key: Held) -> tuple[int, list[Held]]:
        """How many accounts this private key opens besides its own, and the first of them."""
        own = {door for door in self._hosts.get(key.host, {}).values() if same_account(key, door)}
        first = itertools.islice((door for door in self if door not in own), EVIDENCE)
        return sum(map(len, self._hosts.values())) - len(own), list(first)

    @property
    def usual(self) -> str:
        """The name under which the key opens an account on most hosts; rather a person's than root."""
        names = collections.Counter(name for places in self._hosts.values() for name in places)
        return min(names, key=lambda name: (-names[name], name == "root", name))

    def strays(self) -> t.Iterator[Held]:
        """Accounts of other names, on hosts where the key does not open the usual one as well."""
        usual = self.usual
        return (held for places in self._hosts.values() if usual not in places for held in places.values())

    def of(self, name: str) -> list[Held]:
        """The accounts of this name, each of another host."""
        return [places[name] for places in self._hosts.values() if name in places]

    def twins(self, own: Held) -> tuple[int, list[Held]]:
        """How many other hosts have the same, and the first of them."""
        others = [host for host in itertools.islice(self._hosts, EVIDENCE + 1) if host != own.host]
        return len(self._hosts) - 1, [next(iter(self._hosts[host].values())) for host in others[:EVIDENCE]]


def same_account(key: Held, door: Held) -> bool:
    """Whether a private key opens but the account that holds it, which goes nowhere.

    Where the key's holder is a path alone, it is that account's if it lies beside the file that admits it, or in the
    home directory that accounts of this name usually have.
    """
    if key.host != door.host:
        return False
    if key.account:
        return key.account == door.account
    home = "/root/" if door.account == "root" else f"/home/{door.account}/"
    folder = door.path.rpartition("/")[0] + "/"
    return key.path.startswith(home) or (door.path.startswith("/") and key.path.startswith(folder))


class Fleet:
    """What all hosts say of themselves, gathered in one pass over the findings."""

    def __init__(self, store: Store) -> None:
        self._places: dict[str, dict[str, Places]] = collections.defaultdict(lambda: collections.defaultdict(Places))
        self._carriers: dict[str, set[str]] = collections.defaultdict(set)
        self._seen: dict[str, frozenset[str]] = {}
        #: Whose findings there are.
        self.controls: set[str] = set()
        known: dict[frozenset[str], frozenset[str]] = {}
        for host, findings in store:
            self.controls.update(one["control"] for one in findings)
            for one in findings:
                self._take(host, one)
            rules = frozenset(one["rule"] for one in findings) - {one["rule"] for one in findings if _blind(one)}
            self._seen[host] = known.setdefault(rules, rules)

    def _take(self, host: str, finding: Record) -> None:
        for one in finding.get("fingerprints", ()):
            self._carriers[one["kind"]].add(finding["rule"])
            # The same file has the same name on 10,000 hosts.
            self._places[one["kind"]][one["value"]].add(Held(host, sys.intern(one["holder"])))

    def unseen(self, kind: str, hosts: t.Iterable[str]) -> list[str]:
        """The hosts on which a rule that brings this kind (any, where none did) was not judged to its end."""
        rules = self._carriers[kind] or set().union(*self._carriers.values())
        return sorted(host for host in hosts if not rules <= self._seen.get(host, frozenset()))

    def judge(self, join: Join, doubt: str) -> t.Iterator[tuple[str, Record]]:
        """The findings of one join with their hosts. doubt: why not all of the fleet was seen, or ""."""
        for value, places in self._places[join.have].items():
            met = self._places[join.meet].get(value, Places())
            for own in places:
                number, others = met.twins(own) if join.have == join.meet else met.doors(own)
                yield own.host, _met(join, own, value, number, others) if number else _alone(join, own, value, doubt)

    def judge_accounts(self, doubt: str) -> t.Iterator[tuple[str, Record]]:
        """Keys that open accounts of different names; one key of a person on 10,000 hosts has one name on all."""
        admitting = {held.host for places in self._places[AUTHORIZED_KEY].values() for held in places}
        straying = set()
        for value, places in self._places[AUTHORIZED_KEY].items():
            for stray in places.strays():
                straying.add(stray.host)
                yield stray.host, _astray(stray, value, places.of(places.usual))
        for host in sorted(admitting - straying):
            yield host, _at_home(doubt)


def join(store: Store, expected: t.Iterable[str], doubt: str) -> dict[str, list[Record]]:
    """The findings by host that only the whole fleet shows; none where no host sent fingerprints.

    expected: the hosts that were to be looked at. doubt: why the run did not see the whole fleet, or "".
    """
    fleet = Fleet(store)
    hosts = {*expected, *store.names()} - {CONTROLLER}
    found: dict[str, list[Record]] = {}
    for one in JOINS:
        for host, record in fleet.judge(one, doubt or _gap(fleet.unseen(one.meet, hosts))):
            found.setdefault(host, []).append(record)
    if OTHER_ACCOUNT.control in fleet.controls:
        for host, record in fleet.judge_accounts(doubt or _gap(fleet.unseen(AUTHORIZED_KEY, hosts))):
            found.setdefault(host, []).append(record)
    return found


def _blind(one: Record) -> bool:
    """Whether the rule could not be looked at, however it is counted now."""
    before = one["status_before"] in (NOT_ASSESSED, ERROR)
    return one["status"] == NOT_ASSESSED or (one["status"] in (ERROR, WAIVED) and before)


def _gap(hosts: t.Sequence[str]) -> str:
    if not hosts:
        return ""
    return f"{_count(len(hosts), 'host')} could not be looked at to the end ({_named(hosts, len(hosts))})"


def _met(join: Join, own: Held, value: str, number: int, others: t.Sequence[Held]) -> Record:
    names = [one.host if join.have == join.meet else str(one) for one in others]
    message = join.found.format(_count(number, join.what), _named(names, number))
    evidence = [(own.holder, value), *((f"{one.host}: {one.holder}", value) for one in others)]
    evidence += [(f"and {number - len(others)} more", value)] if number > len(others) else []
    return join.rule.record(own.holder, FAIL, message, evidence)


def _astray(own: Held, value: str, usual: t.Sequence[Held]) -> Record:
    hosts = [one.host for one in usual]
    where = f"{_count(len(hosts), 'other host')}: {_named(hosts, len(hosts))}"
    message = f"This key opens {own.account or own.path} here, and {usual[0].account or usual[0].path} on {where}."
    evidence = [(own.holder, value), *((f"{one.host}: {one.holder}", value) for one in usual[:EVIDENCE])]
    evidence += [(f"and {len(usual) - EVIDENCE} more", value)] if len(usual) > EVIDENCE else []
    return OTHER_ACCOUNT.record(f"{own.account or own.path}: {value}", FAIL, message, evidence)


def _at_home(doubt: str) -> Record:
    message = "Each key here opens accounts of one name on all hosts"
    status, told = (NOT_ASSESSED, f"{message}, as far as was seen: {doubt}.") if doubt else (PASS, f"{message}.")
    return OTHER_ACCOUNT.record("authorized keys", status, told)


def _alone(join: Join, own: Held, value: str, doubt: str) -> Record:
    message = f"{join.alone}, as far as was seen: {doubt}." if doubt else f"{join.alone}."
    return join.rule.record(own.holder, NOT_ASSESSED if doubt else PASS, message, [(own.holder, value)])


def _named(names: t.Sequence[str], number: int) -> str:
    rest = number - len(names[:NAMED])
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest else "")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
