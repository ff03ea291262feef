# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Access logs of web servers: a format, as the server's configuration has it, becomes a reader of its lines.

A format is text with variables in it; each kind of server writes them in its own way (nginx: ngx_http_log_module,
Apache httpd: mod_log_config, Tomcat: AccessLogValve, HAProxy: "Custom log format", gunicorn: access_log_format).
Formats that make a line of JSON are no other thing. A reader is a regular expression in which each value ends where
the text behind it begins, so that no line, whoever wrote it, takes longer than its length.
"""

from __future__ import annotations

import calendar
import dataclasses
import functools
import itertools
import re
import time
import typing as t

#: The formats that servers have names for.
COMMON = '%h %l %u %t "%r" %>s %b'
COMBINED = COMMON + ' "%{Referer}i" "%{User-Agent}i"'
VHOST_COMBINED = "%v:%p " + COMBINED
NGINX_COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
GUNICORN = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'
HAPROXY_HTTP = (
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"
)
HAPROXY_CLF = (
    '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc'
    " %sq %bq %CC %CS %hrl %hsl"
)


class Hit(t.NamedTuple):
    """One request. at: seconds since 1970. path: with its query. host, user, agent, method: "" where it is not said."""

    at: float
    client: str
    host: str
    path: str
    status: int
    user: str
    agent: str
    method: str = ""


@dataclasses.dataclass(frozen=True)
class Reader:
    """Reads the lines of one format. says: the parts of a hit that are in it ("at", "client", …)."""

    pattern: re.Pattern[bytes]
    says: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        """What the format does not say and no line can be judged without, in words."""
        return tuple(words for part, words in _REQUIRED.items() if part not in self.says)

    def read(self, line: bytes) -> Hit | None:
        """The request that a line tells of; None for a line that is not of this format."""
        match = self.pattern.match(line)
        if match is None:
            return None
        when, client, host, path, status, user, agent, method = match.group(*Hit._fields)
        at = moment(when or b"")
        if at is None:
            return None
        code = int(status) if status and status.isdigit() else 0
        return Hit(at, _text(client), _text(host), _path(_text(path)), code, _text(user), _text(agent), _text(method))


# Values

_ESCAPED = re.compile(r'\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(["\\/]))')
_ABSOLUTE = re.compile(r"https?://[^/?]*", re.IGNORECASE)


def _text(value: bytes | None) -> str:
    """A value without the signs that keep it in one line; "-" stands for nothing."""
    if not value or value == b"-":
        return ""
    text = value.decode("utf-8", "replace")
    return _ESCAPED.sub(_plain, text) if "\\" in text else text


def _plain(match: re.Match[str]) -> str:
    return match[3] or chr(int(match[1] or match[2], 16))


def _path(path: str) -> str:
    """Without the scheme and the name that a client may write before it (RFC 9112, section 3.2.2)."""
    return path if path.startswith("/") else _ABSOLUTE.sub("", path, count=1)


_MONTHS = {name.encode(): number for number, name in enumerate(calendar.month_abbr) if name}
_CLF = rb"\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [+-]\d{4})?"
_ISO = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?"
_EPOCH = rb"\d{9,10}(?:\.\d{1,9})?|\d{12,13}|\d{15,16}"
_TIME = rb"(?:" + _CLF + rb"|" + _ISO + rb"|" + _EPOCH + rb")"
_PARTS = re.compile(
    rb"(?P<date>\d\d/[A-Z][a-z][a-z]/\d{4}|\d{4}-\d\d-\d\d)[:T ]"
    rb"(?P<minute>\d\d:\d\d):(?P<second>\d\d)(?:[.,]\d+)?(?P<zone>Z| ?[+-]\d\d:?\d\d)?"
)


def moment(text: bytes) -> float | None:
    """Seconds since 1970, of a time in any spelling that logs have; one without a zone is this machine's own."""
    if text[11:12] == b":" and len(text) == 26:  # as nginx and Apache httpd write it, and so nearly all
        begin = _minute(text[:11], text[12:17], text[21:])
        return None if begin is None else begin + int(text[18:20])
    match = _PARTS.fullmatch(text)
    if match:
        begin = _minute(match["date"], match["minute"], (match["zone"] or b"").strip())
        return None if begin is None else begin + int(match["second"])
    if not text.replace(b".", b"", 1).isdigit():
        return None
    value = float(text)
    return value / 1e6 if value >= 1e14 else value / 1e3 if value >= 1e11 else value


