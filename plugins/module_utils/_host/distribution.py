# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which distribution this is, by os-release(5)."""

from __future__ import annotations

import dataclasses
import re
import shlex

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: An id of a distribution, or of one that it is like -> whose package manager and conventions it has.
FAMILIES = {
    "debian": "debian",
    "ubuntu": "debian",
    "rhel": "redhat",
    "fedora": "redhat",
    "centos": "redhat",
    "suse": "suse",
    "opensuse": "suse",
    "sles": "suse",
}


@dataclasses.dataclass(frozen=True)
class Distribution:
    """/etc/os-release: the id, the ids that it is like, the name for people, the release's codename and number.

    support_end: SUPPORT_END, the day (YYYY-MM-DD) on which the maker stops to support this release; "" where not told.
    """

    id: str
    like: tuple[str, ...]
    name: str
    codename: str
    version: str = ""
    support_end: str = ""

    @property
    def family(self) -> str:
        """debian, redhat, suse, or "" where it is none of them."""
        return next((FAMILIES[name] for name in (self.id, *self.like) if name in FAMILIES), "")


def read(host: Host) -> Distribution:
    """Use as `host.once(distribution.read)`."""
    values = _values(host)
    return Distribution(
        id=values.get("ID", "unknown"),
        like=tuple(values.get("ID_LIKE", "").split()),
        name=values.get("PRETTY_NAME", values.get("ID", "this system")),
        codename=values.get("VERSION_CODENAME", ""),
        version=values.get("VERSION_ID", ""),
        support_end=values.get("SUPPORT_END", ""),
    )


def _values(host: Host) -> dict[str, str]:
    for name in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            text = host.read_text(name)
        except Missing:
            continue
        pairs = (line.partition("=") for line in text.splitlines() if re.match(r"[A-Z_]+=", line))
        return {key: printable(_unquote(value)) for key, _equals, value in pairs}
    return {}


def _unquote(value: str) -> str:
    try:
        return "".join(shlex.split(value))
    except ValueError:
        return value.strip("\"'")
