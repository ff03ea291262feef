# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""seal.py FILE_SYSTEM DISK MIB UUID: writes the file system as LUKS2 into the disk, from this MiB on; the passphrase is on stdin.

cryptsetup makes the header; what follows it is encrypted here, since a machine that builds images need not have dm-crypt.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MIB = 1024 * 1024
HEADER = 16 * MIB
SECTOR = 4096
#: The least that passes for strong: an emulated processor takes its time for each round of it.
OPTIONS = ("--type", "luks2", "--cipher", "aes-xts-plain64", "--key-size", "256", "--sector-size", str(SECTOR))
CHEAP = ("--pbkdf", "argon2id", "--pbkdf-memory", "65536", "--pbkdf-parallel", "1", "--pbkdf-force-iterations", "4")


def header(uuid: str, volume_key: bytes) -> bytes:
    """A new LUKS2 header for this key; its passphrase is what stdin holds."""
    with tempfile.TemporaryDirectory() as folder:
        device, key = pathlib.Path(folder, "device"), pathlib.Path(folder, "key")
        key.write_bytes(volume_key)
        with device.open("wb") as stream:
            stream.truncate(2 * HEADER)
        named = ("--uuid", uuid, "--volume-key-file", str(key), "--key-file", "-")
        subprocess.run(["cryptsetup", "luksFormat", "-q", *OPTIONS, *CHEAP, *named, str(device)], check=True)
        return device.read_bytes()[:HEADER]


def encrypted(sector: bytes, number: int, volume_key: bytes) -> bytes:
    """aes-xts-plain64: dm-crypt counts in 512 bytes, however long the sectors are."""
    tweak = (number * SECTOR // 512).to_bytes(16, "little")
    sealing = Cipher(algorithms.AES(volume_key), modes.XTS(tweak)).encryptor()
    return sealing.update(sector)


def main(file_system: str, disk: str, start: str, uuid: str) -> None:
    volume_key = os.urandom(32)
    with open(file_system, "rb") as source, open(disk, "r+b") as target:
        target.seek(int(start) * MIB)
        target.write(header(uuid, volume_key))
        for number, sector in enumerate(iter(lambda: source.read(SECTOR), b"")):
            target.write(encrypted(sector, number, volume_key))


if __name__ == "__main__":
    main(*sys.argv[1:])
