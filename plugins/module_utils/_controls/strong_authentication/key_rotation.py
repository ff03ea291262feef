# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Keys are replaced before they are old, and certificates before they end; the report says what is due when."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _certificate_files, _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._key_ages import (
    age,
    ssh,
    tls,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._formats import key_dates, x509
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

NAME = "key_rotation"
KEY_MANAGEMENT = "https://infosec.mozilla.org/guidelines/key_management"
STRONG_AUTHENTICATION = "https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication"
HOST = "host"

HOST_KEYS = Rule(
    name="host_keys",
    title="The keys by which sshd shows who it is are younger than the policy allows",
    risk="low",
    reference=KEY_MANAGEMENT,
    remedy=(
        "Bring in a new key beside the old one, so that clients know it before it counts:\n"
        "1. ssh-keygen -t ed25519 -N '' -C root@host-2026-11-29 -f /etc/ssh/ssh_host_ed25519_key-2026-11-29\n"
        "2. Write a HostKey line for every key that is in use (sshd -T | grep hostkey), and one for the new key behind "
        "them. Of two keys of one kind sshd shows the first, and sends clients the others (hostkeys-00@openssh.com).\n"
        "3. sshd -t && systemctl reload ssh. Clients with UpdateHostKeys yes (the default since OpenSSH 8.5) learn the "
        "new key when they log in the next time; bring it to all others (known_hosts, SSHFP), and wait for both.\n"
        "4. Put the line of the new key before that of the old one, and reload. Look that clients get in.\n"
        "5. Remove the line of the old key, and reload; those clients forget it by themselves. Remove its file."
    ),
)
MACHINE_KEYS = Rule(
    name="machine_keys",
    title="The SSH keys that programs log in with are younger than the policy allows",
    risk="medium",
    reference=KEY_MANAGEMENT,
    remedy=(
        "Declare the key in infosec_machine_keys (docs/key_rotation.md) and run rotate_keys.yml: it brings in a new "
        "key beside the old one, logs in with it everywhere, and takes the old one away after that. Remove unused keys."
    ),
)
TLS_KEYS = Rule(
    name="tls_keys",
    title="The private keys of TLS are younger than the policy allows",
    risk="medium",
    reference=KEY_MANAGEMENT,
    remedy=(
        "Make a new key with the next certificate (certbot does unless reuse_key is set, openssl req -new -newkey), "
        "put both in place, reload the daemon, then remove the old key."
    ),
)
CERTIFICATES = Rule(
    name="certificates",
    title="No certificate of TLS ends soon",
    risk="high",
    reference="https://infosec.mozilla.org/guidelines/web_security#https",
    remedy="Renew it, reload the daemon that shows it, and have it renewed by a timer (certbot.timer, ACME).",
)
API_KEYS = Rule(
    name="api_keys",
    title="The declared keys of APIs are replaced in time",
    risk="medium",
    reference=STRONG_AUTHENTICATION,
    remedy=(
        "Replace the key, or have rotate_keys.yml do it with a hook (infosec_api_key_hooks, docs/key_rotation.md); "
        "then write the new day into created."
    ),
)
RULES = (HOST_KEYS, MACHINE_KEYS, TLS_KEYS, CERTIFICATES, API_KEYS)
OPTIONS: dict[str, dict[str, t.Any]] = {
    # Mozilla's key management: keys of two years that are rotated reliably, rather than longer ones.
    "max_age_days": {"type": "int", "default": 730},
    # Mozilla's checklist for services (websec-check): who handles keys must be able to rotate them quarterly.
    "api_key_days": {"type": "int", "default": 90, "no_log": False},
    "expiry_days": {"type": "int", "default": 30},
    "trust_file_times": {"type": "bool", "default": False},
    "automation": _people.AUTOMATION_OPTION,
    "api_keys": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "no_log": False,
        "options": {
            "name": {"type": "str", "required": True},
            "created": {"type": "str", "required": True},
            "rotate_days": {"type": "int"},
            "owner": {"type": "str", "default": ""},
        },
    },
}


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Every key by what tells its age, every certificate by its own last day."""
    policy = age.Policy(host.now().date(), options["max_age_days"], options["trust_file_times"])
    yield from _lot(HOST_KEYS, ssh.host_keys(host), policy, "no sshd shows a key")
    machines = ssh.machine_keys(host, _people.automation(options))
    yield from _lot(MACHINE_KEYS, machines, policy, "no program logs in with a key that lies here")
    yield from _tls(host, policy, options["expiry_days"])
    for entry in options["api_keys"]:
        yield _api_key(entry, policy.today, options["api_key_days"])
    if not options["api_keys"]:
        yield Finding(API_KEYS, HOST, f.NOT_APPLICABLE, "no key of an API is declared (api_keys)")


def _lot(rule: Rule, lot: ssh.Lot, policy: age.Policy, none: str) -> t.Iterator[Finding]:
    for subject, told in lot.keys:
        yield age.judge(rule, subject, told, policy)
    if lot.unseen:
        evidence = tuple(Evidence(HOST, printable(problem)) for problem in lot.unseen)
        yield Finding(rule, HOST, f.NOT_ASSESSED, f"not all was looked at: {evidence[0].found}", evidence)
    elif not lot.keys:
        yield Finding(rule, HOST, f.NOT_APPLICABLE, none)


# TLS


def _tls(host: Host, policy: age.Policy, expiry_days: int) -> t.Iterator[Finding]:
    held = host.once(_certificate_files.read)
    keys = [one for one in held if one.key]
    for key in keys:
        yield age.judge(TLS_KEYS, printable(key.path), tls.told(host, key, held), policy)
    shown = _certificate_files.certificates(held)
    for one in shown:
        yield _certificate(one.path, t.cast(x509.Certificate, one.certificate), policy.today, expiry_days)
    where = "in the usual folders, nor named by a daemon that listens"
    if not keys:
        yield Finding(TLS_KEYS, HOST, f.NOT_APPLICABLE, f"no private key of TLS lies {where}")
    if not shown:
        yield Finding(CERTIFICATES, HOST, f.NOT_APPLICABLE, f"no certificate lies {where}")


def _certificate(path: str, certificate: x509.Certificate, today: datetime.date, days: int) -> Finding:
    ends = certificate.not_after.date()
    due = ends - datetime.timedelta(days=days)
    left = (ends - today).days
    size = f" with {certificate.bits} bits" if certificate.bits and certificate.kind == "rsa" else ""
    found = f"{printable(certificate.subject) or 'no name'}, {certificate.kind}{size}, valid until {ends}"
    evidence = (Evidence(printable(path), found, f"{days} more days, or a new certificate"),)
    if due > today:
        message = f"valid for {left} more days; due {due}"
        return Finding(CERTIFICATES, printable(path), f.PASS, message, evidence, due=str(due))
    message = f"ended on {ends}" if left < 0 else f"ends on {ends}, in {left} days; due since {due}"
    return Finding(CERTIFICATES, printable(path), f.FAIL, message, evidence, due=str(due))


# APIs


def _api_key(entry: t.Mapping[str, t.Any], today: datetime.date, days: int) -> Finding:
    subject = printable(entry["name"])
    created = key_dates.parse(entry["created"])
    allowed = entry.get("rotate_days") or days
    evidence = (Evidence("api_keys", f"created: {printable(entry['created'])}", f"at most {allowed} days ago"),)
    if created is None or created > today:
        why = "is no day such as 2026-05-01" if created is None else "lies in the future"
        return Finding(API_KEYS, subject, f.NOT_ASSESSED, f"created: {printable(entry['created'])} {why}", evidence)
    due = created + datetime.timedelta(days=allowed)
    owner = f"; ask {printable(entry['owner'])}" if entry.get("owner") else ""
    if due <= today:
        message = f"{(today - created).days} days old, {allowed} are allowed; due since {due}{owner}"
        return Finding(API_KEYS, subject, f.FAIL, message, evidence, due=str(due))
    return Finding(API_KEYS, subject, f.PASS, f"{(today - created).days} days old; due {due}", evidence, due=str(due))


CONTROL = Control(NAME, "strong_authentication", "Keys are replaced before they are old", RULES, OPTIONS, assess)
