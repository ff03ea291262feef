# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of answers gets into nginx's configuration, wherever it would be lost, and changes nothing else."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import vhosts
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import (
    looks,
    nginx,
    nginx_lost,
    verdicts,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.model import Want
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteFile
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine
from ansible_collections.infosec.principles.tests.unit.pairs.played_nginx import Headers, Played

CONFIG, SITE = "/etc/nginx/nginx.conf", "/etc/nginx/sites-available/site"
LINK = "/etc/nginx/sites-enabled/site"
HTTP = "http {{\n    include conf.d/*.conf;\n    include sites-enabled/*;\n{}}}\n"
FRAMES, SNIFF = ("X-Frame-Options", "SAMEORIGIN"), ("X-Content-Type-Options", "nosniff")
BOTH = dict((FRAMES, SNIFF))
Named = t.Callable[[str, int], Want]


class World:
    """A played machine with one nginx."""

    def __init__(self, machine: Machine, site: str, http: str = "", upstream: t.Mapping[str, Headers] | None = None):
        self.machine, self.host = machine, machine.host()
        self.played = Played(machine, upstream=upstream or {})
        machine.programs["env"] = lambda argv, stdin: Completed(0, "", "")
        machine.unit("nginx.service", process="nginx", sockets=[("tcp", "0.0.0.0", port) for port in (80, 443)])
        machine.servers[80] = played_web.site(self._says)
        machine.write(CONFIG, HTTP.format(http))
        machine.write(SITE, site)
        machine.mkdir("/etc/nginx/sites-enabled")
        machine.path("/etc/nginx/sites-enabled/site").symlink_to("../sites-available/site")

    def _says(self, path: str) -> tuple[str, str, str]:
        sent = "".join(f"{name}: {value}\r\n" for name, value in self.played.sends(80, "shop.example.org", path))
        return ("404 Not Found" if "nothing" in path else "200 OK", f"Server: nginx/1.26.3\r\n{sent}", "yes")

    def want(self, name: str = "shop.example.org", port: int = 80, **fields: t.Any) -> Want:
        """Of the site of that name."""
        (vhost,) = (one for one in self.host.once(vhosts.read).all if (one.name, one.port) == (name, port))
        return Want(vhost, **fields)

    def plan(self, *wants: Want) -> tuple[Change, ...]:
        """The changes."""
        return nginx.plan(self.host, wants)

    def fix(self, *wants: Want) -> None:
        """Make those of files, as the engine would; what nginx would add is then another question."""
        for change in self.plan(*wants):
            if isinstance(change, (EditFile, WriteFile)):
                change.apply(self.host, tag="x")
        self.host = self.machine.host()

    def sends(self, path: str = "/", name: str = "shop.example.org", *, port: int = 80, status: int = 200) -> Headers:
        """What comes."""
        return self.played.sends(port, name, path, status=status)


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def server(inside: str, name: str = "shop.example.org") -> str:
    return f"server {{\n    listen 80;\n    server_name {name};\n{inside}}}\n"


def refused(world: World, *wants: Want) -> str:
    with pytest.raises(Refused) as found:
        world.plan(*wants)
    return str(found.value)


# What is missing


NESTED = """    location /own/ {
        add_header X-Own 1;
        location /own/deep/ {
            add_header Cache-Control public;
            if ($arg_x) {
                add_header X-If 1;
            }
        }
    }
    location /plain/ { root /srv; }
    location /line/ { add_header X-Line 1; } location /two/ { add_header X-Two 2; }
"""


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/", []),
        ("/plain/", []),
        ("/own/", [("X-Own", "1")]),
        ("/own/deep/", [("Cache-Control", "public")]),
        ("/own/deep/?x=1", [("X-If", "1")]),
        ("/line/", [("X-Line", "1")]),
        ("/two/", [("X-Two", "2")]),
    ],
)
@pytest.mark.parametrize("status", [200, 404])
def test_it_comes_everywhere(machine: Machine, path: str, own: Headers, status: int) -> None:
    world = World(machine, server(NESTED))
    assert world.sends(path, status=status) == (own if status == 200 else [])
    world.fix(world.want(missing=BOTH))
    assert sorted(world.sends(path, status=status)) == sorted([*(own if status == 200 else []), FRAMES, SNIFF])


