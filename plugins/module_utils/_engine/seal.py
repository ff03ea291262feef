# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Taking a service's secrets out of a file, into credentials that this host alone can decrypt (systemd-creds(1)).

No secret is part of the change, of its diff, of the journal or of a command line: `apply` reads the file, and has each
secret and the file as it was encrypted by way of standard input; `revert` has the file decrypted again.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import os
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import assignments
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import (
    Before,
    Change,
    ChangeError,
    Diff,
    Machine,
    NothingDone,
    kind,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import (
    RemoveFile,
    WriteFile,
    read_now,
)

#: With the key of the host alone: with a TPM in it, an update of the firmware could make them unreadable.
ENCRYPT = ("systemd-creds", "encrypt", "--with-key=host")
DECRYPT = ("systemd-creds", "decrypt")
SECONDS = 30
#: The name inside of the copy of the file as it was.
COPY = "infosec.copy"


@kind
@dataclasses.dataclass(frozen=True)
class Seal(Change):
    """Move variables out of a file into encrypted credentials.

    path, form: the file, and what kind of text it is (assignments.UNIT, FILE). names: the variables. folder: where the
    credentials go, each as PREFIX and its variable's name, which it is also encrypted for. copy: where the file as it
    was is kept, encrypted. rest: SHA-256 of what stays of the file.
    """

    path: str
    form: str
    names: tuple[str, ...]
    folder: str
    copy: str
    rest: str

    PREFIX: t.ClassVar[str] = "infosec.env."

    def describe(self) -> str:
        return f"seal {', '.join(self.names)} of {self.path}"

    def diff(self) -> Diff:
        before = "".join(f"{name} in clear\n" for name in self.names)
        after = "".join(f"{name} encrypted in {self._credential(name)}\n" for name in self.names)
        return {"before_header": self.path, "after_header": self.path, "before": before, "after": after}

    def capture(self, host: Machine) -> Before:
        """What the files' own changes need: owner, mode, attributes and folders made; no text."""
        now = WriteFile(self.path, "", "")
        made = WriteFile(self.copy, None, ""), WriteFile(self._credential(self.names[0]), None, "")
        return {"source": now.capture(host), "made": [one.capture(host) for one in made]}

    def apply(self, host: Machine, *, tag: str) -> None:
        now = read_now(host, self.path)
        if now is not None and _digest(now) == self.rest and read_now(host, self.copy) is not None:
            return
        values = self._values(now)
        texts = self._encrypted(host, values, now or "")
        rest = assignments.without(now or "", self.names, self.form)
        try:
            for path, text in texts.items():
                WriteFile(path, read_now(host, path), text, 0o600).apply(host, tag=tag)
            WriteFile(self.path, now, rest).apply(host, tag=tag)
        except NothingDone as exc:
            # Of this change, something was.
            raise ChangeError(str(exc)) from exc

    def _values(self, now: str | None) -> dict[str, str]:
        """The secrets, as the file has them now. Raises NothingDone."""
        rest = assignments.without(now or "", self.names, self.form)
        found = {one.name: one.value for one in assignments.find(now or "", self.form) if one.name in self.names}
        if now is None or _digest(rest) != self.rest or set(found) != set(self.names):
            raise NothingDone(f"{self.path}: changed between the plan and the act, nothing was written; run again")
        return found

    def _encrypted(self, host: Machine, values: t.Mapping[str, str], now: str) -> dict[str, str]:
        """Path to text of everything that is written, made before anything is. Raises NothingDone."""
        texts = {self.copy: _encrypt(host, COPY, _coded(now))}
        for name, value in values.items():
            texts[self._credential(name)] = _encrypt(host, self.PREFIX + name, value)
        return texts

    def conflict(self, host: Machine) -> str:
        copy, now = read_now(host, self.copy), read_now(host, self.path)
        if copy is None or (now is not None and _digest(now) == self.rest):
            return ""
        with contextlib.suppress(ChangeError):
            if now == self._first(host):
                return ""
        remedy = "look at it, then undo with force: true to lose that change"
        return f"{self.path}: somebody changed it since this run; {remedy}"

    def revert(self, host: Machine, captured: Before, *, tag: str, force: bool = False) -> None:
        if not force and self.conflict(host):
            raise ChangeError(self.conflict(host))
        if read_now(host, self.copy) is not None:
            self._put_back(host, captured, tag)
        copy, credential = captured["made"]
        for name in self.names:
            WriteFile(self._credential(name), None, "").revert(host, credential, tag=tag, force=True)
        # Last, since it is all that there is of what was in the file.
        WriteFile(self.copy, None, "").revert(host, copy, tag=tag, force=True)

    def _put_back(self, host: Machine, captured: Before, tag: str) -> None:
        first = self._first(host)
        # Whatever lies there by now: `conflict` has judged it.
        RemoveFile(self.path, first).revert(host, captured["source"], tag=tag, force=True)

    def _first(self, host: Machine) -> str:
        """The file as it was. Raises ChangeError."""
        done = host.run([*DECRYPT, f"--name={COPY}", host.path(self.copy), "-"], timeout=SECONDS)
        if done.rc != 0:
            raise ChangeError(
                f"{self.path}: systemd-creds cannot decrypt what was in it (rc {done.rc}); is "
                f"/var/lib/systemd/credential.secret still the one of this host? It stays in {self.copy}"
            )
        return base64.b64decode(done.stdout).decode("utf-8", "surrogateescape")

    def _credential(self, name: str) -> str:
        return os.path.join(self.folder, self.PREFIX + name)


def plan(host: Machine, path: str, form: str, names: t.Sequence[str], *, folder: str, copy: str) -> Seal:
    """Plan to seal these variables of a file. Raises ChangeError where they are not there, or not to be understood."""
    now = read_now(host, path)
    found = {one.name for one in assignments.find(now or "", form)}
    missing = [name for name in names if name not in found]
    if now is None or missing:
        raise ChangeError(f"{path}: {', '.join(missing) or 'the file'} is not there, or not written plainly")
    return Seal(path, form, tuple(names), folder, copy, _digest(assignments.without(now, names, form)))


def _encrypt(host: Machine, name: str, text: str) -> str:
    """The text encrypted for this host (Base64); what the program says is not told, as it may quote."""
    done = host.run([*ENCRYPT, f"--name={name}", "-", "-"], stdin=text, timeout=SECONDS)
    if done.rc != 0 or not done.stdout.strip():
        raise NothingDone(f"systemd-creds encrypt failed (rc {done.rc}); nothing was changed")
    return t.cast(str, done.stdout)


def _coded(text: str) -> str:
    """Every byte in letters, so that it comes back as it was."""
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
