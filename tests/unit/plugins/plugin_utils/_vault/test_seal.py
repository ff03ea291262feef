# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets are encrypted in their places: the same text, all other bytes untouched, and no plain copy anywhere."""

from __future__ import annotations

import itertools
import pathlib
import re

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.infosec.principles.plugins.plugin_utils._vault import project, scan, seal, variables
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._vault import planted

LIB = VaultLib([("default", VaultSecret(b"the password"))])
VAULT = seal.Vault(LIB)
MARK = "!vault |"
BLOCK = re.compile(r"[ \t]*\$ANSIBLE_VAULT;[^\n]*\n(?:[ \t]*[0-9a-f]+[ \t\r]*(?:\n|\Z))+")


def plans(root: pathlib.Path, vault: seal.Vault = VAULT) -> list[seal.Plan]:
    secrets = [one for one in scan.Scan(scan.Wanted(root)).found().secrets if not one.value.by_hand]
    return [
        seal.plan(source, list(group), vault)
        for source, group in itertools.groupby(secrets, key=lambda one: one.source)
    ]


def run(root: pathlib.Path, backup: pathlib.Path, vault: seal.Vault = VAULT) -> pathlib.Path:
    folder = seal.new_backup(backup)
    for plan in plans(root, vault):
        seal.put(plan, folder, vault)
    return folder


def sealed(tmp_path: pathlib.Path, text: str, vault: seal.Vault = VAULT) -> str:
    """What becomes of group_vars/all.yml with this text."""
    path = tmp_path / "project" / "group_vars" / "all.yml"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    run(tmp_path / "project", tmp_path / "backup", vault)
    return path.read_bytes().decode()


def opened(block: str) -> str:
    return LIB.decrypt("\n".join(line.strip() for line in block.splitlines())).decode()


def values(text: str) -> dict[str, str]:
    """What a file says, encrypted values opened, read by a loader of its own."""

    class Loader(yaml.SafeLoader):
        """Takes an encrypted value as what it says."""

    Loader.add_constructor("!vault", lambda loader, node: opened(loader.construct_scalar(node)))
    found: dict[str, str] = yaml.load(text, Loader)
    return found


@pytest.fixture
def planted_project(tmp_path: pathlib.Path) -> pathlib.Path:
    planted.plant(tmp_path / "project")
    return tmp_path / "project"


def test_every_value_that_can_be_is_encrypted_and_says_the_same(planted_project: pathlib.Path) -> None:
    before = {path: path.read_text() for path in planted_project.rglob("*.yml")}
    run(planted_project, planted_project.parent / "backup")
    left = {one.subject: not one.value.by_hand for one in scan.Scan(scan.Wanted(planted_project)).found().secrets}
    assert left == {name: able for name, able in planted.SECRETS.items() if not able}
    for path, text in before.items():
        assert values(path.read_text()) == values(text), path


def test_a_second_run_changes_nothing(planted_project: pathlib.Path) -> None:
    run(planted_project, planted_project.parent / "backup")
    after = {path: path.read_bytes() for path in planted_project.rglob("*") if path.is_file()}
    assert plans(planted_project) == []
    assert {path: path.read_bytes() for path in planted_project.rglob("*") if path.is_file()} == after


