# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs with a port for their administration: which ports are asked, whom they let in, what shuts them."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
    defaults,
    flags,
    programs,
    tomcat,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    ANY,
    Found,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import edited
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, HostError
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

CATALINA = "java\0-Dcatalina.base=/var/lib/tomcat10\0org.apache.catalina.startup.Bootstrap\0start\0"
SERVER_XML = """<Server port="8005"><Service>
<Connector port="8080" protocol="HTTP/1.1"/><Connector port="8009" protocol="AJP/1.3"/>
<Engine name="Catalina"{engine}><Host name="localhost"{host}>{valves}</Host></Engine></Service></Server>"""
#: As Debian has it, with a comment that looks like a context.
DESCRIPTOR = """<?xml version="1.0" encoding="UTF-8"?>
<!-- <Context path="/old"> -->
<Context path="/manager"
\tdocBase="/usr/share/tomcat10-admin/manager"
\tantiResourceLocking="false" privileged="true" />
"""
FOLDER = "/var/lib/tomcat10/conf"
MANAGER = f"{FOLDER}/Catalina/localhost/manager.xml"
VALVE = '<Valve className="org.apache.catalina.valves.{0}" {1}/>'


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def network(machine: Machine, *more: str) -> None:
    """The address that others come to; lay it behind the units, which write /proc anew."""
    rows = "".join(f"  |-- {one}\n     /32 host LOCAL\n" for one in ("192.0.2.10", "127.0.0.1", *more))
    machine.write("/proc/net/fib_trie", f"Local:\n{rows}")
    machine.write("/proc/net/route", "Iface Destination Gateway Flags RefCnt Use Metric Mask\n")


def serve(machine: Machine, unit: str, process: str, title: str, *ports: int, address: str = "0.0.0.0") -> None:
    machine.unit(unit, process=process, title=title, sockets=[("tcp", address, port) for port in ports])
    machine.servers.update({port: played_web.page() for port in ports})
    network(machine)


def tomcat_runs(machine: Machine, *, valves: str = "", host: str = "", engine: str = "") -> None:
    machine.write(f"{FOLDER}/server.xml", SERVER_XML.format(valves=valves, host=host, engine=engine))
    machine.write(MANAGER, DESCRIPTOR)
    serve(machine, "tomcat10.service", "java", CATALINA, 8080, 8009, 8005)


def found(machine: Machine, key: str, path: str = "/") -> Found:
    at = next(one for one in programs.find(machine.host()) if key in programs.BY_NAME[one.product].keys)
    return Found(programs.BY_KEY[key], at, path, ())


def planned(machine: Machine, key: str, path: str = "/", *clients: str, restart: bool = True) -> tuple[Change, ...]:
    return programs.plan(machine.host(), [Shut(found(machine, key, path), clients)], restart=restart)


def refusal(machine: Machine, key: str, path: str = "/", *clients: str, restart: bool = True) -> str:
    with pytest.raises(Refused) as refused:
        planned(machine, key, path, *clients, restart=restart)
    return str(refused.value)


# Which ports are asked


