# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The text of our file: a part for each rule that is broken here, or was when the file was written.

A part whose rule holds anyway is left out, so that nothing that is stricter already is loosened.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in as sshd_drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._formats import sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

NAME = "ssh_authentication"
PATH = f"{sshd_drop_in.FOLDER}/00-infosec-2-authentication.conf"
_HEAD = """\
# Written by infosec.principles (ssh_authentication); changes are lost.
# Policy: {policy}
# What holds for the whole of sshd comes first, then what stands under Match and so outweighs every line of others.
"""


@dataclasses.dataclass(frozen=True)
class Part:
    """Lines of one rule. everywhere: outside of any Match. blocks: (Match line, lines) that come before `everyone`."""

    rule: str
    everywhere: tuple[str, ...] = ()
    everyone: tuple[str, ...] = ()
    blocks: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclasses.dataclass(frozen=True)
class Written:
    """Our file as it is. policy: what its head says; values: by keyword in lower case, each once."""

    policy: str
    values: t.Mapping[str, tuple[str, ...]]

    def has(self, keyword: str) -> bool:
        return keyword.lower() in self.values


def drop_in(policy: str, parts: t.Iterable[Part]) -> DropIn:
    """Our file for these parts."""
    chosen = tuple(parts)
    text = _HEAD.format(policy=policy) + "".join(f"{line}\n" for part in chosen for line in part.everywhere)
    for match, lines in (block for part in chosen for block in part.blocks):
        text += _block(match, lines)
    everyone = tuple(line for part in chosen for line in part.everyone)
    return DropIn(NAME, PATH, text + (_block("Match all", everyone) if everyone else ""))


def _block(match: str, lines: t.Iterable[str]) -> str:
    return f"{match}\n" + "".join(f"    {line}\n" for line in lines)


def written(host: Host) -> Written | None:
    """Our file as it is, or None where there is none. Raises OSError, ChangeError."""
    text = files.read_now(host, PATH)
    if text is None:
        return None
    policy = next((line[10:] for line in text.splitlines() if line.startswith("# Policy: ")), "")
    values: dict[str, tuple[str, ...]] = {}
    for line in sshd_config.settings(PATH, lambda name: text or "", lambda pattern: ()):
        values[line.keyword] = (*values.get(line.keyword, ()), " ".join(line.arguments))
    return Written(policy, values)
