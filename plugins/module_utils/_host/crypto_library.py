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
#: libcrypto is the library proper, libssl only passes its version on; but who has no libssl computes and speaks no TLS.
_FILES = re.compile(
    rb"^[0-9a-f]+-[0-9a-f]+ r..[ps] .* (/\S*/(?:libcrypto|libgnutls|libssl)[-.\w]*\.so[.\w]*)$", re.MULTILINE
)
#: The name by which a program asks for the library when it starts.
_NEEDED = re.compile(rb"\0(libcrypto\.so[.\d]*|libgnutls\.so[.\d]*)\0")
#: Where the loader finds it (ld.so(8)), with multiarch's folders.
_FOLDERS = ("/usr/lib/*/", "/lib/*/", "/usr/lib64/", "/lib64/", "/usr/lib/", "/lib/", "/usr/local/lib/")
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
    found = {name: path for name in ("libssl", "libgnutls", "libcrypto") for path in paths if f"/{name}" in path}
    if "libgnutls" in found and "libssl" not in found:
        return _read(host, found["libgnutls"])
    return _read(host, found["libcrypto"]) if "libcrypto" in found else Library()


def linked(host: Host, program: str) -> Library:
    """The library that a program or a module (ELF) gets when it is loaded: for servers whose main process has none.

    Raises NeedsRoot or HostError where the file cannot be read.
    """
    needed = sorted({name.decode("ascii") for name in _NEEDED.findall(host.read_part(program, MAX_LIBRARY))})
    paths = (path for name in needed for folder in _FOLDERS for path in host.glob(f"{folder}{name}"))
    return next((_read(host, path) for path in paths), Library())


def _read(host: Host, path: str) -> Library:
    if "/libgnutls" in path:
        return Library(GNUTLS, _numbers(path), path)
    return Library(OPENSSL, _openssl(host, path), path)


def _openssl(host: Host, path: str) -> tuple[int, ...]:
    try:
        found = _VERSION.search(host.read_part(path, MAX_LIBRARY))
    except HostError:
        found = None
    return tuple(int(part) for part in found.groups()) if found else _numbers(path)


def _numbers(path: str) -> tuple[int, ...]:
    found = _SONAME.search(path)
    return tuple(int(part) for part in found.groups() if part) if found else ()
