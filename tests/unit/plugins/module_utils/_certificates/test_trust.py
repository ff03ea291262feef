# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Among those that the whole host trusts: exactly ours, and nobody else's touched."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._certificates import trust
from ansible_collections.infosec.principles.plugins.module_utils._certificates.pairs import PairError
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

X509 = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "x509"
ONE, TWO = ((X509 / f"{name}.pem").read_text() for name in ("rsa-4096-authority", "p-256"))


@pytest.mark.parametrize(("folder", "ending", "program"), trust.STORES)
def test_ours_come_and_go(tmp_path: pathlib.Path, folder: str, ending: str, program: str) -> None:
    place = tmp_path / folder.lstrip("/")
    place.mkdir(parents=True)
    (place / f"theirs{ending}").write_text("theirs")
    called: list[t.Sequence[str]] = []

    def run(argv: t.Sequence[str]) -> Completed:
        called.append(argv)
        return Completed(0, "", "")

    assert trust.update(ONE + TWO, run, check=True, root=str(tmp_path)) and not called
    assert trust.update(ONE + TWO, run, check=False, root=str(tmp_path))
    assert len(list(place.iterdir())) == 3 and called == [[program]]
    assert not trust.update(ONE + TWO, run, check=False, root=str(tmp_path))
    assert trust.update(TWO, run, check=False, root=str(tmp_path))
    assert sorted(path.read_text().strip() for path in place.iterdir()) == [TWO.strip(), "theirs"]


def test_a_host_without_such_a_folder(tmp_path: pathlib.Path) -> None:
    with pytest.raises(PairError, match="ca-certificates"):
        trust.update(ONE, lambda argv: Completed(0, "", ""), check=False, root=str(tmp_path))


def test_a_program_that_fails(tmp_path: pathlib.Path) -> None:
    (tmp_path / "usr/local/share/ca-certificates").mkdir(parents=True)
    with pytest.raises(PairError, match="update-ca-certificates: ended with 1"):
        trust.update(ONE, lambda argv: Completed(1, "", ""), check=False, root=str(tmp_path))
