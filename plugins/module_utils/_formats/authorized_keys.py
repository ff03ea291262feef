# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""authorized_keys(5): which keys open an account, and with which options."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys

#: How the names of all algorithms begin; sparing a look at 100,000 lines of something else.
_ALGORITHMS = ("ssh-", "ecdsa-", "sk-")
_OWNER = re.compile(r"([A-Za-z_][\w.+-]*)(?:@|$)")
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)-?(\d\d)-?(\d\d)(?!\d)")
_EXPIRY = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z)?")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One key. options: as written, such as `restrict` or `permitopen="10.0.0.9:22"`; public: as SSH sends it.

    number: of its line, from 1.
    """

    number: int
    options: tuple[str, ...]
    algorithm: str
    public: bytes
    comment: str = ""

    def option(self, name: str) -> str | None:
        """The value of an option without its quotes ("" for one that has none), None where it is not given."""
        for one in self.options:
            given, _equals, value = one.partition("=")
            if given.lower() == name:
                quoted = value[:1] == value[-1:] == '"'
                return (value[1:-1] if quoted else value).replace('\\"', '"')
        return None

    @property
    def names_authority(self) -> bool:
        """Whether the key opens nothing itself, but signs certificates that do."""
        return self.option("cert-authority") is not None

    @property
    def owner(self) -> str:
        """Whom the comment names (`ann` of `ann@laptop`), in lower case; "" where it names nobody."""
        match = _OWNER.match(self.comment)
        return match[1].lower() if match else ""

    @property
    def made(self) -> datetime.date | None:
        """The day that the comment tells, as in the name id_ed25519_mozilla_2024-05-01."""
        for match in _DAY.finditer(self.comment):
            try:
                return datetime.date(*map(int, match.groups()))
            except ValueError:
                continue
        return None

    @property
    def expires(self) -> datetime.datetime | None:
        """From when on sshd refuses the key (`expiry-time`); None where it never does, or the time cannot be read."""
        match = _EXPIRY.fullmatch(self.option("expiry-time") or "")
        if not match:
            return None
        year, month, day, hour, minute, second = (int(field or 0) for field in match.groups()[:6])
        try:
            # Without a Z it is in the zone of the machine.
            when = datetime.datetime(year, month, day, hour, minute, second)
            return when.replace(tzinfo=datetime.timezone.utc) if match[7] else when.astimezone()
        except (ValueError, OverflowError):
            return None


def parse(text: str) -> t.Iterator[Entry]:
    """The keys of the file; comments, empty lines and what sshd cannot read either are left out."""
    for number, line in enumerate(text.split("\n"), 1):
        # sshd reads a line no further than to a NUL.
        line = line.partition("\0")[0].strip(" \t\r")
        if line and not line.startswith("#"):
            entry = _entry(number, line)
            if entry:
                yield entry


def _entry(number: int, line: str) -> Entry | None:
    options: tuple[str, ...] = ()
    public = _key(line)
    if not public:
        options, line = _options(line)
        public = _key(line)
    algorithm, _encoded, *comment = line.split(None, 2) if public else ("", "")
    return Entry(number, options, algorithm, public, "".join(comment)) if public else None


def _key(line: str) -> bytes:
    words = line.split(None, 2)
    known = len(words) > 1 and words[0].startswith(_ALGORITHMS)
    return ssh_keys.blob(words[0], words[1]) if known else b""


def _options(line: str) -> tuple[tuple[str, ...], str]:
    """The options at the start, and what is after them: a blank or a comma in double quotes belongs to the option."""
    options: list[str] = []
    start, quoted, at = 0, False, 0
    while at < len(line) and (quoted or line[at] not in " \t"):
        if line[at] == "\\" and line[at + 1 : at + 2] == '"':
            at += 1
        elif line[at] == '"':
            quoted = not quoted
        elif line[at] == "," and not quoted:
            options.append(line[start:at])
            start = at + 1
        at += 1
    return (*options, line[start:at]), line[at:].lstrip(" \t")
