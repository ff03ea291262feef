# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A block of ours in a file that others edit too, as one passage."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import as_passage
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteFile, edit_file
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

TEXT = "# rules\nlocal all all peer\nhost all all all md5\n# the end\n"


def put(text: str, line: str, at: int | None = None) -> WriteFile:
    return WriteFile("/etc/x", text, marked_block.put(text, "test", [line], at=at))


@pytest.mark.parametrize(
    "plan",
    [
        put(TEXT, "new"),
        put(TEXT, "new", at=0),
        put(TEXT, "new", at=TEXT.index("host")),
        put(put(TEXT, "old", at=TEXT.index("host")).after, "new"),
        put(put(TEXT, "old").after, "new"),
    ],
)
def test_a_passage_says_the_same_and_leaves_room_for_others(plan: WriteFile, tmp_path: pathlib.Path) -> None:
    host = Host(root=str(tmp_path))
    file = tmp_path / "etc/x"
    file.parent.mkdir()
    file.write_text(plan.before or "", encoding="utf-8")
    edit = as_passage(plan)
    assert isinstance(edit, EditFile)
    other = edit_file(host, "/etc/x", "", "# of another fix\n")
    captured = edit.capture(host)
    edit.apply(host, tag="a")
    assert file.read_text(encoding="utf-8") == plan.after
    other.apply(host, tag="b")
    assert edit.conflict(host) == ""
    edit.revert(host, captured, tag="c")
    assert file.read_text(encoding="utf-8") == "# of another fix\n" + (plan.before or "")


@pytest.mark.parametrize("plan", [WriteFile("/etc/x", None, "ours\n"), put("no end", "new")])
def test_what_is_no_passage_is_written_whole(plan: WriteFile) -> None:
    assert as_passage(plan) is plan
