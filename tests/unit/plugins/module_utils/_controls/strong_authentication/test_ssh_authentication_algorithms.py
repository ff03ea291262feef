# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which algorithms are allowed: Mozilla's lists, what was decided where they and others differ, and what is written."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh.algorithms import (
    CHACHA,
    CIPHERS,
    GROUP_EXCHANGE,
    HOST_KEYS,
    KEX,
    MACS,
    USER_KEYS,
    Policy,
)

FIXTURES = pathlib.Path(__file__).resolve().parents[5] / "unit/fixtures/ssh"
#: The guideline's modern server, word by word.
MOZILLA = {
    KEX: "curve25519-sha256@libssh.org,ecdh-sha2-nistp521,ecdh-sha2-nistp384,ecdh-sha2-nistp256,"
    "diffie-hellman-group-exchange-sha256",
    CIPHERS: "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
    MACS: "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-512,"
    "hmac-sha2-256,umac-128@openssh.com",
}
POST_QUANTUM = ("mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com")
VERSIONS = {"11": ((8, 4), "8.4p1-debian-11"), "12": ((9, 2), "9.2p1-debian-12"), "13": ((10, 0), "10.0p2-debian-13")}


def never() -> frozenset[str]:
    raise AssertionError("the program is asked only where something is to be added")


@pytest.mark.parametrize("kind", [CIPHERS, MACS])
def test_mozilla_is_the_guideline(kind: str) -> None:
    assert ",".join(Policy("mozilla").allowed(kind)) == MOZILLA[kind]


def test_mozilla_keeps_post_quantum_first_and_both_names_of_curve25519() -> None:
    allowed = Policy("mozilla").allowed(KEX)
    assert allowed[:3] == POST_QUANTUM
    assert "curve25519-sha256" in allowed
    assert [name for name in allowed if name in MOZILLA[KEX].split(",")] == MOZILLA[KEX].split(",")


@pytest.mark.parametrize(("version", "allowed"), [((9, 9), True), ((10, 0), False)])
def test_the_group_exchange_ends_with_openssh_10(version: tuple[int, int], allowed: bool) -> None:
    assert (GROUP_EXCHANGE in Policy("mozilla", version=version).allowed(KEX)) is allowed
    assert GROUP_EXCHANGE in Policy("mozilla", (GROUP_EXCHANGE,), version).allowed(KEX)
    assert GROUP_EXCHANGE in Policy("mozilla", version=version, client=True).allowed(KEX)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (KEX, "ecdh-sha2-nistp256"),
        (KEX, "curve25519-sha256"),
        (MACS, "hmac-sha2-256"),
        (HOST_KEYS, "ecdsa-sha2-nistp256"),
    ],
)
def test_strict_drops_what_ssh_audit_does_not_pass(kind: str, name: str) -> None:
    assert name in Policy("mozilla").allowed(kind)
    assert name not in Policy("strict").allowed(kind)


def test_strict_takes_what_there_is_before_openssh_9() -> None:
    allowed = Policy("strict", version=(8, 4)).allowed(KEX)
    assert {"curve25519-sha256", "diffie-hellman-group16-sha512", GROUP_EXCHANGE} <= set(allowed)
    assert not [name for name in allowed if "nistp" in name and not name.startswith("mlkem")]


@pytest.mark.parametrize("profile", ["mozilla", "strict"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (MACS, "umac-64-etm@openssh.com"),
        (MACS, "hmac-sha1"),
        (HOST_KEYS, "ssh-rsa"),
        (HOST_KEYS, "ssh-dss"),
        (USER_KEYS, "ssh-rsa"),
        (KEX, "diffie-hellman-group14-sha256"),
        (CIPHERS, "3des-cbc"),
    ],
)
def test_neither_allows_what_is_weak(profile: str, kind: str, name: str) -> None:
    assert Policy(profile).weak(kind, (name,)) == (name,)


@pytest.mark.parametrize("profile", ["mozilla", "strict"])
def test_keys_of_users_go_on_working(profile: str) -> None:
    assert {"ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com", "rsa-sha2-256"} <= set(
        Policy(profile).allowed(USER_KEYS)
    )


@pytest.mark.parametrize("profile", ["mozilla", "strict"])
def test_fips_is_kept_to(profile: str) -> None:
    policy = Policy(profile, fips=True)
    names = [name for kind in (KEX, CIPHERS, MACS, HOST_KEYS) for name in policy.allowed(kind)]
    assert not [name for name in names if "25519" in name or "chacha" in name or "umac" in name]
    assert "ecdh-sha2-nistp384" in policy.allowed(KEX)
    assert policy.missing(("ecdh-sha2-nistp384",)) == ()


def test_chacha_goes_without_the_strict_exchange() -> None:
    policy = Policy("mozilla", strict_exchange=False)
    assert policy.weak(CIPHERS, (CHACHA, "aes128-ctr")) == (CHACHA,)


@pytest.mark.parametrize(
    ("version", "offered", "missing"),
    [
        ((8, 4), ("curve25519-sha256",), ()),
        ((9, 2), ("curve25519-sha256",), ("sntrup761x25519-sha512@openssh.com",)),
        ((10, 0), ("curve25519-sha256",), POST_QUANTUM),
        ((10, 0), ("mlkem768x25519-sha256",), ()),
    ],
)
def test_post_quantum_is_missed_where_it_could_be(
    version: tuple[int, int], offered: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    assert Policy("mozilla", version=version).missing(offered) == missing


def test_nothing_is_offered_that_was_not_before() -> None:
    assert Policy("mozilla").wanted(CIPHERS, ("aes256-ctr", "3des-cbc"), never) == ("aes256-ctr",)


def test_all_that_is_allowed_where_nothing_good_was_offered() -> None:
    known = frozenset(("aes256-ctr", "aes128-ctr", "3des-cbc"))
    assert Policy("mozilla").wanted(CIPHERS, ("3des-cbc",), lambda: known) == ("aes256-ctr", "aes128-ctr")


def test_post_quantum_is_added_as_far_as_it_is_known() -> None:
    known = frozenset(("sntrup761x25519-sha512@openssh.com", "curve25519-sha256"))
    wanted = Policy("mozilla").wanted(KEX, ("curve25519-sha256", "diffie-hellman-group14-sha256"), lambda: known)
    assert wanted == ("sntrup761x25519-sha512@openssh.com", "curve25519-sha256")


@pytest.mark.parametrize("debian", VERSIONS)
@pytest.mark.parametrize("profile", ["mozilla", "strict"])
@pytest.mark.parametrize("kind", [KEX, CIPHERS, MACS, HOST_KEYS])
def test_what_is_written_for_each_debian_passes(debian: str, profile: str, kind: str) -> None:
    version, name = VERSIONS[debian]
    told = (FIXTURES / f"sshd-T-openssh-{name}.txt").read_text(encoding="utf-8").splitlines()
    keyword = {KEX: "kexalgorithms", HOST_KEYS: "hostkeyalgorithms"}.get(kind, kind)
    (offered,) = [line.partition(" ")[2].split(",") for line in told if line.startswith(f"{keyword} ")]
    listed = (FIXTURES / f"ssh-Q-debian-{debian}.txt").read_text(encoding="utf-8").splitlines()
    known = frozenset(line.split()[1] for line in listed)
    policy = Policy(profile, version=version)
    wanted = policy.wanted(kind, offered, lambda: known)
    assert wanted
    assert policy.weak(kind, wanted) == ()
    assert set(wanted) <= known
    assert kind != KEX or policy.missing(wanted) == ()