@pytest.mark.parametrize(
    ("process", "title", "ports", "seen"),
    [
        ("java", CATALINA, (8080, 8009, 8005), [("Tomcat", 8080)]),
        ("java", "java\0-jar\0/usr/share/jenkins/jenkins.war\0--httpPort=8081\0", (8081, 50000), [("Jenkins", 8081)]),
        ("java", "java\0-Dsolr.log.dir=/x\0-Djetty.port=8984\0", (8984, 7984), [("Solr", 8984)]),
        ("java", "java\0-jar\0shop.jar\0", (8080,), []),
        ("beam.smp", "beam.smp\0-s\0rabbit\0boot\0", (5672, 25672, 15672, 15699), [("RabbitMQ", 15672), ("RabbitMQ", 15699)]),
        ("beam.smp", "beam.smp\0-name\0couchdb@x\0", (5984, 4369), [("CouchDB", 5984)]),
        ("beam.smp", "beam.smp\0-s\0ejabberd\0", (5222, 15672), []),
        ("prometheus-aler", "prometheus-alertmanager\0", (9093, 9094), [("Alertmanager", 9093)]),
        ("prometheus-aler", "alertmanager\0--web.listen-address=:9193\0", (9193, 9094), [("Alertmanager", 9193)]),
        ("prometheus", "prometheus\0", (9100,), [("Prometheus", 9100)]),
        ("grafana-server", "grafana-server\0", (3000,), [("Grafana", 3000)]),
        ("node", "/usr/share/kibana/bin/../node/bin/node\0", (5601,), [("Kibana", 5601)]),
        ("node", "node\0shop.js\0", (5601,), []),
        ("consul", "consul\0agent\0", (8300, 8301, 8500), [("Consul", 8500)]),
        ("perl", "/usr/bin/perl\0/usr/share/webmin/miniserv.pl\0", (10000,), [("Webmin", 10000)]),
        ("perl", "perl\0shop.pl\0", (10000,), []),
        ("gunicorn", "gunicorn\0pgadmin4.pgAdmin4:app\0", (5050,), [("pgAdmin", 5050)]),
        ("gunicorn", "gunicorn\0shop.wsgi\0", (8000,), []),
        ("sshd", "sshd\0", (22,), []),
    ],
)  # fmt: skip
def test_only_the_web_of_known_programs_is_asked(
    machine: Machine, process: str, title: str, ports: tuple[int, ...], seen: list[tuple[str, int]]
) -> None:
    machine.write(f"{FOLDER}/server.xml", SERVER_XML.format(valves="", host="", engine=""))
    machine.write("/etc/rabbitmq/rabbitmq.conf", "# management.tcp.port = 5672\nmanagement.tcp.port = 15699\n")
    serve(machine, "it.service", process, title, *ports)
    asked: list[int] = []

    def server(port: int) -> t.Callable[[t.Any], None]:
        def answer(connection: t.Any) -> None:
            asked.append(port)
            played_web.page()(connection)

        return answer

    machine.servers.update({port: server(port) for port in ports})
    assert [(one.product, one.port) for one in programs.find(machine.host())] == seen
    assert set(asked) == {port for _product, port in seen}


def test_cockpit_is_found_though_systemd_has_its_port(machine: Machine) -> None:
    cockpit_listens(machine)
    [one] = programs.find(machine.host())
    assert (one.product, one.port) == ("Cockpit", 9090)
    assert {item.process for item in one.run.listeners} == {"cockpit-tls"}


@pytest.mark.parametrize(
    ("text", "tls"),
    [("", True), ("[WebService]\nAllowUnencrypted = true\n", False), ("# AllowUnencrypted=true\n", True)],
)
def test_cockpit_leads_to_tls_unless_it_is_told_otherwise(machine: Machine, text: str, tls: bool) -> None:
    cockpit_listens(machine)
    machine.write("/etc/cockpit/cockpit.conf", text)
    assert [one.tls for one in programs.find(machine.host())] == [tls]


def test_tls_is_seen_where_a_client_in_clear_gets_an_error(machine: Machine) -> None:
    serve(machine, "grafana.service", "grafana", "grafana\0server\0", 3000)
    context = played_web.context("localhost")

    def either(connection: t.Any) -> None:
        first = connection.recv(1, 2)
        played_web.page("400 Bad Request", secured=context if first == b"\x16" else None)(connection)

    machine.servers[3000] = either
    assert [one.tls for one in programs.find(machine.host())] == [True]


def test_a_port_that_says_nothing_is_told_by_those_who_ask(machine: Machine) -> None:
    serve(machine, "prometheus.service", "prometheus", "prometheus\0", 9090)
    del machine.servers[9090]
    [one] = programs.find(machine.host())
    with pytest.raises(HostError):
        one.ask(machine.host(), "/")


# Whom they let in


def admitted(machine: Machine, key: str, path: str = "/") -> tuple[str, ...]:
    return programs.admission(machine.host(), found(machine, key, path)).networks


@pytest.mark.parametrize(("address", "networks"), [("0.0.0.0", (ANY,)), ("192.0.2.10", (ANY,)), ("127.0.0.1", ())])
def test_where_it_listens_counts(machine: Machine, address: str, networks: tuple[str, ...]) -> None:
    serve(machine, "prometheus.service", "prometheus", "prometheus\0", 9090, address=address)
    assert admitted(machine, "prometheus") == networks