@functools.lru_cache(maxsize=4096)
def _minute(date: bytes, minute: bytes, zone: bytes) -> float | None:
    """Where a minute begins; neighbours in a log share it."""
    year, month, day = _day(date)
    hours, minutes = map(int, minute.split(b":"))
    if not (1 <= month <= 12 and 1 <= day <= 31 and hours < 24 and minutes < 60 and year >= 1970):
        return None
    fields = (year, month, day, hours, minutes, 0, 0, 1, -1)
    if not zone:
        return time.mktime(fields)
    digits = zone.replace(b":", b"")
    ahead = 0 if zone == b"Z" else int(digits[:1] + b"1") * (int(digits[1:3]) * 3600 + int(digits[3:5]) * 60)
    return float(calendar.timegm(fields) - ahead)


def _day(date: bytes) -> tuple[int, int, int]:
    """29/Nov/2026 or 2026-11-29."""
    if b"/" in date:
        return int(date[7:]), _MONTHS.get(date[3:6], 0), int(date[:2])
    return int(date[:4]), int(date[5:7]), int(date[8:])


# Formats


class _Variable(t.NamedTuple):
    """A variable of a format. field: what of a hit it is ("request": method and path), "" for anything else.

    shape: what it looks like where that is known. quoted: whether the server puts quotes around it.
    """

    field: str
    shape: bytes = b""
    quoted: bool = False


_Piece = t.Union[bytes, _Variable]
_STATUS = rb"-?\d{1,3}"
_BRACKETED = rb"\[?" + _TIME + rb"\]?"
#: What servers call the things that are looked for; whatever else there is, is passed over.
NAMES: dict[str, dict[str, str]] = {
    "nginx": {
        **dict.fromkeys(("remote_addr", "proxy_protocol_addr", "realip_remote_addr"), "client"),
        **dict.fromkeys(("time_local", "time_iso8601", "msec"), "at"),
        **dict.fromkeys(("request_uri", "uri", "document_uri"), "path"),
        **dict.fromkeys(("host", "http_host", "server_name"), "host"),
        **{"request": "request", "request_method": "method", "status": "status"},
        **{"remote_user": "user", "http_user_agent": "agent"},
    },
    "apache": {
        **dict.fromkeys(("h", "a", "{c}h", "{c}a"), "client"),
        **dict.fromkeys(("v", "V", "{host}i"), "host"),
        **{"u": "user", "t": "at", "r": "request", "m": "method", "U": "path", "s": "status"},
        **{"{user-agent}i": "agent"},
    },
    "gunicorn": {
        **{"h": "client", "u": "user", "t": "at", "r": "request", "m": "method", "U": "path", "s": "status"},
        **{"a": "agent", "{user-agent}i": "agent", "{host}i": "host"},
    },
    "haproxy": {
        **dict.fromkeys(("ci", "[src]"), "client"),
        **dict.fromkeys(("t", "tr", "trg", "trl", "T", "Tl", "Ts", "ts"), "at"),
        **dict.fromkeys(("HU", "HP", "HPO", "[capture.req.uri]", "[path]", "[url]"), "path"),
        **dict.fromkeys(("HM", "[capture.req.method]", "[method]"), "method"),
        # Sections stand for the names that others have.
        **{"r": "request", "ST": "status", "[status]": "status", "f": "host", "ft": "host"},
    },
}
_NGINX = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_APACHE = re.compile(r"%(?:[<>!,\d]*)(\{[^}]*\}(?:\^\w\w|\w)|\^?\w)|%(%)")
_GUNICORN = re.compile(r"%\(([^)]*)\)s|%(%)")
_HAPROXY = re.compile(r"%(?:\{([^}]*)\})?(\[(?:[^\[\]]|\[[^\]]*\])*\]|\w+)|%(%)")
_REQUIRED = {"at": "when", "path": "the path", "status": "the status"}


def compile_format(text: str, kind: str) -> Reader:
    """The reader of a format of such a server: nginx, nginx-raw (escape=none), apache, tomcat, gunicorn, haproxy.

    text: as the server has it once its configuration is read, with the quotes of the configuration gone.
    """
    pieces = _needed(list(_KINDS[kind](text)))
    pattern, taken = _pattern(pieces, raw=kind == "nginx-raw")
    # What the format does not say is there as well, and empty.
    empty = b"".join(b"(?P<%s>)" % part.encode() for part in Hit._fields if part not in taken)
    prefix = rb"(?:[^\n]{0,128}?\bhaproxy\[\d+\]: )?" if kind == "haproxy" else b""
    return Reader(re.compile(prefix + pattern + empty), frozenset(taken))