def test_what_is_sent_already_is_kept(machine: Machine) -> None:
    """By an application, a line of the server, and one of a file that it includes."""
    machine.write("/etc/nginx/snippets/sec.conf", "add_header X-Frame-Options DENY;\n")
    inside = "    include snippets/sec.conf;\n    location /app { proxy_pass http://app; }\n"
    app = [("x-content-type-options", "NOSNIFF")]
    world = World(machine, server(inside), upstream={"/app": app})
    world.fix(world.want(missing=BOTH))
    assert world.sends("/app") == [*app, ("X-Frame-Options", "DENY")]
    assert world.sends("/") == [("X-Frame-Options", "DENY"), SNIFF]
    # A line without `always` says nothing of an error page.
    assert sorted(world.sends("/app", status=500)) == sorted([*app, FRAMES])


def test_http_has_headers_of_its_own(machine: Machine) -> None:
    """The last of them stands in another file, so that ours come at the end of http."""
    machine.write("/etc/nginx/conf.d/theirs.conf", "add_header X-Theirs 1;\nadd_header X-Frame-Options DENY;\n")
    world = World(machine, server("    location /own { add_header X-Own 1; }\n"))
    world.fix(world.want(missing=BOTH))
    assert world.sends() == [("X-Theirs", "1"), ("X-Frame-Options", "DENY"), SNIFF]
    assert world.sends("/own") == [("X-Own", "1"), SNIFF, FRAMES]
    assert world.machine.path(CONFIG).read_text().endswith("    include /etc/nginx/infosec-add-headers.conf;\n}\n")


def test_other_sites_keep_what_they_send(machine: Machine) -> None:
    world = World(machine, server("") + server("    add_header X-Other 1;\n", "other.example.org"))
    world.fix(world.want(missing=BOTH))
    assert world.sends(name="other.example.org") == [("X-Other", "1")]
    assert len(world.sends()) == 2


def test_two_sites_stand_in_one_line(machine: Machine) -> None:
    line = "".join(
        f"server {{ listen 80; server_name {name}; location /a {{ add_header {header} 1; }} }} "
        for name, header in (("shop.example.org", "X-Shop"), ("other.example.org", "X-Other"))
    )
    world = World(machine, f"{line}\n")
    world.fix(world.want(missing=dict([FRAMES])), world.want("other.example.org", missing=dict([SNIFF])))
    assert world.sends("/a") == [("X-Shop", "1"), FRAMES]
    assert world.sends("/a", "other.example.org") == [("X-Other", "1"), SNIFF]


def test_two_sites_include_one_file(machine: Machine) -> None:
    machine.write("/etc/nginx/snippets/common.conf", "location /common/ {\n    add_header X-Common 1;\n}\n")
    include = "    include snippets/common.conf;\n"
    world = World(machine, server(include) + server(include, "other.example.org"))
    world.fix(world.want(missing=dict([FRAMES])))
    assert world.sends("/common/") == [("X-Common", "1"), FRAMES]
    assert world.sends("/common/", "other.example.org") == [("X-Common", "1")]
    assert machine.path("/etc/nginx/snippets/common.conf").read_text().count("include") == 1


@pytest.mark.parametrize(("mode", "expected"), [("merge", 1), ("off", 1), ("on", 1)])
def test_inheritance_may_be_set(machine: Machine, mode: str, expected: int) -> None:
    """add_header_inherit, of nginx 1.29.3: ours come once, whatever it says."""
    inside = f"    add_header X-A 1;\n    add_header_inherit {mode};\n    location /b {{ add_header X-B 1; }}\n"
    inside += "    location /c { root /srv; }\n"
    world = World(machine, server(inside))
    world.fix(world.want(missing=dict([FRAMES])))
    assert [list(world.sends(path)).count(FRAMES) for path in ("/", "/b", "/c")] == [expected] * 3


# What is set in place of something else


def test_lines_of_others_give_way(machine: Machine) -> None:
    """Twice, in another spelling, in http and in a location; for a site that wants nothing they stay."""
    machine.write("/etc/nginx/conf.d/theirs.conf", "add_header X-Frame-Options DENY;\n")
    inside = (
        "    add_header x-frame-options ALLOW;\n    add_header X-Frame-Options ALLOW always;\n    add_header X-A 1;\n"
    )
    inside += '    location /b { add_header X-Frame-Options "$uri"; }\n'
    world = World(machine, server(inside) + server("", "other.example.org"))
    world.fix(world.want(set=dict([FRAMES])))
    assert world.sends() == [("X-A", "1"), FRAMES]
    assert world.sends(status=404) == world.sends("/b") == [FRAMES]
    assert world.sends(name="other.example.org") == [("X-Frame-Options", "DENY")]
    assert "X-Frame-Options $infosec_was_" in machine.path(SITE).read_text()


