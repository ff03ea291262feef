# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: places that an address alone opens, because nothing else guards them or because either will do (satisfy any).

A level takes the access rules of the next outer one only if it has none itself (ngx_http_access_module), and so for
auth_basic, auth_request and satisfy.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import nginx_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import BadConfig, Directive
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

CONFIGS = ("/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf")
#: Directives that ask who comes, unless they say off.
PROOFS = ("auth_basic", "auth_request", "auth_jwt", "auth_digest", "auth_ldap", "auth_pam", "auth_gss", "auth_oidc")
#: Code that may ask or not.
CODE = re.compile(r"(?:access|rewrite)_by_lua\w*|js_access|perl_set")
#: What hands the request on to a program that may ask for itself.
PASSES = ("proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass")
_CONFIG = re.compile(r"\s-c\s+(\S+)")
ALONE = (
    "In {place} ask for proof as well: auth_basic with auth_basic_user_file, auth_request, or ssl_verify_client on; "
    "keep the allow lines as a second guard (satisfy all, the default), then nginx -t && systemctl reload nginx."
)
ANY = (
    "In {place} write satisfy all for satisfy any (what asks for proof is there already), then nginx -t && systemctl "
    "reload nginx."
)


@dataclasses.dataclass(frozen=True)
class Guard:
    """What stands between a client and one level. access: its rules, each "allow X" or "deny X", in their order."""

    access: tuple[Directive, ...] = ()
    proofs: t.Mapping[str, Directive] = dataclasses.field(default_factory=dict)
    satisfy: Directive | None = None
    code: bool = False
    passes: bool = False

    def inside(self, block: t.Sequence[Directive]) -> Guard:
        """The same one level further in."""
        access = tuple(one for one in block if one.name in ("allow", "deny") and one.arguments)
        proofs = {one.name: one for one in block if one.name in PROOFS and one.arguments}
        satisfy = next((one for one in reversed(block) if one.name == "satisfy"), self.satisfy)
        certificate = {one.name: one for one in block if one.name == "ssl_verify_client" and one.arguments}
        code = self.code or any(CODE.fullmatch(one.name) for one in block)
        passes = any(one.name in PASSES for one in block)
        return Guard(access or self.access, {**self.proofs, **proofs, **certificate}, satisfy, code, passes)

    @property
    def asks(self) -> bool:
        """Whether something asks who comes."""
        return any(
            one.arguments[0] == "on" if name == "ssl_verify_client" else one.arguments[0] != "off"
            for name, one in self.proofs.items()
        )

    @property
    def any(self) -> bool:
        """Whether one of address and proof will do."""
        return self.satisfy is not None and self.satisfy.arguments == ("any",)

    @property
    def admits(self) -> list[Directive]:
        """The rules that let others than this host in for their address; the first that matches counts.

        Only where all the rest are kept out, or (satisfy any) asked for proof.
        """
        last = next((at for at, one in enumerate(self.access) if one.arguments[0] == "all"), len(self.access))
        if [one.name for one in self.access[last:][:1]] != ["deny"] and not (self.any and last == len(self.access)):
            return []
        return [one for one in self.access[:last] if one.name == "allow" and not _is_local(one.arguments[0])]


