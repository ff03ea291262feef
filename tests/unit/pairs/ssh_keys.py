# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of ssh_keys: the played sshd of ssh_pivoting, keys that are only as long as real ones, and a played journal."""

from __future__ import annotations

import base64
import datetime
import struct
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys import revocation
from ansible_collections.infosec.principles.plugins.module_utils._formats import krl, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import ssh_pivoting
from .case import Case
from .machine import NOW, Machine

AUTHORIZED = ".ssh/authorized_keys"


def line(algorithm: str, *fields: bytes) -> str:
    """A public key with these fields, as it stands in a file."""
    parts = (algorithm.encode(), *fields)
    blob = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return f"{algorithm} {base64.b64encode(blob).decode()}"


def rsa(bits: int) -> str:
    return line("ssh-rsa", b"\1\0\1", b"\0" + (1 << (bits - 1) | 1).to_bytes(bits // 8, "big"))


GOOD, OTHER, THIRD = (line("ssh-ed25519", bytes([number]) * 32) for number in (1, 2, 3))
WEAK, DSA = rsa(2048), line("ssh-dss", b"\0" + (1 << 1023 | 1).to_bytes(128, "big"), b"\1", b"\1", b"\1")
ECDSA = line("ecdsa-sha2-nistp256", b"nistp256", b"\4" + bytes(64))
AUTOMATION = [{"name": "deploy", "from": ["192.0.2.5"]}]
PASSWD = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\ndeploy:x:1001:1001::/home/deploy:/bin/sh\n"


def fingerprint(key: str) -> str:
    return ssh_keys.fingerprint(ssh_keys.public(key))


def with_keys(config: str = ssh_pivoting.DEBIAN, **keys: str) -> t.Callable[[Machine], None]:
    """A machine with an sshd, and these lines in the authorized_keys of accounts."""

    def lay(machine: Machine) -> None:
        ssh_pivoting.sshd(config)(machine)
        machine.write("/etc/passwd", PASSWD)
        for account, text in keys.items():
            home = "/root" if account == "root" else f"/home/{account}"
            machine.write(f"{home}/{AUTHORIZED}", text, mode=0o600)
        machine.programs["journalctl"] = lambda argv, stdin: journal(argv, "")

    return lay


def used(lay: t.Callable[[Machine], None], *logins: tuple[str, str], days: int = 200) -> t.Callable[[Machine], None]:
    """The same, and a journal of so many days with these logins (account, key) of yesterday."""
    yesterday = (NOW - datetime.timedelta(days=1)).timestamp()
    told = "".join(
        f"{yesterday:.6f} box sshd[7]: Accepted publickey for {account} from 192.0.2.7 port 4711 ssh2: ED25519 "
        f"{fingerprint(key)}\n"
        for account, key in logins
    )

    def lay_(machine: Machine) -> None:
        lay(machine)
        machine.programs["journalctl"] = lambda argv, stdin: journal(argv, told, days)

    return lay_


def journal(argv: t.Sequence[str], told: str, days: int = 200) -> Completed:
    if "--header" not in argv:
        return Completed(0, told, "")
    first = int((NOW - datetime.timedelta(days=days)).timestamp() * 1_000_000)
    last = int(NOW.timestamp() * 1_000_000)
    text = "File path: /var/log/journal/0/system.journal\n"
    text += f"Head realtime timestamp: then ({first:x})\nTail realtime timestamp: now ({last:x})\n"
    return Completed(0, text, "")


def with_list(lay: t.Callable[[Machine], None], *revoked: str) -> t.Callable[[Machine], None]:
    def lay_(machine: Machine) -> None:
        lay(machine)
        machine.write(revocation.LIST, krl.build(krl.Revoked(frozenset(revoked))))

    return lay_


def with_private_key(machine: Machine) -> None:
    ssh_pivoting.bare(machine)
    machine.write("/home/ann/.ssh/id_ed25519", ssh_pivoting.KEY, mode=0o644)


def lax(machine: Machine) -> None:
    """StrictModes off, and a file of keys that everybody can write to: keys count that anybody may have added."""
    used(with_keys(ssh_pivoting.DEBIAN + "StrictModes no\n", ann=f"{GOOD} ann@new\n"), ("ann", GOOD))(machine)
    machine.path(f"/home/ann/{AUTHORIZED}").chmod(0o666)


LISTED = ssh_pivoting.DEBIAN + f"RevokedKeys {revocation.LIST}\n"
BOUND = f'from="192.0.2.5",restrict {OTHER} deploy@ci\n'
IN_USE = (("ann", GOOD), ("deploy", OTHER))


def rules(*names: str) -> frozenset[str]:
    return frozenset(names)


CASES = (
    Case(
        "all well",
        with_list(used(with_keys(LISTED, ann=f"{GOOD} ann@new\n", deploy=BOUND), *IN_USE), fingerprint(THIRD)),
        {"automation": AUTOMATION, "revoked_keys": [THIRD]},
        passes=rules(
            "weak",
            "ecdsa",
            "duplicates",
            "person_on_machine",
            "machine_on_person",
            "unrestricted",
            "unused",
            "revoked",
            "revocation",
            "modes",
        ),
    ),
    Case(
        "weak keys of somebody who has a good one",
        used(with_keys(ann=f"# Ann\n{WEAK} ann@old\n{GOOD} ann@new\n{WEAK} ann@old\n{DSA} ann@older"), ("ann", GOOD)),
        fails=rules("weak"),
        passes=rules("duplicates", "ecdsa", "modes"),
        fixed=rules("weak"),
    ),
    Case("the only key is weak", with_keys(ann=f"{WEAK} ann@old\n"), fails=rules("weak")),
    Case(
        "the only key is weak, and goes all the same",
        with_keys(ann=f"{WEAK} ann@old\n"),
        {"remove_weak": "always"},
        fails=rules("weak"),
        fixed=rules("weak"),
    ),
    Case("a shared account", with_keys(root=f"{WEAK} bob@pc\n{GOOD} ann@new\n"), fails=rules("weak")),
    Case("a key of ECDSA", used(with_keys(ann=f"{ECDSA} ann@new\n"), ("ann", ECDSA)), fails=rules("ecdsa")),
    Case(
        "one key, two accounts",
        used(with_keys(ann=f"{GOOD} ann@new\n", root=f"{GOOD} ann@new\n"), ("ann", GOOD), ("root", GOOD)),
        fails=rules("duplicates"),
        passes=rules("weak", "unused"),
    ),
    Case(
        "a person in a program's account",
        used(with_keys(deploy=f"{GOOD} ann@new\n"), ("deploy", GOOD)),
        {"automation": AUTOMATION},
        fails=rules("person_on_machine", "unrestricted"),
        passes=rules("machine_on_person"),
    ),
    Case(
        "a program in root's account",
        used(with_keys(root=f"{OTHER} deploy@ci\n"), ("root", OTHER)),
        {"automation": AUTOMATION},
        fails=rules("machine_on_person"),
        passes=rules("person_on_machine", "unrestricted"),
    ),
    Case(
        "a key that nobody uses",
        used(with_keys(ann=f"{GOOD} ann@new\n{OTHER} ann@2020-01-01\n"), ("ann", GOOD)),
        fails=rules("unused"),
        passes=rules("weak"),
    ),
    Case(
        "a key that was revoked",
        with_keys(ann=f"{GOOD} ann@new\n{OTHER} ann@lost\n{THIRD} ann@third\n"),
        {"revoked_keys": [f"{OTHER} the lost one"]},
        fails=rules("revoked", "revocation"),
        fixed=rules("revoked", "revocation"),
    ),
    Case(
        "a list that others wrote",
        with_keys(ssh_pivoting.DEBIAN + "RevokedKeys /etc/ssh/revoked\n", ann=f"{GOOD} ann@new\n"),
        {"revoked_keys": [THIRD]},
        fails=rules("revocation"),
        passes=rules("revoked"),
    ),
    Case("a private key that all can read", with_private_key, fails=rules("modes"), fixed=rules("modes")),
    Case("keys that anybody may add", lax, fails=rules("modes"), fixed=rules("modes"), passes=rules("weak")),
)
