# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""pam.d(5): the lines of a service, what each makes of its module's result, and how a whole stack ends.

`way_in` walks a stack as libpam's dispatcher does, with every result that its modules may give, so that nobody has to
guess what jumps, substacks and the order of lines come to.
"""

from __future__ import annotations

import collections
import dataclasses
import re
import typing as t

AUTH = "auth"
FACILITIES = (AUTH, "account", "password", "session")
#: Controls that read another file. "@include" is Debian's, for all facilities at once.
INCLUDE, SUBSTACK, ALL_OF = "include", "substack", "@include"
#: The control of a line that libpam cannot make out; it fails whatever comes.
BROKEN = "[default=bad]"
SUCCESS = "success"
#: Longer stacks are nobody's.
MAX_STEPS = 500
#: pam.conf(5): what the four words stand for.
_WORDS = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}
_ACTIONS = ("ignore", "ok", "done", "bad", "die", "reset")
_TOKEN = re.compile(r"\[((?:\\\]|[^\]])*)\]?|(\S+)")
_PAIR = re.compile(r"\s*([a-z_]+)\s*=\s*([a-z]+|[1-9]\d*)")

Actions = t.Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line. facility: "" where it is none of FACILITIES, or for all of them (ALL_OF).

    control: as written, in lower case; brackets kept. module: its path, or the name of the file that is included; ""
        where there is none.
    """

    number: int
    facility: str
    control: str
    module: str
    arguments: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Step:
    """One line of a stack with all that it includes. level: how many substacks it is in.

    A step with the control SUBSTACK calls nothing: the steps behind it with a higher level are the substack.
    """

    path: str
    number: int
    control: str
    module: str
    arguments: tuple[str, ...] = ()
    level: int = 0

    @property
    def name(self) -> str:
        """The module's name without folder and ending, such as pam_unix."""
        return self.module.rpartition("/")[2].partition(".")[0]

    @property
    def place(self) -> str:
        """As in messages: /etc/pam.d/common-auth:17."""
        return f"{self.path}:{self.number}"


#: The steps of one walk and what their modules said.
Trail = tuple[tuple[Step, str], ...]
Results = t.Callable[[Step], t.Collection[str]]


# Lines


def parse(text: str) -> tuple[Entry, ...]:
    """Every line of the file that says something."""
    return tuple(_entry(number, _tokens(line)) for number, line in _lines(text) if _tokens(line))


def _lines(text: str) -> t.Iterator[tuple[int, str]]:
    """(number of the first, text) of each line; a backslash at its end joins the next one."""
    held, first = "", 0
    for number, raw in enumerate(text.split("\n"), 1):
        line, comment, _rest = raw.partition("#")
        first = first if held else number
        if not comment and line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
        elif line.strip() or not held:
            yield first, held + line
            held = ""
    if held:
        yield first, held


def _tokens(line: str) -> list[str]:
    """Words; a text in brackets is one, and keeps them."""
    found = []
    for match in _TOKEN.finditer(line):
        bracketed, plain = match.groups()
        found.append(plain if plain is not None else f"[{bracketed.replace(chr(92) + ']', ']')}]")
    return found


def _entry(number: int, words: list[str]) -> Entry:
    first = words[0].lower()
    if first == ALL_OF:
        return Entry(number, "", ALL_OF, words[1] if len(words) > 1 else "")
    facility = first[1:] if first.startswith("-") else first
    control = words[1].lower() if len(words) > 1 else BROKEN
    module = words[2] if len(words) > 2 else ""
    return Entry(number, facility if facility in FACILITIES else "", control, module, tuple(words[3:]))


def actions(control: str) -> Actions:
    """What a control does on each result: one of ok, done, bad, die, ignore, reset, or a number of lines to skip.

    The action of "default" is for all results that are not named; libpam takes what it cannot read as "bad".
    """
    if control in _WORDS:
        return _WORDS[control]
    inside = control.strip("[]")
    pairs = [(match[1], match[2]) for match in _PAIR.finditer(inside)]
    readable = not _PAIR.sub("", inside).strip() and all(act.isdecimal() or act in _ACTIONS for _code, act in pairs)
    found: dict[str, str] = {"default": "bad"}
    if readable:
        found.update(pairs)
    return found


# Walking


@dataclasses.dataclass(frozen=True)
class _State:
    """Where a walk is. good: what libpam holds of it by now, None as long as nothing counted.

    status: the result that counts. before: the level of the step before. saved: (good, status) at the door of each
        substack.
    """

    at: int = 0
    good: bool | None = None
    status: str = "perm_denied"
    before: int = 0
    saved: tuple[tuple[bool | None, str], ...] = ((None, "perm_denied"),)


def way_in(steps: t.Sequence[Step], results: Results) -> Trail | None:
    """One walk that ends well, with as few steps as there are; None where there is none.

    results: what the module of a step may say, by libpam's names (success, auth_err, ignore, ...), each of them tried.
    """
    todo: collections.deque[tuple[_State, Trail]] = collections.deque([(_State(), ())])
    seen: set[_State] = set()
    while todo:
        state, trail = todo.popleft()
        if state.at >= len(steps):
            if state.good and state.status == SUCCESS:
                return trail
        elif state not in seen:
            seen.add(state)
            todo.extend(_following(steps, state, trail, results))
    return None


def _following(
    steps: t.Sequence[Step], state: _State, trail: Trail, results: Results
) -> t.Iterator[tuple[_State, Trail]]:
    step = steps[state.at]
    saved = state.saved
    if step.level > state.before:
        saved = (*saved[: step.level], *[(state.good, state.status)] * (step.level + 1 - len(saved[: step.level])))
    here = dataclasses.replace(state, saved=saved, before=step.level)
    if step.control == SUBSTACK:
        yield dataclasses.replace(here, at=state.at + 1), trail
        return
    table = actions(step.control)
    for result in sorted(results(step)):
        action = table.get(result, table["default"])
        yield _after(steps, here, result, action), (*trail, (step, result))


def _after(steps: t.Sequence[Step], state: _State, result: str, action: str) -> _State:
    """pam_dispatch.c: what one result changes."""
    if action.isdecimal():
        return _jumped(steps, state, int(action))
    good, status, ends = state.good, state.status, False
    if action == "reset":
        good, status = state.saved[steps[state.at].level]
    elif action in ("ok", "done"):
        if good is None or (good and status == SUCCESS):
            good, status = True, result
        ends = action == "done" and good
    elif action in ("bad", "die"):
        good, status, ends = False, "perm_denied", action == "die"
    following = _behind_substack(steps, state.at) if ends else state.at + 1
    return dataclasses.replace(state, at=following, good=good, status=status)


def _behind_substack(steps: t.Sequence[Step], at: int) -> int:
    """The first step after the (sub)stack that the step is in."""
    level = steps[at].level
    return next((later for later in range(at + 1, len(steps)) if steps[later].level < level), len(steps))


def _jumped(steps: t.Sequence[Step], state: _State, count: int) -> _State:
    """A substack counts as one step; jumping further than there are steps spoils everything."""
    level, at = steps[state.at].level, state.at

    def deeper(than: int) -> bool:
        return at + 1 < len(steps) and steps[at + 1].level >= than

    while count and deeper(level):
        at, count = at + 1, count - 1
        while deeper(level + 1):
            at += 1
    if count:
        return dataclasses.replace(state, at=at + 1, good=False, status="perm_denied")
    return dataclasses.replace(state, at=at + 1)
