# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header parser against what cryptsetup itself says, on recordings and on files that it formats now."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._formats import luks
from ansible_collections.infosec.principles.tests.unit.blocktree import FIXTURES
from ansible_collections.infosec.principles.tests.unit.blocktree import luks as recorded

RECORDINGS = sorted((FIXTURES / "luks").glob("*/*.txt"))
SLOT_V1 = re.compile(r"^Key Slot (\d): ENABLED\n\tIterations: +\t(\d+)", re.MULTILINE)
SLOT_V2 = re.compile(r"^  (\d+): luks2\n(.*?)(?=^  \d+: |^\S)", re.MULTILINE | re.DOTALL)


def field(text: str, name: str) -> str:
    match = re.search(rf"^\s*{re.escape(name)}:\s*(.*?)\s*$", text, re.MULTILINE)
    return match.group(1) if match else ""


def told_v1(dump: str) -> luks.Header:
    """The header as luksDump tells it."""
    bits = int(field(dump, "MK bits"))
    cipher = f"{field(dump, 'Cipher name')}-{field(dump, 'Cipher mode')}"
    slots = [
        luks.Keyslot(int(number), luks.Kdf("pbkdf2", field(dump, "Hash spec"), int(iterations)), bits)
        for number, iterations in SLOT_V1.findall(dump)
    ]
    return luks.Header(1, field(dump, "UUID"), "", (luks.Segment("crypt", cipher, bits),), tuple(slots))


def told_v2(dump: str) -> luks.Header:
    tokens = re.findall(r"^  \d+: (\S+)\n\tKeyslot: +(\d+)", dump, re.MULTILINE)
    slots = [told_slot(int(number), text, tokens) for number, text in SLOT_V2.findall(dump)]
    segment = luks.Segment("crypt", field(dump, "cipher"), slots[0].key_bits)
    label = field(dump, "Label").replace("(no label)", "")
    epoch = int(field(dump, "Epoch"))
    size = int(field(dump, "Metadata area").split()[0])
    copies = (luks.Copy(0, epoch), luks.Copy(size, epoch))
    return luks.Header(2, field(dump, "UUID"), label, (segment,), tuple(slots), copies)


def told_slot(number: int, text: str, tokens: list[tuple[str, str]]) -> luks.Keyslot:
    name = field(text, "PBKDF")
    if name == "pbkdf2":
        kdf = luks.Kdf(name, field(text, "Hash"), int(field(text, "Iterations")))
    else:
        kdf = luks.Kdf(name, "", *(int(field(text, key)) for key in ("Time cost", "Memory", "Threads")))
    types = tuple(kind for kind, slot in tokens if int(slot) == number)
    return luks.Keyslot(number, kdf, int(field(text, "Key").split()[0]), types)


def told(dump: str) -> luks.Header:
    return told_v1(dump) if field(dump, "Version") == "1" else told_v2(dump)


@pytest.mark.parametrize("dump", RECORDINGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_says_what_cryptsetup_said(dump: pathlib.Path) -> None:
    assert luks.parse(recorded(dump.stem, dump.parent.name)) == told(dump.read_text(encoding="utf-8"))


def test_there_are_recordings_of_three_versions() -> None:
    assert len({path.parent.name for path in RECORDINGS}) == 3
    assert len(RECORDINGS) >= 30


def program(name: str) -> str:
    """Its path. On a workstation the test is skipped without it; under CI it has to be there."""
    found = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin")
    if found is None and not os.environ.get("CI"):
        pytest.skip(f"{name} is not installed (Debian: apt-get install cryptsetup-bin)")
    assert found, f"{name} is not installed"
    return found


CHEAP = ("--pbkdf", "argon2id", "--pbkdf-memory", "128", "--pbkdf-parallel", "1", "--pbkdf-force-iterations", "4")


@pytest.mark.parametrize(
    "options",
    [
        ("--type", "luks1", "--pbkdf-force-iterations", "1000"),
        ("--type", "luks1", "--hash", "sha512", "--key-size", "256", "--pbkdf-force-iterations", "1234"),
        ("--type", "luks2", *CHEAP),
        ("--type", "luks2", "--label", "a name", "--luks2-metadata-size", "32k", *CHEAP),
    ],
)
def test_says_what_cryptsetup_says_now(tmp_path: pathlib.Path, options: tuple[str, ...]) -> None:
    disk = tmp_path / "disk"
    with disk.open("wb") as stream:
        stream.truncate(20 * 1024 * 1024)
    cryptsetup = [program("cryptsetup")]
    subprocess.run([*cryptsetup, "luksFormat", "-q", *options, disk, "-"], input=b"secret", check=True)
    dump = subprocess.run([*cryptsetup, "luksDump", disk], check=True, capture_output=True, text=True).stdout
    with disk.open("rb") as stream:
        size = luks.size_to_read(stream.read(luks.BINARY_SIZE))
        stream.seek(0)
        assert luks.parse(stream.read(size)) == told(dump)


# Damage

WHOLE = recorded("luks2-argon2id")
WRONG = "its checksum is wrong"


def damaged(data: bytes, *places: int) -> bytes:
    changed = bytearray(data)
    for place in places:
        changed[place] ^= 0xFF
    return bytes(changed)


def test_a_damaged_first_header_leaves_the_second() -> None:
    header = luks.parse(recorded("luks2-damaged-first"))
    assert [copy.fault for copy in header.copies] == [WRONG, ""]
    assert header.keyslots == luks.parse(WHOLE).keyslots


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        (damaged(WHOLE, 16384 + 5000), ["", WRONG]),
        (WHOLE[:16384] + bytes(16384), ["", "it is missing"]),
        (WHOLE[:16384], ["", "it is missing"]),
        (damaged(WHOLE, 8), ["its size or place is wrong", ""]),
        (damaged(WHOLE, 72), ["its checksum is of an unknown kind (\\x8cha256)", ""]),
    ],
)
def test_says_which_copy_is_damaged(data: bytes, faults: list[str]) -> None:
    assert [copy.fault for copy in luks.parse(data).copies] == faults


