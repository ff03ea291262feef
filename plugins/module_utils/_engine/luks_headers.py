# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Changes of LUKS headers: kept in a file first, and put back from it.

A backup is named by what it holds, `UUID-DIGEST.luks`, so that none is ever overwritten, and whether there is one of
the header as it is now needs no memory. Nothing is written to a device whose header has another UUID.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    NothingDone,
    kind,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.folders import missing_folders, open_folder

#: The option that holds the passphrases, which no change and so no journal does.
PASSPHRASES = "luks_passphrases"
#: Argon2 is meant to take its time, and an old processor takes more of it.
SECONDS = 300
MAGIC = b"LUKS\xba\xbe"
#: The binary header of LUKS1 with its eight keyslots; the first header of LUKS2 says how long it is.
V1_SIZE = 592
V2_SIZES = tuple(0x4000 << shift for shift in range(9))
#: The same place in both versions.
_UUID = slice(168, 208)


@dataclasses.dataclass(frozen=True)
class State:
    """Which header it is (its UUID), and the state that it is in: each change of a keyslot gives it another digest."""

    uuid: str
    digest: str

    @property
    def file_name(self) -> str:
        """What a backup of it is called."""
        return f"{self.uuid}-{self.digest[:16]}.luks"


def size(start: bytes) -> int:
    """How many bytes `state` needs, told by the first 16 of them; 0 where they begin no header."""
    if start[:6] != MAGIC:
        return 0
    length = int.from_bytes(start[8:16], "big")
    known = {1: V1_SIZE, 2: 2 * length if length in V2_SIZES else 0}
    return known.get(int.from_bytes(start[6:8], "big"), 0)


def state(data: bytes) -> State | None:
    """The state of the header that `data` begins with, or None where it begins with none."""
    needed = size(data)
    uuid = data[_UUID].split(b"\0", 1)[0].decode("ascii", "replace")
    if not needed or len(data) < needed or not set(uuid) <= set("0123456789abcdef-"):
        return None
    return State(uuid, hashlib.sha256(data[:needed]).hexdigest())


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        start = stream.read(16)
        return start + stream.read(max(size(start) - len(start), 0))


def _state_of(host: Machine, path: str) -> State | None:
    try:
        return state(_read(host.path(path)))
    except OSError:
        return None


def _run(host: Machine, *argv: str, stdin: str | None = None) -> None:
    """Raises ChangeError with what cryptsetup said; a passphrase that it might repeat is taken out."""
    done = host.run(("cryptsetup", "-q", *argv), stdin=stdin, timeout=SECONDS)
    if done.rc != 0:
        said = (done.stderr or done.stdout).strip()
        said = said.replace(stdin, "********") if stdin else said
        raise ChangeError(f"cryptsetup {argv[0]} {argv[-1]} failed (rc {done.rc}): {said}")


