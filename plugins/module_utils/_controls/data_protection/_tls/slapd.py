# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""slapd (OpenLDAP): judged and changed in cn=config, over its Unix socket as root (EXTERNAL), while it runs.

It may have been built with OpenSSL or with GnuTLS (Debian before 13). With GnuTLS all of protocols, ciphers and groups
are in one priority string, and olcTLSProtocolMin and olcTLSECName count for nothing. slapd takes up each change at
once, refuses a bad one, and does not let go of its last certificate while it runs; so taking that back needs a restart.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls import logs, proof
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    AT_ONCE,
    NEVER,
    Clear,
    Endpoint,
    Server,
    Terms,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Statement
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import GNUTLS, Library
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PROCESS = "slapd"
FOLDER = "/etc/ldap/slapd.d"
#: Where TLS begins at once, by the scheme of slapd's -h.
PORTS = {"ldap": 389, "ldaps": 636}
CERTIFICATE, KEY, CIPHERS = "olcTLSCertificateFile", "olcTLSCertificateKeyFile", "olcTLSCipherSuite"
PROTOCOL, GROUPS, SECURITY, LOG = "olcTLSProtocolMin", "olcTLSECName", "olcSecurity", "olcLogLevel"
ATTRIBUTES = (CERTIFICATE, KEY, CIPHERS, PROTOCOL, GROUPS, SECURITY, LOG)
ASK = (
    *("ldapsearch", "-Q", "-LLL", "-o", "ldif-wrap=no", "-Y", "EXTERNAL", "-H", "ldapi:///"),
    *("-b", "cn=config", "-s", "base", *ATTRIBUTES),
)
#: How olcTLSProtocolMin counts (slapd-config(5)).
NUMBERS = {"TLSv1.2": "3.3", "TLSv1.3": "3.4"}
#: What any version takes, with OpenSSL and with GnuTLS.
NEUTRAL = {CIPHERS: "DEFAULT", PROTOCOL: "3.1", GROUPS: "prime256v1"}
NEUTRAL_GNUTLS = {**NEUTRAL, CIPHERS: "NORMAL"}
#: GnuTLS's words (its manual, Priority Strings).
VERSIONS = {"TLSv1.2": "VERS-TLS1.2", "TLSv1.3": "VERS-TLS1.3"}
CURVES = {"X25519": "GROUP-X25519", "prime256v1": "GROUP-SECP256R1", "secp384r1": "GROUP-SECP384R1"}
EXCHANGES = {"ECDHE-ECDSA-": "ECDHE-ECDSA", "ECDHE-RSA-": "ECDHE-RSA"}
SYMMETRIC = {"AES128-GCM": "AES-128-GCM", "AES256-GCM": "AES-256-GCM", "CHACHA20": "CHACHA20-POLY1305"}
#: What its own Unix socket counts for (olcLocalSSF), so that root still gets in; TLS of the profile has 128 at least.
STRENGTH = 71
#: What of olcLogLevel tells of connections.
STATS = ("stats", "256", "any", "-1")
FURTHER = "set olcLogLevel to stats, so that slapd tells who comes how"
#: Reads LDIF; the first line is "# " and what is to be done with it.
TOLD = """
set -eu
umask 077
unit=$1 folder=$2 asked=$3 dropped=$4 again=$5
read -r _ verb
socket="-Q -Y EXTERNAL -H ldapi:///"
modify() { ldapmodify $socket >/dev/null; }
told() { ldapsearch $socket -LLL -o ldif-wrap=no -b cn=config -s base "$@" | grep '^olc' | LC_ALL=C sort; }
case $verb in
do)
    modify && exit 0
    [ -z "$again" ] || printf '%s\\n' "$again" | modify
    echo "slapd refuses it; it reads its files as its own user, and as AppArmor lets it" >&2
    exit 1
    ;;
undo)
    ldif=$(cat)
    [ -z "$ldif" ] || printf '%s\\n' "$ldif" | modify
    [ -n "$dropped" ] || exit 0
    trap 'systemctl start -- "$unit"' EXIT
    systemctl stop -- "$unit"
    awk -v names="$dropped" 'BEGIN { split(names, list, " "); for (at in list) drop[list[at]] = 1 }
        /^# CRC32 / { next }
        /^[^ ]/ { gone = (substr($0, 1, index($0, ":") - 1) in drop) }
        !gone' "$folder/cn=config.ldif" >"$folder/.infosec-principles"
    cat "$folder/.infosec-principles" >"$folder/cn=config.ldif"
    rm "$folder/.infosec-principles"
    ;;
probe)
    wanted=$(cat)
    found=$(told $asked)
    if [ "$found" = "$wanted" ]; then echo 1; else echo 0; fi
    ;;
esac
"""
_ACCEPT = re.compile(r"conn=(?P<number>\d+) fd=\d+ ACCEPT from IP=(?P<peer>\S+):\d+ \(IP=")
_TLS = re.compile(r"conn=(?P<number>\d+) fd=\d+ TLS established")
_BIND = re.compile(r"conn=(?P<number>\d+) op=\d+ (?:BIND|SRCH)\b")


