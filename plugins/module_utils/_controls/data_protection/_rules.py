# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rules of disk_encryption."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Rule

REFERENCE = "https://infosec.mozilla.org/fundamentals/security_principles#guarantee-data-integrity-and-confidentiality"

FILE_SYSTEM = Rule(
    name="filesystem",
    title="Every file system on a machine without physical security lies on an encrypted device",
    risk="high",
    reference=REFERENCE,
    remedy="Encrypt the device with LUKS2 while it is not in use (cryptsetup reencrypt --encrypt), after a backup.",
)
SWAP = Rule(
    name="swap",
    title="Swap on a machine without physical security is encrypted",
    risk="high",
    reference=REFERENCE,
    remedy="Give the swap device a fresh random key at each start (crypttab with /dev/urandom).",
)
STRENGTH = Rule(
    name="header_strength",
    title="The LUKS headers use a cipher, a key and a key derivation that withstand whoever holds the disk",
    risk="medium",
    reference=REFERENCE,
    remedy="Back up the header, then convert the weak keyslots to argon2id and a weak cipher to aes-xts-plain64.",
)
BACKUP = Rule(
    name="header_backup",
    title="The declared folder holds a backup of each LUKS header as it is now, for root alone",
    risk="medium",
    reference=REFERENCE,
    remedy="Run cryptsetup luksHeaderBackup; without a header, whole or in a backup, no passphrase opens the device.",
)
