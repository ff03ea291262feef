# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may not be logged leaves `controls` on the controller, and comes back on the host."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import joined, parse_controls
from ansible_collections.infosec.principles.plugins.plugin_utils import _secrets

PASSPHRASES = {"/dev/sda3": "battery staple"}
CONTROLS: dict[str, t.Any] = {
    "disk_encryption": {"luks_passphrases": PASSPHRASES, "enforce": False},
    "unused_sshd": None,
}


def test_the_table_has_each_secret_option_of_the_catalogue() -> None:
    secret = {
        name: tuple(option for option, spec in control.options.items() if spec.get("no_log"))
        for name, control in CATALOGUE.items()
    }
    assert {name: options for name, options in secret.items() if options} == _secrets.SECRET


@pytest.mark.parametrize("form", [lambda value: value, json.dumps])
def test_secrets_go_apart_and_come_back(form: t.Callable[[t.Any], t.Any]) -> None:
    apart = _secrets.apart({"controls": form(CONTROLS), "fail_on": "high"})
    assert "battery" not in repr(apart["controls"])
    assert apart["secrets"] == {"disk_encryption": {"luks_passphrases": PASSPHRASES}}
    assert apart["fail_on"] == "high"
    assert _secrets.apart(apart) == apart
    again = joined(apart["controls"], apart["secrets"])
    assert again["disk_encryption"] == CONTROLS["disk_encryption"]
    (request,) = (one for one in parse_controls(CATALOGUE, again) if one.control.name == "disk_encryption")
    assert request.secrets == {"luks_passphrases": PASSPHRASES}
    assert "battery" in repr(CONTROLS), "the task's own arguments are not touched"


@pytest.mark.parametrize(
    "args",
    [
        {"idle_days": 90},
        {"controls": "no dictionary"},
        {"controls": {"disk_encryption": None}},
        {"controls": {"disk_encryption": {"luks_passphrases": None}}},
    ],
)
def test_nothing_secret_goes_nowhere(args: dict[str, t.Any]) -> None:
    assert "secrets" not in _secrets.apart(args)


def test_requests_keep_their_secrets_apart_from_the_other_options() -> None:
    request = Request(CATALOGUE["disk_encryption"], {"enforce": True, "luks_passphrases": None})
    assert request.secrets == {}
