# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Collects the findings of a run from the results of its tasks; knows Ansible's words but none of its classes."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import ERROR, WAIVED
from ansible_collections.infosec.principles.plugins.plugin_utils._report import joins, rules, waivers
from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import CONTROLLER, Record, Run, Store

COLLECTION = "infosec.principles."
#: The module of prove.yml, and its control.
PROOF = "reachability"
#: The module that judges the controller's own files, and its control.
PROJECT = "vaulted_variables"
#: Controls that harden.yml does not ask, by the module that says what they found.
ASKED_BY = {PROOF: PROOF, "tls_endpoints": PROOF, PROJECT: PROJECT}
#: Modules of ours that judge nothing; a run of theirs alone has no report.
OTHERS = frozenset({"reachability_info", "sockets_info", "tls_endpoints_info", "undo", "vault_secrets"})
#: Those that judge a host without a connection to it: that they ran does not mean that it can be reached.
FROM_AFAR = frozenset({COLLECTION + "reachability"})


def judges(action: str) -> bool:
    """Whether the action is a module of the collection that judges a host."""
    return action.startswith(COLLECTION) and action[len(COLLECTION) :] not in OTHERS


def at_home(action: str) -> bool:
    """Whether it judges the controller, whichever host of the play it ran for."""
    return action == COLLECTION + PROJECT


#: What Ansible keeps of a module that died.
_OUTPUTS = ("module_stderr", "module_stdout")


@dataclasses.dataclass(frozen=True)
class Result:
    """What one task did on one host. action: its full name. args: its options. outcome: ok, failed or unreachable."""

    host: str
    action: str
    task: str
    outcome: str
    data: t.Mapping[str, t.Any]
    args: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    check_mode: bool = False


