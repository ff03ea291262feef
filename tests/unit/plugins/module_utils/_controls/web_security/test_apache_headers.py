# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How headers get into the answers of an Apache httpd: what is written, when nothing is, and what proves it."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
    apache,
    apache_snippet,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.apache_snippet import (
    Ground,
    Place,
    Says,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.model import Want
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check, Command
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

MAIN = """Listen 80
Listen 8080
IncludeOptional mods-enabled/*.load
IncludeOptional conf-enabled/*.conf
IncludeOptional sites-enabled/*.conf
"""
LOAD = "LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so\n"
PATH = "/etc/apache2/conf-enabled/zz-infosec-headers.conf"
LINK = "/etc/apache2/mods-enabled/headers.load"
XFO, HSTS = "X-Frame-Options", "Strict-Transport-Security"
SHOP, WIKI, ANY = (Place(name, 80, False) for name in ("shop.example.org", "wiki.example.org", ""))


def vhost(name: str, *lines: str, where: str = "*:80") -> str:
    said = (f"ServerName {name}" if name else "", *lines)
    return f"<VirtualHost {where}>\n" + "".join(f"    {line}\n" for line in said) + "</VirtualHost>\n"


SITES = vhost("shop.example.org") + vhost("wiki.example.org")
Says_ = t.Callable[[str], played_web.Says]


def front(path: str) -> played_web.Says:
    return ("200 OK", "", "front") if path == "/" else ("404 Not Found", "", "no")


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def lay(
    machine: Machine, sites: str = SITES, *, loaded: bool = True, says: Says_ = front, broken: bool = False
) -> None:
    machine.write("/etc/apache2/apache2.conf", MAIN)
    machine.write("/etc/apache2/mods-available/headers.load", LOAD)
    machine.mkdir("/etc/apache2/mods-enabled")
    if loaded:
        machine.write(LINK, LOAD)
    machine.write("/etc/apache2/sites-enabled/sites.conf", sites)
    refusal = Completed(1, "", "line 1 of /etc/apache2/conf-enabled/x.conf")
    machine.programs["env"] = lambda argv, stdin: refusal if broken else Completed(0, "", "")
    listening = [("tcp", "0.0.0.0", port) for port in (80, 8080)]
    machine.unit("apache2.service", process="apache2", sockets=listening)
    machine.servers.update(dict.fromkeys((80, 8080), played_web.site(says)))


def plan(machine: Machine, *names: str, port: int = 80, **wanted: t.Any) -> tuple[Change, ...]:
    """What is planned for the sites of these names."""
    host = machine.host()
    found = [one for one in host.once(vhosts.read).all if one.port == port and one.name in names]
    assert len(found) == len(names)
    return apache.plan(host, [Want(one, **wanted) for one in found])


def of(kind: type[Change], changes: t.Iterable[Change]) -> list[t.Any]:
    return [one for one in changes if isinstance(one, kind)]


def said(changes: t.Iterable[Change]) -> dict[Place, Says]:
    """What the file of ours is to say."""
    (one,) = (one for one in of(WriteFile, changes) if one.path == PATH)
    return apache_snippet.read(one.after)


def test_one_file_is_written_checked_taken_up_and_proved(machine: Machine) -> None:
    lay(machine)
    changes = plan(machine, "wiki.example.org", missing={XFO: "SAMEORIGIN"})
    assert [type(one).__name__ for one in changes] == ["WriteFile", "Check", "Activate", "Request", "Request"]
    assert said(changes) == {WIKI: Says(missing=((XFO, "SAMEORIGIN"),))}
    (activate,) = of(Activate, changes)
    assert (activate.unit, activate.verb) == ("apache2.service", "reload")


def test_each_proof_wants_the_status_of_before_and_the_header_once(machine: Machine) -> None:
    lay(machine)
    found = of(Request, plan(machine, "wiki.example.org", set={HSTS: "max-age=1"}, drop=("Public-Key-Pins",)))
    headers = (("strict-transport-security", "max-age=1"), ("public-key-pins", ""))
    assert [(one.path, one.statuses[0], one.headers) for one in found] == [
        ("/", 200, headers),
        ("/infosec-principles-no-such-page", 404, headers),
    ]


def test_what_a_program_sets_itself_is_not_asked_to_be_ours(machine: Machine) -> None:
    lay(machine, says=lambda path: ("200 OK", "X-Frame-Options: DENY\r\n" if path == "/" else "", "x"))
    found = of(Request, plan(machine, "wiki.example.org", missing={XFO: "SAMEORIGIN"}))
    assert [one.headers for one in found] == [(), (("x-frame-options", "SAMEORIGIN"),)]


def test_a_section_that_speaks_of_headers_is_asked_below(machine: Machine) -> None:
    inside = '<Location "/app/">\nHeader set X-App 1\n</Location>\n<Location /quiet>\nRequire all granted\n</Location>'
    lay(machine, vhost("shop.example.org", inside, '<Location ~ "^/x">', "Header set X-App 2", "</Location>"))
    paths = [one.path for one in of(Request, plan(machine, "shop.example.org", missing={XFO: "DENY"}))]
    assert paths == ["/", "/infosec-principles-no-such-page", "/app/infosec-principles-no-such-page"]


def test_many_sites_cost_few_requests_also_where_each_is_planned_by_itself(machine: Machine) -> None:
    asked: list[str] = []

    def says(path: str) -> played_web.Says:
        asked.append(path)
        return front(path)

    lay(machine, "".join(vhost(f"s{number:02}.example.org") for number in range(30)), says=says)
    host = machine.host()
    wants = [Want(one, missing={XFO: "DENY"}) for one in host.once(vhosts.read).all if one.port == 80]
    for want in wants:
        apache.plan(host, [want])
    found = of(Request, apache.plan(host, wants))
    assert sorted(asked) == ["/"] * 30 + ["/infosec-principles-no-such-page"] * 5
    assert [one.path for one in found].count("/") == 20


def test_pages_that_a_cache_may_keep_are_asked_past_it(machine: Machine) -> None:
    lay(machine, vhost("shop.example.org", "CacheEnable disk /"))
    paths = [one.path for one in of(Request, plan(machine, "shop.example.org", missing={XFO: "DENY"}))]
    assert paths[0] == "/?infosec-principles-no-such-page"


@pytest.mark.parametrize(
    ("lines", "proxied"),
    [
        ((), False),
        (("RemoteIPProxyProtocol On",), True),
        (("RemoteIPProxyProtocol Off",), False),
        (("RemoteIPProxyProtocol On", "RemoteIPProxyProtocolExceptions 127.0.0.1 10.0.0.0/8"), False),
        (("RemoteIPProxyProtocol on", "RemoteIPProxyProtocolExceptions 10.0.0.0/8"), True),
    ],
)
def test_who_wants_the_proxy_protocol_is_asked_by_it(machine: Machine, lines: tuple[str, ...], proxied: bool) -> None:
    lay(machine, vhost("shop.example.org", *lines))
    assert [one.proxied for one in machine.host().once(vhosts.read).all if one.port == 80] == [proxied]


@pytest.mark.parametrize("status", ["400 Bad Request", "421 Misdirected Request"])
def test_what_is_refused_before_sections_count_proves_nothing(machine: Machine, status: str) -> None:
    lay(machine, says=lambda path: (status, "", "no"))
    assert of(Request, plan(machine, "wiki.example.org", missing={XFO: "DENY"})) == []


def test_names_that_no_site_has_get_what_the_first_site_gets_but_hsts(machine: Machine) -> None:
    lay(machine)
    changes = plan(machine, "shop.example.org", set={HSTS: "max-age=1"}, missing={XFO: "DENY"})
    assert said(changes)[ANY] == Says(missing=((XFO, "DENY"),))


def test_where_sites_have_addresses_nobody_guesses_who_serves_other_names(machine: Machine) -> None:
    lay(machine, vhost("shop.example.org", where="192.0.2.1:80") + vhost("wiki.example.org", where="192.0.2.2:80"))
    assert set(said(plan(machine, "shop.example.org", missing={XFO: "DENY"}))) == {SHOP}


def test_where_a_macro_makes_sites_their_names_are_not_taken_for_nobodys(machine: Machine) -> None:
    macro = "<Macro Site $name>\n" + vhost("$name") + "</Macro>\nUse Site more.example.org\n"
    lay(machine, SITES + macro)
    assert set(said(plan(machine, "shop.example.org", missing={XFO: "DENY"}))) == {SHOP}
    (problem,) = machine.host().once(vhosts.read).problems
    assert problem.startswith("/etc/apache2/sites-enabled/sites.conf:7: the virtual hosts that this macro makes")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("*.example.org", "www.example.org"),
        ("any-*.example.org", "any-www.example.org"),
        ("s?.example.org", "sw.example.org"),
    ],
)
def test_a_pattern_is_asked_by_a_name_that_fits_it(machine: Machine, name: str, asked: str) -> None:
    lay(machine, vhost(name))
    assert [one.asked for one in machine.host().once(vhosts.read).all if one.port == 80] == [asked]


