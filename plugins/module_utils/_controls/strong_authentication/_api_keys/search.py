# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Looking for the secrets of APIs in home directories: bounded, and without taking any of them along."""

from __future__ import annotations

import dataclasses
import datetime
import os
import stat
import time
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._api_keys import places
from ansible_collections.infosec.principles.plugins.module_utils._formats import api_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.api_keys import Secret
from ansible_collections.infosec.principles.plugins.module_utils._host import homes
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Found, Home, Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: All homes together; the control has 30 s by default.
SECONDS = 12.0
#: What ends within that time is what is to be used instead of keys that do not.
SHORT_LIVED = datetime.timedelta(hours=24)
#: Names looked at in one folder that belongs to a client.
_FOLDER_FILES = 5000


@dataclasses.dataclass(frozen=True)
class Hit:
    """A file with secrets that may still be used. short: all of them end soon."""

    found: Found
    place: places.Place
    secrets: tuple[Secret, ...]
    short: bool

    @property
    def path(self) -> str:
        return self.found.path


@dataclasses.dataclass(frozen=True)
class Lot:
    """What was found, and what was not looked at, and why."""

    hits: tuple[Hit, ...]
    unseen: tuple[str, ...]


Candidate = tuple[Found, places.Place]


def search(host: Host, *, depth: int, limit: int) -> Lot:
    """Every file with secrets in the homes.

    depth, limit: how deep, and how many names of one home are looked at, for what may lie anywhere in it.
    """
    found, unseen = host.once(homes.read)
    problems = list(unseen)
    hits: dict[str, Hit] = {}
    deadline = time.monotonic() + SECONDS
    for home in found:
        for candidates in _candidates(host, home, depth, limit):
            for hit in _hits(host, _before(deadline, home, candidates), problems):
                hits.setdefault(hit.path, hit)
    return Lot(tuple(hits[path] for path in sorted(hits)), tuple(dict.fromkeys(problems)))


def _hits(host: Host, candidates: t.Iterator[Candidate], problems: list[str]) -> t.Iterator[Hit]:
    """Those of the candidates that hold secrets; what was not looked at goes to the problems."""
    try:
        for found, place in candidates:
            if place.means(os.path.basename(found.path)):
                yield from _read(host, found, place, problems)
    except Unseen as exc:
        problems.append(str(exc))


def _before(deadline: float, home: Home, candidates: t.Iterator[Candidate]) -> t.Iterator[Candidate]:
    for candidate in candidates:
        if time.monotonic() > deadline:
            raise Unseen(f"{home.path}: there was no time left to look at all of its files ({SECONDS:g} s)")
        yield candidate


def _candidates(host: Host, home: Home, depth: int, limit: int) -> t.Iterator[t.Iterator[Candidate]]:
    """Files and what they might be: in the home, in each folder of a client, and for a person anywhere in the home.

    The home of a service is its data, and only looked at where clients keep theirs.
    """
    yield _in_home(host, home)
    for (folder, deep), known in places.folders().items():
        files = homes.files(host, home, depth=deep, limit=_FOLDER_FILES, below=folder)
        yield _each(files, known)
    if home.account.person:
        files = homes.files(host, home, depth=depth, limit=limit)
        yield _each(files, places.ANYWHERE)


def _in_home(host: Host, home: Home) -> t.Iterator[Candidate]:
    """By name, so that nobody can hide these files among 100,000 others."""
    for place in places.IN_HOME:
        for name in place.plain_names:
            status = homes.status_of(host, home, name)
            if status is not None and stat.S_ISREG(status.st_mode):
                yield Found(home, os.path.join(home.path, name), status), place


def _each(files: t.Iterator[Found], known: t.Sequence[places.Place]) -> t.Iterator[Candidate]:
    return ((found, place) for found in files for place in known)


def _read(host: Host, found: Found, place: places.Place, problems: list[str]) -> t.Iterator[Hit]:
    """The file, unless it is too large to be one of this kind, or (a problem) to be read."""
    if found.status.st_size > place.size == api_keys.MAX_SIZE:
        problems.append(f"{found.path}: larger than {api_keys.MAX_SIZE >> 20} MiB, and was not read")
    elif 0 < found.status.st_size <= place.size:
        text = homes.read_found(host, found, place.size).decode("utf-8", "replace")
        yield from _judge(found, place, place.recognise(text), host.now())


def _judge(found: Found, place: places.Place, secrets: t.Iterator[Secret], now: datetime.datetime) -> t.Iterator[Hit]:
    usable = [one for one in secrets if one.expires is None or one.expires > now]
    short = all(one.temporary or (one.expires and one.expires <= now + SHORT_LIVED) for one in usable)
    if usable:
        yield Hit(found, place, tuple(usable[: api_keys.MAX_SECRETS]), short)
