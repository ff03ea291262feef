# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether a LUKS header withstands somebody who holds the disk: cipher, key and the cost of guessing a passphrase."""

from __future__ import annotations

import dataclasses

from ansible_collections.infosec.principles.plugins.module_utils._formats.luks import Header, Kdf, Keyslot, Segment

#: Block ciphers with blocks of 128 bits and no practical attack. Those with 64 bits (des3_ede, blowfish, cast5, ...)
#: leak after some GiB (NIST SP 800-131A rev. 2, section 2).
CIPHERS = frozenset({"aes", "aria", "camellia", "serpent", "sm4", "twofish"})

#: Mode: bits of key that it needs for a strength of 128 bits.
#: xts: two keys (NIST SP 800-38E). adiantum: wide block (Crowley, Biggers 2018). The rest: authenticated.
#: Not here: ecb and cbc-plain show equal blocks; cbc-essiv, the default until 2013, can be changed at will (Lell 2013).
MODES = {"xts": 256, "adiantum": 256, "gcm": 128, "ccm": 128, "aegis128": 128, "poly1305": 256}

#: PBKDF2 iterations by hash: OWASP Password Storage Cheat Sheet, section PBKDF2.
PBKDF2_ITERATIONS = {"sha1": 1_300_000, "sha256": 600_000, "sha512": 210_000, "whirlpool": 210_000}

#: Argon2: the second recommended option of RFC 9106, section 4 (64 MiB, three passes).
ARGON2 = ("argon2id", "argon2i")
ARGON2_MEMORY_KIB = 65_536
ARGON2_PASSES = 3

#: Tokens whose keyslot holds a random key, which nobody guesses; systemd-cryptenroll gives them a cheap PBKDF2.
RANDOM_KEY_TOKENS = frozenset({"clevis", "systemd-fido2", "systemd-pkcs11", "systemd-recovery", "systemd-tpm2"})

#: 32-bit sector numbers ("plain") repeat after this many sectors of 512 bytes.
PLAIN_SECTORS = 2**32


@dataclasses.dataclass(frozen=True)
class Weakness:
    """One thing below its threshold. `what` is cipher, data or keyslot; `slot` the number of the keyslot."""

    what: str
    found: str
    expected: str
    slot: int = -1


def weaknesses(header: Header, *, sectors: int = 0) -> list[Weakness]:
    """All that is weak. `sectors`: the size of the device in sectors of 512 bytes, 0 for unknown."""
    found = [weakness for segment in header.segments for weakness in _segment(segment, sectors)]
    found += [weakness for keyslot in header.keyslots for weakness in _keyslot(keyslot)]
    return list(dict.fromkeys(found))


def is_null(cipher: str) -> bool:
    """Whether this "cipher" writes the data in clear."""
    return "cipher_null" in cipher or cipher.split("-")[0] == "null"


def describe(kdf: Kdf) -> str:
    """A key derivation in words."""
    if kdf.name == "pbkdf2":
        return f"pbkdf2-{kdf.hash}, {kdf.cost} iterations"
    return f"{kdf.name}, {kdf.memory} KiB, {kdf.cost} passes, {kdf.lanes} threads"


def _segment(segment: Segment, sectors: int) -> list[Weakness]:
    if segment.kind == "linear":
        return [Weakness("data", "a part of the device is still in clear", "the encryption has been finished")]
    if segment.kind.startswith("hw-opal") and not segment.cipher:
        return []
    fault = _cipher_fault(segment.cipher, sectors)
    if fault:
        return [Weakness("cipher", f"{segment.cipher}: {fault}", "aes-xts-plain64")]
    return _key(segment)


def _cipher_fault(text: str, sectors: int) -> str:
    """Why a cipher of dm-crypt ("aes-xts-plain64", "capi:xts(aes)-plain64") is not good enough, or nothing."""
    cipher, mode, vector = _parts(text)
    if is_null(text):
        return "it does not encrypt"
    if mode not in MODES:
        return f"mode {mode or 'unknown'} does not protect a disk"
    if mode in ("xts", "gcm", "ccm") and cipher not in CIPHERS:
        return f"cipher {cipher} has short blocks or is not known"
    if vector == "plain" and sectors > PLAIN_SECTORS:
        return "its sector numbers repeat after 2 TiB"
    return ""


def _parts(text: str) -> tuple[str, str, str]:
    """Cipher, mode and initial vector. xchacha20,aes-adiantum-plain64 and aegis128-random name no block mode."""
    names = text.replace("capi:", "").replace("(", "-").replace(")", "").replace(",", "-").split("-")
    mode = next((name for name in names if name in MODES), names[1] if len(names) > 2 else "")
    rest = [name for name in names if name != mode]
    return (rest[0] if rest else "", mode, names[-1].split(":")[0])


def _key(segment: Segment) -> list[Weakness]:
    needed = MODES[_parts(segment.cipher)[1]]
    if not segment.key_bits or segment.key_bits >= needed:
        return []
    return [Weakness("cipher", f"{segment.cipher} with a key of {segment.key_bits} bits", f"at least {needed} bits")]


def _keyslot(keyslot: Keyslot) -> list[Weakness]:
    if RANDOM_KEY_TOKENS & set(keyslot.tokens):
        return []
    expected = _expected(keyslot.kdf)
    return [Weakness("keyslot", describe(keyslot.kdf), expected, keyslot.number)] if expected else []


def _expected(kdf: Kdf) -> str:
    """What this key derivation ought to be, or nothing where it is good enough."""
    if kdf.name in ARGON2:
        enough = kdf.memory >= ARGON2_MEMORY_KIB and kdf.cost >= ARGON2_PASSES
        return "" if enough else f"argon2id with at least {ARGON2_MEMORY_KIB} KiB and {ARGON2_PASSES} passes"
    needed = PBKDF2_ITERATIONS.get(kdf.hash)
    if needed is None:
        return "argon2id, or pbkdf2 with sha256 or sha512"
    return "" if kdf.cost >= needed else f"argon2id, or pbkdf2-{kdf.hash} with at least {needed} iterations"