CIDR, PATTERN = "RemoteCIDRValve", "RemoteAddrValve"


@pytest.mark.parametrize(
    ("name", "attributes", "networks"),
    [
        (CIDR, 'allow="127.0.0.0/8,::1"', ()),
        (CIDR, 'allow="198.51.100.0/24, 127.0.0.1 203.0.113.7"', ("198.51.100.0/24", "203.0.113.7/32")),
        (CIDR, 'deny="0.0.0.0/1" allow="198.51.100.0/24"', ("198.51.100.0/24",)),
        (CIDR, 'deny="0.0.0.0/1"', ("128.0.0.0/1", "::/128", "::2/127", "::4/126")),
        (PATTERN, r'allow="127\.\d+\.\d+\.\d+|::1|0:0:0:0:0:0:0:1"', ()),
        (PATTERN, r'allow="198\.51\.100\.\d+|192\.168\.\d{1,3}\.\d+"', ("192.168.0.0/16", "198.51.100.0/24")),
        (PATTERN, r'allow="198\.51\.100\.7"', ("198.51.100.7/32",)),
        ("AccessLogValve", 'pattern="common"', (ANY,)),
    ],
)
def test_valves_of_tomcat(machine: Machine, name: str, attributes: str, networks: tuple[str, ...]) -> None:
    tomcat_runs(machine)
    machine.write(MANAGER, f'<Context privileged="true">{VALVE.format(name, attributes)}</Context>')
    assert admitted(machine, "tomcat", "/manager/")[: len(networks) or 1] == networks


@pytest.mark.parametrize("attributes", [r'allow="198\.51\.100\.(7|8)"', 'allow=".*"', 'allow="a.example.org"'])
def test_a_pattern_that_nobody_can_read_is_not_guessed(machine: Machine, attributes: str) -> None:
    tomcat_runs(machine)
    machine.write(MANAGER, f"<Context>{VALVE.format(PATTERN, attributes)}</Context>")
    with pytest.raises(HostError):
        admitted(machine, "tomcat", "/manager/")


def test_valves_around_an_application_count_too(machine: Machine) -> None:
    tomcat_runs(machine, valves=VALVE.format(CIDR, 'allow="198.51.100.0/24"'))
    inner = VALVE.format(CIDR, 'allow="198.51.100.128/25,127.0.0.1"')
    machine.write(MANAGER, f"<Context>{inner}</Context>")
    assert admitted(machine, "tomcat", "/manager/") == ("198.51.100.128/25",)
    assert admitted(machine, "tomcat-host-manager", "/host-manager/") == ("198.51.100.0/24",)


def test_what_an_application_brings_counts_without_a_descriptor(machine: Machine) -> None:
    tomcat_runs(machine)
    path = "/var/lib/tomcat10/webapps/host-manager/META-INF/context.xml"
    inner = VALVE.format(CIDR, 'allow="127.0.0.1"')
    machine.write(path, f"<Context>{inner}</Context>")
    assert admitted(machine, "tomcat-host-manager", "/host-manager/") == ()
    assert path in refusal(machine, "tomcat-host-manager", "/host-manager/")


def test_entities_are_not_expanded(machine: Machine) -> None:
    tomcat_runs(machine)
    machine.write(MANAGER, '<!DOCTYPE x [<!ENTITY a "aaaa">]><Context>&a;</Context>')
    with pytest.raises(HostError, match="entities"):
        admitted(machine, "tomcat", "/manager/")


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("port=10000\nallow=127.0.0.1 198.51.100.0/24\n", ("127.0.0.1/32", "198.51.100.0/24")),
        ("port=10000\n", (ANY,)),
        ("allow=*.example.org\n", (ANY,)),
    ],
)
def test_webmin_lets_in_by_address(machine: Machine, text: str, networks: tuple[str, ...]) -> None:
    machine.write("/etc/webmin/miniserv.conf", text)
    serve(machine, "webmin.service", "perl", "perl\0/usr/share/webmin/miniserv.pl\0", 10000)
    assert admitted(machine, "webmin") == networks


# Tomcat


