# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of local_passwords: played usermod, chage and passwd, which write /etc/shadow as shadow-utils do."""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import NOW, Machine
from .ssh_pivoting import sshd

PASSWD = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n"
STRONG = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$3jqFjmCn6lvxu/JOlErX8yUWJcQPO4fBiat3GkMiKrD"
MD5 = "$1$saltsalt$Q30LIs8F1kpk8mTT.cH1A/"
PAM = "password [success=1 default=ignore] pam_unix.so obscure yescrypt\n"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqDenmBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JKTs\n"
PASSWORDS = "Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication {}\n"


def accounts(ann: str, *, passwd: str = PASSWD, groups: str = "") -> t.Callable[[Machine], None]:
    """A machine whose account `ann` has this in /etc/shadow."""

    def lay(machine: Machine) -> None:
        machine.write("/etc/passwd", passwd)
        machine.write("/etc/group", "root:x:0:\nann:x:1000:\n")
        machine.write("/etc/shadow", f"root:*:20000:0:99999:7:::\nann:{ann}:20000:0:99999:7:::\n", mode=0o640)
        machine.write("/etc/gshadow", f"root:*::\nann:{groups or '!'}::\n", mode=0o640)
        machine.write("/etc/login.defs", "# defaults\nENCRYPT_METHOD YESCRYPT\n")
        machine.write("/etc/pam.d/common-password", PAM)
        machine.write("/etc/pam.d/common-auth", "auth [success=1 default=ignore] pam_unix.so nullok\n")
        shadow = Shadow(machine)
        for name in ("usermod", "passwd", "chage", "grep"):
            machine.program(name, getattr(shadow, name))

    return lay


def with_keys(ann: str, *, passwords: str) -> t.Callable[[Machine], None]:
    """The same with a key that opens it, and an sshd that takes passwords, or none."""

    def lay(machine: Machine) -> None:
        sshd(PASSWORDS.format(passwords))(machine)
        accounts(ann)(machine)
        machine.write("/home/ann/.ssh/authorized_keys", KEY)

    return lay


def weak_scheme(machine: Machine) -> None:
    accounts("*")(machine)
    machine.write("/etc/pam.d/common-password", PAM.replace("yescrypt", "md5"))


class Shadow:
    """The programs that write /etc/shadow."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def _put(self, name: str, *, password: str | None = None, day: int | None = None) -> Completed:
        path = self._machine.path("/etc/shadow")
        lines = [line.split(":") for line in path.read_text(encoding="utf-8").splitlines()]
        for fields in (fields for fields in lines if fields[0] == name):
            fields[1] = fields[1] if password is None else password
            fields[2] = fields[2] if day is None else str(day) if day >= 0 else ""
        path.write_text("".join(":".join(fields) + "\n" for fields in lines), encoding="utf-8")
        return Completed(0, "", "")

    def usermod(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        assert argv[1] == "-p"
        return self._put(argv[3], password=argv[2], day=(NOW.date() - datetime.date(1970, 1, 1)).days)

    def passwd(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        assert argv[1] == "-d"
        return self._put(argv[2], password="")

    def chage(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        assert argv[1] == "-d"
        return self._put(argv[3], day=int(argv[2]))

    def grep(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        assert argv[1] == "-q"
        text = self._machine.path(argv[3]).read_text(encoding="utf-8")
        return Completed(0 if re.search(argv[2], text, re.MULTILINE) else 1, "", "")


EMPTY, LOCKED = frozenset({"empty"}), frozenset({"locked_usable"})
OTHERS = frozenset({"weak_hash", "weak_scheme", "default_account", "uid_zero", "group_password"})

CASES = (
    Case("no-password", accounts(""), fails=EMPTY, passes=LOCKED | OTHERS, fixed=EMPTY),
    Case("good-password", accounts(STRONG), passes=EMPTY | LOCKED | OTHERS),
    Case("locked-with-a-key", with_keys(f"!{STRONG}", passwords="yes"), fails=LOCKED, passes=EMPTY | OTHERS),
    Case("locked-where-keys-are-the-way", with_keys(f"!{STRONG}", passwords="no"), passes=LOCKED),
    Case(
        "locked-account-of-a-program",
        with_keys(f"!{STRONG}", passwords="yes"),
        options={"automation": [{"name": "an*"}]},
        passes=LOCKED,
    ),
    Case("weak-hash", accounts(MD5), fails=frozenset({"weak_hash"}), passes=EMPTY),
    Case("weak-scheme", weak_scheme, fails=frozenset({"weak_scheme"}), passes=EMPTY),
    Case(
        "default-account",
        accounts(STRONG, passwd=PASSWD + f"pi:{STRONG}:1001:1001::/home/pi:/bin/sh\n"),
        fails=frozenset({"default_account", "weak_hash"}),
    ),
    Case(
        "uid-zero",
        accounts("*", passwd=PASSWD + "toor:x:0:0::/root:/bin/sh\n"),
        fails=frozenset({"uid_zero"}),
        passes=EMPTY,
    ),
    Case("group-password", accounts("*", groups=STRONG), fails=frozenset({"group_password"}), passes=EMPTY),
)
