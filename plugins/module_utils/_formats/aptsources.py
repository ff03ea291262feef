# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""sources.list(5) in both of its formats, and the Release files of what it names."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t
import urllib.parse

_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>[^#]*)")
_OPTION = re.compile(r"(\S+?)[+-]?=(\S*)")
_WHERE = ("types", "uris", "suites", "components", "enabled")
_OFF = ("no", "false", "without", "off", "disable")
#: What apt writes as %xx in the name of a list, besides all that is not printable.
_QUOTED = '\\|{}[]<>"^~_=!@#$%^&*'
_RELEASE_FIELDS = ("Origin", "Label", "Suite", "Codename", "Date", "Valid-Until")
_FIELD = re.compile(rf"^({'|'.join(_RELEASE_FIELDS)}):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One binary source: `suite` ends with "/" where the repository is flat (then there are no components).

    options: what is said in brackets, or in other fields of its stanza, by lower-case name.
    """

    uri: str
    suite: str
    components: tuple[str, ...]
    line: int
    options: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> str:
        """Host and path, without scheme and password."""
        parts = urllib.parse.urlsplit(self.uri)
        return f"{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/") or parts.scheme

    @property
    def site(self) -> str:
        """The host's name, as unattended-upgrades compares it."""
        return urllib.parse.urlsplit(self.uri).hostname or ""

    @property
    def list_name(self) -> str:
        """How the names of its lists in /var/lib/apt/lists begin."""
        parts = urllib.parse.urlsplit(self.uri)
        folder = parts.path.rstrip("/") + ("/" + self.suite if self.suite.endswith("/") else f"/dists/{self.suite}/")
        name = f"{parts.netloc.rpartition('@')[2]}{folder}"
        return "".join(f"%{ord(char):02x}" if char in _QUOTED else char for char in name).replace("/", "_")


def parse_lines(text: str) -> t.Iterator[Entry]:
    """The one-line format (*.list): what is commented out, deb-src and what apt would refuse are left out."""
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line.partition("#")[0].strip()) if "[" not in line else _LINE.match(line.strip())
        if match:
            options = tuple(_OPTION.findall(match["options"] or ""))
            yield Entry(match["uri"], match["suite"], tuple(match["components"].split()), number, options)


def parse_stanzas(text: str) -> t.Iterator[Entry]:
    """The deb822 format (*.sources): one entry for each URI and suite of each stanza that is enabled."""
    for number, fields in _stanzas(text):
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").strip().lower() in _OFF:
            continue
        options = tuple((key, value) for key, value in fields.items() if key not in _WHERE)
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Entry(uri, suite, tuple(fields.get("components", "").split()), number, options)


def parse_release(text: str) -> dict[str, str]:
    """The fields of a Release or InRelease file by their names as attributes (valid_until), "" where one is missing."""
    found = dict(_FIELD.findall(text))
    return {field.lower().replace("-", "_"): found.get(field, "") for field in _RELEASE_FIELDS}


def parse_date(value: str) -> datetime.datetime | None:
    """A date of a Release file, which is in UTC; None for what is none."""
    import email.utils

    try:
        found = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)


def is_signed(text: str) -> bool:
    """Whether an InRelease file carries its signature; apt has verified it before it put the file among its lists."""
    return text.startswith(_SIGNED)


def _stanzas(text: str) -> t.Iterator[tuple[int, dict[str, str]]]:
    """(first line, fields by lower-case name); a line that begins with a blank goes on with the field before."""
    fields: dict[str, str] = {}
    first, name = 1, ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield first, fields
            fields, first, name = {}, number + 1, ""
        elif line[0] in " \t" and name:
            fields[name] += " " + line.strip()
        elif ":" in line:
            name = line.partition(":")[0].strip().lower()
            fields[name] = line.partition(":")[2].strip()
