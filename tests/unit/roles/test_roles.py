# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role says each of its variables three times; here they are the same. And it is one call."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import RUN_OPTIONS

ROLES = pathlib.Path(__file__).resolve().parents[3] / "roles"
NAMES = sorted(path.name for path in ROLES.iterdir())
SHARED = ("infosec_fail_on", "infosec_services", "infosec_waivers")
#: Variables of the inventory that are planned with for all hosts at once, by one role.
PLANNED = ("infosec_maintenance",)
#: The accounts of programs, for the roles that judge logins.
ACCOUNTS = ("infosec_automation",)

each = pytest.mark.parametrize("role", NAMES)


def load(role: str, path: str) -> t.Any:
    return yaml.safe_load((ROLES / role / path).read_text(encoding="utf-8"))


def settings(role: str) -> dict[str, t.Any]:
    """The variables that are for people."""
    made = {f"{role}_controls", "infosec_register", "infosec_slots"}
    return {name: value for name, value in load(role, "defaults/main.yml").items() if name not in made}


def controls(role: str, **given: t.Any) -> dict[str, t.Any]:
    """What the role asks the harden module for where nothing is set but `given`."""
    environment = NativeEnvironment(undefined=StrictUndefined)
    for name in ("services_of", "slot_of", "sole_services"):
        environment.filters[f"infosec.principles.{name}"] = lambda value, *_more: value
    made = {"infosec_register": [], "infosec_slots": {}, "groups": {}, "group_names": [], "inventory_hostname": "one"}
    template = environment.from_string(load(role, "defaults/main.yml")[f"{role}_controls"])
    rendered: dict[str, t.Any] = template.render({**settings(role), **made, **given})
    return rendered


def options(role: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return found


def test_there_is_a_role_for_each_principle() -> None:
    assert {control.principle for control in CATALOGUE.values()} <= set(NAMES)


@each
def test_argument_specs_have_the_defaults(role: str) -> None:
    assert {name: option["default"] for name, option in options(role).items()} == settings(role)
    assert set(SHARED) < set(options(role))
    assert all(name.startswith(f"{role}_") for name in set(options(role)) - {*SHARED, *PLANNED, *ACCOUNTS})


@each
def test_argument_specs_have_the_types_of_the_controls(role: str) -> None:
    own_controls = [control for control in CATALOGUE.values() if control.principle == role]
    declared = {name: option for control in own_controls for name, option in control.options.items()}
    for name, option in options(role).items():
        own = {**declared, "enforce": {"type": "bool"}, "infosec_fail_on": RUN_OPTIONS["fail_on"]}.get(
            name.removeprefix(f"{role}_"), {}
        )
        for key in ("type", "choices"):
            assert option.get(key) == own.get(key, option.get(key)), name


@each
def test_shared_variables_are_the_same(role: str) -> None:
    first = NAMES[0]
    assert {name: options(role)[name] for name in SHARED} == {name: options(first)[name] for name in SHARED}


@each
def test_readme_has_every_variable_and_control(role: str) -> None:
    text = (ROLES / role / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| \w+ \| `([^`]*)` \|", text, re.MULTILINE))
    assert {name: yaml.safe_load(value) for name, value in rows.items()} == settings(role)
    assert set(re.findall(r"^\| `(\w+)` \| [^|]* \|$", text, re.MULTILINE)) == set(controls(role))


@each
def test_every_option_of_a_control_can_be_set(role: str) -> None:
    for name, given in controls(role).items():
        assert set(given) == {*CATALOGUE[name].options, "enforce"}


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        ({}, []),
        ({"two_factor_rescue": {}}, []),
        ({"two_factor_rescue": {"console": "the rack"}}, []),
        ({"two_factor_rescue": {"account": "help"}}, [{"name": "help", "from": []}]),
        ({"two_factor_rescue": {"account": "help", "from": ["::1"]}}, [{"name": "help", "from": ["::1"]}]),
    ],
)
def test_the_rescue_account_is_no_trust_in_addresses(given: dict[str, t.Any], listed: list[dict[str, t.Any]]) -> None:
    programs = [{"name": "deploy", "from": ["192.0.2.5"]}]
    asked = controls("strong_authentication", infosec_automation=programs, **given)
    assert asked["network_trust"]["automation"] == programs + listed


@each
def test_a_role_is_one_call_and_its_policy_none(role: str) -> None:
    (task,) = load(role, "tasks/main.yml")
    assert task["infosec.principles.harden"] == {
        "controls": f"{{{{ {role}_controls }}}}",
        "waivers": "{{ infosec_waivers }}",
        "fail_on": "{{ infosec_fail_on }}",
    }
    assert load(role, "tasks/policy.yml") == []


def test_harden_asks_for_every_role() -> None:
    plays = yaml.safe_load((ROLES.parent / "playbooks" / "harden.yml").read_text(encoding="utf-8"))
    (play,) = (one for one in plays if one["name"] == "Hold hosts to the principles")
    *policies, task = play["tasks"]
    imported = [policy["ansible.builtin.import_role"] for policy in policies]
    assert imported == [
        {"name": f"infosec.principles.{role}", "tasks_from": "policy"} for role in task["vars"]["principles"]
    ]
    assert sorted(task["vars"]["principles"]) == NAMES
