# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""sshd: Match Address and Match Host blocks by which less is asked of somebody for where he comes from.

What sshd says (`sshd -T -C`) of a user who comes from such a place is held against what it says of the same user from
anywhere else. Asking for more from some places narrows, and is fine; so is Mozilla's exception for declared
automation, a key alone from its own addresses.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd, sshd_classes, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_classes import Probe
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

#: Keyword, and the method of AuthenticationMethods that it turns on.
METHODS = {
    "PubkeyAuthentication": "publickey",
    "PasswordAuthentication": "password",
    "KbdInteractiveAuthentication": "keyboard-interactive",
    "HostbasedAuthentication": "hostbased",
    "GSSAPIAuthentication": "gssapi-with-mic",
}
KEYWORDS = (*METHODS, "AuthenticationMethods", "PermitRootLogin", "PermitEmptyPasswords")
#: What other than a secret or the host behind it may be guessed or forged.
STRONG = frozenset(("publickey", "gssapi-with-mic"))
#: Methods that root may use, by PermitRootLogin in the words of sshd -T.
FOR_ROOT = {
    "no": frozenset[str](),
    "without-password": frozenset(("publickey", "hostbased", "gssapi-with-mic")),
    "prohibit-password": frozenset(("publickey", "hostbased", "gssapi-with-mic")),
    "forced-commands-only": frozenset(("publickey",)),
}
#: Connections from networks that a Match leaves out by "!", and that are asked about too; each takes some 10 ms.
MAX_LEFT_OUT = 40
STEPS = (
    "Remove what the evidence names, so that the same is asked of everybody, then sshd -t && systemctl reload {unit}. "
    "Where a program needs it, list its account in the option automation and let it in by a key alone (Match User "
    "NAME Address ...)."
)

#: One way in: the methods that have to be passed, sorted.
Way = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Weaker:
    """One class of users of whom less is asked from one place. keywords: those whose values differ."""

    probe: Probe
    here: sshd.Values
    elsewhere: sshd.Values

    @property
    def keywords(self) -> list[str]:
        """The settings that differ."""
        return [name for name in KEYWORDS if _value(self.here, name) != _value(self.elsewhere, name)]


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """One verdict for each sshd."""
    states = host.once(sshd_state.read)
    listed = _people.automation(options)
    for name, problem in states.problems.items():
        yield Verdict(name, f.NOT_ASSESSED, f"sshd does not say what is in force: {problem}")
    for state in states.known:
        yield _judged(host, state, listed)
    if not states.known and not states.problems:
        yield Verdict("sshd", f.NOT_APPLICABLE, "no sshd runs here")


def _judged(host: Host, state: State, listed: t.Sequence[Automation]) -> Verdict:
    others = _left_out(state)
    answers = (*state.answers, *_asked(host, state, others[:MAX_LEFT_OUT]))
    weaker = [one for one in _compared(answers) if not _automation(one, listed)]
    name = state.daemon.name
    if weaker:
        evidence = tuple(line for one in weaker for line in _evidence(state, one))[: verdict.MAX_FOUND]
        places = ", ".join(dict.fromkeys(one.probe.where.strip() for one in weaker))
        message = f"less is asked of whoever comes {printable(places)}"
        steps = STEPS.format(unit=state.daemon.unit or "ssh")
        return Verdict(name, f.FAIL, message, evidence, remedy=steps)
    unknown = sshd_state.unaskable(state.settings, {keyword.lower() for keyword in KEYWORDS})
    unasked = state.unasked + len(unknown) + len(others[MAX_LEFT_OUT:])
    if unasked:
        return Verdict(name, f.NOT_ASSESSED, f"what it asks of {unasked} more classes of users was not asked")
    return Verdict(name, f.PASS, f"the same or more is asked from every address (asked about {len(answers)} classes)")


def _left_out(state: State) -> list[Probe]:
    """Connections from the addresses that `Match Address *,!NETWORK` leaves out: there the other settings count."""
    networks = dict.fromkeys(
        pattern[1:]
        for setting in state.settings
        for criteria in setting.under
        for name, patterns in criteria
        for pattern in patterns.split(",")
        if name == "address" and pattern.startswith("!")
    )
    addresses = filter(None, (sshd_config.sample_address(network, ()) for network in networks))
    usual = [probe for probe, _values in state.answers if not probe.where]
    return [_from(probe, address) for address in addresses for probe in usual]