@kind
@dataclasses.dataclass(frozen=True)
class BackUpHeader(Change):
    """A copy of the header as it is when this is made, in a file of `folder` for root alone.

    device: a path that leads to it wherever it is found, such as /dev/disk/by-uuid/...; uuid: that of its header.
    """

    #: What a header is put back from has to be there until it is.
    outlives: t.ClassVar[bool] = True

    device: str
    uuid: str
    folder: str

    def describe(self) -> str:
        return f"back up the LUKS header {self.uuid} into {self.folder}"

    def diff(self) -> Diff:
        header = f"{self.folder}/{self.uuid}-*.luks"
        after = f"the LUKS header of {self.device}, as it is then; mode 0600\n"
        return {"before_header": header, "after_header": header, "before": "", "after": after}

    def capture(self, host: Machine) -> Before:
        now = _state_of(host, self.device)
        path = f"{self.folder}/{now.file_name}" if now else ""
        made = missing_folders(host.path(self.folder))
        return {"path": path, "there": bool(path) and os.path.lexists(host.path(path)), "made": made}

    def apply(self, host: Machine, *, tag: str) -> None:
        now = _state_of(host, self.device)
        if now is None or now.uuid != self.uuid:
            raise NothingDone(f"{self.device}: has no LUKS header {self.uuid} any more; run again")
        made = missing_folders(host.path(self.folder))
        folder = open_folder(host.path(self.folder), create=True)
        try:
            if made:
                os.fchmod(folder, 0o700)
            if not _is_in(folder, now.file_name):
                self._copy(host, folder, now, f".{now.file_name}.{tag}")
        finally:
            os.close(folder)

    def _copy(self, host: Machine, folder: int, now: State, temporary: str) -> None:
        """Beside it first; what cryptsetup wrote has to be the header that was read."""
        path = f"{host.path(self.folder)}/{temporary}"
        _drop(folder, temporary)
        try:
            _run(host, "luksHeaderBackup", self.device, "--header-backup-file", path)
            if state(_read(path)) != now:
                raise ChangeError(f"{self.device}: its header changed while it was copied; run again")
            _keep_for_root(folder, temporary)
            os.rename(temporary, now.file_name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _drop(folder, temporary)
            raise
        os.fsync(folder)

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        if captured["path"] and not captured["there"]:
            with contextlib.suppress(FileNotFoundError):
                folder = open_folder(host.path(self.folder))
                try:
                    _drop(folder, os.path.basename(captured["path"]))
                    _drop(folder, f".{os.path.basename(captured['path'])}.{tag}")
                finally:
                    os.close(folder)
        for made in reversed(captured["made"]):
            with contextlib.suppress(OSError):
                os.rmdir(made)


@kind
@dataclasses.dataclass(frozen=True)
class StrengthenHeader(Change):
    """Make LUKS1 to LUKS2 (the device must be closed), and raise keyslots that one passphrase opens to argon2id.

    device, uuid: as in BackUpHeader. digest: of the header that it was planned for. backup: the file that has it.
    passphrase: under which name the option PASSPHRASES has it. memory (KiB), passes: the least that Argon2 has to cost.
    """

    device: str
    uuid: str
    digest: str
    backup: str
    convert: bool
    slots: tuple[int, ...]
    passphrase: str
    memory: int
    passes: int

    def describe(self) -> str:
        converted = f"convert {self.device} to LUKS2; " if self.convert else ""
        slots = ", ".join(map(str, self.slots))
        return f"{converted}raise the key derivation of its keyslots ({slots}) to argon2id, in {self.device}"

    def diff(self) -> Diff:
        before, after = ("LUKS1", "LUKS2") if self.convert else ("LUKS2", "LUKS2")
        old = f"{before}\n" + "".join(f"keyslot {slot}: weak\n" for slot in self.slots)
        new = f"{after}\n" + "".join(f"keyslot {slot}: argon2id\n" for slot in self.slots)
        return {"before_header": self.device, "after_header": self.device, "before": old, "after": new}

    def apply(self, host: Machine, *, tag: str) -> None:
        secret = self._admitted(host)
        if self.convert:
            _run(host, "convert", "--type", "luks2", self.device)
        for slot in self.slots:
            self._raise(host, slot, secret)
        for slot in self.slots:
            self._try(host, slot, secret)

    def _admitted(self, host: Machine) -> str:
        """The passphrase, which opens each of the keyslots. Raises NothingDone."""
        expected = State(self.uuid, self.digest)
        if _state_of(host, self.device) != expected or _state_of(host, self.backup) != expected:
            raise NothingDone(f"{self.device}: its header, or the backup of it, is not what was planned for; run again")
        secret = str(host.secrets.get(PASSPHRASES, {}).get(self.passphrase, ""))
        if not secret:
            raise NothingDone(f"{self.device}: its passphrase was not given ({PASSPHRASES})")
        try:
            for slot in self.slots:
                self._try(host, slot, secret)
        except ChangeError as exc:
            raise NothingDone(str(exc)) from exc
        return secret

    def _try(self, host: Machine, slot: int, secret: str) -> None:
        _run(host, "open", "--test-passphrase", *_by(slot), self.device, stdin=secret)

    def _raise(self, host: Machine, slot: int, secret: str) -> None:
        """As much as cryptsetup finds bearable on this machine, and at least what is asked for."""
        _run(host, "luksConvertKey", "--pbkdf", "argon2id", *_by(slot), self.device, stdin=secret)
        memory, passes = _cost(_read(host.path(self.device)), slot)
        if memory < self.memory or passes < self.passes:
            least = ("--pbkdf-memory", str(self.memory), "--pbkdf-force-iterations", str(max(self.passes, 4)))
            _run(host, "luksConvertKey", "--pbkdf", "argon2id", *least, *_by(slot), self.device, stdin=secret)

    def conflict(self, host: Machine) -> str:
        """A header that is neither the old one nor kept in the folder was changed by somebody."""
        now = _state_of(host, self.device)
        if now and (now == State(self.uuid, self.digest) or self._has(host, now)):
            return ""
        return (
            f"{self.device}: its header is not the one that this run left; a passphrase that was added or changed "
            "since would be lost with it. Undo with force: true to put the old header back all the same"
        )

    def _has(self, host: Machine, now: State) -> bool:
        return _state_of(host, f"{os.path.dirname(self.backup)}/{now.file_name}") == now

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        expected, now = State(self.uuid, self.digest), _state_of(host, self.device)
        if now == expected:
            return
        by_hand = f"cryptsetup luksHeaderRestore --header-backup-file {self.backup} DEVICE"
        if now is None or now.uuid != self.uuid:
            raise ChangeError(f"{self.device}: has no LUKS header {self.uuid}; for the right device: {by_hand}")
        if _state_of(host, self.backup) != expected:
            raise ChangeError(f"{self.backup}: is not the backup that was made; the header was left as it is")
        _run(host, "luksHeaderRestore", self.device, "--header-backup-file", host.path(self.backup))
        if _state_of(host, self.device) != expected:
            raise ChangeError(f"{self.device}: its header is still not the old one; by hand: {by_hand}")


def _by(slot: int) -> tuple[str, ...]:
    """The very bytes of stdin open this keyslot."""
    return ("--key-file", "-", "--key-slot", str(slot))


def _cost(data: bytes, slot: int) -> tuple[int, int]:
    """Memory in KiB and passes of a keyslot of LUKS2; 0 where it has none."""
    metadata = json.loads(data[4096 : size(data) // 2].split(b"\0", 1)[0])
    kdf = metadata["keyslots"][str(slot)]["kdf"]
    return int(kdf.get("memory", 0)), int(kdf.get("time", 0))


def _is_in(folder: int, name: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        return True
    return False


def _keep_for_root(folder: int, name: str) -> None:
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fchmod(fd, 0o600)
        os.fsync(fd)
    finally:
        os.close(fd)


def _drop(folder: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
