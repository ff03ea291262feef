# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with the real sshd of Debian 11, 12 and 13, and that ssh_authentication does not.

Each test first walks into the trap by hand, so that it is known to be there, and then lets the control do it.

| trap | what happens | test |
| --- | --- | --- |
| 1 | an unknown algorithm ends sshd | test_trap_01_* |
| 2 | a second Subsystem line ends sshd before 9.5 | test_trap_02_* |
| 3 | sshd does not notice that the sftp server is missing | test_trap_03_* |
| 4 | the drop-in that comes first wins; not every configuration reads drop-ins | test_trap_04_* |
| 5 | HostKey lines add up, and one without a key is only a message | test_trap_05_* |
| 6 | `any` beside a list (9.2), and a method that is switched off, end sshd | test_trap_06_* |
| 7 | sshd -T shows what holds outside of Match alone | test_trap_07_* |
| 8 | sshd -T spells some values in its own way, and GSSAPI has a list of its own | test_trap_08_* |
| 9 | AuthenticationMethods publickey leaves passwords switched on | test_trap_09_* |
| 10 | a reload with a bad file is refused, a restart would leave no sshd | test_trap_10_* |
| 11 | whoever runs this is shut out | test_trap_11_* |
| 12 | without moduli, or without a group in the range, sshd falls back on fixed groups | test_trap_12_* |
| 13 | chacha20 is safe with the strict key exchange alone (Terrapin) | test_trap_13_* |
| 14 | hosts.allow and hosts.deny still count on Debian | test_trap_14_* |
"""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.tests.openssh.gate import Gate

OURS = "/etc/ssh/sshd_config.d/00-infosec-2-authentication.conf"
ENDING = "/etc/ssh/sshd_config.d/zz-trap.conf"
GEX = "diffie-hellman-group-exchange-sha256"


def test_trap_01_an_unknown_algorithm(gate: Gate) -> None:
    gate.write(ENDING, "KexAlgorithms +made-up\n")
    assert gate.refuses()
    gate.write(ENDING, "KexAlgorithms mlkem768x25519-sha256,curve25519-sha256\n")
    assert gate.refuses() is (gate.debian != "13")
    gate.do(f"rm {ENDING}")
    after = gate.harden(profile="strict", also_allow=["mlkem768x25519-sha256", "made-up", "curve25519-sha256"])
    assert (after["kex"]["status"], after["macs"]["status"]) == ("fixed", "fixed")
    assert not gate.refuses()
    assert ("mlkem768x25519-sha256" in gate.effective()) is (gate.debian == "13")
    assert gate.enters()


def test_trap_02_a_second_subsystem(gate: Gate) -> None:
    gate.write(ENDING, "Subsystem sftp internal-sftp -f AUTHPRIV -l INFO\n")
    assert gate.refuses() is (gate.debian != "13")
    gate.do(f"rm {ENDING}")
    assert gate.harden()["sftp_log"]["status"] == "fixed"
    assert gate.effective().count("\nsubsystem ") == 1
    assert gate.copies()
    assert 'opendir "/"' in gate.do("sleep 0.5; journalctl --quiet --no-pager -t sftp-server")


def test_trap_03_a_server_that_is_not_there(gate: Gate) -> None:
    gate.do("sed -i 's,^Subsystem.*,Subsystem sftp /usr/lib/ssh/sftp-server -f AUTHPRIV -l INFO,' /etc/ssh/sshd_config")
    gate.do("/usr/sbin/sshd -t && systemctl reload ssh")
    assert not gate.copies()
    assert "not there" in gate.harden()["sftp_log"]["message"]
    assert "subsystem sftp internal-sftp -f AUTHPRIV -l INFO\n" in gate.effective()
    assert gate.copies()


@pytest.mark.parametrize(
    "rival",
    ["01-permitrootlogin.conf", "50-cloud-init.conf"],
)
def test_trap_04_a_rival_drop_in(gate: Gate, rival: str) -> None:
    rules = "PermitRootLogin yes\nPasswordAuthentication yes\nCiphers aes256-ctr,aes256-cbc\n"
    gate.write(f"/etc/ssh/sshd_config.d/{rival}", f"{rules}Match all\nPermitRootLogin yes\n")
    after = gate.harden()
    assert {after[rule]["status"] for rule in ("root_login", "keys_only", "ciphers")} == {"fixed"}
    told = gate.effective("root")
    assert "permitrootlogin no\n" in told
    assert "ciphers aes256-ctr\n" in told


def test_trap_04_no_include(gate: Gate) -> None:
    gate.do("sed -i '/^Include/d' /etc/ssh/sshd_config")
    before = gate.do("sha256sum /etc/ssh/sshd_config")
    assert gate.harden()["keys_only"]["status"] == "fixed"
    assert "passwordauthentication no\n" in gate.effective("ann")
    gate.undo()
    assert gate.do("sha256sum /etc/ssh/sshd_config") == before


def test_trap_05_host_keys_add_up(gate: Gate) -> None:
    gate.append("HostKey /etc/ssh/ssh_host_rsa_key\nHostKey /etc/ssh/gone\n")
    assert not gate.refuses()
    after = gate.harden()["host_keys"]
    assert "/etc/ssh/gone: no key" in after["message"]
    gate.do("rm /etc/ssh/ssh_host_ed25519_key*; sed -i /gone/d /etc/ssh/sshd_config")
    assert gate.harden()["host_keys"]["status"] == "fixed"
    shown = gate.do("ssh-keyscan 127.0.0.1 2>/dev/null | grep -v '^#' | cut -d ' ' -f 2 | sort -u").split()
    assert shown == ["ssh-ed25519", "ssh-rsa"]
    gate.undo()
    assert gate.sh("test -e /etc/ssh/ssh_host_ed25519_key").returncode == 1


def test_trap_05_a_short_host_key_is_not_lost(gate: Gate) -> None:
    gate.do("ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/short")
    gate.append("HostKey /etc/ssh/short\nHostKey /etc/ssh/ssh_host_ed25519_key\n")
    if gate.debian != "11":
        gate.write(ENDING, "RequiredRSASize 3072\n")
        done = gate.sh("/usr/sbin/sshd -t")
        assert (done.returncode, "Invalid key length" in done.stderr) == (0, True)
        gate.do(f"rm {ENDING}")
    after = gate.harden()
    assert after["host_keys"]["status"] == "fail"
    assert after["rsa_size"]["status"] == ("not_applicable" if gate.debian == "11" else "fail")
    assert "ssh-rsa" in gate.do("ssh-keyscan 127.0.0.1 2>/dev/null")


def test_trap_06_any_beside_a_list(gate: Gate) -> None:
    gate.append("AuthenticationMethods any\n")
    gate.write("/etc/ssh/sshd_config.d/00-a.conf", "Match all\nAuthenticationMethods publickey\n")
    assert gate.refuses() is (gate.debian == "12")
    gate.do("rm /etc/ssh/sshd_config.d/00-a.conf")
    assert gate.harden()["keys_only"]["status"] == "fixed"
    assert not gate.refuses()
    assert (gate.enters(), gate.enters_by_password()) == (True, False)


def test_trap_06_a_method_that_is_switched_off(gate: Gate) -> None:
    gate.append("PubkeyAuthentication no\n")
    gate.write(ENDING, "AuthenticationMethods publickey\n")
    assert gate.refuses()
    gate.do(f"rm {ENDING}")
    assert gate.harden()["keys_only"]["status"] == "fixed"
    assert (gate.refuses(), gate.enters()) == (False, True)


def test_trap_07_a_match_block_undoes_it(gate: Gate) -> None:
    gate.write(ENDING, "PasswordAuthentication no\nMatch User ann\nPasswordAuthentication yes\n")
    gate.do("systemctl reload ssh")
    assert "passwordauthentication no\n" in gate.effective()
    assert gate.enters_by_password()
    after = gate.harden()["keys_only"]
    assert "for ann" in after["message"]
    assert after["status"] == "fixed"
    assert (gate.enters(), gate.enters_by_password()) == (True, False)


def test_trap_08_spelling(gate: Gate) -> None:
    gate.append("PermitRootLogin prohibit-password\nLogLevel VERBOSE\nGSSAPIKeyExchange yes\n")
    told = gate.effective()
    assert "permitrootlogin without-password\n" in told or "permitrootlogin prohibit-password\n" in told
    assert "loglevel VERBOSE\n" in told
    assert "sha1" in told.partition("\ngssapikexalgorithms ")[2].partition("\n")[0]
    after = gate.harden(root_login="key")
    assert (after["root_login"]["status"], after["log_level"]["status"]) == ("pass", "pass")
    assert "gss-gex-sha1-" in after["kex"]["message"]
    assert "sha1" not in gate.effective().partition("\ngssapikexalgorithms ")[2].partition("\n")[0]


def test_trap_09_passwords_stay_switched_on(gate: Gate) -> None:
    gate.append("AuthenticationMethods publickey\n")
    gate.do("systemctl reload ssh")
    assert "passwordauthentication yes\n" in gate.effective("ann")
    assert (gate.enters(), gate.enters_by_password()) == (True, False)
    assert gate.harden()["keys_only"]["status"] == "pass"


def test_trap_10_a_bad_file(gate: Gate) -> None:
    gate.write(ENDING, "NoSuchKeyword yes\n")
    assert gate.sh("systemctl reload ssh").returncode != 0
    assert gate.enters()
    after = gate.harden()
    assert after["keys_only"]["status"] == "not_assessed"
    assert gate.sh(f"test -e {OURS}").returncode == 1
    gate.do(f"rm {ENDING}")
    first = gate.do("systemctl show -p MainPID --value ssh")
    assert gate.harden()["keys_only"]["status"] == "fixed"
    assert gate.do("systemctl show -p MainPID --value ssh") == first


def test_trap_11_nobody_has_a_key(gate: Gate) -> None:
    gate.do("mv /home/ann/.ssh/authorized_keys /root/kept")
    try:
        after = gate.harden()
        assert "nobody would get in over SSH" in after["keys_only"]["message"]
        assert (after["keys_only"]["status"], after["macs"]["status"]) == ("fail", "fixed")
        assert gate.enters_by_password()
    finally:
        gate.do("mv /root/kept /home/ann/.ssh/authorized_keys")
    assert gate.harden()["keys_only"]["status"] == "fixed"
    assert (gate.enters(), gate.enters_by_password()) == (True, False)


def test_trap_11_a_short_key_stays_out(gate: Gate) -> None:
    gate.harden()
    assert gate.enters(options="-i /root/short -o IdentityFile=/root/short")
    alone = "ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o IdentitiesOnly=yes -i /root/short ann@127.0.0.1 true"
    assert (gate.sh(alone).returncode == 0) is (gate.debian == "11")


def test_trap_12_moduli(gate: Gate) -> None:
    exchange = f"-o KexAlgorithms={GEX}"
    if gate.debian == "13":
        assert not gate.enters(options=exchange)
        assert gate.harden()["moduli"]["status"] == "not_applicable"
        return
    assert gate.enters(options=exchange)
    assert gate.harden()["moduli"]["status"] == "fixed"
    assert gate.do("awk '$1 ~ /^[0-9]/ && $5 < 3071' /etc/ssh/moduli") == ""
    assert gate.enters(options=exchange)
    gate.undo()
    assert gate.sh("cmp /etc/ssh/moduli /root/ssh-before/moduli").returncode == 0
    gate.do("mv /etc/ssh/moduli /etc/ssh/kept")
    assert gate.enters(options=exchange)
    assert gate.harden()["moduli"]["status"] == "fail"
    gate.do("awk '$1 !~ /^[0-9]/ || $5 == 2047' /etc/ssh/kept > /etc/ssh/moduli")
    assert gate.enters(options=exchange)
    assert "no group would be left" in gate.harden()["moduli"]["message"]


def test_trap_13_terrapin(gate: Gate) -> None:
    said = gate.sh("ssh -vv -o BatchMode=yes -o StrictHostKeyChecking=no -i /root/key ann@127.0.0.1 true").stderr
    assert "kex-strict-s-v00@openssh.com" in said
    after = gate.harden()
    assert after["ciphers"]["status"] == "pass"
    assert "chacha20-poly1305@openssh.com" in gate.effective()


def test_trap_14_hosts_deny(gate: Gate) -> None:
    assert "libwrap" in gate.do("ldd /usr/sbin/sshd /usr/lib/openssh/sshd-session 2>/dev/null || true")
    gate.harden()
    assert gate.enters()
    gate.write("/etc/hosts.deny", "sshd: ALL\nsshd-session: ALL\n")
    assert not gate.enters()
    gate.harden()
    assert gate.do("cat /etc/hosts.deny") == "sshd: ALL\nsshd-session: ALL\n"
