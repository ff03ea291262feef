# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._register import networks

MAPPED = "::ffff:192.0.2.1"


@pytest.mark.parametrize(
    ("text", "cidr"),
    [
        ("192.0.2.10", "192.0.2.10/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:db8::10", "2001:db8::10/128"),
        ("2001:DB8:0:0::/64", "2001:db8::/64"),
        ("::/0", "::/0"),
        (MAPPED, "192.0.2.1/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ],
)
def test_parse(text: str, cidr: str) -> None:
    assert str(networks.parse(text)) == cidr


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "192.0.2", "192.0.2.256", "192.0.2.01", "0x7f000001", "3221226000", "192.0.2.0/33", "192.0.2.0/"),
        *("192.0.2.0/255.255.255.0", "192.0.2.0/0.0.0.255", "192.0.2.0-192.0.2.9", "2001:db8::/129", "fe80::1%eth0"),
        *("[2001:db8::1]", "example.org", "192.0.2.0/²", "{{ x }}"),
    ],
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"^write an address such as 192\.0\.2\.10, or a network such as"):
        networks.parse(text)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("192.0.2.10/24", "write 192.0.2.0/24 for the network, or 192.0.2.10 for the one address"),
        ("2001:db8::1/64", "write 2001:db8::/64 for the network, or 2001:db8::1 for the one address"),
        ("1.2.3.4/0", "write 0.0.0.0/0 for the network, or 1.2.3.4 for the one address"),
    ],
)
def test_parse_refuses_host_bits_with_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=r"^write ") as caught:
        networks.parse(text)
    assert str(caught.value) == remedy


@pytest.mark.parametrize(
    ("texts", "merged"),
    [
        ([], []),
        (["192.0.2.10"], ["192.0.2.10/32"]),
        (["2001:db8::1", "192.0.2.1", "192.0.2.0"], ["192.0.2.0/31", "2001:db8::1/128"]),
        (["192.0.2.0/25", "192.0.2.128/25", "192.0.2.7"], ["192.0.2.0/24"]),
        (["10.0.0.9", "9.0.0.9", "10.0.0.9"], ["9.0.0.9/32", "10.0.0.9/32"]),
        (["2001:db8:0:1::/64", "2001:db8::/64"], ["2001:db8::/63"]),
        ([MAPPED, "192.0.2.1"], ["192.0.2.1/32"]),
        (["::/0", "0.0.0.0/0", "192.0.2.1", "2001:db8::1"], ["0.0.0.0/0", "::/0"]),
    ],
)
def test_merge(texts: list[str], merged: list[str]) -> None:
    assert networks.merge(map(networks.parse, texts)) == merged
    assert networks.merge(map(networks.parse, reversed(texts))) == merged