def test_all_other_bytes_stay(planted_project: pathlib.Path) -> None:
    """What is left without the blocks is the old file without the values, byte by byte."""
    found = scan.Scan(scan.Wanted(planted_project)).found().secrets
    before = {path: path.read_bytes().decode() for path in planted_project.rglob("*") if path.is_file()}
    run(planted_project, planted_project.parent / "backup")
    changed = {path for path, text in before.items() if path.read_bytes().decode() != text}
    assert len(changed) == 6
    for path in changed:
        rest = before[path]
        for one in reversed([one.value for one in found if one.source.path == path and not one.value.by_hand]):
            end = one.start + len(rest[one.start : one.end].rstrip())
            rest = rest[: one.start] + rest[end:]
        assert BLOCK.sub("", path.read_bytes().decode()).replace(MARK, "") == rest, path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("db_password: hunter-2\n", "db_password: !vault |\n  {}"),
        ("db_password: 'it''s-1'   # why\nb: 1\n", "db_password: !vault |   # why\n  {}b: 1\n"),
        ('a: 1\r\ndb_password: "x\\ty-2"\r\nb: 2\r\n', "a: 1\r\ndb_password: !vault |\r\n  {}b: 2\r\n"),
        (
            "a:\n    b:\n        - db_password: hunter-2\n          c: 3\n",
            "a:\n    b:\n        - db_password: !vault |\n            {}          c: 3\n",
        ),
        ("db_passwords:\n- hunter-2\n- '{{ x }}'\n", "db_passwords:\n- !vault |\n  {}- '{{ x }}'\n"),
        ("db_password: |\n  hunter-2\n  more\n\n\n# end\n", "db_password: !vault |\n  {}\n\n# end\n"),
        ("db_password: |- # why\n  hunter-2\nb: 1\n", "db_password: !vault | # why\n  {}b: 1\n"),
        ("db_password: >\n  hunter-2\n  more\nb: 1\n", "db_password: !vault |\n  {}b: 1\n"),
        ("db_password: |+\n  hunter-2\n\n", "db_password: !vault |\n  {}\n"),
        ("db_password: hunter-2 and\n  more of it\nb: 1\n", "db_password: !vault |\n  {}b: 1\n"),
        ("# ä € 😀\ndb_password: hünter-2😀\nb: ß\n", "# ä € 😀\ndb_password: !vault |\n  {}b: ß\n"),
        ("db_password:\n  hunter-2\nb: 1\n", "db_password:\n  !vault |\n  {}b: 1\n"),
        ("---\ndb_password: hunter-2\n...\n", "---\ndb_password: !vault |\n  {}...\n"),
    ],
)
def test_layouts(tmp_path: pathlib.Path, before: str, after: str) -> None:
    text = sealed(tmp_path, before)
    head, tail = after.split("{}")
    indent = " " * (len(head) - len(head.rstrip(" ")))
    assert text.startswith(head.rstrip(" ")) and text.endswith(tail)
    block = text[len(head.rstrip(" ")) : len(text) - len(tail)]
    assert all(line.startswith(indent) and line.strip() for line in block.splitlines())
    assert values(text) == values(before)


def test_a_file_without_a_last_newline(tmp_path: pathlib.Path) -> None:
    text = sealed(tmp_path, "a: 1\ndb_password: hunter-2")
    assert not text.endswith("\n")
    assert values(text) == {"a": 1, "db_password": "hunter-2"}