def test_what_an_application_sends_is_hidden(machine: Machine) -> None:
    """Also below a location that hides something itself, and with what http hides kept hidden."""
    machine.write("/etc/nginx/conf.d/theirs.conf", "proxy_hide_header X-Secret;\n")
    inside = "    location / { proxy_pass http://app; }\n"
    inside += "    location /b {\n        proxy_hide_header X-B;\n        proxy_pass http://app;\n    }\n"
    app = [("X-Frame-Options", "ALLOW"), ("X-Frame-Options", "DENY"), ("X-Secret", "1"), ("X-B", "1"), ("X-Xss", "1")]
    world = World(machine, server(inside), upstream={"*": app})
    world.fix(world.want(set=dict([FRAMES]), drop=("X-XSS",)))
    assert world.sends() == [("X-B", "1"), FRAMES]
    assert world.sends("/b") == [("X-Secret", "1"), FRAMES]


@pytest.mark.parametrize("family", ["fastcgi", "uwsgi", "scgi", "grpc"])
def test_applications_by_other_protocols(machine: Machine, family: str) -> None:
    app = [("X-Powered-By", "PHP/8.4"), ("X-Keep", "1")]
    world = World(machine, server(f"    location / {{ {family}_pass app; }}\n"), upstream={"*": app})
    world.fix(world.want(drop=("X-Powered-By",)))
    assert world.sends() == [("X-Keep", "1")]


def test_a_header_of_somebody_is_dropped(machine: Machine) -> None:
    """The block keeps a line of its own, since it would come into what stands around it otherwise."""
    inside = "    add_header X-Outer 1;\n    location /b { add_header X-XSS-Protection 1; }\n"
    world = World(machine, server(inside))
    world.fix(world.want(drop=("X-XSS-Protection",)))
    assert (world.sends(), world.sends("/b")) == ([("X-Outer", "1")], [])


def test_an_application_of_two_sites(machine: Machine) -> None:
    """What would take a header from the other one is refused, unless that has it from us as well."""
    app = [("X-Frame-Options", "ALLOW")]
    world = World(machine, server("    location / { proxy_pass http://app; }\n", "shop.example.org www.example.org"))
    world.played.upstream = {"*": app}
    assert "would lose the X-Frame-Options" in refused(world, world.want(set=dict([FRAMES])))
    world.fix(world.want(set=dict([FRAMES])), world.want("www.example.org", set=dict([FRAMES])))
    assert world.sends() == world.sends(name="www.example.org") == [FRAMES]


def test_a_location_of_two_sites_that_hides(machine: Machine) -> None:
    text = "location /api { proxy_hide_header X-A; proxy_pass http://app; }\n"
    machine.write("/etc/nginx/snippets/api.conf", text)
    include = "    include snippets/api.conf;\n"
    world = World(machine, server(include) + server(include, "other.example.org"))
    assert "other.example.org" in refused(world, world.want(set=dict([FRAMES])))


# Names, ports, values


def test_names_of_a_server_differ(machine: Machine) -> None:
    names = "shop.example.org www.example.org *.wild.example.org"
    world = World(machine, server("", names))
    one, two = {"Content-Security-Policy": "img-src 'self'"}, {"Content-Security-Policy": "default-src 'none'"}
    world.fix(world.want(missing=one), world.want("*.wild.example.org", missing=two))
    assert list(world.sends()) == list(one.items())
    assert world.sends(name="a.wild.example.org") == list(two.items())
    assert world.sends(name="www.example.org") == []


def test_ports_of_a_server_differ(machine: Machine) -> None:
    site = server("    listen 443 ssl;\n    add_header X-A 1;\n")
    world = World(machine, site)
    world.fix(
        world.want(missing=dict([FRAMES])), world.want(port=443, missing={"Strict-Transport-Security": "max-age=1"})
    )
    assert world.sends() == [("X-A", "1"), FRAMES]
    assert world.sends(port=443) == [("X-A", "1"), ("Strict-Transport-Security", "max-age=1")]


@pytest.mark.parametrize(
    ("written", "asked", "name"),
    [
        ("a" * 50 + ".example.org", "a" * 50 + ".example.org", "a" * 50 + ".example.org"),
        (".Dot.example.org", ".Dot.example.org", "dot.example.org"),
        ("*.wild.example.org", "*.wild.example.org", "a.wild.example.org"),
        (r'"~^(www\.)?r[ex]{2}\.example\.org$"', "", "rex.example.org"),
        ('""', "", "anything"),
        ("_", "", "anything"),
    ],
)
def test_odd_names(machine: Machine, written: str, asked: str, name: str) -> None:
    world = World(machine, server("", written) + server("", "other.example.org"))
    world.fix(world.want(asked, missing=dict([FRAMES])))
    assert (world.sends(name=name), world.sends(name="other.example.org")) == ([FRAMES], [])


