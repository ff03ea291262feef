# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pam: lines, controls, and how stacks end (dispatch.json says how libpam 1.4 to 1.7 itself ended them)."""

from __future__ import annotations

import json
import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import pam, pam_modules
from ansible_collections.infosec.principles.plugins.module_utils._formats.pam import Entry, Step
from ansible_collections.infosec.principles.plugins.module_utils._host import pam as host_pam
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

RECORDED = json.loads(
    (pathlib.Path(__file__).resolve().parents[3] / "fixtures/pam/dispatch.json").read_text(encoding="utf-8")
)
UNIX = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
OATH = "auth requisite pam_oath.so usersfile=/etc/users.oath\n"
NOTHING: frozenset[str] = frozenset()
PASSWORD = frozenset((pam_modules.PASSWORD,))
FACTOR = frozenset((pam_modules.FACTOR,))


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("auth required pam_unix.so nullok", Entry(1, "auth", "required", "pam_unix.so", ("nullok",))),
        ("\n\t-AUTH\tSufficient pam_u2f.so # x", Entry(2, "auth", "sufficient", "pam_u2f.so")),
        ("auth [success=1 default=ignore] pam_unix.so", Entry(1, "auth", "[success=1 default=ignore]", "pam_unix.so")),
        ("auth required \\\n  pam_x.so \\\n a", Entry(1, "auth", "required", "pam_x.so", ("a",))),
        (
            "auth required pam_g.so [secret=/x y/${USER}] z",
            Entry(1, "auth", "required", "pam_g.so", ("[secret=/x y/${USER}]", "z")),
        ),
        ("auth required pam_x.so [a\\]b]", Entry(1, "auth", "required", "pam_x.so", ("[a]b]",))),
        ("@include common-auth", Entry(1, "", "@include", "common-auth")),
        ("auth include system-auth", Entry(1, "auth", "include", "system-auth")),
        ("nonsense required pam_permit.so", Entry(1, "", "required", "pam_permit.so")),
        ("auth", Entry(1, "auth", pam.BROKEN, "")),
        ("auth required pam_x.so \\", Entry(1, "auth", "required", "pam_x.so")),
    ],
)
def test_entry(text: str, entry: Entry) -> None:
    assert pam.parse(text) == (entry,)


def test_comments_say_nothing() -> None:
    assert pam.parse("# auth required pam_permit.so\n\n   \n #\n") == ()


@pytest.mark.parametrize(
    ("control", "result", "action"),
    [
        ("required", "ignore", "ignore"),
        ("requisite", "auth_err", "die"),
        ("sufficient", "success", "done"),
        ("optional", "auth_err", "ignore"),
        ("[success=2 default=ignore]", "success", "2"),
        ("[success=ok]", "auth_err", "bad"),
        ("[ success = ok  new_authtok_reqd=die ]", "new_authtok_reqd", "die"),
        ("[success=fine]", "success", "bad"),
        ("[success=0]", "success", "bad"),
        ("[success]", "success", "bad"),
        ("maybe", "success", "bad"),
    ],
)
def test_action(control: str, result: str, action: str) -> None:
    table = pam.actions(control)
    assert table.get(result, table["default"]) == action


def steps(text: str) -> list[Step]:
    return [Step("/etc/pam.d/sshd", one.number, one.control, one.module, one.arguments) for one in pam.parse(text)]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda one: str(one["service"]))
def test_stacks_end_as_libpam_ends_them(recorded: dict[str, object], tmp_path: pathlib.Path) -> None:
    (tmp_path / "etc/pam.d").mkdir(parents=True)
    for name, text in dict(recorded["files"]).items():  # type: ignore[call-overload]
        (tmp_path / "etc/pam.d" / name).write_text(text, encoding="utf-8")
    stack = host_pam.stack(Host(root=str(tmp_path)), str(recorded["service"]))
    assert (pam.way_in(stack.steps, _told) is not None) is recorded["opens"]


def _told(step: Step) -> set[str]:
    """pam_debug says what its argument tells it to."""
    return {word.partition("=")[2] for word in step.arguments} or {"success"} if step.module else {"perm_denied"}


@pytest.mark.parametrize(
    ("text", "proven", "opens"),
    [
        (UNIX, PASSWORD, True),
        (UNIX, NOTHING, False),
        (OATH, FACTOR, True),
        (OATH, PASSWORD, False),
        (OATH + UNIX, PASSWORD, False),
        (OATH + UNIX, FACTOR, False),
        (OATH + UNIX, PASSWORD | FACTOR, True),
        (UNIX + OATH, PASSWORD, False),
        (OATH.replace("requisite", "sufficient") + UNIX, PASSWORD, True),
        (OATH.replace("requisite", "sufficient"), NOTHING, False),
        ("auth required pam_env.so\nauth sufficient pam_duo.so\n", NOTHING, False),
        ("auth required pam_faillock.so preauth\nauth sufficient pam_duo.so\n", NOTHING, True),
        ("auth [success=1 default=ignore] pam_succeed_if.so user ingroup lazy\n" + OATH, NOTHING, False),
        (
            "auth [success=1 default=ignore] pam_succeed_if.so user ingroup lazy\n"
            + OATH
            + "auth required pam_permit.so\n",
            NOTHING,
            True,
        ),
        ("auth required pam_google_authenticator.so nullok\n", NOTHING, True),
        ("auth required pam_google_authenticator.so\n", NOTHING, False),
        ("auth requisite pam_oath.so alwaysok usersfile=/etc/users.oath\n", NOTHING, True),
        ("auth sufficient pam_unknown_module.so\n", NOTHING, True),
        ("", FACTOR, False),
        ("auth required pam_nologin.so successok\n", NOTHING, True),
    ],
)
def test_who_gets_through(text: str, proven: frozenset[str], opens: bool) -> None:
    assert (pam.way_in(steps(text), lambda step: pam_modules.results(step, proven)) is not None) is opens


def test_the_trail_names_what_let_somebody_in() -> None:
    trail = pam.way_in(steps(UNIX), lambda step: pam_modules.results(step, PASSWORD))
    assert trail is not None
    assert [(step.name, said) for step, said in trail] == [("pam_unix", "success"), ("pam_permit", "success")]


def test_a_module_may_be_declared_to_ask_for_a_factor() -> None:
    (step,) = steps("auth required pam_radius_auth.so\n")
    assert pam_modules.kind(step) == pam_modules.PASSWORD
    assert pam_modules.kind(step, ("pam_radius_auth",)) == pam_modules.FACTOR
