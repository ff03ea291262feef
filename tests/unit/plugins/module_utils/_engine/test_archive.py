# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of an archive are compiled once, and are what Python itself would have made of them."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import archive

#: Run by an interpreter of its own. What it prints: how often each file was compiled, and what the modules know of themselves.
SCRIPT = """
import json, sys, traceback
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "once":
    from ansible_collections.infosec.principles.plugins.module_utils._engine import archive
    archive.compile_once()
    archive.compile_once()
compiled = []
sys.addaudithook(lambda event, args: compiled.append(str(args[1])) if event == "compile" else None)
import package, package.part, package.inner.leaf
told = {
    name: [module.__file__, getattr(module, "__path__", None), module.__name__, module.__spec__.origin, module.__spec__.parent]
    for name, module in sys.modules.items() if name.startswith("package")
}
try:
    package.part.fail()
except ValueError:
    told["trace"] = traceback.format_exc().splitlines()[-2:]
try:
    import package.missing
except ModuleNotFoundError as exc:
    told["missing"] = str(exc)
told["source"] = package.part.__loader__.get_source("package.part")
told["finders"] = sum(getattr(finder, "__name__", "") == "Finder" for finder in sys.meta_path)
print(json.dumps({"compiled": compiled, "told": told}))
"""
FILES = {
    "package/__init__.py": "",
    "package/part.py": "def fail():\n    raise ValueError('here')\n",
    "package/inner/__init__.py": "from package import part\n",
    "package/inner/leaf.py": "from package.inner import part\n",
}


@pytest.fixture
def packed(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w") as target:
        for name, text in FILES.items():
            target.writestr(name, text)
    return path


def run(path: pathlib.Path, how: str) -> tuple[dict[str, int], dict[str, object]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [sys.executable, "-c", SCRIPT, str(path), how]
    done = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    ours = [name for name in found["compiled"] if str(path) in name]
    return {name: ours.count(name) for name in ours}, found["told"]


def test_each_module_is_compiled_once_and_is_as_python_makes_it(packed: pathlib.Path) -> None:
    (twice, ordinary), (once, told) = run(packed, "python"), run(packed, "once")
    # The package at the top is in no other, and Python's to find.
    assert once == {f"{packed}/{name}": 2 if name == "package/__init__.py" else 1 for name in FILES}
    # Where Python itself does no better any more, this file has had its day.
    assert twice == dict.fromkeys(once, 2)
    assert (told.pop("finders"), ordinary.pop("finders")) == (1, 0)
    assert told == ordinary


def test_what_is_in_no_archive_is_left_to_python(tmp_path: pathlib.Path) -> None:
    assert archive.Finder.find_spec("anything") is None
    assert archive.Finder.find_spec("package.part", [str(tmp_path)]) is None
    assert archive.Finder.find_spec("package.part", []) is None


def test_an_archive_without_the_module_is_left_to_python(packed: pathlib.Path) -> None:
    assert archive.Finder.find_spec("package.other", [f"{packed}/package"]) is None


def test_python_3_9_goes_on_as_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        """An importer that cannot run a module it was not asked to load."""

    monkeypatch.setattr(archive.zipimport, "zipimporter", Old)
    monkeypatch.setattr(sys, "meta_path", [])
    archive.compile_once()
    assert sys.meta_path == []