@pytest.mark.parametrize("value", ["$host", "a\nb", "x" * 4001])
def test_values_that_nginx_cannot_hold(machine: Machine, value: str) -> None:
    world = World(machine, server(""))
    assert "cannot hold" in refused(world, world.want(set={"Referrer-Policy": value}))


# One run after another


def test_the_next_run_changes_nothing(machine: Machine) -> None:
    world = World(machine, server(NESTED))
    wants: dict[str, t.Any] = {"missing": dict([FRAMES]), "set": dict([SNIFF]), "drop": ("X-Old",), "banner": True}
    world.fix(world.want(**wants))
    assert world.plan(world.want(**wants)) == ()


def test_another_run_keeps_what_the_first_one_wrote(machine: Machine) -> None:
    world = World(machine, server("    add_header X-Old 1;\n") + server("", "other.example.org"))
    world.fix(world.want(missing=BOTH, drop=("X-Old",)))
    world.fix(world.want("other.example.org", missing={"Referrer-Policy": "no-referrer"}))
    world.fix(world.want(set={"X-Frame-Options": "DENY"}, drop=("X-Content-Type-Options",)))
    assert world.sends() == [("X-Frame-Options", "DENY")]
    assert world.sends(name="other.example.org") == [("Referrer-Policy", "no-referrer")]


def test_names_that_differ_are_kept_by_the_next_run(machine: Machine) -> None:
    world = World(machine, server("", "shop.example.org www.example.org"))
    world.fix(world.want(missing=BOTH), world.want("www.example.org", missing=BOTH))
    world.fix(world.want("www.example.org", set={"X-Frame-Options": "DENY"}))
    world.fix(world.want(set={"X-Content-Type-Options": "maybe"}))
    assert dict(world.sends()) == {**BOTH, "X-Content-Type-Options": "maybe"}
    assert dict(world.sends(name="www.example.org")) == {**BOTH, "X-Frame-Options": "DENY"}


# The version


@pytest.mark.parametrize(
    ("http", "inside"),
    [("", ""), ("    server_tokens build;\n", ""), ("", "    server_tokens on;\n"), ("    server_tokens off;\n", "")],
)
def test_the_version_is_not_told(machine: Machine, http: str, inside: str) -> None:
    world = World(machine, server(inside), http=http)
    world.fix(world.want(banner=True))
    texts = [machine.path(path).read_text() for path in (CONFIG, SITE)]
    assert texts[0].count("server_tokens off;") == 1
    assert texts[1].count("server_tokens off;") == (1 if inside else 0)
    assert not machine.path("/etc/nginx/conf.d/infosec-headers.conf").exists()


# Where the snippets are read, and what is refused


def test_conf_d_is_not_read_in_http(machine: Machine) -> None:
    world = World(machine, server(""))
    machine.write(CONFIG, "http {\n    include sites-enabled/*;\n}\n")
    world.fix(world.want(missing=dict([FRAMES])))
    assert world.sends() == [FRAMES]
    assert not machine.path("/etc/nginx/conf.d").exists()
    assert world.plan(world.want(missing=dict([FRAMES]))) == ()


def test_a_configuration_that_is_broken_already(machine: Machine) -> None:
    world = World(machine, server(""))
    machine.programs["env"] = lambda argv, stdin: Completed(1, "", "in /etc/nginx/nginx.conf:2\n")
    assert "mend that first" in refused(world, world.want(missing=dict([FRAMES])))


def test_a_file_of_a_package(machine: Machine) -> None:
    machine.write("/usr/share/app/nginx.conf", "location /app {\n    add_header X-App 1;\n}\n")
    world = World(machine, server("    include /usr/share/app/nginx.conf;\n"))
    assert "include a copy of it" in refused(world, world.want(missing=dict([FRAMES])))


def test_a_module_that_sets_headers_last(machine: Machine) -> None:
    world = World(machine, server('    more_set_headers "X-Frame-Options: ALLOW";\n'))
    assert "more_set_headers" in refused(world, world.want(set=dict([FRAMES])))


# What places lose that the front page has


