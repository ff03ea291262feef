# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: Dovecot 2.3 and 2.4; doveconf prints what it printed on Debian 11 and 13, with conf.d behind it."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_mail, played_web
from .case import Case
from .machine import Machine
from .played_mail import CLEAN, OLD, TERMS
from .played_tls import Speaks

PORT = played_web.listen(lambda connection: None)
UNIT, FOLDER = "dovecot.service", "/etc/dovecot/conf.d"
#: doveconf -aP of 2.3.13 and of 2.4.1 as installed, cut to what is about TLS and logins.
PRINTED = {
    "2.3": f"""# 2.3.13 (89f716dc2): /etc/dovecot/dovecot.conf
auth_mechanisms = plain
disable_plaintext_auth = yes
login_trusted_networks =
protocols = " imap"
service imap-login {{
  chroot = login
  inet_listener imap {{
    address =
    port = {PORT}
    ssl = no
  }}
  service_count = 1
}}
ssl = yes
ssl_cert = </etc/dovecot/private/dovecot.pem
ssl_cipher_list = ALL:!kRSA:!SRP:!kDHd:!DSS:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4:!ADH:!LOW@STRENGTH
ssl_curve_list =
ssl_key = </etc/dovecot/private/dovecot.key
ssl_min_protocol = TLSv1
""",
    "2.4": f"""# 2.4.1-4 (7d8c0e5759): /etc/dovecot/dovecot.conf
auth_allow_cleartext = no
auth_mechanisms =
dovecot_config_version = 2.4.0
login_trusted_networks =
protocols {{
  imap = yes
}}
ssl = yes
ssl_cipher_list = ALL:!kRSA:!SRP:!kDHd:!DSS:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4:!ADH:!LOW@STRENGTH
ssl_curve_list =
ssl_min_protocol = TLSv1.2
ssl_server_cert_file =
ssl_server_key_file =
service imap-login {{
  inet_listener imap {{
    port = {PORT}
  }}
  inet_listener imaps {{
  }}
}}
ssl_server {{
  cert_file = /etc/dovecot/private/dovecot.pem
  key_file = /etc/dovecot/private/dovecot.key
}}
""",
}
INSTALLED = "dict {\n}\n!include conf.d/*.conf\n!include_try local.conf\n"
GUIDELINE = (
    "ssl_min_protocol = TLSv1.2\nssl_cipher_list = ECDHE-RSA-AES128-GCM-SHA256\nssl_curve_list = X25519:prime256v1\n"
)


def dovecot(version: str, *own: str, main: str = INSTALLED, journal: t.Any = None) -> t.Callable[[Machine], None]:
    """Dovecot of a version, with lines of somebody in conf.d/50-own.conf."""

    def lay(machine: Machine) -> None:
        machine.write("/etc/dovecot/dovecot.conf", main)
        machine.write(f"{FOLDER}/50-own.conf", "".join(f"{line}\n" for line in own))
        machine.programs["doveconf"] = lambda argv, stdin: Completed(0, printed(machine, version), "")
        if journal:
            machine.programs["sh"] = journal
        played_mail.linked(machine, "/usr/lib/dovecot/modules/libssl_iostream_openssl.so")
        played_mail.deployed(machine, "mail")
        machine.unit(UNIT, process="dovecot", sockets=[("tcp", "127.0.0.1", PORT)])
        machine.servers[PORT] = played_mail.starttls(
            b"* OK Dovecot ready.\r\n",
            b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done.\r\n",
            lambda: speaks(machine, version),
        )
        played_mail.tools(machine, UNIT)

    return lay


def printed(machine: Machine, version: str) -> str:
    """What is built in, and what the files say; a name of 2.4 such as ssl_server_cert_file stands for one in a block."""
    text = "".join(path.read_text() for path in sorted(machine.path(FOLDER).glob("*.conf")))
    base = PRINTED[version]
    for name, value in re.findall(r"(?m)^ssl_server_(cert_file|key_file) = (.+)$", text):
        base = re.sub(rf"(?m)^(  {name} = ).+$", rf"\g<1>{value}", base)
    return base + text


def speaks(machine: Machine, version: str) -> Speaks:
    text = printed(machine, version)
    least = re.findall(r"^ssl_min_protocol = (.+)", text, re.MULTILINE)[-1]
    ciphers, curves = (
        re.findall(rf"^{name} =(.*)", text, re.MULTILINE)[-1].strip() for name in ("ssl_cipher_list", "ssl_curve_list")
    )
    return played_web.speaks(OLD[OLD.index(least) :], ciphers, curves)


MAIL = {"services": [played_mail.entry("mail", PORT)]}
CAME = "dovecot[9]: imap-login: Logged in: user=<ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=7, session=<x>"
#: What its package made up for itself is put aside for what lies ready.
SHOWN = frozenset({"offered"})
CASES = (
    Case(
        "dovecot-2.3-as-installed",
        dovecot("2.3"),
        MAIL,
        fails=TERMS | SHOWN,
        passes=frozenset({"clear_text"}),
        fixed=TERMS | SHOWN,
    ),
    Case(
        "dovecot-2.4-as-installed",
        dovecot("2.4"),
        MAIL,
        fails=TERMS - {"protocols"} | SHOWN,
        passes=frozenset({"clear_text", "protocols"}),
        fixed=TERMS - {"protocols"} | SHOWN,
    ),
    Case(
        "dovecot-2.4-with-passwords-in-clear-and-nobody-who-sends-one",
        dovecot("2.4", "auth_allow_cleartext = yes", journal=played_mail.journal()),
        MAIL,
        fails=frozenset({"clear_text", "ciphers", "groups"}) | SHOWN,
        fixed=frozenset({"clear_text", "ciphers", "groups"}) | SHOWN,
    ),
    Case(
        "dovecot-2.3-with-somebody-in-clear",
        dovecot("2.3", "disable_plaintext_auth = no", GUIDELINE, journal=played_mail.journal(CAME)),
        MAIL,
        fails=frozenset({"clear_text"}) | SHOWN,
        passes=CLEAN - SHOWN,
        fixed=SHOWN,
    ),
    Case(
        "dovecot-2.3-without-tls",
        dovecot("2.3", "ssl = no"),
        MAIL,
        fails=SHOWN,
        fixed=SHOWN,
    ),
    Case(
        "dovecot-with-somebody-elses-line-behind-ours",
        dovecot("2.3", main=f"{INSTALLED}ssl_min_protocol = TLSv1\n"),
        MAIL,
        fails=TERMS | SHOWN,
    ),
    Case(
        "dovecot-as-the-guideline-has-it",
        dovecot("2.3", GUIDELINE),
        MAIL,
        fails=SHOWN,
        passes=CLEAN - SHOWN | {"clear_text"},
        fixed=SHOWN,
    ),
)
