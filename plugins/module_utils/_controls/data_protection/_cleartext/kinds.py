# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which services of this host speak a protocol in clear to others, and who they are: by program, unit and port."""

from __future__ import annotations

import dataclasses

from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.sockets import Listener

PASSWORDS, CONTENT = "passwords", "content"
#: Programs that start another one for each connection, so that the port alone tells which.
SUPER = frozenset(
    {"inetd", "inetutils-inetd", "openbsd-inetd", "xinetd", "rlinetd", "systemd", "tcpsvd", "tcpserver"},
)


@dataclasses.dataclass(frozen=True)
class Kind:
    """One protocol.

    ports: protocol and number, where a super-server's socket or a container's is of this kind. programs: what else is,
    by its name in the kernel (15 characters). rule: what crosses the network in clear. instead: what a person does.
    look: what looks closer at it (a name in `looks.LOOKS`); "" for what is in clear whatever its configuration says.
    closes: to stop it is a fix.
    """

    name: str
    ports: frozenset[tuple[str, int]]
    programs: frozenset[str]
    rule: str
    instead: str
    look: str = ""
    closes: bool = False


SSH = "Use ssh instead; then stop it and purge its package."
BY_TLS = (
    "Have the control service_tls switch TLS on and clear text off (an entry of the register with tls required), or "
    "do so in the server's configuration."
)


def _kind(name: str, ports: str, programs: str, rule: str, instead: str, look: str = "", closes: bool = False) -> Kind:
    pairs = (word.partition("/") for word in ports.split())
    numbers = frozenset((protocol, int(number)) for number, _slash, protocol in pairs)
    return Kind(name, numbers, frozenset(programs.split()), rule, instead, look, closes)


#: The first that fits a socket counts.
KINDS = (
    _kind("Telnet", "23/tcp", "in.telnetd telnetd utelnetd inetutils-telne", PASSWORDS, SSH, closes=True),
    _kind("rexec", "512/tcp", "in.rexecd rexecd", PASSWORDS, SSH, closes=True),
    _kind("rlogin", "513/tcp", "in.rlogind rlogind", PASSWORDS, SSH, closes=True),
    _kind("rsh", "514/tcp", "in.rshd rshd", CONTENT, SSH, closes=True),
    _kind(
        "FTP",
        "21/tcp",
        "vsftpd proftpd pure-ftpd pure-ftpd-mysql ftpd in.ftpd inetutils-ftpd",
        PASSWORDS,
        "Use sftp instead, or have it insist on TLS (vsftpd: ssl_enable=YES, force_local_logins_ssl=YES and "
        "force_local_data_ssl=YES; ProFTPD: TLSRequired on; Pure-FTPd: TLS 2).",
        "ftp",
        True,
    ),
    _kind(
        "TFTP",
        "69/udp",
        "in.tftpd tftpd atftpd",
        CONTENT,
        "Serve what machines boot from by https, or on a network of its own; else stop it.",
        closes=True,
    ),
    _kind(
        "SNMP",
        "161/udp 161/tcp",
        "snmpd",
        PASSWORDS,
        "Make a user (systemctl stop snmpd; net-snmp-create-v3-user -ro -a SHA-256 -x AES NAME), have the managers use "
        "SNMPv3 with authPriv, then take the communities out and restart snmpd.",
        "snmp",
    ),
    _kind(
        "NFS",
        "2049/tcp",
        "ganesha.nfsd",
        CONTENT,
        "Give server and clients Kerberos keys, write sec=krb5p for each export and run exportfs -ra; or lead NFS "
        "through WireGuard.",
        "nfs",
    ),
    _kind(
        "syslog",
        "514/udp 601/tcp",
        "rsyslogd syslog-ng syslogd",
        CONTENT,
        "Take logs by TLS alone (rsyslog: imtcp with StreamDriver.Name gtls or ossl and StreamDriver.Mode 1 on port "
        "6514), or bind it to 127.0.0.1.",
        "syslog",
    ),
    _kind(
        "rsync",
        "873/tcp",
        "rsync",
        CONTENT,
        "Let clients come over ssh (rsync -e ssh) and stop the daemon, or bind it to loopback (address = 127.0.0.1).",
        closes=True,
    ),
    _kind(
        "VNC",
        "",
        "Xvnc Xtigervnc Xtightvnc Xrealvnc x11vnc x0vncserver x0tigervncserve vino-server wayvnc krfb vncserver-x11-c",
        PASSWORDS,
        "Bind it to loopback (-localhost) and come through ssh -L, or let it take X509 and TLS alone (-SecurityTypes).",
        "vnc",
        True,
    ),
    _kind("SMTP", "25/tcp 587/tcp", "master exim exim4 sendmail sendmail-mta smtpd", PASSWORDS, BY_TLS, "smtp"),
    _kind("IMAP", "143/tcp", "dovecot couriertcpd imapd cyrmaster", PASSWORDS, BY_TLS, "imap"),
    _kind("POP3", "110/tcp", "dovecot couriertcpd pop3d cyrmaster", PASSWORDS, BY_TLS, "pop3"),
    _kind("ManageSieve", "4190/tcp", "dovecot cyrmaster", PASSWORDS, BY_TLS, "sieve"),
    _kind("LDAP", "389/tcp 3268/tcp", "slapd ns-slapd samba", PASSWORDS, BY_TLS, "ldap"),
)
#: Where several protocols have one program, the port tells which.
BY_PORT = frozenset({"SMTP", "IMAP", "POP3", "ManageSieve", "LDAP"})


@dataclasses.dataclass(frozen=True)
class Found:
    """One port in clear that other hosts can reach."""

    kind: Kind
    listeners: tuple[Listener, ...]

    @property
    def name(self) -> str:
        return self.listeners[0].name

    @property
    def subject(self) -> str:
        first = self.listeners[0]
        owner = (
            first.unit or first.user_unit or first.socket_unit or first.process or first.published_by or "the kernel"
        )
        return f"{processes.printable(owner)} {self.name} ({self.kind.name})"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return tuple(
            Evidence(f"/proc/net/{item.protocol}", f"{item.place}, {processes.printable(item.process) or item.holder}")
            for item in self.listeners
        )


@dataclasses.dataclass(frozen=True)
class Look:
    """What a closer look says. about: what of it, where there are several ("/srv for 192.0.2.0/24").

    rule: where it is not the kind's.
    """

    status: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    about: str = ""
    rule: str = ""


def find(host: Host) -> list[Found]:
    """All that is reachable, by kind and port."""
    grouped: dict[tuple[Kind, str], list[Listener]] = {}
    for item in host.once(sockets.read):
        kind = None if item.loopback or sockets.is_ephemeral(host, item) else _of(item)
        if kind:
            grouped.setdefault((kind, item.name), []).append(item)
    return [Found(kind, tuple(items)) for (kind, _name), items in grouped.items()]


def _of(item: Listener) -> Kind | None:
    for kind in KINDS:
        placed = (item.protocol, item.port) in kind.ports
        named = item.process in kind.programs and (placed or kind.name not in BY_PORT)
        hidden = item.published_by or item.process in SUPER or item.holder == sockets.KERNEL
        if named or (placed and hidden):
            return kind
    return None


def plain(found: Found) -> Look:
    """What is to be said of a protocol that knows nothing else."""
    carries = "passwords" if found.kind.rule == PASSWORDS else "what it is for"
    return Look(f.FAIL, f"{found.subject} carries {carries} over the network in clear")
