# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who else than sshd's certificates says who people are: sssd, Kerberos, winbind, and what binds to LDAP by itself."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon import authority
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import pam as pam_format
from ansible_collections.infosec.principles.plugins.module_utils._host import directory, pam, units
from ansible_collections.infosec.principles.plugins.module_utils._host.directory import Domain
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

#: What sssd's domains may check passwords with: tickets or a provider that asks for more than a password.
STRONG = frozenset(("krb5", "ipa", "ad", "idp"))
#: PAM modules of providers, and what they are.
MODULES = {
    "pam_krb5": "Kerberos",
    "pam_winbind": "winbind (Active Directory)",
    "pam_oslogin_login": "Google OS Login",
    "pam_authd": "authd",
    "pam_himmelblau": "Himmelblau (Entra ID)",
    "pam_aad": "aad-auth (Entra ID)",
}
#: PAM modules that hand the password of whoever comes to an LDAP server.
BINDING = ("pam_ldap", "pam_ldapd")
KEYTAB = "/etc/krb5.keytab"
SSSD_UNIT = "sssd.service"
#: sssd-ldap(5): values of ldap_tls_reqcert that want a certificate, and a right one.
VERIFYING = frozenset(("demand", "hard"))
_SEALING = frozenset(("gssapi", "gss-spnego"))
_REALM = re.compile(r"^  (?P<key>[a-z-]+): (?P<value>.*)$", re.MULTILINE)


def found(host: Host, states: t.Sequence[State], people: t.Collection[str]) -> list[Evidence]:
    """What shows that people come from one provider, in force now."""
    return [
        *_certificates(host, states, people),
        *_sssd(host),
        *_modules(host),
        *_tickets(host, states, people),
        *_realm(host),
    ]


def _certificates(host: Host, states: t.Sequence[State], people: t.Collection[str]) -> t.Iterator[Evidence]:
    for state in states:
        if authority.without(state, people):
            continue
        for file in authority.trusted(host, state):
            for key in file.keys if not file.problem else ():
                yield Evidence(f"{state.daemon.name}: TrustedUserCAKeys {file.path}", f"certificates of {key.told}")


def _sssd(host: Host) -> t.Iterator[Evidence]:
    domains = host.once(directory.domains) if "sss" in directory.sources(host) else ()
    for domain in domains if domains and _runs(host) else ():
        if domain.authentication in STRONG:
            yield Evidence(place(domain), f"id_provider {domain.identity}, auth_provider {domain.authentication}")


def _runs(host: Host) -> bool:
    unit = units.show(host, SSSD_UNIT)
    return unit is not None and unit.is_active


def place(domain: Domain) -> str:
    """As in messages: sssd domain example.org."""
    return f"sssd domain {printable(domain.name)}"


def _modules(host: Host) -> t.Iterator[Evidence]:
    for step in _steps(host, "sshd"):
        if step.name in MODULES:
            yield Evidence(step.place, f"{step.name} ({MODULES[step.name]})")


def _steps(host: Host, service: str) -> tuple[pam_format.Step, ...]:
    try:
        return pam.stack(host, service).steps
    except HostError:
        return ()


def _tickets(host: Host, states: t.Sequence[State], people: t.Collection[str]) -> t.Iterator[Evidence]:
    if not host.exists(KEYTAB):
        return
    for state in states:
        told = [
            values.get("gssapiauthentication", ("no",))[0]
            for probe, values in state.answers
            if not set(people).isdisjoint(probe.names)
        ]
        if told and set(told) == {"yes"}:
            yield Evidence(state.daemon.name, f"GSSAPIAuthentication yes, and {KEYTAB} is there")


def _realm(host: Host) -> t.Iterator[Evidence]:
    """What realmd says it has joined; only evidence beside what is in force."""
    if host.which("realm") is None:
        return
    for block in re.split(r"^(?=\S)", host.ask("realm", "list").stdout, flags=re.MULTILINE):
        told = {match["key"]: match["value"] for match in _REALM.finditer(block)}
        if told.get("configured", "no") != "no":
            name = printable(block.splitlines()[0])
            yield Evidence("realm list", f"{name}: {told['configured']}, {told.get('login-policy', '')}".rstrip(", "))


# Passwords that go to LDAP


def bindings(host: Host) -> list[tuple[str, Evidence]]:
    """(subject, evidence) of everything that checks passwords by binding to LDAP with them."""
    found = [
        (place(domain), Evidence(place(domain), "auth_provider ldap", "krb5, ipa, ad or idp"))
        for domain in host.once(directory.domains)
        if domain.authentication == "ldap"
    ]
    steps = {step.place: step for service in _services(host) for step in _steps(host, service) if step.name in BINDING}
    lines = tuple(Evidence(step.place, step.name, "pam_sss with Kerberos") for step in steps.values())
    return [*found, *([("PAM", lines[0])] if lines else [])]


def _services(host: Host) -> list[str]:
    """The services whose stacks may have such a module: all, where any file of PAM names one; else none."""
    names = [name for name in host.listdir(pam.FOLDERS[0]) if not name.startswith(("common-", "."))]
    texts = (_text(host, f"{pam.FOLDERS[0]}/{name}") for name in host.listdir(pam.FOLDERS[0]))
    return names if any("pam_ldap" in text for text in texts) else []


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""


def clear(domain: Domain) -> list[Evidence]:
    """What lets somebody between this host and the directory say who is who; empty where it is sealed."""
    if "ldap" not in (domain.identity, domain.authentication):
        return []
    found = []
    required = domain.value("ldap_tls_reqcert", "hard").lower()
    open_uris = [
        uri for uri in domain.listed("ldap_uri") or ("_srv_",) if not uri.lower().startswith(("ldaps:", "ldapi:"))
    ]
    sealed = domain.value("ldap_sasl_mech").lower() in _SEALING and domain.authentication != "ldap"
    starts = domain.value("ldap_id_use_start_tls", "false").lower() == "true"
    if open_uris and not starts and not sealed:
        found.append(Evidence(f"{place(domain)}: ldap_uri {open_uris[0]}", "ldap_id_use_start_tls false", "true"))
    if required not in VERIFYING and not sealed:
        found.append(Evidence(place(domain), f"ldap_tls_reqcert {required}", "demand"))
    return found
