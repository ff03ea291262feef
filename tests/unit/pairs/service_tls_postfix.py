# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of service_tls: Postfix 3.7 for submission, whose postconf reads main.cf and master.cf as they are."""

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
UNIT = "postfix@-.service"
MAIN, MASTER = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
DEFAULTS = {
    "mail_version": "3.7.11",
    "shlib_directory": "/usr/lib/postfix",
    "smtpd_tls_protocols": ">=TLSv1",
    "smtpd_tls_mandatory_protocols": ">=TLSv1",
    "smtpd_tls_ciphers": "medium",
    "tls_eecdh_auto_curves": "X25519 X448 prime256v1 secp521r1 secp384r1",
    "syslog_name": "postfix",
}
INSTALLED = (
    "smtpd_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem\n"
    "smtpd_tls_key_file = /etc/ssl/private/ssl-cert-snakeoil.key\n"
    "smtpd_tls_security_level = may\n"
    "mynetworks = 127.0.0.0/8\n\t[::1]/128\n"
)
GUIDELINE = (
    "smtpd_tls_protocols = >=TLSv1.2\nsmtpd_tls_ciphers = high\n"
    "tls_high_cipherlist = ECDHE-RSA-AES128-GCM-SHA256\ntls_eecdh_auto_curves = X25519 prime256v1\n"
)


def postfix(main: str, *options: str, journal: t.Any = None) -> t.Callable[[Machine], None]:
    """One service that takes mail at PORT, with these options in master.cf."""

    def lay(machine: Machine) -> None:
        machine.write(MAIN, main)
        lines = "".join(f"  -o {option}\n" for option in options)
        machine.write(MASTER, f"# a comment\n{PORT} inet n - y - - smtpd\n{lines}pickup unix n - y 60 1 pickup\n")
        machine.programs["postconf"] = lambda argv, stdin: Completed(0, postconf(machine, argv), "")
        machine.programs["postfix"] = lambda argv, stdin: Completed(0, "", "")
        if journal:
            machine.programs["sh"] = journal
        played_mail.linked(machine, "/usr/lib/postfix/libpostfix-tls.so")
        played_mail.deployed(machine, "mail")
        machine.unit(UNIT, process="master", sockets=[("tcp", "127.0.0.1", PORT)])
        machine.servers[PORT] = serve(machine)
        environment(machine)
        played_mail.tools(machine, UNIT)
        systemctl = machine.programs["systemctl"]

        def play(argv: t.Sequence[str], stdin: str | None) -> Completed:
            done = systemctl(argv, stdin)
            environment(machine)
            return done

        machine.programs["systemctl"] = play

    return lay


def environment(machine: Machine) -> None:
    machine.write("/proc/100/environ", b"LANG=C\0MAIL_CONFIG=/etc/postfix\0")


def serve(machine: Machine) -> t.Any:
    offer = b"250-mail.example.org\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n"
    with_tls = played_mail.starttls(b"220 mail.example.org ESMTP\r\n", offer, lambda: speaks(machine))
    return with_tls


def settings(machine: Machine) -> dict[str, str]:
    """main.cf as Postfix reads it: the last of a name counts, white space continues a line."""
    text = re.sub(r"\n[ \t]+", " ", machine.path(MAIN).read_text())
    found = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    own = {name.strip(): value.strip() for name, _equals, value in found}
    options = re.findall(r"-o (\w+)=(\S*)", machine.path(MASTER).read_text())
    return {**DEFAULTS, **own, **{f"-o {name}": value for name, value in options}}


def postconf(machine: Machine, argv: t.Sequence[str]) -> str:
    """postconf -c FOLDER -x NAME..., or -M."""
    if argv[3] == "-M":
        text = re.sub(r"\n[ \t]+", " ", machine.path(MASTER).read_text())
        return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("#"))
    known = settings(machine)
    return "".join(f"{name} = {known.get(name, '')}\n" for name in argv[4:])


def speaks(machine: Machine) -> Speaks:
    known = settings(machine)
    protocols = known.get("-o smtpd_tls_protocols", known["smtpd_tls_protocols"])
    least = protocols.partition(">=")[2]
    ciphers = known.get("tls_high_cipherlist", "") if known["smtpd_tls_ciphers"] == "high" else ""
    return played_web.speaks(OLD[OLD.index(least) :], ciphers, known["tls_eecdh_auto_curves"].replace(" ", ":"))


MAIL = {"services": [played_mail.entry("mail", PORT)]}
#: What its package made up for itself is put aside for what lies ready.
SHOWN = frozenset({"offered"})
CASES = (
    Case(
        "postfix-as-installed",
        postfix(INSTALLED),
        MAIL,
        fails=TERMS | SHOWN | {"clear_text"},
        fixed=TERMS | SHOWN,
    ),
    Case(
        "postfix-with-options-of-its-own-and-nobody-in-clear",
        postfix(INSTALLED, "smtpd_tls_protocols=>=TLSv1", journal=played_mail.journal()),
        MAIL,
        fails=TERMS | SHOWN | {"clear_text"},
        fixed=TERMS | SHOWN | {"clear_text"},
    ),
    Case(
        "postfix-with-somebody-in-clear",
        postfix(
            INSTALLED + GUIDELINE,
            journal=played_mail.journal(
                "postfix/smtpd[9]: disconnect from a.example.org[192.0.2.7] ehlo=1 auth=1 mail=1 quit=1 commands=4"
            ),
        ),
        MAIL,
        fails=SHOWN | {"clear_text"},
        passes=CLEAN - SHOWN,
        fixed=SHOWN,
    ),
    Case(
        "postfix-without-tls",
        postfix("smtpd_tls_security_level = none\n"),
        MAIL,
        fails=SHOWN | {"clear_text"},
        fixed=SHOWN,
    ),
    Case(
        "postfix-as-the-guideline-has-it",
        postfix(INSTALLED + GUIDELINE, "smtpd_tls_security_level=encrypt"),
        MAIL,
        fails=SHOWN,
        passes=CLEAN - SHOWN | {"clear_text"},
        fixed=SHOWN,
    ),
)