def _is_local(source: str) -> bool:
    return source == "unix:" or verdict.is_local(source)


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Each location that an address opens."""
    running = verdict.listeners(host, "nginx")
    if not running:
        yield Verdict("nginx", f.NOT_APPLICABLE, "no nginx listens here")
        return
    config = _config(host, running)
    found = list(_levels(_parsed(host, config)))
    wrong: dict[str, Verdict] = {}
    for subject, guard in found:
        verdict_ = _judged(subject, guard)
        if verdict_:
            wrong.setdefault(subject, verdict_)
    yield from verdict.bounded(wrong.values(), "locations")
    if not wrong:
        yield Verdict("nginx", f.PASS, f"no address alone opens one of its {len(found)} servers and locations")


def _config(host: Host, running: t.Sequence[sockets.Listener]) -> str:
    """The file that the command line names, else where it usually lies."""
    for item in running:
        match = _CONFIG.search(" ".join(verdict.command_line(host, item.pid)))
        if match:
            return match[1]
    found = next((path for path in CONFIGS if host.exists(path)), "")
    if not found:
        raise HostError(f"nginx runs, but none of {', '.join(CONFIGS)} is there")
    return found


def _parsed(host: Host, config: str) -> list[Directive]:
    def read(path: str) -> str:
        try:
            return verdict.text(host, path)
        except Missing as exc:
            raise HostError(f"{printable(path)}: no such file, though it is included") from exc

    try:
        return nginx_conf.parse(
            config, read, lambda pattern: host.glob(pattern) if re.search(r"[*?\[]", pattern) else [pattern]
        )
    except BadConfig as exc:
        raise HostError(printable(str(exc))) from exc


# Levels


def _levels(directives: t.Iterable[Directive]) -> t.Iterator[tuple[str, Guard]]:
    """Every server and location of http with what guards it."""
    for http in directives:
        if http.name == "http" and http.block is not None:
            outer = Guard().inside(http.block)
            for server in http.block:
                if server.name == "server" and server.block is not None:
                    yield from _server(server.block, outer.inside(server.block))


def _server(block: t.Sequence[Directive], guard: Guard) -> t.Iterator[tuple[str, Guard]]:
    names = next((one.arguments for one in block if one.name == "server_name"), ())
    listens = sorted({one.arguments[0] for one in block if one.name == "listen" and one.arguments})
    if listens and all(map(_is_private, listens)):
        return
    name = f"{' '.join(names[:1]) or '_'} ({', '.join(listens) or '80'})"
    locations = [one for one in block if one.name == "location"]
    if not any(one.arguments[-1:] == ("/",) for one in locations):
        yield printable(f"{name} /"), guard
    for location in locations:
        yield from _location(name, location, guard)


def _is_private(listen: str) -> bool:
    """Whether a server that listens there can be reached from this host alone."""
    return listen.startswith("unix:") or verdict.is_local(listen.rpartition(":")[0])


def _location(name: str, location: Directive, outer: Guard) -> t.Iterator[tuple[str, Guard]]:
    block = location.block or ()
    if any(one.name == "internal" for one in block):
        return
    guard = outer.inside(block)
    yield printable(f"{name} {' '.join(location.arguments)}"), guard
    for inner in block:
        if inner.name == "location":
            yield from _location(name, inner, guard)
        elif inner.name == "limit_except":
            what = f"{name} {' '.join(location.arguments)} (but for {' '.join(inner.arguments)})"
            yield printable(what), guard.inside(inner.block or ())


# Verdicts


def _judged(subject: str, guard: Guard) -> Verdict | None:
    admits = guard.admits
    if not admits or (guard.asks and not guard.any):
        return None
    whom = ", ".join(printable(one.arguments[0]) for one in admits[: verdict.NAMED])
    evidence = tuple(
        Evidence(printable(one.place), printable(f"allow {one.arguments[0]}"), "proof too") for one in admits
    )
    if guard.asks and guard.satisfy:
        place = printable(guard.satisfy.place)
        message = f"whoever comes from {whom} is asked for no proof (satisfy any)"
        either = (Evidence(place, "satisfy any", "satisfy all"), *evidence)
        return Verdict(subject, f.FAIL, message, either, remedy=ANY.format(place=place))
    if guard.code:
        return Verdict(
            subject,
            f.NOT_ASSESSED,
            f"{whom} may come; whether its Lua or JavaScript asks for proof is unknown",
            evidence,
        )
    behind = "; the program behind it may ask for itself: waive it then" if guard.passes else ""
    message = f"the address is all that is asked of whoever comes from {whom}{behind}"
    return Verdict(subject, f.FAIL, message, evidence, remedy=ALONE.format(place=printable(admits[0].place)))
