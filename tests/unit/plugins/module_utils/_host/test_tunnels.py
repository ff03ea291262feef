# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways through tunnels: recorded from a kernel with IPsec policies and a TUN interface, and made up for WireGuard."""

from __future__ import annotations

import pathlib
import struct

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, tunnels
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "tunnels"
RECORDED = {(6, 0x15): "xfrm-policies", (0, 18): "rtnetlink-18", (0, 22): "rtnetlink-22", (0, 26): "rtnetlink-26"}


class Kernel(Host):
    """Answers as recorded, or as made up."""

    def __init__(self, answers: dict[tuple[int, int], bytes]) -> None:
        super().__init__()
        self.answers = answers

    def netlink(self, family: int, kind: int, body: bytes) -> bytes:
        if (family, kind) not in self.answers:
            raise HostError("netlink: Protocol not supported")
        return self.answers[(family, kind)]


@pytest.fixture(autouse=True)
def _plain_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own routes have no say."""
    monkeypatch.setattr(addresses, "kernel_source", lambda client: "")


def recorded() -> Kernel:
    return Kernel({key: (FIXTURES / name).read_bytes() for key, name in RECORDED.items()})


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("10.9.9.9", "IPsec"),
        ("fd99::1", "IPsec"),
        ("10.1.1.1", ""),
        ("10.66.7.20", ""),
        ("198.51.100.1", ""),
    ],
)
def test_policies_of_ipsec_that_send_encrypted(address: str, way: str) -> None:
    assert tunnels.through(recorded(), address) == way


def test_a_tun_interface_by_the_address_that_the_kernel_sends_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "kernel_source", lambda client: "10.7.7.1")
    assert tunnels.through(recorded(), "10.200.0.1") == "tun7 (TUN)"


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body


def link(index: int, name: str, kind: str) -> bytes:
    info = attribute(1, kind.encode() + b"\0")
    return message(
        16, struct.pack("=BxHiII", 0, 65534, index, 1, 0) + attribute(3, name.encode() + b"\0") + attribute(18, info)
    )


def route(target: str, length: int, index: int) -> bytes:
    body = struct.pack("=BBBBBBBBI", 2, length, 0, 0, 254, 3, 253, 1, 0)
    packed = bytes(int(part) for part in target.split("."))
    return message(24, body + attribute(1, packed) + attribute(4, struct.pack("=I", index)))


def kernel(kind: str) -> Kernel:
    """A narrow route by an interface of that kind, and one for the rest by a card."""
    links = link(2, "eth0", "") + link(7, "wg0", kind)
    routes = route("0.0.0.0", 0, 2) + route("10.8.0.0", 16, 7)
    return Kernel({(0, 18): links, (0, 22): b"", (0, 26): routes})


@pytest.mark.parametrize(
    ("kind", "way"), [("wireguard", "wg0 (WireGuard)"), ("xfrm", "wg0 (IPsec)"), ("gre", ""), ("", "")]
)
def test_the_interface_of_the_narrowest_route(kind: str, way: str) -> None:
    assert tunnels.through(kernel(kind), "10.8.1.1") == way
    assert tunnels.through(kernel(kind), "10.9.1.1") == ""
