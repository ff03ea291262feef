# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of local_credentials: a played usermod that locks as shadow-utils does, and the files of web servers."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .local_passwords import KEY, STRONG
from .machine import Machine
from .ssh_pivoting import DEBIAN, sshd

SUDO = "User ann may run the following commands on here:\n    (ALL : ALL) {}\n"
NGINX = "http {\n  server {\n    auth_basic x;\n    auth_basic_user_file htpasswd;\n  }\n}\n"
APACHE = "<Location />\nAuthType Digest\nAuthUserFile digest\nRequire valid-user\n</Location>\n"
CERTIFICATES = f"{DEBIAN}UsePAM yes\nTrustedUserCAKeys /etc/ssh/ca.pub\n"
APR1 = "ann:$apr1$F5Jx5fEx$3jqFjmCn6lvxu/JOlErX80\n"


def host(
    *, config: str = f"{DEBIAN}UsePAM yes\n", key: str = KEY, sudo: str = "", files: t.Mapping[str, str] | None = None
) -> t.Callable[[Machine], None]:
    """A machine on which ann has a password, and a key. sudo: what she may run."""

    def lay(machine: Machine) -> None:
        sshd(config)(machine)
        machine.write("/etc/shadow", f"root:{STRONG}:20000:0:99999:7:::\nann:{STRONG}:20000:0:99999:7:::\n", mode=0o640)
        machine.write("/home/ann/.ssh/authorized_keys", key)
        machine.write("/etc/pam.d/sshd", "auth required pam_unix.so\n")
        machine.program("usermod", lambda argv, stdin: usermod(machine, argv))
        machine.programs["grep"] = lambda argv, stdin: grep(machine, argv)
        if sudo:
            machine.program("sudo", lambda argv, stdin: Completed(0, SUDO.format(sudo), ""))
        for name, text in (files or {}).items():
            machine.write(name, text)

    return lay


def locked(machine: Machine) -> None:
    host()(machine)
    usermod(machine, ["usermod", "-L", "ann"])


def usermod(machine: Machine, argv: t.Sequence[str]) -> Completed:
    """-L puts a "!" before the hash, -U takes it away; nothing else changes."""
    path = machine.path("/etc/shadow")
    text = path.read_text(encoding="utf-8")
    old, new = (f"{argv[2]}:!", f"{argv[2]}:")[:: 1 if argv[1] == "-U" else -1]
    path.write_text(text.replace(f"\n{old}", f"\n{new}"), encoding="utf-8")
    return Completed(0, "", "")


def grep(machine: Machine, argv: t.Sequence[str]) -> Completed:
    text = machine.path(argv[3]).read_text(encoding="utf-8")
    return Completed(0 if re.search(argv[2], text, re.MULTILINE) else 1, "", "")


HASH, WEB, SERVICES = frozenset({"local_hash"}), frozenset({"web_passwords"}), frozenset({"service_passwords"})

CASES = (
    Case("a key and a password", host(), fails=HASH, passes=WEB | SERVICES, fixed=HASH),
    Case("a password that is locked", locked, passes=HASH),
    Case("a program's password", host(), {"automation": [{"name": "ann"}]}, passes=HASH),
    Case("a password for emergencies", host(), {"rescue_accounts": ["root", "ann"]}, passes=HASH),
    Case("a password alone", host(key="# none yet\n"), passes=WEB),
    Case("certificates alone", host(config=CERTIFICATES, key=""), fails=HASH),
    Case(
        "certificates that everybody holds",
        host(config=CERTIFICATES, key=""),
        {"certificates_suffice": True},
        fails=HASH,
        fixed=HASH,
    ),
    Case("sudo without it", host(sudo="NOPASSWD: ALL"), fails=HASH, fixed=HASH),
    Case("sudo needs it", host(sudo="ALL"), fails=HASH),
    Case("sudo may be lost", host(sudo="ALL"), {"lock_sudo_passwords": True}, fails=HASH, fixed=HASH),
    Case("an sshd without PAM", host(config=f"{DEBIAN}UsePAM no\n"), fails=HASH),
    Case("a factor", host(config=f"{DEBIAN}UsePAM yes\nAuthenticationMethods publickey,password\n"), fails=HASH),
    Case(
        "basic authentication",
        host(key="", files={"/etc/nginx/nginx.conf": NGINX, "/etc/nginx/htpasswd": APR1}),
        fails=WEB,
        passes=SERVICES,
    ),
    Case(
        "digest authentication",
        host(key="", files={"/etc/apache2/apache2.conf": APACHE, "/etc/apache2/digest": f"ann:x:{'0' * 32}\n"}),
        fails=WEB,
    ),
    Case("a file without users", host(key="", files={"/etc/nginx/nginx.conf": NGINX}), passes=WEB),
    Case("users of Dovecot", host(key="", files={"/etc/dovecot/users": "ann:{BLF-CRYPT}x\n"}), fails=SERVICES),
)