@dataclasses.dataclass(frozen=True)
class Slapd(Server):
    """One running slapd. folder: of cn=config. settings: what of cn=config is about TLS, in effect."""

    folder: str
    settings: t.Mapping[str, tuple[str, ...]]

    PRODUCT: t.ClassVar[str] = "OpenLDAP"

    def library(self, host: Host) -> Library:
        return crypto_library.of(host, self.pids[0])

    def clear(self, host: Host, endpoint: Endpoint) -> Clear:
        told = self.settings.get(SECURITY, ())
        if endpoint.begins == AT_ONCE or _insists(told):
            return Clear(open=False, evidence=(Evidence(f"cn=config {SECURITY}", " ".join(told)),) if told else ())
        evidence = Evidence(f"cn=config {SECURITY}", printable(" ".join(told)) or "(none)", f"ssf={STRENGTH}")
        levels = {word.lower() for value in self.settings.get(LOG, ()) for word in value.split()}
        found = logs.read(host, self.unit, "conn=[0-9]+ ") if self.unit and levels & set(STATS) else None
        return logs.clear(found, _came(found), Clear(True, (evidence,)), FURTHER)

    def changes(self, host: Host, wanted: Wanted) -> tuple[Change, ...]:
        if not self.unit:
            raise Refused("no unit of systemd runs it, so it could not be started again")
        new = {**self._profile(host, wanted.terms), **self._shown(wanted), **self._insisting(wanted)}
        new = {name: value for name, value in new.items() if self.settings.get(name, ()) != (value,)}
        if not new:
            raise Refused("cn=config says so already; see what it logs")
        neutral = NEUTRAL_GNUTLS if self.library(host).name == GNUTLS else NEUTRAL
        spoken = [end for end in self.endpoints if end.begins != NEVER or end.port in wanted.offer]
        ends = [end if end.begins != NEVER else dataclasses.replace(end, begins="ldap") for end in spoken]
        pairs = [*wanted.offer.values(), *(pair for end in self.endpoints if not wanted.offer for pair in end.pairs)]
        return (
            *proof.together(pairs),
            *proof.readable(host, self.pids[0], wanted.offer.values()),
            self._statement(new, neutral),
            *proof.speaks(ends),
        )

    def _profile(self, host: Host, terms: Terms) -> dict[str, str]:
        if self.library(host).name == GNUTLS:
            return {CIPHERS: priority(terms)}
        ciphers = {CIPHERS: ":".join(terms.ciphers)} if terms.ciphers else {}
        return {**ciphers, PROTOCOL: NUMBERS[terms.protocols[0]], GROUPS: ":".join(terms.groups)}

    def _shown(self, wanted: Wanted) -> dict[str, str]:
        pair = next(iter(wanted.offer.values()), None)
        return {CERTIFICATE: pair.certificate, KEY: pair.key} if pair else {}

    def _insisting(self, wanted: Wanted) -> dict[str, str]:
        if not wanted.require:
            return {}
        if len(self.settings.get(SECURITY, ())) > 1:
            raise Refused(f"cn=config has several values of {SECURITY}; make them one with ssf={STRENGTH}")
        words = [word for value in self.settings.get(SECURITY, ()) for word in value.split()]
        return {SECURITY: " ".join([*(word for word in words if not word.startswith("ssf=")), f"ssf={STRENGTH}"])}

    def _statement(self, new: t.Mapping[str, str], neutral: t.Mapping[str, str]) -> Statement:
        old = {name: self.settings.get(name, ()) for name in new}
        names = " ".join(sorted(new))
        # slapd lets go of anything but its last certificate and key while it runs.
        dropped = [name for name in sorted(new) if not old[name]]
        dropped = dropped if {CERTIFICATE, KEY} & set(dropped) else []
        back = {name: values for name, values in old.items() if name not in dropped}
        return Statement(
            "tell slapd of its TLS in cn=config",
            "".join(f"{name}: {value}\n" for name in sorted(old) for value in old[name]),
            "".join(f"{name}: {new[name]}\n" for name in sorted(new)),
            ("sh", "-c", TOLD, "sh", self.unit, self.folder, names, " ".join(dropped), self._again(old, neutral)),
            f"# do\n{_modify({name: (value,) for name, value in new.items()})}",
            f"# undo\n{_modify(back) if back else ''}",
            "# probe\n" + "\n".join(f"{name}: {new[name]}" for name in sorted(new)),
        )

    def _again(self, old: t.Mapping[str, tuple[str, ...]], neutral: t.Mapping[str, str]) -> str:
        """What has slapd speak TLS as before: once it has refused something, it speaks none, and forgets only what it
        is told anew."""
        if not self.settings.get(CERTIFICATE):
            return ""
        missing = {name: (value,) for name, value in neutral.items() if name in old and not old[name]}
        known = {name: values for name, values in old.items() if values}
        told = _modify({**known, **missing, CERTIFICATE: self.settings[CERTIFICATE]})
        return f"{told}\n{_modify(dict.fromkeys(missing, ()))}" if missing else told


