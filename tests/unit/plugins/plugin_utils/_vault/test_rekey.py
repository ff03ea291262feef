# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project's vault values under a new password: the same text, all other bytes untouched, and cut off anywhere."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.infosec.principles.plugins.plugin_utils._vault import rekey
from ansible_collections.infosec.principles.plugins.plugin_utils._vault.rekey import BACKUP, RekeyError, Vaults


def lib(password: str, label: str = "default") -> VaultLib:
    return VaultLib([(label, VaultSecret(password.encode()))])


OLD, NEW = lib("the old one"), lib("the new one")
VAULTS = Vaults(OLD, NEW)


def sealed(text: str | bytes, vault: VaultLib = OLD, label: str | None = None) -> bytes:
    found: bytes = vault.encrypt(text, vault_id=label)
    return found


def inline(text: str, indent: str, vault: VaultLib = OLD, end: str = "\n", label: str | None = None) -> str:
    return "".join(f"{indent}{line}{end}" for line in sealed(text, vault, label).decode().splitlines())


def opened(block: str, vault: VaultLib) -> str:
    return vault.decrypt("\n".join(line.strip() for line in block.splitlines())).decode()


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    """Whole files, inline values, plain files, and what is not to be looked at."""
    (tmp_path / "group_vars").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "whole.yml").write_bytes(sealed("password: hunter2\n"))
    (tmp_path / "whole.yml").chmod(0o640)
    text = (
        "# a comment with ä\r\nplain: yes\na: !vault |\n" + inline("first", "  ") + "b:\n  c: !vault |\n"
        "      "
        + inline("second\n", "      ").lstrip()
        + "\n\n# end  \nd: !vault |\n"
        + inline("third", "\t", end="\r\n")
    )
    (tmp_path / "group_vars" / "all.yml").write_bytes(text.encode())
    (tmp_path / "labelled.yml").write_bytes(sealed(b"\xff\x00binary", OLD, "prod"))
    (tmp_path / "plain.yml").write_text("plain: $ANSIBLE_VAULT; is what they begin with\n", encoding="utf-8")
    (tmp_path / ".git" / "blob").write_bytes(sealed("in git", lib("another")))
    (tmp_path / "link.yml").symlink_to("/etc/passwd")
    return tmp_path


def run(project: pathlib.Path, vaults: Vaults = VAULTS) -> list[str]:
    return rekey.rekey(project, rekey.find(project, vaults), vaults)


def state(project: pathlib.Path) -> dict[str, bytes]:
    files = (path for path in project.rglob("*") if path.is_file() and BACKUP not in path.parts)
    return {str(path.relative_to(project)): path.read_bytes() for path in files}


def test_every_value_says_the_same_under_the_new_password(project: pathlib.Path) -> None:
    assert run(project) == ["labelled.yml", "whole.yml", "group_vars/all.yml"]
    assert NEW.decrypt((project / "whole.yml").read_bytes()) == b"password: hunter2\n"
    assert NEW.decrypt((project / "labelled.yml").read_bytes()) == b"\xff\x00binary"
    assert (project / "labelled.yml").read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert (project / "whole.yml").stat().st_mode & 0o777 == 0o640
    file = VAULTS.read(project / "group_vars" / "all.yml", (project / "group_vars" / "all.yml").read_bytes())
    assert file.done and file.plain == [b"first", b"second\n", b"third"]


def test_all_other_bytes_stay(project: pathlib.Path) -> None:
    path = project / "group_vars" / "all.yml"
    before = VAULTS.read(path, path.read_bytes()).around
    others = {name: data for name, data in state(project).items() if name in ("plain.yml", ".git/blob")}
    run(project)
    after = VAULTS.read(path, path.read_bytes())
    assert (
        after.around
        == before
        == [
            "# a comment with ä\r\nplain: yes\na: !vault |\n".encode(),
            b"b:\n  c: !vault |\n",
            b"\n\n# end  \nd: !vault |\n",
            b"",
        ]
    )
    # Line ends and indents of the values too: one is written with \r\n and a tab.
    lines = after.values[-1].match[0].splitlines(keepends=True)
    assert len(lines) > 2 and all(line.startswith(b"\t") and line.endswith(b"\r\n") for line in lines)
    assert others == {name: data for name, data in state(project).items() if name in others}


