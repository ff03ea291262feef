# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a machine, laid into a folder as /proc, /sys, /run and /dev show them: recorded ones, or built by hand."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import typing as t
import uuid

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
VIRTUAL = "/sys/devices/virtual/block"


def luks(name: str, program: str = "cryptsetup-2.6.1-debian12") -> bytes:
    """The first bytes of a recorded LUKS device."""
    return gzip.decompress((FIXTURES / "luks" / program / f"{name}.bin.gz").read_bytes())


def with_uuid(data: bytes, uuid: str) -> bytes:
    """A recorded header as that of another device; the copies of LUKS2 have a checksum (its specification, 2.1)."""
    if data[6:8] == b"\0\1":
        return data[:168] + uuid.encode().ljust(40, b"\0") + data[208:]
    size = int.from_bytes(data[8:16], "big")
    copies = [bytearray(data[start : start + size]) for start in (0, size)]
    for copy in copies:
        copy[168:208] = uuid.encode().ljust(40, b"\0")
        copy[448:512] = bytes(64)
        copy[448:480] = hashlib.sha256(copy).digest()
    return b"".join(map(bytes, copies)) + data[2 * size :]


def cheap_luks1() -> bytes:
    """Strong but for the iterations of its only keyslot (specification 1.2.3, figure 2)."""
    data = luks("luks1-xts")
    return data[:212] + (1000).to_bytes(4, "big") + data[216:]


def swap_space(uuid: str = "0123456789abcdef0123456789abcdef", label: str = "") -> bytes:
    """What mkswap writes into the first page."""
    page = bytearray(4096)
    page[1024:1036] = (1).to_bytes(4, "little") + (1000).to_bytes(4, "little") + bytes(4)
    page[1036:1052] = bytes.fromhex(uuid)
    page[1052 : 1052 + len(label)] = label.encode()
    page[-10:] = b"SWAPSPACE2"
    return bytes(page)


