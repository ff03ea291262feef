# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are looked at and which are not, who has to read them, what web servers serve, what cannot be sealed."""

from __future__ import annotations

import os
import pathlib
import socket
import stat
import threading
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection import credential_files
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import (
    access,
    asking,
    kinds,
    readers,
    sealing,
    search,
    served,
    services,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.plugins.module_utils._host.units import Unit, Units

PASSWD = (
    "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\nmysql:x:105:105::/var/lib/mysql:/bin/false\n"
    "ann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1000::/home/bob:/bin/sh\napp:x:990:990::/srv/app:/usr/sbin/nologin\n"
)
GROUP = "root:x:0:\nwww-data:x:33:\nmysql:x:105:\npeople:x:1000:\napp:x:990:\n"
DOTENV = "DB_PASSWORD=Xu4pL9wQz71mB\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to others, which root alone may")


class Ground:
    """A machine of files; its services are what a test says."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.commands: dict[tuple[str, ...], str] = {}
        self.dialer: t.Callable[[str, int, float], socket.socket] = self._refuse
        self.write("/etc/passwd", PASSWD)
        self.write("/etc/group", GROUP)
        for table in ("tcp", "udp"):
            self.write(f"/proc/net/{table}", "  sl  local_address rem_address\n")
        self.host = Host(root=str(root), runner=self._run, dialer=self._dial)

    def _dial(self, address: str, port: int, timeout: float) -> socket.socket:
        return self.dialer(address, port, timeout)

    def write(self, name: str, text: str, mode: int = 0o600) -> pathlib.Path:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def has_units(self, *units: Unit) -> None:
        self.host._memory[credential_files.units.read] = Units({unit.name: unit for unit in units})

    def runs(self, *every: readers.Reader) -> None:
        self.host._memory[readers.read] = every

    def find(self, *folders: str, depth: int = 6, limit: int = 1000) -> search.Lot:
        return search.search(self.host, search.Where(folders or ("/srv",), depth, limit), [])

    def store(self, name: str, text: str = DOTENV, mode: int = 0o644) -> search.Store:
        self.write(name, text, mode)
        (store,) = (one for one in self.find(os.path.dirname(name)).stores if one.path == name)
        return store

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        told = self.commands.get(tuple(argv))
        return Completed(0, told, "") if told is not None else Completed(127, "", "")

    def _refuse(self, address: str, port: int, timeout: float) -> socket.socket:
        raise ConnectionRefusedError(111, "Connection refused")


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


# kinds


@pytest.mark.parametrize(
    ("name", "folder", "kind"),
    [
        (".pgpass", "/root", "password file of PostgreSQL clients"),
        ("debian.cnf", "/etc/mysql", "option file of MySQL"),
        (".env.production", "/srv/app", "environment file"),
        ("wp-config.php", "/var/www/html", "configuration of a web application"),
        ("ssh_host_ed25519_key", "/etc/ssh", "SSH host key"),
        ("privkey.pem", "/etc/letsencrypt/archive/x", "private key"),
        (".htpasswd", "/etc/nginx", "password file"),
        ("wg0.conf", "/etc/wireguard", "tunnel of WireGuard"),
        ("config", "/srv/app/.git", "settings of a git repository"),
    ],
)
def test_kinds(name: str, folder: str, kind: str) -> None:
    assert kind in [one.name for one in kinds.of(name, folder)]


@pytest.mark.parametrize(
    "name", ["wp-config-sample.php", ".env.example", "config", "wg0.conf", "readme.txt", "index.php"]
)
def test_what_is_no_kind(name: str) -> None:
    assert kinds.of(name, "/srv/app") == ()


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("wp-config.php.bak", "wp-config.php"),
        ("wp-config.php~", "wp-config.php"),
        (".wp-config.php.swp", "wp-config.php"),
        ("..env.swp", ".env"),
        ("#wp-config.php#", "wp-config.php"),
        (".env.old", ".env"),
        (".env.20260101", ".env"),
        ("site.key.orig", "site.key"),
        ("wp-config.bak.php", "wp-config.php"),
        ("debian.cnf.dpkg-old", "debian.cnf"),
        ("wp-config.php", ""),
        ("privkey1.pem", ""),
        (".env.production", ""),
    ],
)
def test_copies_by_their_names(name: str, original: str) -> None:
    assert kinds.original(name) == original


# search


def test_hostile_trees_are_gone_through_without_following_or_waiting(ground: Ground) -> None:
    ground.write("/etc/secret.env", DOTENV)
    folder = ground.write("/srv/app/.env", DOTENV).parent
    (folder / "link.env").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    (folder / "etc").symlink_to(ground.root / "etc")
    os.mkfifo(folder / "fifo.env")
    with (folder / "huge.env").open("wb") as stream:
        stream.truncate(10**10)
    ground.write("/srv/app/node_modules/x/.env", DOTENV)
    ground.write("/srv/app/empty.env", "")
    assert [one.path for one in ground.find("/srv").stores] == ["/srv/app/.env"]


def test_a_folder_of_too_many_names_hides_no_other(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MANY", 50)
    for number in range(60):
        ground.write(f"/srv/a/{number}", "")
    ground.write("/srv/b/.env", DOTENV)
    lot = ground.find("/srv", limit=500)
    assert [one.path for one in lot.stores] == ["/srv/b/.env"]
    assert lot.unseen == ("/srv/a: too many names to look at all of them",)


def test_depth_limit_and_time_are_said(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.write("/srv/a/b/c/.env", DOTENV)
    assert ground.find("/srv", depth=3).stores == ()
    assert "too many names" in ground.find("/srv", limit=2).unseen[0]
    monkeypatch.setattr(search, "SECONDS", -1.0)
    assert "no time" in ground.find("/srv").unseen[0]


def test_homes_of_people_are_left_to_others_but_for_names_of_our_own(ground: Ground) -> None:
    ground.write("/home/ann/app/.env", DOTENV)
    ground.write("/home/ann/.pgpass", "db:5432:*:app:s3cret\n")
    assert [(one.path, one.home) for one in ground.find("/home").stores] == [("/home/ann/.pgpass", True)]


# access


@pytest.mark.parametrize(
    ("name", "text", "mode", "wrong"),
    [
        ("/srv/x/.env", DOTENV, 0o644, 0o004),
        ("/srv/x/.env", DOTENV, 0o640, 0),
        ("/srv/x/.env", DOTENV, 0o606, 0o006),
        ("/srv/x/.env", DOTENV, 0o660, 0),
        ("/srv/x/.pgpass", "db:5432:*:app:s3cret\n", 0o640, 0),
        ("/srv/x/.msmtprc", "password s3cret99\n", 0o644, 0),
        ("/srv/x/.msmtprc", "password s3cret99\n", 0o646, 0o002),
    ],
)
def test_who_is_let_in(ground: Ground, name: str, text: str, mode: int, wrong: int) -> None:
    assert access.open_to(ground.host, ground.store(name, text, mode)) == wrong


def test_a_closed_folder_lets_nobody_in(ground: Ground) -> None:
    store = ground.store("/srv/x/.env")
    (ground.root / "srv/x").chmod(0o700)
    assert access.open_to(ground.host, store) == 0


@as_root
@pytest.mark.parametrize(
    ("gid", "name", "text", "wrong"),
    [
        (1000, ".env", DOTENV, 0o060),
        (33, ".env", DOTENV, 0o020),
        (33, ".pgpass", "db:5432:*:app:s3cret\n", 0o060),
        (0, ".env", DOTENV, 0),
    ],
)
def test_groups(ground: Ground, gid: int, name: str, text: str, wrong: int) -> None:
    os.chown(ground.write(f"/srv/x/{name}", text, 0o660), 0, gid)
    (store,) = ground.find("/srv/x").stores
    assert access.open_to(ground.host, store) == wrong


def lines(ground: Ground, store: search.Store, wrong: int = 0o004) -> list[str]:
    return [change.describe() for change in access.fix(ground.host, store, wrong)]


WORKER = readers.Reader("php-fpm.service", 33, 33, frozenset({33}), web=True, words=frozenset({"php-fpm"}))
MYSQL = readers.Reader("mariadb.service", 105, 105, frozenset({105}), words=frozenset({"mysql", "mariadb"}))
MINE = readers.Reader("app.service", 990, 990, frozenset({990}), places=("/srv/app",), own=True)
ROOT = readers.Reader("nginx.service", 0, 0, frozenset({0}), all=True)


def test_nobody_reads_it(ground: Ground) -> None:
    ground.runs(WORKER, MYSQL, ROOT)
    assert lines(ground, ground.store("/srv/x/.env")) == ["chmod 0640 /srv/x/.env"]


def test_the_service_whose_folder_it_is_gets_it_by_its_group(ground: Ground) -> None:
    ground.runs(WORKER, MYSQL, MINE)
    assert lines(ground, ground.store("/etc/mysql/key.pem", KEY)) == [
        "chown 0:105 /etc/mysql/key.pem".replace("0:", f"{os.geteuid()}:", 1),
        "chmod 0640 /etc/mysql/key.pem",
    ]
    assert lines(ground, ground.store("/srv/app/.env"))[0].endswith(":990 /srv/app/.env")


def test_a_configuration_that_names_the_key_ties_its_service_to_it(ground: Ground) -> None:
    ground.runs(MYSQL, ROOT)
    ground.write("/etc/mysql/mariadb.conf.d/tls.cnf", "[mariadb]\nssl_key = /etc/keys/db.pem\n")
    assert lines(ground, ground.store("/etc/keys/db.pem", KEY))[0].endswith(":105 /etc/keys/db.pem")


def test_a_service_that_begins_as_root_reads_its_key_as_root(ground: Ground) -> None:
    worker = readers.Reader("nginx.service", 33, 33, frozenset({33}), words=frozenset({"nginx"}))
    ground.runs(worker, ROOT)
    assert lines(ground, ground.store("/etc/nginx/site.key", KEY)) == ["chmod 0640 /etc/nginx/site.key"]


@pytest.mark.parametrize(
    ("crontab", "line", "places"),
    [
        ("/etc/cron.d/tool", "*/5 1-3 * * 1,2 www-data . /srv/x/.env && true", ("/srv/x/.env",)),
        ("/etc/crontab", "@daily\twww-data\t/srv/x/bin/job >/dev/null", ("/srv/x/bin/job", "/dev/null")),
        ("/var/spool/cron/crontabs/www-data", "17 3 * * * /srv/x/bin/job", ("/srv/x/bin/job",)),
        ("/var/spool/cron/www-data", "@hourly sh -c '/srv/x/bin/job'", ("/srv/x/bin/job",)),
    ],
)
def test_jobs_of_cron_read_files_too(ground: Ground, crontab: str, line: str, places: tuple[str, ...]) -> None:
    ground.has_units()
    ground.write(crontab, f"# 1 2 3 4 5 www-data no job\nMAILTO=root\n{line}\n")
    job = [one for one in readers.read(ground.host) if one.name == "a cron job of www-data"][-1]
    assert (job.uid, job.places, job.own) == (33, places, True)
    assert lines(ground, ground.store("/srv/x/.env"))[0].endswith(":33 /srv/x/.env")


def test_a_file_that_nobody_is_tied_to_may_be_of_a_job_of_cron(ground: Ground) -> None:
    ground.has_units()
    ground.write("/etc/cron.d/tool", "* * * * * www-data /usr/local/bin/tool\n")
    assert lines(ground, ground.store("/srv/x/.env"))[0].endswith(":33 /srv/x/.env")
    assert lines(ground, ground.store("/srv/y/site.key", KEY)) == ["chmod 0640 /srv/y/site.key"]


def test_two_services_with_two_groups_are_left_to_a_person(ground: Ground) -> None:
    other = readers.Reader("shop.service", 991, 991, frozenset({991}), places=("/srv/app/shop",))
    ground.runs(MINE, other)
    with pytest.raises(access.Refused, match=r"app\.service, shop\.service may have to read it"):
        access.fix(ground.host, ground.store("/srv/app/.env"), 0o004)


def test_where_nothing_tells_whose_it_is_units_of_people_count(ground: Ground) -> None:
    ground.runs(MINE, readers.Reader("b.service", 991, 991, frozenset({991}), own=True), MYSQL)
    with pytest.raises(access.Refused, match=r"b\.service may have to read it"):
        access.fix(ground.host, ground.store("/opt/x/.env"), 0o004)


def test_nobody_needs_a_copy(ground: Ground) -> None:
    ground.runs(MINE)
    assert lines(ground, ground.store("/srv/app/.env.bak")) == ["chmod 0640 /srv/app/.env.bak"]


def test_what_is_for_its_owner_alone_is_narrowed_to_that(ground: Ground) -> None:
    ground.runs(MINE, WORKER)
    assert lines(ground, ground.store("/etc/ssh/ssh_host_rsa_key", KEY)) == ["chmod 0600 /etc/ssh/ssh_host_rsa_key"]


def test_names_that_cannot_be_shown_are_not_changed(ground: Ground) -> None:
    ground.runs()
    ground.write("/srv/x/a\n\x1b.env", DOTENV, 0o644)
    (store,) = ground.find("/srv/x").stores
    with pytest.raises(access.Refused, match="cannot be shown"):
        access.fix(ground.host, store, 0o004)


# readers


def test_processes_units_and_pools(ground: Ground) -> None:
    folder = "/proc/7"
    ground.write(f"{folder}/stat", "7 (appd) S 1 1 1\n")
    ground.write(f"{folder}/cgroup", "0::/system.slice/app.service\n")
    ground.write(f"{folder}/cmdline", "/usr/bin/appd\0--config=/srv/app/app.conf\0/etc/x\0")
    status = (
        "Name:\tappd\nUid:\t990\t990\t990\t990\nGid:\t990\t990\t990\t990\nGroups:\t4 990\nCapEff:\t0000000000000000\n"
    )
    ground.write(f"{folder}/status", status)
    ground.write("/etc/php/8.2/fpm/pool.d/www.conf", "[www]\nuser = www-data\ngroup = www-data\npm = ondemand\n")
    ground.has_units(
        Unit("dump.service", user="ann", program="/usr/bin/pg_dump", fragment="/etc/systemd/system/dump.service")
    )
    found = {one.name: one for one in readers.read(ground.host)}
    assert found["app.service"].places == ("/srv/app/app.conf", "/etc/x")
    assert found["app.service"].groups == {4, 990} and not found["app.service"].all
    assert (found["dump.service"].uid, found["dump.service"].own) == (1000, True)
    assert found["php-fpm (www-data)"].web


@pytest.mark.parametrize(
    ("reader", "owner", "mode", "may"),
    [
        (MINE, (990, 0), 0o400, True),
        (MINE, (990, 0), 0o044, False),
        (MINE, (0, 990), 0o040, True),
        (MINE, (0, 990), 0o604, False),
        (MINE, (0, 0), 0o604, True),
        (ROOT, (990, 990), 0, True),
    ],
)
def test_what_a_mode_lets_a_service_read(reader: readers.Reader, owner: tuple[int, int], mode: int, may: bool) -> None:
    assert reader.may_read(*owner, mode) is may


# served and asking

NGINX = """
http {
  root /srv/default;
  server { listen 80; server_name a.example.org; root /srv/a; location /img/ { alias /srv/images/; } }
  server { listen [::]:443 ssl; server_name b.example.org; location ~ \\.php$ { fastcgi_pass x; } }
  server { listen unix:/run/x.sock; root /srv/none; }
  server { listen 8080; root /srv/$host; }
}
"""
APACHE = """
Listen 80
DocumentRoot /var/www/main
Alias /docs /srv/docs
<VirtualHost *:443>
  ServerName c.example.org:443
  DocumentRoot /srv/c
  SSLEngine on
