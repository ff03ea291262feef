# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The file of ours that gives the sites of an Apache httpd their response headers, written and read back.

It stands in the main server, in <If> sections, which are merged behind all others: virtual hosts, <Directory>,
.htaccess, <Files> and <Location> (httpd's sections.html). So no file of anybody else's has to be changed. A site is
known by the name that was asked for and by whether TLS is spoken.

Apache keeps two tables of headers and sends both: `always`, for all answers, and `onsuccess`, which a page that Apache
makes itself (an error, a redirect) does not get. First what is said for `always` is carried out, then the other.
Programs write to either of them: CGI and FastCGI to `always`, what is proxied and mod_php to `onsuccess`. In an
expression resp() reads both.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t

#: No expression is longer; the parser of Apache ends at 8192 bytes of a regular expression.
LONGEST = 4000
#: Twice they say nothing, so that what one table has is enough.
ONCE = ("strict-transport-security", "x-frame-options", "x-content-type-options")
#: Where something else makes the answer, it may tell who it is by these.
BANNERS = ("Server", "X-Powered-By")
HEADER = """# Made by infosec.principles (control web_headers). The sections below are merged behind all others.
"""
GLOBAL = """ServerTokens Prod
ServerSignature Off
"""
#: A page that Apache itself makes (modules/http/http_protocol.c), and an answer without one.
MADE_BY_APACHE = "(%{REQUEST_STATUS} == 304 || %{CONTENT_TYPE} == 'text/html; charset=iso-8859-1')"
#: What can be written into an expression.
_NAME = re.compile(r"[\w.*?-]+", re.ASCII)
_FOR = re.compile(r"(https?)://([^:\s]*):(\d+)")
_SAID = re.compile(
    r'Header (?P<table>always|onsuccess) (?P<act>set|unset) (?P<name>\S+)(?: "(?P<value>(?:[^"\\]|\\.)*)")?'
)


@dataclasses.dataclass(frozen=True, order=True)
class Place:
    """What is served under a name at a port. name: "" for all that no other has."""

    name: str
    port: int
    tls: bool

    def __str__(self) -> str:
        return f"http{'s' if self.tls else ''}://{self.name}:{self.port}"


@dataclasses.dataclass(frozen=True)
class Says:
    """What the answers of a place are to have; see `model.Want`."""

    set: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    drop: tuple[str, ...] = ()
    banner: bool = False

    def over(self, old: Says) -> Says:
        """With what the old one said of other headers."""
        mine = {name.lower() for name, _value in (*self.set, *self.missing)} | {name.lower() for name in self.drop}
        return Says(
            tuple(sorted((*(one for one in old.set if one[0].lower() not in mine), *self.set))),
            tuple(sorted((*(one for one in old.missing if one[0].lower() not in mine), *self.missing))),
            tuple(sorted((*(name for name in old.drop if name.lower() not in mine), *self.drop))),
            self.banner or old.banner,
        )

    def without(self, header: str) -> Says:
        """The same, with nothing of that header."""
        sets, missing = (
            tuple(one for one in some if one[0].lower() != header.lower()) for some in (self.set, self.missing)
        )
        return dataclasses.replace(self, set=sets, missing=missing)


@dataclasses.dataclass(frozen=True)
class Ground:
    """What the server has: all places, and the ports that the main server serves, since no virtual host has them."""

    places: frozenset[Place]
    main: frozenset[int] = frozenset()


def render(wanted: t.Mapping[Place, Says], ground: Ground) -> str:
    """The file. Raises ValueError for what cannot be written there."""
    groups: dict[tuple[Says, str, str], list[Place]] = {}
    for place, says in sorted(wanted.items(), key=lambda one: one[0]):
        condition = " && ".join(_where(place, wanted, ground))
        groups.setdefault((says, condition, place.name if _open(place.name) else "="), []).append(place)
    parts = [HEADER, GLOBAL if any(says.banner for says in wanted.values()) else ""]
    for (says, condition, _alone), found in groups.items():
        parts += [_section(says, condition, some, ground) for some in _portions(found)]
    return "".join(parts)


def read(text: str) -> dict[Place, Says]:
    """What a file of `render` says."""
    found: dict[Place, Says] = {}
    for part in text.split("\n# For ")[1:]:
        line, _end, body = part.partition("\n")
        says = _says(body)
        for scheme, name, port in _FOR.findall(line):
            found[Place(name, int(port), scheme == "https")] = says
    return found


def _says(body: str) -> Says:
    said = [match for match in map(_SAID.match, (line.strip() for line in body.split("\n"))) if match]
    gone = tuple(one["name"] for one in said if one["act"] == "unset" and one["table"] == "always")
    values = {one["name"]: _plain(one["value"]) for one in said if one["act"] == "set"}
    banner = "ServerSignature Off" in body
    return Says(
        tuple((name, value) for name, value in values.items() if name in gone),
        tuple((name, value) for name, value in values.items() if name not in gone),
        tuple(name for name in gone if name not in values and not (banner and name in BANNERS)),
        banner,
    )


# Which requests a section is for


def _section(says: Says, condition: str, found: t.Sequence[Place], ground: Ground) -> str:
    title = " ".join(map(str, found))
    body = "".join(f"    {line}\n" for line in _directives(says))
    return f'\n# For {title}\n<If "{" && ".join((condition, *_names(found, ground)))}">\n{body}</If>\n'


def _where(place: Place, wanted: t.Mapping[Place, Says], ground: Ground) -> t.Iterator[str]:
    """Whether TLS is spoken, and the port where the name is served otherwise at another one.

    In an expression the port is what the client has written, else the virtual host's, and 80 for the main server.
    """
    yield f"%{{HTTPS}} == '{'on' if place.tls else 'off'}'"
    same = {one for one in ground.places if (one.name, one.tls) == (place.name, place.tls)}
    if len({wanted.get(one) for one in same}) < 2:
        return
    if place.port not in ground.main:
        yield f"%{{SERVER_PORT}} == '{place.port}'"
    else:
        yield from (f"%{{SERVER_PORT}} != '{port}'" for port in sorted({one.port for one in same} - ground.main))


def _names(found: t.Sequence[Place], ground: Ground) -> t.Iterator[str]:
    first = found[0]
    if first.name:
        yield _asked(found)
    others = [one for one in ground.places if _open(first.name) and _within(one, first)]
    yield from (f"! {_asked(some)}" for some in _portions(sorted(others)))


def _open(name: str) -> bool:
    """Whether names that are not written there fit it."""
    return not name or bool(re.search(r"[*?]", name))


def _within(one: Place, wide: Place) -> bool:
    """Whether requests for it would fit the wide one, too, though it is served by itself."""
    other = one.tls == wide.tls and one.name != wide.name and bool(_NAME.fullmatch(one.name))
    return other and fnmatch.fnmatchcase(one.name, wide.name or "*")


def _asked(found: t.Iterable[Place]) -> str:
    names = "|".join(dict.fromkeys(_pattern(one.name) for one in found))
    return f"req_novary('Host') =~ m#^({names})[.]?(:[0-9]+)?$#i"


def _pattern(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name {name!r} cannot be written in an expression of Apache")
    return name.replace(".", "[.]").replace("*", "[^:]*").replace("?", "[^:]")


def _portions(found: t.Sequence[Place]) -> t.Iterator[list[Place]]:
    """So many at a time as one expression takes."""
    part: list[Place] = []
    for one in found:
        if part and sum(3 * len(each.name) for each in (*part, one)) > LONGEST:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


# What it says


def _directives(says: Says) -> t.Iterator[str]:
    if says.banner:
        yield "ServerSignature Off"
    for name in dict.fromkeys((*says.drop, *(BANNERS if says.banner else ()))):
        yield f"Header always unset {_name(name)}"
        yield f"Header onsuccess unset {name}"
    for name, value in says.set:
        yield from _set(_name(name), f'"{_quoted(value)}" "expr=-z resp(\'{name}\')"')
    for name, value in says.missing:
        yield from _missing(_name(name), _quoted(value))


def _set(name: str, rest: str) -> t.Iterator[str]:
    """In `always` unless the other table has it, from which it goes in the next step."""
    for table in ("always", "onsuccess"):
        yield f"Header {table} unset {name}"
        yield f"Header {table} set {name} {rest}"


def _missing(name: str, value: str) -> t.Iterator[str]:
    """For pages of Apache's own at once; for the others last, when everybody else has had their say."""
    absent = f"-z resp('{name}')"
    yield f'Header always set {name} "{value}" "expr={MADE_BY_APACHE} && {absent}"'
    if name.lower() in ONCE:
        yield f"Header always note {name} infosec-{name}"
        yield f"Header onsuccess unset {name} \"expr=-n note('infosec-{name}')\""
    yield f'Header onsuccess set {name} "{value}" "expr={absent}"'


def _name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise ValueError(f"{name!r} is no name of a header")
    return name


def _quoted(value: str) -> str:
    """As a word of a format string, in which a percent sign begins something."""
    if re.search(r"[^\x20-\x7e]|\$\{", value) or value.startswith("expr="):
        raise ValueError(f"{value!r} cannot be written as the value of a header in Apache's configuration")
    return re.sub(r'(["\\])', r"\\\1", value).replace("%", "%%")


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text.replace("%%", "%"))
