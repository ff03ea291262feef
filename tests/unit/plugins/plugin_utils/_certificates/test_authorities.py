# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which authority signs when, as their files on the controller say."""

from __future__ import annotations

import datetime
import pathlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.infosec.principles.plugins.plugin_utils._certificates import authorities
from ansible_collections.infosec.principles.plugins.plugin_utils._certificates.authorities import AuthorityError

KEY = ec.generate_private_key(ec.SECP256R1())
DAY = datetime.timedelta(days=1)
BEGIN = datetime.datetime(2026, 1, 10, tzinfo=datetime.timezone.utc)


def put(
    folder: pathlib.Path, begins: datetime.datetime, days: int = 3650, *, ca: bool = True, key: bool = True
) -> None:
    """An authority that was made then."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority {begins.date()}")])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, begins, begins + days * DAY)
    made = builder.add_extension(x509.BasicConstraints(ca, 0 if ca else None), True).sign(KEY, hashes.SHA256())
    (folder / f"{begins.date()}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    if key:
        (folder / f"{begins.date()}.key").write_text("sealed")


def plan(folder: pathlib.Path, now: datetime.datetime) -> dict[str, str]:
    return authorities.plan(folder, now, renew_days=365, overlap_days=14)


def test_the_first_is_made_and_signs_at_once(tmp_path: pathlib.Path) -> None:
    assert plan(tmp_path, BEGIN) == {"authorities": "", "signer": "", "make": "2026-01-10"}
    put(tmp_path, BEGIN)
    made = plan(tmp_path, BEGIN)
    assert (made["signer"], made["make"]) == ("2026-01-10", "")
    assert made["authorities"] == (tmp_path / "2026-01-10.pem").read_text()


def test_a_successor_is_known_before_it_signs(tmp_path: pathlib.Path) -> None:
    put(tmp_path, BEGIN)
    due = BEGIN + 3285 * DAY
    assert plan(tmp_path, due - DAY)["make"] == ""
    assert plan(tmp_path, due)["make"] == str(due.date())
    put(tmp_path, due)
    assert plan(tmp_path, due)["make"] == ""
    assert plan(tmp_path, due + 13 * DAY)["signer"] == "2026-01-10"
    assert plan(tmp_path, due + 14 * DAY)["signer"] == str(due.date())
    both = plan(tmp_path, due + 14 * DAY)["authorities"]
    assert both.count("BEGIN CERTIFICATE") == 2 and both.startswith((tmp_path / f"{due.date()}.pem").read_text())


def test_one_that_has_ended_counts_no_more(tmp_path: pathlib.Path) -> None:
    put(tmp_path, BEGIN, 100)
    assert plan(tmp_path, BEGIN + 101 * DAY)["authorities"] == ""
    assert plan(tmp_path, BEGIN + 101 * DAY)["make"]


def test_no_second_one_is_made_on_a_day(tmp_path: pathlib.Path) -> None:
    put(tmp_path, BEGIN, 100)
    assert plan(tmp_path, BEGIN)["make"] == ""


@pytest.mark.parametrize(
    ("ca", "key", "fault"), [(False, True, "no certificate of an authority"), (True, False, "its key")]
)
def test_files_that_cannot_be_used(tmp_path: pathlib.Path, ca: bool, key: bool, fault: str) -> None:
    put(tmp_path, BEGIN, ca=ca, key=key)
    with pytest.raises(AuthorityError, match=fault):
        plan(tmp_path, BEGIN)


def test_other_files_are_none_of_ours(tmp_path: pathlib.Path) -> None:
    (tmp_path / "README.pem").write_text("something")
    assert plan(tmp_path, BEGIN)["authorities"] == "" == authorities.bundle(tmp_path)
