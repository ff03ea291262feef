# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rekey_vault as a user runs it: no password on the command line or in what is printed."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.infosec.principles.tests.unit.playbooks.test_playbooks import play

OLD, NEW = "horse battery", "correct staple"


def lib(password: str) -> VaultLib:
    return VaultLib([("default", VaultSecret(password.encode()))])


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    """A project with one encrypted file; the old password in a file, the new one printed by a program."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "vault.yml").write_bytes(lib(OLD).encrypt("token: hunter2\n"))
    (tmp_path / "old").write_text(f"{OLD}\n", encoding="utf-8")
    (tmp_path / "new").write_text(f"#!/bin/sh\necho '{NEW}'\n", encoding="utf-8")
    (tmp_path / "new").chmod(0o700)
    return folder


def rekey(project: pathlib.Path, *more: str, **variables: t.Any) -> tuple[int, str]:
    given = {"infosec_vault_old": "old", "infosec_vault_new": "new", "infosec_vault_project": "project", **variables}
    status, output = play(project.parent, "rekey_vault", *more, **given)
    assert OLD not in output and NEW not in output and "hunter2" not in output
    return status, output


def test_a_project_gets_a_new_password(project: pathlib.Path) -> None:
    before = (project / "vault.yml").read_bytes()
    status, output = rekey(project, "--check")
    assert status == 0 and "changed=1" in output, output
    assert (project / "vault.yml").read_bytes() == before
    status, output = rekey(project, "-vvvv")
    assert status == 0 and "changed=1" in output, output
    assert lib(NEW).decrypt((project / "vault.yml").read_bytes()) == b"token: hunter2\n"
    assert (project / ".rekey-backup" / "vault.yml").read_bytes() == before
    status, output = rekey(project)
    assert status == 0 and "changed=0" in output, output


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"infosec_vault_new": "old"}, "the new password is the old one"),
        ({"infosec_vault_old": "gone"}, "gone was not found"),
        ({"infosec_vault_old": "other"}, "vault.yml:1: neither the old nor the new password opens this value"),
    ],
)
def test_what_is_wrong_changes_nothing(project: pathlib.Path, variables: dict[str, str], why: str) -> None:
    (project.parent / "other").write_text("something else\n", encoding="utf-8")
    before = (project / "vault.yml").read_bytes()
    status, output = rekey(project, **variables)
    assert status != 0
    assert why in " ".join(output.split())
    assert (project / "vault.yml").read_bytes() == before
