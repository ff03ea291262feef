# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A file that others edit too, from one text to another: only the lines that differ, so that the rest stays theirs."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import edit_file
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit, passages
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


def changes(host: Host, path: str, old: str, new: str) -> tuple[Change, ...]:
    """The passages that differ. Raises Refused where they cannot be told from others."""
    if old and not old.endswith("\n"):
        raise Refused(f"{path}: its last line has no end; add one")
    try:
        found = passages(old, tuple(_edits(old, new))) if new != old else ()
    except ValueError as exc:
        raise Refused(f"{path}: {exc}") from exc
    return tuple(edit_file(host, path, before, after) for before, after in found)


def _edits(old: str, new: str) -> t.Iterator[Edit]:
    # Costs 5 ms, and only a fix needs it.
    import difflib

    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    for kind, first, last, begin, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "insert" and first:
            # With the line above, so that it stands somewhere also at the end of the file.
            yield Edit(starts[first - 1], starts[first], before[first - 1] + "".join(after[begin:end]))
        elif kind != "equal":
            yield Edit(starts[first], starts[last], "".join(after[begin:end]))
