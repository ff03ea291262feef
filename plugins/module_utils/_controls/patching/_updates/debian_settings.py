# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Where a setting of apt comes from, and the file of our own that puts it right."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.debian_patterns import (
    PATTERNS,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.model import (
    Settings,
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import write_file
from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf
from ansible_collections.infosec.principles.plugins.module_utils._host import apt
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: Sorts behind every name in use, since apt lets the last one win.
DROP_IN = f"{apt.PARTS}/zz-infosec-principles"


def where(host: Host, key: str, value: str | None = None) -> str:
    """The file and line that has the last word on a key, or that puts the value into a list."""
    places = [
        f"{name}:{setting.line}"
        for name, setting in apt.settings(host)
        if _concerns(setting.key, key) and value in (None, setting.value)
    ]
    return places[-1] if places else "apt-config dump"


def through_drop_in(host: Host, finding: f.Finding, statements: list[tuple[str, str]]) -> Verdict:
    """Put it right by the drop-in, unless a file that apt reads later has the last word."""
    keys = [key.rstrip(":") for key, _value in statements]
    for name, setting in apt.settings(host):
        if _is_later(name) and any(_overrides(setting, key) for key in keys):
            evidence = f.Evidence(f"{name}:{setting.line}", setting.key, f"nothing that overrides {DROP_IN}")
            return Verdict(dataclasses.replace(finding, evidence=(*finding.evidence, evidence)))
    return Verdict(finding, settings=tuple(statements))


def write(host: Host, settings: Settings) -> t.Sequence[Change]:
    """The drop-in with what it holds already and these; the last word on a key replaces ours of yesterday."""
    kept = [(setting.key, setting.value) for name, setting in apt.settings(host) if name == DROP_IN]
    text = aptconf.render(_newest([*settings, *kept]))
    return (write_file(host, DROP_IN, text, validate=("apt-config", "-c", "{}", "dump")),)


def _newest(statements: t.Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each key once, with the value that comes first; members of lists all."""
    kept: dict[tuple[str, str], tuple[str, str]] = {}
    for key, value in statements:
        kept.setdefault((key.lower(), value if key.endswith("::") else ""), (key, value))
    return list(kept.values())


def _concerns(name: str, key: str) -> bool:
    return name.lower() == key.lower() or name.lower().startswith(f"{key.lower()}::")


def _is_later(name: str) -> bool:
    return name == apt.MAIN or name > DROP_IN


def _overrides(setting: aptconf.Setting, key: str) -> bool:
    """Whether the statement undoes ours: lists grow, so only clearing one, or what it is in, does."""
    if setting.clears:
        return _concerns(key, setting.key)
    return key != PATTERNS and setting.key.lower() == key.lower()
