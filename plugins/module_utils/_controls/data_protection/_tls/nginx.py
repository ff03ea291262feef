# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: what it serves by TLS, and how Mozilla's profile gets into its configuration.

A setting may stand once in a block ("directive is duplicate"), and one in a server wins over one in http. So what is
missing is written into a snippet of our own, and a line of somebody else's that says something else is changed
where it stands, as a passage of its own. Before nginx 1.27 the protocols of an address's default server count for
all its names, which is why all of its servers are brought there.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common, nginx
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.nginx import (
    Instance,
    Site,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.strangers import refuse_strangers
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    HEADER,
    Clear,
    Endpoint,
    Server,
    Terms,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.web import (
    Seen,
    endpoints,
    led_on,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.requests import Request
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

SNIPPET, HTTPS_ONLY = "conf.d/infosec-tls.conf", "infosec-https-only.conf"
#: Says the same as several of ours at once, in words of its own.
COMMANDS = ("minprotocol", "maxprotocol", "protocol", "cipherstring", "ciphersuites", "groups", "curves", "options")
#: Answers of a server that hand out nothing: to https, and refusals.
LEADS_ON, REFUSES = ("301", "302", "303", "307", "308"), ("400", "403", "404", "410", "421", "426", "444")
#: Comes where an authority proves who has a name (RFC 8555, section 8.3), which it does in clear.
ACME = "/.well-known/acme-challenge/"
#: An `if` that does nothing but return is safe (https://nginx.org/en/docs/http/ngx_http_rewrite_module.html).
#: Who came by TLS to a proxy before this nginx would be led round in a circle.
REDIRECT = f"""{HEADER}# Whoever comes in clear is led to https, but for those who came by TLS to a proxy before it.
set $infosec_principles_came "$scheme:$http_x_forwarded_proto:$uri";
if ($infosec_principles_came !~* "^(https:|http:https\\b|http:[a-z]*:{ACME.replace(".", "[.]")})") {{
    return 308 https://$host$request_uri;
}}
"""
HTTPS = 443
#: Patterns of `rewrite` that any request matches.
EVERYTHING = (("^",), ("^(.*)$",), ("^(.*)",), ("^/(.*)$",), (".*",), ("^/(.*)",), ("(.*)",))


def settings(terms: Terms) -> dict[str, str]:
    """What a block that has TLS is to say; a profile without ciphers for TLS 1.2 needs none."""
    wanted = {
        "ssl_protocols": " ".join(terms.protocols),
        "ssl_ciphers": ":".join(terms.ciphers),
        "ssl_ecdh_curve": ":".join(terms.groups),
    }
    return {name: value for name, value in wanted.items() if value}


def holds(terms: Terms, one: Directive) -> bool:
    """Whether a setting offers nothing beyond the terms."""
    allowed = {
        "ssl_protocols": terms.protocols,
        "ssl_ciphers": (*terms.ciphers, *terms.suites),
        "ssl_ecdh_curve": terms.groups,
    }[one.name]
    words = [word for argument in one.arguments for word in argument.split(":")]
    return bool(words) and set(words) <= set(allowed)


@dataclasses.dataclass(frozen=True)
class Nginx(Server):
    """One running nginx."""

    instance: Instance

    PRODUCT: t.ClassVar[str] = "nginx"

    def library(self, host: Host) -> Library:
        return crypto_library.of(host, self.pids[0])

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        if endpoint.begins == AT_ONCE:
            return Clear(open=False)
        plain = _plain(self.instance, endpoint.port)
        serving = [site for site in plain if not leads_on(site)]
        said = "hands out content in clear" if serving else "leads every request to https, or refuses it"
        evidence = tuple(
            Evidence(printable(site.server.place), f"{site.title}: {said}", "leads on to https")
            for site in (serving or plain)
        )
        # A port that no server of the configuration has: nobody knows what it does.
        return led_on(open_=bool(serving) or not plain, evidence=evidence)

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        common.refuse_broken(host, self.PRODUCT, self.instance.check)
        if wanted.offer:
            raise Refused(_steps(self.instance, wanted))
        plan = _Plan(host, self.instance)
        plan.bring_to(wanted.terms)
        checks = tuple(plan.require(port) for port in sorted(wanted.require))
        written = plan.changes()
        if not written:
            return ()
        after = common.take_up(self.instance.run, self.PRODUCT, self.instance.check)
        return (*written, *after, *(check for found in checks for check in found))


class _Plan:
    """What is to be edited and written, collected."""

    def __init__(self, host: Host, instance: Instance) -> None:
        self._host, self._instance = host, instance
        self._edits: dict[str, list[Edit]] = {}
        self._files: dict[str, str] = {}
        self._snippet = f"{nginx.folder(instance)}/{SNIPPET}"
        self._redirect = f"{nginx.folder(instance)}/{HTTPS_ONLY}"

    def bring_to(self, terms: Terms) -> None:
        """Every block that has TLS says what the terms say."""
        secured = [site for site in self._instance.sites if site.ports(tls=True)]
        for site in secured:
            _refuse_commands(site)
            self._correct(terms, [one for one in site.block if one.name in settings(terms)])
        for context in {id(site.context): site.context for site in secured}.values():
            foreign = [one for one in context.block or () if one.path != self._snippet]
            found = [one for one in foreign if one.name in settings(terms)]
            self._correct(terms, found)
            missing = [name for name in settings(terms) if name not in {one.name for one in found}]
            self._add(context, [f"{name} {settings(terms)[name]};" for name in missing])

    def _correct(self, terms: Terms, found: t.Iterable[Directive]) -> None:
        for one in found:
            if not holds(terms, one) and one.path != self._snippet:
                self._edit(one.path, *one.span, f"{one.name} {settings(terms)[one.name]};")

    def _add(self, context: Directive, lines: t.Sequence[str]) -> None:
        if nginx.reads(self._host, self._instance, context, self._snippet):
            self._files[self._snippet] = HEADER + "".join(f"{line}\n" for line in lines)
        elif lines:
            self._edit(context.path, context.span[1], context.span[1], "".join(f"\n    {line}" for line in lines))

    def _edit(self, path: str, start: int, end: int, text: str) -> None:
        edit = Edit(start, end, text)
        if edit not in self._edits.setdefault(path, []):
            self._edits[path].append(edit)

    def require(self, port: int) -> tuple[Change, ...]:
        """Lead whoever comes there in clear to https, and see by a real request that it does."""
        secured = [site for site in self._instance.sites if HTTPS in site.ports(tls=True)]
        checks = []
        for site in _plain(self._instance, port):
            if leads_on(site):
                continue
            if site.context.name != "http" or not _serves(secured, site):
                raise Refused(
                    f"{printable(site.server.place)}: what {site.title} serves in clear on port {port} is not served "
                    f"under the same names by TLS on port {HTTPS}, so there is nowhere to lead clients to"
                )
            _refuse_proxies(site, port)
            served = [one for one in secured if set(one.names) & set(site.names) or one.names == site.names]
            pairs = [pair for one in served for pair in one.pairs]
            refuse_strangers(self._host, site.server.place, pairs, _plain_names(site))
            self._files[self._redirect] = REDIRECT
            at = site.server.span[1]
            self._edit(site.server.path, at, at, f"\n    include {self._redirect};")
            checks.append(_request(self._instance, site, port))
        return tuple(checks)

    def changes(self) -> tuple[Change, ...]:
        """The snippets first, since the edits name them."""
        own = [change for path, text in sorted(self._files.items()) for change in self._own(path, text)]
        return (*own, *common.edits(self._host, self._edits))

    def _own(self, path: str, text: str) -> tuple[Change, ...]:
        # A snippet with nothing in it is not made.
        return () if text == HEADER and not self._host.exists(path) else common.own_file(self._host, path, text)


def find(host: Host) -> t.Iterator[Nginx]:
    """Every nginx that listens. Raises HostError where its configuration cannot be read."""
    for instance in host.once(nginx.read):
        ends = endpoints(instance.run, _seen(instance))
        yield Nginx(instance.run.unit, instance.run.pids, ends, instance)


def _seen(instance: Instance) -> dict[int, Seen]:
    ports: dict[int, Seen] = {}
    for site in instance.sites:
        for at in site.listens:
            seen = ports.setdefault(at.port, Seen(source=at.place))
            seen.tls = seen.tls or at.tls
            seen.names.update(dict.fromkeys(_plain_names(site)))
            seen.pairs.update(dict.fromkeys(site.pairs if at.tls else ()))
    return ports


def _plain(instance: Instance, port: int) -> list[Site]:
    return [site for site in instance.sites if port in site.ports(tls=False)]


def _plain_names(site: Site) -> tuple[str, ...]:
    """Those that are no pattern; the dot of .example.org stands for all names below and itself."""
    return tuple(name for name in site.names if not re.match(r"[~.*]|.*\*", name))


def _serves(secured: t.Iterable[Site], plain: Site) -> bool:
    """Whether each name of a server in clear is one of a server with TLS (no name: the default one's)."""
    if not plain.names:
        return any(not site.names for site in secured)
    return set(plain.names) <= {name for site in secured for name in site.names}


def _request(instance: Instance, site: Site, port: int) -> Change:
    name = next(iter(_plain_names(site)), "localhost")
    return Request(
        title=f"see that http://{printable(name)} leads to https",
        address=instance.run.near(port),
        port=port,
        name=name,
        path="/infosec-principles",
        statuses=(308,),
        location=f"https://{name}",
    )


# Whether a server in clear hands anything out


def leads_on(site: Site) -> bool:
    """Whether a server only leads to https, refuses, or answers to authorities that prove who has the name."""
    if _returns(site.block) or any(_our_if(one) for one in site.block):
        return True
    places = [one for one in site.block if one.name == "location"]
    whole = any(_pattern(one) == "/" for one in places)
    return whole and all(_returns(one.block or ()) or _pattern(one).startswith(ACME[:-1]) for one in places)


def _pattern(location: Directive) -> str:
    return location.arguments[-1].lstrip("^") if location.arguments else ""


def _returns(block: t.Iterable[Directive]) -> bool:
    """Whether a block comes to an end at once; an `if` before it may only lead on sooner."""
    for one in block:
        if one.name == "return" and _harmless(one.arguments):
            return True
        if one.name == "rewrite" and one.arguments[:1] in EVERYTHING and one.arguments[1].startswith("https://"):
            return True
    return False


def _harmless(words: tuple[str, ...]) -> bool:
    target = words[-1] if words else ""
    if words[:1] and words[0] in REFUSES:
        return True
    return target.startswith("https://") and (len(words) == 1 or words[0] in LEADS_ON)


def _our_if(one: Directive) -> bool:
    return one.name == "if" and "$infosec_principles_came" in " ".join(one.arguments)


def _refuse_proxies(site: Site, port: int) -> None:
    """What takes the client's address from a proxy has one before it, which may be where TLS ends."""
    told = [one for one in site.block if one.name == "listen" and "proxy_protocol" in one.arguments]
    for one in (*site.all("set_real_ip_from"), *told):
        raise Refused(
            f"{printable(one.place)}: {site.title} has a proxy before it; where that comes to port {port} in clear and "
            "its clients by TLS, a redirect would lead them round in a circle. Lead to https there, and let it come "
            f"to port {HTTPS} by TLS"
        )


def _refuse_commands(site: Site) -> None:
    for one in site.all("ssl_conf_command"):
        if one.arguments and one.arguments[0].lower() in COMMANDS:
            raise Refused(
                f"{printable(one.place)}: ssl_conf_command {printable(one.arguments[0])} says the same in its own "
                "words; take it out there, reload nginx and run again"
            )


def _steps(instance: Instance, wanted: Wanted) -> str:
    port, pair = next(iter(wanted.offer.items()))
    site = next((site for site in instance.sites if port in site.ports(tls=False)), None)
    where = printable(site.server.place) if site else instance.config
    lines = f"listen {HTTPS} ssl; ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};"
    reload = f"nginx -t && systemctl reload {instance.run.unit or 'nginx'}"
    return (
        f"whoever comes to port {port} now would be turned away if it spoke TLS, so that is not done by itself; "
        f"in the server of {where} add {lines} then {reload}, lead the clients there and run again"
    )