def priority(terms: Terms) -> str:
    """A profile as GnuTLS's priority string (its manual, Priority Strings)."""
    exchanges = [word for mark, word in EXCHANGES.items() if any(name.startswith(mark) for name in terms.ciphers)]
    symmetric = [word for mark, word in SYMMETRIC.items() if any(mark in name for name in terms.ciphers or SYMMETRIC)]
    parts = {
        "VERS": [VERSIONS[name] for name in reversed(terms.protocols)],
        "KX": exchanges or list(EXCHANGES.values()),
        "CIPHER": symmetric,
        "MAC": ["AEAD"],
        "GROUP": [CURVES[name] for name in terms.groups if name in CURVES],
    }
    return ":".join(["SECURE128", *(word for kind, found in parts.items() for word in _only(kind, found))])


def _only(kind: str, words: t.Iterable[str]) -> list[str]:
    return [f"-{kind}-ALL", *(f"+{word}" for word in words)]


def find(host: Host) -> t.Iterator[Slapd]:
    """The one that listens. Raises HostError where it does not tell its configuration."""
    held: dict[int, list[sockets.Listener]] = {}
    for item in host.once(sockets.read):
        if item.process == PROCESS and item.protocol == "tcp":
            held.setdefault(item.pid, []).append(item)
    for pid, listeners in sorted(held.items()):
        words = host.read_part(f"/proc/{pid}/cmdline", 65536).decode("utf-8", "replace").split("\0")
        if "-f" in words:
            raise HostError("slapd reads slapd.conf, which it does not tell of; have slaptest turn it into cn=config")
        folder = words[words.index("-F") + 1] if "-F" in words[:-1] else FOLDER
        settings = _told(host)
        ends = _endpoints(listeners, _at_once(words), settings)
        yield Slapd(listeners[0].unit, (pid,), ends, folder, settings)


def _told(host: Host) -> dict[str, tuple[str, ...]]:
    done = host.ask(*ASK)
    if done.rc != 0 or "dn: cn=config" not in done.stdout:
        raise HostError("slapd does not tell root its configuration (ldapsearch -Y EXTERNAL -H ldapi:/// -b cn=config)")
    found: dict[str, tuple[str, ...]] = {}
    for line in done.stdout.splitlines():
        name, _colon, value = line.partition(":")
        if name in ATTRIBUTES:
            found[name] = (*found.get(name, ()), _value(value))
    return found


def _value(text: str) -> str:
    """LDIF (RFC 2849): what begins with a second colon is base64."""
    return base64.b64decode(text[1:]).decode("utf-8", "replace") if text.startswith(":") else text.strip()


def _at_once(words: list[str]) -> set[int]:
    """The ports of ldaps:// in slapd's -h."""
    urls = words[words.index("-h") + 1].split() if "-h" in words[:-1] else []
    found = (re.match(r"ldaps://(?:\[[^]]*\]|[^:/]*)(?::(\d+))?", url) for url in urls)
    return {int(match[1] or PORTS["ldaps"]) for match in found if match}


def _endpoints(
    listeners: list[sockets.Listener], at_once: set[int], settings: t.Mapping[str, tuple[str, ...]]
) -> tuple[Endpoint, ...]:
    pairs = tuple(
        Pair(certificate, key) for certificate in settings.get(CERTIFICATE, ()) for key in settings.get(KEY, ())
    )
    return tuple(
        Endpoint(
            port,
            tuple(dict.fromkeys(item.address for item in listeners if item.port == port)),
            AT_ONCE if port in at_once else "ldap" if pairs else NEVER,
            pairs=pairs,
            source=f"cn=config, {CERTIFICATE}",
        )
        for port in sorted({item.port for item in listeners})
    )


def _insists(values: t.Iterable[str]) -> bool:
    """Whether everything but binding and asking for TLS needs at least the strength that clear text has not."""
    words = [word.partition("=") for value in values for word in value.lower().split()]
    return any(name in ("ssf", "tls") and strength.isdigit() and int(strength) > 1 for name, _equals, strength in words)


def _modify(values: t.Mapping[str, tuple[str, ...]]) -> str:
    parts = ["".join([f"replace: {name}\n", *(f"{name}: {one}\n" for one in values[name])]) for name in sorted(values)]
    return "dn: cn=config\nchangetype: modify\n" + "-\n".join(parts)


def _came(found: logs.Log | None) -> t.Iterator[tuple[str, float]]:
    """Who asked or logged in on a connection without TLS, this host's own among them: they would be refused too."""
    peers: dict[str, str] = {}
    for ago, line in found.lines if found else ():
        accepted, secured, asked = _ACCEPT.search(line), _TLS.search(line), _BIND.search(line)
        if accepted:
            peers[accepted["number"]] = accepted["peer"]
        elif secured:
            peers.pop(secured["number"], None)
        elif asked and asked["number"] in peers:
            yield peers[asked["number"]], ago
