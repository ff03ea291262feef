# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who gets in without a key: by a password, an empty one, as root, or by a key that is too short."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import opens
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh.faults import (
    Wrong,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe

NEVER, KEY = "never", "key"
#: Methods that prove a secret which never reaches this host: a key (or certificate), or a Kerberos ticket.
STRONG = frozenset(("publickey", "gssapi-with-mic", "gssapi-keyex"))
#: What lets in by a password; HostbasedAuthentication is a matter of ssh_pivoting.
SWITCHES = ("PasswordAuthentication", "KbdInteractiveAuthentication")
METHODS = "AuthenticationMethods"
_BY_KEY = ("prohibit-password", "without-password", "forced-commands-only")
LEAST_BITS = opens.LEAST_BITS


def value(values: sshd.Values, keyword: str, default: str = "") -> str:
    """What is in force, in lower case; `sshd -T` writes some values otherwise than the page."""
    return next(iter(values.get(keyword.lower(), ())), default).lower()


def lists(values: sshd.Values) -> tuple[str, ...]:
    """The lists of AuthenticationMethods; none where any method will do."""
    told = " ".join(values.get(METHODS.lower(), ())).split()
    return () if "any" in told else tuple(told)


def methods(one: str) -> frozenset[str]:
    """The methods of a list, without their devices (keyboard-interactive:pam)."""
    return frozenset(method.partition(":")[0] for method in one.split(","))


def without_key(probe: Probe, values: sshd.Values) -> t.Iterator[Wrong]:
    """Rule keys_only. A list that begins with a key is as good as passwords that are switched off."""
    told = lists(values)
    weak = [one for one in told if not methods(one) & STRONG]
    if weak:
        yield Wrong(METHODS, " ".join(told), "publickey")
    for keyword in SWITCHES if not told else ():
        if value(values, keyword) == "yes":
            yield Wrong(keyword, "yes", "no")


def empty(probe: Probe, values: sshd.Values) -> t.Iterator[Wrong]:
    """Rule empty_passwords."""
    if value(values, "PermitEmptyPasswords") == "yes":
        yield Wrong("PermitEmptyPasswords", "yes", "no")


def quiet(probe: Probe, values: sshd.Values) -> t.Iterator[Wrong]:
    """Rule log_level."""
    if value(values, "LogLevel") != "verbose":
        yield Wrong("LogLevel", value(values, "LogLevel").upper(), "VERBOSE")


def short(probe: Probe, values: sshd.Values) -> t.Iterator[Wrong]:
    """Rule rsa_size; OpenSSH has the keyword since 9.1."""
    told = value(values, "RequiredRSASize")
    if told.isdecimal() and int(told) < LEAST_BITS:
        yield Wrong("RequiredRSASize", told, str(LEAST_BITS))


@dataclasses.dataclass(frozen=True)
class Root:
    """Rule root_login. names: accounts with uid 0. login: NEVER or KEY. sources: from where programs may by key."""

    names: frozenset[str]
    login: str
    sources: tuple[str, ...] = ()

    def judge(self, probe: Probe, values: sshd.Values) -> t.Iterator[Wrong]:
        """PermitRootLogin counts for uid 0 alone."""
        told = value(values, "PermitRootLogin")
        if not self.names.intersection(probe.names) or told == "no":
            return
        if told not in _BY_KEY or not self._by_key(probe):
            yield Wrong("PermitRootLogin", told, "prohibit-password" if self._by_key(probe) else "no")

    def _by_key(self, probe: Probe) -> bool:
        return self.login == KEY or self._declared(probe.place.address)

    def _declared(self, address: str) -> bool:
        return bool(self.sources) and sshd_config.matches_address(",".join(self.sources), address)


def root(names: t.Iterable[str], login: str, programs: t.Iterable[Automation]) -> Root:
    """The policy for root, by its option and the accounts that programs log in to."""
    return Root(frozenset(names), login, sources(programs))


def sources(programs: t.Iterable[Automation]) -> tuple[str, ...]:
    """From where programs may log in as root by key."""
    return tuple(dict.fromkeys(source for one in programs if one.name == "root" for source in one.sources))
