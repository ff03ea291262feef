# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""NFS exports: with sec=sys the server takes the client's word for which user asks, so an address is all the proof
there is.

What is exported now counts (/var/lib/nfs/etab), and what the files say it will be (exports(5)).
"""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust import verdict
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._trust.verdict import (
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.exports import Export
from ansible_collections.infosec.principles.plugins.module_utils._host import nfs_exports
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

ROOT = "nfs_root"
ETAB = nfs_exports.ETAB
PORT = ("tcp", 2049)
#: Clients that stand for everybody.
ANYONE = ("*", "0.0.0.0/0", "::/0", "0.0.0.0/0.0.0.0", "gss/krb5", "gss/krb5i", "gss/krb5p")
KERBEROS = (
    "Give server and clients Kerberos keys (host and nfs principals in /etc/krb5.keytab), write sec=krb5p for {path} "
    "and {client} in {place}, and run exportfs -ra. Where that cannot be, keep others out by the host firewall and "
    "waive this."
)
SQUASH = "Write root_squash for no_root_squash for {path} and {client} in {place}, and run exportfs -ra."


def judge(host: Host, options: Options) -> t.Iterator[Verdict]:
    """Both rules for each path and client."""
    found = nfs_exports.read(host)
    exported = sorted(found.items())
    yield from verdict.bounded((_judged(host, *key, told) for key, told in exported), "exports")
    yield from verdict.bounded((_root(*key, told) for key, told in exported), "exports", ROOT)
    if not found:
        yield Verdict("NFS", f.NOT_APPLICABLE, "nothing is exported here")
        yield Verdict("NFS", f.NOT_APPLICABLE, "nothing is exported here", rule=ROOT)


def _trusting(one: Export) -> bool:
    """Whether it takes a client's word; the old gss/ clients are Kerberos."""
    return not one.client.startswith("gss/") and bool({"sys", "none", "null"} & set(one.security))


def _judged(host: Host, path: str, client: str, told: t.Sequence[tuple[str, Export]]) -> Verdict:
    subject = f"{path} for {client}"
    trusting = [(place, one) for place, one in told if _trusting(one)]
    if verdict.is_local(client):
        return Verdict(subject, f.PASS, "it is for this host alone")
    if not trusting:
        return Verdict(subject, f.PASS, "clients prove who they are by Kerberos", _evidence(told, "sec=krb5p"))
    whom = "everybody" if client in ANYONE else client
    what = "read and write" if any(one.has("rw", "ro") for _place, one in trusting) else "read"
    ports = (
        "; also from ports that every user may use"
        if any(one.has("insecure", "secure") for _p, one in trusting)
        else ""
    )
    message = f"{whom} may {what} as whichever user he says{ports}{_when(trusting)}"
    evidence = (*_evidence(trusting, "sec=krb5, krb5i or krb5p"), *verdict.in_use(host, PORT))
    place = trusting[-1][0]
    return Verdict(subject, f.FAIL, message, evidence, remedy=KERBEROS.format(path=path, client=client, place=place))


def _root(path: str, client: str, told: t.Sequence[tuple[str, Export]]) -> Verdict:
    subject = f"{path} for {client}"
    found = [(place, one) for place, one in told if one.has("no_root_squash", "root_squash", "all_squash")]
    wrong = [(place, one) for place, one in found if _trusting(one)]
    if not wrong or verdict.is_local(client):
        return Verdict(subject, f.PASS, "root of a client is nobody here, or proves who he is", rule=ROOT)
    message = f"root of {client} is root of the files below {path}{_when(wrong)}"
    remedy = SQUASH.format(path=path, client=client, place=wrong[-1][0])
    return Verdict(subject, f.FAIL, message, _evidence(wrong, "root_squash"), remedy=remedy, rule=ROOT)


def _when(told: t.Sequence[tuple[str, Export]]) -> str:
    return "" if any(place == ETAB for place, _one in told) else " from the next exportfs on"


def _evidence(told: t.Sequence[tuple[str, Export]], expected: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(place, printable(f"{one.client}({','.join(one.options)})"), expected) for place, one in told)
