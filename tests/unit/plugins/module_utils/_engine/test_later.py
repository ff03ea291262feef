# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are imported when they are used: the right ones, and no sooner."""

from __future__ import annotations

import ast
import importlib
import pathlib
import sys

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine.later import MODULE_UTILS, later

ROOT = pathlib.Path(__file__).resolve().parents[5] / "plugins" / "module_utils"


def uses() -> list[tuple[str, str, str]]:
    """Where (its source), by which name and which module is imported later."""
    return [
        (str(path.relative_to(ROOT)), node.targets[0].id, str(node.value.args[0].value))
        for path in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "later"
        and isinstance(node.value.args[0], ast.Constant)
    ]


def test_there_are_such_modules() -> None:
    assert len(uses()) > 10


@pytest.mark.parametrize(("source", "name", "module"), uses())
def test_what_mypy_and_ansible_see_is_what_is_imported(source: str, name: str, module: str) -> None:
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported[name] == f"{MODULE_UTILS}.{module}"
    importlib.import_module(imported[name])


def test_it_is_imported_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{MODULE_UTILS}._formats.swapspace"
    monkeypatch.delitem(sys.modules, name, raising=False)
    swapspace = later("_formats.swapspace")
    assert name not in sys.modules
    assert swapspace.MAGIC == b"SWAPSPACE2"
    assert name in sys.modules