def test_yaml_reads_what_was_written(project: pathlib.Path) -> None:
    path = project / "vars.yml"
    path.write_text(f"a: !vault |\n{inline('first', '  ')}b: 2\n", encoding="utf-8")
    run(project)

    class Loader(yaml.SafeLoader):
        """Takes a value as its text."""

    Loader.add_constructor("!vault", lambda loader, node: loader.construct_scalar(node))
    read = yaml.load(path.read_text(encoding="utf-8"), Loader)
    assert read["b"] == 2
    assert opened(read["a"], NEW) == "first"


def test_a_second_run_changes_nothing(project: pathlib.Path) -> None:
    run(project)
    after = state(project)
    assert run(project) == []
    assert state(project) == after


def test_the_former_files_are_kept_and_git_ignores_them(project: pathlib.Path) -> None:
    before = state(project)
    run(project)
    backup = project / BACKUP
    assert (backup / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert backup.stat().st_mode & 0o777 == 0o700
    kept = {str(path.relative_to(backup)): path.read_bytes() for path in backup.rglob("*.yml")}
    assert kept == {name: before[name] for name in ("whole.yml", "labelled.yml", "group_vars/all.yml")}


class Killed(BaseException):
    """What a kill looks like from inside."""


def test_cut_off_anywhere_every_value_opens_and_the_next_run_finishes(
    project: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {file.path: file.plain for file in rekey.find(project, VAULTS)}
    first = state(project)
    for replaced in range(3):
        count = iter(range(100))

        def replace(
            path: pathlib.Path, target: pathlib.Path, count: t.Iterator[int] = count, most: int = replaced
        ) -> None:
            if next(count) == most:
                raise Killed
            path.rename(target)

        with monkeypatch.context() as context:
            context.setattr(pathlib.Path, "replace", replace)
            with pytest.raises(Killed):
                run(project)
        assert {file.path: file.plain for file in rekey.find(project, VAULTS)} == plain
        assert len(run(project)) == 3 - replaced
        found = rekey.find(project, VAULTS)
        assert all(file.done for file in found) and {file.path: file.plain for file in found} == plain
        for name, data in first.items():
            (project / name).write_bytes(data) if not (project / name).is_symlink() else None


def test_a_file_with_values_of_both_passwords_is_finished(project: pathlib.Path) -> None:
    path = project / "mixed.yml"
    done = inline("new", "  ", NEW)
    path.write_text(f"a: !vault |\n{done}b: !vault |\n{inline('old', '  ')}", encoding="utf-8")
    assert "mixed.yml" in run(project)
    assert done in path.read_text(encoding="utf-8")


def test_what_neither_password_opens_stops_all_before_anything_is_written(project: pathlib.Path) -> None:
    (project / "strange.yml").write_text(f"\n\na: !vault |\n{inline('x', '  ', lib('a third'))}", encoding="utf-8")
    before = state(project)
    with pytest.raises(RekeyError, match=r"strange.yml:4: neither the old nor the new password opens this value"):
        run(project)
    assert state(project) == before


def test_values_in_a_form_that_is_not_known_are_a_fault_and_can_be_left_out(project: pathlib.Path) -> None:
    text = sealed("x").decode().replace("\n", "\\n")
    (project / "values.json").write_text(f'{{"a": "{text}"}}', encoding="utf-8")
    with pytest.raises(RekeyError, match=r"values.json: 1 value\(s\) in a form that is not known here"):
        run(project)
    assert len(rekey.find(project, VAULTS, ["*.json"])) == 3


def test_one_vault_id_alone(project: pathlib.Path) -> None:
    (project / "strange.yml").write_bytes(sealed("x", lib("a third")))
    vaults = Vaults(lib("the old one", "prod"), lib("the new one", "prod"), "prod")
    assert run(project, vaults) == ["labelled.yml"]


def test_no_password_and_no_value_is_in_what_is_said(project: pathlib.Path) -> None:
    (project / "strange.yml").write_bytes(sealed("hunter2", lib("a third")))
    with pytest.raises(RekeyError) as caught:
        run(project)
    assert "hunter2" not in str(caught.value) and "the old one" not in str(caught.value)