def sessions(service: str) -> Reader:
    """The reader of sessions that PAM opened for a service, in the journal (short-unix): each is a hit of a user."""
    name = re.escape(service.encode())
    told = rb"pam_\w+\(" + name + rb":session\): session opened for user (?P<user>[^ (\n]+)"
    others = b"".join(b"(?P<%s>)" % part.encode() for part in Hit._fields if part not in ("at", "user"))
    return Reader(re.compile(rb"(?P<at>\d+\.\d+) \S+ [^ \n]+: " + told + others), frozenset((*_REQUIRED, "user")))


def _nginx(text: str) -> t.Iterator[_Piece]:
    # ngx_conf_read_token turns these into what they stand for, in words with quotes and without.
    plain = text.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r")
    names = NAMES["nginx"]
    for literal, match in _split(_NGINX, plain):
        yield literal
        if match:
            name = match[1] or match[2]
            yield _Variable(names.get(name, ""), _UPSTREAM if name.startswith("upstream_") else b"")


def _apache(text: str) -> t.Iterator[_Piece]:
    plain = re.sub(r"\\(.)", lambda match: {"t": "\t", "n": "\n"}.get(match[1], match[1]), text)
    for literal, match in _split(_APACHE, plain):
        yield literal
        if match and match[2]:
            yield b"%"
        elif match:
            yield _of_apache(match[1])


def _of_apache(name: str) -> _Variable:
    """`%t` has brackets around it; `%{…}t` is written in parts by some, of which the first tells."""
    if re.fullmatch(r"\{(?:begin:|end:)?(?:[mu]sec_frac|%z)\}t", name):
        return _Variable("", rb"[+-]?\d+")
    if name == "t" or re.fullmatch(r"\{.*\}t", name):
        return _Variable("at", _BRACKETED if name == "t" else b"")
    return _Variable(NAMES["apache"].get(name.lower() if name.startswith("{") else name, ""))


def _gunicorn(text: str) -> t.Iterator[_Piece]:
    for literal, match in _split(_GUNICORN, text):
        yield literal
        if match and match[2]:
            yield b"%"
        elif match:
            field = NAMES["gunicorn"].get(match[1].lower() if match[1].startswith("{") else match[1], "")
            yield _Variable(field, _BRACKETED if field == "at" else b"")


def _haproxy(text: str) -> t.Iterator[_Piece]:
    everywhere = False
    # HAProxy writes one blank where two would meet, so a blank goes with what may be missing before it.
    for literal, match in _split(_HAPROXY, re.sub(r"(%(?:\{[^}]*\})?(?:h[rs]|o)) ", r"\1", text)):
        yield literal
        if match and match[3]:
            yield b"%"
        elif match:
            flags, name = match[1] or "", match[2]
            quoted = "+Q" in flags or (everywhere and "-Q" not in flags)
            everywhere = quoted if name == "o" else everywhere
            yield _of_haproxy(name, quoted=quoted)


def _of_haproxy(name: str, *, quoted: bool) -> _Piece:
    """Only texts get quotes. A sample may have arguments and converters: [capture.req.uri,lower]."""
    if name in ("o", "hr", "hs"):
        return b"" if name == "o" else _Variable("", rb"(?:\{[^}]*\} )?")
    field = NAMES["haproxy"].get(re.sub(r"^\[([\w.]+)[,(].*\]$", r"[\1]", name), "")
    return _Variable(field, b"", quoted and field not in ("at", "status"))


def _split(pattern: re.Pattern[str], text: str) -> t.Iterator[tuple[bytes, re.Match[str] | None]]:
    """The text before each variable, with the variable; the rest with None."""
    at = 0
    for match in pattern.finditer(text):
        yield text[at : match.start()].encode(), match
        at = match.end()
    yield text[at:].encode(), None


_KINDS: dict[str, t.Callable[[str], t.Iterator[_Piece]]] = {
    "nginx": _nginx,
    "nginx-raw": _nginx,
    "apache": _apache,
    "tomcat": _apache,
    "gunicorn": _gunicorn,
    "haproxy": _haproxy,
}

# The pattern