</VirtualHost>
"""


def test_what_nginx_serves(ground: Ground) -> None:
    ground.write("/etc/nginx/nginx.conf", NGINX)
    found = [(one.folder, one.prefix, one.port, one.tls, one.name) for one in served._nginx(ground.host)]
    assert found == [
        ("/srv/a", "/", 80, False, "a.example.org"),
        ("/srv/images", "/img/", 80, False, "a.example.org"),
        ("/srv/default", "/", 443, True, "b.example.org"),
        ("/srv/$host", "/", 8080, False, "localhost"),
    ]


def test_what_apache_serves(ground: Ground) -> None:
    ground.write("/etc/apache2/apache2.conf", APACHE)
    found = [(one.folder, one.prefix, one.port, one.tls, one.name) for one in served._apache(ground.host)]
    assert found == [
        ("/srv/c", "/", 443, True, "c.example.org"),
        ("/srv/docs", "/docs", 443, True, "c.example.org"),
    ]


def test_roots_that_differ_from_request_to_request_are_said(ground: Ground) -> None:
    problems: list[str] = []
    root = served.Root("nginx", "/srv/$host", "/", 80, False, "x", "/etc/nginx/nginx.conf:7")
    assert list(served._resolved(ground.host, root, problems)) == []
    assert problems == ["/etc/nginx/nginx.conf:7: /srv/$host: differs from request to request"]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (f"HTTP/1.1 206 Partial Content\r\n\r\n{DOTENV[:24]}", asking.SHOWN),
        (f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n{DOTENV}", asking.SHOWN),
        ("HTTP/1.1 200 OK\r\n\r\n<html>", asking.KEPT),
        ("HTTP/1.1 200 OK\r\n\r\n", asking.KEPT),
        ("HTTP/1.1 403 Forbidden\r\n\r\n" + DOTENV, asking.KEPT),
        ("HTTP/1.1 301 Moved\r\n\r\n", asking.KEPT),
        ("nonsense", asking.KEPT),
    ],
)
def test_answers(ground: Ground, answer: str, verdict: str) -> None:
    asked: list[bytes] = []

    def dial(address: str, port: int, timeout: float) -> socket.socket:
        ours, theirs = socket.socketpair()

        def serve() -> None:
            asked.append(theirs.recv(4096))
            theirs.sendall(answer.encode())
            theirs.close()

        threading.Thread(target=serve, daemon=True).start()
        return ours

    ground.dialer = dial
    root = served.Root("nginx", "/srv/a", "/x/", 80, False, "a.example.org", "")
    found = asking.Asking(ground.host).ask(root, "/srv/a/b c.env", DOTENV.encode()[:24])
    assert found[0] == verdict
    assert asked[0].startswith(b"GET /x/b%20c.env HTTP/1.1\r\nHost: a.example.org\r\nRange: bytes=0-23\r\n")


def test_who_does_not_answer_is_not_known_and_scripts_are_asked_for_once(ground: Ground) -> None:
    ask = asking.Asking(ground.host)
    root = served.Root("nginx", "/srv/a", "/", 80, False, "a.example.org", "")
    assert ask.ask(root, "/srv/a/wp-config.php", b"<?php")[0] == asking.UNKNOWN
    ask.ask(root, "/srv/a/x/config.php", b"<?php")
    assert ask.asked == 1
    ask.deadline = 0
    assert ask.ask(root, "/srv/a/.env", b"DB_P")[0] == asking.UNKNOWN


# sealing

FRAGMENT = "/etc/systemd/system/app.service"


def unit(**fields: t.Any) -> Unit:
    told = {
        "fragment": FRAGMENT,
        "active": "active",
        "environment": "TOKEN=tok3nAbcdef123456",
        "commands": ("/usr/bin/app",),
    }
    return Unit("app.service", **{**told, **fields})


def sealed(ground: Ground, text: str = "ExecStart=/usr/bin/app\n", **fields: t.Any) -> list[str]:
    ground.write("/usr/bin/systemd-creds", "", 0o755)
    ground.write(FRAGMENT, f"[Service]\nEnvironment=TOKEN=tok3nAbcdef123456\n{text}")
    return [change.describe() for change in sealing.fix(ground.host, unit(**fields), ["TOKEN"], [])]


@pytest.mark.parametrize(
    "text", ['APP_TOKEN="a$b 99887766"', "APP_TOKEN=hunter2hunter\\\n2hunter", "APP_TOKEN='a'\"b99887766\""]
)
def test_a_secret_that_is_written_in_an_odd_way_is_one(ground: Ground, text: str) -> None:
    ground.write("/etc/default/app", f"PLAIN=1\n{text}\n", 0o644)
    ground.has_units(unit(environment="", environment_files=(("/etc/default/app", True),)))
    (file,) = services.variable_files(ground.host).found
    assert file.names == ("APP_TOKEN",)


def test_what_is_sealed(ground: Ground) -> None:
    assert sealed(ground) == [
        f"seal TOKEN of {FRAGMENT}",
        f"create {FRAGMENT}.d/50-infosec-sealed.conf",
        "restart app.service",
        "see that app.service stays up",
    ]


@pytest.mark.parametrize(
    ("text", "fields", "why"),
    [
        ("ExecStart=/usr/bin/app\n", {"active": "inactive"}, "does not run now"),
        ("ExecStart=/usr/bin/app\n", {"kind": "oneshot"}, "does not run now"),
        ("ExecStart=/usr/bin/app\n", {"fragment": "/lib/systemd/system/app.service"}, "not one of its own"),
        ("ExecStart=/usr/bin/app\n", {"environment": "TOKEN=another"}, "not what is in force"),
        ("ExecStart=/usr/bin/app $TOKEN\n", {}, "uses TOKEN"),
        ("ExecStart=/usr/bin/app ${TOKEN}\n", {}, "uses TOKEN"),
        ("ExecStart=@/usr/bin/app app\n", {}, "unusual way"),
        ("ExecStart=app\n", {}, "unusual way"),
        ("ExecStart=/usr/bin/app \\\n --x\n", {}, "on the next line"),
        ("ExecStart=/usr/bin/app\nExecStart=/usr/bin/b\n", {}, "not what is in force"),
        ("Environment=TOKEN=x\nExecStart=/usr/bin/app\n", {}, "not what is in force"),
    ],
)
def test_what_is_not_sealed(ground: Ground, text: str, fields: dict[str, t.Any], why: str) -> None:
    with pytest.raises(sealing.Refused, match=why):
        sealed(ground, text, **fields)


def test_no_shell_where_one_may_be_missing(ground: Ground) -> None:
    asked = ("systemctl", "show", f"--property={','.join(sealing._IN_THE_WAY)}", "--", "app.service")
    ground.commands[asked] = "RootDirectory=/srv/jail\nAppArmorProfile=\n"
    with pytest.raises(sealing.Refused, match="RootDirectory"):
        sealed(ground)


def test_a_systemd_without_the_program_says_so(ground: Ground) -> None:
    ground.write(FRAGMENT, "[Service]\n")
    with pytest.raises(sealing.Refused, match="it came with 250"):
        sealing.fix(ground.host, unit(), ["TOKEN"], [])


def test_the_drop_in_keeps_prefixes_and_lets_what_stops_go_without_credentials(ground: Ground) -> None:
    ground.write("/usr/bin/systemd-creds", "", 0o755)
    commands = "ExecStart=-!/usr/bin/app 'a b' %i\nExecReload=/bin/kill -HUP $MAINPID\nExecStop=/usr/bin/app stop\n"
    ground.write(FRAGMENT, f"[Service]\nEnvironment=TOKEN=tok3nAbcdef123456\n{commands}")
    text = sealing._drop_in(ground.host, unit(), "/etc/credstore.encrypted/x", ["TOKEN"])
    start, stop = (
        next(
            line
            for line in text.splitlines()
            if line.startswith(f"{key}=-!/bin/sh" if key == "ExecStart" else f"{key}=/bin/sh")
        )
        for key in ("ExecStart", "ExecStop")
    )
    assert start.endswith("' sh /usr/bin/app 'a b' %i") and "continue" not in start
    assert stop.endswith("' sh /usr/bin/app stop") and "|| continue; " in stop
    assert "ExecReload" not in text and "tok3n" not in text and "\\" not in text


# the whole


def judged(ground: Ground, **options: t.Any) -> list[Finding]:
    told = {"folders": ["/srv"], "scan_depth": 6, "scan_files": 1000, "seal": False, "seal_units": ["*"], **options}
    return list(credential_files.assess(ground.host, told))


def test_no_secret_is_ever_told(ground: Ground) -> None:
    ground.runs()
    ground.write("/srv/x/.env", DOTENV, 0o644)
    ground.write("/etc/default/app", "SMTP_PASSWORD=m4ilS3cret99\n", 0o644)
    words = "/usr/bin/app --db-password=Hunter2Hunter2"
    ground.has_units(unit(commands=(words,), environment_files=(("/etc/default/app", False),)))
    told = repr(judged(ground))
    for secret in ("Xu4pL9wQz71mB", "m4ilS3cret99", "Hunter2Hunter2", "tok3nAbcdef123456"):
        assert secret not in told
    assert {one.rule.name for one in judged(ground) if one.status == "fail"} == {
        *("mode", "unit_environment", "environment_file", "command_line")
    }


@as_root
def test_a_number_that_nobody_has_is_a_stranger_but_not_a_service_that_runs(ground: Ground) -> None:
    os.chown(ground.write("/srv/x/.env", DOTENV), 4711, 0)
    ground.has_units()
    ground.runs()
    (first,) = (one for one in judged(ground) if one.rule.name == "owner")
    assert first.status == "fail" and "uid 4711" in first.message and not first.fix
    ground.runs(readers.Reader("x.service", 4711, 0, frozenset()))
    assert [one.status for one in judged(ground) if one.rule.name == "owner"] == ["pass"]


def test_the_mode_that_is_set_is_the_one_that_was_promised(ground: Ground) -> None:
    ground.runs()
    ground.has_units()
    path = ground.write("/srv/x/.env", DOTENV, 0o666)
    (finding,) = (one for one in judged(ground) if one.rule.name == "mode")
    for change in finding.fix:
        change.apply(ground.host, tag="t")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@as_root
def test_a_file_of_a_person_goes_to_root_unless_programs_of_his_may_read_it(ground: Ground) -> None:
    ground.runs()
    ground.has_units()
    os.chown(ground.write("/etc/app/pgpass", "db:5432:*:app:s3cret\n"), 1000, 33)

    def fix() -> list[str]:
        (found,) = (one for one in judged(read_anew(ground), folders=["/etc/app"]) if one.rule.name == "owner")
        return [change.describe() for change in found.fix]

    assert fix() == ["chown 0:33 /etc/app/pgpass"]
    ground.write("/var/spool/cron/crontabs/ann", "")
    assert fix() == []


def read_anew(ground: Ground) -> Ground:
    """The same machine, read anew."""
    again = Ground(ground.root)
    again.runs()
    again.has_units()
    return again
