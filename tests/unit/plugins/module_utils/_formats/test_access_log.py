# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._formats import access_log
from ansible_collections.infosec.principles.plugins.module_utils._formats.access_log import Hit, compile_format

NOON = datetime.datetime(2026, 11, 29, 12, 0, 1, tzinfo=datetime.timezone.utc).timestamp()
JSON = (
    '{"t":"$time_iso8601","c":"$remote_addr","u":"$scheme://$host$request_uri","m":"$request_method",'
    '"s":$status,"who":"$remote_user","ua":"$http_user_agent"}'
)


@pytest.mark.parametrize(
    ("text", "kind", "line", "hit"),
    [
        (
            access_log.NGINX_COMBINED,
            "nginx",
            r'10.0.0.1 - bob [29/Nov/2026:13:00:01 +0100] "GET /a/?x=1 HTTP/1.1" 200 12 "-" "A \x22B\x22"',
            Hit(NOON, "10.0.0.1", "", "/a/?x=1", 200, "bob", 'A "B"', "GET"),
        ),
        (
            access_log.COMBINED,
            "apache",
            r'::1 - - [29/Nov/2026:12:00:01 +0000] "POST /a\"b HTTP/1.1" 302 - "-" "A \"B\" \\"',
            Hit(NOON, "::1", "", '/a"b', 302, "", 'A "B" \\', "POST"),
        ),
        (
            access_log.VHOST_COMBINED,
            "apache",
            'shop.example.org:443 10.0.0.1 - - [29/Nov/2026:12:00:01 +0000] "GET / HTTP/1.1" 404 12 "-" "-"',
            Hit(NOON, "10.0.0.1", "shop.example.org", "/", 404, "", "", "GET"),
        ),
        (
            JSON,
            "nginx",
            '{"t":"2026-11-29T13:00:01+01:00","c":"10.0.0.1","u":"https://x.example.org/a?b","m":"PUT","s":204,'
            r'"who":"","ua":"A \"B\""}',
            Hit(NOON, "10.0.0.1", "x.example.org", "/a?b", 204, "", 'A "B"', "PUT"),
        ),
        (
            access_log.GUNICORN,
            "gunicorn",
            '127.0.0.1 - - [29/Nov/2026:12:00:01 +0000] "GET /admin/ HTTP/1.1" 200 12 "-" "A"',
            Hit(NOON, "127.0.0.1", "", "/admin/", 200, "", "A", "GET"),
        ),
    ],
)
def test_each_server_s_format_is_read(text: str, kind: str, line: str, hit: Hit) -> None:
    reader = compile_format(text, kind)
    assert reader.missing == ()
    assert reader.read(line.encode()) == hit


TOMCAT = '%h %l %u %t "%r" %s %b'


