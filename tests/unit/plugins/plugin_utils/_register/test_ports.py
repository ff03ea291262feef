# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._register import ports
from ansible_collections.infosec.principles.plugins.plugin_utils._register.ports import Port


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("443/tcp", Port("tcp", 443, 443)),
        ("1/udp", Port("udp", 1, 1)),
        ("65535/tcp", Port("tcp", 65535, 65535)),
        ("8000-8010/udp", Port("udp", 8000, 8010)),
        ("80-80/tcp", Port("tcp", 80, 80)),
    ],
)
def test_parse(text: str, port: Port) -> None:
    assert ports.parse(text) == port
    assert port.as_dict() == {"first": port.first, "last": port.last, "protocol": port.protocol}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "443",
            "tcp",
            "/tcp",
            "443/",
            "443/TCP",
            "443/sctp",
            "443/tcp ",
            " 443/tcp",
            "0/tcp",
            "65536/tcp",
            "-1/tcp",
        ),
        *("99999/tcp", "100000/tcp", "8010-8000/tcp", "8000-/tcp", "8000-8010-8020/tcp", "0-10/tcp", "80,443/tcp"),
        *("https/tcp", "443/tcp\n", "٤٤٣/tcp", "0x50/tcp", "1_0/tcp"),
    ],
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"^write port/protocol such as 443/tcp, or a range such as 8000-8010/udp"):
        ports.parse(text)


@pytest.mark.parametrize(
    ("held", "joined"),
    [
        ([], []),
        ([("tcp", 443), ("tcp", 80), ("tcp", 443)], ["80/tcp", "443/tcp"]),
        ([("udp", 53), ("tcp", 53)], ["53/tcp", "53/udp"]),
        ([("tcp", 8001), ("tcp", 8000), ("tcp", 8002), ("udp", 8003)], ["8000-8002/tcp", "8003/udp"]),
    ],
)
def test_ranges(held: list[tuple[str, int]], joined: list[str]) -> None:
    assert [str(port) for port in ports.ranges(held)] == joined
    assert tuple(ports.parse(text) for text in joined) == ports.ranges(held)
