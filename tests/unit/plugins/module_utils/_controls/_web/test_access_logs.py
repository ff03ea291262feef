# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import gzip
import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import access_logs, apache, nginx
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Found,
    Use,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._host import log_files
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

NOW = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.timezone.utc)
DAY = 86400
KINDS = {one.key: one for one in INTERFACES}
FORMATS = (
    'LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost_combined\n'
    'LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined\n'
)
LOGIN = "/admin/login/"
INSIDE = "/admin/auth/user/"


def ago(days: float) -> float:
    return NOW.timestamp() - days * DAY


def line(
    days: float,
    path: str = "/",
    *,
    client: str = "198.51.100.7",
    user: str = "-",
    method: str = "GET",
    status: int = 200,
    agent: str = "Mozilla/5.0",
) -> bytes:
    stamp = datetime.datetime.fromtimestamp(ago(days), datetime.timezone.utc).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{client} - {user} [{stamp}] "{method} {path} HTTP/1.1" {status} 12 "-" "{agent}"\n'.encode()


class Box:
    """A machine in a folder, with an nginx or an Apache httpd."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.host = Host(root=str(root), now=NOW, runner=lambda argv, stdin, timeout: Completed(127, "", ""))

    def put(self, path: str, data: bytes | str, *, days: float = 0) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        os.utime(file, (ago(days), ago(days)))

    def nginx(self, config: str, name: str = "x.example.org", path: str = "/admin/", key: str = "django") -> Found:
        self.put("/etc/nginx/nginx.conf", config)
        run = Running("nginx.service", (1,), ())
        instance = nginx.Instance(run, nginx.CONFIGS[0], tuple(nginx.parse(self.host, nginx.CONFIGS[0])))
        site = next(one for one in instance.sites if name in one.names or not name)
        at = Vhost("nginx", run, name, "127.0.0.1", 80, False, site.server.place, instance, site)
        return Found(KINDS[key], at, path, ())

    def apache(self, config: str, name: str = "x.example.org", path: str = "/admin/", key: str = "django") -> Found:
        self.put("/etc/apache2/apache2.conf", FORMATS + config)
        run = Running("apache2.service", (1,), ())
        instance = apache.Instance(run, apache.LAYOUTS[0], tuple(apache.parse(self.host, apache.LAYOUTS[0])))
        site = next(one for one in instance.sites if name in one.names or not name)
        at = Vhost("Apache httpd", run, name, "127.0.0.1", 80, False, site.place, instance, site)
        return Found(KINDS[key], at, path, ())

    def use(self, found: Found, days: int = 90) -> Use:
        return access_logs.uses(self.host, [found], days=days)[found]


@pytest.fixture
def box(tmp_path: pathlib.Path) -> Box:
    return Box(tmp_path)


def server(inside: str = "", around: str = "access_log /var/log/nginx/access.log;") -> str:
    return f"events {{}}\nhttp {{\n{around}\nserver {{\nlisten 80;\nserver_name x.example.org;\n{inside}\n}}\n}}\n"


LOG = "/var/log/nginx/access.log"


def test_who_was_past_the_login_is_named_with_the_last_time(box: Box) -> None:
    found = box.nginx(server())
    box.put(LOG, line(100) + line(20, INSIDE, client="192.0.2.1") + line(3, INSIDE, client="192.0.2.2") + line(1))
    use = box.use(found)
    assert use.visits is not None
    assert (use.visits.count, use.visits.last, use.visits.clients) == (2, ago(3), ("192.0.2.2", "192.0.2.1"))
    assert (use.since, use.problem, use.source) == (ago(100), "", LOG)


@pytest.mark.parametrize(
    "request_",
    [
        line(1, LOGIN),
        line(1, "/admin/", status=302),
        line(1, LOGIN, method="POST"),
        line(1, INSIDE, status=302),
        line(1, INSIDE, status=403),
        line(1, INSIDE, status=500),
        line(1, INSIDE, user="guess", status=401),
        line(1, "/administration/"),
        line(1, "/shop/admin/auth/"),
        line(1, INSIDE, agent="infosec.principles", client="127.0.0.1"),
        line(91, INSIDE),
    ],
)
def test_what_a_scanner_gets_is_no_use(box: Box, request_: bytes) -> None:
    found = box.nginx(server())
    box.put(LOG, line(100) + request_ + line(1))
    assert box.use(found) == Use(ago(100), None, "", LOG)


@pytest.mark.parametrize(
    "request_",
    [
        line(1, LOGIN, method="POST", status=302),
        line(1, "/admin/", user="bob"),
        line(1, "/admin/"),
        line(1, INSIDE, method="POST"),
    ],
)
def test_what_only_a_user_gets_is_use(box: Box, request_: bytes) -> None:
    found = box.nginx(server())
    box.put(LOG, line(100) + request_)
    visits = box.use(found).visits
    assert visits is not None and visits.count == 1


def test_rotated_files_are_read_up_to_the_horizon(box: Box) -> None:
    found = box.nginx(server())
    box.put(LOG, line(1))
    box.put(f"{LOG}.1", line(10) + line(5), days=5)
    box.put(f"{LOG}.2.gz", gzip.compress(line(40) + line(30, INSIDE) + line(11)), days=11)
    box.put(f"{LOG}.3.gz", gzip.compress(line(120) + line(41)), days=41)
    box.put(f"{LOG}.4.gz", gzip.compress(line(200) + line(121)), days=121)
    use = box.use(found)
    assert use.visits is not None and use.visits.last == ago(30)
    assert use.since == ago(120) and use.source == f"{LOG} and 4 that were rotated"


def test_names_with_a_date_are_rotated_files_too(box: Box) -> None:
    found = box.nginx(server())
    box.put(LOG, line(1))
    box.put(f"{LOG}-20261101.gz", gzip.compress(line(40) + line(28)), days=28)
    box.put(f"{LOG}-20261001.gz", gzip.compress(line(70) + line(58, INSIDE)), days=58)
    use = box.use(found)
    assert use.since == ago(70) and use.visits is not None


def test_a_file_that_is_missing_ends_the_horizon_but_not_the_search(box: Box) -> None:
    found = box.nginx(server())
    box.put(LOG, line(1))
    box.put(f"{LOG}.1", line(10) + line(5), days=5)
    box.put(f"{LOG}.3", line(80) + line(60), days=60)
    use = box.use(found)
    assert use.since == ago(10) and "access.log.3: what was written after it is not there" in use.problem
    box.put(f"{LOG}.3", line(80) + line(60, INSIDE), days=60)
    assert Box(box.root).use(found).visits is not None


def test_half_a_gzip_file_is_read_as_far_as_it_goes_and_ends_the_horizon(box: Box) -> None:
    found = box.nginx(server())
    whole = gzip.compress(b"".join(line(80 - number / 1000, f"/{number * 7919 % 10007}") for number in range(40_000)))
    box.put(LOG, line(1))
    box.put(f"{LOG}.1.gz", whole[: len(whole) // 2], days=2)
    use = box.use(found)
    assert (use.since, use.visits) == (ago(1), None)
    assert "access.log.1.gz: damaged, and not read to its end" in use.problem


def test_logs_that_are_too_short_say_when_they_begin(box: Box) -> None:
    found = box.nginx(server())
    box.put(LOG, line(3) + line(1))
    assert box.use(found) == Use(ago(3), None, "", LOG)


def test_an_empty_log_tells_nothing(box: Box) -> None:
    found = box.nginx(server())
    box.put(LOG, b"")
    assert box.use(found) == Use(None, None, f"{LOG}: no entry yet", LOG)
    os.unlink(box.root / LOG[1:])
    assert "no such file" in Box(box.root).use(found).problem


HOSTILE = {
    "long": line(1) + b"A" * 10_000_000 + b"\n" + line(0.5, INSIDE),
    "long with a path in it": line(1) + b'1 - - "GET /admin/auth/ ' + b"A" * 10_000_000 + b"\n" + line(0.5, INSIDE),
    "binary": line(1) + bytes(range(256)) * 4000 + b"\n" + line(0.5, INSIDE),
    "zeros": line(1) + b"\0" * 5_000_000 + b"\n" + line(0.5, INSIDE),
    "newlines": line(1) + b"\n" * 1_000_000 + line(0.5, INSIDE),
    "paths": line(1) + b"/admin/auth/ " * 100_000 + b"\n" + line(0.5, INSIDE),
    "colons and brackets": line(1) + b":" * 60_000 + b"[" * 60_000 + b"\n" + line(0.5, INSIDE),
    "quotes": line(1) + line(1)[:-2] + b'\\"' * 30_000 + b"\n" + line(0.5, INSIDE),
    "cut": line(1) + line(0.5, INSIDE)[:-3],
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lines_hide_none_of_the_others(box: Box, data: bytes) -> None:
    found = box.nginx(server())
    box.put(LOG, data)
    use = box.use(found)
    assert use.visits is not None and use.visits.count == 1
    assert use.since == ago(1)


def test_what_is_too_long_is_said(box: Box) -> None:
    found = box.nginx(server())
    box.put(LOG, HOSTILE["long"])
    assert box.use(found).source == f"{LOG} (lines left out: 1 longer than 64 KiB)"


def test_no_line_in_the_format_is_a_problem(box: Box) -> None:
    found = box.nginx(server())
    box.put(LOG, bytes(range(256)) * 4000)
    assert box.use(found) == Use(None, None, f"{LOG}: no line of it is in the format of this log", LOG)


def test_a_fifo_a_link_and_a_device_are_not_opened(box: Box) -> None:
    found = box.nginx(server())
    (box.root / "var/log/nginx").mkdir(parents=True)
    os.mkfifo(box.root / LOG[1:])
    box.put("/srv/other", line(1, INSIDE))
    os.symlink("/srv/other", box.root / f"{LOG[1:]}.1")
    use = box.use(found)
    assert (use.since, use.visits) == (None, None) and use.problem


def test_a_log_that_root_put_elsewhere_is_found_there(box: Box) -> None:
    found = box.nginx(server())
    box.put("/srv/logs/access.log", line(100) + line(1, INSIDE))
    (box.root / "var/log/nginx").mkdir(parents=True)
    os.symlink("/srv/logs/access.log", box.root / LOG[1:])
    assert box.use(found).visits is not None


def test_a_gzip_file_that_unpacks_to_very_much_is_bounded(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "BYTES", 8 * 1024 * 1024)
    found = box.nginx(server())
    box.put(LOG, line(1))
    box.put(f"{LOG}.1.gz", gzip.compress(b"\0" * 50_000_000), days=2)
    use = box.use(found)
    assert use.since == ago(1) and "the limit of bytes was reached" in use.problem


def test_no_time_left_is_said_and_costs_the_oldest_entries(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    found = box.nginx(server())
    monkeypatch.setattr(log_files, "SEGMENT", 2000)
    monkeypatch.setattr(access_logs, "BYTES", 3000)
    box.put(LOG, b"".join(line(80 - number) for number in range(80)))
    use = box.use(found)
    assert use.since is not None and ago(30) < use.since < ago(10)
    assert "not read to its end, since the limit of bytes" in use.problem


def test_a_log_for_which_no_time_is_left_is_said(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "SECONDS", -1.0)
    found = box.nginx(server())
    box.put(LOG, line(100) + line(1, INSIDE))
    assert box.use(found) == Use(None, None, f"{LOG}: not read, since the time for reading logs was used up", LOG)


def test_so_many_visits_that_older_ones_tell_nothing_new(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "ENOUGH", 2)
    found = box.nginx(server())
    box.put(LOG, line(2, INSIDE) + line(1, INSIDE))
    box.put(f"{LOG}.1", line(100) + line(50, INSIDE), days=50)
    use = box.use(found)
    assert use.visits is not None and (use.visits.count, use.since) == (2, ago(2))


def test_segments_lose_and_double_no_line(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "SEGMENT", 1000)
    found = box.nginx(server())
    box.put(LOG, b"".join(line(80 - number / 10, INSIDE) for number in range(800)))
    use = box.use(found)
    assert use.visits is not None and use.visits.count == 800 and use.since == ago(80)


# Where nginx logs


@pytest.mark.parametrize(
    ("inside", "around", "said"),
    [
        ("access_log off;", "access_log /var/log/nginx/access.log;", "nginx.conf:7 switches it off"),
        ("location /admin/ { access_log off; }", "access_log /var/log/nginx/access.log;", "switches it off"),
        (r"location ~ \.php$ { access_log off; }", "access_log /var/log/nginx/access.log;", "switches it off"),
        ("", "access_log syslog:server=unix:/dev/log;", "sends it to syslog"),
        ("", "access_log /var/log/nginx/access.log combined if=$log;", "is written under a condition ($log)"),
        ("if ($x) { access_log off; }", "access_log /var/log/nginx/access.log;", "switches it off"),
        ("", "access_log /var/log/nginx/access.log combined buffer=1m;", "buffer without flush"),
        ("", "access_log /dev/stdout;", "writes to the standard output"),
        ("", "access_log /var/log/nginx/$user.log;", "has variables in its path"),
        (
            "",
            "log_format x '$remote_addr $request'; access_log /var/log/nginx/access.log x;",
            "does not say when and the status",
        ),
    ],
)
def test_nginx_where_the_log_does_not_tell(box: Box, inside: str, around: str, said: str) -> None:
    found = box.nginx(server(inside, around))
    box.put(LOG, line(100) + line(1))
    use = box.use(found)
    assert said in use.problem and use.visits is None


@pytest.mark.parametrize(
    ("inside", "around", "path"),
    [
        ("access_log /srv/a.log;", "access_log off;", "/srv/a.log"),
        ("location /admin/ { access_log /srv/a.log; }", "access_log off;", "/srv/a.log"),
        ("location / { location ^~ /admin { access_log /srv/a.log; } }", "access_log off;", "/srv/a.log"),
        ("location ^~ /admin { } location ~ php { access_log off; }", "access_log /srv/a.log;", "/srv/a.log"),
        ("location = /admin/ { access_log /srv/a.log; } access_log /srv/a.log;", "", "/srv/a.log"),
        ("location ~ ^/(?<x>admin)/ { access_log /srv/a.log; }", "access_log off;", "/srv/a.log"),
        ("location /static { access_log off; }", "access_log /srv/a.log;", "/srv/a.log"),
        ("", "access_log syslog:server=unix:/dev/log; access_log /srv/a.log;", "/srv/a.log"),
        ("", "access_log /srv/b.log combined if=$x; access_log /srv/a.log combined buffer=1m flush=5s;", "/srv/a.log"),
        ("", "access_log /srv/$host.log;", "/srv/x.example.org.log"),
        ("", "access_log /srv/${server_name}.log;", "/srv/x.example.org.log"),
        ("", "", "/var/log/nginx/access.log"),
        ("", "access_log logs/a.log;", "/usr/share/nginx/logs/a.log"),
    ],
)
def test_nginx_which_log_tells(box: Box, inside: str, around: str, path: str) -> None:
    found = box.nginx(server(inside, around))
    box.put(path, line(100) + line(1, INSIDE))
    use = box.use(found)
    assert use.visits is not None and use.source == path


def test_nginx_formats_of_its_own(box: Box) -> None:
    json = """log_format j escape=json '{"t":"$time_iso8601","c":"$remote_addr","r":"$request",' '"s":$status}';"""
    found = box.nginx(server("", f"{json} access_log {LOG} j gzip flush=1m;"))
    entries = b'{"t":"2026-08-01T00:00:00+00:00","c":"192.0.2.9","r":"GET / HTTP/1.1","s":200}\n'
    later = b'{"t":"2026-11-28T12:00:00+00:00","c":"192.0.2.9","r":"POST /admin/login/ HTTP/2.0","s":302}\n'
    box.put(LOG, gzip.compress(entries) + gzip.compress(later))
    use = box.use(found)
    assert use.visits is not None and use.visits.clients == ("192.0.2.9",)


def test_nginx_a_log_that_several_sites_share_is_read_once_for_all(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    two = (
        "access_log /var/log/nginx/access.log h; log_format h '$host $remote_addr [$time_local] \"$request\" $status';"
    )
    config = server("", two).replace("}\n}\n", "}\nserver { server_name y.example.org; }\n}\n")
    one, other = box.nginx(config), box.nginx(config, "y.example.org")
    opened: list[str] = []
    real = log_files.blocks

    def counted(host: Host, piece: log_files.Piece, bounds: log_files.Bounds) -> t.ContextManager[log_files.Blocks]:
        opened.append(piece.path)
        return real(host, piece, bounds)

    monkeypatch.setattr(log_files, "blocks", counted)
    box.put(LOG, b'y.example.org 192.0.2.1 [28/Nov/2026:12:00:00 +0000] "GET /admin/x/ HTTP/1.1" 200\n')
    told = access_logs.uses(box.host, [one, other], days=90)
    assert told[one].visits is None and told[other].visits is not None
    assert opened == [LOG]


# Where Apache httpd logs


def vhost(inside: str = "", main: str = "") -> str:
    return f"Listen 80\n{main}\n<VirtualHost *:80>\nServerName x.example.org\n{inside}\n</VirtualHost>\n"


@pytest.mark.parametrize(
    ("inside", "main", "path"),
    [
        ("CustomLog /srv/a.log combined", "CustomLog /srv/b.log combined", "/srv/a.log"),
        ("", "CustomLog /srv/a.log combined", "/srv/a.log"),
        ("CustomLog logs/a.log combined", "ServerRoot /srv", "/srv/logs/a.log"),
        ("CustomLog syslog:local1 combined", "GlobalLog /srv/a.log combined", "/srv/a.log"),
        ("CustomLog /srv/b.log combined env=!x\nCustomLog /srv/a.log combined", "", "/srv/a.log"),
        (r'CustomLog /srv/a.log "%h %l %u %t \"%r\" %>s %b \"-\" \"%{User-agent}i\""', "", "/srv/a.log"),
        ("TransferLog /srv/a.log", r'LogFormat "%h %l %u %t \"%r\" %>s %b \"%{x}i\" \"%{User-agent}i\""', "/srv/a.log"),
    ],
)
def test_apache_which_log_tells(box: Box, inside: str, main: str, path: str) -> None:
    found = box.apache(vhost(inside, main))
    box.put(path, line(100) + line(1, INSIDE))
    use = box.use(found)
    assert use.visits is not None and use.source == path


@pytest.mark.parametrize(
    ("inside", "main", "said"),
    [
        ('CustomLog "|/usr/bin/logger -t x" combined', "CustomLog /srv/b.log combined", "goes to a program"),
        ("CustomLog journald:err combined", "", "goes to journald"),
        ("CustomLog /srv/a.log combined env=!mine", "", "is written under a condition (env=!mine)"),
        ("CustomLog ${DIR}/a.log combined", "", "goes to a path that is not known"),
        ("", "", "nothing is written to an access log"),
        ('CustomLog /srv/a.log "%h %t"', "", "its format does not say the path and the status"),
    ],
)
def test_apache_where_the_log_does_not_tell(box: Box, inside: str, main: str, said: str) -> None:
    found = box.apache(vhost(inside, main))
    box.put("/srv/a.log", line(100) + line(1))
    use = box.use(found)
    assert said in use.problem and use.visits is None


@pytest.mark.parametrize(
    ("target", "files"),
    [
        ("/srv/a.%Y-%m-%d.log", ("/srv/a.2026-11-28.log", "/srv/a.2026-08-01.log.gz")),
        ("/srv/a", ("/srv/a.1795867200", "/srv/a.1785585600")),
    ],
)
def test_apache_files_of_rotatelogs(box: Box, target: str, files: tuple[str, str]) -> None:
    found = box.apache(vhost(f'CustomLog "|/usr/bin/rotatelogs -l {target} 86400" combined'))
    box.put(files[0], line(1, INSIDE), days=1)
    old = line(121) + line(120)
    box.put(files[1], gzip.compress(old) if files[1].endswith(".gz") else old, days=120)
    use = box.use(found)
    assert use.visits is not None and use.since == ago(121)


def test_apache_a_log_of_all_sites_says_whose_a_request_is(box: Box) -> None:
    config = (
        vhost("", "CustomLog /srv/all.log vhost_combined")
        + "<VirtualHost *:80>\nServerName y.example.org\n</VirtualHost>\n"
    )
    one, other = box.apache(config), box.apache(config, "y.example.org")
    box.put("/srv/all.log", b"x.example.org:80 " + line(100) + b"y.example.org:80 " + line(1, INSIDE))
    told = access_logs.uses(box.host, [one, other], days=90)
    assert told[one] == Use(ago(100), None, "", "/srv/all.log")
    assert told[other].visits is not None
