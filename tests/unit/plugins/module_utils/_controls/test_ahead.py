# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is begun ahead is what controls ask, in the very same words; else it would run for nothing."""

from __future__ import annotations

import contextlib
import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.infosec.principles.plugins.module_utils._controls import _ahead
from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

DEBIAN = {"/etc/os-release": "ID=debian\nVERSION_ID=13\n", "/usr/bin/apt-get": "", "/usr/bin/apt-config": ""}


@pytest.mark.parametrize("name", _ahead.ASKED)
def test_the_control_asks_for_it(name: str, recorded: t.Callable[[str], Host]) -> None:
    host, asked = recorded("debian-13"), set()
    for file, text in DEBIAN.items():
        path = pathlib.Path(host.path(file))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    answer = host._runner

    def remember(argv: t.Sequence[str], stdin: str | None, timeout: float) -> Completed:
        asked.add(tuple(argv))
        return answer(argv, stdin, timeout)

    host._runner = remember
    options = ArgumentSpecValidator(CATALOGUE[name].options).validate({}).validated_parameters
    with contextlib.suppress(Exception):
        list(CATALOGUE[name].assess(host, options))
    assert set(_ahead.ASKED[name](host)) - asked == set()


def test_each_command_is_begun_once_and_only_for_who_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, ...]] = []
    monkeypatch.setattr(Host, "ahead", lambda self, *argv: begun.append(argv))
    _ahead.begin(Host(), {"listening_services": {}, "automatic_updates": {}, "reboot_safety": None})
    assert begun == [units.ALL, ("apt-config", "dump")]
