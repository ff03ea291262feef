# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook update_advisories as a user runs it, against a server of the same form on the loopback."""

from __future__ import annotations

import datetime
import functools
import http.server
import io
import os
import pathlib
import threading
import typing as t
import zipfile

import pytest

from ansible_collections.infosec.principles.tests.unit.playbooks.test_playbooks import play

ADVISORIES = pathlib.Path(__file__).resolve().parents[3] / "molecule" / "shared" / "files" / "advisories"
WRITTEN = datetime.datetime(2026, 9, 21, 10, 20, 30, tzinfo=datetime.timezone.utc)


def packed(ecosystem: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (ADVISORIES / ecosystem).glob("*.json"):
            archive.write(path, path.name)
    return stream.getvalue()


@pytest.fixture
def bucket(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "bucket"
    for ecosystem in ("PyPI", "npm"):
        path = folder / ecosystem / "all.zip"
        path.parent.mkdir(parents=True)
        path.write_bytes(packed(ecosystem))
        os.utime(path, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    return folder


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: t.Any) -> None:
        """Nothing: the playbook's own output is what is looked at."""


@pytest.fixture
def url(bucket: pathlib.Path) -> t.Iterator[str]:
    handler = functools.partial(_Quiet, directory=os.fspath(bucket))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def fetch(folder: pathlib.Path, url: str, *more: str) -> tuple[int, str]:
    export = os.fspath(folder / "export")
    wanted = {"infosec_advisories_url": url, "patching_advisories": export, "infosec_ecosystems": ["PyPI", "npm"]}
    return play(folder, "update_advisories", *more, inventory=(), **wanted)


def export(folder: pathlib.Path) -> dict[str, bytes]:
    files = (folder / "export").rglob("*")
    return {path.relative_to(folder / "export").as_posix(): path.read_bytes() for path in files if path.is_file()}


def test_the_export_is_fetched_and_compiled(tmp_path: pathlib.Path, url: str) -> None:
    status, output = fetch(tmp_path, url)
    assert status == 0, output
    date = f"{WRITTEN:%Y-%m-%dT%H:%M:%SZ}\n".encode()
    archives = {f"{name}/all.zip": packed(name) for name in ("PyPI", "npm")}
    assert export(tmp_path) == {**archives, "PyPI/fetched": date, "npm/fetched": date}
    assert len(list((tmp_path / ".cache" / "infosec.principles").glob("*.sqlite3"))) == 1
    assert '"advisories": 5' in output
    assert '"date": "2026-09-21T10:20:30+00:00"' in output


@pytest.mark.parametrize("broken", [b"<html>It works!</html>", packed("npm")[:-40]])
def test_what_is_not_whole_replaces_nothing(
    tmp_path: pathlib.Path, bucket: pathlib.Path, url: str, broken: bytes
) -> None:
    before = {f"{name}/{file}": b"as it was" for name in ("PyPI", "npm") for file in ("all.zip", "fetched")}
    for name, content in before.items():
        (tmp_path / "export" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "export" / name).write_bytes(content)
    (bucket / "npm" / "all.zip").write_bytes(broken)
    status, output = fetch(tmp_path, url)
    assert status == 2
    assert "Nothing was replaced" in output
    assert "npm/all.zip" in output
    assert export(tmp_path) == before


def test_what_is_not_there_replaces_nothing(tmp_path: pathlib.Path, bucket: pathlib.Path, url: str) -> None:
    (bucket / "npm" / "all.zip").unlink()
    status, output = fetch(tmp_path, url)
    assert status == 2
    assert "404" in output
    assert export(tmp_path) == {}


def test_check_mode_fetches_nothing(tmp_path: pathlib.Path, url: str) -> None:
    status, output = fetch(tmp_path, url, "--check")
    assert status == 0, output
    assert not (tmp_path / "export").exists()
