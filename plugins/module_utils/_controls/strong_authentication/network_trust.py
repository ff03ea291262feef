# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""No service takes an address for a proof of who somebody is.

Mozilla, "Require strong authentication": do not trust a network address, and use no list of addresses (TCP Wrappers
among them) in place of authentication. Each family of services is one file in _trust; families.py lists them.
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._people import AUTOMATION_OPTION
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import families
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication"


def _rule(name: str, title: str, risk: str, remedy: str) -> Rule:
    return Rule(name, title, risk, REFERENCE, remedy)


RULES = (
    _rule(
        "postgresql",
        "PostgreSQL asks every TCP client from another host for proof",
        "high",
        "Give the roles passwords, then write scram-sha-256 for trust or ident in pg_hba.conf.",
    ),
    _rule(
        "postgresql_local",
        "PostgreSQL takes no local user for whoever he says he is",
        "medium",
        "Write peer for trust in pg_hba.conf.",
    ),
    _rule(
        "mysql",
        "MariaDB and MySQL have no anonymous account, none without a password, and use their grants",
        "high",
        "Set passwords, drop anonymous accounts, and take skip-grant-tables out.",
    ),
    _rule(
        "redis",
        "Redis and Valkey ask whoever comes from another host for a password",
        "high",
        "Set a password (requirepass or the ACL), or let the server listen on loopback alone.",
    ),
    _rule(
        "memcached",
        "memcached asks whoever comes from another host for a user",
        "medium",
        "Let it listen on loopback alone, or start it with SASL.",
    ),
    _rule(
        "mongodb",
        "MongoDB asks whoever comes from another host for a user",
        "high",
        "Make users, then set security.authorization: enabled.",
    ),
    _rule(
        "elasticsearch",
        "Elasticsearch and OpenSearch ask whoever comes from another host for a user",
        "high",
        "Turn the security of the product on.",
    ),
    _rule(
        "rsh",
        "No rsh, rlogin or rexec is offered",
        "high",
        "Use ssh; disable the services and remove the packages that bring them.",
    ),
    _rule(
        "pam",
        "No PAM stack leaves a proof out for where somebody comes from",
        "high",
        "Take the line out, or make it required.",
    ),
    _rule(
        "tcp_wrappers",
        "hosts.allow and hosts.deny are not used as access control",
        "low",
        "Let the host firewall keep others out by the register first; then delete the lines.",
    ),
    _rule(
        "nfs",
        "NFS clients prove who they are",
        "medium",
        "Export with sec=krb5p.",
    ),
    _rule(
        "nfs_root",
        "Root of an NFS client is not root of the exported files",
        "high",
        "Export with root_squash.",
    ),
    _rule(
        "rsync",
        "Modules of rsync daemons ask for a user",
        "medium",
        "Set auth users and a secrets file, or use rsync over ssh.",
    ),
    _rule(
        "snmp",
        "snmpd is asked over SNMPv3 with authentication alone",
        "medium",
        "Make SNMPv3 users and take the communities out.",
    ),
    _rule(
        "nginx",
        "Nothing that nginx serves is opened by an address alone",
        "medium",
        "Ask for proof besides the address (satisfy all).",
    ),
    _rule(
        "apache",
        "Nothing that Apache httpd serves is opened by an address alone",
        "medium",
        "Ask for proof besides the address (RequireAll).",
    ),
    _rule(
        "postfix",
        "Postfix relays for nobody because of the network he is in",
        "medium",
        "Give senders accounts or certificates; mynetworks is this host alone.",
    ),
    _rule(
        "sshd",
        "sshd asks for no less from some addresses than from others",
        "high",
        "Remove what the Match block grants; give automation an account of its own (option automation).",
    ),
)
BY_NAME = {rule.name: rule for rule in RULES}
OPTIONS: dict[str, dict[str, t.Any]] = {"automation": AUTOMATION_OPTION}


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """What each family says; those that cannot be looked at are not assessed, and hold up no other."""
    for family in families.FAMILIES:
        try:
            yield from (_finding(family, verdict) for verdict in _verdicts(host, options, family))
        except HostError as exc:
            for name in family.rules:
                yield Finding(BY_NAME[name], family.program, f.NOT_ASSESSED, str(exc))


def _verdicts(host: Host, options: Options, family: families.Family) -> t.Iterator[Verdict]:
    if family.is_here(host):
        return family.load()(host, options)
    return (Verdict(family.program, f.NOT_APPLICABLE, "it is not here", rule=name) for name in family.rules)


def _finding(family: families.Family, verdict: Verdict) -> Finding:
    rule = BY_NAME[verdict.rule or family.rules[0]]
    fix, remedy = verdict.fix, verdict.remedy
    return Finding(rule, verdict.subject, verdict.status, verdict.message, verdict.evidence, fix, remedy)


CONTROL = Control(
    name="network_trust",
    principle="strong_authentication",
    title="No address stands in for a proof",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
