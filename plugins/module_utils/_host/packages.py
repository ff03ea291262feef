# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which package a file came with: dpkg's own lists are read, rpm is asked."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

DPKG = "/var/lib/dpkg/info"
RPM = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")
#: Folders that are one since the /usr merge; packages list files under either name.
_MERGED = re.compile(r"/(?:usr/)?((?:s?bin|lib(?:32|64|x32)?)/.*)", re.DOTALL)


def aliases(path: str) -> tuple[str, ...]:
    """The path as packages may name it: before and after the merge of / and /usr."""
    match = _MERGED.fullmatch(path)
    return (f"/usr/{match.group(1)}", f"/{match.group(1)}") if match else (path,)


def owners(host: Host, paths: t.Iterable[str]) -> dict[str, str]:
    """The package of each path that has one. One pass over dpkg's lists for all paths (600 lists: about 30 ms)."""
    wanted = sorted({path for path in paths if path.startswith("/")})
    if not wanted:
        return {}
    if host.exists(DPKG):
        return _dpkg(host, wanted)
    return _rpm(host, wanted) if any(host.exists(folder) for folder in RPM) else {}


def _dpkg(host: Host, wanted: list[str]) -> dict[str, str]:
    lines = {f"\n{alias}\n".encode("utf-8", "surrogateescape"): path for path in wanted for alias in aliases(path)}
    found: dict[str, str] = {}
    for name in host.listdir(DPKG):
        if name.endswith(".list") and len(found) < len(wanted):
            content = _content(host, f"{DPKG}/{name}")
            hits = [path for line, path in lines.items() if line in content]
            found.update(dict.fromkeys(hits, name[: -len(".list")].partition(":")[0]))
    return found


def _content(host: Host, path: str) -> bytes:
    try:
        return b"\n" + host.read_bytes(path)
    except HostError:
        return b""


def _rpm(host: Host, wanted: list[str]) -> dict[str, str]:
    answers = {path: host.ask("rpm", "-qf", "--queryformat", "%{NAME}\\n", "--", path) for path in wanted}
    return {path: answer.stdout.split("\n")[0] for path, answer in answers.items() if answer.rc == 0}
