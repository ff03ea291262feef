# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A closer look at services whose configuration, or first words, tell whether they speak in clear."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._cleartext.kinds import (
    CONTENT,
    Found,
    Look,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import configs, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._formats import rsyslog_conf
    from ansible_collections.infosec.principles.plugins.module_utils._host import (
        ldap_bind,
        nfs_exports,
        snmpd,
        tls_probe,
    )
else:
    ldap_bind = later("_host.ldap_bind")
    rsyslog_conf = later("_formats.rsyslog_conf")
    nfs_exports = later("_host.nfs_exports")
    snmpd = later("_host.snmpd")
    tls_probe = later("_host.tls_probe")

#: Findings about one service's parts.
MOST = 100
#: Ways of VNC to say who one is that are inside of TLS or RSA-AES (Xvnc(1), SecurityTypes).
SECURED = ("TLS", "X509", "RA2")
RSYSLOG = ("/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf")

Looks = t.Iterator[Look]


def login(begins: str) -> t.Callable[[Host, Found], Looks]:
    """A look at a server that says before TLS whether it would take a password."""

    def look(host: Host, found: Found) -> Looks:
        addresses = [item.address for item in found.listeners]
        taken = tls_probe.login(host, addresses, found.listeners[0].port, begins)
        evidence = (Evidence(f"{begins} at port {found.listeners[0].port}", _said(taken), "no password before TLS"),)
        if taken is None:
            message = f"whether {found.subject} takes passwords in clear cannot be told from this host"
            yield Look(f.NOT_ASSESSED, message, evidence)
        elif taken:
            yield Look(f.FAIL, f"{found.subject} takes passwords before TLS", evidence)
        else:
            yield Look(f.PASS, f"{found.subject} takes no password before TLS", evidence)

    return look


def _said(taken: bool | None) -> str:
    if taken is None:
        return "it trusts this host"
    return "a password is taken before TLS" if taken else "no password is taken before TLS"


def ftp(host: Host, found: Found) -> Looks:
    """As the others; one that asks nobody for a password and knows no TLS hands its files to everybody in clear."""
    (told,) = login("ftp")(host, found)
    port = found.listeners[0].port
    address = tls_probe.answering(host, [item.address for item in found.listeners], port)
    if told.status == f.PASS and not tls_probe.starts(host, tls_probe.Target(address, port, "ftp")):
        yield Look(f.FAIL, f"{found.subject} hands out files in clear", told.evidence, rule=CONTENT)
    else:
        yield told


def ldap(host: Host, found: Found) -> Looks:
    """By a simple bind as nobody: servers that insist on TLS say so before they look for who it is."""
    port = found.listeners[0].port
    address = tls_probe.answering(host, [item.address for item in found.listeners], port)
    code = ldap_bind.as_nobody(host, address, port)
    evidence = (Evidence(f"a simple bind at port {port}", f"result code {code}", "confidentialityRequired (13)"),)
    if code in ldap_bind.INSISTS:
        yield Look(f.PASS, f"{found.subject} takes no password without TLS", evidence)
    elif code == ldap_bind.INVALID_CREDENTIALS:
        yield Look(f.FAIL, f"{found.subject} takes passwords without TLS", evidence)
    else:
        yield Look(f.NOT_ASSESSED, f"whether {found.subject} takes passwords without TLS was not told", evidence)


def snmp(host: Host, found: Found) -> Looks:
    """By the communities of SNMPv1 and v2c in what the agent reads; they are never shown."""
    wrong = []
    for one in snmpd.directives(host, found.listeners[0].pid):
        if one.name in snmpd.COMMUNITIES and one.arguments and not _is_local(one):
            wrong.append(Evidence(printable(one.place), f"{one.name} (SNMPv1 and v2c)", "SNMPv3 with authPriv"))
        elif one.name in ("rouser", "rwuser") and "noauth" in map(str.lower, one.arguments):
            wrong.append(Evidence(printable(one.place), f"{one.name} with noauth", "authpriv"))
    if wrong:
        message = f"{found.subject} answers SNMPv1 and v2c, whose communities cross the network in clear"
        yield Look(f.FAIL, message, tuple(wrong[:MOST]))
    else:
        yield Look(f.PASS, f"{found.subject} has no community of SNMPv1 or v2c for others than this host")


