# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Apache httpd: what it serves by TLS, and how Mozilla's profile gets into its configuration.

Of the main server's settings the last one counts, so a snippet of our own that is read late outweighs the module's own
file. A virtual host's setting outweighs both; where it says something else, it is changed where it stands.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import apache, common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.apache import (
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
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Sorts behind the others in its folder.
SNIPPET = "zz-infosec-tls.conf"
MARK = "infosec_principles_snippet"
#: What `all` stands for (mod_ssl, SSLProtocol).
ALL = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
CURVES = ("curves", "groups", "ecdhparameters")
#: Commands of OpenSSL that say the same as several of ours, in words of their own.
COMMANDS = ("minprotocol", "maxprotocol", "protocol", "cipherstring", "ciphersuites", "options")
HTTPS = 443
#: Comes where an authority proves who has a name (RFC 8555, section 8.3), which it does in clear.
ACME = r"^/(?!\.well-known/acme-challenge/)(.*)$"
EVERYTHING = ("/", "^", "^/", ".*", "(.*)", "^(.*)$", "^(.*)", "^/(.*)$", "^/(.*)", "^/?(.*)", "^/?(.*)$", "^.*$", ACME)
#: Once for what the server itself would hand out before it asks for a password, once for what it would pass on.
REDIRECT = """
    # infosec.principles: whoever comes in clear is led to https.
    RedirectMatch 308 "{pattern}" "https://{name}/$1"
    <Location "/">
        RedirectMatch 308 "{pattern}" "https://{name}/$1"
    </Location>"""


def settings(terms: Terms) -> dict[str, str]:
    """What the main server is to say, by a key for each setting."""
    wanted = {
        "protocol": "SSLProtocol -all " + " ".join(f"+{name}" for name in terms.protocols),
        "ciphers": f"SSLCipherSuite {':'.join(terms.ciphers)}" if terms.ciphers else "",
        "suites": f"SSLCipherSuite TLSv1.3 {':'.join(terms.suites)}",
        "curves": f"SSLOpenSSLConfCmd Curves {':'.join(terms.groups)}" if terms.groups else "",
    }
    return {name: value for name, value in wanted.items() if value}


def kind(one: Directive) -> str:
    """Which of the settings a directive is; "" for none."""
    first = one.arguments[0].lower() if one.arguments else ""
    if one.name == "sslciphersuite":
        return "suites" if first == "tlsv1.3" else "ciphers"
    if one.name == "sslopensslconfcmd":
        return "curves" if first in CURVES else ""
    return "protocol" if one.name == "sslprotocol" else ""


def holds(terms: Terms, one: Directive) -> bool:
    """Whether a setting offers nothing beyond the terms."""
    if one.name == "sslprotocol":
        return bool(protocols(one.arguments)) and protocols(one.arguments) <= set(terms.protocols)
    allowed = {"ciphers": (*terms.ciphers, *terms.suites), "suites": terms.suites, "curves": terms.groups}[kind(one)]
    words = one.arguments[-1].split(":") if one.arguments else []
    return bool(words) and set(words) <= set(allowed)


def protocols(words: t.Iterable[str]) -> set[str]:
    """What SSLProtocol comes to: a word without a sign begins anew (ssl_engine_config.c)."""
    found: set[str] = set()
    known: dict[str, tuple[str, ...]] = {**{name.lower(): (name,) for name in ALL}, "all": ALL}
    for word in words:
        named = set(known.get(word.lstrip("+-").lower(), ()))
        found = found - named if word.startswith("-") else found | named if word.startswith("+") else named
    return found


@dataclasses.dataclass(frozen=True)
class Apache(Server):
    """One running Apache httpd."""

    instance: Instance

    PRODUCT: t.ClassVar[str] = "Apache httpd"

    def library(self, host: Host) -> Library:
        return crypto_library.of(host, self.pids[0])

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        if endpoint.begins == AT_ONCE:
            return Clear(open=False)
        plain = _plain(self.instance, endpoint.port)
        serving = [site for site in plain if not leads_on(site)]
        said = "hands out content in clear" if serving else "leads every request to https"
        evidence = tuple(
            Evidence(printable(site.place), f"{site.title}: {said}", "leads on to https") for site in (serving or plain)
        )
        return led_on(open_=bool(serving) or not plain, evidence=evidence)

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        common.refuse_broken(host, self.PRODUCT, self.instance.check)
        if wanted.offer:
            raise Refused(_steps(self.instance, wanted))
        plan = _Plan(host, self.instance)
        if apache.loaded(self.instance.tree, "ssl_module"):
            plan.bring_to(wanted.terms)
        checks = [check for port in sorted(wanted.require) for check in plan.require(port)]
        written = plan.changes()
        if not written:
            return ()
        return (*written, *common.take_up(self.instance.run, self.PRODUCT, self.instance.check), *checks)