#: Several upstreams stand with ", " or " : " between them.
_UPSTREAM = rb"[^ \n]*(?:(?<=,) [^ \n]*| : [^ \n]*){0,8}"
_SHAPES = {"at": _TIME, "status": _STATUS}
#: A name, which a path may follow. That its length is bounded keeps it from being tried again and again.
_HOST = rb'[^\s/"]{0,255}'


def _needed(pieces: list[_Piece]) -> list[_Piece]:
    """Up to the last that says something."""
    told = [at for at, piece in enumerate(pieces) if isinstance(piece, _Variable) and piece.field]
    return _apart([piece for piece in pieces[: told[-1] + 2] if piece != b""]) if told else []


def _apart(pieces: t.Sequence[_Piece]) -> list[_Piece]:
    """Of variables with nothing between them, where one ends cannot be seen: one stands for all.

    Those stay that look like nothing else, and a name before them ("$scheme://$host$request_uri").
    """
    kept: list[_Piece] = []
    for literal, run in itertools.groupby(pieces, lambda piece: isinstance(piece, bytes)):
        found = list(run)
        loose = [one for one in found if isinstance(one, _Variable) and not _is_exact(one)]
        if not literal and len(loose) > 1 and loose[0].field == "host":
            exact = loose.pop(0)._replace(shape=_HOST)
            found[found.index(exact._replace(shape=b""))] = exact
        first = next((one for one in loose if one.field), loose[0] if loose else None)
        kept += [one for one in found if one not in loose or one is first]
    return kept


def _is_exact(one: _Variable) -> bool:
    return one.shape not in (b"", _UPSTREAM) or one.field in _SHAPES or one.quoted


def _pattern(pieces: t.Sequence[_Piece], *, raw: bool) -> tuple[bytes, set[str]]:
    """The regular expression, and the fields that it has."""
    taken: set[str] = set()
    written = b""
    for at, piece in enumerate(pieces):
        if isinstance(piece, bytes):
            # Behind the last value it says only where that ends.
            written += re.escape(piece) if at < len(pieces) - 1 else b""
        elif piece.quoted and not piece.field:
            written += rb'(?:"[^"\n]*"|[^ "\n]*)'  # numbers have no quotes
        elif piece.quoted:
            written += b'"' + _value(piece, b'"', taken, raw=raw) + b'"'
        else:
            sign = next((one[:1] for one in pieces[at + 1 :] if isinstance(one, bytes)), b"")
            written += _value(piece, sign, taken, raw=raw)
    return written, taken


def _value(piece: _Variable, sign: bytes, taken: set[str], *, raw: bool) -> bytes:
    """What matches a value. sign: where it ends at the latest, "" for the end of the line."""
    if piece.field == "request":
        return _request(sign, taken, raw=raw)
    shape = piece.shape or _SHAPES.get(piece.field) or _until(piece.field, sign, raw=raw)
    if not piece.field or piece.field in taken:
        return rb"(?:" + shape + rb")"
    taken.add(piece.field)
    if shape == _BRACKETED:
        return rb"\[?(?P<at>" + _TIME + rb")\]?"
    return b"(?P<" + piece.field.encode() + b">" + shape + b")"


def _until(field: str, sign: bytes, *, raw: bool) -> bytes:
    if field in ("client", "host") and sign == b":":
        # An IPv6 address has colons of its own; the last one is the format's.
        return rb'[^\s"]{0,255}'
    return _any(sign, raw=raw)


def _any(sign: bytes, but: bytes = b"", *, raw: bool) -> bytes:
    """Any text up to the sign, which may stand in it behind a backslash where that is a quotation mark."""
    if sign == b'"' and not raw:
        plain = rb'[^"\\\n' + but + rb"]*"
        return plain + rb"(?:\\[^\n]" + plain + rb")*"
    return rb"[^\n" + re.escape(sign) + but + rb"]*"


def _request(sign: bytes, taken: set[str], *, raw: bool) -> bytes:
    """`GET /path HTTP/1.1`, or whatever somebody sent instead of it."""
    method, path = (b"(?:" if name in taken else b"(?P<%s>" % name.encode() for name in ("method", "path"))
    taken.update(("method", "path"))
    rest = _any(sign, raw=raw)
    line = method + rb"[A-Za-z_-]{1,32}) " + path + _any(sign, b" ", raw=raw) + rb")(?: " + rest + rb")?"
    return rb"(?:" + line + rb"(?=" + (re.escape(sign) or b"$") + rb")|" + rest + rb")"
