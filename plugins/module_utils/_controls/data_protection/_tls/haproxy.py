# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""HAProxy: what it serves by TLS, and how Mozilla's profile gets into its configuration.

It reads one file, as a rule, and a `bind` takes from `global` what it does not say itself. So the lines of `global`,
and of those `bind`s that say something else, are changed where they stand; nothing beside TLS in them is touched.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common, haproxy
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.haproxy import (
    Bind,
    Instance,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.strangers import refuse_strangers
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
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
from ansible_collections.infosec.principles.plugins.module_utils._formats.haproxy_cfg import Line, Section
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

HTTPS = 443
#: Options that are about versions of TLS: with a value behind them, and alone.
VALUED, ALONE = ("ssl-min-ver", "ssl-max-ver"), re.compile(r"(?:force|no)-(?:sslv3|tlsv1[0-3])")
#: Of a condition: what comes encrypted, and what comes for the proof of a name.
HARMLESS = r"!|\|\||\bor\b|\{ ssl_fc(?: -m bool)? \}|\{ path_beg \S*acme-challenge\S* \}"
#: What a `bind` may say itself, with a value.
OWN = ("ciphers", "ciphersuites", "curves", "ecdhe")
#: Comes where an authority proves who has a name (RFC 8555, section 8.3), which it does in clear.
#: Who came by TLS to a proxy before this one would be led round in a circle.
REDIRECT = (
    "http-request redirect scheme https code 308 unless { ssl_fc } || { path_beg /.well-known/acme-challenge/ } "
    "|| { req.hdr(X-Forwarded-Proto) -m beg -i https }"
)


def settings(terms: Terms) -> dict[str, str]:
    """What `global` is to say besides the versions, by the words behind ssl-default-bind-."""
    wanted = {"ciphers": terms.ciphers, "ciphersuites": terms.suites, "curves": terms.groups}
    return {name: ":".join(values) for name, values in wanted.items() if values}


def holds(terms: Terms, name: str, value: str) -> bool:
    """Whether a setting offers nothing beyond the terms."""
    allowed = {
        "ciphers": (*terms.ciphers, *terms.suites),
        "ciphersuites": terms.suites,
        "curves": terms.groups,
        "ecdhe": terms.groups,
    }[name]
    return bool(value) and set(value.split(":")) <= set(allowed)


@dataclasses.dataclass(frozen=True)
class Haproxy(Server):
    """One running HAProxy."""

    instance: Instance

    PRODUCT: t.ClassVar[str] = "HAProxy"

    def library(self, host: Host) -> Library:
        return crypto_library.of(host, self.pids[0])

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        if endpoint.begins == AT_ONCE:
            return Clear(open=False)
        plain = _plain(self.instance, endpoint.port)
        serving = [bind for bind in plain if not leads_on(bind.section)]
        said = "serves in clear" if serving else "leads every request to https"
        evidence = tuple(
            Evidence(printable(bind.line.place), f"{_title(bind.section)}: {said}", "leads on to https")
            for bind in (serving or plain)
        )
        if any(self.instance.mode(bind.section) != "http" for bind in serving):
            return Clear(open=True, evidence=evidence)
        return led_on(open_=bool(serving) or not plain, evidence=evidence)

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        common.refuse_broken(host, self.PRODUCT, self.instance.check)
        if wanted.offer:
            raise Refused(_steps(self.instance, wanted))
        plan = _Plan(host, self.instance)
        plan.bring_to(wanted.terms)
        checks = [check for port in sorted(wanted.require) for check in plan.require(port)]
        written = common.edits(host, plan.edits)
        if not written:
            return ()
        return (*written, *common.take_up(self.instance.run, self.PRODUCT, self.instance.check), *checks)


class _Plan:
    """What is to be edited, collected."""

    def __init__(self, host: Host, instance: Instance) -> None:
        self._host, self._instance = host, instance
        self.edits: dict[str, list[Edit]] = {}

    def bring_to(self, terms: Terms) -> None:
        """`global` says what the terms say, and no `bind` says something else."""
        self._refuse_lists()
        if not any(bind.tls for bind in self._instance.binds):
            return
        sections = self._instance.of("global")
        if not sections:
            raise Refused(f"{self._instance.files[0]} has no section global; begin the file with one, and run again")
        missing = list(self._global_lines(terms, sections))
        if missing:
            self._below(sections[0].head, missing)
        for bind in self._instance.binds:
            if bind.tls:
                self._bind(terms, bind.line)

    def _global_lines(self, terms: Terms, sections: t.Sequence[Section]) -> t.Iterator[str]:
        """Corrects what is there, and yields what is not."""
        for name, value in settings(terms).items():
            found = [line for section in sections for line in section.all(f"ssl-default-bind-{name}")]
            for line in found:
                if len(line.words) > 1 and not holds(terms, name, line.texts[1]):
                    self._edit(line, line.words[1].start, line.words[1].end, value)
            if not found and name != "ciphersuites":
                yield f"ssl-default-bind-{name} {value}"
        options = [line for section in sections for line in section.all("ssl-default-bind-options")]
        for line in options:
            self._versions(terms, line, first=1, least=line is options[-1])
        if not options:
            yield f"ssl-default-bind-options ssl-min-ver {terms.protocols[0]}"

    def _versions(self, terms: Terms, line: Line, *, first: int, least: bool) -> None:
        """Take out what is about versions and beyond the terms; least: and have it name the lowest one."""
        low = terms.protocols[0]
        words = line.words[first:]
        named = False
        for one, two in zip(words, (*words[1:], None)):
            if one.text == "ssl-min-ver" and two:
                named = True
                if two.text not in terms.protocols:
                    self._edit(line, two.start, two.end, low)
            elif one.text == "ssl-max-ver" and two and two.text not in terms.protocols:
                self._edit(line, one.start - 1, two.end, "")
            elif ALONE.fullmatch(one.text) and _version(one.text) in terms.protocols and one.text.startswith("no-"):
                self._drop(line, one, when=terms.profile == "modern")
            elif ALONE.fullmatch(one.text) and one.text.startswith("force-"):
                self._drop(line, one, when=_version(one.text) not in terms.protocols)
        if least and not named:
            end = line.words[-1].end
            self._edit(line, end, end, f" ssl-min-ver {low}")

    def _drop(self, line: Line, word: t.Any, *, when: bool) -> None:
        if when:
            self._edit(line, word.start - 1, word.end, "")

    def _bind(self, terms: Terms, line: Line) -> None:
        self._versions(terms, line, first=2, least=False)
        for name in OWN:
            word = line.value(name, first=2)
            if word and not holds(terms, name, word.text):
                value = settings(terms).get("curves" if name == "ecdhe" else name)
                if value and name != "ecdhe":
                    self._edit(line, word.start, word.end, value)
                elif name == "ecdhe":
                    self._edit(line, word.start - len("ecdhe") - 2, word.end, "")

    def _refuse_lists(self) -> None:
        for path in haproxy.lists(self._instance):
            for number, line in enumerate(common.text(self._host, path).split("\n"), 1):
                if re.search(r"\[[^\]]*\b(?:ssl-min-ver|ssl-max-ver|ciphers|ciphersuites|curves|ecdhe)\b", line):
                    raise Refused(
                        f"{printable(path)}:{number}: this line of a crt-list has settings of TLS of its own, which "
                        "win; take them out of its brackets, reload HAProxy and run again"
                    )

    def require(self, port: int) -> t.Iterator[Change]:
        """Lead whoever comes there in clear to https, and see by a real request that it does."""
        for bind in _plain(self._instance, port):
            if leads_on(bind.section):
                continue
            if self._instance.mode(bind.section) != "http" or not self._has_twin(bind.section):
                raise Refused(
                    f"{printable(bind.line.place)}: what {_title(bind.section)} serves in clear on port {port} is not "
                    f"served in the same way by TLS on port {HTTPS}, so there is nowhere to lead clients to"
                )
            if "accept-proxy" in bind.line.texts:
                raise Refused(
                    f"{printable(bind.line.place)}: {_title(bind.section)} has a proxy before it; where that comes to "
                    f"port {port} in clear and its clients by TLS, a redirect would lead them round in a circle. Lead "
                    f"to https there, and let it come to port {HTTPS} by TLS"
                )
            pairs = [pair for one in self._instance.binds if one.tls and HTTPS in one.ports for pair in one.pairs]
            refuse_strangers(self._host, bind.line.place, pairs, ())
            self._below(bind.section.head, [REDIRECT])
            yield Request(
                title=f"see that port {port} leads to https",
                address=self._instance.run.near(port),
                port=port,
                name="localhost",
                path="/infosec-principles",
                statuses=(308,),
                location="https://localhost",
            )

    def _has_twin(self, section: Section) -> bool:
        """Whether the same is served by TLS: by the same section, or by one that leads to the same backends."""
        secured = [bind.section for bind in self._instance.binds if bind.tls and HTTPS in bind.ports]
        return any(one is section or _leads_to(one) == _leads_to(section) for one in secured)

    def _below(self, head: Line, lines: t.Sequence[str]) -> None:
        text = common.text(self._host, head.path)
        end = text.find("\n", head.words[-1].end)
        end = len(text) if end < 0 else end
        self._edit(head, end, end, "".join(f"\n    {line}" for line in lines))

    def _edit(self, line: Line, start: int, end: int, text: str) -> None:
        edit = Edit(start, end, text)
        if edit not in self.edits.setdefault(line.path, []):
            self.edits[line.path].append(edit)


def _version(option: str) -> str:
    """TLSv1.2 of force-tlsv12."""
    digits = option[-2:]
    return {"10": "TLSv1", "11": "TLSv1.1", "12": "TLSv1.2", "13": "TLSv1.3"}.get(digits, "SSLv3")


def _leads_to(section: Section) -> tuple[tuple[str, ...], ...]:
    return tuple(line.texts for line in section.all("use_backend", "default_backend", "server"))


def leads_on(section: Section) -> bool:
    """Whether a section leads every request that comes in clear to https."""
    lines = [line.texts for line in section.all("redirect", "http-request redirect")]
    return any(_to_https(" ".join(words)) for words in lines)


def _to_https(line: str) -> bool:
    """Without a condition, or where it only leaves out what is encrypted or comes for the proof of a name."""
    if not re.search(r"\bscheme https\b|\b(?:prefix|location) https://", line):
        return False
    condition = re.search(r"\s(?:if|unless)\s+(.*)", line)
    left = (
        re.sub(
            r"!|\|\||\bor\b|\{ ssl_fc(?: -m bool)? \}|\{ path_beg \S*acme-challenge\S* \}"
            r"|\{ req\.hdr\(X-Forwarded-Proto\) -m beg -i https \}",
            "",
            condition[1],
        )
        if condition
        else ""
    )
    return not left.strip()


def find(host: Host) -> t.Iterator[Haproxy]:
    """Every HAProxy that listens. Raises HostError where its configuration cannot be read."""
    for instance in host.once(haproxy.read):
        ends = endpoints(instance.run, _seen(instance))
        yield Haproxy(instance.run.unit, instance.run.pids, ends, instance)


def _seen(instance: Instance) -> dict[int, Seen]:
    """Which names a port knows is what its certificates say, so nothing names them here."""
    ports: dict[int, Seen] = {}
    for bind in instance.binds:
        for port in bind.ports:
            seen = ports.setdefault(port, Seen(source=bind.line.place))
            seen.tls = seen.tls or bind.tls
            seen.pairs.update(dict.fromkeys(bind.pairs))
    return ports


def _plain(instance: Instance, port: int) -> list[Bind]:
    return [bind for bind in instance.binds if port in bind.ports and not bind.tls]


def _title(section: Section) -> str:
    return printable(f"{section.kind} {section.name}".strip())


def _steps(instance: Instance, wanted: Wanted) -> str:
    port, pair = next(iter(wanted.offer.items()))
    bind = next(iter(_plain(instance, port)), None)
    where = printable(bind.section.head.place) if bind else instance.files[0]
    files = f"{pair.certificate} and {pair.key}"
    return (
        f"whoever comes to port {port} now would be turned away if it spoke TLS, so that is not done by itself; "
        f"put {files} into one file, add bind :{HTTPS} ssl crt FILE to the section of {where}, "
        f"then {' '.join(instance.check)} && systemctl reload {instance.run.unit or 'haproxy'}, lead the clients there "
        "and run again"
    )
