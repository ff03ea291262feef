# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sockets import Listener
from ansible_collections.infosec.principles.plugins.modules import sockets_info

FOUND = (
    Listener("tcp", "127.0.0.1", 25, holder="process"),
    Listener("tcp", "::", 80, families=("IPv4", "IPv6"), holder="process", process="nginx", unit="nginx.service"),
    Listener("udp", "0.0.0.0", 40000, holder="process"),
)


def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    read: t.Callable[[t.Any], t.Any],
    **arguments: t.Any,
) -> dict[str, t.Any]:
    monkeypatch.setattr(sockets, "read", read)
    monkeypatch.setattr(sockets, "peers", lambda host: {("tcp", 80): ("192.0.2.9",), ("tcp", 25): ()})
    monkeypatch.setattr(sockets, "ephemeral", lambda host: (32768, 60999))
    with patch_module_args(arguments), pytest.raises(SystemExit):
        sockets_info.main()
    answer: dict[str, t.Any] = json.loads(capsys.readouterr().out)
    return answer


@pytest.mark.parametrize(("include", "ports"), [(False, [80, 40000]), (True, [25, 80, 40000])])
@pytest.mark.parametrize("check", [False, True])
def test_returns_listeners_and_peers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], include: bool, ports: list[int], check: bool
) -> None:
    answer = run(monkeypatch, capsys, lambda host: FOUND, include_loopback=include, _ansible_check_mode=check)
    assert [item["port"] for item in answer["listeners"]] == [item["port"] for item in answer["peers"]] == ports
    web = next(item for item in answer["listeners"] if item["port"] == 80)
    assert (web["unit"], web["families"], web["ephemeral"], web["loopback"]) == (
        "nginx.service",
        ["IPv4", "IPv6"],
        False,
        False,
    )
    assert {"protocol": "tcp", "port": 80, "addresses": ["192.0.2.9"]} in answer["peers"]
    assert answer["listeners"][-1]["ephemeral"] is True
    assert answer.get("changed", False) is False


def test_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def read(host: t.Any) -> t.Any:
        raise HostError("/proc/net/tcp: Input/output error")

    answer = run(monkeypatch, capsys, read)
    assert answer["failed"] and answer["msg"] == "/proc/net/tcp: Input/output error"