def test_a_manager_is_narrowed_by_a_valve_and_proved_by_another_address(machine: Machine) -> None:
    tomcat_runs(machine)
    [edit, away, still] = planned(machine, "tomcat", "/manager/", "198.51.100.0/24", restart=False)
    assert isinstance(edit, EditFile) and edit.path == MANAGER
    assert 'allow="127.0.0.0/8,198.51.100.0/24,::1/128"' in edit.new
    assert isinstance(away, Request) and (away.address, away.path, away.statuses) == (
        "192.0.2.10",
        "/manager/html",
        (403,),
    )
    assert isinstance(still, Request) and (still.address, still.statuses) == ("127.0.0.1", (200,))


def test_its_own_address_proves_nothing_where_it_is_a_client_s(machine: Machine) -> None:
    tomcat_runs(machine)
    changes = planned(machine, "tomcat", "/manager/", "192.0.2.0/24")
    assert [one.address for one in changes if isinstance(one, Request)] == ["127.0.0.1"]


@pytest.mark.parametrize(
    "text",
    [
        DESCRIPTOR,
        "<Context/>\n",
        '<Context docBase="a>b">\n  <Valve className="x"/>\n</Context>\n',
        '<!-- <Context> -->\n<Context path="/manager">\n</Context>\n',
    ],
)
def test_a_valve_is_put_once_and_replaced(text: str) -> None:
    first = edited(text, [tomcat._edit(MANAGER, text, "127.0.0.0/8")])
    second = edited(first, [tomcat._edit(MANAGER, first, "127.0.0.0/8,::1/128")])
    assert first.count("RemoteCIDRValve") == second.count("RemoteCIDRValve") == 1
    assert 'allow="127.0.0.0/8,::1/128"' in second
    assert edited(second, [tomcat._edit(MANAGER, second, "127.0.0.0/8,::1/128")]) == second


@pytest.mark.parametrize("text", ["<Resource/>\n", "<Context>\n", "<!-- <Context/> -->\n<x/>\n"])
def test_what_is_no_context_is_left_alone(text: str) -> None:
    with pytest.raises(Refused):
        tomcat._edit(MANAGER, text, "127.0.0.0/8")


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"valves": VALVE.format("RemoteIpValve", "")}, "header"),
        ({"host": ' autoDeploy="false"'}, "autoDeploy"),
        ({"engine": ' backgroundProcessorDelay="-1"'}, "autoDeploy"),
    ],
)
def test_a_valve_that_would_not_count_is_not_written(machine: Machine, where: dict[str, str], says: str) -> None:
    tomcat_runs(machine, **where)
    assert says in refusal(machine, "tomcat", "/manager/")


# RabbitMQ

RABBIT = "beam.smp\0-s\0rabbit\0boot\0"


def rabbit_runs(machine: Machine, listeners: str = "") -> None:
    serve(machine, "rabbitmq-server.service", "beam.smp", RABBIT, 5672, 15672)
    machine.program("rabbitmqctl", lambda argv, stdin: Completed(0, listeners, ""))


@pytest.mark.parametrize(
    ("listeners", "names", "undo"),
    [
        ("ok\n", ["tcp"], "unset_env(rabbitmq_management, tcp_config)"),
        ("tcp -\nok\n", ["tcp"], "keydelete(ip, 1"),
        ("tcp 0.0.0.0\nssl 192.0.2.10\nok\n", ["tcp", "ssl"], '{ip, "192.0.2.10"}'),
        ("listener -\nok\n", ["listener"], "rabbitmq_management, listener"),
    ],
)
def test_its_management_is_bound_now_and_at_the_next_start(
    machine: Machine, listeners: str, names: list[str], undo: str
) -> None:
    rabbit_runs(machine, listeners)
    [file, command, still] = planned(machine, "rabbitmq", restart=False)
    assert isinstance(file, WriteFile) and file.path == "/etc/rabbitmq/conf.d/99-infosec-principles.conf"
    assert [line for line in file.after.split("\n") if line and line[0] != "#"] == [
        f"management.{name}.ip = 127.0.0.1" for name in names
    ]
    assert isinstance(command, Command) and undo in command.undo[0][-1]
    assert command.do[0][-1].count('{ip, "127.0.0.1"}') == len(names)
    assert isinstance(still, Request) and still.port == 15672


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/rabbitmq/advanced.config", "[{rabbitmq_management, [{tcp_config, []}]}]."),
        ("/etc/rabbitmq/rabbitmq-env.conf", "CONFIG_FILE=/srv/rabbit\n"),
        ("/etc/rabbitmq/conf.d/zz.conf", "management.tcp.ip = 0.0.0.0\n"),
    ],
)
def test_what_would_outweigh_ours_is_told(machine: Machine, path: str, text: str) -> None:
    rabbit_runs(machine)
    machine.write(path, text)
    assert path in refusal(machine, "rabbitmq")


