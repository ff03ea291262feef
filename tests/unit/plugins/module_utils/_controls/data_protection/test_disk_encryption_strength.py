# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of thresholds, on recorded headers and on made-up ones."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection import _strength
from ansible_collections.infosec.principles.plugins.module_utils._formats.luks import (
    Header,
    Kdf,
    Keyslot,
    Segment,
    parse,
)
from ansible_collections.infosec.principles.tests.unit.blocktree import luks


@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("luks1-xts", []),
        ("luks1-xts-128", []),
        (
            "luks1-cbc-essiv-sha1",
            ["aes-cbc-essiv:sha256: mode cbc does not protect a disk", "pbkdf2-sha1, 1000 iterations"],
        ),
        ("luks2-argon2id", []),
        ("luks2-argon2i-small", ["argon2i, 1024 KiB, 4 passes, 2 threads"]),
        ("luks2-pbkdf2-cheap", ["pbkdf2-sha512, 1000 iterations"]),
        ("luks2-serpent-4096", []),
        ("luks2-adiantum", []),
        ("luks2-cbc-plain", ["aes-cbc-plain: mode cbc does not protect a disk"]),
        ("luks2-null", ["cipher_null-ecb: it does not encrypt"]),
        ("luks2-two-slots-token", []),
    ],
)
def test_recorded_headers(name: str, weak: list[str]) -> None:
    assert [weakness.found for weakness in _strength.weaknesses(parse(luks(name)))] == weak


def with_cipher(cipher: str, bits: int = 512, kind: str = "crypt") -> Header:
    return Header(2, "", "", (Segment(kind, cipher, bits),), ())


@pytest.mark.parametrize(
    ("cipher", "bits", "sectors", "weak"),
    [
        ("aes-xts-plain64", 256, 0, False),
        ("aes-xts-plain64", 255, 0, True),
        ("aes-xts-plain", 512, 2**32, False),
        ("aes-xts-plain", 512, 2**32 + 1, True),
        ("capi:xts(aes)-plain64", 512, 0, False),
        ("aes-gcm-random", 256, 0, False),
        ("aegis128-random", 128, 0, False),
        ("camellia-xts-plain64", 512, 0, False),
        ("des3_ede-xts-plain64", 384, 0, True),
        ("blowfish-cbc-essiv:sha256", 256, 0, True),
        ("aes-ecb", 256, 0, True),
        ("aes-lrw-benbi", 384, 0, True),
        ("null", 0, 0, True),
        ("", 0, 0, True),
        ("twofish-xts-plain64", 512, 0, False),
        ("xchacha12,aes-adiantum-plain64", 256, 0, False),
    ],
)
def test_ciphers(cipher: str, bits: int, sectors: int, weak: bool) -> None:
    assert bool(_strength.weaknesses(with_cipher(cipher, bits), sectors=sectors)) is weak


def test_data_that_is_still_in_clear_is_weak() -> None:
    assert [weakness.what for weakness in _strength.weaknesses(with_cipher("", kind="linear"))] == ["data"]
    assert _strength.weaknesses(with_cipher("", kind="hw-opal")) == []


def with_kdf(kdf: Kdf, *tokens: str) -> Header:
    return Header(2, "", "", (), (Keyslot(3, kdf, 512, tokens),))


@pytest.mark.parametrize(
    ("kdf", "weak"),
    [
        (Kdf("argon2id", "", 3, 65536, 4), False),
        (Kdf("argon2id", "", 2, 65536, 4), True),
        (Kdf("argon2id", "", 3, 65535, 4), True),
        (Kdf("argon2i", "", 4, 1048576, 4), False),
        (Kdf("pbkdf2", "sha256", 600_000), False),
        (Kdf("pbkdf2", "sha256", 599_999), True),
        (Kdf("pbkdf2", "sha1", 1_299_999), True),
        (Kdf("pbkdf2", "md5", 10**9), True),
        (Kdf("scrypt", "", 10**9), True),
    ],
)
def test_key_derivations(kdf: Kdf, weak: bool) -> None:
    found = _strength.weaknesses(with_kdf(kdf))
    assert [weakness.slot for weakness in found] == ([3] if weak else [])


@pytest.mark.parametrize(("token", "weak"), [("systemd-tpm2", False), ("clevis", False), ("luks2-keyring", True)])
def test_a_random_key_needs_no_costly_derivation(token: str, weak: bool) -> None:
    assert bool(_strength.weaknesses(with_kdf(Kdf("pbkdf2", "sha512", 1000), token))) is weak
