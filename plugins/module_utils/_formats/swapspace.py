# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The signature of a swap device, as mkswap(8) writes it and the kernel reads it (linux/swap.h, union swap_header)."""

from __future__ import annotations

import dataclasses

#: The signature ends the first page; the page is the kernel's that made it.
PAGE_SIZES = (4096, 8192, 16384, 65536)
MAGIC = b"SWAPSPACE2"
_UUID = slice(1036, 1052)
_LABEL = slice(1052, 1068)


@dataclasses.dataclass(frozen=True)
class Signature:
    """What identifies a swap device."""

    uuid: str
    label: str


def parse(data: bytes) -> Signature | None:
    """The signature at the start of a device, or None where there is no swap (a hibernated one counts as none)."""
    import uuid

    if not any(data[size - len(MAGIC) : size] == MAGIC for size in PAGE_SIZES):
        return None
    label = data[_LABEL].split(b"\0", 1)[0].decode("utf-8", "replace")
    return Signature(str(uuid.UUID(bytes=data[_UUID])), label)