def test_a_node_that_is_silent_is_not_changed(machine: Machine) -> None:
    rabbit_runs(machine)
    machine.program("rabbitmqctl", lambda argv, stdin: Completed(69, "", "secret"))
    with pytest.raises(HostError, match="does not answer"):
        planned(machine, "rabbitmq")


@pytest.mark.parametrize(("key", "start"), [("rabbitmq", rabbit_runs), ("prometheus", None), ("cockpit", None)])
def test_who_tells_nobody_apart_is_the_firewall_s(
    machine: Machine, key: str, start: t.Callable[[Machine], None] | None
) -> None:
    (start or {"prometheus": prometheus_runs, "cockpit": cockpit_listens}[key])(machine)
    said = refusal(machine, key, "/", "198.51.100.0/24")
    assert "firewall" in said and "198.51.100.0/24" in said


# Cockpit


def cockpit_listens(machine: Machine, **properties: str) -> None:
    shown = {"Listen": "[::]:9090 (Stream)", "Triggers": "cockpit.service", **properties}
    machine.unit("cockpit.socket", process="systemd", sockets=[("tcp", "::", 9090)], properties=shown)
    machine.servers[9090] = played_web.page(secured=played_web.context("localhost"))
    network(machine)


def test_its_socket_is_bound_to_the_addresses_that_are_there(machine: Machine) -> None:
    cockpit_listens(machine)
    [file, activate, *_rest] = planned(machine, "cockpit")
    assert isinstance(file, WriteFile) and file.after.endswith("[Socket]\nListenStream=\nListenStream=127.0.0.1:9090\n")
    assert activate == Activate("cockpit.socket", "restart", (("127.0.0.1", 9090),))
    machine.write("/proc/net/if_inet6", f"{'0' * 31}1 01 80 10 80 lo\n")
    assert "ListenStream=[::1]:9090\n" in t.cast(WriteFile, planned(machine, "cockpit")[0]).after


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"Listen": "/run/cockpit.sock (Stream)"}, "without cockpit.socket"),
        ({"Listen": "[::]:9090 (Stream)\nListen=/run/x (Stream)"}, "more than ports"),
        ({"DropInPaths": "/etc/systemd/system/cockpit.socket.d/zzz.conf"}, "read after ours"),
    ],
)
def test_a_socket_that_is_more_is_left_alone(machine: Machine, properties: dict[str, str], says: str) -> None:
    cockpit_listens(machine)
    at = found(machine, "cockpit")
    cockpit_listens(machine, **properties)
    with pytest.raises(Refused, match=says):
        programs.plan(machine.host(), [Shut(at)], restart=True)


def test_it_is_restarted_only_where_that_is_allowed(machine: Machine) -> None:
    cockpit_listens(machine)
    assert "when_needed" in refusal(machine, "cockpit", restart=False)
    prometheus_runs(machine)
    assert "when_needed" in refusal(machine, "prometheus", restart=False)


# Prometheus and Alertmanager

ENVIRONMENT = "/etc/default/prometheus"


def prometheus_runs(
    machine: Machine, args: str = 'ARGS=""', started: str = "/usr/bin/prometheus $ARGS", rc: int = 0
) -> None:
    shown = {
        "ExecStart": f"{{ path=/usr/bin/prometheus ; argv[]={started} ; ignore_errors=no }}",
        "EnvironmentFiles": f"{ENVIRONMENT} (ignore_errors=no)",
    }
    machine.unit(
        "prometheus.service",
        process="prometheus",
        title="prometheus\0",
        sockets=[("tcp", "0.0.0.0", 9090)],
        properties=shown,
    )
    machine.servers[9090] = played_web.page()
    machine.write(ENVIRONMENT, f"# ARGS=of a comment\n{args}\nOTHER=x\n")
    machine.program("promtool")
    machine.programs["env"] = lambda argv, stdin: Completed(rc, "", "")
    network(machine)


