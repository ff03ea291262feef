# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The authorities of ca.pem among those that the whole host trusts, where that is wanted."""

from __future__ import annotations

import os
import re

from ansible_collections.infosec.principles.plugins.module_utils._certificates.pairs import PairError, Runner, write
from ansible_collections.infosec.principles.plugins.module_utils._formats import x509

#: Folder, ending and program of Debian, of the RHEL family and of SUSE (update-ca-certificates(8), update-ca-trust(8)).
STORES = (
    ("/usr/local/share/ca-certificates", ".crt", "update-ca-certificates"),
    ("/etc/pki/ca-trust/source/anchors", ".pem", "update-ca-trust"),
    ("/etc/pki/trust/anchors", ".pem", "update-ca-certificates"),
)
#: What is ours in there.
PREFIX = "infosec-principles-"
_ARMOUR = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def update(authorities: str, run: Runner, *, check: bool, root: str = "") -> bool:
    """Have the host trust exactly these of ours; whether anything was, or would be, changed. Raises PairError."""
    folder, ending, program = _store(root)
    wanted = {f"{PREFIX}{_digest(one)[:16]}{ending}": f"{one}\n" for one in _ARMOUR.findall(authorities)}
    there = {name for name in os.listdir(folder) if name.startswith(PREFIX) and name.endswith(ending)}
    if there == wanted.keys():
        return False
    if not check:
        for name in wanted.keys() - there:
            write(f"{folder}/{name}", wanted[name], 0o644)
        for name in there - wanted.keys():
            os.unlink(f"{folder}/{name}")
        done = run([program])
        if done.rc != 0:
            raise PairError(f"{program}: ended with {done.rc}; the files in {folder} are in place, so run it by hand")
    return True


def _store(root: str) -> tuple[str, str, str]:
    for folder, ending, program in STORES:
        if os.path.isdir(root + folder):
            return root + folder, ending, program
    raise PairError("this host keeps no folder of trusted authorities; install the package ca-certificates")


def _digest(armoured: str) -> str:
    found = x509.first(armoured.encode())
    return found.digest if found else ""
