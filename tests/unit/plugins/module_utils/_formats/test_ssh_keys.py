# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys made by ssh-keygen, puttygen and openssl for these tests; they open nothing. FINGERPRINTS is what ssh-keygen -l says."""

from __future__ import annotations

import base64
import pathlib
import struct

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, ssh_keys

KEYS = pathlib.Path(__file__).resolve().parents[4] / "unit/fixtures/ssh/keys-openssh-9.2p1-debian-12"
FINGERPRINTS = dict(line.split() for line in (KEYS / "FINGERPRINTS").read_text(encoding="ascii").splitlines())
NAMES = sorted(path.name for path in KEYS.iterdir() if "-" in path.name)
FORMATS = {"openssh": "OpenSSH", "pem": "PEM", "pkcs8": "PKCS#8", "putty2": "PuTTY", "putty3": "PuTTY"}
#: Without the public part in clear, or (Ed25519 in PKCS#8) without any.
UNKNOWN = ("pem-rsa-locked", "pkcs8-rsa-locked", "pkcs8-ed25519-plain")


def key(name: str) -> bytes:
    return (KEYS / name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_key_is(name: str) -> None:
    assert ssh_keys.may_be_private(key(name)[:64])
    found = ssh_keys.private(key(name))
    assert found is not None
    assert found.format == FORMATS[name.split("-")[0]]
    assert found.encrypted == name.endswith("-locked")
    assert not found.token
    twin = name if name in FINGERPRINTS else "openssh-ed25519-plain"
    assert (ssh_keys.fingerprint(found.public) if found.public else "") == (
        "" if name in UNKNOWN else FINGERPRINTS[twin]
    )


@pytest.mark.parametrize("name", NAMES)
def test_windows_line_ends_and_text_before_it_make_no_difference(name: str) -> None:
    assert ssh_keys.private(key(name).replace(b"\n", b"\r\n")) == ssh_keys.private(key(name))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_cut_short_or_damaged_raises_nothing(name: str) -> None:
    data = key(name)
    for size in range(0, len(data), 7):
        ssh_keys.private(data[:size])
        ssh_keys.private(data[:size] + b"\xff" + data[size + 1 :])


def openssh(algorithm: bytes, kdf: bytes = b"none") -> bytes:
    def string(data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + data

    body = b"openssh-key-v1\0" + string(kdf) + string(kdf) + string(b"") + struct.pack(">I", 1)
    body += string(string(algorithm) + string(b"x" * 32)) + string(b"private")
    armoured = base64.encodebytes(body)
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + armoured + b"-----END OPENSSH PRIVATE KEY-----\n"


def test_a_key_on_a_token_is_of_no_use_without_it() -> None:
    found = ssh_keys.private(openssh(b"sk-ssh-ed25519@openssh.com"))
    assert found is not None
    assert found.token and not found.encrypted


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fELF",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n\xff\xfe\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA/////w==\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n",
        b"PuTTY-User-Key-File-3: ssh-rsa\nPublic-Lines: 99999999999\n",
        b"PuTTY-User-Key-File-",
    ],
)
def test_what_is_no_key(data: bytes) -> None:
    found = ssh_keys.private(data)
    assert found is None or found.public == b""


PUBLIC = base64.b64encode(struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + b"x" * 32).decode()


@pytest.mark.parametrize(
    ("line", "options"),
    [
        (f"ssh-ed25519 {PUBLIC} ann@box", ()),
        (f"  ssh-ed25519\t{PUBLIC}", ()),
        (f"restrict,pty ssh-ed25519 {PUBLIC}", ("restrict", "pty")),
        (f'command="a, \\"b\\" c",no-pty ssh-ed25519 {PUBLIC}', ('command="a, \\"b\\" c"', "no-pty")),
        (f'from="10.0.0.0/8,!10.1.0.0/16" ssh-ed25519 {PUBLIC} x', ('from="10.0.0.0/8,!10.1.0.0/16"',)),
    ],
)
def test_authorized_keys(line: str, options: tuple[str, ...]) -> None:
    (entry,) = authorized_keys.parse(f"# comment\n\n{line}\n")
    assert (entry.number, entry.options, entry.algorithm) == (3, options, "ssh-ed25519")
    assert entry.public == base64.b64decode(PUBLIC)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "#",
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        f"ssh-rsa {PUBLIC}",
        f'command="never closed ssh-ed25519 {PUBLIC}',
        "\udcff\x00 x y",
        f"a b ssh-ed25519 {PUBLIC}",
    ],
)
def test_lines_that_open_nothing(line: str) -> None:
    assert list(authorized_keys.parse(line)) == []


def test_the_line_of_a_pub_file() -> None:
    assert ssh_keys.public(f"ssh-ed25519 {PUBLIC} comment\n") == base64.b64decode(PUBLIC)
    assert ssh_keys.public("-----BEGIN") == b""