class Collector:
    """Fills a store from results; later findings replace earlier ones. now: when the run began, UTC."""

    def __init__(self, now: datetime.datetime) -> None:
        self.now = now
        self.store = Store()
        #: Hosts of the plays in which a task of the collection began, and all hosts that the inventory has.
        self.expected: set[str] = set()
        self.inventory: set[str] = set()
        # By whether the host answered: a task that reached nobody says less about the run than one that did.
        self._modes: dict[bool, set[bool]] = {True: set(), False: set()}
        #: Modules and controls of ours that said something.
        self._actions: set[str] = set()
        self._controls: set[str] = set()
        self._unreachable: dict[str, Result] = {}
        # By host and action, so that a second, successful run of the same action takes the failure back.
        self._failed: dict[tuple[str, str], Result] = {}
        self._waivers: set[waivers.Waiver] = set()
        self._used: set[waivers.Waiver] = set()
        # Those of each host; the hosts of a fleet mostly share one tuple.
        self._given: dict[str, tuple[waivers.Waiver, ...]] = {}
        self._tuples: dict[tuple[waivers.Waiver, ...], tuple[waivers.Waiver, ...]] = {}

    @property
    def began(self) -> bool:
        """Whether a task of the collection was in the run."""
        return bool(self.expected or self._actions)

    def take(self, result: Result) -> None:
        """Note one result, of whatever task."""
        if at_home(result.action):
            result = dataclasses.replace(result, host=CONTROLLER)
        if judges(result.action):
            self._modes[result.outcome != "unreachable"].add(result.check_mode)
            self._actions.add(result.action.removeprefix(COLLECTION))
        if result.outcome == "unreachable":
            self._unreachable[result.host] = result
        elif result.outcome == "failed" or judges(result.action):
            self._take(result)

    def _take(self, result: Result) -> None:
        lists = list(_lists(result.data, "findings"))
        if lists and judges(result.action):
            self._failed.pop((result.host, result.action), None)
            if result.action not in FROM_AFAR:
                self._unreachable.pop(result.host, None)
            for findings in lists:
                marked = self._waive(result, findings)
                # A host of which a failed task says nothing is none that was looked at.
                if marked or result.outcome == "ok":
                    self.store.add(result.host, marked)
            for rows in _lists(result.data, "reachability"):
                self.store.add_rows(result.host, [one for one in rows if isinstance(one, dict)])
        elif result.outcome == "failed" or "censored" in result.data:
            self._failed[result.host, result.action] = result

    def _waive(self, result: Result, findings: list[t.Any]) -> list[Record]:
        """The findings with waivers applied; the action plugin has done so already wherever it was in the way."""
        given = tuple({**dict.fromkeys(self._given.get(result.host, ())), **dict.fromkeys(_waivers(result.args))})
        self._given[result.host] = self._tuples.setdefault(given, given)
        self._waivers.update(given)
        dicts = [one for one in findings if isinstance(one, dict)]
        self._controls.update(str(one.get("control")) for one in dicts)
        return self._mark(result.host, dicts, given)

    def _mark(self, host: str, findings: list[Record], given: t.Collection[waivers.Waiver]) -> list[Record]:
        marked = waivers.mark(findings, host, given, self.now.date())
        marks = [one["waiver"] for one in marked if one.get("status") == WAIVED]
        self._used.update(waiver for waiver in given if waiver.as_dict() in marks)
        return marked

    def finish(self, processed: t.Collection[str], unseen: str, version: str = "") -> Run:
        """Add the findings about the run itself.

        processed: hosts with at least one result. unseen: how the run was narrowed on purpose, or "".
        """
        unseen = unseen or self._left_out()
        lost = self._lost(processed)
        for host, record in lost:
            self.store.add(host, [record])
        doubt = unseen or ("some hosts could not be looked at" if lost else "")
        self._join(doubt)
        about = waivers.judge(
            self._waivers, self._used, self.now.date(), lambda waiver: doubt or self._not_asked(waiver)
        )
        if about:
            self.store.add(CONTROLLER, about)
        known = sorted((waiver.as_dict() for waiver in self._waivers), key=lambda one: tuple(one.values()))
        return Run(self.now, self._mode(), version, unseen, tuple(known))

    def _not_asked(self, waiver: waivers.Waiver) -> str:
        """Why the run could not use it: harden.yml and prove.yml get the same waivers, each those for the other too."""
        named = waiver.controls
        if named & self._controls:
            return ""
        for alone, module in ASKED_BY.items():
            if alone in named and module not in self._actions:
                return f"the run did not ask {alone}"
        return "" if "harden" in self._actions else f"the run asked {', '.join(sorted(self._actions))} alone"

    def _join(self, doubt: str) -> None:
        if not self.store.has_fingerprints:
            return
        for host, records in joins.join(self.store, self.expected, doubt).items():
            self.store.add(host, self._mark(host, records, self._given.get(host, ())))

    def _left_out(self) -> str:
        left_out = self.inventory - self.expected
        return f"the run left out {len(left_out)} of {len(self.inventory)} hosts of the inventory" if left_out else ""

    def _mode(self) -> str:
        modes = frozenset(self._modes[True] or self._modes[False])
        return {frozenset({True}): "check", frozenset({True, False}): "mixed"}.get(modes, "run")

    def _lost(self, processed: t.Collection[str]) -> list[tuple[str, Record]]:
        lost = [(host, _error(rules.UNREACHABLE, one)) for host, one in self._unreachable.items()]
        for (host, action), one in self._failed.items():
            # A task of somebody else may fail where it likes; it matters where it kept the controls from running.
            if judges(action) or (host in self.expected and host not in self.store):
                lost.append((host, _error(rules.FAILED, one)))
        if self._unreachable or self._failed:
            lost += [(host, _not_reached(host)) for host in sorted(self.expected - set(processed))]
        return lost


def _lists(data: t.Mapping[str, t.Any], key: str) -> t.Iterator[list[t.Any]]:
    """The lists under this key in a result, one for each turn of a loop."""
    turns = data.get("results")
    for one in [data, *(turns if isinstance(turns, list) else [])]:
        if isinstance(one, dict) and isinstance(one.get(key), list):
            yield one[key]


def _waivers(args: t.Mapping[str, t.Any]) -> list[waivers.Waiver]:
    # Malformed ones have failed the task before it looked at the host; findings that came nevertheless are not lost.
    try:
        return waivers.parse(args.get("waivers") or [])
    except waivers.WaiverError:
        return []


def _error(rule: rules.RunRule, result: Result) -> Record:
    message = str(result.data.get("msg") or result.data.get("censored") or "no message").strip() or "no message"
    outputs = [(name, str(result.data[name])) for name in _OUTPUTS if result.data.get(name)]
    return rule.record(result.action, ERROR, message.splitlines()[0], [(f"task {result.task}", message), *outputs])


def _not_reached(host: str) -> Record:
    return rules.NOT_REACHED.record(host, ERROR, "The run stopped before it came to this host.")