@pytest.mark.parametrize(
    ("text", "kind", "line", "hit"),
    [
        (
            access_log.HAPROXY_HTTP,
            "haproxy",
            "2026-11-29T12:00:01.9+00:00 host haproxy[7]: 2001:db8::1:51234 [29/Nov/2026:12:00:01.123 +0000] fe~ be/s "
            '0/0/1/2/3 200 12 - - ---- 1/1/0/0/0 0/0 {Moz (X; Y)|} {a} "GET /a?x=#22 HTTP/1.1"',
            Hit(NOON, "2001:db8::1", "fe~", "/a?x=#22", 200, "", "", "GET"),
        ),
        (
            access_log.HAPROXY_CLF,
            "haproxy",
            'host haproxy[7]: 192.0.2.1 - - [29/Nov/2026:12:00:01 +0000] "POST /a HTTP/1.1" 302 314 "" "" 57656 913 '
            '"fe2" "be" "s" 0 0 0 0 0 ---- 1 1 0 0 0 0 0 "" "" "Moz"',
            Hit(NOON, "192.0.2.1", "fe2", "/a", 302, "", "", "POST"),
        ),
        (
            "%ci %[capture.req.uri] x %{+Q}r %ST [%trg] %HM %HP",
            "haproxy",
            'haproxy[7]: 192.0.2.1 /a?"b x "GET /a?#22b HTTP/1.1" 200 [29/Nov/2026:12:00:01 +0000] GET /a',
            Hit(NOON, "192.0.2.1", "", '/a?"b', 200, "", "", "GET"),
        ),
        (
            TOMCAT,
            "tomcat",
            '192.0.2.1 - tom [29/Nov/2026:12:00:01 +0000] "GET /manager/html HTTP/1.1" 200 14032',
            Hit(NOON, "192.0.2.1", "", "/manager/html", 200, "tom", "", "GET"),
        ),
        (
            r"{\"t\":\"%{%Y-%m-%dT%H:%M:%S%z}t\",\"c\":\"%a\",\"m\":\"%m\",\"u\":\"%U%q\",\"s\":%>s}",
            "apache",
            r'{"t":"2026-11-29T13:00:01+0100","c":"::1","m":"GET","u":"/a?b=\"c","s":200}',
            Hit(NOON, "::1", "", '/a?b="c', 200, "", "", "GET"),
        ),
        (
            r"%{sec}t\t%h\t%r\t%!200,304s\t100%%\t%{User-agent}i",
            "apache",
            f"{int(NOON)}\t192.0.2.1\tGET /a HTTP/1.1\t404\t100%\tA B",
            Hit(NOON, "192.0.2.1", "", "/a", 404, "", "A B", "GET"),
        ),
        (
            '%t %{msec_frac}t %{%z}t %h "%r" %s',
            "apache",
            '[29/Nov/2026:12:00:01 +0000] 042 +0000 192.0.2.1 "GET /a HTTP/1.1" 200',
            Hit(NOON, "192.0.2.1", "", "/a", 200, "", "", "GET"),
        ),
        (
            r"time:$msec\thost:$http_host\tclient:$remote_addr\tup:$upstream_addr\turi:$uri$is_args$args\tstatus:$status",
            "nginx",
            f"time:{int(NOON)}.000\thost:x.example.org\tclient:192.0.2.1\tup:10.0.0.1:80, 10.0.0.2:80\turi:/a?b\tstatus:200",
            Hit(NOON, "192.0.2.1", "x.example.org", "/a?b", 200, "", "", ""),
        ),
        (
            '$remote_addr $upstream_addr $upstream_status [$time_local] "$request" $status',
            "nginx",
            '192.0.2.1 10.0.0.1:80, 10.0.0.2:80 : unix:/run/x 502, 200 : 200 [29/Nov/2026:12:00:01 +0000] "GET /a HTTP/1.1" 200',
            Hit(NOON, "192.0.2.1", "", "/a", 200, "", "", "GET"),
        ),
        (
            '$remote_addr [$time_local] "$http_user_agent" "$request" $status',
            "nginx-raw",
            'x [29/Nov/2026:12:00:01 +0000] "A \\" "GET http://x.example.org/a HTTP/1.1" 200',
            Hit(NOON, "x", "", "/a", 200, "", "A \\", "GET"),
        ),
        (
            access_log.NGINX_COMBINED,
            "nginx",
            r'192.0.2.1 - - [29/Nov/2026:12:00:01 +0000] "\x16\x03\x01\x02\x00" 400 157 "-" "-"',
            Hit(NOON, "192.0.2.1", "", "", 400, "", "", ""),
        ),
    ],
)
def test_other_formats_are_read_as_well(text: str, kind: str, line: str, hit: Hit) -> None:
    reader = compile_format(text, kind)
    assert (reader.missing, reader.read(line.encode())) == ((), hit)


@pytest.mark.parametrize(
    ("text", "kind", "missing"),
    [
        ("$remote_addr $request", "nginx", ("when", "the status")),
        ("%{Referer}i -> %U", "apache", ("when", "the status")),
        ("", "nginx", ("when", "the path", "the status")),
        ("no variables", "apache", ("when", "the path", "the status")),
        (
            "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
            "haproxy",
            ("the path", "the status"),
        ),
    ],
)
def test_what_a_format_does_not_say_is_known(text: str, kind: str, missing: tuple[str, ...]) -> None:
    assert compile_format(text, kind).missing == missing


