# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which library speaks TLS for a process that has loaded several, and for one whose helpers load it."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import crypto_library
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import GNUTLS, OPENSSL
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, Missing

FOLDER = "usr/lib/x86_64-linux-gnu"


@pytest.fixture
def root(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / FOLDER / "libcrypto.so.3").write_bytes(b"\0OpenSSL 3.5.9 7 Jul 2026\0")
    return tmp_path


def maps(root: pathlib.Path, *names: str) -> Host:
    """A process that has mapped these, as /proc/PID/maps of slapd on Debian 12 and 13 has them."""
    lines = [f"7f0{at}-7f1{at} r-xp 00000000 08:01 1      /{FOLDER}/{name}\n" for at, name in enumerate(names)]
    (root / "proc/7/maps").write_text("".join(lines))
    return Host(root=str(root))


def test_who_has_libcrypto_for_passwords_alone_speaks_tls_by_gnutls(root: pathlib.Path) -> None:
    host = maps(root, "libcrypto.so.3", "libgnutls.so.30.34.3")
    found = crypto_library.of(host, 7)
    assert (found.name, found.version) == (GNUTLS, (30, 34, 3))


def test_who_has_libssl_speaks_tls_by_openssl(root: pathlib.Path) -> None:
    host = maps(root, "libcrypto.so.3", "libgnutls.so.30.34.3", "libssl.so.3")
    found = crypto_library.of(host, 7)
    assert (found.name, found.version) == (OPENSSL, (3, 5, 9))


def test_a_module_tells_what_it_is_linked_with(root: pathlib.Path) -> None:
    (root / "usr/lib/postfix").mkdir()
    (root / "usr/lib/postfix/libpostfix-tls.so").write_bytes(b"\x7fELF\0libssl.so.3\0libcrypto.so.3\0libc.so.6\0")
    found = crypto_library.linked(Host(root=str(root)), "/usr/lib/postfix/libpostfix-tls.so")
    assert (found.name, found.version, found.path) == (OPENSSL, (3, 5, 9), f"/{FOLDER}/libcrypto.so.3")


def test_a_module_without_tls_has_none(root: pathlib.Path) -> None:
    (root / "module.so").write_bytes(b"\x7fELF\0libc.so.6\0")
    assert not crypto_library.linked(Host(root=str(root)), "/module.so").name


def test_a_missing_module_is_said(root: pathlib.Path) -> None:
    with pytest.raises(Missing):
        crypto_library.linked(Host(root=str(root)), "/no/module.so")
