# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Encrypts secrets in their places (`!vault |`): of a file nothing changes but the bytes of these values.

Before a file is replaced, three things are proved of what will take its place: without the values, its bytes are those
of the old one; each value opens with the password and says what it did; and ruamel.yaml, which did not find the places,
reads the same from both. The old file is kept encrypted, so that no plain copy of a secret is left anywhere.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import pathlib
import re
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib

from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries
from ansible_collections.infosec.principles.plugins.plugin_utils._vault import project, variables
from ansible_collections.infosec.principles.plugins.plugin_utils._vault.rekey import VALUE
from ansible_collections.infosec.principles.plugins.plugin_utils._vault.scan import Secret

_MARK = "!vault |"
_BLOCK = re.compile(r"[|>][-+0-9]*")
#: A byte order mark moves all places by one, or does not, by who reads.
_BOM = "\ufeff"


class Refused(Exception):
    """Why a file stays as it is; never with a value."""


@dataclasses.dataclass(frozen=True)
class Vault:
    """The password. label: the vault id that new values get; "" for none."""

    lib: VaultLib
    label: str = ""

    def encrypt(self, text: str) -> list[str]:
        """The lines of an encrypted value."""
        return t.cast(bytes, self.lib.encrypt(text, vault_id=self.label or None)).decode("ascii").splitlines()

    def opened(self, lines: str) -> str:
        """What it says. Raises AnsibleError."""
        text = "\n".join(line.strip() for line in lines.splitlines())
        return t.cast(bytes, self.lib.decrypt(text)).decode("utf-8")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What will become of one file. data: its bytes now; new: then. values: those that are encrypted, in order."""

    source: project.Source
    data: bytes
    new: bytes
    values: tuple[variables.Value, ...]


def plan(source: project.Source, secrets: t.Iterable[Secret], vault: Vault) -> Plan:
    """The file with these secrets encrypted, proved. Raises Refused, OSError."""
    data = project.read(source.path)
    text = data.decode("utf-8")
    if text.startswith(_BOM):
        raise Refused("it begins with a byte order mark; remove that first")
    _refuse_another_password(data, vault)
    values = tuple(sorted((one.value for one in secrets), key=lambda value: value.start))
    new = _sealed(text, values, vault)
    prove(text, new, values, vault)
    return Plan(source, data, new.encode("utf-8"), values)


def _refuse_another_password(data: bytes, vault: Vault) -> None:
    """Ansible gives one password to all values without an id, so that two would leave it with values it cannot open."""
    for match in VALUE.finditer(data):
        if (match["label"] or b"").decode("utf-8", "replace") in ("", vault.label):
            try:
                vault.opened(match[0].decode("ascii"))
            except AnsibleError:
                raise Refused("it has a value already that this password does not open") from None


def _sealed(text: str, values: t.Sequence[variables.Value], vault: Vault) -> str:
    for value in reversed(values):
        text = _with_block(text, value, vault.encrypt(value.text))
    return text


def _with_block(text: str, value: variables.Value, lines: t.Sequence[str]) -> str:
    """The text with a block in the value's place; a comment behind the value stays where it is."""
    old, rest = _parted(text, value)
    end = "\r\n" if "\r\n" in text else "\n"
    block = end.join(" " * value.indent + line for line in lines)
    return f"{text[: value.start]}{_MARK}{old}{end}{block}{rest}"


def _parted(text: str, value: variables.Value) -> tuple[str, str]:
    """What stands behind the value on its line (or behind the sign of its block), and what comes after it."""
    span = text[value.start : value.end]
    sign = _BLOCK.match(span)
    if sign:
        first, _newline, _body = span[sign.end() :].partition("\n")
        return first.rstrip("\r"), text[value.start + len(span.rstrip()) :]
    line = re.compile(r"[^\r\n]*").match(text, value.end)
    behind = line[0] if line else ""
    if behind.strip() and not behind.lstrip().startswith("#"):
        raise Refused(f"line {value.line} has something behind the value that is no comment")
    return behind, text[value.end + len(behind) :]


# The proof


def prove(old: str, new: str, values: t.Sequence[variables.Value], vault: Vault) -> None:
    """Raise Refused unless nothing but these values differs, and each says what it did."""
    try:
        found = list(_blocks(old, new, values))
        same = [vault.opened(block) for _around, block in found] == [value.text for value in values]
    except (AnsibleError, ValueError):
        same = False
    if not same:
        raise Refused("a value would not say the same once it is encrypted")
    if _without(old, values) != _rest(new, found):
        raise Refused("more than the values would change")
    if _read(old, vault) != _read(new, vault):
        raise Refused("ruamel.yaml would not read the same from it")


