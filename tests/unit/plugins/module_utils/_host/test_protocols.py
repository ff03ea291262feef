# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import protocols, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.protocols import Use

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
#: As Linux 6.1 shows keepalived (0x70), ping (1) and a sender that takes in nothing (0xFF).
RAW = HEAD + "".join(
    f"  {one}: 00000000:{one:04X} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 31 2 0 0\n"
    for one in (0x70, 1, 0xFF)
)


def laid(root: pathlib.Path, files: t.Mapping[str, str]) -> Host:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    host = Host(root=str(root))
    host._memory[sockets.read] = []
    return host


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ()),
        ({"proc/net/raw": HEAD}, ()),
        ({"proc/net/raw": RAW}, (Use("VRRP", "a raw socket in /proc/net/raw"),)),
        ({"proc/net/raw6": RAW.replace(":0070", ":0059")}, (Use("OSPF", "a raw socket in /proc/net/raw6"),)),
        ({"proc/net/raw": f"{HEAD}\nodd\n"}, ()),
        (
            {"sys/class/net/gre1/type": "778\n", "sys/class/net/gre1/flags": "0x1091\n"},
            (Use("GRE", "the device gre1, which is up"),),
        ),
        ({"sys/class/net/gre0/type": "778\n", "sys/class/net/gre0/flags": "0x80\n"}, ()),
        ({"sys/class/net/eth0/type": "1\n", "sys/class/net/eth0/flags": "0x1003\n"}, ()),
    ],
    ids=["none", "no socket", "VRRP", "OSPF", "odd lines", "a tunnel", "a tunnel that is down", "ethernet"],
)
def test_read(tmp_path: pathlib.Path, files: dict[str, str], expected: tuple[Use, ...]) -> None:
    assert protocols.read(laid(tmp_path, files)) == expected


def test_ipsec(recorded: t.Any) -> None:
    host = recorded("rhel-9")
    assert protocols.read(host) == ()
    host._memory.pop(protocols.read, None)
    (one, *_rest) = [item for item in host.once(sockets.read) if item.protocol == "udp"] or host.once(sockets.read)
    held = dataclasses.replace(one, protocol="udp", port=500, process="charon")
    host._memory[sockets.read] = [held]
    assert protocols.read(host) == (Use("ESP", "charon on 500/udp, which negotiates keys for IPsec"),)