def test_of_two_whole_copies_the_newer_one_counts() -> None:
    newer = recorded("luks2-two-slots-token")
    header = luks.parse(newer[:16384] + WHOLE[16384:])
    assert header.copies[0].sequence > header.copies[1].sequence
    assert len(header.keyslots) == 2
    assert len(luks.parse(WHOLE[:16384] + newer[16384:]).keyslots) == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no LUKS header"),
        (bytes(4096), "no LUKS header"),
        (b"LUKS\xba\xbe\x00\x03" + bytes(4096), "no LUKS header"),
        (b"LUKS\xba\xbe\x00\x01", "damaged LUKS header"),
        (damaged(WHOLE, 5000, 16384 + 5000), "copy at 0: its checksum is wrong; copy at 16384: its checksum is wrong"),
        (b"LUKS\xba\xbe\x00\x02" + bytes(4096), "copy at 0: its size or place is wrong"),
    ],
)
def test_says_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(luks.LuksError, match=re.escape(message)):
        luks.parse(data)


@given(st.binary(max_size=700), st.sampled_from([b"", luks.MAGIC + b"\x00\x01", luks.MAGIC + b"\x00\x02"]))
@example(b"", luks.MAGIC + b"\x00\x01")
def test_any_bytes_are_a_header_or_a_luks_error(data: bytes, start: bytes) -> None:
    with contextlib.suppress(luks.LuksError):
        assert isinstance(luks.parse(start + data), luks.Header)


def sealed(metadata: bytes) -> bytes:
    """A LUKS2 header with this JSON and a right checksum."""
    area = metadata[: 16384 - 4097].ljust(16384 - 4096, b"\0")
    binary = bytearray(WHOLE[:4096])
    binary[448:512] = bytes(64)
    binary[448:480] = hashlib.sha256(bytes(binary) + area).digest()
    return bytes(binary) + area


WORDS = [
    "keyslots",
    "segments",
    "digests",
    "tokens",
    "config",
    "type",
    "key_size",
    "kdf",
    "time",
    "memory",
    "cpus",
    "0",
    "x",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON)
def test_any_json_is_a_header_or_a_luks_error(metadata: object) -> None:
    with contextlib.suppress(luks.LuksError):
        assert isinstance(luks.parse(sealed(json.dumps(metadata).encode())), luks.Header)


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=40))
def test_overwritten_bytes_are_noticed(place: int, junk: bytes) -> None:
    data = WHOLE[:place] + junk + WHOLE[place + len(junk) :]
    try:
        header = luks.parse(data[: len(WHOLE)])
    except luks.LuksError:
        return
    assert header.keyslots == luks.parse(WHOLE).keyslots


@pytest.mark.parametrize(
    "metadata", [b"[" * 12000, b'{"keyslots": 1e999}', b"{}", b"", b"\xff" * 100, b'{"a": ' + b"9" * 9000]
)
def test_hostile_json_is_a_luks_error(metadata: bytes) -> None:
    with pytest.raises(luks.LuksError):
        luks.parse(sealed(metadata))


@pytest.mark.parametrize(
    ("start", "size"),
    [
        (recorded("luks1-xts")[:4096], 4096),
        (WHOLE[:4096], 32768),
        (recorded("luks2-big-header")[:4096], 131072),
        (luks.MAGIC + struct.pack(">HQ", 2, 2**60) + bytes(4080), 4096),
        (bytes(4096), 8 * 1024 * 1024),
        (b"", 8 * 1024 * 1024),
    ],
)
def test_reads_no_more_than_it_needs(start: bytes, size: int) -> None:
    assert luks.size_to_read(start) == size