class _Plan:
    """What is to be edited and written, collected."""

    def __init__(self, host: Host, instance: Instance) -> None:
        self._host, self._instance = host, instance
        self._edits: dict[str, list[Edit]] = {}
        self._snippet = f"{instance.layout.root}/{instance.layout.snippets}/{SNIPPET}"
        self._text = ""

    def bring_to(self, terms: Terms) -> None:
        """The snippet says what the terms say, and nothing that outweighs it says something else."""
        wanted = settings(terms)
        tree = apache.parse(self._host, self._instance.layout, {self._snippet: f"{MARK} on\n"})
        at = next((number for number, one in enumerate(tree) if one.name == MARK.lower()), None)
        if at is None:
            raise Refused(f"its configuration reads no files from {self._instance.layout.snippets}; include them there")
        late = _asks_late(tree)
        later = [one for one in tree[at + 1 :] if one.block is None]
        nested = [one for section in tree if section.block is not None for one in apache.flat(section.block)]
        for one in (*later, *nested, *tree[:at]):
            _refuse_command(one)
        for one in (*later, *nested):
            if kind(one) in wanted and not holds(terms, one):
                self._replace(one, {**wanted, **_without_13(terms, one, late)}[kind(one)])
        # Suites of TLS 1.3 are the library's, unless somebody has named others.
        weakened = any(kind(one) == "suites" and not holds(terms, one) for one in tree[:at])
        main = next((one for one in reversed(tree[:at]) if kind(one) == "protocol"), None)
        wanted = {**wanted, **_without_13(terms, main, late)}
        body = "".join(f"    {value}\n" for name, value in wanted.items() if name != "suites" or weakened)
        self._text = f"{HEADER}<IfModule ssl_module>\n{body}</IfModule>\n"

    def _replace(self, one: Directive, text: str) -> None:
        path, number = common.place(one.place)
        self._edit(path, *common.line(common.text(self._host, path), number), text)

    def _edit(self, path: str, start: int, end: int, text: str) -> None:
        edit = Edit(start, end, text)
        if edit not in self._edits.setdefault(path, []):
            self._edits[path].append(edit)

    def require(self, port: int) -> t.Iterator[Change]:
        """Lead whoever comes there in clear to https, and see by a real request that it does."""
        secured = [site for site in self._instance.sites if site.tls and HTTPS in site.ports]
        if not apache.loaded(self._instance.tree, "alias_module"):
            raise Refused("the module that leads to other addresses is not loaded: a2enmod alias")
        for site in _plain(self._instance, port):
            if not leads_on(site):
                yield self._lead_on(site, secured, port)

    def _lead_on(self, site: Site, secured: t.Sequence[Site], port: int) -> Change:
        served = {name for one in secured for name in one.names}
        names = [name for name in site.names if re.fullmatch(r"[\w.-]+", name)]
        if site.section is None or not names or not set(site.names) <= served:
            raise Refused(
                f"{printable(site.place)}: what {site.title} serves in clear on port {port} is not served under the "
                f"same names by TLS on port {HTTPS}, so there is nowhere to lead clients to"
            )
        _refuse_proxies((*site.block, *site.main), port)
        pairs = [pair for one in secured if set(one.names) & set(names) for pair in one.pairs]
        refuse_strangers(self._host, site.place, pairs, names[:1])
        path, number = common.place(site.place)
        end = common.line(common.text(self._host, path), number)[1]
        self._edit(path, end, end, REDIRECT.format(pattern=ACME, name=names[0]))
        return Request(
            title=f"see that http://{names[0]} leads to https",
            address=self._instance.run.near(port),
            port=port,
            name=names[0],
            path="/infosec-principles",
            statuses=(308,),
            location=f"https://{names[0]}/",
        )

    def changes(self) -> tuple[Change, ...]:
        """The snippet, and the edits."""
        own = common.own_file(self._host, self._snippet, self._text) if self._text else ()
        return (*own, *common.edits(self._host, self._edits))


def find(host: Host) -> t.Iterator[Apache]:
    """Every Apache httpd that listens. Raises HostError where its configuration cannot be read."""
    for instance in host.once(apache.read):
        ends = endpoints(instance.run, _seen(instance))
        yield Apache(instance.run.unit, instance.run.pids, ends, instance)


def _seen(instance: Instance) -> dict[int, Seen]:
    ports: dict[int, Seen] = {}
    for site in instance.sites:
        for port in site.ports:
            seen = ports.setdefault(port, Seen(source=site.place))
            seen.tls = seen.tls or site.tls
            seen.names.update(dict.fromkeys(name for name in site.names if not re.search(r"[*?]", name)))
            seen.pairs.update(dict.fromkeys(site.pairs if site.tls else ()))
    return ports