def test_a_site_without_a_name_is_served_to_all_names(machine: Machine) -> None:
    lay(machine, vhost("") + SITES)
    assert said(plan(machine, "", missing={XFO: "DENY"})) == {ANY: Says(missing=((XFO, "DENY"),))}


def test_the_main_server_has_its_own_port(machine: Machine) -> None:
    lay(machine)
    found = said(plan(machine, "", port=8080, missing={XFO: "DENY"}))
    assert found == {Place("", 8080, tls=False): Says(missing=((XFO, "DENY"),))}


def test_what_an_earlier_run_gave_stays_and_sites_that_are_gone_go(machine: Machine) -> None:
    lay(machine)
    gone = Place("gone.example.org", 80, tls=False)
    earlier = {WIKI: Says(missing=((XFO, "DENY"),)), gone: Says(drop=("X",)), SHOP: Says(set=((HSTS, "max-age=1"),))}
    machine.write(PATH, apache_snippet.render(earlier, Ground(frozenset(earlier))))
    found = said(plan(machine, "wiki.example.org", set={HSTS: "max-age=2"}))
    assert found == {
        WIKI: Says(((HSTS, "max-age=2"),), ((XFO, "DENY"),)),
        SHOP: Says(set=((HSTS, "max-age=1"),)),
    }