def test_its_flag_is_put_into_the_variable_of_its_unit(machine: Machine) -> None:
    prometheus_runs(machine, 'ARGS="--storage.tsdb.retention.time=30d"')
    [edit, _check, activate, *_rest] = planned(machine, "prometheus")
    assert isinstance(edit, EditFile)
    assert edit.new == 'ARGS="--storage.tsdb.retention.time=30d --web.listen-address=127.0.0.1:9090"\n'
    assert activate == Activate("prometheus.service", "restart", (("127.0.0.1", 9090),), seconds=60)


def test_what_is_written_already_is_not_written_again(machine: Machine) -> None:
    prometheus_runs(machine, 'ARGS="--web.listen-address=127.0.0.1:9090"')
    assert not [one for one in planned(machine, "prometheus") if isinstance(one, EditFile)]


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("", "--web.listen-address=127.0.0.1:1"),
        ("--a", "--a --web.listen-address=127.0.0.1:1"),
        ("--web.listen-address=:9 --a", "--web.listen-address=127.0.0.1:1 --a"),
        ("--a --web.listen-address 0.0.0.0:9", "--a --web.listen-address=127.0.0.1:1"),
    ],
)
def test_a_flag_that_is_there_is_replaced(value: str, after: str) -> None:
    assert flags._put(value, "--web.listen-address=127.0.0.1:1") == after


@pytest.mark.parametrize(
    ("run", "says"),
    [
        ({"args": "#"}, "no one variable"),
        ({"args": 'ARGS="a"\nARGS="b"'}, "no one variable"),
        ({"args": 'ARGS="a \\'}, "no one variable"),
        ({"started": "/usr/bin/prometheus --web.listen-address=:9090 $ARGS"}, "no one variable"),
        ({"args": 'ARGS="--web.listen-address=:1 --web.listen-address=:2"'}, "several times"),
        ({"rc": 1}, "mend that first"),
    ],
)
def test_flags_that_are_told_otherwise_are_left_alone(machine: Machine, run: dict[str, t.Any], says: str) -> None:
    prometheus_runs(machine, **run)
    assert says in refusal(machine, "prometheus")


def test_nothing_is_restarted_without_its_checker(machine: Machine) -> None:
    prometheus_runs(machine)
    machine.path("/usr/bin/promtool").unlink()
    assert "promtool" in refusal(machine, "prometheus")


def test_others_are_told_how_to_be_closed(machine: Machine) -> None:
    serve(machine, "grafana.service", "grafana", "grafana\0server\0", 3000)
    assert "http_addr" in refusal(machine, "grafana")


# Credentials that everybody knows


