# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Tomcat's managers are web applications, each with a descriptor of its own; valves there say who gets in.

A descriptor that changes is taken up by itself (autoDeploy), and no other application with it.
"""

from __future__ import annotations

import itertools
import re
import typing as t
import xml.etree.ElementTree as ET

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    EVERYBODY,
    LOOPBACK,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    ANY,
    Admission,
    Found,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.proof import (
    still,
    turned_away,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit, edited
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Tomcat looks for changed descriptors every 10 s, and an application takes a while to start.
SECONDS = 90
VALVES = "org.apache.catalina.valves."
ADDRESS = ("RemoteCIDRValve", "RemoteAddrValve")
#: It takes the client's address from a header, as whoever comes from a private network may write it.
PROXIED = "RemoteIpValve"
BEGIN = "<!-- Begin of infosec.principles.admin_interfaces; changes here are lost. -->"
END = "<!-- End of infosec.principles.admin_interfaces. -->"
_BLOCK = re.compile(rf"[ \t]*{re.escape(BEGIN)}.*?{re.escape(END)}[ \t]*\n", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CONTEXT = re.compile(r"""<Context(?=[\s/>])(?:[^>"']|"[^"]*"|'[^']*')*>""")


# Where it listens


def ports(host: Host, run: Running) -> t.Iterable[int]:
    """Those of its connectors for HTTP; its port for shutting down and AJP are not asked. Raises HostError."""
    found = [one for one in _server(host, run).iter("Connector") if "AJP" not in one.get("protocol", "").upper()]
    return [int(port) for one in found for port in [one.get("port", "")] if port.isdigit()]


def base(host: Host, run: Running) -> str:
    """Where its configuration lies. Raises HostError."""
    match = re.search(r"-Dcatalina\.base=(/\S+)", common.command_line(host, run.pids[0]))
    if match is None:
        raise HostError("this Tomcat does not tell where its configuration is (-Dcatalina.base)")
    path = f"{match[1]}/conf"
    try:
        return common.real(host, path)
    except Refused as exc:
        raise HostError(str(exc)) from exc


def _server(host: Host, run: Running) -> ET.Element:
    return _read(host, f"{base(host, run)}/server.xml")


def _read(host: Host, path: str) -> ET.Element:
    text = common.text(host, path)
    # Entities make a small file a large one, and no configuration needs them.
    if "<!ENTITY" in text:
        raise HostError(f"{printable(path)}: it defines entities, and is not read")
    try:
        return ET.fromstring(text)
    except ET.ParseError as exc:
        raise HostError(f"{printable(path)}: no XML ({exc})") from exc


# Whom it lets in


def admission(host: Host, found: Found) -> Admission:
    """Whom all valves on the way let in. Raises HostError where one of them cannot be read."""
    folder = base(host, found.at.run)
    server = _read(host, f"{folder}/server.xml")
    around = [*server.iter("Engine"), *server.iter("Host")]
    files = [(f"{folder}/server.xml", valve) for one in around for valve in one.findall("Valve")]
    for path in (f"{folder}/context.xml", _described(host, found, folder)):
        files += [(path, valve) for valve in _read(host, path).findall("Valve")] if host.exists(path) else []
    allowed, evidence = EVERYBODY, []
    for path, valve in files:
        if _name(valve) in ADDRESS:
            allowed &= _admits(path, valve)
            evidence.append(Evidence(printable(path), f"{_name(valve)} allow={printable(valve.get('allow', ''))}"))
        if _name(valve) == PROXIED:
            evidence.append(Evidence(printable(path), f"{PROXIED}: a header tells it who the client is"))
    others = (allowed - LOOPBACK).networks()
    return Admission((ANY,) if allowed == EVERYBODY else tuple(others), tuple(evidence))


def _name(valve: ET.Element) -> str:
    name = valve.get("className", "")
    return name[len(VALVES) :] if name.startswith(VALVES) else name


def _described(host: Host, found: Found, folder: str) -> str:
    """The descriptor of the application, else the one that it brings."""
    name = found.path.strip("/")
    own = host.glob(f"{folder}/*/*/{name}.xml")
    if own:
        return own[0]
    match = re.search(r"-Dcatalina\.base=(/\S+)", common.command_line(host, found.at.run.pids[0]))
    return f"{match[1] if match else ''}/webapps/{name}/META-INF/context.xml"


def _admits(path: str, valve: ET.Element) -> AddressSet:
    """What is denied, then what is allowed; with denials alone all others get in (RequestFilterValve)."""
    read = _cidr if _name(valve) == "RemoteCIDRValve" else _pattern
    try:
        allow, deny = read(valve.get("allow", "")), read(valve.get("deny", ""))
    except ValueError as exc:
        raise HostError(f"{printable(path)}: whom {_name(valve)} lets in is not understood ({exc})") from exc
    return (EVERYBODY if deny and not allow else allow) - deny


def _cidr(text: str) -> AddressSet:
    return AddressSet.of(word for word in re.split(r"[\s,]+", text) if word)


def _pattern(text: str) -> AddressSet:
    """Alternatives of addresses, the last numbers of which may be anything. Raises ValueError for other patterns."""
    return AddressSet.of(network for word in text.split("|") if word for network in [_network(word)])


def _network(word: str) -> str:
    plain = re.sub(r"\\d(?:\+|\*|\{1,3\})", "*", word.strip()).replace("\\.", ".")
    if ":" in plain:
        return plain
    numbers = list(itertools.takewhile(str.isdigit, plain.split(".")))
    if plain.split(".") != [*numbers, *"****"[len(numbers) :]]:
        raise ValueError(f"the pattern {printable(word)}")
    return f"{'.'.join((*numbers, '0', '0', '0', '0')[:4])}/{8 * len(numbers)}"


# How it is closed


def plan(host: Host, shuts: t.Sequence[Shut]) -> tuple[Change, ...]:
    """A valve in the descriptor of each, which Tomcat takes up without a restart. Raises Refused or HostError."""
    run = shuts[0].found.at.run
    _refuse(_server(host, run))
    folder = base(host, run)
    edits: dict[str, list[Edit]] = {}
    for one in shuts:
        path = _described(host, one.found, folder)
        if not path.startswith(folder):
            steps = f'put <Valve className="{VALVES}{ADDRESS[0]}" allow="{_allow(one)}"/> into {path}'
            raise Refused(f"{one.found.path.strip('/')} has no descriptor below {folder}; {steps}")
        text = common.text(host, path)
        edit = _edit(path, text, _allow(one))
        edits[path] = [] if edited(text, [edit]) == text else [edit]
    return (*common.edits(host, edits), *_proofs(host, shuts))


def _refuse(server: ET.Element) -> None:
    """Where a valve of ours would not count, or would not be taken up."""
    if any(_name(valve) == PROXIED for valve in server.iter("Valve")):
        raise Refused(f"{PROXIED} takes the client's address from a header; narrow the managers in the proxy before it")
    idle = any(one.get("backgroundProcessorDelay", "1").startswith(("-", "0")) for one in server.iter("Engine"))
    if idle or any(one.get("autoDeploy", "true").lower() != "true" for one in server.iter("Host")):
        steps = f'put <Valve className="{VALVES}{ADDRESS[0]}" allow="..."/> into their descriptors, and restart it'
        raise Refused(f"this Tomcat does not look for changed descriptors (autoDeploy); {steps} by hand")


def _allow(shut: Shut) -> str:
    """Its own host is always let in: it is asked over loopback, also by a proxy before it."""
    return ",".join((AddressSet.of(shut.clients) | LOOPBACK).networks())


def _edit(path: str, text: str, allow: str) -> Edit:
    """Ours in the place of an older one, else as the first thing in the context. Raises Refused."""
    valve = f'<Valve className="{VALVES}{ADDRESS[0]}" allow="{allow}"/>'
    block = f"  {BEGIN}\n  {valve}\n  {END}\n"
    old = _BLOCK.search(text)
    # Of the same length, so that places stay what they are.
    bare = _COMMENT.sub(lambda found: " " * len(found[0]), text)
    start = _CONTEXT.search(bare)
    if start is None:
        raise Refused(f"{printable(path)}: no Context to put a valve into")
    edit = Edit(old.start(), old.end(), block) if old else _insert(start[0], start.end(), block)
    try:
        ET.fromstring(edited(text, [edit]))
    except ET.ParseError as exc:
        raise Refused(f"{printable(path)}: a valve in it would make no XML ({exc})") from exc
    return edit


def _insert(tag: str, end: int, block: str) -> Edit:
    if tag.endswith("/>"):
        return Edit(end - 2, end, f">\n{block}</Context>")
    return Edit(end, end, f"\n{block.rstrip()}")


def _proofs(host: Host, shuts: t.Sequence[Shut]) -> t.Iterator[Change]:
    for one in shuts:
        yield from turned_away(host, one, seconds=SECONDS)
    yield from still(host, shuts, seconds=SECONDS)


# Credentials that everybody knows

#: Passwords of Tomcat's own manuals and examples.
KNOWN = ("", "admin", "changethis", "manager", "password", "role1", "s3cret", "tomcat", "<must-be-changed>")


def known_password(host: Host, found: Found, roles: str) -> Evidence | None:
    """Where a user with such a role has a password of the manuals, or its own name. Raises HostError."""
    try:
        path = f"{base(host, found.at.run)}/tomcat-users.xml"
    except HostError:
        # Found behind a web server: which Tomcat that is, is not known.
        return None
    for user in _read(host, path).iter() if host.exists(path) else ():
        name = user.get("username", user.get("name", ""))
        mine = any(role.strip().startswith(roles) for role in user.get("roles", "").split(","))
        if user.tag.endswith("user") and mine and user.get("password", "-") in (*KNOWN, name):
            return Evidence(path, f"the user {printable(name)} has a password of the manuals", "another password")
    return None
