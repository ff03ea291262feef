# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Dovecot 2.3 and 2.4: what doveconf tells, and a file of our own behind all others in conf.d.

Of a setting that stands twice the last counts. Whoever comes from the host's own address counts as secured.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import logs, proof
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    HEADER,
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
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import read_now, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import dovecot_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.dovecot_conf import Block
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PROCESS = "dovecot"
CONFIG, FOLDER = "/etc/dovecot/dovecot.conf", "/etc/dovecot"
#: Behind the numbered files of packages and people.
OWN = "conf.d/99-infosec-tls.conf"
MODULE_SIZE = 4 * 1024 * 1024
MODULES = ("/usr/lib/dovecot/modules", "/usr/lib64/dovecot", "/usr/lib/dovecot")
#: The services that clients log in to: how TLS begins there, and what their protocol is called.
SERVICES = {
    "imap-login": ("imap", "imap"),
    "pop3-login": ("pop3", "pop3"),
    "submission-login": ("smtp", "submission"),
    "managesieve-login": ("sieve", "sieve"),
}
#: Listeners as Dovecot has them where nothing is set, which 2.4 does not print: port, and whether TLS begins at once.
LISTENERS = {
    "imap": (143, False),
    "imaps": (993, True),
    "pop3": (110, False),
    "pop3s": (995, True),
    "submission": (587, False),
    "submissions": (465, True),
    "sieve": (4190, False),
}
#: Blocks that hold for some clients alone, and outweigh what stands outside.
FILTERS = ("local_name", "local", "remote", "protocol")
#: Mechanisms that show the password to whoever listens; all others can be used in clear in any case.
PLAIN = ("plain", "login")
REQUIRED, TRUSTED = "required", "login_trusted_networks"
FURTHER = "keep what Dovecot logs in the journal"
_LOGIN = re.compile(r"user=<(?P<user>[^>]*)>.*\brip=(?P<peer>[^,]+),.*\blip=(?P<own>[^,]+),(?P<rest>.*)")


@dataclasses.dataclass(frozen=True)
class Words:
    """How one of the two versions calls things. pair: settings of certificate and key. path: before a path."""

    pair: tuple[str, str]
    path: str
    prefer: tuple[str, str]
    plaintext: tuple[str, str]


WORDS = {
    False: Words(("ssl_cert", "ssl_key"), "<", ("ssl_prefer_server_ciphers", "no"), ("disable_plaintext_auth", "yes")),
    True: Words(
        ("ssl_server_cert_file", "ssl_server_key_file"),
        "",
        ("ssl_server_prefer_ciphers", "client"),
        ("auth_allow_cleartext", "no"),
    ),
}


