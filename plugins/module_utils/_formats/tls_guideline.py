# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Mozilla's guideline for TLS, version 6.0 of 2026-04-06 (https://ssl-config.mozilla.org/guidelines/6.0.json), as data.

Names are OpenSSL's. Version 6.0 has no profile for old clients any more; what 5.7 of 2023 had beside today's
intermediate is known here, so that a server which follows it is told that it is superseded, and not that it is weak.
"""

from __future__ import annotations

import dataclasses
import typing as t

VERSION = "6.0"
DATE = "2026-04-06"
REFERENCE = "https://wiki.mozilla.org/Security/Server_Side_TLS"

#: Oldest first.
PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
#: What of the intermediate profile of 5.7 is gone since: not weak, but nothing that today's clients need.
SUPERSEDED_CIPHERS = ("DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384", "DHE-RSA-CHACHA20-POLY1305")
#: Groups that no OpenSSL before this version has; such a name in its configuration keeps a server from starting.
GROUPS_SINCE: t.Mapping[str, tuple[int, ...]] = {"X25519MLKEM768": (3, 5)}


@dataclasses.dataclass(frozen=True)
class Profile:
    """What a server offers, and what its certificate is like.

    ciphers: for TLS 1.2. suites: for TLS 1.3. groups: for the key exchange, best first.
    lifespan: days that a certificate may be valid. rsa_bits: at least so many; 0 where RSA is not in the profile.
    """

    name: str
    protocols: tuple[str, ...]
    ciphers: tuple[str, ...]
    suites: tuple[str, ...]
    groups: tuple[str, ...]
    certificate_kinds: tuple[str, ...]
    certificate_curves: tuple[str, ...]
    certificate_signatures: tuple[str, ...]
    rsa_bits: int
    lifespan: int
    recommended_lifespan: int


_SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
_GROUPS = ("X25519MLKEM768", "X25519", "prime256v1", "secp384r1")
_CURVES = ("prime256v1", "secp384r1")
_ECDSA = ("ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512")

MODERN = Profile("modern", ("TLSv1.3",), (), _SUITES, _GROUPS, ("ecdsa",), _CURVES, _ECDSA, 0, 90, 90)
INTERMEDIATE = Profile(
    "intermediate",
    ("TLSv1.2", "TLSv1.3"),
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    ),
    _SUITES,
    _GROUPS,
    ("ecdsa", "rsa"),
    _CURVES,
    ("sha256WithRSAEncryption", *_ECDSA),
    2048,
    366,
    90,
)
PROFILES: t.Mapping[str, Profile] = {profile.name: profile for profile in (MODERN, INTERMEDIATE)}


def groups(profile: Profile, openssl: tuple[int, ...]) -> tuple[str, ...]:
    """The groups of a profile that a version of OpenSSL has."""
    return tuple(name for name in profile.groups if openssl >= GROUPS_SINCE.get(name, (0,)))