def _from(probe: Probe, address: str) -> Probe:
    place = dataclasses.replace(probe.place, address=address, host=address)
    return dataclasses.replace(probe, place=place, where=f" from {address}")


def _asked(host: Host, state: State, probes: t.Iterable[Probe]) -> t.Iterator[tuple[Probe, sshd.Values]]:
    for probe in probes:
        yield probe, sshd.effective(host, state.daemon, probe.specification)


def _compared(answers: t.Sequence[tuple[Probe, sshd.Values]]) -> t.Iterator[Weaker]:
    """Each class and place of which less is asked than of the same class from the usual place."""
    usual = {probe.names: (probe.place, values) for probe, values in answers if not probe.where}
    for probe, values in answers:
        place, elsewhere = usual.get(probe.names, (probe.place, values))
        if (probe.place.address, probe.place.host) != (place.address, place.host) and any(
            _is_weaker(values, elsewhere, root=root) for root in {name == "root" for name in probe.names}
        ):
            yield Weaker(probe, values, elsewhere)


def _is_weaker(here: sshd.Values, elsewhere: sshd.Values, *, root: bool) -> bool:
    """Whether one of the ways in from here is less than every way in from elsewhere."""
    known = _ways(elsewhere, root=root)
    fewest = min(map(len, known), default=0)
    new = [way for way in _ways(here, root=root) if not any(set(one) <= set(way) for one in known)]
    empty = [_value(values, "PermitEmptyPasswords") == "yes" for values in (here, elsewhere)] == [True, False]
    by_password = any("password" in way for way in _ways(here, root=root))
    return any(not known or len(way) < fewest or not STRONG & set(way) for way in new) or (empty and by_password)


def _ways(values: sshd.Values, *, root: bool) -> list[Way]:
    """Every list of methods that lets root, or somebody else, in."""
    enabled = {method for keyword, method in METHODS.items() if _value(values, keyword) == "yes"}
    if root:
        enabled &= FOR_ROOT.get(_value(values, "PermitRootLogin"), enabled)
    told = _value(values, "AuthenticationMethods")
    if told in ("", "any"):
        return [(method,) for method in sorted(enabled)]
    lists = [tuple(sorted(one.partition(":")[0] for one in way.split(","))) for way in told.split()]
    return [way for way in lists if set(way) <= enabled]


def _value(values: sshd.Values, keyword: str) -> str:
    return " ".join(values.get(keyword.lower(), ())).lower()


def _automation(one: Weaker, listed: t.Sequence[Automation]) -> bool:
    """Whether all of these users are declared automation that comes by a key alone, from where it is declared to."""
    entries = [_people.declared(name, listed) for name in one.probe.names]
    by_key = all(set(way) == {"publickey"} for way in _ways(one.here, root=False))
    return by_key and all(entry is not None and _comes_from(entry, one.probe.place.address) for entry in entries)


def _comes_from(entry: Automation, address: str) -> bool:
    try:
        return not (entry.sources and AddressSet.of([address]) - AddressSet.of(entry.sources))
    except ValueError:
        return False


def _evidence(state: State, one: Weaker) -> t.Iterator[Evidence]:
    """The lines that count there, where they say something else than those elsewhere."""
    for keyword in one.keywords:
        line = sshd_state.deciding(state, one.probe, keyword)
        source = line.place if line else f"{state.daemon.program} -T (default)"
        found = f"{keyword} {_value(one.here, keyword)} for {printable(_whom(state, one.probe))}"
        yield Evidence(printable(source), found, f"{keyword} {_value(one.elsewhere, keyword)}, as from elsewhere")


def _whom(state: State, probe: Probe) -> str:
    known = any(probe == other for other, _values in state.answers)
    return sshd_state.whom(state, (probe,)) if known else f"{sshd_classes.shorten(probe.names)}{probe.where}"
