# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The drop-in that wants two factors of people: who is let in by a key alone comes first, then everybody else."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in as sshd_drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import stack

PATH = f"{sshd_drop_in.FOLDER}/00-infosec-1-two-factor.conf"
CONTROL = "ssh_two_factor"
HEAD = """\
# Written by infosec.principles (ssh_two_factor); changes are lost.
# What stands under a Match line outweighs everything outside of one, and the first Match line that fits outweighs the
# others: so these are the exceptions, and the last one is for everybody else.
"""
#: Certificates of such keys are among them; which of the two keywords is known depends on the version.
SECURITY_KEYS = (
    "sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,"
    "sk-ssh-ed25519-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"
)
BY_KEY_ALONE = ("AuthenticationMethods publickey", "PasswordAuthentication no", "KbdInteractiveAuthentication no")
TWO_FACTORS = (
    "AuthenticationMethods publickey,keyboard-interactive:pam",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication yes",
)
#: The versions that brought PubkeyAcceptedAlgorithms, and made ChallengeResponseAuthentication another name.
NEW_NAMES = (8, 5)
ONE_SWITCH = (8, 7)
_NAME = re.compile(r"[A-Za-z0-9_.*?$@-]+")


class Unwritable(Exception):
    """Something that was declared cannot be written so that sshd would understand it: what and why."""


@dataclasses.dataclass(frozen=True)
class Grace:
    """Somebody who has no second factor yet. until: the last day on which a key alone will do; None if unreadable."""

    name: str
    until: datetime.date | None
    why: str

    def runs(self, now: datetime.datetime) -> bool:
        """Whether it still does, by UTC."""
        return self.until is not None and now.astimezone(datetime.timezone.utc).date() <= self.until


@dataclasses.dataclass(frozen=True)
class Rescue:
    """How somebody gets in when no second factor can be had: an account, and from where; or a console, in words."""

    account: str
    sources: tuple[str, ...]
    console: str


@dataclasses.dataclass(frozen=True)
class Policy:
    """Who is let in how. method: of stack. security_keys: those whose keys are all in security keys."""

    method: str
    automation: tuple[Automation, ...]
    rescue: Rescue
    grace: tuple[Grace, ...]
    security_keys: tuple[str, ...]


def grace(options: t.Mapping[str, t.Any]) -> tuple[Grace, ...]:
    """The option `grace` as values."""
    return tuple(Grace(one["name"], _day(one["until"]), one.get("why") or "") for one in options["grace"])


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date(*map(int, text.split("-")))
    except (TypeError, ValueError):
        return None


def rescue(options: t.Mapping[str, t.Any]) -> Rescue:
    """The option `rescue` as a value."""
    given = options.get("rescue") or {}
    return Rescue(given.get("account") or "", tuple(given.get("from") or ()), given.get("console") or "")


def sources(texts: t.Iterable[str]) -> tuple[str, ...]:
    """Addresses and networks as sshd takes them (it refuses bits behind the mask). Raises Unwritable."""
    found = []
    for text in texts:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError as exc:
            raise Unwritable(f"{text}: neither an address nor a network") from exc
        found.append(str(network.network_address) if network.num_addresses == 1 else str(network))
    return tuple(found)


def contains(texts: t.Iterable[str], address: str) -> bool:
    """Whether the address is one of these, or in one of these networks."""
    try:
        own = ipaddress.ip_address(address)
        return any(own in ipaddress.ip_network(text, strict=False) for text in texts)
    except ValueError:
        return False


def drop_in(policy: Policy, version: tuple[int, int]) -> DropIn:
    """Our file for this version of sshd. Raises Unwritable."""
    return DropIn(CONTROL, PATH, HEAD + "".join(f"{line}\n" for line in _lines(policy, version)))


def _lines(policy: Policy, version: tuple[int, int]) -> t.Iterator[str]:
    """Global keywords stand before the first Match."""
    if policy.method != stack.FIDO2:
        yield "UsePAM yes"
        if version < ONE_SWITCH:
            yield "ChallengeResponseAuthentication yes"
    for one in policy.automation:
        if one.sources:
            yield from _match("a program logs in", one.name, one.sources, BY_KEY_ALONE)
    if policy.rescue.account:
        yield from _match(
            "when no second factor can be had", policy.rescue.account, policy.rescue.sources, BY_KEY_ALONE
        )
    for late in policy.grace:
        yield from _match(f"has no second factor yet; until {late.until}", late.name, (), BY_KEY_ALONE)
    for name in policy.security_keys:
        yield from _match("has security keys alone", name, (), _security_keys(version))
    yield "Match all"
    yield from _indented(_security_keys(version) if policy.method == stack.FIDO2 else TWO_FACTORS)


def _security_keys(version: tuple[int, int]) -> tuple[str, ...]:
    keyword = "PubkeyAcceptedAlgorithms" if version >= NEW_NAMES else "PubkeyAcceptedKeyTypes"
    return (*BY_KEY_ALONE, "PubkeyAuthOptions verify-required", f"{keyword} {SECURITY_KEYS}")


def _match(why: str, name: str, allowed: t.Sequence[str], settings: t.Sequence[str]) -> t.Iterator[str]:
    if not _NAME.fullmatch(name):
        raise Unwritable(f"{name}: sshd has no pattern for this name")
    yield f"# {why}"
    yield f"Match User {name}" + (f" Address {','.join(sources(allowed))}" if allowed else "")
    yield from _indented(settings)


def _indented(settings: t.Sequence[str]) -> t.Iterator[str]:
    return (f"    {line}" for line in settings)