def test_what_the_file_says_already_is_no_fix(machine: Machine) -> None:
    lay(machine)
    (written,) = of(WriteFile, plan(machine, "wiki.example.org", missing={XFO: "DENY"}))
    machine.write(PATH, written.after)
    with pytest.raises(Refused, match="says so already"):
        plan(machine, "wiki.example.org", missing={XFO: "DENY"})


def test_a_configuration_that_is_broken_already_is_left_alone(machine: Machine) -> None:
    lay(machine, broken=True)
    with pytest.raises(Refused, match=r"refuses its configuration as it is \(line 1 of /etc/apache2/conf-enabled/x"):
        plan(machine, "wiki.example.org", missing={XFO: "DENY"})


def test_a_folder_that_is_not_read_gets_nothing(machine: Machine) -> None:
    lay(machine)
    machine.write("/etc/apache2/apache2.conf", MAIN.replace("IncludeOptional conf", "#"))
    with pytest.raises(Refused, match="reads no files from conf-enabled"):
        plan(machine, "wiki.example.org", missing={XFO: "DENY"})


def test_a_further_instance_of_debian_is_read_where_it_lies(machine: Machine) -> None:
    lay(machine)
    for path in ("apache2.conf", "mods-enabled/headers.load", "sites-enabled/sites.conf"):
        machine.write(f"/etc/apache2-two/{path}", machine.path(f"/etc/apache2/{path}").read_bytes())
    (pid,) = (path for path in machine.path("/proc").iterdir() if (path / "cmdline").exists())
    (pid / "cmdline").write_bytes(b"/usr/sbin/apache2\0-d\0/etc/apache2-two\0-k\0start\0")
    changes = plan(machine, "wiki.example.org", missing={XFO: "DENY"})
    assert of(WriteFile, changes)[0].path == "/etc/apache2-two/conf-enabled/zz-infosec-headers.conf"
    assert of(Check, changes)[0].argv[-4:] == ("env", "APACHE_CONFDIR=/etc/apache2-two", "apache2ctl", "-t")


def test_a_configuration_that_somebody_names_is_not_taken_for_the_usual_one(machine: Machine) -> None:
    lay(machine)
    (pid,) = (path for path in machine.path("/proc").iterdir() if (path / "cmdline").exists())
    (pid / "cmdline").write_bytes(b"/usr/sbin/apache2\0-f\0/srv/x.conf\0")
    found = machine.host().once(vhosts.read)
    assert not found.all
    assert found.problems == (
        "Apache httpd: Apache httpd runs with a configuration of its own (/srv/x.conf, /etc/apache2)",
    )


