# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Keys and certificates that open nothing any more: the list that sshd looks into (RevokedKeys), and who wrote it.

sshd takes a list that is missing or cannot be read for one that has every key. So the list is there before sshd is told
of it, and goes only once sshd has forgotten it.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._keys import rules
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._formats import krl, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.krl import Revoked
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, login, sshd_state
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import admits
else:
    admits = later("_controls._sshd.admits")

LIST = "/etc/ssh/infosec_revoked_keys"
DROP_IN = f"{drop_in.FOLDER}/00-infosec-4-revoked-keys.conf"
HEAD = """\
# Written by infosec.principles (ssh_keys); changes are lost. These open nothing any more, whoever comes with them:
"""
TAIL = f"""\
# sshd would refuse every key if the list were missing: remove this file first, and reload sshd before the list goes.
Match all
    RevokedKeys {LIST}
"""
_KEYWORD = "revokedkeys"
_CERTIFICATES = re.compile(
    r"(?P<what>serial|id):\s*(?P<value>\S+)(?:\s+(?P<algorithm>(?:ssh|ecdsa|sk)-\S+)\s+(?P<encoded>\S+).*)?"
)
_SERIALS = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?")


# The option revoked_keys


def wanted(texts: t.Sequence[str]) -> tuple[Revoked, list[str]]:
    """(what the option lists, what of it cannot be read)."""
    revoked, faults = Revoked(), []
    for number, text in enumerate(texts, 1):
        try:
            revoked |= _entry(text.strip())
        except (ValueError, krl.Malformed) as exc:
            faults.append(f"revoked_keys[{number}]: {exc}")
    return revoked, faults


def _entry(text: str) -> Revoked:
    """A fingerprint, the line of a key or a certificate, or serials or an id with (or without) their authority."""
    fingerprint = text.partition(":")[2].strip() if text.startswith("hash:") else text
    if fingerprint.startswith("SHA256:"):
        krl.digest(fingerprint.split(" ")[0])
        return Revoked(frozenset({fingerprint.split(" ")[0]}))
    match = _CERTIFICATES.fullmatch(text)
    if match:
        return _of_certificates(match)
    algorithm, _blank, rest = text.partition(" ")
    blob = ssh_keys.blob(algorithm, rest.strip().split(" ")[0])
    if not blob:
        raise ValueError("no public key, no certificate, no SHA256:..., no serial: and no id:")
    return (
        krl.certificate(algorithm, blob)
        if krl.is_certificate(algorithm)
        else Revoked(frozenset({ssh_keys.fingerprint(blob)}))
    )


def _of_certificates(match: re.Match[str]) -> Revoked:
    authority = ssh_keys.blob(match["algorithm"], match["encoded"]) if match["algorithm"] else krl.ANY
    if match["algorithm"] and not authority:
        raise ValueError("what follows the serial or id is no public key of an authority")
    if match["what"] == "id":
        return Revoked(ids=frozenset({(authority, match["value"])}))
    serials = _SERIALS.fullmatch(match["value"])
    first, last = (int(serials[1]), int(serials[2] or serials[1])) if serials else (0, 0)
    if not 0 < first <= last < 1 << 64:
        raise ValueError("a serial is a number from 1, or two with a hyphen")
    return Revoked(serials=frozenset({(authority, first, last)}))


# The verdict


