# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook internal_ca on this machine, which is two hosts with a folder each: made, kept, renewed, and what it needs."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import typing as t

import pytest
from cryptography import x509

from ansible_collections.infosec.principles.tests.unit.playbooks import test_playbooks
from ansible_collections.infosec.principles.tests.unit.playbooks.test_playbooks import COLLECTIONS, play

INVENTORY = """\
[web]
one ansible_connection=local infosec_addresses=127.0.0.2 data_protection_certificate_folder={folder}/one
two ansible_connection=local infosec_addresses=127.0.0.3 data_protection_certificate_folder={folder}/two
"""
SHOP = {
    "name": "shop",
    "hosts": ["web"],
    "ports": ["9/tcp"],
    "clients": ["any"],
    "tls": "required",
    "names": ["shop.example.org"],
    "justification": "x",
    "owner": "x",
    "review_by": "2999-01-01",
}
# In containers of CI this machine has its packages, or is told so above.
needs = pytest.mark.skipif(
    "CI" not in os.environ and not (COLLECTIONS / "ansible_collections/community/crypto").exists(),
    reason="community.crypto is not in .collections (tests/bootstrap/collection brings it)",
)


def run(folder: pathlib.Path, *more: str, **variables: t.Any) -> tuple[int, str]:
    (folder / "hosts").write_text(INVENTORY.format(folder=folder), encoding="utf-8")
    given = {"infosec_services": [SHOP], "infosec_become": False, **variables}
    return play(folder, "internal_ca", *more, inventory=("-i", "hosts"), **given)


def changes(output: str) -> set[int]:
    return {int(number) for number in re.findall(r"changed=(\d+)", output)}


@pytest.fixture(name="password")
def written(tmp_path: pathlib.Path) -> tuple[str, str]:
    (tmp_path / "password").write_text("a password", encoding="utf-8")
    return ("--vault-password-file", "password")


@needs
def test_certificates_are_made_kept_and_renewed(tmp_path: pathlib.Path, password: tuple[str, str]) -> None:
    status, output = run(tmp_path, *password)
    assert status == 0, output
    (key,) = (tmp_path / "internal_ca").glob("*.key")
    assert key.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;1.1;AES256\n") and key.stat().st_mode & 0o77 == 0
    assert "PRIVATE KEY" not in output
    shop = read(tmp_path / "one/shop/fullchain.pem")
    names = shop.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["shop.example.org", "one"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.2"]
    assert (shop.not_valid_after_utc - shop.not_valid_before_utc).days == 90
    root = read(tmp_path / "one/ca.pem")
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    for name in ("one/host", "one/shop", "two/host", "two/shop"):
        verify(tmp_path / "one/ca.pem", tmp_path / name / "fullchain.pem")

    status, output = run(tmp_path, *password)
    assert (status, changes(output)) == (0, {0}), output

    status, output = run(tmp_path, *password, "--check", infosec_certificate_renew_days=91)
    assert status == 0 and changes(output) == {1}, output
    assert read(tmp_path / "one/shop/fullchain.pem") == shop

    status, output = run(tmp_path, *password, "--limit", "one", infosec_certificate_renew_days=91)
    assert status == 0, output
    assert read(tmp_path / "one/shop/fullchain.pem").serial_number != shop.serial_number


def read(path: pathlib.Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def verify(root: pathlib.Path, path: pathlib.Path) -> None:
    subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", root, path], check=True, capture_output=True)


@needs
def test_without_a_vault_password_nothing_is_written(tmp_path: pathlib.Path) -> None:
    status, output = run(tmp_path)
    assert status != 0 and "the run has no password for Ansible Vault" in " ".join(output.split())
    assert not (tmp_path / "internal_ca").exists() and not (tmp_path / "one").exists()


@needs
def test_check_mode_without_an_authority_writes_nothing(tmp_path: pathlib.Path) -> None:
    status, output = run(tmp_path, "--check")
    assert status == 0, output
    assert not (tmp_path / "internal_ca").exists() and not (tmp_path / "one").exists()


def test_what_the_controller_needs_is_said(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = tmp_path / "collections/ansible_collections/infosec"
    ours.mkdir(parents=True)
    (ours / "principles").symlink_to(COLLECTIONS / "ansible_collections/infosec/principles")
    monkeypatch.setattr(test_playbooks, "COLLECTIONS", tmp_path / "collections")
    status, output = run(tmp_path)
    assert status != 0
    assert "ansible-galaxy collection install community.crypto" in " ".join(output.split()), json.dumps(output)
    assert not (tmp_path / "one").exists()
