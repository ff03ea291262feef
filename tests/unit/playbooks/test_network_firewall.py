# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook network_firewall as a user runs it."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.tests.unit.playbooks.test_playbooks import play

INVENTORY = """
all:
  children:
    web: {hosts: {web1: {infosec_addresses: [10.76.2.10, "fd00:76:2::10"]}}}
    app: {hosts: {app1: {infosec_addresses: "{{ '10.76.1.' ~ 10 }}"}}}
"""
SERVICE = {
    **{"name": "website", "hosts": ["web"], "ports": ["443/tcp"], "clients": ["app", "{{ office }}"]},
    **{"justification": "Public.", "owner": "web@example.org", "review_by": "2027-06-30"},
}
TARGETS: dict[str, t.Any] = {"nftables": None, "k8s": {"pods": ["10.76.1.8/29"]}, "aws": {"hosts": ["web"]}}
FILES = ["aws/security_groups.tf.json", "infosec_files.txt", "k8s.yml", "nftables.nft"]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "inventory.yml").write_text(INVENTORY, encoding="utf-8")
    return tmp_path / "network_firewall"


def run(folder: pathlib.Path, *more: str, **variables: t.Any) -> tuple[int, str]:
    wanted = {"office": "10.76.1.8/29", "infosec_services": [SERVICE], "infosec_network_firewall": TARGETS, **variables}
    return play(folder.parent, "network_firewall", "-i", "inventory.yml", *more, **wanted)


def written(folder: pathlib.Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_files_are_written_once_and_go_when_they_are_not_wanted_any_more(folder: pathlib.Path) -> None:
    status, output = run(folder)
    assert status == 0, output
    assert written(folder) == FILES
    assert "ip saddr 10.76.1.8/29 ip daddr 10.76.2.10/32 tcp dport 443" in (folder / "nftables.nft").read_text()
    assert "website" in json.loads((folder / FILES[0]).read_text())["resource"]["aws_security_group"]
    status, output = run(folder)
    assert status == 0, output
    assert "changed=0" in output

    # Nothing but what the playbook wrote, whatever its list says.
    (folder / "README").write_text("mine", encoding="utf-8")
    (folder.parent / "precious").write_text("mine", encoding="utf-8")
    with (folder / "infosec_files.txt").open("a", encoding="utf-8") as file:
        file.write("../precious\n/etc/hosts.not\n\n")
    status, output = run(folder, infosec_network_firewall={"k8s": TARGETS["k8s"]})
    assert status == 0, output
    assert written(folder) == ["README", "infosec_files.txt", "k8s.yml"]
    assert (folder.parent / "precious").exists()


def test_check_mode_shows_and_writes_nothing(folder: pathlib.Path) -> None:
    status, output = run(folder, "--check", "--diff")
    assert status == 0, output
    assert "+        ip saddr 10.76.1.8/29 ip daddr 10.76.2.10/32 tcp dport 443 ct state new accept" in output
    assert not folder.exists()


def test_files_of_others_stay(folder: pathlib.Path) -> None:
    folder.mkdir()
    (folder / "nftables.nft").write_text("mine", encoding="utf-8")
    status, output = run(folder)
    assert status != 0
    assert "nftables.nft: not written by this playbook; move them" in output
    assert written(folder) == ["nftables.nft"]
    assert (folder / "nftables.nft").read_text(encoding="utf-8") == "mine"


def test_faults_are_named_before_a_file_is_written(folder: pathlib.Path) -> None:
    status, output = run(folder, infosec_network_firewall={"paloalto": {}})
    assert status != 0
    assert "paloalto.from_zone: missing; write a word" in output
    assert not folder.exists()
