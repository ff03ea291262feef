# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh_authentication beyond the traps: the client, FIPS, several places and policies."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import (
    client,
    known,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import guard
from ansible_collections.infosec.principles.tests.unit.pairs.ssh_authentication import (
    CLEAN,
    CLIENT,
    DEBIAN,
    DEBIANS_CLIENT,
    INCLUDE,
)
from ansible_collections.infosec.principles.tests.unit.pairs.ssh_ground import Ground

CONFIG = "/etc/ssh/ssh_config"


@pytest.fixture(name="ground")
def make(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    monkeypatch.setattr(guard, "_start", guard.say_ready)
    return Ground(tmp_path)


# The client


def test_ssh_loses_what_is_weak_and_no_more(ground: Ground) -> None:
    ground.lay(CLEAN.replace("RequiredRSASize 3072\n", ""), debian="11", client=DEBIANS_CLIENT)
    assert ground.fix()["client"] == "fixed"
    told = ground.read(client.DROP_IN)
    assert "HostKeyAlgorithms -ssh-rsa-cert-v01@openssh.com,ssh-rsa\n" in told
    assert "Ciphers" not in told


def test_ssh_keeps_its_order_of_host_keys_where_none_is_weak(ground: Ground) -> None:
    ground.lay(debian="13", client=DEBIANS_CLIENT)
    assert ground.fix(profile="strict")["client"] == "fixed"
    told = ground.read(client.DROP_IN)
    assert "HostKeyAlgorithms" not in told
    assert "curve25519-sha256" in told


def test_a_configuration_without_include_gets_a_block(ground: Ground) -> None:
    config = f"Host *\n ForwardAgent yes\n{CLIENT.partition(chr(10))[2]}"
    ground.lay(client=config)
    assert ground.fix()["client"] == "fixed"
    assert ground.read(CONFIG).startswith("# BEGIN infosec.principles drop-ins\n")
    assert ground.read(CONFIG).endswith(config)


def test_another_policy_is_written_for_ssh_too(ground: Ground) -> None:
    ground.lay(client=DEBIANS_CLIENT)
    ground.fix()
    asked = {"also_allow": ["diffie-hellman-group14-sha256"]}
    assert ground.judge(**asked)["client"].status == "fail"
    assert ground.fix(**asked)["client"] == "fixed"
    assert "diffie-hellman-group14-sha256" in ground.read(client.DROP_IN)
    assert ground.judge(**asked)["client"].status == "pass"


# Policies


def test_a_stricter_list_is_not_widened(ground: Ground) -> None:
    ground.lay(f"{INCLUDE}{CLEAN}Ciphers aes256-gcm@openssh.com\nPermitEmptyPasswords yes\n")
    ground.fix()
    assert ground.lines("Ciphers") == []
    assert ground.lines("PermitEmptyPasswords") == ["no"]


def test_root_may_from_where_programs_come(ground: Ground) -> None:
    ground.lay()
    asked = {"automation": [{"name": "root", "from": ["192.0.2.5", "198.51.100.0/24"]}]}
    assert ground.fix(**asked)["root_login"] == "fixed"
    assert ground.lines("PermitRootLogin") == ["prohibit-password", "no"]
    assert ground.lines("Match") == ["User root Address 192.0.2.5,198.51.100.0/24", "all"]
    assert ground.judge()["kex"].message.startswith("the file holds another policy")


def test_root_by_key_does_not_loosen_a_no(ground: Ground) -> None:
    ground.lay(f"{DEBIAN}PermitRootLogin no\nMatch Address 198.51.100.0/24\nPermitRootLogin yes\n")
    finding = ground.judge(root_login="key")["root_login"]
    assert "would loosen that" in finding.message
    assert not finding.fix


def test_a_host_in_fips_mode(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.lay(keys={"rsa": 4096})
    ground.machine.write("/proc/sys/crypto/fips_enabled", "1\n")
    assert known.fips(ground.machine.host())
    # The played machine lays its /proc anew when a unit changes.
    monkeypatch.setattr(known, "fips", lambda host: True)
    after = ground.fix()
    assert (after["kex"], after["ciphers"], after["host_keys"]) == ("fixed", "fixed", "pass")
    assert ground.lines("KexAlgorithms") == [
        "ecdh-sha2-nistp521,ecdh-sha2-nistp384,ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha256"
    ]
    assert "chacha20" not in ground.lines("Ciphers")[0]


def test_a_match_that_cannot_be_asked_about_is_no_pass(ground: Ground) -> None:
    ground.lay(f"{CLEAN}Match RDomain vrf1\nPasswordAuthentication yes\n")
    assert ground.judge()["keys_only"].status == "not_assessed"
    assert ground.judge()["ciphers"].status == "pass"


def test_passwords_are_nobodys_evidence(ground: Ground) -> None:
    ground.lay()
    told = " ".join(f"{one.source} {one.found}" for finding in ground.judge().values() for one in finding.evidence)
    assert "ssh-ed25519 AAAA" not in told