class BlockTree:
    """Writes below `root`. Devices are built from the disk up; each gives its kernel name back."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.write("/proc/self/mountinfo", "")
        self.write("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
        self.write("/proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable:    2000000 kB\n")

    def play(self, recording: str) -> None:
        """Lay out a recording of fixtures/block."""
        told = json.loads((FIXTURES / "block" / f"{recording}.json").read_text(encoding="utf-8"))
        for name, text in told["files"].items():
            self.write(name, text)
        for name, target in told["links"].items():
            self.link(name, target)
        for name, data in told["heads"].items():
            self.write(name, gzip.decompress(base64.b64decode(data)))

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))

    def add(self, name: str, line: str) -> None:
        path = self.root / name.lstrip("/")
        self.write(name, (path.read_text(encoding="utf-8") if path.exists() else "") + line + "\n")

    def link(self, name: str, target: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def device(self, name: str, number: str, folder: str = "", **files: str) -> str:
        """A device with these files in its folder (two underscores stand for /)."""
        folder = folder or f"{VIRTUAL}/{name}"
        for key, text in {"dev": number, "size": "2097152", **files}.items():
            self.write(f"{folder}/{key.replace('__', '/')}", f"{text}\n")
        self.link(f"/sys/dev/block/{number}", os.path.relpath(folder, "/sys/dev/block"))
        self.link(f"/sys/class/block/{name}", os.path.relpath(folder, "/sys/class/block"))
        return name

    def partition(self, disk: str, name: str, number: str, **files: str) -> str:
        return self.device(name, number, f"{VIRTUAL}/{disk}/{name}", partition="1", **files)

    def on(self, name: str, *below: str) -> None:
        """The device `name` lies on these."""
        for lower in below:
            target = os.readlink(self.root / "sys/class/block" / lower)
            folder = os.path.normpath(os.path.join("/sys/class/block", target))
            self.link(f"{VIRTUAL}/{name}/slaves/{lower}", os.path.relpath(folder, f"{VIRTUAL}/{name}/slaves"))

    def mapped(self, name: str, number: str, uuid: str, mapping: str, *below: str) -> str:
        self.device(name, number, dm__uuid=uuid, dm__name=mapping)
        self.link(f"/dev/mapper/{mapping}", f"../{name}")
        self.on(name, *below)
        return name

    def mount(self, number: str, point: str, kind: str, source: str, **more: str) -> None:
        """`more`: root (the folder that is shown) and options (of the superblock)."""
        point, source = point.replace(" ", "\\040"), source.replace(" ", "\\040")
        left = f"30 1 {number} {more.get('root', '/')} {point} rw,relatime shared:1"
        self.add("/proc/self/mountinfo", f"{left} - {kind} {source} {more.get('options', 'rw')}")

    def swap(self, path: str, kind: str = "partition", used: int = 0) -> None:
        self.add("/proc/swaps", f"{path}\t\t{kind}\t1048572\t\t{used}\t\t-2")

    def udev(self, number: str, *links: str, **values: str) -> None:
        """What udev knows, and the links below /dev that it made."""
        node = f"/dev/{os.path.basename(os.readlink(self.root / 'sys/dev/block' / number))}"
        lines = [f"S:{link}" for link in links] + [f"E:{key}={value}" for key, value in values.items()]
        self.write(f"/run/udev/data/b{number}", "\n".join(lines) + "\n")
        for link in links:
            self.link(f"/dev/{link}", os.path.relpath(node, os.path.dirname(f"/dev/{link}")))

    def laptop(self) -> BlockTree:
        """A usual one: EFI, /boot, / on LUKS2, and swap in clear that fstab turns on."""
        self.write("/sys/class/dmi/id/chassis_type", "10\n")
        self.device("sda", "8:0")
        for number in (1, 2, 3, 4):
            self.partition("sda", f"sda{number}", f"8:{number}")
        self.mapped("dm-0", "253:0", f"CRYPT-LUKS2-{'0' * 32}-root_crypt", "root_crypt", "sda3")
        self.write("/dev/sda3", luks("luks2-argon2id"))
        self.mount("253:0", "/", "ext4", "/dev/mapper/root_crypt")
        self.mount("8:2", "/boot", "ext4", "/dev/sda2")
        self.mount("8:1", "/boot/efi", "vfat", "/dev/sda1")
        self.udev("8:1", ID_PART_ENTRY_TYPE="c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
        return self

    def swap_partition(self) -> BlockTree:
        """The swap in clear of a laptop, with all that a fix needs."""
        self.udev("8:4", "disk/by-partuuid/5e1f-04", "disk/by-uuid/01234567-89ab-cdef-0123-456789abcdef")
        self.write("/dev/sda4", swap_space(label="old"))
        self.swap("/dev/sda4")
        self.write("/etc/fstab", FSTAB)
        self.write("/run/systemd/system/.keep", "")
        self.write("/lib/systemd/systemd-cryptsetup", "")
        self.write("/sys/module/dm_crypt/.keep", "")
        return self


FSTAB = """\
# /etc/fstab: static file system information.
/dev/mapper/root_crypt  /  ext4  defaults  0 1
UUID=01234567-89ab-cdef-0123-456789abcdef\tnone swap sw,pri=5 0 0
LABEL=spare /spare\\040disk ext4 noauto 0 2
"""


class PlayedSwap:
    """systemd, swapoff and mkswap of a BlockTree, as far as the fix for swap uses them.

    systemd knows the units that crypttab and fstab made at the last daemon-reload; opening with a random key wipes.
    """

    def __init__(self, tree: BlockTree) -> None:
        self.tree = tree
        self.calls: list[str] = []
        self.fail = ""
        self._crypts: dict[str, str] = {}
        self._swaps: set[str] = set()

    def __call__(self, argv: t.Sequence[str], stdin: str | None = None, timeout: float = 10) -> Completed:
        words = " ".join(argv)
        self.calls.append(words)
        if self.fail and self.fail in words:
            return Completed(1, "", "it failed")
        try:
            return Completed(self._play(argv), "", "")
        except (KeyError, OSError) as exc:
            return Completed(1, "", f"{argv[0]}: {exc!r}")

    def _play(self, argv: t.Sequence[str]) -> int:
        if argv[0] == "/bin/sh":
            return self._script(argv[2], argv[4:])
        if argv[0] == "test":
            return 0 if (self.tree.root / argv[2].lstrip("/")).is_symlink() else 1
        if argv[:2] == ("systemctl", "daemon-reload"):
            self._crypts = {words[0]: words[1] for words in self._table("/etc/crypttab")}
            self._swaps = {words[0] for words in self._table("/etc/fstab") if words[2] == "swap"}
        elif argv[0] == "systemctl":
            self._unit(argv[1], argv[2])
        return 0

    def _table(self, name: str) -> list[list[str]]:
        path = self.tree.root / name.lstrip("/")
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [line.split() for line in lines if line.strip() and not line.startswith("#")]

    def _unit(self, verb: str, unit: str) -> None:
        if unit.startswith("systemd-cryptsetup@"):
            name = unit[len("systemd-cryptsetup@") : -len(".service")]
            getattr(self, f"_{verb}_crypt")(name, self._node(self._crypts[name]))
            return
        name = unit[len("dev-mapper-") : -len(".swap")]
        if f"/dev/mapper/{name}" not in self._swaps:
            raise KeyError(name)
        self._set_swap(self._node(f"/dev/mapper/{name}"), on=verb == "start")

    def _start_crypt(self, name: str, node: str) -> None:
        if node in self._on():
            raise OSError(f"{node} is busy")
        self.tree.mapped("dm-9", "253:9", f"CRYPT-PLAIN-{name}", name, os.path.basename(node))
        self.tree.write(node, b"random" * 700)

    def _stop_crypt(self, name: str, node: str) -> None:
        if "/dev/dm-9" in self._on():
            raise OSError("/dev/dm-9 is busy")
        for link in ("/sys/dev/block/253:9", "/sys/class/block/dm-9", f"/dev/mapper/{name}"):
            (self.tree.root / link.lstrip("/")).unlink()
        shutil.rmtree(self.tree.root / f"{VIRTUAL}/dm-9".lstrip("/"))

    def _script(self, text: str, words: t.Sequence[str]) -> int:
        node = self._node(words[0])
        data = (self.tree.root / node.lstrip("/")).read_bytes() if "swapo" in text else b""
        if "swapoff" in text:
            if uuid.UUID(words[1]).bytes != data[1036:1052] or node not in self._on():
                return 1
            self._set_swap(node, on=False)
        elif "swapon" in text:
            self.tree.write(node, swap_space(words[1].replace("-", ""), words[2]))
            self._set_swap(node, on=True)
        else:
            return int((node in self._on()) == text.startswith("!"))
        return 0

    def _node(self, path: str) -> str:
        real = os.path.realpath(self.tree.root / path.lstrip("/"))
        return f"/{os.path.relpath(real, os.path.realpath(self.tree.root))}"

    def _on(self) -> list[str]:
        return [words[0] for words in self._table("/proc/swaps")[1:]]

    def _set_swap(self, node: str, *, on: bool) -> None:
        lines = (self.tree.root / "proc/swaps").read_text(encoding="utf-8").splitlines(keepends=True)
        self.tree.write("/proc/swaps", "".join(line for line in lines if line.split()[0] != node))
        if on:
            self.tree.swap(node)


class PlayedCryptsetup:
    """cryptsetup for devices of a BlockTree whose keyslots all have one passphrase; what it writes are recorded headers."""

    STRONG = "luks2-argon2id"
    CONVERTED = "luks2-pbkdf2-cheap"

    def __init__(self, tree: BlockTree, passphrase: str = "battery staple") -> None:
        self.tree = tree
        self.passphrase = passphrase
        self.stronger = self.STRONG
        self.calls: list[tuple[str, ...]] = []
        self.fail = ""

    def __call__(self, argv: t.Sequence[str], stdin: str | None = None, timeout: float = 10) -> Completed:
        self.calls.append(tuple(argv))
        words = [word for word in argv[1:] if word != "-q"]
        if self.fail and self.fail in argv:
            return Completed(1, "", f"it failed, and says what it was given: {stdin}")
        if stdin not in (None, self.passphrase):
            return Completed(2, "", "No key available with this passphrase.")
        plays = {"convert": self.CONVERTED, "luksConvertKey": self.stronger}
        if words[0] in plays:
            self._becomes(words[-1], plays[words[0]])
        elif words[0] != "open":
            backup = pathlib.Path(words[3])
            source, target = (self._node(words[1]), backup)
            source, target = (source, target) if words[0] == "luksHeaderBackup" else (target, source)
            target.write_bytes(source.read_bytes())
        return Completed(0, "", "")

    def _node(self, path: str) -> pathlib.Path:
        return (self.tree.root / path.lstrip("/")).resolve()

    def _becomes(self, path: str, name: str) -> None:
        node = self._node(path)
        uuid = node.read_bytes()[168:208].split(b"\0", 1)[0].decode()
        node.write_bytes(with_uuid(luks(name), uuid))
