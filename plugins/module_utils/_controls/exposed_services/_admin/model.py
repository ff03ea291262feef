# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What `admin_interfaces` knows of an interface, of where one was found, of who gets in, and of how it is shut."""

from __future__ import annotations

import dataclasses
import re

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Answer
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: First line of every file that is ours.
HEADER = "# Written by infosec.principles.admin_interfaces; changes here are lost.\n"
#: What whoever is turned away gets.
REFUSED = 403
#: Who gets in: everybody, or these networks (CIDR); nobody beside this host where it is empty.
ANY = "any"


@dataclasses.dataclass(frozen=True)
class Mark:
    """By what an answer is known as the interface's, so that a page for everything is not: all that is given must hold.

    header: name and pattern of a value. body: a pattern of the page, which no other software has.
    """

    statuses: tuple[int, ...] = (200,)
    header: tuple[str, str] | None = None
    body: bytes = b""

    def fits(self, answer: Answer) -> bool:
        """Whether the answer carries it."""
        if answer.status not in self.statuses:
            return False
        if self.header and not any(re.search(self.header[1], one) for one in answer.all(self.header[0])):
            return False
        return bool(self.header or self.body) and (not self.body or bool(re.search(self.body, answer.body)))


@dataclasses.dataclass(frozen=True)
class Interface:
    """A kind of web administration. key: what the register calls it. marks: any of them will do.

    paths: where it may be on a site, the likeliest first, each with its closing slash if it has one; each that answers
    is one of its own. page: what is asked for below a path, to see a mark ("" for the path itself). programs:
    names of processes that serve it at a port of their own. ports: those that it has by itself. shut: how a person
    closes it.
    folders: where packages lay it; a site that serves one of them has it, whatever it answers. files: what it is called
    where people lay it into the folder of a site, as glob(3) has it ("adminer*.php").
    """

    key: str
    title: str
    marks: tuple[Mark, ...]
    shut: str
    paths: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    page: str = ""
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def known(self, answer: Answer) -> bool:
        """Whether the answer is its own."""
        return any(mark.fits(answer) for mark in self.marks)


@dataclasses.dataclass(frozen=True)
class Found:
    """An interface at one place. path: under which it answers; what lies below belongs to it.

    at: the site, or the port of a program of its own (site and instance are None there). by: how it was found.
    doubt: why it may be something else, so that a person is to say so before anything is closed; "" for none.
    """

    interface: Interface
    at: Vhost
    path: str
    by: tuple[Evidence, ...]
    doubt: str = ""

    @property
    def subject(self) -> str:
        """phpMyAdmin at https://shop.example.org/phpmyadmin/ (nginx.service)."""
        return f"{self.interface.title} at {self.at.url}{printable(self.path)} ({self.at.run.unit or self.at.product})"


@dataclasses.dataclass(frozen=True)
class Admission:
    """Whom a server lets in to an interface, as its effective configuration says."""

    networks: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()

    @property
    def everybody(self) -> bool:
        return ANY in self.networks


@dataclasses.dataclass(frozen=True)
class Shut:
    """What is to be done about one that was found: nobody gets in (no clients), or these networks alone."""

    found: Found
    clients: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Kept:
    """What an earlier run shut, by its own words: the title of the interface, its path, and where it is written."""

    title: str
    path: str
    place: str


@dataclasses.dataclass(frozen=True)
class Visits:
    """Who used an interface, as the logs show it. last: seconds since 1970. clients: addresses, the latest first."""

    count: int
    last: float
    clients: tuple[str, ...]
    users: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Use:
    """What logs say of an interface. since: of the oldest entry that was read (seconds since 1970), None without any.

    visits: None where nobody came. problem: why the logs do not tell, "" where they do. source: the files.
    """

    since: float | None
    visits: Visits | None = None
    problem: str = ""
    source: str = ""
