# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key revocation lists: read those of real ssh-keygen (tests/unit/fixtures/krl), and write the same.

That sshd refuses what ours list was tried with the ssh-keygen of Debian 11 and 13 (`ssh-keygen -Q`).
"""

from __future__ import annotations

import os
import pathlib
import struct

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import krl, ssh_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.krl import Revoked

FIXTURES = sorted((pathlib.Path(__file__).resolve().parents[3] / "fixtures/krl").glob("openssh-*"))


def blob(folder: pathlib.Path, name: str) -> bytes:
    return ssh_keys.public((folder / f"{name}.pub").read_text())


def prints(folder: pathlib.Path, *names: str) -> frozenset[str]:
    return frozenset(ssh_keys.fingerprint(blob(folder, name)) for name in names)


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_a_list_of_ssh_keygen(folder: pathlib.Path) -> None:
    found, authority = krl.parse((folder / "krl").read_bytes()), blob(folder, "ca")
    assert found.fingerprints == prints(folder, "bob", "cy")
    singles = {(authority, one, one) for one in (7, 9, 300, 302, 305, 307, 309, 311)}
    assert found.serials == singles | {(authority, 100, 200)}
    assert found.ids == {(authority, "old one")}
    said = (folder / "krl.txt").read_text()
    for line in (line.partition(" (")[0] for line in krl.told(found) if not line.startswith("hash")):
        assert f"\n{line}\n" in said


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_what_is_written_is_read_back(folder: pathlib.Path) -> None:
    found = krl.parse((folder / "krl").read_bytes()) | Revoked(ids=frozenset({(krl.ANY, "ann")}))
    assert krl.parse(krl.build(found)) == found
    assert krl.build(found) == krl.build(Revoked(found.fingerprints, found.serials, found.ids))
    assert krl.parse(krl.build(Revoked())) == Revoked() and not Revoked()


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_certificates_by_serial_or_id(folder: pathlib.Path) -> None:
    kind, authority = "ssh-ed25519-cert-v01@openssh.com", blob(folder, "ca")
    assert krl.certificate(kind, blob(folder, "ann7-cert")) == Revoked(serials=frozenset({(authority, 7, 7)}))
    by_id = Revoked(ids=frozenset({(authority, "no-serial")}))
    assert krl.certificate("ssh-rsa-cert-v01@openssh.com", blob(folder, "bob-cert")) == by_id
    assert krl.is_certificate(kind) and not krl.is_certificate("ssh-ed25519")
    for length in range(0, len(blob(folder, "ann7-cert")) - 100, 7):
        with pytest.raises(krl.Malformed):
            krl.certificate(kind, blob(folder, "ann7-cert")[:length])


def test_a_list_of_plain_keys() -> None:
    folder = FIXTURES[0]
    text = f"# gone\n\n{(folder / 'ann.pub').read_text()}{(folder / 'bob.pub').read_text()}"
    assert krl.parse(text.encode()).fingerprints == prints(folder, "ann", "bob")
    with pytest.raises(krl.Malformed):
        krl.parse(b"not a key\n")


def test_what_another_list_does_not_revoke() -> None:
    wanted = Revoked(
        frozenset({"SHA256:a", "SHA256:b"}),
        frozenset({(b"ca", 5, 5), (b"ca", 9, 12)}),
        frozenset({(b"ca", "x"), (b"ca", "y")}),
    )
    has = Revoked(
        frozenset({"SHA256:a"}),
        frozenset({(krl.ANY, 1, 6), (b"ca", 9, 11)}),
        frozenset({(b"other", "x"), (krl.ANY, "y")}),
    )
    left = wanted - has
    assert left == Revoked(frozenset({"SHA256:b"}), frozenset({(b"ca", 9, 12)}), frozenset({(b"ca", "x")}))
    assert krl.told(left)[0] == "hash: SHA256:b" and krl.told(left)[1].startswith("serial: 9-12 (CA SHA256:")
    assert not wanted - wanted


@pytest.mark.parametrize("text", ["SHA256:x", "MD5:aa:bb", "SHA256:!!", "", f"SHA512:{'A' * 43}"])
def test_no_fingerprint(text: str) -> None:
    with pytest.raises(ValueError, match="no fingerprint"):
        krl.build(Revoked(frozenset({text})))


def test_damaged_lists() -> None:
    data = (FIXTURES[0] / "krl").read_bytes()
    whole = krl.parse(data)
    for length in range(len(krl.MAGIC), len(data)):
        try:
            assert krl.parse(data[:length]) != whole
        except krl.Malformed:
            continue
    for _attempt in range(200):
        at = int.from_bytes(os.urandom(2), "big") % (len(data) - 8) + 8
        try:
            krl.parse(data[:at] + os.urandom(1) + data[at + 1 :])
        except krl.Malformed:
            continue


def test_a_bitmap_of_everything_is_refused() -> None:
    bitmap = struct.pack(">QI", 1, 100_000) + b"\xff" * 100_000
    inner = bytes(8) + b"\x22" + struct.pack(">I", len(bitmap)) + bitmap
    head = krl.MAGIC + struct.pack(">IQQQ", 1, 0, 0, 0) + bytes(8)
    with pytest.raises(krl.Malformed, match="bitmap"):
        krl.parse(head + b"\x01" + struct.pack(">I", len(inner)) + inner)
    with pytest.raises(krl.Malformed, match="version 2"):
        krl.parse(krl.MAGIC + struct.pack(">IQQQ", 2, 0, 0, 0) + bytes(8))
