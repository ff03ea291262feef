# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import libraries
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, NeedsRoot

LINE = "7f0a1000-7f0b2000 {mode} 00028000 fe:01 1234567                    {path}\n"


def maps(path: str, mode: str = "r-xp") -> bytes:
    return LINE.format(mode=mode, path=path).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)", True),
        ("/usr/sbin/nginx (deleted)", True),
        ("/opt/my app/lib.so (deleted)", True),
        ("/usr/lib/x86_64-linux-gnu/libssl.so.3", False),
        ("/memfd:jit (deleted)", False),
        ("/dev/zero (deleted)", False),
        ("/dev/shm/x (deleted)", False),
        ("/SYSV00000000 (deleted)", False),
        ("/[aio] (deleted)", False),
        ("/tmp/jna-1/jna.tmp (deleted)", False),
        ("/run/user/1000/x (deleted)", False),
        ("[vdso]", False),
    ],
)
def test_which_mappings_count(path: str, found: bool) -> None:
    assert bool(libraries.deleted(maps(path))) is found


def test_what_is_only_read_does_not_count() -> None:
    assert libraries.deleted(maps("/usr/lib/locale/C.utf8/LC_CTYPE (deleted)", "r--p")) == ()


def test_each_file_once_and_printable() -> None:
    text = maps("/usr/lib/b.so (deleted)") * 2 + maps("/usr/lib/a\x1b[31m.so (deleted)")
    assert libraries.deleted(text) == ("/usr/lib/a\\x1b[31m.so", "/usr/lib/b.so")


@pytest.mark.parametrize(
    "text", [b"", b"(deleted)\n" * 1000, b"\0" * 100 + b" (deleted)", b"7f-8f r-xp 0 0 0 / (deleted"]
)
def test_garbage_is_no_mapping(text: bytes) -> None:
    assert libraries.deleted(text) == ()


def process(root: pathlib.Path, pid: int, cgroup: str, text: bytes) -> None:
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True)
    (folder / "maps").write_bytes(text)
    (folder / "stat").write_text(f"{pid} (daemon) S 1 1 1\n")
    (folder / "cgroup").write_text(f"0::{cgroup}\n")


def test_processes_by_unit_and_containers_left_out(tmp_path: pathlib.Path) -> None:
    gone = maps("/usr/lib/libc.so.6 (deleted)")
    process(tmp_path, 10, "/system.slice/web.service", gone)
    process(tmp_path, 11, f"/system.slice/docker-{'0' * 64}.scope", gone)
    process(tmp_path, 12, "/system.slice/db.service", maps("/usr/lib/libc.so.6"))
    found = libraries.read(Host(root=str(tmp_path)))
    assert [(one.process.place.unit, one.files) for one in found.stale] == [("web.service", ("/usr/lib/libc.so.6",))]
    assert found.hidden == 0


def test_hidden_processes_are_counted(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process(tmp_path, 10, "/system.slice/web.service", b"")
    host = Host(root=str(tmp_path))

    def refuse(name: str, size: int) -> bytes:
        raise NeedsRoot(name)

    monkeypatch.setattr(host, "read_part", refuse)
    assert libraries.read(host).hidden == 1
