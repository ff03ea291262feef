# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for a word in what passes an interface: sniff.py INTERFACE WORD SECONDS [seen]. Prints how often it was seen.

For root of the namespace that the interface is in; INTERFACE any for all of them. Packets are looked at one by one, so
the word has to fit into one. With "seen" it ends as soon as it saw the word.
"""

from __future__ import annotations

import socket
import sys
import time

ETH_P_ALL = 3


def count(interface: str, word: bytes, seconds: float, *, once: bool) -> tuple[int, int]:
    """How many packets passed, and in how many of them the word was."""
    packets = found = 0
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as channel:
        if interface != "any":
            channel.bind((interface, ETH_P_ALL))
        print("listening", flush=True)
        while time.monotonic() < deadline and not (once and found):
            channel.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                packet = channel.recv(65536)
            except (TimeoutError, socket.timeout):
                break
            packets += 1
            found += word in packet
    return packets, found


if __name__ == "__main__":
    passed, seen = count(sys.argv[1], sys.argv[2].encode(), float(sys.argv[3]), once=sys.argv[4:] == ["seen"])
    print(f"{passed} packets, {seen} with the word")
