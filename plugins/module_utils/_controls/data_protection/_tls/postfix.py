# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Postfix: its services that take mail, and Mozilla's profile in main.cf and master.cf (postconf(5), TLS_README).

The list of ciphers goes to the grade "high", which the server is then told to use: the grade "medium" is also what
Postfix itself delivers with, and a list cut down there would have mail to old servers go out in clear.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import (
    edits,
    logs,
    proof,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    NEVER,
    Clear,
    Endpoint,
    Server,
    Terms,
    Wanted,
    made_up,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import read_now
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import postfix_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.postfix_conf import Service
from ansible_collections.infosec.principles.plugins.module_utils._formats.tls_guideline import PROTOCOLS
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

BLOCK = "service_tls"
NOTE = "# Written by infosec.principles by Mozilla's guideline for TLS; changes inside this block are lost.\n"
PROCESS = "master"
FOLDER = "/etc/postfix"
#: Names of services(5) by which master.cf names ports.
PORTS = {"smtp": 25, "submission": 587, "smtps": 465, "submissions": 465}
#: Where servers hand mail over to each other.
BETWEEN_SERVERS = 25
#: Takes connections for smtpd, and knows who may come (postscreen(8)).
COMMANDS = ("smtpd", "postscreen")
LEVEL, WRAPPED, AUTH_ONLY = "smtpd_tls_security_level", "smtpd_tls_wrappermode", "smtpd_tls_auth_only"
CHAIN, CERTIFICATE, KEY = "smtpd_tls_chain_files", "smtpd_tls_cert_file", "smtpd_tls_key_file"
LIST = "tls_high_cipherlist"
#: What Postfix delivers with, and where single destinations may have words of their own (postconf(5)).
POLICIES = "smtp_tls_policy_maps"
DELIVERING = (
    *("smtp_tls_ciphers", "smtp_tls_mandatory_ciphers", "lmtp_tls_ciphers", "lmtp_tls_mandatory_ciphers"),
    POLICIES,
)
ASKED = (
    *("mail_version", "shlib_directory", LEVEL, WRAPPED, AUTH_ONLY, CHAIN, CERTIFICATE, KEY),
    *("smtpd_use_tls", "smtpd_enforce_tls", "smtpd_sasl_auth_enable", "syslog_name"),
)
#: The first versions that take ">=TLSv1.2", and that have a list of their own for groups of finite fields.
SINCE = (3, 6)
FINITE = (3, 9)
RFC3207 = "mail between servers may come in clear, which a server that takes it from anyone must not refuse (RFC 3207)"
FURTHER = "keep what Postfix logs in the journal"
#: What smtpd says of a session that ended: how often each command was given.
_SESSION = re.compile(r" (?P<name>\S+)\[\d+\]: disconnect from (?P<peer>\S+)\[(?P<address>[^\]]+)\](?P<counts>.*)")


@dataclasses.dataclass(frozen=True)
class Postfix(Server):
    """One instance. folder: of its configuration. settings: of main.cf, in effect. services: by port."""

    folder: str
    settings: t.Mapping[str, str]
    services: t.Mapping[int, Service]

    PRODUCT: t.ClassVar[str] = "Postfix"

    def library(self, host: Host) -> Library:
        # The main process has none; smtpd is started for each client.
        return crypto_library.linked(host, f"{self.settings['shlib_directory']}/libpostfix-tls.so")

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        service = self.services[endpoint.port]
        level = _level(self.settings, service)
        if level == "encrypt" or _is_wrapped(self.settings, service):
            return Clear(open=False)
        excused = RFC3207 if endpoint.port == BETWEEN_SERVERS else ""
        passwords = _yes(self.settings, service, "smtpd_sasl_auth_enable") and not _yes(
            self.settings, service, AUTH_ONLY
        )
        where = f"{self.folder}/master.cf {service.name}"
        evidence = [Evidence(f"{where}: {LEVEL}", printable(level) or "(none)", "encrypt")]
        evidence += [Evidence(f"{where}: {AUTH_ONLY}", "no", "yes")] if passwords else []
        base = Clear(True, tuple(evidence), excused=excused, passwords=passwords)
        found = logs.read(host, self.unit, r"smtpd\[[0-9]+\]: disconnect from ") if self.unit else None
        return logs.clear(found, self._came(found, service, excused), base, FURTHER)

    def _came(self, found: logs.Log | None, service: Service, excused: str) -> t.Iterator[tuple[str, float]]:
        """Who handed mail over, or logged in, in clear: where servers may, only who logged in counts."""
        program = f"{service.options.get('syslog_name', self.settings['syslog_name'])}/smtpd"
        for ago, line in found.lines if found else ():
            match = _SESSION.search(f" {line}")
            counts = set(re.findall(r"(\w+)=[1-9]", match["counts"])) if match else set()
            wanted = counts & ({"auth"} if excused else {"auth", "mail"})
            if match and match["name"] == program and wanted and "starttls" not in counts:
                yield f"{match['peer']} ({match['address']})", ago

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        settings = {**wanted_settings(wanted.terms, self.settings), **self._shown(wanted)}
        # Smart hosts that take older ciphers have to be reached as before.
        own = {LIST: settings.pop(LIST)} if LIST in settings and self._delivers_with_it(host) else {}
        written = (*self._main(host, settings), *self._master(host, settings, own, wanted))
        if not written:
            raise Refused("its configuration says so already; run systemctl reload on it, and see what it logs")
        checked = Check("see that Postfix takes its configuration", ("postfix", "-c", self.folder, "check"))
        spoken = [end for end in self.endpoints if end.begins != NEVER or end.port in wanted.offer]
        ends = [end if end.begins != NEVER else dataclasses.replace(end, begins="smtp") for end in spoken]
        reload = Activate(self._unit(), "reload", proof.ports(self.endpoints))
        used = [pair for end in self.endpoints if not wanted.offer for pair in end.pairs]
        return (
            *proof.together([*wanted.offer.values(), *used]),
            *written,
            checked,
            reload,
            *proof.speaks(proof.asked(host, ends, wanted.offer)),
        )

    def _unit(self) -> str:
        if not self.unit:
            raise Refused("no unit of systemd runs it, so nobody would tell it of its new configuration")
        return self.unit

    def _shown(self, wanted: Wanted) -> dict[str, str]:
        """The certificate for what does not speak TLS yet; main.cf has one for all that have none of their own."""
        pair = next(iter(wanted.offer.values()), None)
        if pair is None:
            return {}
        level = {} if self.settings[LEVEL] == "encrypt" else {LEVEL: "may"}
        return {**level, CHAIN: f"{pair.key}, {pair.certificate}"}

    def _delivers_with_it(self, host: Host) -> bool:
        """Whether Postfix itself may deliver with the grade "high", by settings or by its maps of policies."""
        told = _told(host, self.folder, DELIVERING)
        return any(value == "high" for value in told.values()) or bool(told.get(POLICIES))

    def _main(self, host: Host, settings: t.Mapping[str, str]) -> tuple[Change, ...]:
        path = f"{self.folder}/main.cf"
        text = read_now(host, path) or ""
        told = _told(host, self.folder, tuple(settings))
        new = postfix_conf.put(
            text, {name: value for name, value in settings.items() if told.get(name) != value}, BLOCK, NOTE
        )
        return edits.changes(host, path, text, new)

    def _master(
        self, host: Host, settings: t.Mapping[str, str], own: t.Mapping[str, str], wanted: Wanted
    ) -> tuple[Change, ...]:
        """own: what services that take mail are told, and main.cf is not."""
        path = f"{self.folder}/master.cf"
        text = new = read_now(host, path) or ""
        for port, service in self.services.items():
            options = [*self._options(port, service, settings, wanted), *own.items()]
            new = self._with_options(new, service, [one for one in options if service.options.get(one[0]) != one[1]])
        for helper in self._helpers(host) if own else ():
            new = self._with_options(new, helper, [one for one in own.items() if helper.options.get(one[0]) != one[1]])
        return edits.changes(host, path, text, new)

    def _helpers(self, host: Host) -> list[Service]:
        """Who speaks TLS for postscreen."""
        if not any(one.command.endswith("postscreen") for one in self.services.values()):
            return []
        return [one for one in _all_services(host, self.folder) if one.command.endswith("tlsproxy")]

    def _options(
        self, port: int, service: Service, settings: t.Mapping[str, str], wanted: Wanted
    ) -> t.Iterator[tuple[str, str]]:
        """What a service has to be told: options of its own that say something else than main.cf, and its level."""
        level = service.options.get(LEVEL)
        for name, value in settings.items():
            if name != LEVEL and service.options.get(name, value) != value:
                yield name, re.sub(r",?\s+", ",", value)
        if port in wanted.require:
            yield LEVEL, "encrypt"
        elif port in wanted.offer and level is not None:
            yield LEVEL, "may"
        if port in wanted.shield:
            # For that service alone: those who log in at another port may not know TLS yet.
            yield AUTH_ONLY, "yes"

    def _with_options(self, text: str, service: Service, options: t.Iterable[tuple[str, str]]) -> str:
        for name, value in options:
            try:
                text = postfix_conf.put_option(text, service.name, service.kind, name, value)
            except ValueError as exc:
                raise Refused(f"{self.folder}/master.cf: {exc}, though postconf -M tells of it") from exc
        return text


def find(host: Host) -> t.Iterator[Postfix]:
    """Every instance that listens, by unit. Raises HostError where Postfix does not tell its settings."""
    held: dict[int, list[sockets.Listener]] = {}
    for item in host.once(sockets.read):
        if item.process == PROCESS and item.exe.endswith(f"/{PROCESS}") and item.protocol == "tcp":
            held.setdefault(item.pid, []).append(item)
    for pid, listeners in sorted(held.items()):
        folder = _folder(host, pid)
        settings = _told(host, folder, ASKED)
        served = _served(host, folder, settings)
        ends = tuple(_endpoint(port, listeners, settings, one) for port, one in sorted(served.items()))
        yield Postfix(listeners[0].unit, (pid,), tuple(end for end in ends if end.addresses), folder, settings, served)


def _folder(host: Host, pid: int) -> str:
    """Where an instance has its configuration: it has been told so when it was started."""
    for one in host.read_part(f"/proc/{pid}/environ", 65536).split(b"\0"):
        if one.startswith(b"MAIL_CONFIG="):
            return printable(one.partition(b"=")[2].decode("utf-8", "replace"))
    return FOLDER


def _told(host: Host, folder: str, names: tuple[str, ...]) -> dict[str, str]:
    """Settings in effect, without what they refer to. Raises HostError."""
    told = host.ask("postconf", "-c", folder, "-x", *names)
    lines = (line.partition("=") for line in told.stdout.splitlines())
    found = {name.strip(): value.strip() for name, _equals, value in lines}
    if told.rc != 0 or not found:
        raise HostError(f"postconf -c {folder} does not tell: {printable(told.stderr.strip()[:200]) or 'no answer'}")
    return found


def _all_services(host: Host, folder: str) -> list[Service]:
    told = host.ask("postconf", "-c", folder, "-M")
    if told.rc != 0:
        raise HostError(f"postconf -c {folder} -M does not tell: {printable(told.stderr.strip()[:200])}")
    return postfix_conf.services(told.stdout)


def _served(host: Host, folder: str, settings: t.Mapping[str, str]) -> dict[int, Service]:
    taking = [one for one in _all_services(host, folder) if one.kind == "inet" and one.command.endswith(COMMANDS)]
    return {port: one for one in taking for port in [_port(one.name)] if port}


def _port(name: str) -> int:
    """The port in "smtp", "465", "[::1]:2525"; 0 where it is a name that we do not know."""
    last = name.rpartition(":")[2]
    return int(last) if last.isdigit() else PORTS.get(last, 0)


def _endpoint(port: int, listeners: list[sockets.Listener], settings: t.Mapping[str, str], one: Service) -> Endpoint:
    begins = AT_ONCE if _is_wrapped(settings, one) else "smtp" if _level(settings, one) not in ("", "none") else NEVER
    addresses = tuple(dict.fromkeys(item.address for item in listeners if item.port == port))
    pairs = () if begins == NEVER else tuple(_pairs({**settings, **one.options}))
    source = f"master.cf: {printable(one.name)}"
    return Endpoint(port, addresses, begins, pairs=pairs, source=source, made_up=made_up(pairs))


def _pairs(settings: t.Mapping[str, str]) -> t.Iterator[Pair]:
    """The files of chains come as key and certificate, one after the other or both in one."""
    files = re.split(r"[,\s]+", settings[CHAIN]) if settings[CHAIN] else []
    if files:
        yield from (Pair(certificate, key) for key, certificate in zip(files[::2], files[1::2] or files[:1]))
    elif settings[CERTIFICATE] not in ("", "none"):
        yield Pair(settings[CERTIFICATE], settings[KEY] or settings[CERTIFICATE])


def _level(settings: t.Mapping[str, str], service: Service) -> str:
    """May, encrypt or none; the two settings before Postfix 2.3 count where there is no level."""
    told = service.options.get(LEVEL, settings[LEVEL])
    if told:
        return told
    if _yes(settings, service, "smtpd_enforce_tls"):
        return "encrypt"
    return "may" if _yes(settings, service, "smtpd_use_tls") else ""


def _is_wrapped(settings: t.Mapping[str, str], service: Service) -> bool:
    return _yes(settings, service, WRAPPED)


def _yes(settings: t.Mapping[str, str], service: Service, name: str) -> bool:
    return service.options.get(name, settings.get(name, "")) == "yes"


def wanted_settings(terms: Terms, settings: t.Mapping[str, str]) -> dict[str, str]:
    """A profile in Postfix's words. settings: with its version."""
    version = tuple(int(part) for part in re.findall(r"\d+", settings["mail_version"])[:2])
    protocols = _protocols(terms, version)
    found = {
        "smtpd_tls_protocols": protocols,
        "smtpd_tls_mandatory_protocols": protocols,
        "tls_preempt_cipherlist": "no",
        "smtpd_tls_eecdh_grade": "auto",
        "tls_eecdh_auto_curves": " ".join(terms.groups),
    }
    if terms.ciphers:
        found.update(dict.fromkeys(("smtpd_tls_ciphers", "smtpd_tls_mandatory_ciphers"), "high"))
        found[LIST] = ":".join(terms.ciphers)
    return {**found, "tls_ffdhe_auto_groups": ""} if version >= FINITE else found


def _protocols(terms: Terms, version: tuple[int, ...]) -> str:
    if version >= SINCE:
        return f">={terms.protocols[0]}"
    return ", ".join(f"!{name}" for name in PROTOCOLS if name not in terms.protocols)
