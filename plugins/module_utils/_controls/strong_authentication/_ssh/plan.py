# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The one fix of all sshd: a part of our file for each broken rule, without those that must not be put in force.

A part is held back where it would loosen what somebody set stricter, where nothing of ours can outweigh what is there,
or where it would shut out the connection of this run (or, without one, everybody).
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls import _people
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import (
    access,
    algorithms,
    host_keys,
    judged,
    known,
    sftp,
    shut_out,
    text,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh.judged import (
    Judged,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh.text import (
    Part,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, login, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import States

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import admits
else:
    admits = later("_controls._sshd.admits")

_POLICY = "/etc/sysconfig/sshd"
KEYS_ON = "PubkeyAuthentication"
#: The keyword by which our file shows that it has the part of a rule.
_LEADING = {
    judged.KEYS_ONLY: "PasswordAuthentication",
    judged.EMPTY: "PermitEmptyPasswords",
    judged.ROOT: "PermitRootLogin",
    judged.LOG: "LogLevel",
    judged.RSA_SIZE: "RequiredRSASize",
    judged.HOST_KEYS: "HostKey",
}


class Plan:
    """What is to be done. fix: the changes. held: rule -> why its part is left out. problem: why there is no fix."""

    def __init__(self, host: Host, states: States, all_judged: t.Sequence[Judged], options: t.Mapping[str, t.Any]):
        self._host, self._states, self._judged = host, states, all_judged
        self._programs = _people.automation(options)
        self._options = options
        self.policy = describe(options)
        self.held: dict[str, Evidence] = {}
        self.problem = ""
        self.own: text.Written | None = None
        self.fix: tuple[Change, ...] = ()
        self._mended: set[str] = set()
        try:
            self.own = text.written(host)
            self._wrong = [one for one in all_judged if one.wrong or self.stale]
            self.fix = self._made() if self._wrong else ()
        except (OSError, HostError, ChangeError) as exc:
            self.problem = str(exc)

    @property
    def stale(self) -> bool:
        """Whether our file was written for another policy than that of now."""
        return self.own is not None and self.own.policy != self.policy

    def mends(self, rule: str, one: Judged) -> bool:
        """Whether the fix is of any use to a rule that this sshd breaks."""
        if rule == judged.SFTP:
            return any(fault.wrong.keyword == "Subsystem" for fault in one.faults[rule])
        if rule == judged.HOST_KEYS:
            return bool(one.key_verdict.make) and rule not in self.held
        return rule in self._mended

    def _made(self) -> tuple[Change, ...]:
        parts = self._admitted(list(filter(None, map(self._part, (*judged.LISTS, *_LEADING)))))
        states = [one.state for one in self._wrong]
        made: list[Change] = host_keys.changes(self._new_keys())
        writes = drop_in.writes(self._host, states, text.drop_in(self.policy, parts)) if parts else []
        self._mended = {part.rule for part in parts} if writes else set()
        made += [*writes, *self._edits()]
        return drop_in.guarded(self._host, states, made, seconds=self._options["confirm_seconds"])

    def _new_keys(self) -> dict[str, str]:
        return {kind: path for one in self._wrong for kind, path in one.key_verdict.make.items()}

    def _edits(self) -> list[Change]:
        wrong = [one.state for one in self._wrong if one.faults[judged.SFTP]]
        return sftp.edits(self._host, wrong) if self._options["sftp_logging"] and wrong else []

    # Parts

    def _part(self, rule: str) -> Part | None:
        """The lines of a rule that is broken, or that our file has lines of; None where they are held back."""
        broken = self._broken(rule)
        if not broken and not self._has(rule):
            return None
        why = self._withheld(rule) if broken else None
        if why:
            self.held[rule] = why
            return None
        return self._list(rule, broken) if rule in judged.LISTS else self._plain(rule)

    def _broken(self, rule: str) -> bool:
        if rule == judged.HOST_KEYS:
            return bool(host_keys.lines([one.state for one in self._wrong], self._new_keys().values()))
        return any(one.faults[rule] for one in self._wrong)

    def _has(self, rule: str) -> bool:
        if self.own is None:
            return False
        names = known.KEYWORDS[rule] if rule in judged.LISTS else (_LEADING[rule],)
        return any(self.own.has(name) for name in names)

    def _list(self, kind: str, broken: bool) -> Part | None:
        keyword = self._spelling(kind)
        line = f"{keyword} {','.join(self._names(kind, broken))}"
        if kind == algorithms.USER_KEYS:
            return Part(kind, everyone=(line,))
        return Part(kind, everywhere=(line, *self._gssapi(kind)))

    def _spelling(self, kind: str) -> str:
        """The keyword as this OpenSSH knows it: before 8.5 it is PubkeyAcceptedKeyTypes."""
        old = kind == algorithms.USER_KEYS and "pubkeyacceptedkeytypes" in self._wrong[0].values
        return "PubkeyAcceptedKeyTypes" if old else judged.LISTS[kind]

    def _names(self, kind: str, broken: bool) -> tuple[str, ...]:
        first = self._wrong[0]
        ask = functools.partial(known.names, self._host, first.state.daemon, kind)
        offered = dict.fromkeys(name for one in self._wrong for name in known.split(one.values, kind))
        if not broken and not self.stale:
            return tuple(offered)
        if self.stale:
            return tuple(name for name in first.policy.allowed(kind) if name in ask())
        return first.policy.wanted(kind, offered, ask)

    def _gssapi(self, kind: str) -> tuple[str, ...]:
        offered = dict.fromkeys(name for one in self._wrong for name in judged.gssapi(one.values))
        good = [name for name in offered if "sha1" not in name]
        return (f"{judged.GSSAPI_KEX} {','.join(good)}",) if kind == algorithms.KEX and good else ()

    def _plain(self, rule: str) -> Part:
        lines: dict[str, t.Callable[[], Part]] = {
            judged.KEYS_ONLY: lambda: Part(rule, everyone=self._keys_only()),
            judged.EMPTY: lambda: Part(rule, everyone=("PermitEmptyPasswords no",)),
            judged.ROOT: self._root,
            judged.LOG: lambda: Part(rule, ("LogLevel VERBOSE",), ("LogLevel VERBOSE",)),
            judged.RSA_SIZE: lambda: Part(rule, everyone=(f"RequiredRSASize {access.LEAST_BITS}",)),
            judged.HOST_KEYS: lambda: Part(rule, everywhere=self._host_keys()),
        }
        return lines[rule]()

    def _keys_only(self) -> tuple[str, ...]:
        off = [access.value(values, KEYS_ON) == "no" for values in self._answers()]
        ours = bool(self.own and self.own.has(KEYS_ON))
        lines = tuple(f"{keyword} no" for keyword in access.SWITCHES)
        if any(off) and not all(off) and not ours:
            # A Match that takes keys from somebody is not ours to outweigh, and sshd refuses a list beside it.
            return lines
        lines = (f"{KEYS_ON} yes", *lines)
        tickets = self._takes_tickets() and self._host.exists(shut_out.KEYTAB)
        methods = f"{access.METHODS} publickey{' gssapi-with-mic' if tickets else ''}"
        return lines if self._says_any() else (*lines, methods)

    def _takes_tickets(self) -> bool:
        return any(access.value(values, "GSSAPIAuthentication") == "yes" for values in self._answers())

    def _answers(self) -> list[sshd.Values]:
        return [values for one in self._wrong for _probe, values in one.state.answers]

    def _says_any(self) -> bool:
        """A later `any` beside a list of ours is fatal to some versions (9.2); the switches alone do as well."""
        return any(
            line.keyword == access.METHODS.lower() and "any" in line.arguments and not drop_in.is_ours(line.path)
            for one in self._wrong
            for line in one.state.settings
        )

    def _root(self) -> Part:
        policy = self._wrong[0].root
        if policy.login == access.KEY:
            return Part(judged.ROOT, everyone=("PermitRootLogin prohibit-password",))
        match = f"Match User {','.join(sorted(policy.names))} Address {','.join(policy.sources)}"
        blocks = ((match, ("PermitRootLogin prohibit-password",)),) if policy.sources else ()
        return Part(judged.ROOT, everyone=("PermitRootLogin no",), blocks=blocks)

    def _host_keys(self) -> tuple[str, ...]:
        old = tuple(f"HostKey {path}" for path in (self.own.values.get("hostkey", ()) if self.own else ()))
        return (*old, *host_keys.lines([one.state for one in self._wrong], self._new_keys().values()))

    # What is held back

    def _withheld(self, rule: str) -> Evidence | None:
        judges = {
            judged.KEYS_ONLY: self._two_factors,
            judged.ROOT: self._stricter_root,
            judged.RSA_SIZE: self._short_host_key,
        }
        return self._commanded(rule) or (judges[rule]() if rule in judges else None)

    def _commanded(self, rule: str) -> Evidence | None:
        if not any(fault.by_command for one in self._wrong for fault in one.faults.get(rule, ())):
            return None
        remedy = f"Take the -o out of the unit (before RHEL 9: set CRYPTO_POLICY= in {_POLICY}) and restart sshd."
        return Evidence("the command line of sshd", "its -o outweighs every file", remedy)

    def _two_factors(self) -> Evidence | None:
        """Somebody's own list would be outweighed by ours, and a second factor lost."""
        for one in self._wrong:
            for line in one.state.settings:
                own = line.keyword == access.METHODS.lower() and not drop_in.is_ours(line.path)
                if own and not set(line.arguments) <= {"any", "publickey"}:
                    remedy = f"Write PasswordAuthentication no where it is missing, or take {line.place} out."
                    return Evidence(line.place, "this control's file would outweigh its AuthenticationMethods", remedy)
        return None

    def _stricter_root(self) -> Evidence | None:
        """Our line holds for everybody, so it must not open what is closed to root from some places."""
        for one in self._wrong if self._options["root_login"] == access.KEY else ():
            for probe, values in one.state.answers:
                closed = access.value(values, "PermitRootLogin") in ("no", "forced-commands-only")
                if closed and one.root.names.intersection(probe.names):
                    found = f"PermitRootLogin is {access.value(values, 'PermitRootLogin')} for root{probe.where}"
                    return Evidence("sshd -T", f"{found}, and our line would loosen that", "Edit the line by hand.")
        return None

    def _short_host_key(self) -> Evidence | None:
        short = [key for one in self._wrong for key in one.keys if key.short]
        if not short:
            return None
        found = f"sshd would no longer show this host key ({short[0].found}), and clients that know no other stay out"
        remedy = (
            f"Make a longer one: mv {short[0].path} {short[0].path}.old; ssh-keygen -t rsa -b 4096 -f {short[0].path}"
        )
        return Evidence(short[0].path, found, f"{remedy} -N ''; tell the clients, reload sshd, then run again.")

    # Pre-flight

    def _admitted(self, parts: t.Sequence[Part]) -> list[Part]:
        """Those that leave the connection of this run a way in; each is tried by itself where all together do not."""
        if self._options["allow_self_cutoff"]:
            return list(parts)
        possible = [part for part in parts if not self._locks(part)]
        if not possible or not self._refusal(possible):
            return possible
        kept: list[Part] = []
        for part in possible:
            why = self._refusal([*kept, part])
            if why:
                self.held[part.rule] = why
            else:
                kept.append(part)
        return kept

    def _refusal(self, parts: t.Sequence[Part]) -> Evidence | None:
        candidate = text.drop_in(self.policy, parts)
        refusals = (admits.refusal(self._host, one.state, candidate) for one in self._wrong)
        return next(filter(None, refusals), None)

    def _locks(self, part: Part) -> bool:
        """Whether the part would leave nobody a way in, where no connection of ours tells of one."""
        judges = {judged.KEYS_ONLY: shut_out.without_key, judged.ROOT: shut_out.without_root}
        open_still = part.rule == judged.ROOT and self._options["root_login"] == access.KEY
        if part.rule not in judges or open_still or self._has(part.rule) or self._told():
            return False
        why = judges[part.rule](self._host, self._states, self._programs)
        if why:
            remedy = "Give a key (and sudo) to somebody, log in with it, then run again."
            self.held[part.rule] = Evidence("people", why, f"{remedy} allow_self_cutoff overrides this.")
        return bool(why)

    def _told(self) -> bool:
        """Whether it is known how the connection of this run logged in."""
        return self._host.once(connection.read) is not None and self._host.once(login.read) is not None


def describe(options: t.Mapping[str, t.Any]) -> str:
    """The policy in the head of our file, so that another one is seen as such."""
    told = [f"profile {options['profile']}", f"root_login {options['root_login']}"]
    told += [f"root from {source}" for source in access.sources(_people.automation(options))]
    told += [f"also {name}" for name in options["also_allow"]]
    return printable(", ".join(told))
