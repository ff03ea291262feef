# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Secrets that systemd hands to services: in a unit's environment, in files of variables, on command lines."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine import assignments
from ansible_collections.infosec.principles.plugins.module_utils._formats import unit_secrets
from ansible_collections.infosec.principles.plugins.module_utils._host import homes, units
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.units import Unit

#: Bytes of a file of variables, or of a unit, that are read; such files that are read.
SIZE, MOST = 64 * 1024, 500
#: Any line that sets a variable.
_LOOSE = re.compile(r"^[ \t]*([A-Za-z_]\w*)[ \t]*=(.*)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Source:
    """A file with secrets of a unit. names: of the variables. form: assignments.UNIT or FILE."""

    path: str
    form: str
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class VariableFile:
    """A file of variables with secrets. real: where it lies. users: the units that get it."""

    path: str
    real: str
    status: os.stat_result
    names: tuple[str, ...]
    users: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Files:
    """All of them, and what was not looked at."""

    found: tuple[VariableFile, ...]
    unseen: tuple[str, ...]


def services(host: Host) -> list[Unit]:
    """The services that systemd has loaded, by name."""
    return sorted((one for one in host.once(units.read) if one.name.endswith(".service")), key=lambda one: one.name)


def in_environment(unit: Unit) -> list[str]:
    """The names of the secrets in what `systemctl show` tells everybody."""
    return unit_secrets.named(unit_secrets.environment(unit.environment)) if unit.environment else []


def on_command_line(unit: Unit) -> list[str]:
    """The names of the secrets in the words of its ExecStart."""
    return list(dict.fromkeys(name for words in unit.commands for name in unit_secrets.command_line(words)))


def variable_files(host: Host) -> Files:
    """Every file of variables with secrets. Use as `host.once(services.variable_files)`."""
    users: dict[str, list[str]] = {}
    for unit in services(host):
        for pattern, _missing in unit.environment_files:
            for path in host.glob(pattern) if any(sign in pattern for sign in "*?[") else [pattern]:
                users.setdefault(path, []).append(unit.name)
    found: list[VariableFile] = []
    unseen = [f"files of variables: more than {MOST}, and the others were not looked at"] if len(users) > MOST else []
    for path in sorted(users)[:MOST]:
        try:
            found += _variable_file(host, path, users[path])
        except Unseen as exc:
            unseen.append(str(exc))
    return Files(tuple(found), tuple(unseen))


def _variable_file(host: Host, path: str, users: t.Sequence[str]) -> t.Iterator[VariableFile]:
    read = homes.read_with_status(host, path, SIZE)
    if read is None:
        return
    text = _text(read[0])
    # What is written in a way that is not changed by itself tells a secret all the same.
    loose = {match[1]: match[2].strip(" \t\"'\\") for match in _LOOSE.finditer(text)}
    variables = {**loose, **{one.name: one.value for one in assignments.find(text, assignments.FILE)}}
    names = unit_secrets.named(variables)
    if names:
        yield VariableFile(path, homes.resolve(host, path), read[1], tuple(names), tuple(users))


def sources(host: Host, unit: Unit, names: t.Collection[str]) -> list[Source]:
    """The unit's own file and drop-ins that set these variables. Raises Unseen."""
    found = []
    for path in (unit.fragment, *unit.drop_ins):
        read = homes.read_with_status(host, path, SIZE) if path else None
        if read is not None and stat.S_ISREG(read[1].st_mode):
            own = [one.name for one in assignments.find(_text(read[0]), assignments.UNIT) if one.name in names]
            found += [Source(path, assignments.UNIT, tuple(dict.fromkeys(own)))] if own else []
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