def _plain(instance: Instance, port: int) -> list[Site]:
    return [site for site in instance.sites if port in site.ports and not site.tls]


# Whether a virtual host in clear hands anything out


def leads_on(site: Site) -> bool:
    """Whether every request is led to https, but for those of authorities."""
    own = (*site.block, *site.main) if site.section else site.main
    inside = [one for section in site.block if _is_whole(section) for one in section.block or ()]
    passes = any(one.name in ("proxypass", "proxypassmatch") and "!" not in one.arguments for one in site.block)
    redirected = any(_redirects(one) for one in inside) or (not passes and any(_redirects(one) for one in own))
    return redirected or _rewrites(site.block)


def _is_whole(section: Directive) -> bool:
    return section.name in ("location", "locationmatch") and section.arguments[:1] in (("/",), ("^/",), ("^",))


def _redirects(one: Directive) -> bool:
    """Redirect [status] path URL, without the path in a Location."""
    if one.name not in ("redirect", "redirectmatch", "redirectpermanent", "redirecttemp") or not one.arguments:
        return False
    pattern = one.arguments[-2] if len(one.arguments) > 1 else "/"
    whole = pattern in EVERYTHING or pattern.isalnum()
    return whole and one.arguments[-1].startswith("https://")


def _rewrites(block: t.Iterable[Directive]) -> bool:
    on = any(one.name == "rewriteengine" and one.arguments[:1] in (("on",), ("On",), ("ON",)) for one in block)
    rules = [one.arguments for one in block if one.name == "rewriterule" and len(one.arguments) > 2]
    sends = any(words[0] in EVERYTHING and words[1].startswith("https://") and "R" in words[2] for words in rules)
    return on and sends


def _asks_late(block: t.Iterable[Directive], inside: str = "virtualhost") -> Directive | None:
    """Where a client's certificate is asked for once its request is known (a folder's, a location's)."""
    for one in block:
        if one.name == "sslverifyclient" and inside != "virtualhost" and one.arguments[:1] != ("none",):
            return one
        within = inside if one.name in ("ifmodule", "ifdefine", "ifversion", "macro") else one.name
        found = _asks_late(one.block, within) if one.block is not None else None
        if found:
            return found
    return None


def _without_13(terms: Terms, one: Directive | None, late: Directive | None) -> dict[str, str]:
    """The protocols where somebody left TLS 1.3 out, and clients are asked late for certificates.

    TLS 1.3 has no renegotiation, and what came in its place (RFC 8446, section 4.6.2) no browser does. Raises Refused.
    """
    if one is None or late is None or kind(one) != "protocol" or "TLSv1.3" in protocols(one.arguments):
        return {}
    left = tuple(name for name in terms.protocols if name != "TLSv1.3")
    if not left:
        raise Refused(
            f"{printable(late.place)} asks for a client's certificate once the request is known, for which no browser "
            f"is ready in TLS 1.3, and {printable(one.place)} leaves that out; ask for it in the virtual host"
        )
    return {"protocol": settings(dataclasses.replace(terms, protocols=left))["protocol"]}


def _refuse_proxies(block: t.Iterable[Directive], port: int) -> None:
    """What takes the client's address or scheme from a proxy has one before it, which may be where TLS ends."""
    for one in apache.flat(block):
        words = " ".join((one.name, *one.arguments)).lower()
        if one.name.startswith("remoteip") or "x-forwarded-proto" in words:
            raise Refused(
                f"{printable(one.place)}: there is a proxy before this server; where that comes to port {port} in "
                "clear and its clients by TLS, a redirect would lead them round in a circle. Lead to https there, and "
                f"let it come to port {HTTPS} by TLS"
            )


def _refuse_command(one: Directive) -> None:
    if one.name == "sslopensslconfcmd" and one.arguments and one.arguments[0].lower() in COMMANDS:
        raise Refused(
            f"{printable(one.place)}: SSLOpenSSLConfCmd {printable(one.arguments[0])} says the same in its own words; "
            "take it out there, reload it and run again"
        )


def _steps(instance: Instance, wanted: Wanted) -> str:
    port, pair = next(iter(wanted.offer.items()))
    site = next(iter(_plain(instance, port)), None)
    where = printable(site.place) if site else instance.layout.config
    lines = f"SSLEngine on, SSLCertificateFile {pair.certificate}, SSLCertificateKeyFile {pair.key}"
    return (
        f"whoever comes to port {port} now would be turned away if it spoke TLS, so that is not done by itself; "
        f"copy the virtual host of {where} to port {HTTPS} with {lines}, "
        f"then {' '.join(instance.check)} && systemctl reload {instance.run.unit or 'it'}, lead the clients there and "
        "run again"
    )
