# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Which library of TLS a running process has loaded, and its version: that decides, not what `openssl version` says."""

from __future__ import annotations

import dataclasses
import re

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: A process may map 65,530 pieces at most (vm.max_map_count), with about 100 bytes a line.
MAX_MAPS = 8 * 1024 * 1024
#: libcrypto has about 5 MB.
MAX_LIBRARY = 32 * 1024 * 1024
OPENSSL, GNUTLS = "OpenSSL", "GnuTLS"
#: The library proper: libssl only passes its version on.
_FILES = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ r..[ps] .* (/\S*/(?:libcrypto|libgnutls)[-.\w]*\.so[.\w]*)$", re.MULTILINE)
#: OPENSSL_VERSION_TEXT (opensslv.h), which is in the library as it is.
_VERSION = re.compile(rb"OpenSSL (\d+)\.(\d+)\.(\d+)[a-z]* ")
_SONAME = re.compile(r"\.so\.(\d+)(?:\.(\d+)(?:\.(\d+))?)?")


@dataclasses.dataclass(frozen=True)
class Library:
    """name: OPENSSL or GNUTLS; "" where none was found (one that is built in, another implementation).

    version: () where it is not known. path: the file.
    """

    name: str = ""
    version: tuple[int, ...] = ()
    path: str = ""


def of(host: Host, pid: int) -> Library:
    """The library that a process has loaded. Raises NeedsRoot or HostError where its mappings cannot be read."""
    maps = host.read_part(f"/proc/{pid}/maps", MAX_MAPS)
    paths = sorted({match.decode("utf-8", "surrogateescape") for match in _FILES.findall(maps)})
    for path in paths:
        if "libcrypto" in path:
            return Library(OPENSSL, _openssl(host, path), path)
    return Library(GNUTLS, _numbers(paths[0]), paths[0]) if paths else Library()


def _openssl(host: Host, path: str) -> tuple[int, ...]:
    try:
        found = _VERSION.search(host.read_part(path, MAX_LIBRARY))
    except HostError:
        found = None
    return tuple(int(part) for part in found.groups()) if found else _numbers(path)


def _numbers(path: str) -> tuple[int, ...]:
    found = _SONAME.search(path)
    return tuple(int(part) for part in found.groups() if part) if found else ()