def _is_local(one: t.Any) -> bool:
    """Whether the community is for this host alone."""
    source = snmpd.COMMUNITIES[one.name][1]
    plain = [word for word in one.arguments if not word.startswith("-")]
    return len(plain) > source and (plain[source] == "localhost" or sockets.is_loopback(plain[source]))


def nfs(host: Host, found: Found) -> Looks:
    """By each export: krb5p alone encrypts."""
    exported = sorted(nfs_exports.read(host).items())
    for (path, client), told in exported[:MOST]:
        ways = sorted({way for _place, one in told for way in one.security})
        evidence = tuple(Evidence(place, f"sec={':'.join(one.security)}", "sec=krb5p") for place, one in told)
        about = f"{path} for {client}"
        if ways == ["krb5p"] or client in ("localhost", "127.0.0.1", "::1"):
            yield Look(f.PASS, f"{about} does not cross the network in clear", evidence, about)
        else:
            yield Look(f.FAIL, f"{about} crosses the network in clear (sec={':'.join(ways)})", evidence, about)
    if len(exported) > MOST:
        yield Look(f.NOT_ASSESSED, f"{len(exported) - MOST} more exports are not listed", about="further exports")
    if not exported:
        yield Look(f.NOT_APPLICABLE, "NFS runs and exports nothing")


def syslog(host: Host, found: Found) -> Looks:
    """UDP is in clear; TCP by what rsyslog's own configuration says of the driver. Other daemons' is not read."""
    if found.listeners[0].protocol == "udp":
        yield Look(f.FAIL, f"{found.subject} takes logs in clear (UDP)")
    elif found.listeners[0].process != "rsyslogd":
        message = f"whether {found.subject} takes logs by TLS alone is for a person to see in its configuration"
        yield Look(f.NOT_ASSESSED, message)
    elif _driver_mode(host, found.listeners[0].port) == "1":
        yield Look(f.PASS, f"{found.subject} takes logs by TLS alone")
    else:
        evidence = (Evidence("imtcp in /etc/rsyslog.conf", "no StreamDriver.Mode 1", "StreamDriver.Mode 1"),)
        yield Look(f.FAIL, f"{found.subject} takes logs in clear (TCP)", evidence)


def _driver_mode(host: Host, port: int) -> str:
    """Of the input at a port, else of the module; the older directive counts for all."""
    paths = [path for pattern in RSYSLOG for path in host.glob(pattern)]
    read = [one for path in paths for one in rsyslog_conf.statements(configs.text(host, path))]
    modes = {"module": "", "$": "", "input": ""}
    for one in read:
        ours = one.parameters.get("load", one.parameters.get("type", "imtcp")) == "imtcp"
        here = one.kind != "input" or one.parameters.get("port") == str(port)
        said = one.parameters.get("streamdriver.mode", one.parameters.get("inputtcpserverstreamdrivermode", ""))
        if ours and here and said and one.kind in modes:
            modes[one.kind] = said
    return modes["input"] or modes["module"] or modes["$"]


def vnc(host: Host, found: Found) -> Looks:
    """By its command line: a connection to see for oneself would count as a failed login, and shut out this host."""
    words = configs.command_line(host, found.listeners[0].pid)
    told = [value for word, value in zip(words, [*words[1:], ""]) if word.lstrip("-").lower() == "securitytypes"]
    told += [word.partition("=")[2] for word in words if word.lstrip("-").lower().startswith("securitytypes=")]
    ways = [way for way in told[-1].split(",") if way] if told else []
    evidence = (Evidence("its command line", f"-SecurityTypes {printable(','.join(ways)) or 'is not given'}"),)
    if ways and all(way.startswith(SECURED) for way in ways):
        yield Look(f.PASS, f"{found.subject} lets in by TLS alone", evidence)
    else:
        yield Look(f.FAIL, f"{found.subject} carries screen and keys over the network in clear", evidence)


LOOKS: t.Mapping[str, t.Callable[[Host, Found], Looks]] = {
    "ftp": ftp,
    "smtp": login("smtp"),
    "imap": login("imap"),
    "pop3": login("pop3"),
    "sieve": login("sieve"),
    "ldap": ldap,
    "snmp": snmp,
    "nfs": nfs,
    "syslog": syslog,
    "vnc": vnc,
}
