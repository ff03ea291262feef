# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSV's export as it lies, and the index made of it."""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import typing as t
import zipfile

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import index, osv
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.osv import OsvFault


def record(name: str, *, ecosystem: str = "npm", package: str = "lodash", **more: t.Any) -> dict[str, t.Any]:
    events = [{"introduced": "0"}, {"fixed": "2.0.0"}]
    affected = {"package": {"ecosystem": ecosystem, "name": package}, "ranges": [{"type": "SEMVER", "events": events}]}
    return {"id": name, "modified": "2026-11-01T10:00:00.123456Z", "affected": [affected], **more}


def put(root: pathlib.Path, *records: dict[str, t.Any], ecosystem: str = "npm", packed: bool = False) -> None:
    folder = root / ecosystem
    folder.mkdir(parents=True, exist_ok=True)
    if packed:
        with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for one in records:
                archive.writestr(f"{one['id']}.json", json.dumps(one))
    else:
        for one in records:
            (folder / f"{one['id']}.json").write_text(json.dumps(one))


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "advisories"


@pytest.fixture
def cache(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "cache"


def known(root: pathlib.Path, cache: pathlib.Path, package: str = "lodash", ecosystem: str = "npm") -> list[str]:
    with index.opened(root, cache) as opened:
        return [one.id for one in opened.advisories(ecosystem, package)]


@pytest.mark.parametrize("packed", [False, True])
def test_advisories_are_found_by_package(root: pathlib.Path, cache: pathlib.Path, packed: bool) -> None:
    put(root, record("A"), record("B"), record("C", package="other"), packed=packed)
    assert known(root, cache) == ["A", "B"]
    assert known(root, cache, "nobody") == []


def test_everything_that_matters_comes_through(root: pathlib.Path, cache: pathlib.Path) -> None:
    told = record(
        "GHSA-1",
        aliases=["CVE-1"],
        summary="Bad",
        severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}, {"type": "Ubuntu", "score": "low"}],
        database_specific={"severity": "HIGH"},
    )
    told["affected"][0]["versions"] = ["1.0.0"]
    told["affected"][0]["ranges"].append({"type": "GIT", "events": [{"introduced": "0"}]})
    put(root, told)
    with index.opened(root, cache) as opened:
        (found,) = opened.advisories("npm", "lodash")
    events = (("introduced", "0"), ("fixed", "2.0.0"))
    assert found == osv.Advisory("GHSA-1", ("CVE-1",), "Bad", ("CVSS:3.1/AV:N",), "HIGH", (events,), ("1.0.0",))


def test_withdrawn_ones_and_those_of_other_ecosystems_are_left_out(root: pathlib.Path, cache: pathlib.Path) -> None:
    put(root, record("A", withdrawn="2026-01-01T00:00:00Z"), record("B", ecosystem="PyPI"), record("C"))
    assert known(root, cache) == ["C"]


def test_names_are_looked_up_in_their_normal_form(root: pathlib.Path, cache: pathlib.Path) -> None:
    put(root, record("A", ecosystem="PyPI", package="Flask_SQLAlchemy"), ecosystem="PyPI")
    put(root, record("B", ecosystem="Maven:https://repo.example.org/", package="org.a:b"), ecosystem="Maven")
    assert known(root, cache, "flask-sqlalchemy", "PyPI") == ["A"]
    assert known(root, cache, "org.a:b", "Maven") == ["B"]


def test_the_index_is_made_once_and_again_when_the_export_changes(
    root: pathlib.Path, cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    compile_really = index._compile
    monkeypatch.setattr(index, "_compile", lambda path, *more: (made.append("once"), compile_really(path, *more))[1])
    put(root, record("A"))
    assert known(root, cache) == known(root, cache) == ["A"]
    assert len(made) == 1
    put(root, record("B"))
    assert known(root, cache) == ["A", "B"]
    (root / "npm" / "A.json").write_text(json.dumps(record("A", withdrawn="2026-01-01T00:00:00Z")))
    assert known(root, cache) == ["B"]
    (root / "npm" / "B.json").unlink()
    assert known(root, cache) == []
    assert len(made) == 4


def test_a_damaged_index_is_made_anew(root: pathlib.Path, cache: pathlib.Path) -> None:
    put(root, record("A"))
    known(root, cache)
    (path,) = cache.glob("*.sqlite3")
    path.write_bytes(b"no database")
    assert known(root, cache) == ["A"]


def test_workers_that_come_at_once_all_get_the_whole_index(root: pathlib.Path, cache: pathlib.Path) -> None:
    put(root, *(record(f"A{number}") for number in range(500)))
    forked = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(4, mp_context=forked) as pool:
        answers = list(pool.map(known, [root] * 12, [cache] * 12))
    assert {len(answer) for answer in answers} == {500}
    assert sorted(path.suffix for path in cache.iterdir()) == [".lock", ".sqlite3"]
    assert cache.stat().st_mode & 0o77 == 0


def about(root: pathlib.Path, cache: pathlib.Path, ecosystem: str = "npm") -> t.Any:
    with index.opened(root, cache) as opened:
        return opened.about(ecosystem)


def test_the_date_is_that_of_the_newest_advisory_or_of_fetching(root: pathlib.Path, cache: pathlib.Path) -> None:
    put(root, record("A"), record("B", modified="2026-11-03T00:00:00Z"))
    assert [str(about(root, cache)[0]), about(root, cache)[1]] == ["2026-11-03 00:00:00+00:00", ""]
    (root / "npm" / "fetched").write_text("2026-11-20T12:00:00Z\n")
    assert str(about(root, cache)[0]) == "2026-11-20 12:00:00+00:00"
    assert about(root, cache, "Go") is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("all.zip", b"<html>502 Bad Gateway</html>"),
        ("all.zip", b""),
        ("A.json", b"{"),
        ("A.json", b"[]"),
        ("A.json", b'{"summary": "no id"}'),
        ("A.json", b"\xff"),
    ],
)
def test_what_cannot_be_read_is_told_and_concerns_no_other_ecosystem(
    root: pathlib.Path, cache: pathlib.Path, name: str, content: bytes
) -> None:
    put(root, record("B", ecosystem="Go", package="x"), ecosystem="Go")
    (root / "npm").mkdir()
    (root / "npm" / name).write_bytes(content)
    assert str(root / "npm" / name) in about(root, cache)[1]
    assert known(root, cache, "x", "Go") == ["B"]


def test_a_zip_that_was_cut_is_told(root: pathlib.Path, cache: pathlib.Path) -> None:
    put(root, record("A"), packed=True)
    archive = root / "npm" / "all.zip"
    archive.write_bytes(archive.read_bytes()[:-30])
    assert "all.zip" in about(root, cache)[1]


def test_an_empty_folder_has_no_advisories(root: pathlib.Path, cache: pathlib.Path) -> None:
    (root / "npm").mkdir(parents=True)
    assert about(root, cache)[1].endswith("npm: no advisories")


def test_no_export_is_told(root: pathlib.Path, cache: pathlib.Path) -> None:
    with pytest.raises(OsvFault, match="No such file"):
        known(root, cache)


def test_a_cache_that_cannot_be_written_is_told(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    put(root, record("A"))
    (tmp_path / "file").write_text("")
    with pytest.raises(OsvFault, match="cannot be written"):
        known(root, tmp_path / "file" / "cache")


def test_the_cache_lies_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path))
    assert index.default_cache() == tmp_path / "infosec.principles"
