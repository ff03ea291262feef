# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Local passwords are there and hold guessing up, a locked account is locked, and root is one account."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._passwords import (
    locking,
    schemes,
    ways_in,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, shadow
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.shadow import Entry

NAME = "local_passwords"
REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication"

EMPTY = Rule(
    name="empty",
    title="No account lets in whoever gives no password",
    risk="maximum",
    reference=REFERENCE,
    remedy="Let the account be locked, which its keys outlive; or give it a password (passwd NAME).",
)
LOCKED_USABLE = Rule(
    name="locked_usable",
    title="An account whose password was locked lets nobody in by a key either",
    risk="medium",
    reference=REFERENCE,
    remedy="Where the account is to be off, expire it (usermod --expiredate 1 NAME), which keys do not outlive; remove "
    "its authorized_keys. Where a program logs in to it, name it in infosec_automation.",
)
WEAK_HASH = Rule(
    name="weak_hash",
    title="Every password is kept as a hash that holds guessing up, where root alone can read it",
    risk="medium",
    reference="https://manpages.debian.org/crypt.5",
    remedy="Have the password set anew (passwd --expire NAME asks for it at the next login), once weak_scheme passes.",
)
WEAK_SCHEME = Rule(
    name="weak_scheme",
    title="A new password becomes a hash that holds guessing up",
    risk="medium",
    reference="https://manpages.debian.org/login.defs.5",
    remedy="Set ENCRYPT_METHOD in /etc/login.defs, and the last word for a scheme behind pam_unix.so (Debian: "
    "pam-auth-update, RHEL: authselect), to yescrypt, or sha512 where the C library has no yescrypt.",
)
DEFAULT_ACCOUNT = Rule(
    name="default_account",
    title="No account that images and products come with takes a password",
    risk="high",
    reference=REFERENCE,
    remedy="Give each person an account of his own and lock the password of this one (usermod -L NAME), or remove it. "
    "No password was tried.",
)
UID_ZERO = Rule(
    name="uid_zero",
    title="Only root has the user id 0",
    risk="high",
    reference=REFERENCE,
    remedy="Remove the account, or give it a user id of its own (usermod --uid) and rights by sudo.",
)
GROUP_PASSWORD = Rule(
    name="group_password",
    title="No group has a password",
    risk="low",
    reference="https://manpages.debian.org/gpasswd.1",
    remedy="Remove it (gpasswd --remove-password GROUP) and name the members instead.",
)
RULES = (EMPTY, LOCKED_USABLE, WEAK_HASH, WEAK_SCHEME, DEFAULT_ACCOUNT, UID_ZERO, GROUP_PASSWORD)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "automation": _people.AUTOMATION_OPTION,
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}
ACCOUNTS, GROUPS = "accounts", "groups"
#: Accounts whose names everybody tries first, and what comes with them. Their published passwords are not kept here.
DEFAULT_ACCOUNTS = {
    "admin": "appliances and cloud images",
    "alarm": "Arch Linux ARM",
    "centos": "CentOS's cloud images",
    "cloud-user": "Red Hat's cloud images",
    "cloudera": "Cloudera's images",
    "debian": "BeagleBoard's and Debian's cloud images",
    "demo": "demonstrations",
    "dietpi": "DietPi",
    "ec2-user": "Amazon's images",
    "fedora": "Fedora's cloud images",
    "ftpuser": "FTP servers",
    "guest": "appliances",
    "jenkins": "Jenkins",
    "kali": "Kali Linux",
    "linaro": "Linaro's images",
    "mysql": "MySQL and MariaDB",
    "nagios": "Nagios",
    "odroid": "ODROID's images",
    "opc": "Oracle's cloud images",
    "oracle": "Oracle Database",
    "orangepi": "Orange Pi's images",
    "osmc": "OSMC",
    "pi": "Raspberry Pi OS",
    "postgres": "PostgreSQL",
    "rock": "Radxa's images",
    "support": "appliances",
    "test": "tests",
    "tomcat": "Tomcat",
    "ubnt": "Ubiquiti's devices",
    "ubuntu": "Ubuntu's images",
    "user": "live systems",
    "vagrant": "Vagrant's boxes",
    "volumio": "Volumio",
    "zabbix": "Zabbix",
}
GOOD = "yescrypt, bcrypt or sha512crypt in /etc/shadow"


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge what everybody may read first, and then /etc/shadow. Raises NeedsRoot."""
    yield from _or_pass(UID_ZERO, ACCOUNTS, "nobody but root has the user id 0", list(_twins(host)))
    yield from _schemes(host)
    entries = host.once(shadow.read)
    yield from _or_pass(
        EMPTY, ACCOUNTS, f"none of {len(entries)} has an empty password", _empty(host, entries, options)
    )
    yield from _locked(host, entries, options)
    yield from _or_pass(WEAK_HASH, ACCOUNTS, _told_schemes(entries), list(_weak(entries)))
    message = "none of those that images and products come with takes a password"
    yield from _or_pass(DEFAULT_ACCOUNT, ACCOUNTS, message, list(_default(entries)))
    yield from _or_pass(GROUP_PASSWORD, GROUPS, "none has a password", list(_groups(host)))


def _or_pass(rule: Rule, subject: str, message: str, found: t.Sequence[Finding]) -> t.Iterator[Finding]:
    """The findings, or that there is none."""
    yield from found or [Finding(rule, subject, f.PASS, message)]


def _is_expired(host: Host, entry: Entry) -> bool:
    return entry.expires is not None and entry.expires <= host.now().date()


def _set_on(entry: Entry) -> str:
    """When the password was set, for the evidence."""
    known = entry.changed is not None and entry.changed > shadow.EPOCH
    return f"set on {entry.changed}" if known else "nothing tells when it was set"


# uid_zero


def _twins(host: Host) -> t.Iterator[Finding]:
    for account in host.once(accounts.read):
        if account.uid == 0 and account.name != "root":
            name = printable(account.name)
            evidence = Evidence(
                "getent passwd", f"{name} has the user id 0 and the shell {printable(account.shell)}", "root alone"
            )
            yield Finding(UID_ZERO, name, f.FAIL, f"{name} is root by another name", (evidence,))


# weak_scheme


def _schemes(host: Host) -> t.Iterator[Finding]:
    found = list(schemes.in_force(host))
    for path, scheme in found:
        status = f.PASS if scheme in schemes.STRONG else f.FAIL
        evidence = Evidence(path, printable(scheme), "yescrypt, or sha512")
        yield Finding(WEAK_SCHEME, path, status, f"{path} makes hashes by {printable(scheme)}", (evidence,))
    if not found:
        yield Finding(WEAK_SCHEME, ACCOUNTS, f.NOT_APPLICABLE, "neither login.defs nor PAM is here to set a password")


# empty


def _empty(host: Host, entries: t.Iterable[Entry], options: Options) -> list[Finding]:
    return [_open(host, entry, options) for entry in entries if entry.state == shadow.EMPTY]


def _open(host: Host, entry: Entry, options: Options) -> Finding:
    name = printable(entry.name)
    by_pam = host.once(schemes.nullok)
    how = (
        f"pam_unix has nullok in {', '.join(by_pam)}"
        if by_pam
        else "no nullok in PAM keeps them out as long as it stays so"
    )
    evidence = (Evidence(f"{entry.source}: {name}", "an empty password", "a hash, or *"), Evidence(schemes.PAM, how))
    refusal = locking.refusal(host, entry, allow_self_cutoff=options["allow_self_cutoff"])
    fix = () if refusal else locking.lock(entry, seconds=options["confirm_seconds"])
    why = f"; not locked, since {refusal}" if refusal else ""
    remedy = (
        f"Give {name} a password (passwd {name}), or lock it from another account. allow_self_cutoff overrides this."
    )
    message = f"{name} has no password{why}"
    return Finding(EMPTY, name, f.FAIL, message, evidence, fix, remedy=remedy if refusal else "")


# locked_usable


def _locked(host: Host, entries: t.Iterable[Entry], options: Options) -> t.Iterator[Finding]:
    """Those who had a password and were locked. An account that never had one was made for keys, or for nobody."""
    listed = _people.automation(options)
    known = {account.name: account for account in host.once(accounts.read)}
    shut = [one for one in entries if one.state == shadow.LOCKED and one.scheme and not _is_expired(host, one)]
    meant = [one for one in shut if one.name in known and not _people.declared(one.name, listed)]
    found = [_still_open(host, known[one.name]) for one in meant if _people.takes_logins(known[one.name])]
    yield from _or_pass(
        LOCKED_USABLE, ACCOUNTS, "no account whose password was locked is open to a key", list(filter(None, found))
    )


def _still_open(host: Host, account: accounts.Account) -> Finding | None:
    """Where sshd takes no passwords at all, a locked one is what keys go with, and says nothing of the account.

    Nor does one that this collection locked, so that keys alone open the account.
    """
    name = printable(account.name)
    ways = ways_in.read(host, account)
    evidence = tuple(Evidence(printable(path), f"a key that opens {name}", "none") for path in ways.files)
    if ways.files and ways.passwords and account.name not in locking.locked_here(host):
        message = f"the password of {name} is locked, but who has a key still gets in over SSH"
        return Finding(LOCKED_USABLE, name, f.FAIL, message, evidence)
    if ways.unseen and not ways.files:
        return Finding(LOCKED_USABLE, name, f.NOT_ASSESSED, f"not all was looked at: {printable(ways.unseen[0])}")
    return None


# weak_hash


def _weak(entries: t.Iterable[Entry]) -> t.Iterator[Finding]:
    for entry in entries:
        exposed = bool(entry.scheme) and entry.source == shadow.PASSWD
        if exposed or (entry.weak and entry.state == shadow.USABLE):
            name = printable(entry.name)
            reason = (
                "lies where everybody can read it" if exposed else f"is a hash by {entry.scheme}, which is soon guessed"
            )
            evidence = Evidence(f"{entry.source}: {name}", f"{entry.scheme}, {_set_on(entry)}", GOOD)
            remedy = f"Move it to /etc/shadow (pwconv), then have it set anew (passwd {name})." if exposed else ""
            yield Finding(WEAK_HASH, name, f.FAIL, f"the password of {name} {reason}", (evidence,), remedy=remedy)


def _told_schemes(entries: t.Iterable[Entry]) -> str:
    used = sorted({entry.scheme for entry in entries if entry.state == shadow.USABLE})
    return f"all are kept by {', '.join(used)}" if used else "there is no password"


# default_account


def _default(entries: t.Iterable[Entry]) -> t.Iterator[Finding]:
    for entry in entries:
        if entry.name in DEFAULT_ACCOUNTS and entry.state == shadow.USABLE:
            origin = DEFAULT_ACCOUNTS[entry.name]
            evidence = Evidence(
                f"{entry.source}: {entry.name}", f"{entry.scheme}, {_set_on(entry)}", "locked, or no such account"
            )
            message = f"{entry.name} takes a password; it comes with {origin}, and is tried everywhere"
            yield Finding(DEFAULT_ACCOUNT, entry.name, f.FAIL, message, (evidence,))


# group_password


def _groups(host: Host) -> t.Iterator[Finding]:
    for entry in host.once(shadow.groups):
        if entry.state == shadow.USABLE:
            name = printable(entry.name)
            evidence = Evidence(f"{entry.source}: {name}", f"a password by {entry.scheme}", "none")
            yield Finding(
                GROUP_PASSWORD, name, f.FAIL, f"whoever knows its password gets the rights of {name}", (evidence,)
            )


CONTROL = Control(
    name=NAME,
    principle="strong_authentication",
    title="Local passwords are there, and hold guessing up",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
