# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both formats of sources.list, the names of lists, and Release files."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import aptsources

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "apt"
SECURITY = "http://security.debian.org/debian-security"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"deb {SECURITY} bookworm-security main", (SECURITY, "bookworm-security", ("main",))),
        (f"deb [arch=amd64 signed-by=/x.gpg] {SECURITY} s main contrib # note", (SECURITY, "s", ("main", "contrib"))),
        (f"deb [ arch=amd64 ] {SECURITY} s main", (SECURITY, "s", ("main",))),
        ("  deb\tfile:/srv/flat ./", ("file:/srv/flat", "./", ())),
        (f"# deb {SECURITY} s main", None),
        (f"deb-src {SECURITY} s main", None),
        ("deb", None),
        ("", None),
    ],
)
def test_lines(line: str, expected: tuple[str, str, tuple[str, ...]] | None) -> None:
    found = [(entry.uri, entry.suite, entry.components) for entry in aptsources.parse_lines(f"\n{line}\n")]
    assert found == ([expected] if expected else [])
    assert [entry.line for entry in aptsources.parse_lines(f"\n{line}\n")] == ([2] if expected else [])


STANZAS = f"""# Debian's own
Types: deb deb-src
URIs: {SECURITY}
 http://mirror.example/debian-security
Suites: trixie-security
Components: main
 contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc: def
 -----END PGP PUBLIC KEY BLOCK-----

types: deb
uris: http://off.example/
suites: trixie
components: main
Enabled: no

Types: deb-src
URIs: http://sources.example/
Suites: trixie
Components: main
"""


def test_stanzas() -> None:
    found = [(entry.uri, entry.suite, entry.components, entry.line) for entry in aptsources.parse_stanzas(STANZAS)]
    assert found == [
        (SECURITY, "trixie-security", ("main", "contrib"), 1),
        ("http://mirror.example/debian-security", "trixie-security", ("main", "contrib"), 1),
    ]


@pytest.mark.parametrize(
    ("uri", "suite", "name"),
    [
        (SECURITY, "bookworm-security", "security.debian.org_debian-security_dists_bookworm-security_"),
        ("http://deb.debian.org/debian/", "sid", "deb.debian.org_debian_dists_sid_"),
        ("http://security.debian.org", "buster/updates", "security.debian.org_dists_buster_updates_"),
        ("https://user:pass@repo.example:8443/a_b~c", "x", "repo.example:8443_a%5fb%7ec_dists_x_"),
        ("mirror+file:/etc/apt/mirrors/debian.list", "trixie", "_etc_apt_mirrors_debian.list_dists_trixie_"),
        ("file:/srv/flat", "./", "_srv_flat_._"),
    ],
)
def test_names_of_lists(uri: str, suite: str, name: str) -> None:
    assert aptsources.Entry(uri, suite, ("main",), 1).list_name == name


def test_passwords_are_not_shown() -> None:
    entry = aptsources.Entry("https://user:secret@repo.example:8443/debian/", "x", (), 1)
    assert (entry.place, entry.site) == ("repo.example:8443/debian", "repo.example")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("InRelease-head-debian-13", ["Debian", "Debian", "stable", "trixie"]),
        ("InRelease-security-head-debian-13", ["Debian", "Debian-Security", "stable-security", "trixie-security"]),
        (
            "InRelease-security-head-debian-11",
            ["Debian", "Debian-Security", "oldoldstable-security", "bullseye-security"],
        ),
    ],
)
def test_release_files_of_real_sources(name: str, expected: list[str]) -> None:
    assert list(aptsources.parse_release((FIXTURES / name).read_text(encoding="utf-8")).values())[:4] == expected


def test_a_release_file_may_lack_everything() -> None:
    assert set(aptsources.parse_release("Hash: SHA256\r\nLabel:\r\n").values()) == {""}