def says(machine: Machine, key: str, pages: t.Mapping[str, t.Any], path: str = "/") -> Found:
    """Found on a port where each path answers so: status, headers, body."""

    def answer(connection: t.Any) -> None:
        asked = connection.recv(4096).split(b" ")[1].decode()
        status, headers, body = pages.get(asked, ("404 Not Found", "", ""))
        connection.sendall(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    machine.unit("web.service", process="web", sockets=[("tcp", "0.0.0.0", 80)])
    machine.servers[80] = answer
    run = dataclasses.replace(_run(machine), unit="web.service")
    return Found(programs.BY_KEY[key], Vhost("web", run, "", "127.0.0.1", 80, False, "", None), path, ())


def _run(machine: Machine) -> t.Any:
    return next(iter(programs.common.running(machine.host(), "web")))


@pytest.mark.parametrize(
    ("key", "path", "pages", "told"),
    [
        ("jenkins", "/", {"/login": ("200 OK", "X-Jenkins: 2.4\r\n", '<input id="security-token" name="j_password">')}, True),
        ("jenkins", "/", {"/manage/": ("200 OK", "X-Jenkins: 2.4\r\n", "")}, True),
        ("jenkins", "/", {"/manage/": ("403 Forbidden", "X-Jenkins: 2.4\r\n", "")}, False),
        ("wordpress", "/wp-login.php",
         {"/wp-login.php": ("302 Found", "Location: http://x/wp-admin/install.php\r\n", "")}, True),
        ("wordpress", "/wp-login.php", {"/wp-login.php": ("200 OK", "", "loginform")}, False),
        ("phpmyadmin", "/pma/", {"/pma/": ("200 OK", "", 'auth_type:"config"')}, True),
        ("phpmyadmin", "/pma/", {"/pma/": ("200 OK", "", 'auth_type:"cookie"')}, False),
        ("couchdb", "/_utils/", {"/_session": ("200 OK", "", '{"userCtx":{"name":null,"roles":["_admin"]}}')}, True),
        ("couchdb", "/db/_utils/", {"/db/_session": ("200 OK", "", '{"userCtx":{"name":null,"roles":[]}}')}, False),
        ("portainer", "/",
         {"/api/users/admin/check": ("404 Not Found", "", '{"message":"No administrator account found"}')}, True),
        ("portainer", "/", {"/api/users/admin/check": ("204 No Content", "", "")}, False),
    ],
)  # fmt: skip
def test_pages_tell(machine: Machine, key: str, path: str, pages: dict[str, t.Any], told: bool) -> None:
    at = says(machine, key, pages, path)
    assert defaults.can_tell(at)
    assert (defaults.told(machine.host(), at) is not None) is told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("$cfg['Servers'][$i]['AllowNoPassword'] = true;\n", True),
        ("    $cfg['Servers'][1]['AllowNoPassword']=TRUE;\n", True),
        ("// $cfg['Servers'][$i]['AllowNoPassword'] = TRUE;\n", False),
        ("$cfg['Servers'][$i]['AllowNoPassword'] = false;\n", False),
    ],
)
def test_phpmyadmin_without_a_password(machine: Machine, text: str, told: bool) -> None:
    machine.write("/etc/phpmyadmin/config.inc.php", f"<?php\n{text}")
    assert (defaults.told(machine.host(), says(machine, "phpmyadmin", {}, "/pma/")) is not None) is told


@pytest.mark.parametrize(
    ("path", "text", "users", "told"),
    [
        ("/etc/rabbitmq/rabbitmq.conf", "loopback_users = none\n", "guest\t[administrator]\n", True),
        ("/etc/rabbitmq/conf.d/a.conf", "loopback_users.guest = false\n", "user\tags\nguest\t[]\n", True),
        ("/etc/rabbitmq/advanced.config", "[{rabbit, [{loopback_users, []}]}].", "guest\t[]\n", True),
        ("/etc/rabbitmq/rabbitmq.conf", "loopback_users = none\n", "app\t[]\n", False),
        ("/etc/rabbitmq/rabbitmq.conf", "# loopback_users = none\n", "guest\t[]\n", False),
    ],
)
def test_the_guest_of_rabbitmq(machine: Machine, path: str, text: str, users: str, told: bool) -> None:
    rabbit_runs(machine, users)
    machine.write(path, text)
    assert (defaults.told(machine.host(), found(machine, "rabbitmq")) is not None) is told


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ('username="tomcat" password="s3cret" roles="manager-gui"', True),
        ('username="ops" password="ops" roles="role1, manager-script"', True),
        ('username="ops" password="PmG3cq5W" roles="manager-gui"', False),
        ('username="tomcat" password="tomcat" roles="role1"', False),
        ('username="tomcat" password="s3cret" roles="admin-gui"', False),
    ],
)
def test_users_of_tomcat(machine: Machine, user: str, told: bool) -> None:
    tomcat_runs(machine)
    machine.write(
        f"{FOLDER}/tomcat-users.xml",
        f'<tomcat-users xmlns="http://tomcat.apache.org/xml"><user {user}/></tomcat-users>',
    )
    told_by = defaults.told(machine.host(), found(machine, "tomcat", "/manager/"))
    assert (told_by is not None) is told
    assert "s3cret" not in str(told_by)


def test_what_only_a_login_tells_is_not_asked(machine: Machine) -> None:
    assert not defaults.can_tell(says(machine, "grafana", {}))
    assert defaults.UNTOLD["grafana"]