def test_the_family_of_red_hat_reads_our_file_elsewhere(machine: Machine) -> None:
    machine.write("/etc/httpd/conf/httpd.conf", f"{LOAD}Listen 80\nIncludeOptional conf.d/*.conf\n{SITES}")
    machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
    machine.unit("httpd.service", process="httpd", sockets=[("tcp", "0.0.0.0", 80)])
    machine.servers[80] = played_web.site(front)
    (written,) = of(WriteFile, plan(machine, "wiki.example.org", missing={XFO: "DENY"}))
    assert written.path == "/etc/httpd/conf.d/zz-infosec-headers.conf"


# The module


def test_the_module_is_loaded_by_the_link_of_the_distribution(machine: Machine) -> None:
    lay(machine, loaded=False)
    changes = plan(machine, "wiki.example.org", missing={XFO: "DENY"})
    assert [type(one).__name__ for one in changes[:2]] == ["Command", "WriteFile"]
    (command,) = of(Command, changes)
    assert command.do == (("ln", "-s", "../mods-available/headers.load", LINK),)
    assert command.undo == (("rm", "--", LINK),)
    assert command.probe == ("test", "-L", LINK)


@pytest.mark.parametrize("inside", ["Header set X 1", "RequestHeader unset Proxy"])
def test_what_waits_for_the_module_is_not_brought_to_life(machine: Machine, inside: str) -> None:
    lay(machine, vhost("wiki.example.org", "<IfModule mod_headers.c>", inside, "</IfModule>"), loaded=False)
    with pytest.raises(Refused, match=r"bring to life what waits for it at /etc/apache2/sites-enabled/sites.conf:4;"):
        plan(machine, "wiki.example.org", missing={XFO: "DENY"})


def test_a_module_that_is_not_there_is_told(machine: Machine) -> None:
    lay(machine, loaded=False)
    machine.path("/etc/apache2/mods-available/headers.load").unlink()
    with pytest.raises(Refused, match="mod_headers is not loaded"):
        plan(machine, "wiki.example.org", missing={XFO: "DENY"})


# What others say


CONDITIONAL = ('<If "true">', f"Header set {HSTS} max-age=3", "</If>")


def test_a_section_that_outweighs_ours_stops_its_own_site_alone(machine: Machine) -> None:
    lay(machine, vhost("shop.example.org", *CONDITIONAL) + vhost("wiki.example.org"))
    with pytest.raises(Refused, match="strict-transport-security is set in an <If> section"):
        plan(machine, "shop.example.org", set={HSTS: "max-age=1"})
    assert plan(machine, "shop.example.org", missing={HSTS: "max-age=1"})
    assert plan(machine, "shop.example.org", set={XFO: "DENY"})
    assert plan(machine, "wiki.example.org", set={HSTS: "max-age=1"})


def test_a_section_that_is_read_before_ours_is_outweighed(machine: Machine) -> None:
    lay(machine)
    machine.write("/etc/apache2/conf-enabled/a.conf", "\n".join((*CONDITIONAL, "")))
    assert plan(machine, "shop.example.org", set={HSTS: "max-age=1"})


def test_a_folders_conditional_section_outweighs_ours_wherever_it_stands(machine: Machine) -> None:
    lay(machine)
    machine.write("/etc/apache2/conf-enabled/a.conf", "\n".join(("<Directory />", *CONDITIONAL, "</Directory>", "")))
    with pytest.raises(Refused, match="outweighs every other"):
        plan(machine, "shop.example.org", set={HSTS: "max-age=1"})


@pytest.mark.parametrize(("line", "edited"), [("ServerTokens Full", True), ("servertokens Prod", False)])
def test_tokens_that_are_told_behind_ours_are_changed_where_they_stand(
    machine: Machine, line: str, edited: bool
) -> None:
    lay(machine, f"{SITES}{line}\n")
    edits = of(EditFile, plan(machine, "wiki.example.org", banner=True))
    assert [(one.old, one.new) for one in edits] == [(f"{line}\n", "ServerTokens Prod\n")] * edited


def test_tokens_that_are_told_before_ours_are_outweighed(machine: Machine) -> None:
    lay(machine)
    machine.write("/etc/apache2/conf-enabled/security.conf", "ServerTokens OS\nServerSignature On\n")
    changes = plan(machine, "wiki.example.org", banner=True)
    assert of(EditFile, changes) == []
    assert of(Request, changes)[0].headers == (("server", "Apache"), ("x-powered-by", ""))
