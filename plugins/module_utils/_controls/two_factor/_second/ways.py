# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What sshd wants of somebody before it lets him in: each way (a list of AuthenticationMethods), and what it proves."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import pam_modules, sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe

#: What is proven, besides pam_modules.PASSWORD and FACTOR. PIN: a security key asked for it (verify-required).
KEY, PIN, TICKET = "key", "pin", "ticket"
PUBLICKEY, PASSWORD_METHOD, INTERACTIVE = "publickey", "password", "keyboard-interactive"
#: Every keyword of these that a version knows has to say yes. Before 8.7 PAM only asks where both of the second do,
#: whatever sshd -T says of the first.
SWITCHES = {
    PUBLICKEY: ("pubkeyauthentication",),
    PASSWORD_METHOD: ("passwordauthentication",),
    INTERACTIVE: ("kbdinteractiveauthentication", "challengeresponseauthentication"),
    "gssapi-with-mic": ("gssapiauthentication",),
    "hostbased": ("hostbasedauthentication",),
}
#: Algorithms of keys that live in a security key (FIDO).
SECURITY_KEYS = "sk-*"
_ACCEPTED = ("pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes")
_ANY = "any"


@dataclasses.dataclass(frozen=True)
class Way:
    """One list of methods that lets somebody in. proves: the different kinds of things that it asks for."""

    methods: tuple[str, ...]
    proves: frozenset[str]

    @property
    def two_factors(self) -> bool:
        """Whether they are of two kinds: two keys, or a password asked for twice, are not."""
        return len(self.proves) > 1

    def __str__(self) -> str:
        return ",".join(self.methods)


#: What PAM asks for: kinds, or None where it lets nobody through.
Asked = t.Optional[frozenset[str]]


def ways(values: sshd.Values, probe: Probe, pam: Asked, *, security_keys_only: bool = False) -> tuple[Way, ...]:
    """Every way in for a connection; none where sshd lets nobody in.

    security_keys_only: all keys that open the account are such; what sshd itself accepts is looked at besides.
    """
    lists = " ".join(values.get("authenticationmethods", (_ANY,))).split()
    wanted = [(method,) for method in SWITCHES] if _ANY in lists else [tuple(one.split(",")) for one in lists]
    kinds = _kinds(values, pam, verified(values, security_keys_only=security_keys_only))
    possible = _possible(values, probe) & {method for method, found in kinds.items() if found is not None}
    found = []
    for methods in wanted:
        names = [method.partition(":")[0] for method in methods]
        if set(names) <= possible:
            found.append(Way(methods, frozenset().union(*(kinds[name] or () for name in names))))
    return tuple(found)


def verified(values: sshd.Values, *, security_keys_only: bool = False) -> bool:
    """Whether each key has to be a security key that asked its owner for the PIN."""
    accepted = " ".join(first(values, *_ACCEPTED).split()).split(",")
    limited = security_keys_only or all(sshd_config.matches(SECURITY_KEYS, one) for one in accepted)
    return limited and "verify-required" in first(values, "pubkeyauthoptions")


def first(values: sshd.Values, *keywords: str) -> str:
    """The value of the first of these keywords that this sshd knows, in lower case."""
    return next((" ".join(values[keyword]).lower() for keyword in keywords if values.get(keyword)), "")


def _kinds(values: sshd.Values, pam: Asked, security_key: bool) -> dict[str, frozenset[str] | None]:
    """What each method proves; None for one that lets nobody through."""
    through_pam = first(values, "usepam") == "yes"
    password: frozenset[str] | None = frozenset((pam_modules.PASSWORD,))
    return {
        PUBLICKEY: frozenset((KEY, PIN) if security_key else (KEY,)),
        PASSWORD_METHOD: pam if through_pam else password,
        INTERACTIVE: pam if through_pam else None,
        "gssapi-with-mic": frozenset((TICKET,)),
        "gssapi-keyex": frozenset((TICKET,)),
        "hostbased": frozenset(),
    }


def _possible(values: sshd.Values, probe: Probe) -> set[str]:
    """The methods that are switched on, and that this user may use."""
    if not _admitted(values, probe):
        return set()
    on = {
        method
        for method, keywords in SWITCHES.items()
        if any(values.get(one) for one in keywords) and all(first(values, one) in ("yes", "") for one in keywords)
    }
    root = first(values, "permitrootlogin")
    if probe.user != "root" or root == "yes":
        return on
    return on - {PASSWORD_METHOD, INTERACTIVE} if root != "no" else set()


def _admitted(values: sshd.Values, probe: Probe) -> bool:
    """AllowUsers, DenyUsers, AllowGroups and DenyGroups."""

    def names(keyword: str, *, of_user: bool) -> bool | None:
        patterns = " ".join(values.get(keyword, ())).split()
        named = _user_named if of_user else _group_named
        return any(named(pattern, probe) for pattern in patterns) if patterns else None

    denied = names("denyusers", of_user=True) or names("denygroups", of_user=False)
    allowed = (names("allowusers", of_user=True), names("allowgroups", of_user=False))
    return not denied and False not in allowed


def _user_named(pattern: str, probe: Probe) -> bool:
    name, at, source = pattern.rpartition("@")
    if not at:
        return sshd_config.matches(pattern, probe.user)
    return sshd_config.matches(name, probe.user) and sshd_config.matches_address(source, probe.place.address)


def _group_named(pattern: str, probe: Probe) -> bool:
    return any(sshd_config.matches(pattern, group) for group in probe.groups)
