# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible built is found again by the next run, as long as it is what Ansible would build."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible import constants
from ansible.executor import module_common
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.infosec.principles.plugins.plugin_utils import _built_modules

NAME = "infosec.principles.unused_sshd"
MODULE = _built_modules.COLLECTION / "plugins" / "modules" / "unused_sshd.py"
PART = _built_modules.COLLECTION / "plugins" / "module_utils" / "_engine" / "run.py"


class Runs:
    """Runs of Ansible, each with a folder of its own, and how often they parsed the sources."""

    def __init__(self, place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.monkeypatch, self.parsed = place, monkeypatch, 0
        self.kept = place / "home" / _built_modules.FOLDER
        (place / "home").mkdir()
        monkeypatch.setattr(constants, "ANSIBLE_HOME", str(place / "home"), raising=False)
        monkeypatch.setattr(module_common, "recursive_finder", self._parse)

    def _parse(self, *args: t.Any) -> module_common.ModuleMetadataV1:
        """In the place of what takes the time; all else is Ansible's own."""
        self.parsed += 1
        return module_common.ModuleMetadataV1(serialization_profile="legacy")

    def build(self) -> str:
        """One run; the archive in what it sends."""
        own = self.place / f"run{len(list(self.place.iterdir()))}"
        own.mkdir()
        self.monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(own), raising=False)
        with _built_modules.kept(NAME):
            built = module_common.modify_module(
                module_name=NAME,
                module_path=str(MODULE),
                module_args={},
                templar=Templar(loader=DataLoader(), variables={}),
                task_vars={"ansible_python_interpreter": "/usr/bin/python3"},
                module_compression="ZIP_DEFLATED",
            )
        return next(line for line in built.b_module_data.decode().splitlines() if line.startswith("zip_data="))


@pytest.fixture
def runs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(tmp_path, monkeypatch)


def test_the_next_run_finds_it(runs: Runs) -> None:
    first = runs.build()
    assert (runs.build(), runs.parsed) == (first, 1)


def test_only_the_user_can_put_anything_there(runs: Runs) -> None:
    runs.build()
    (state,) = runs.kept.iterdir()
    assert {path.stat().st_mode & 0o777 for path in (runs.kept, state)} == {0o700}
    assert [path.name.endswith("-ZIP_DEFLATED-none") for path in state.iterdir()] == [True], "no lock, no part"


@pytest.mark.parametrize("place", ["*", "*/*"])
def test_what_others_could_have_put_there_is_not_taken(runs: Runs, place: str) -> None:
    runs.build()
    for folder in runs.kept.parent.glob(place):
        folder.chmod(0o770)
    runs.build()
    assert runs.parsed == 2


def test_a_link_is_not_taken_for_the_folder(runs: Runs) -> None:
    runs.build()
    runs.kept.rename(runs.place / "elsewhere")
    runs.kept.symlink_to(runs.place / "elsewhere")
    runs.build()
    assert runs.parsed == 2


def test_any_source_that_changes_makes_it_anew(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that takes the size and the time of the old one."""
    describe = _built_modules._describe
    runs.build()
    monkeypatch.setattr(_built_modules, "_describe", lambda path: describe(path) + "changed" * (path == str(PART)))
    runs.build()
    assert runs.parsed == 2


def test_a_copy_that_keeps_size_and_time_is_another_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("a = 1\n", encoding="utf-8")
    before, found = _built_modules._describe(str(file)), file.stat()
    file.write_text("a = 2\n", encoding="utf-8")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert _built_modules._describe(str(file)) != before


def test_few_states_are_kept(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(_built_modules.STATES + 2):
        monkeypatch.setattr(_built_modules, "state", lambda number=number: f"state{number}")
        runs.build()
        os.utime(runs.kept / f"state{number}", (number, number))
    assert {path.name for path in runs.kept.iterdir()} == {f"state{number}" for number in range(2, 6)}


def test_without_a_place_to_keep_it_modules_are_built_as_ever(runs: Runs) -> None:
    runs.kept.parent.rmdir()
    runs.build()
    runs.build()
    assert runs.parsed == 2


def test_it_depends_on_what_ansible_sends_of_its_own() -> None:
    sources = list(_built_modules._sources([os.path.dirname(module_common.__file__)]))
    assert module_common.__file__ in sources
