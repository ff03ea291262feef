# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who may log in: by groups (AllowGroups, sssd, access.conf), by a list of persons, or everybody."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import directory, pam
from ansible_collections.infosec.principles.plugins.module_utils._host.directory import Domain
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

ACCESS = "/etc/security/access.conf"
ACCESS_MORE = "/etc/security/access.d/*.conf"
#: access_provider that lets in whom the directory says, and what says so.
BY_DIRECTORY = {"ad": "its group policies", "ipa": "HBAC rules", "proxy": "the PAM service that it hands over to"}
#: ldap_access_order: words that tell one user from another; the others look at dates and locks alone.
_TELLING = frozenset(("filter", "host", "authorized_service", "rhost"))
#: The first field of a line that access.conf(5) takes.
_DENY = "-"


def groups(state: State, people: t.Collection[str]) -> list[tuple[tuple[str, ...], str]]:
    """(groups that AllowGroups names, whom they hold) of each class of users with somebody of `people` in it."""
    return [
        (tuple(values.get("allowgroups", ())), printable(", ".join(probe.names[:3]) + probe.where))
        for probe, values in state.answers
        if not set(people).isdisjoint(probe.names)
    ]


def persons(state: State, people: t.Collection[str]) -> bool:
    """Whether AllowUsers names them one by one."""
    return any(values.get("allowusers") for probe, values in state.answers if not set(people).isdisjoint(probe.names))


def access_conf(host: Host, service: str = "sshd") -> Evidence | None:
    """The line of access.conf that turns away everybody that no line before it lets in; None where none does."""
    try:
        steps = [step for step in pam.stack(host, service, "account").steps if step.name == "pam_access"]
    except HostError:
        return None
    for step in steps:
        given = [word.partition("=")[2] for word in step.arguments if word.startswith("accessfile=")]
        separators = [word.partition("=")[2] for word in step.arguments if word.startswith("fieldsep=")]
        for path in given or (ACCESS, *host.glob(ACCESS_MORE)):
            closing = _closing(host, path, separators[0] if separators else ":")
            if closing:
                return Evidence(closing, f"turns away everybody else ({step.place}: pam_access)")
    return None


def _closing(host: Host, path: str, separator: str) -> str:
    try:
        lines = host.read_text(path).splitlines()
    except Missing:
        return ""
    for number, line in enumerate(lines, 1):
        fields = [field.strip() for field in line.split("#")[0].split(separator, 2)]
        if len(fields) == 3 and fields[0] == _DENY and "ALL" in fields[1].split() and fields[2].split()[:1] == ["ALL"]:
            return f"{path}:{number}"
    return ""


def domain_gate(domain: Domain) -> tuple[str, str]:
    """(what decides who of a domain gets in, "") or ("", why nothing does that knows groups)."""
    if domain.access == "simple":
        return _simple(domain)
    if domain.access == "ldap":
        return _by_ldap(domain)
    if domain.access in BY_DIRECTORY or domain.access == "deny":
        return f"access_provider {domain.access} ({BY_DIRECTORY.get(domain.access, 'nobody')})", ""
    told = "access_provider permit" if "access_provider" in domain.settings else "no access_provider, which is permit"
    return "", told if domain.access == "permit" else f"access_provider {domain.access}"


def _simple(domain: Domain) -> tuple[str, str]:
    allowed = domain.listed("simple_allow_groups")
    if allowed:
        return f"simple_allow_groups {', '.join(allowed)}", ""
    users = domain.listed("simple_allow_users")
    return "", "simple_allow_users, person by person" if users else "access_provider simple without a list of groups"


def _by_ldap(domain: Domain) -> tuple[str, str]:
    order = set(domain.listed("ldap_access_order")) or {"filter"}
    if order & _TELLING:
        return f"access_provider ldap ({', '.join(sorted(order & _TELLING))})", ""
    return "", f"ldap_access_order {', '.join(sorted(order))}, which tells nobody from anybody"


def gated(host: Host) -> bool:
    """Whether some domain of sssd is held by what the directory says."""
    return any(domain_gate(domain)[0] for domain in host.once(directory.domains))
