# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""LUKS headers: what they are worth, whether there is a backup of each, and who makes them stronger."""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection import (
    _steps,
    _strength,
    _stronger,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._rules import (
    BACKUP,
    STRENGTH,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine import luks_headers
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.modes import set_mode
from ansible_collections.infosec.principles.plugins.module_utils._formats import luks
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

NOT_DECLARED = "no folder for backups of headers is declared (luks_backup_folder)"


def assess(host: Host, options: Options, volume: block.Volume) -> t.Iterator[Finding]:
    """Both rules for one LUKS device. Weak keyslots and a missing backup are put right together."""
    below = volume.header
    try:
        header = luks.parse(head(host, below.node)) if below else None
    except (HostError, luks.LuksError) as exc:
        yield from _unread(volume, options, _why(_path(volume), exc))
        return
    if header is None or below is None:
        yield from _unread(volume, options, f"/sys does not tell what lies beneath {_path(volume)}")
        return
    weak = _strength.weaknesses(header, sectors=block.sectors(host, below))
    plan = _stronger.plan(host, volume, header, weak, options) if weak else _stronger.Plan()
    yield _strength_of(below, header, weak, plan)
    yield _backup_of(host, below, options, plan.changes)


def head(host: Host, path: str) -> bytes:
    """As much of a device, or of a backup, as the header takes. Raises HostError."""
    start = host.read_part(path, luks.BINARY_SIZE)
    return host.read_part(path, luks.size_to_read(start))


def _path(volume: block.Volume) -> str:
    found = volume.header or volume.mapping
    return found.path if found else ""


def _why(path: str, exc: Exception) -> str:
    if isinstance(exc, NeedsRoot):
        return f"the header of {path} cannot be read: {exc}"
    if isinstance(exc, luks.NotLuks):
        return f"{path} has no LUKS header at its start: the header is detached, and lies elsewhere"
    return f"the header of {path} cannot be judged: {exc}"


def _unread(volume: block.Volume, options: Options, why: str) -> t.Iterator[Finding]:
    yield Finding(STRENGTH, _path(volume), f.NOT_ASSESSED, why)
    declared = bool(options["luks_backup_folder"])
    status, message = (f.NOT_ASSESSED, why) if declared else (f.NOT_APPLICABLE, NOT_DECLARED)
    yield Finding(BACKUP, _path(volume), status, message)


# Strength


def _strength_of(
    below: block.Device,
    header: luks.Header,
    weak: t.Sequence[_strength.Weakness],
    plan: _stronger.Plan,
) -> Finding:
    evidence = tuple(_header_evidence(below.path, header, weak))
    if not weak:
        return Finding(STRENGTH, below.path, f.PASS, _strong(header), evidence)
    message = f"the LUKS{header.version} header of {below.path} is weak: {'; '.join(_named(one) for one in weak)}"
    message += f"; not fixed: {plan.refusal}" if plan.refusal else ""
    remedy = _steps.strengthen(below.path, header, weak, plan.close)
    return Finding(STRENGTH, below.path, f.FAIL, message, evidence, fix=plan.changes, remedy=remedy)


def _strong(header: luks.Header) -> str:
    ciphers = ", ".join(f"{segment.cipher or segment.kind} ({segment.key_bits} bits)" for segment in header.segments)
    return f"LUKS{header.version}, {ciphers}, {len(header.keyslots)} keyslots that withstand guessing"


def _named(weakness: _strength.Weakness) -> str:
    return f"keyslot {weakness.slot}: {weakness.found}" if weakness.slot >= 0 else weakness.found


def _header_evidence(path: str, header: luks.Header, weak: t.Sequence[_strength.Weakness]) -> t.Iterator[Evidence]:
    """Never a salt, a digest or key material."""
    expected = {weakness.slot: weakness.expected for weakness in weak}
    for segment in header.segments:
        found = f"{segment.cipher or segment.kind}, key of {segment.key_bits} bits"
        yield Evidence(f"{path} segment", found, next((one.expected for one in weak if one.slot < 0), ""))
    for slot in header.keyslots:
        tokens = f" (opened by {', '.join(slot.tokens)})" if slot.tokens else ""
        yield Evidence(
            f"{path} keyslot {slot.number}", _strength.describe(slot.kdf) + tokens, expected.get(slot.number, "")
        )
    for copy in header.copies:
        yield Evidence(
            f"{path} header at byte {copy.offset}", f"sequence {copy.sequence}, {copy.fault or 'whole'}", "whole"
        )


# Backup


def _backup_of(host: Host, below: block.Device, options: Options, stronger: tuple[Change, ...]) -> Finding:
    folder = options["luks_backup_folder"]
    if not folder:
        return Finding(BACKUP, below.path, f.NOT_APPLICABLE, NOT_DECLARED)
    state = luks_headers.state(head(host, below.node))
    if state is None:
        return Finding(BACKUP, below.path, f.NOT_ASSESSED, f"the first header of {below.path} is damaged")
    path = f"{folder}/{state.file_name}"
    evidence = (Evidence(folder, _names(host, folder, state.uuid), "one for the header as it is now, mode 0600"),)
    fault = _fault(host, path, state)
    if not fault:
        return Finding(BACKUP, below.path, f.PASS, _kept(host, below, path, state), evidence)
    fix, refusal = _backup_fix(host, below, path, state, stronger)
    message = f"{below.path}: {fault}" + (f"; not fixed: {refusal}" if refusal else "")
    return Finding(BACKUP, below.path, f.FAIL, message, evidence, fix=fix, remedy=_steps.back_up(below.path, path))


def _names(host: Host, folder: str, uuid: str) -> str:
    names = [name for name in host.listdir(folder) if name.startswith(f"{uuid}-")]
    return ", ".join(names) or "no backup of it"


def _fault(host: Host, path: str, state: luks_headers.State) -> str:
    """What is wrong with the backup, or nothing."""
    status = host.stat(path)
    if status is None:
        return f"{os.path.dirname(path)} has no backup of its header as it is now"
    if not stat.S_ISREG(status.st_mode) or luks_headers.state(head(host, path)) != state:
        return f"{path} is not the header that its name says"
    if status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
        return f"others than root can read {path} (mode {stat.S_IMODE(status.st_mode):04o}, user {status.st_uid})"
    return ""


def _kept(host: Host, below: block.Device, path: str, state: luks_headers.State) -> str:
    """Where it is kept; and what a person has to know of that place."""
    older = len([name for name in host.listdir(os.path.dirname(path)) if name.startswith(f"{state.uuid}-")]) - 1
    told = f"its header is kept in {path}"
    if older:
        told += f"; {older} older there still open it with the keyslots of then: destroy them when all is well"
    if _stronger.lies_on(host, path, below):
        told += "; that lies on this very device, so keep a copy on another machine"
    return told


def _backup_fix(
    host: Host, below: block.Device, path: str, state: luks_headers.State, stronger: tuple[Change, ...]
) -> tuple[tuple[Change, ...], str]:
    """The fix, or why there is none. What makes the header stronger backs it up as well."""
    if stronger:
        return stronger, ""
    status = host.stat(path)
    if status is not None:
        mine = stat.S_ISREG(status.st_mode) and status.st_uid in (0, os.geteuid()) and status.st_mode & 0o077
        return ((set_mode(host, path, 0o600),), "") if mine else ((), "somebody put another file there; look at it")
    folder = os.path.dirname(path)
    refusal = _stronger.refuse_folder(host, folder) or _stronger.refuse_device(host, below, state.uuid)
    if refusal:
        return (), refusal
    return (luks_headers.BackUpHeader(_stronger.by_uuid(state.uuid), state.uuid, folder),), ""