@dataclasses.dataclass(frozen=True)
class Dovecot(Server):
    """One running Dovecot. whole: its configuration. protocols: by port, what Dovecot calls the protocol there."""

    whole: Block
    protocols: t.Mapping[int, str]

    PRODUCT: t.ClassVar[str] = "Dovecot"

    @property
    def words(self) -> Words:
        return WORDS["dovecot_config_version" in self.whole.settings]

    def library(self, host: Host) -> Library:
        # The main process has none; whoever takes the logins loads this module.
        return crypto_library.linked(host, _module(host))

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        protocol = self.protocols[endpoint.port]
        required, trusted = (
            self._setting(protocol, "ssl") == REQUIRED,
            self._setting(protocol, TRUSTED),
        )
        open_to = self._plain(protocol)
        if endpoint.begins == AT_ONCE or ((required or not open_to) and not trusted):
            return Clear(open=False, evidence=(Evidence("doveconf", self._said(protocol)),))
        evidence = [Evidence("doveconf ssl", printable(self._setting(protocol, "ssl")), REQUIRED)]
        evidence += [Evidence("doveconf", printable(one)) for one in open_to]
        evidence += [Evidence(f"doveconf {TRUSTED}", printable(trusted), "nothing")] if trusted else []
        pattern = f"{next(name for name, words in SERVICES.items() if words[1] == protocol)}: (Login|Logged in): "
        found = logs.read(host, self.unit, pattern) if self.unit else None
        return logs.clear(found, _came(found), Clear(True, tuple(evidence)), FURTHER)

    def _plain(self, protocol: str) -> list[str]:
        """What lets people log in without TLS."""
        name, safe = self.words.plaintext
        told = self._setting(protocol, name)
        mechanisms = self._setting(protocol, "auth_mechanisms").lower().split()
        other = [one for one in mechanisms if one not in PLAIN]
        return [f"{name} = {told}"] * (told != safe) + [f"auth_mechanisms = {' '.join(other)}"] * bool(other)

    def _said(self, protocol: str) -> str:
        return f"ssl = {self._setting(protocol, 'ssl')}, {' = '.join(self.words.plaintext)}"

    def _setting(self, protocol: str, name: str) -> str:
        """What is in force for all clients of a protocol."""
        for block in self.whole.named("protocol"):
            if block.name == protocol and name in block.settings:
                return block.settings[name]
        return self.whole.flat(name)

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        if wanted.require and any(self._setting(one, TRUSTED) for one in self.protocols.values()):
            raise Refused(
                f"whoever comes from {TRUSTED} needs no TLS whatever else is set; take the networks out there"
            )
        settings = {**wanted_settings(wanted.terms, self.words), **self._shown(host, wanted)}
        text = self._text(settings, wanted)
        self._refuse_old(host, wanted.terms)
        self._refuse_outweighed(host, {*settings, *({"ssl", self.words.plaintext[0]} if wanted.require else ())})
        if read_now(host, f"{FOLDER}/{OWN}") == text:
            raise Refused("its configuration says so already; run systemctl reload on it, and see what it logs")
        if not self.unit:
            raise Refused("no unit of systemd runs it, so nobody would tell it of its new configuration")
        spoken = [end for end in self.endpoints if end.begins != NEVER or end.port in wanted.offer]
        begins = {
            port: start for start, name in SERVICES.values() for port, one in self.protocols.items() if one == name
        }
        ends = [end if end.begins != NEVER else dataclasses.replace(end, begins=begins[end.port]) for end in spoken]
        pairs = [*wanted.offer.values(), *(pair for end in self.endpoints if not wanted.offer for pair in end.pairs)]
        return (
            *proof.together(pairs),
            write_file(host, f"{FOLDER}/{OWN}", text),
            Check("see that Dovecot takes its configuration", ("doveconf", "-n")),
            Activate(self.unit, "reload", proof.ports(self.endpoints)),
            *proof.speaks(proof.asked(host, ends, wanted.offer)),
        )

    def _shown(self, host: Host, wanted: Wanted) -> dict[str, str]:
        """The certificate for what does not show a good one yet; Dovecot has one for all who name no server."""
        pair = next(iter(wanted.offer.values()), None)
        certificate, key = self.words.pair
        if pair is None:
            # What an earlier run gave it stays.
            written = (line.partition(" = ") for line in (read_now(host, f"{FOLDER}/{OWN}") or "").splitlines())
            return {name: value for name, _equals, value in written if name in ("ssl", certificate, key)}
        return {"ssl": "yes", certificate: f"{self.words.path}{pair.certificate}", key: f"{self.words.path}{pair.key}"}

    def _text(self, settings: t.Mapping[str, str], wanted: Wanted) -> str:
        """What an earlier run made of it stays: required where it was."""
        lines = [f"{name} = {value}\n" for name, value in settings.items()]
        asked = {self.protocols[port] for port in wanted.require}
        asked |= {one for one in self.protocols.values() if self._setting(one, "ssl") == REQUIRED}
        # Dovecot 2.4 does not start where TLS is required and passwords may come in clear.
        insists = ("ssl = required\n", f"{' = '.join(self.words.plaintext)}\n")
        if asked >= set(self.protocols.values()):
            lines = [*insists, *(line for line in lines if not line.startswith("ssl = "))]
        else:
            lines += [f"protocol {name} {{\n  {'  '.join(insists)}}}\n" for name in sorted(asked)]
        return HEADER + "".join(lines)

    def _refuse_old(self, host: Host, terms: Terms) -> None:
        """Dovecot before 2.3.15 has no word for TLS 1.3 alone, and ends over it."""
        newest = terms.protocols[0].encode()
        if (
            self.words == WORDS[False]
            and newest == b"TLSv1.3"
            and newest not in host.read_part(_module(host), MODULE_SIZE)
        ):
            raise Refused("this Dovecot cannot be told to speak TLS 1.3 alone; upgrade it, or ask for intermediate")

    def _refuse_outweighed(self, host: Host, names: set[str]) -> None:
        """Refuse where our file is not read, or something behind it says something else."""
        for block in self.whole.named(*FILTERS):
            found = sorted(names & set(block.settings))
            if found and not (block.kind == "protocol" and block.settings.get("ssl") == REQUIRED):
                where = printable(f"{block.kind} {block.name}")
                raise Refused(f"{found[0]} in the block {where} outweighs it; take it out there")
        for path, after in _behind(host):
            found_lines = dovecot_conf.lines_setting(after, names)
            if found_lines:
                raise Refused(f"{path} sets {found_lines[0][1]} behind {OWN}; take it out there")


