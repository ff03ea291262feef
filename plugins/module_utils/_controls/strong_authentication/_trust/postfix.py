# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Postfix: networks whose hosts may send mail to anywhere without saying who they are (postconf(5), mynetworks)."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import (
    LOOPBACK,
    AddressSet,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

RESTRICTIONS = ("smtpd_relay_restrictions", "smtpd_recipient_restrictions")
ASKED = ("mynetworks", *RESTRICTIONS)
MASTER = "/etc/postfix/master.cf"
SMTP_PORTS = (25, 465, 587)
PERMIT = "permit_mynetworks"
#: What turns mail for elsewhere away, so that nothing behind it lets any through.
DENIES = ("reject_unauth_destination", "defer_unauth_destination", "reject", "defer")
#: -o mynetworks=VALUE and -o { mynetworks = VALUE } in master.cf.
_OPTION = re.compile(r"(?:^|[\s{])mynetworks\s*=\s*([^}]*)")
#: IPv4 in IPv6; Debian's default names the loopback so.
MAPPED = ipaddress.ip_network("::ffff:0:0/96")
STEPS = (
    "Give the senders accounts (SASL, permit_sasl_authenticated) or client certificates (permit_tls_clientcerts); "
    "then run postconf -e 'mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128' && systemctl reload postfix."
)


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """One verdict for the server."""
    held = [item for item in verdict.listeners(host, "master", "smtpd") if item.port in SMTP_PORTS]
    if not held:
        yield Verdict("postfix", f.NOT_APPLICABLE, "Postfix takes no mail here")
        return
    unit = held[0].unit or "postfix"
    reached = verdict.exposed(held)
    if not reached:
        yield Verdict(unit, f.PASS, "it can be reached from this host alone")
        return
    yield _judged(host, unit, _settings(host))


def _settings(host: Host) -> dict[str, str]:
    """What is in force, with everything that a value refers to. Raises HostError."""
    told = host.ask("postconf", "-x", *ASKED)
    lines = (line.partition("=") for line in told.stdout.splitlines())
    found = {name.strip(): value.strip() for name, _equals, value in lines}
    if told.rc != 0 or "mynetworks" not in found:
        raise HostError(f"postconf does not tell: {printable(told.stderr.strip()[:200]) or 'no answer'}")
    return found


def _judged(host: Host, unit: str, settings: t.Mapping[str, str]) -> Verdict:
    permitting = _permitting(settings)
    overridden = _overridden(host)
    services = [match[1] for one in overridden for match in [_OPTION.search(one.found)] if match]
    wider, tables = _wider(host, " ".join((settings["mynetworks"], *services)))
    if not permitting and not overridden:
        return Verdict(unit, f.PASS, "no network may send to anywhere because of its addresses")
    evidence = (
        Evidence("postconf mynetworks", printable(settings["mynetworks"][:300]), "loopback alone"),
        *(Evidence(f"postconf {name}", PERMIT, "no such word") for name in permitting),
        *overridden,
    )
    if wider:
        message = f"hosts of {', '.join(wider)} send to anywhere without saying who they are"
        used = verdict.in_use(host, *(("tcp", port) for port in SMTP_PORTS))
        return Verdict(unit, f.FAIL, message, (*evidence, *used), remedy=STEPS)
    if tables:
        return Verdict(
            unit, f.NOT_ASSESSED, "which networks may send to anywhere is in tables that are not read", evidence
        )
    return Verdict(unit, f.PASS, "this host alone sends to anywhere because of its address", evidence)


def _permitting(settings: t.Mapping[str, str]) -> list[str]:
    """The settings by which mynetworks may relay; a recipient has to get past all of them."""
    words = {name: re.split(r"[\s,]+", settings.get(name, "")) for name in RESTRICTIONS}
    if any(set(DENIES) & set(found[: found.index(PERMIT)] if PERMIT in found else found) for found in words.values()):
        return []
    return [name for name, found in words.items() if PERMIT in found]


def _wider(host: Host, value: str) -> tuple[list[str], bool]:
    """(the networks beyond this host, whether tables or files are named besides)."""
    own = AddressSet.of(str(one.ip) for one in host.once(addresses.read)) | LOOPBACK
    wider, tables = [], False
    for word in re.split(r"[\s,]+", value.strip()):
        if not word or word.startswith("!"):
            continue
        network = _network(word)
        if network is None:
            tables = True
        elif AddressSet.of([network]) - own:
            wider.append(printable(word))
    return wider[: verdict.NAMED], tables


def _network(word: str) -> str | None:
    try:
        found = ipaddress.ip_network(word.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Network) and found.prefixlen >= 96 and found.subnet_of(MAPPED):  # type: ignore[arg-type]
        four = int(found.network_address) & 0xFFFFFFFF
        return f"{ipaddress.IPv4Address(four)}/{found.prefixlen - 96}"
    return str(found)


def _overridden(host: Host) -> tuple[Evidence, ...]:
    """Lines of master.cf that set one of the settings for one service."""
    try:
        lines = verdict.text(host, MASTER).splitlines()
    except Missing:
        return ()
    named = [(number, line.strip()) for number, line in enumerate(lines, 1) if not line.lstrip().startswith("#")]
    return tuple(
        Evidence(f"{MASTER}:{number}", printable(line[:200]))
        for number, line in named
        if "mynetworks" in line and not line.startswith("#")
    )