LOSING = """    add_header X-Content-Type-Options nosniff;
    location /a/ { add_header X-A 1; }
    location /b/ { add_header X-B 1; add_header x-content-type-options nosniff; }
    location /c/ {
        location /c/d/ { add_header X-D 1; }
    }
"""


def lost(world: World, header: str = "X-Content-Type-Options") -> tuple[str, ...]:
    return nginx_lost.lost(world.host, world.want().vhost, header)


def test_what_places_lose(machine: Machine) -> None:
    world = World(machine, server(LOSING))
    assert lost(world) == (f"{LINK}:5", f"{LINK}:8")
    assert lost(world, "Referrer-Policy") == ()
    world.fix(world.want(missing=dict([SNIFF])))
    assert lost(world) == ()
    assert world.sends("/a/") == [("X-A", "1"), SNIFF]
    assert (world.sends(), world.sends("/b/")[1:]) == ([SNIFF], [("x-content-type-options", "nosniff")])


def test_what_a_later_place_loses_of_ours(machine: Machine) -> None:
    world = World(machine, server("    location /a/ { add_header X-A 1; }\n"))
    world.fix(world.want(missing=dict([SNIFF])))
    assert lost(world) == ()
    text = (
        machine.path(SITE).read_text().replace("location /a/", "location /n/ { add_header X-N 1; }\n    location /a/")
    )
    machine.write(SITE, text)
    world.host = machine.host()
    assert lost(world) == (f"{LINK}:4",)
    world.fix(world.want(missing=dict([SNIFF])))
    assert SNIFF in world.sends("/n/")


@pytest.mark.parametrize(
    ("rule", "status"), [("content_type_options", "fail"), ("frame_options", "pass"), ("cors", "pass")]
)
def test_what_is_said_of_what_places_lose(machine: Machine, rule: str, status: str) -> None:
    """What keeps others from framing a page may have been left out there on purpose."""
    world = World(
        machine,
        server(LOSING.replace("nosniff;\n    loc", "nosniff;\n    add_header X-Frame-Options DENY;\n    loc", 1)),
    )
    vhost = world.want().vhost
    answer = vhost.ask(world.host, "/")
    look = looks.Look(vhost, answer, answer, route=("http://shop.example.org/",))
    case = verdicts.Case(
        world.host, look, looks.Looks((look,)), t.cast(t.Any, None), looks.site(look, looks.Looks((look,)))
    )
    said = nginx_lost.completed(case, verdicts.Verdict(rule, "pass", "fine"))
    assert said.status == status
    places = [one.source for one in said.evidence]
    assert places == {"cors": [], "frame_options": [f"{LINK}:6", f"{LINK}:7", f"{LINK}:9"]}.get(
        rule, [f"{LINK}:6", f"{LINK}:9"]
    )
    assert (said.mend is not None) == (status == "fail")


# The proof


def test_each_header_is_asked_for(machine: Machine) -> None:
    """At the front page, at a path that nobody has, and where a location has headers of its own."""
    inside = "    location /own/ { add_header X-Own 1; }\n    location ~ \\.(css|js)$ { add_header X-Css 1; }\n"
    inside += "    location = /exact { add_header X-Exact 1; }\n"
    inside += "    location = /act { add_header X-Act 1; proxy_pass http://app; }\n"
    inside += "    location /kept/ { add_header X-Frame-Options DENY; }\n"
    world = World(machine, server(inside))
    changes = world.plan(world.want(missing=dict([FRAMES]), set=dict([SNIFF]), drop=("X-Old",), banner=True))
    asked = {change.path: change for change in changes if isinstance(change, Request)}
    nothing = "infosec-principles-nothing"
    assert list(asked) == ["/", f"/{nothing}", f"/own/{nothing}", f"/{nothing}.css", "/exact", f"/kept/{nothing}"]
    headers = (
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-old", ""),
        ("server", "nginx"),
    )
    assert (asked["/"].headers, asked["/"].statuses[0]) == (headers, 200)
    assert asked[f"/{nothing}"].statuses[0] == 404
    assert "x-frame-options" not in dict(asked[f"/kept/{nothing}"].headers)


def test_a_proof_begins_with_the_proxy_protocol_where_clients_do(machine: Machine) -> None:
    world = World(machine, server("").replace("listen 80;", "listen 80 proxy_protocol;"))
    changes = world.plan(world.want(missing=dict([FRAMES])))
    assert {change.proxied for change in changes if isinstance(change, Request)} == {True}


def test_nothing_is_wanted(machine: Machine) -> None:
    host: Host = machine.host()
    assert nginx.plan(host, ()) == ()
