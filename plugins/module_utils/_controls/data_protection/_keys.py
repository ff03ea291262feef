# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Key files by which devices are opened at the start: encryption is worth nothing where its key lies in clear."""

from __future__ import annotations

import fnmatch
import re

from ansible_collections.infosec.principles.plugins.module_utils._formats import tables
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

CRYPTTAB = "/etc/crypttab"
#: Where systemd looks for a key that crypttab does not name (crypttab(5)).
FOLDER = "/etc/cryptsetup-keys.d"
#: Debian's initramfs takes the keys with it that match KEYFILE_PATTERN there.
HOOK = "/etc/cryptsetup-initramfs/conf-hook"


def in_clear(host: Host, crypt: block.Device) -> str:
    """Where a key of this device lies for everybody who holds the disk, or nothing."""
    for row, key in _keys(host, crypt.mapped):
        trace = _trace(host, key)
        if trace.verdict == block.CLEAR:
            return f"the key of {crypt.path} lies in clear: {key} on {trace.layers}"
        boot = _trace(host, "/boot")
        if boot.verdict == block.CLEAR and _is_taken(host, crypt, row, key):
            return f"the key of {crypt.path} lies in clear: the initramfs in /boot has {key}, on {boot.layers}"
    return ""


def _trace(host: Host, path: str) -> block.Trace:
    return block.trace(host, block.members(host, block.mount_of(host, path)))


def _keys(host: Host, mapped: str) -> list[tuple[tables.Row, str]]:
    """The key files, with their entries; crypttab(5) has words for other kinds of keys."""
    rows = [row for row in tables.rows(_text(host, CRYPTTAB)) if row.word(0) == mapped]
    own = f"{FOLDER}/{mapped}.key"
    named = [(row, row.word(2, "none")) for row in rows if "keyscript=" not in row.word(3)]
    keys = [(row, own if key in ("none", "-") else key) for row, key in named]
    return [(row, key) for row, key in keys if _is_file(host, key)]


def _is_file(host: Host, key: str) -> bool:
    return key.startswith("/") and not key.startswith("/dev/") and host.exists(key)


def _is_taken(host: Host, crypt: block.Device, row: tables.Row, key: str) -> bool:
    """Whether Debian's initramfs opens this device, and takes its key with it."""
    patterns = re.findall(r"""^\s*KEYFILE_PATTERN=["']?(.*?)["']?\s*$""", _text(host, HOOK), re.MULTILINE)
    opened = "initramfs" in row.word(3).split(",") or crypt in _trace(host, "/").crypts
    return opened and any(fnmatch.fnmatchcase(key, pattern) for pattern in patterns[-1:])


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""
