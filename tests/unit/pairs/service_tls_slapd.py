# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: slapd of Debian 12 (GnuTLS) and 13 (OpenSSL), whose cn=config is a file of attributes here."""

from __future__ import annotations

import re
import socket
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_mail, played_tls, played_web
from .case import Case
from .machine import Machine
from .played_mail import CLEAN, OLD, TERMS
from .played_tls import Speaks

PORT = 389
UNIT, CONFIG = "slapd.service", "/etc/ldap/slapd.d/cn=config.ldif"
PAIR = "olcTLSCertificateFile: /etc/ssl/infosec/ldap/fullchain.pem\nolcTLSCertificateKeyFile: /etc/ssl/infosec/ldap/key.pem\n"
LIBRARIES = {
    "GnuTLS": ("libcrypto.so.3", "libgnutls.so.30.34.3"),
    "OpenSSL": ("libcrypto.so.3", "libssl.so.3"),
}
#: GnuTLS's words for what the played server knows.
WORDS = {"VERS-TLS1.2": "TLSv1.2", "VERS-TLS1.3": "TLSv1.3", "GROUP-X25519": "X25519", "GROUP-SECP256R1": "prime256v1"}
NUMBERS = {"3.1": "TLSv1", "3.3": "TLSv1.2", "3.4": "TLSv1.3"}
#: RFC 4511, section 4.14: success, and what a server without TLS says.
STARTED, REFUSED = bytes.fromhex("300c02010178070a010004000400"), bytes.fromhex("300c02010178070a010204000400")


def slapd(library: str, config: str, *, journal: t.Any = None) -> t.Callable[[Machine], None]:
    def lay(machine: Machine) -> None:
        machine.write(CONFIG, "".join(sorted(config.splitlines(keepends=True))), mode=0o600)
        machine.unit(
            UNIT,
            process="slapd",
            sockets=[("tcp", "0.0.0.0", PORT)],
            title="/usr/sbin/slapd\0-h\0ldap:/// ldapi:///\0-F\0/etc/ldap/slapd.d\0",
        )
        machine.servers[PORT] = lambda connection: serve(machine, connection)
        machine.programs["ldapsearch"] = lambda argv, stdin: Completed(0, f"dn: cn=config\n{told(machine)}", "")
        machine.programs["sh"] = lambda argv, stdin: shell(machine, argv, stdin or "", journal)
        played_mail.deployed(machine, "ldap")
        played_mail.tools(machine, UNIT)
        mapped = "".join(f"7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/{name}\n" for name in LIBRARIES[library])
        machine.write("/proc/100/maps", mapped)
        machine.write("/usr/lib/libcrypto.so.3", b"\0OpenSSL 3.5.9 1 Jan 2026\0")

    return lay


def told(machine: Machine) -> str:
    return "".join(sorted(machine.path(CONFIG).read_text().splitlines(keepends=True)))


def shell(machine: Machine, argv: t.Sequence[str], stdin: str, journal: t.Any) -> Completed:
    """What the change's script does with ldapmodify, or journalctl's answer."""
    first, _newline, ldif = stdin.partition("\n")
    if not first:
        return t.cast(Completed, journal(argv, stdin)) if journal else Completed(1, "", "")
    known = dict(line.split(": ", 1) for line in told(machine).splitlines())
    if first == "# probe":
        asked = [f"{name}: {known[name]}" for name in argv[6].split() if name in known]
        return Completed(0, f"{int(asked == ldif.splitlines())}\n", "")
    for name in re.findall(r"^replace: (\S+)$", ldif, re.MULTILINE):
        known.pop(name, None)
    known.update(dict(re.findall(r"^(olc\w+): (.+)$", ldif, re.MULTILINE)))
    for name in argv[7].split() if first == "# undo" else ():
        known.pop(name, None)
    machine.write(CONFIG, "".join(f"{name}: {known[name]}\n" for name in sorted(known)), mode=0o600)
    return Completed(0, "", "")


def serve(machine: Machine, connection: socket.socket) -> None:
    known = dict(line.split(": ", 1) for line in told(machine).splitlines())
    connection.recv(1024)
    connection.sendall(STARTED if "olcTLSCertificateFile" in known else REFUSED)
    if "olcTLSCertificateFile" in known:
        played_tls.hello(connection, speaks(known))


def speaks(known: t.Mapping[str, str]) -> Speaks:
    suite = known.get("olcTLSCipherSuite", "")
    words = [WORDS[word[1:]] for word in suite.split(":") if word[1:] in WORDS]
    if words:
        ours = [name for name in words if name in OLD]
        return played_web.speaks(ours, "ECDHE-RSA-AES128-GCM-SHA256", ":".join(words))
    least = NUMBERS[known.get("olcTLSProtocolMin", "3.1")]
    return played_web.speaks(OLD[OLD.index(least) :], suite, known.get("olcTLSECName", ""))


LDAP = {"services": [played_mail.entry("ldap", PORT)]}
GUIDELINE = (
    f"{PAIR}olcTLSCipherSuite: ECDHE-RSA-AES128-GCM-SHA256\nolcTLSProtocolMin: 3.3\nolcTLSECName: X25519:prime256v1\n"
)
STATS = "olcLogLevel: stats\n"
CASES = (
    Case(
        "slapd-without-tls",
        slapd("GnuTLS", "olcLogLevel: none\n"),
        LDAP,
        fails=frozenset({"offered", "clear_text"}),
        fixed=frozenset({"offered"}),
    ),
    Case(
        "slapd-with-gnutls-as-it-comes",
        slapd("GnuTLS", PAIR),
        LDAP,
        fails=TERMS | {"clear_text"},
        passes=frozenset({"offered"}),
        fixed=TERMS,
    ),
    Case(
        "slapd-with-openssl-as-it-comes-and-nobody-in-clear",
        slapd("OpenSSL", PAIR + STATS, journal=played_mail.journal()),
        LDAP,
        fails=TERMS | {"clear_text"},
        fixed=TERMS | {"clear_text"},
    ),
    Case(
        "slapd-with-somebody-in-clear",
        slapd(
            "OpenSSL",
            GUIDELINE + STATS,
            journal=played_mail.journal(
                "slapd[9]: conn=7 fd=12 ACCEPT from IP=192.0.2.7:40000 (IP=0.0.0.0:389)",
                'slapd[9]: conn=7 op=0 BIND dn="cn=admin,dc=example,dc=org" method=128',
            ),
        ),
        LDAP,
        fails=frozenset({"clear_text"}),
        passes=CLEAN,
    ),
    Case(
        "slapd-as-the-guideline-has-it",
        slapd("OpenSSL", f"{GUIDELINE}olcSecurity: ssf=71\n"),
        LDAP,
        passes=CLEAN | {"clear_text"},
    ),
)
