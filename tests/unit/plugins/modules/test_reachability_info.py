# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import socket
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.infosec.principles.plugins.modules import reachability, reachability_info


def run(module: t.Any, capsys: pytest.CaptureFixture[str], **arguments: t.Any) -> dict[str, t.Any]:
    with patch_module_args(arguments), pytest.raises(SystemExit):
        module.main()
    answer: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    return answer


@pytest.mark.parametrize("check", [False, True])
def test_returns_ports_by_what_became_of_them(capsys: pytest.CaptureFixture[str], check: bool) -> None:
    with socket.socket() as one, socket.socket() as two, socket.socket() as gone:
        for sock in (one, two, gone):
            sock.bind(("127.0.0.2", 0))
        ports = sorted(int(sock.getsockname()[1]) for sock in (one, two))
        closed = gone.getsockname()[1]
        gone.close()
        one.listen()
        two.listen()
        probes = [{"address": "127.0.0.2", "ports": [closed, *ports, ports[0]]}]
        answer = run(reachability_info, capsys, probes=probes, timeout=0.5, _ansible_check_mode=check)
    place = {"address": "127.0.0.2", "protocol": "tcp", "local": "127.0.0.1"}
    assert answer["tried"] == [
        {**place, "outcome": "open", "ports": ports},
        {**place, "outcome": "refused", "ports": [closed]},
    ]
    assert 0 <= answer["seconds"] < 5
    assert answer.get("changed", False) is False


@pytest.mark.parametrize(
    ("probe", "fault"),
    [
        ({"address": "db.example.org", "ports": [1]}, "'db.example.org' does not appear to be an IPv4 or IPv6 address"),
        ({"address": "192.0.2.1", "ports": [70000]}, "70000 is no port; write 1 to 65535"),
        ({"address": "192.0.2.1", "ports": [1], "protocol": "icmp"}, "value of protocol must be one of: tcp, udp"),
    ],
)
def test_faults_send_nothing(capsys: pytest.CaptureFixture[str], probe: dict[str, t.Any], fault: str) -> None:
    answer = run(reachability_info, capsys, probes=[probe])
    assert answer["failed"]
    assert fault in answer["msg"]


def test_the_judge_is_no_module(capsys: pytest.CaptureFixture[str]) -> None:
    answer = run(reachability, capsys, judgement={"findings": [], "reachability": []})
    assert answer["failed"]
    assert "on the controller" in answer["msg"]