# The old line ends of Unicode do not come back from YAML, with or without us.
@given(st.text(st.characters(codec="utf-8", exclude_characters="{\x85\u2028\u2029"), min_size=4, max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_says_the_same(text: str) -> None:
    """As YAML itself writes it, quoted as it has to be."""
    document = "a: [1]\n" + yaml.safe_dump({"db_password": text}, allow_unicode=True) + "# end\nb: 2\n"
    value = next(one for one in variables.Document(document).values() if one.name == "db_password")
    new = seal._sealed(document, [value], VAULT)
    seal.prove(document, new, [value], VAULT)
    assert values(new)["db_password"] == value.text == text


def test_a_vault_id(tmp_path: pathlib.Path) -> None:
    vault = seal.Vault(VaultLib([("prod", VaultSecret(b"the password"))]), "prod")
    assert "$ANSIBLE_VAULT;1.2;AES256;prod\n" in sealed(tmp_path, "db_password: hunter-2\n", vault)


def test_former_files_are_kept_encrypted(planted_project: pathlib.Path) -> None:
    name = planted_project / "group_vars" / "all" / "main.yml"
    before = name.read_bytes()
    folder = run(planted_project, planted_project.parent / "backup")
    kept = folder / name.relative_to("/")
    assert LIB.decrypt(kept.read_bytes()) == before
    assert kept.stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700
    everywhere = b"".join(path.read_bytes() for path in planted_project.parent.rglob("*") if path.is_file())
    assert b"Tr0ub4dor" not in everywhere
    assert not list(planted_project.rglob("*.vault"))


def test_mode_stays(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "group_vars" / "all.yml"
    path.parent.mkdir()
    path.write_text("db_password: hunter-2\n", encoding="utf-8")
    path.chmod(0o640)
    run(tmp_path, tmp_path / "backup")
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\ufeffdb_password: hunter-2\n", "byte order mark"),
        ("db_password: hunter-2\ndb_password: hunter-3\n", "ruamel.yaml does not read it"),
        (
            "old: !vault |\n{other}db_password: hunter-2\n",
            "it has a value already that this password does not open",
        ),
    ],
)
def test_what_is_refused(tmp_path: pathlib.Path, text: str, why: str) -> None:
    other = VaultLib([("default", VaultSecret(b"another"))]).encrypt("x").decode().splitlines()
    path = tmp_path / "group_vars" / "all.yml"
    path.parent.mkdir()
    path.write_text(text.replace("{other}", "".join(f"  {line}\n" for line in other)), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(seal.Refused, match=why):
        plans(tmp_path)
    assert path.read_bytes() == before


def test_values_of_another_vault_id_are_left_alone(tmp_path: pathlib.Path) -> None:
    other = VaultLib([("prod", VaultSecret(b"another"))]).encrypt("x", vault_id="prod").decode().splitlines()
    block = "".join(f"  {line}\n" for line in other)
    assert f"old: !vault |\n{block}db_password: !vault |\n" in sealed(
        tmp_path, f"old: !vault |\n{block}db_password: hunter-2\n"
    )


def test_a_file_that_changes_in_the_meantime_is_left_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "group_vars" / "all.yml"
    path.parent.mkdir()
    path.write_text("db_password: hunter-2\n", encoding="utf-8")
    (plan,) = plans(tmp_path)
    path.write_text("db_password: hunter-3\n", encoding="utf-8")
    with pytest.raises(seal.Refused, match="changed in the meantime"):
        seal.put(plan, seal.new_backup(tmp_path / "backup"), VAULT)
    assert path.read_text(encoding="utf-8") == "db_password: hunter-3\n"
    assert [one.name for one in path.parent.iterdir()] == ["all.yml"]


def test_a_damaged_candidate_is_never_put_in_place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "group_vars" / "all.yml"
    path.parent.mkdir()
    path.write_text("a: 1\ndb_password: hunter-2\n", encoding="utf-8")
    (plan,) = plans(tmp_path)
    write = project.write_beside
    monkeypatch.setattr(
        project, "write_beside", lambda path, data, like: write(path, data.replace(b"a: 1", b"a: 2"), like)
    )
    with pytest.raises(seal.Refused, match="more than the values would change"):
        seal.put(plan, seal.new_backup(tmp_path / "backup"), VAULT)
    assert path.read_text(encoding="utf-8") == "a: 1\ndb_password: hunter-2\n"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda new: new.replace("# end", "# END"), "more than the values"),
        (lambda new: new.replace("b: 2", "b: 2 "), "more than the values"),
        (lambda new: new + "\n", "more than the values"),
        (lambda new: new.replace(LIB_BLOCK, ANOTHER_BLOCK), "would not say the same"),
        (lambda new: new.replace("!vault |", "|", 1), "would not say the same"),
    ],
)
def test_the_proof_sees_every_difference(damage: object, why: str) -> None:
    old = "db_password: hunter-2\n# end\nb: 2\n"
    value = next(variables.Document(old).values())
    new = f"db_password: !vault |\n{LIB_BLOCK}# end\nb: 2\n"
    seal.prove(old, new, [value], VAULT)
    with pytest.raises(seal.Refused, match=why):
        seal.prove(old, damage(new), [value], VAULT)  # type: ignore[operator]


def _block(text: str) -> str:
    return "".join(f"  {line}\n" for line in VAULT.encrypt(text))


LIB_BLOCK, ANOTHER_BLOCK = _block("hunter-2"), _block("hunter-3")