class Revocation:
    """Judges every sshd. The fix is one for all of them."""

    def __init__(self, host: Host, states: t.Sequence[State], revoked: Revoked, options: t.Any) -> None:
        self._host, self._revoked, self._options = host, revoked, options
        self._data = krl.build(revoked)
        self._why = ""
        self._refusal: tuple[Evidence, ...] = ()
        wrong = [state for state in states if self._is_ours(state) and not self._is_in_force(state)]
        self._fix = self._plan(wrong) if wrong else ()

    def findings(self, states: t.Iterable[State]) -> t.Iterator[Finding]:
        """One for each sshd."""
        for state in states:
            foreign = [path for path in _paths(state) if path not in (LIST, "none")]
            if foreign:
                yield self._foreign(state, foreign)
            elif not self._is_ours(state):
                yield Finding(rules.REVOCATION, state.daemon.name, f.NOT_APPLICABLE, "nothing is listed as revoked")
            elif not self._is_in_force(state):
                yield self._missing(state)
            else:
                yield self._passing(state, LIST)

    def _is_ours(self, state: State) -> bool:
        """Whether sshd has our list, or has none and something is to be on one."""
        paths = set(_paths(state))
        return paths <= {LIST, "none"} and (LIST in paths or bool(self._revoked))

    def _is_in_force(self, state: State) -> bool:
        try:
            return set(_paths(state)) == {LIST} and self._host.read_bytes(LIST) == self._data
        except HostError:
            return False

    def _passing(self, state: State, path: str) -> Finding:
        number = len(krl.told(self._revoked))
        message = f"sshd refuses what is listed as revoked ({number} entr{'y' if number == 1 else 'ies'})"
        return Finding(
            rules.REVOCATION, state.daemon.name, f.PASS, message, (Evidence(path, "read by sshd for each login"),)
        )

    # Where the list is ours

    def _plan(self, wrong: t.Sequence[State]) -> tuple[Change, ...]:
        try:
            candidate = DropIn("ssh_keys", DROP_IN, self._text())
            self._refusal = () if self._options["allow_self_cutoff"] else self._refused(wrong, candidate)
            if self._refusal:
                return ()
            lists = files.write_data(self._host, LIST, self._data)
            more = [lists] if lists.before != lists.after else []
            return drop_in.changes(self._host, wrong, candidate, seconds=self._options["confirm_seconds"], more=more)
        except (OSError, HostError, ChangeError) as exc:
            self._why = str(exc)
        return ()

    def _text(self) -> str:
        listed = "".join(f"#   {printable(line)}\n" for line in krl.told(self._revoked))
        return f"{HEAD}{listed}{TAIL}"

    def _refused(self, wrong: t.Sequence[State], candidate: DropIn) -> tuple[Evidence, ...]:
        """Why the list would shut out the connection of this run; () where it would not."""
        made = self._host.once(login.read) if self._host.once(connection.read) else None
        own = {made.fingerprint, made.authority} - {""} if made else set()
        if own & self._revoked.fingerprints:
            remedy = "Log in with another key, then run again. allow_self_cutoff overrides this."
            return (Evidence(admits.SOURCE, "it logged in by a key that is to be revoked", remedy),)
        return tuple(filter(None, (admits.refusal(self._host, state, candidate) for state in wrong)))[:1]

    def _missing(self, state: State) -> Finding:
        probes = [probe for probe, values in state.answers if values.get(_KEYWORD, ("none",))[0] != LIST]
        whom = f", whoever comes as {printable(sshd_state.whom(state, probes))}" if probes else ""
        message = f"what is listed as revoked still opens accounts{whom}"
        if LIST in _paths(state) and not self._host.exists(LIST):
            message = f"sshd lets in nobody by a key, since {LIST} is missing"
        why = self._why or "; ".join(f"{one.source}: {one.found}" for one in self._refusal)
        told = f"{message}; not fixed: {why}" if why else message
        expected = [Evidence(DROP_IN, f"RevokedKeys is {', '.join(_paths(state))}", LIST)]
        remedy = self._refusal[0].expected if self._refusal else ""
        evidence = (*self._refusal, *expected)
        return Finding(rules.REVOCATION, state.daemon.name, f.FAIL, told, evidence, self._fix, remedy)

    # Where it is somebody else's

    def _foreign(self, state: State, paths: t.Sequence[str]) -> Finding:
        """Ours would outweigh theirs, and what they revoked would open again: so theirs is judged, and left."""
        faults = [fault for fault in map(self._fault, paths) if fault]
        if "none" in _paths(state) and self._revoked:
            faults.append(("RevokedKeys is not set for everyone", "Set it outside of Match blocks."))
        if not faults:
            return self._passing(state, paths[0])
        evidence = tuple(
            Evidence(printable(path), "the list that sshd reads, which this control leaves alone") for path in paths
        )
        message, remedy = "; ".join(one for one, _remedy in faults), " ".join(remedy for _one, remedy in faults)
        return Finding(
            rules.REVOCATION, state.daemon.name, f.FAIL, printable(message), evidence, remedy=printable(remedy)
        )

    def _fault(self, path: str) -> tuple[str, str] | None:
        """(what is wrong with a list, what to do)."""
        try:
            missing = krl.told(self._revoked - krl.parse(self._host.read_bytes(path)))
        except (HostError, krl.Malformed) as exc:
            what = f"sshd lets in nobody by a key, since {path} cannot be read: {exc}"
            return (
                what,
                f"Make it anew (ssh-keygen -k -f {path} KEYS), or take RevokedKeys out of sshd's configuration.",
            )
        if not missing:
            return None
        rest = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        what = f"{path} does not list {', '.join(missing[:3])}{rest}"
        return (
            what,
            f"Write these lines into a file and add it: ssh-keygen -k -u -f {path} FILE (of one CA: with -s CA.pub).",
        )


def _paths(state: State) -> list[str]:
    """The lists that sshd has in force for anybody, "none" among them."""
    return list(dict.fromkeys(values.get(_KEYWORD, ("none",))[0] for _probe, values in state.answers))
