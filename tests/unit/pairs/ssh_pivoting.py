# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of ssh_pivoting: a played sshd that reads its configuration as the real one does (sshd_config(5)).

It answers on a real socket of this machine, on a port that was free, since a reload is followed by a real health check.
"""

from __future__ import annotations

import socket
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._pivoting import winning
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import Machine

ANSWERING = socket.create_server(("127.0.0.1", 0))
PORT: int = ANSWERING.getsockname()[1]

MAIN = "/etc/ssh/sshd_config"
DEBIAN = "Include /etc/ssh/sshd_config.d/*.conf\nX11Forwarding yes\n"
DENYING = """\
Include /etc/ssh/sshd_config.d/*.conf
AllowAgentForwarding no
AllowTcpForwarding no
AllowStreamLocalForwarding no
"""
DEFAULTS = {
    "allowagentforwarding": "yes",
    "allowtcpforwarding": "yes",
    "allowstreamlocalforwarding": "yes",
    "x11forwarding": "no",
    "permittunnel": "no",
    "gatewayports": "no",
    "hostbasedauthentication": "no",
    "ignorerhosts": "yes",
    "authorizedkeysfile": ".ssh/authorized_keys",
}
#: A key made for this test; it opens nothing.
KEY = """\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDqg3p5gQZ2bSCFGcXPzcTnQWNYSIpEYK3ai2DZ/ySk7AAAAAAAAAAA
-----END OPENSSH PRIVATE KEY-----
"""


def sshd(config: str = DEBIAN, drop_ins: t.Mapping[str, str] | None = None) -> t.Callable[[Machine], None]:
    """A machine with an sshd of this configuration, and an account `ann`."""

    def lay(machine: Machine) -> None:
        bare(machine)
        machine.write(MAIN, config)
        for name, text in (drop_ins or {}).items():
            machine.write(f"/etc/ssh/sshd_config.d/{name}", text)
        machine.programs["sshd"] = lambda argv, stdin: play(machine, argv)
        machine.programs["sh"] = lambda argv, stdin: Completed(0, "", "")
        title = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
        machine.unit("ssh.service", process="sshd", title=title, sockets=[("tcp", "127.0.0.1", PORT)])

    return lay


def bare(machine: Machine) -> None:
    """No sshd: an account, its home, and a machine-id."""
    machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
    machine.write("/etc/group", "root:x:0:\nann:x:1000:\nadmins:x:1001:ann\n")
    machine.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    machine.mkdir("/home/ann/.ssh")


def with_files(**files: str) -> t.Callable[[Machine], None]:
    """The same with these files in ann's home, or (beginning with a /) elsewhere."""

    def lay(machine: Machine) -> None:
        bare(machine)
        for name, text in files.items():
            machine.write(name if name.startswith("/") else f"/home/ann/{name}", text, mode=0o600)

    return lay


def with_open_host_key(machine: Machine) -> None:
    bare(machine)
    machine.write("/etc/ssh/ssh_host_ed25519_key", KEY, mode=0o644)


# The played sshd


def play(machine: Machine, argv: t.Sequence[str]) -> Completed:
    if "-V" in argv:
        return Completed(0, "", "OpenSSH_9.2p1 Debian-2\n")
    if "-T" not in argv:
        return Completed(0, "", "")
    fields = dict(field.split("=") for field in argv[argv.index("-C") + 1].split(","))
    inside: dict[str, str] = {}
    outside: dict[str, str] = {}
    read(machine, MAIN, fields["user"], inside, outside)
    values = {**DEFAULTS, **outside, **inside}
    return Completed(0, "".join(f"{keyword} {value}\n" for keyword, value in values.items()), "")


def read(machine: Machine, name: str, user: str, inside: dict[str, str], outside: dict[str, str]) -> None:
    """The first value counts; inside of Match lines that fit, and outside of any."""
    block, fits = False, True
    for line in machine.path(name).read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "Include" and fits:
            folder = machine.root
            for path in sorted(folder.glob(words[1].lstrip("/"))):
                read(machine, str(path.relative_to(folder)), user, inside, outside)
        elif words[0] == "Match":
            block, fits = True, words[1] == "all" or (words[1] == "User" and user in words[2].split(","))
        elif fits:
            (inside if block else outside).setdefault(words[0].lower(), " ".join(words[1:]))


FORWARDING, HOSTBASED, OVERRIDDEN = frozenset({"forwarding"}), frozenset({"hostbased"}), frozenset({"overridden"})
SSHD = FORWARDING | HOSTBASED
FILES = frozenset({"rhosts", "unprotected_keys", "identity"})
OURS = "Match all\n    AllowAgentForwarding no\n"
GIT = "Match User git\n    AllowTcpForwarding yes\n"

CASES = (
    Case("as Debian comes", sshd(), fails=FORWARDING, passes=FILES | HOSTBASED, fixed=FORWARDING),
    Case("all denied by the main file", sshd(DENYING), passes=SSHD | FILES),
    Case("one user may", sshd(DENYING + GIT), fails=FORWARDING, passes=HOSTBASED, fixed=FORWARDING),
    Case("hosts are trusted", sshd(DENYING + "HostbasedAuthentication yes\n"), fails=HOSTBASED, fixed=HOSTBASED),
    Case(
        "rhosts are read by one", sshd(f"{DENYING}Match User ann\nIgnoreRhosts no\n"), fails=HOSTBASED, fixed=HOSTBASED
    ),
    Case("without Include", sshd("X11Forwarding no\n"), fails=FORWARDING, fixed=FORWARDING),
    Case(
        "outweighed by a drop-in that comes first",
        sshd(DENYING, {"00-a.conf": GIT, "00-infosec-principles.conf": OURS}),
        fails=FORWARDING | OVERRIDDEN,
        fixed=FORWARDING | OVERRIDDEN,
    ),
    Case(
        "put right by this control",
        sshd(DEBIAN, {"00-infosec-principles.conf": winning.drop_in(bastion=False), "50-git.conf": GIT}),
        passes=SSHD | OVERRIDDEN,
    ),
    Case(
        "put right before it became a bastion",
        sshd(DEBIAN, {"00-infosec-principles.conf": winning.drop_in(bastion=False)}),
        {"bastion": True},
        fails=FORWARDING,
        fixed=FORWARDING,
    ),
    Case("a bastion as Debian comes", sshd(), {"bastion": True}, fails=FORWARDING, fixed=FORWARDING),
    Case(
        "a bastion that forwards TCP",
        sshd(DENYING.replace("TcpForwarding no", "TcpForwarding local")),
        {"bastion": True},
        passes=SSHD,
    ),
    Case("no sshd", bare, passes=FILES),
    Case(
        "rhosts files",
        with_files(**{".rhosts": "+ +\n", "/etc/hosts.equiv": "web\n"}),
        fails=frozenset({"rhosts"}),
        fixed=frozenset({"rhosts"}),
    ),
    Case("a key without a passphrase", with_files(**{"backup/key": KEY}), fails=frozenset({"unprotected_keys"})),
    Case("a host key that all can read", with_open_host_key, fails=frozenset({"identity"})),
)
