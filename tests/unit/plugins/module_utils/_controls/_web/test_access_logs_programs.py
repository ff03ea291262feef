# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access logs of HAProxy, and of programs with a port of their own."""

from __future__ import annotations

import datetime
import gzip
import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import access_logs, haproxy
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Found,
    Use,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.table import (
    INTERFACES,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import haproxy_cfg
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

NOW = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.timezone.utc)
DAY = 86400
KINDS = {one.key: one for one in INTERFACES}
HEADER = "File path: /var/log/journal/x/system.journal\nHead realtime timestamp: x ({:x})\nTail realtime timestamp: x ({:x})\n"


def ago(days: float) -> float:
    return NOW.timestamp() - days * DAY


def stamp(days: float) -> str:
    return datetime.datetime.fromtimestamp(ago(days), datetime.timezone.utc).strftime("%d/%b/%Y:%H:%M:%S")


class Box:
    """A machine in a folder. journal: what journalctl says, by the identifier that it is asked for."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.journal: dict[str, str] = {}
        self.asked: list[tuple[str, ...]] = []
        self.first = ago(200)
        self.host = Host(root=str(root), now=NOW, runner=self._run)

    def _run(self, argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        self.asked.append(tuple(argv))
        if argv[0] != "journalctl" or not self.journal:
            return Completed(1, "", "")
        if "--header" in argv:
            return Completed(0, HEADER.format(int(self.first * 1e6), int(ago(0) * 1e6)), "")
        name = next(word.partition("=")[2] for word in argv if word.startswith("--identifier="))
        return Completed(0, self.journal.get(name, ""), "")

    def put(self, path: str, text: str | bytes, *, days: float = 0) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        os.utime(file, (ago(days), ago(days)))

    def haproxy(self, config: str, name: str = "fe") -> Found:
        self.put("/etc/haproxy/haproxy.cfg", config)
        run = Running("haproxy.service", (1,), ())
        sections = tuple(haproxy_cfg.parse(haproxy.CONFIG, config))
        binds = tuple(haproxy.Bind(one, line, (80,), False, ()) for one in sections for line in one.all("bind"))
        instance = haproxy.Instance(run, (haproxy.CONFIG,), sections, binds)
        place = next(bind.line.place for bind in binds if bind.section.name == name)
        return Found(KINDS["django"], Vhost("HAProxy", run, "", "127.0.0.1", 80, False, place, instance), "/admin/", ())

    def program(self, product: str, key: str, command: str, path: str = "/") -> Found:
        self.put("/proc/7/cmdline", command.replace(" ", "\0"))
        run = Running("x.service", (7,), ())
        return Found(KINDS[key], Vhost(product, run, "", "127.0.0.1", 8080, False, "", None), path, ())

    def use(self, found: Found) -> Use:
        return access_logs.uses(self.host, [found], days=90)[found]


@pytest.fixture
def box(tmp_path: pathlib.Path) -> Box:
    return Box(tmp_path)


# HAProxy

GLOBAL = (
    "global\n log /dev/log local0\n log /dev/log local1 notice\ndefaults\n mode http\n log global\n option httplog\n"
)
RSYSLOG = ':programname, startswith, "haproxy" {\n  /var/log/haproxy.log\n  stop\n}\n'


def request(days: float, path: str = "/", *, status: int = 200, section: str = "fe", method: str = "GET") -> str:
    head = f"2026-11-29T12:00:00+00:00 host haproxy[9]: 192.0.2.1:4711 [{stamp(days)}.123 +0000] {section} be/s"
    return f'{head} 0/0/0/0/0 {status} 1 - - ---- 1/1/0/0/0 0/0 "{method} {path} HTTP/1.1"\n'


def test_haproxy_by_the_file_of_syslog(box: Box) -> None:
    found = box.haproxy(GLOBAL + "frontend fe\n bind *:80\nfrontend fe2\n bind *:81\n")
    box.put("/etc/rsyslog.d/49-haproxy.conf", RSYSLOG)
    notice = "2026-08-01T00:00:00+00:00 host haproxy[9]: [NOTICE] (9) : Loading success.\n"
    box.put(
        "/var/log/haproxy.log", notice + request(5, "/admin/x/", section="fe2") + request(1, "/admin/x/", status=302)
    )
    box.put("/var/log/haproxy.log.1", request(100) + request(6, "/admin/x/"), days=6)
    use = box.use(found)
    assert use.visits is not None
    assert (use.visits.count, use.visits.last, use.visits.clients) == (1, ago(6), ("192.0.2.1",))
    assert (use.since, use.source) == (ago(100), "/var/log/haproxy.log and 1 that were rotated")


def test_haproxy_by_the_journal(box: Box) -> None:
    found = box.haproxy(GLOBAL + "frontend fe\n bind *:80\n")
    box.journal["haproxy"] = request(1, "/admin/x/").partition(": ")[2]
    use = box.use(found)
    assert use.visits is not None and use.visits.last == ago(1)
    assert (use.since, use.source) == (ago(200), "journalctl -t haproxy")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (GLOBAL.replace(" option httplog\n", "") + "frontend fe\n bind *:80\n", "logs connections and no requests"),
        (GLOBAL + "frontend fe\n bind *:80\n option tcplog\n", "logs connections and no requests"),
        (GLOBAL + "frontend fe\n bind *:80\n no log\n", "says `no log`"),
        (GLOBAL + "frontend fe\n bind *:80\n option dontlog-normal\n", "leaves out what succeeds"),
        (GLOBAL + "frontend fe\n bind *:80\n http-request set-log-level silent if TRUE\n", "leaves requests out"),
        (
            GLOBAL.replace(" log global\n", " log 192.0.2.9:514 local0\n") + "frontend fe\n bind *:80\n",
            "where it is not looked for",
        ),
        (GLOBAL.replace(" log global\n", "") + "frontend fe\n bind *:80\n", "told to log nowhere"),
        (GLOBAL.replace("local0\n", "local0 notice\n") + "frontend fe\n bind *:80\n", "told to log nowhere"),
    ],
)
def test_haproxy_where_the_log_does_not_tell(box: Box, config: str, said: str) -> None:
    found = box.haproxy(config)
    box.put("/etc/rsyslog.d/49-haproxy.conf", RSYSLOG)
    box.put("/var/log/haproxy.log", request(100) + request(1))
    use = box.use(found)
    assert said in use.problem and use.visits is None


def test_haproxy_takes_the_format_and_the_defaults_that_count(box: Box) -> None:
    config = (
        GLOBAL.replace("defaults\n", "defaults one\n")
        + "defaults two\n mode http\n log global\n option tcplog\nfrontend fe from one\n bind *:80\n"
        + ' log-format "%ci [%trg] %HM %HU %ST"\n'
    )
    found = box.haproxy(config)
    box.put("/etc/rsyslog.d/49-haproxy.conf", RSYSLOG)
    box.put("/var/log/haproxy.log", f"host haproxy[9]: 192.0.2.1 [{stamp(1)} +0000] POST /admin/login/ 302\n")
    visits = box.use(found).visits
    assert visits is not None and visits.clients == ("192.0.2.1",)


# Tomcat

SERVER = """<?xml version="1.0"?><Server><Service><Engine name="Catalina" defaultHost="localhost">{engine}
<Host name="other"><Valve className="org.apache.catalina.valves.AccessLogValve" prefix="other"/></Host>
<Host name="localhost" appBase="webapps">{host}</Host></Engine></Service></Server>"""
VALVE = (
    '<Valve className="org.apache.catalina.valves.AccessLogValve" directory="logs" prefix="localhost_access_log" '
    'suffix=".txt" pattern="%h %l %u %t &quot;%r&quot; %s %b" {more}/>'
)
TOMCAT = "java -Dcatalina.base=/var/lib/tomcat org.apache.catalina.startup.Bootstrap start"


def page(days: float, path: str, *, user: str = "-", client: str = "192.0.2.1", status: int = 200) -> str:
    return f'{client} - {user} [{stamp(days)} +0000] "GET {path} HTTP/1.1" {status} 1\n'


def test_tomcat_by_its_valve(box: Box) -> None:
    found = box.program("Tomcat", "tomcat", TOMCAT, "/manager/")
    box.put("/var/lib/tomcat/conf/server.xml", SERVER.format(engine="", host=VALVE.format(more="")))
    log = "/var/lib/tomcat/logs/localhost_access_log.{}.txt"
    box.put(log.format("2026-11-29"), page(0, "/manager/html", status=401))
    box.put(log.format("2026-11-20"), page(9, "/manager/html", user="tom"), days=9)
    box.put(log.format("2026-07-01") + ".gz", gzip.compress(page(151, "/").encode()), days=151)
    use = box.use(found)
    assert use.visits is not None and (use.visits.users, use.visits.clients) == (("tom",), ("192.0.2.1",))
    assert use.since == ago(151) and use.source.endswith("localhost_access_log*.txt and 2 that were rotated")


def test_tomcat_requests_from_this_host_without_a_user_may_be_ours(box: Box) -> None:
    found = box.program("Tomcat", "tomcat", TOMCAT, "/manager/")
    box.put("/var/lib/tomcat/conf/server.xml", SERVER.format(engine="", host=VALVE.format(more="")))
    box.put(
        "/var/lib/tomcat/logs/localhost_access_log.txt", page(100, "/") + page(1, "/manager/html", client="127.0.0.1")
    )
    assert box.use(found).visits is None
    box.put(
        "/var/lib/tomcat/logs/localhost_access_log.txt",
        page(100, "/") + page(1, "/manager/html", client="127.0.0.1", user="tom"),
    )
    assert box.use(found).visits is not None


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("", "nothing is written to an access log"),
        (VALVE.format(more='enabled="false"'), "nothing is written to an access log"),
        (VALVE.format(more='conditionUnless="x"'), "under a condition (conditionUnless)"),
        (VALVE.replace("AccessLogValve", "JsonAccessLogValve").format(more=""), "logs by a JsonAccessLogValve"),
        ("<!ENTITY", "it defines entities"),
        ("<", "no XML"),
    ],
)
def test_tomcat_where_the_log_does_not_tell(box: Box, host: str, said: str) -> None:
    found = box.program("Tomcat", "tomcat", TOMCAT, "/manager/")
    box.put("/var/lib/tomcat/conf/server.xml", SERVER.format(engine="", host=host))
    box.put("/var/lib/tomcat/logs/localhost_access_log.txt", page(100, "/") + page(1, "/"))
    use = box.use(found)
    assert said in use.problem and use.visits is None


# Others


def session(days: float, user: str = "bob") -> str:
    return f"{ago(days):.6f} host cockpit-session[9]: pam_unix(cockpit:session): session opened for user {user}(uid=1000) by (uid=0)\n"


def test_cockpit_by_its_sessions_in_the_journal(box: Box) -> None:
    found = box.program("Cockpit", "cockpit", "cockpit-tls")
    failed = f"{ago(1):.6f} host cockpit-session[9]: pam_unix(cockpit:auth): authentication failure; user=eve\n"
    box.journal["cockpit-session"] = failed + session(3, "amy") + session(40)
    use = box.use(found)
    assert use.visits is not None
    assert (use.visits.count, use.visits.users, use.visits.clients) == (2, ("amy", "bob"), ())
    assert (use.since, use.problem) == (ago(200), "")


def test_cockpit_without_a_session_or_a_journal(box: Box) -> None:
    found = box.program("Cockpit", "cockpit", "cockpit-tls")
    assert "no system journal" in box.use(found).problem
    other = Box(box.root)
    other.journal["cockpit-session"] = ""
    assert other.use(found) == Use(ago(200), None, "", "journalctl -t cockpit-session")


def test_a_journal_with_more_entries_than_are_read(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "ENTRIES", 3)
    found = box.haproxy(GLOBAL + "frontend fe\n bind *:80\n")
    box.journal["haproxy"] = "".join(request(days).partition(": ")[2] for days in (1, 2, 3))
    use = box.use(found)
    assert use.since == ago(3) and "the journal has more than 3 entries of haproxy" in use.problem


@pytest.mark.parametrize(
    ("config", "line", "visited"),
    [
        ("log=1\nlogfile=/var/webmin/miniserv.log\n", page(1, "/", user="root"), True),
        ("log=1\nlogfile=/var/webmin/miniserv.log\n", page(1, "/"), False),
        (
            "log=1\nlogclf=1\nlogfile=/var/webmin/miniserv.log\n",
            page(1, "/sysinfo.cgi", user="root")[:-1] + ' "-" "A"\n',
            True,
        ),
    ],
)
def test_webmin(box: Box, config: str, line: str, visited: bool) -> None:
    found = box.program("Webmin", "webmin", "/usr/bin/perl /usr/share/webmin/miniserv.pl /etc/webmin/miniserv.conf")
    box.put("/etc/webmin/miniserv.conf", config)
    box.put("/var/webmin/miniserv.log", line)
    assert (box.use(found).visits is not None) == visited


def test_webmin_that_does_not_log(box: Box) -> None:
    found = box.program("Webmin", "webmin", "/usr/bin/perl miniserv.pl")
    box.put("/etc/webmin/miniserv.conf", "log=0\nlogfile=/var/webmin/miniserv.log\n")
    assert box.use(found).problem == "Webmin keeps no access log, so that nothing shows who used it"


def test_solr_and_pgadmin_by_their_command_lines(box: Box) -> None:
    solr = box.program("Solr", "solr", "java -Dsolr.log.dir=/var/solr/logs", "/solr/")
    box.put("/var/solr/logs/2026_11_28.request.log", page(1, "/solr/admin/cores"))
    assert box.use(solr).visits is not None
    pgadmin = box.program("pgAdmin", "pgadmin", "gunicorn --access-logfile /var/log/pg.log pgAdmin4:app")
    box.put("/var/log/pg.log", page(1, "/browser/")[:-1] + ' "-" "A"\n')
    assert Box(box.root).use(pgadmin).visits is not None


@pytest.mark.parametrize("product", ["Grafana", "RabbitMQ", "Prometheus", "Jenkins", "Portainer"])
def test_programs_without_an_access_log_say_so(box: Box, product: str) -> None:
    found = box.program(product, product.lower(), product)
    assert box.use(found) == Use(None, None, f"{product} keeps no access log, so that nothing shows who used it")