def _blocks(old: str, new: str, values: t.Sequence[variables.Value]) -> t.Iterator[tuple[tuple[int, int, int], str]]:
    """Each new block with the places of its mark and of its lines, found anew in what was written."""
    already = {one.start for one in _encrypted(old)}
    places = sorted([*already, *(value.start for value in values)])
    for place, node in zip(places, _encrypted(new), strict=True):
        if place not in already:
            line = re.compile(rb"[^\n]*\n").match(new.encode(), _bytes(new, node.start))
            body = VALUE.match(new.encode(), line.end()) if line else None
            if not body or not new.startswith(_MARK, node.start):
                raise Refused(f"line {node.line} would have no encrypted value")
            yield (_bytes(new, node.start), body.start(), body.end()), body[0].decode("ascii")


def _bytes(text: str, place: int) -> int:
    return len(text[:place].encode())


def _encrypted(text: str) -> list[variables.Value]:
    """The encrypted values of a file, in order."""
    document = variables.Document(text)
    for _value in document.values():
        pass
    return document.encrypted


def _rest(new: str, found: t.Sequence[tuple[tuple[int, int, int], str]]) -> bytes:
    """The file without the marks and lines of its new blocks."""
    data = new.encode()
    for (mark, start, end), _block in reversed(found):
        # At the end of a file without a last newline, the block brought one before it.
        before = data[:start] if data[:end].endswith(b"\n") else re.sub(rb"\r?\n\Z", b"", data[:start])
        data = before + data[end:]
        data = data[:mark] + data[mark + len(_MARK) :]
    return data


def _without(old: str, values: t.Sequence[variables.Value]) -> bytes:
    """The file without these values."""
    text = old
    for value in reversed(values):
        behind, rest = _parted(text, value)
        sign = _BLOCK.match(text[value.start : value.end])
        text = text[: value.start] + behind + (rest if not sign or rest else "")
    return text.encode()


def _read(text: str, vault: Vault) -> t.Any:
    """What ruamel.yaml reads, with encrypted values as what they say."""
    library = _libraries.ruamel_yaml()
    try:
        return _plain(library.YAML(typ="rt").load(text), vault)
    except library.error.YAMLError:
        raise Refused("ruamel.yaml does not read it (a key that is there twice?)") from None


def _plain(node: t.Any, vault: Vault) -> t.Any:
    if isinstance(node, dict):
        return [(_plain(key, vault), _plain(value, vault)) for key, value in node.items()]
    if isinstance(node, list):
        return [_plain(value, vault) for value in node]
    tag = getattr(getattr(node, "tag", None), "value", None)
    if tag == variables.VAULT_TAG:
        with contextlib.suppress(AnsibleError):
            return vault.opened(node.value)
    return (tag, str(node.value)) if hasattr(node, "value") and tag else str(node) if isinstance(node, str) else node


# In place


def put(plan: Plan, backup: pathlib.Path, vault: Vault) -> None:
    """Keep the old file, encrypted, below backup, and put the new one in its place. Raises Refused, OSError."""
    path = plan.source.path
    candidate = path.with_name(f".{path.name}.vault")
    candidate.unlink(missing_ok=True)
    project.write_beside(candidate, plan.new, path.stat())
    try:
        prove(plan.data.decode(), project.read(candidate).decode(), plan.values, vault)
        _keep(path, plan.data, backup, vault)
        if project.read(path) != plan.data:
            raise Refused("it was changed in the meantime; run again")
        candidate.replace(path)
    except BaseException:
        candidate.unlink(missing_ok=True)
        raise


def new_backup(folder: pathlib.Path) -> pathlib.Path:
    """A folder of its own for this run, which only the user can enter. Raises OSError."""
    time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H%M%S.%fZ")
    (folder / time).mkdir(mode=0o700, parents=True)
    return folder / time


def _keep(path: pathlib.Path, data: bytes, backup: pathlib.Path, vault: Vault) -> None:
    kept = backup / path.resolve().relative_to("/")
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed: bytes = vault.lib.encrypt(data, vault_id=vault.label or None)
    kept.touch(mode=0o600, exist_ok=False)
    kept.write_bytes(sealed)
    if vault.lib.decrypt(kept.read_bytes()) != data:
        raise Refused(f"what was kept of it in {kept} does not open")