def _behind(host: Host) -> list[tuple[str, str]]:
    """What is read after our file: (path, text). Raises Refused where ours is not read at all."""
    text = host.read_text(CONFIG)
    including = re.search(r"^[ \t]*!include(?:_try)?[ \t]+(\S*conf\.d/\*\.conf)[ \t]*$", text, re.MULTILINE)
    if not including:
        raise Refused(f"{CONFIG} includes no conf.d/*.conf for a file of our own")
    pattern = os.path.join(FOLDER, including[1])
    if not fnmatch.fnmatch(f"{FOLDER}/{OWN}", pattern):
        raise Refused(f"{CONFIG} includes {printable(pattern)}, which is no folder for a file of our own")
    later = [path for path in host.glob(pattern) if path > f"{FOLDER}/{OWN}"]
    rest = text[including.end() :]
    named = re.findall(r"^[ \t]*!include(?:_try)?[ \t]+(\S+)[ \t]*$", rest, re.MULTILINE)
    later += [path for name in named for path in host.glob(os.path.join(FOLDER, name))]
    return [(CONFIG, rest), *((path, host.read_text(path)) for path in later)]


def _module(host: Host) -> str:
    paths = [f"{folder}/libssl_iostream_openssl.so" for folder in MODULES]
    return next((path for path in paths if host.exists(path)), paths[0])


def find(host: Host) -> t.Iterator[Dovecot]:
    """The one that listens. Raises HostError where doveconf does not tell."""
    held = [item for item in host.once(sockets.read) if item.process == PROCESS and item.protocol == "tcp"]
    for pid in sorted({item.pid for item in held}):
        whole = _whole(host)
        own = [item for item in held if item.pid == pid]
        served = {port: words for port, words in _served(whole).items() if port in {item.port for item in own}}
        ends = tuple(_endpoint(whole, port, own, *served[port]) for port in sorted(served))
        protocols = {port: name for port, (_begins, name, _place) in served.items()}
        yield Dovecot(own[0].unit, (pid,), ends, whole, protocols)


def _whole(host: Host) -> Block:
    # With -P, since 2.3 hides the path of the key; what else that shows leaves this file nowhere.
    done = host.ask("doveconf", "-aP")
    if done.rc != 0:
        raise HostError("doveconf does not tell: run doveconf -n, and put right what it complains of")
    return dovecot_conf.parse(done.stdout)


def _served(whole: Block) -> dict[int, tuple[str, str, str]]:
    """By port: how TLS begins there, what Dovecot calls the protocol, and where the configuration has it."""
    found = {}
    for service in whole.named("service"):
        for listener in service.named("inet_listener") if service.name in SERVICES else ():
            port, at_once = LISTENERS.get(listener.name, (0, False))
            told = listener.settings
            port = int(told["port"]) if told.get("port", "").isdigit() else port
            at_once = told["ssl"] == "yes" if "ssl" in told else at_once
            begins, protocol = SERVICES[service.name]
            place = f"service {service.name}, inet_listener {printable(listener.name)}"
            found[port] = (AT_ONCE if at_once else begins, protocol, place)
    return found


def _endpoint(
    whole: Block, port: int, listeners: list[sockets.Listener], begins: str, _name: str, place: str
) -> Endpoint:
    named = [block for block in whole.named("local_name") if _pairs(block)]
    names = tuple(name for block in named for name in block.name.split())
    pairs = tuple(dict.fromkeys(pair for block in (whole, *named) for pair in _pairs(block)))
    addresses = tuple(dict.fromkeys(item.address for item in listeners if item.port == port))
    off = whole.settings.get("ssl") == "no" or not pairs
    if off:
        return Endpoint(port, addresses, NEVER, source=place)
    return Endpoint(port, addresses, begins, names, pairs, place, made_up(pairs))


def _pairs(block: Block) -> t.Iterator[Pair]:
    for words in WORDS.values():
        certificate, key = (block.flat(name).lstrip("<") for name in words.pair)
        if certificate.startswith("/"):
            yield Pair(certificate, key)


def _came(found: logs.Log | None) -> t.Iterator[tuple[str, float]]:
    """Who logged in without TLS from another host."""
    for ago, line in found.lines if found else ():
        match = _LOGIN.search(line)
        if match and ", TLS" not in f",{match['rest']}" and match["peer"] != match["own"]:
            yield f"{match['user']} from {match['peer']}", ago


def wanted_settings(terms: Terms, words: Words) -> dict[str, str]:
    """A profile in Dovecot's words."""
    found = {"ssl_min_protocol": terms.protocols[0], "ssl_curve_list": ":".join(terms.groups)}
    if terms.ciphers:
        found["ssl_cipher_list"] = ":".join(terms.ciphers)
    return {**found, words.prefer[0]: words.prefer[1]}