def test_a_session_of_pam_is_a_hit_of_its_user() -> None:
    line = (
        "1795953601.388287 host cockpit-session[31]: pam_unix(cockpit:session): session opened for user bob(uid=1000)"
    )
    read = access_log.sessions("cockpit").read(line.encode())
    assert read is not None and (read.at, read.user) == (1795953601.388287, "bob")
    assert access_log.sessions("cockpit").read(line.replace("(cockpit:", "(sshd:").encode()) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("29/Nov/2026:12:00:01 +0000", NOON),
        ("29/Nov/2026:17:30:01 +0530", NOON),
        ("29/Nov/2026:04:00:01 -0800", NOON),
        ("29/Nov/2026:12:00:01.999 +0000", NOON),
        ("2026-11-29T12:00:01Z", NOON),
        ("2026-11-29 13:00:01,5 +01:00", NOON),
        (str(int(NOON)), NOON),
        (f"{int(NOON)}.25", NOON + 0.25),
        (f"{int(NOON)}250", NOON + 0.25),
        (f"{int(NOON)}250000", NOON + 0.25),
        ("29/Nox/2026:12:00:01 +0000", None),
        ("99/Nov/2026:12:00:01 +0000", None),
        ("29/Nov/2026:99:00:01 +0000", None),
        ("29/Nov/0001:12:00:01 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times(text: str, seconds: float | None) -> None:
    assert access_log.moment(text.encode()) == seconds


def test_a_time_without_a_zone_is_this_machine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        # Of a day that no other test has: minutes are remembered.
        at = access_log.moment(b"03/Jul/2024:14:00:00.123")
        assert at == datetime.datetime(2024, 7, 3, 12, tzinfo=datetime.timezone.utc).timestamp()
    finally:
        monkeypatch.undo()
        time.tzset()


KINDS = ("nginx", "nginx-raw", "apache", "tomcat", "gunicorn", "haproxy")
READERS = [
    compile_format(access_log.NGINX_COMBINED, "nginx"),
    compile_format(access_log.VHOST_COMBINED, "apache"),
    compile_format(access_log.HAPROXY_HTTP, "haproxy"),
    compile_format(access_log.HAPROXY_CLF, "haproxy"),
    compile_format(JSON, "nginx"),
]
WRITTEN = b'192.0.2.1 - - [29/Nov/2026:12:00:01 +0000] "GET /a HTTP/1.1" 200 12 "-" "A"'


@given(st.binary(max_size=300))
def test_no_bytes_break_a_reader(line: bytes) -> None:
    for reader in READERS:
        reader.read(line)


@given(st.integers(0, len(WRITTEN)), st.binary(max_size=30), st.integers(0, 30))
def test_no_damage_to_a_line_breaks_a_reader(at: int, bytes_: bytes, gone: int) -> None:
    for reader in READERS:
        reader.read(WRITTEN[:at] + bytes_ + WRITTEN[at + gone :])


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(KINDS))
def test_no_format_breaks_the_compiler(text: str, kind: str) -> None:
    compile_format(text, kind).read(WRITTEN)


VARIABLES = st.sampled_from(
    ["$remote_addr", "$request", "$status", "$time_local", "$upstream_addr", "${host}", "$uri", "$args", "$x"]
)


FORMATS = st.lists(st.one_of(VARIABLES, st.text(alphabet=' "[]{}:,|\\-a', max_size=3)), max_size=12)


@settings(deadline=None)
@given(FORMATS, st.sampled_from(["1", "a, ", " ", '"', '\\"', "x:", "/"]))
def test_no_format_of_variables_takes_long(words: list[str], unit: str) -> None:
    reader = compile_format("".join(words), "nginx")
    began = time.process_time()
    reader.read((unit * 4096)[:4096].encode())
    assert time.process_time() - began < 0.5


def _nginx_escaped(data: bytes) -> bytes:
    """As ngx_http_log_escape writes a value."""
    return b"".join(bytes([one]) if 0x20 <= one <= 0x7E and one not in b'"\\' else b"\\x%02X" % one for one in data)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_what_nginx_escapes_comes_back_and_hides_nothing(path: bytes, agent: bytes) -> None:
    request = b"GET /" + path.replace(b" ", b"+") + b" HTTP/1.1"
    line = b'192.0.2.1 - - [29/Nov/2026:12:00:01 +0000] "%s" 200 12 "-" "%s"' % (
        _nginx_escaped(request),
        _nginx_escaped(agent),
    )
    hit = READERS[0].read(line)
    assert hit is not None and (hit.status, hit.user, hit.method) == (200, "", "GET")
    if path.isascii():
        assert hit.path == "/" + path.replace(b" ", b"+").decode()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("unit", ["a", " ", ":", '"', '\\"', "[", "{", "/", "haproxy[1]: ", "1/", '" "', " - ", "x:1 "])
def test_no_line_takes_long(reader: access_log.Reader, unit: str) -> None:
    """The longest that is ever read, made of whatever a pattern could try again and again."""
    for begin in (b"", WRITTEN, WRITTEN[:40], b"haproxy[1]: 1:1 [29/Nov/2026:12:00:01] f b/s "):
        line = (begin + unit.encode() * 65536)[:65536]
        began = time.process_time()
        reader.read(line)
        assert time.process_time() - began < 0.5
