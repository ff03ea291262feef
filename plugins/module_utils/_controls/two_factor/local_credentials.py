# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Hosts keep no passwords of people where keys or an identity provider let them in."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._local import stores, web
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon import providers
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control, Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding, Rule
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import shadow, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._local import locks
else:
    locks = later("_controls.two_factor._local.locks")

NAME = "local_credentials"
REFERENCE = (
    "https://infosec.mozilla.org/fundamentals/security_principles#use-central-identity-management-single-sign-on"
)
LOCAL_HASH = Rule(
    name="local_hash",
    title="No person has a local password where keys or an identity provider let him in",
    risk="medium",
    reference=REFERENCE,
    remedy="See that the person gets in by a key, a certificate or the directory, and that sudo does not need the "
    "password (NOPASSWD, or sudo by the directory), then lock it: usermod -L NAME. usermod -U NAME takes that back.",
)
WEB_PASSWORDS = Rule(
    name="web_passwords",
    title="No web server checks passwords of people by itself",
    risk="medium",
    reference=REFERENCE,
    remedy="Put the place behind the identity provider: auth_request with oauth2-proxy in nginx, mod_auth_openidc or "
    "mod_auth_mellon in Apache httpd; then remove the file of passwords. Waive one that only programs use.",
)
SERVICE_PASSWORDS = Rule(
    name="service_passwords",
    title="No service keeps passwords of people in a store of its own",
    risk="medium",
    reference=REFERENCE,
    remedy="Let the service ask the identity provider (Kerberos, OAuth or PAM with pam_sss), then remove the store. "
    "Waive one that only programs use.",
)
RULES = (LOCAL_HASH, WEB_PASSWORDS, SERVICE_PASSWORDS)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "rescue_accounts": {"type": "list", "elements": "str", "default": ["root"]},
    "certificates_suffice": {"type": "bool", "default": False},
    "lock_sudo_passwords": {"type": "bool", "default": False},
    "automation": _people.AUTOMATION_OPTION,
    "confirm_seconds": {"type": "int", "default": 60},
    "allow_self_cutoff": {"type": "bool", "default": False},
}
ACCOUNTS, WEB, SERVICES = "accounts", "web servers", "services"


def assess(host: Host, options: Options) -> t.Iterator[Finding]:
    """Judge /etc/shadow, the configurations of web servers, and the stores that services are known for."""
    yield from _web(host)
    yield from _services(host)
    yield from _hashes(host, options)


# local_hash


def _hashes(host: Host, options: Options) -> t.Iterator[Finding]:
    listed = _people.automation(options)
    usable = {entry.name: entry for entry in host.once(shadow.read) if entry.state == shadow.USABLE}
    people = [account.name for account in _people.people(host, listed) if account.name in usable]
    kept = [name for name in people if any(fnmatch.fnmatchcase(name, one) for one in options["rescue_accounts"])]
    judged = [name for name in people if name not in kept]
    provider = _provider(host, options) if judged else []
    for name in judged:
        yield _hash(host, usable[name], provider, options)
    if not judged:
        told = f"; kept for emergencies: {printable(', '.join(kept))}" if kept else ""
        yield Finding(LOCAL_HASH, ACCOUNTS, f.PASS, f"no person has a local password{told}")


def _provider(host: Host, options: Options) -> list[Evidence]:
    """What shows that an identity provider is in force."""
    people = [account.name for account in _people.people(host, _people.automation(options))]
    return providers.found(host, host.once(sshd_state.read).known, people)


def _hash(host: Host, entry: shadow.Entry, provider: t.Sequence[Evidence], options: Options) -> Finding:
    name, keys = printable(entry.name), locks.keys(host, entry.name)
    certificates = locks.certificates(host, entry.name)
    ways = (*keys, *certificates, *(Evidence(one.source, f"an identity provider: {one.found}") for one in provider))
    own = Evidence(f"{entry.source}: {name}", f"{entry.scheme}, usable", "locked")
    if not ways:
        return Finding(LOCAL_HASH, name, f.NOT_APPLICABLE, f"its password is the only way in that {name} has", (own,))
    suffices = keys or (certificates and options["certificates_suffice"])
    why = locks.refusal(host, entry, options) if suffices else f"no key opens {name}, and no certificate is seen here"
    fix = () if why else locks.lock(entry.name, seconds=options["confirm_seconds"])
    message = f"{name} has a local password besides {ways[0].found}{f'; not locked, since {why}' if why else ''}"
    return Finding(LOCAL_HASH, name, f.FAIL, message, (own, *ways), fix)


# web_passwords and service_passwords


def _web(host: Host) -> t.Iterator[Finding]:
    found, problems = web.uses(host)
    failing = [use for use in found if not use.path or (use.store and use.store.users)]
    for use in failing:
        yield _used(use)
    for use in (use for use in found if use.problem):
        problems.append(use.problem)
    if problems:
        yield Finding(WEB_PASSWORDS, WEB, f.NOT_ASSESSED, f"not all was looked at: {printable(problems[0])}")
    elif not failing:
        yield Finding(WEB_PASSWORDS, WEB, f.PASS, "none of nginx and Apache httpd has users of its own")


def _used(use: web.Use) -> Finding:
    place = Evidence(printable(use.place), printable(f"{use.directive} {use.path}".strip()), "the identity provider")
    if not use.store:
        message = f"{use.server} takes people's passwords and has them checked elsewhere ({use.directive})"
        return Finding(WEB_PASSWORDS, printable(use.place), f.FAIL, message, (place,))
    path = printable(use.path)
    message = f"{use.store.told} of {path}: let in by {use.server}"
    return Finding(WEB_PASSWORDS, path, f.FAIL, message, (Evidence(path, use.store.told, "none"), place))


def _services(host: Host) -> t.Iterator[Finding]:
    found = host.once(stores.read)
    for one in found:
        path = printable(one.path)
        if one.problem:
            yield Finding(SERVICE_PASSWORDS, path, f.NOT_ASSESSED, printable(one.problem))
        else:
            told = one.store.told if one.store else "users of its own"
            message = f"{one.service} has {told} in {path}"
            yield Finding(SERVICE_PASSWORDS, path, f.FAIL, message, (Evidence(path, told, "none"),))
    if not found:
        message = f"none of {len(stores.STORES)} files that services keep passwords in is there, or holds any"
        yield Finding(SERVICE_PASSWORDS, SERVICES, f.PASS, message)


CONTROL = Control(
    name=NAME,
    principle="two_factor",
    title="Hosts keep no passwords of people",
    rules=RULES,
    options=OPTIONS,
    assess=assess,
)
