# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import flat_yaml

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "databases"


def read(name: str) -> dict[str, str]:
    return flat_yaml.parse((FIXTURES / name).read_text(encoding="utf-8"))


def test_nested_settings_have_dotted_names() -> None:
    found = read("mongodb-8.0-composed-secure.conf")
    assert (found["net.bindIp"], found["net.port"], found["security.authorization"]) == ("0.0.0.0", "27017", "enabled")
    assert "security.authorization" not in read("mongodb-8.0-composed.conf")


def test_dotted_keys_lists_and_comments() -> None:
    found = read("elasticsearch-8-composed.yml")
    assert found["network.host"] == "0.0.0.0"
    assert found["discovery.seed_hosts"] == "host1,host2"
    assert found["cluster.initial_master_nodes"] == "node-1,node-2"
    assert found["xpack.security.http.ssl.enabled"] == "true"


@pytest.mark.parametrize("text", ["", "\0", ": : :", "- - -\n", "a:\n\tb: c\n", "&x *y\n", "key:   # nothing\n"])
def test_odd_text_does_no_harm(text: str) -> None:
    assert isinstance(flat_yaml.parse(text), dict)
