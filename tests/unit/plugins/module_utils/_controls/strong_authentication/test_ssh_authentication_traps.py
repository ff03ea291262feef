# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with sshd on real hosts, and that ssh_authentication does not.

tests/openssh/test_traps.py tries the same on the real OpenSSH of Debian 11, 12 and 13.

| trap | what happens | test |
| --- | --- | --- |
| 1 | an unknown algorithm ends sshd | test_trap_01_* |
| 2 | a second Subsystem line ends sshd before 9.5 | test_trap_02_* |
| 3 | sshd does not notice that the sftp server is missing | test_trap_03_* |
| 4 | the drop-in that comes first wins; not every sshd reads drop-ins | test_trap_04_* |
| 5 | HostKey lines add up, and one without a key is only a message | test_trap_05_* |
| 6 | `any` beside a list, and a method that is switched off, end sshd | test_trap_06_* |
| 7 | sshd -T shows what holds outside of Match alone | test_trap_07_* |
| 8 | sshd -T spells some values in its own way, and GSSAPI has a list of its own | test_trap_08_* |
| 9 | AuthenticationMethods publickey leaves passwords switched on | test_trap_09_* |
| 10 | a restart with a bad file leaves no sshd | test_trap_10_* |
| 11 | whoever runs this is shut out | test_trap_11_* |
| 12 | without moduli, or without a group in the range, sshd falls back on fixed groups | test_trap_12_* |
| 13 | chacha20 is safe with the strict key exchange alone (Terrapin) | test_trap_13_* |
| 14 | hosts.allow and hosts.deny still count on Debian | test_trap_14_* |
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import text
from ansible_collections.infosec.principles.plugins.module_utils._engine import guard
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import TakeUp
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login
from ansible_collections.infosec.principles.tests.unit.pairs.played_openssh import LISTS, MAIN, OpenSSH, public
from ansible_collections.infosec.principles.tests.unit.pairs.ssh_authentication import (
    CLEAN,
    DEBIAN,
    GOOD_GROUPS,
    GROUP,
    GROUPS,
    INCLUDE,
    SIZE,
)
from ansible_collections.infosec.principles.tests.unit.pairs.ssh_ground import Ground

DEBIANS = ("11", "12", "13")
PROFILES = ("mozilla", "strict")
each_debian = pytest.mark.parametrize("debian", DEBIANS)


@pytest.fixture(name="ground")
def make(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    monkeypatch.setattr(guard, "_start", guard.say_ready)
    return Ground(tmp_path)


def changes(finding: Finding) -> tuple[Change, ...]:
    assert finding.fix, finding.message
    return finding.fix


# 1


@each_debian
@pytest.mark.parametrize("profile", PROFILES)
def test_trap_01_only_what_this_sshd_knows_is_written(ground: Ground, debian: str, profile: str) -> None:
    ground.lay(debian=debian)
    asked = {"profile": profile, "also_allow": ["mlkem768x25519-sha256", "made-up", "aes256-cbc"]}
    assert ground.fix(**asked)["macs"] == "fixed"
    known = OpenSSH(ground.machine, debian).algorithms
    for keyword, kind in LISTS.items():
        spelled = {"kexalgorithms": "KexAlgorithms", "ciphers": "Ciphers", "macs": "MACs"}.get(
            keyword, "HostKeyAlgorithms"
        )
        for line in ground.lines(spelled):
            assert line
            assert set(line.split(",")) <= set(known[kind])


def test_trap_01_what_sshd_refuses_is_not_written(ground: Ground) -> None:
    ground.lay()
    lying = OpenSSH(ground.machine, "12")
    lying.algorithms = {**lying.algorithms, "kex": [*lying.algorithms["kex"], "mlkem768x25519-sha256"]}
    ground.machine.programs["ssh"] = lying.ssh
    assert ground.fix()["kex"] == "error"
    assert not ground.machine.path(text.PATH).exists()


# 2


@each_debian
def test_trap_02_the_subsystem_line_is_edited_and_stays_the_only_one(ground: Ground, debian: str) -> None:
    ground.lay(debian=debian)
    assert ground.fix()["sftp_log"] == "fixed"
    assert "Subsystem\tsftp\t/usr/lib/openssh/sftp-server -f AUTHPRIV -l INFO\n" in ground.read(MAIN)
    assert "subsystem" not in ground.read(text.PATH).lower()


def test_trap_02_other_options_of_the_server_stay(ground: Ground) -> None:
    ground.lay(DEBIAN.replace("sftp-server", "sftp-server -u 0027 -l ERROR -P remove"))
    assert ground.fix()["sftp_log"] == "fixed"
    assert "/usr/lib/openssh/sftp-server -u 0027 -P remove -f AUTHPRIV -l INFO\n" in ground.read(MAIN)


# 3


@pytest.mark.parametrize(
    ("program", "becomes"),
    [
        ("/usr/lib/ssh/sftp-server", "internal-sftp"),
        ("/usr/libexec/openssh/sftp-server", "/usr/libexec/openssh/sftp-server"),
        ("internal-sftp", "internal-sftp"),
    ],
)
def test_trap_03_a_server_that_is_missing_is_seen(ground: Ground, program: str, becomes: str) -> None:
    ground.lay(f"{INCLUDE}Subsystem sftp {program}\n")
    ground.machine.write("/usr/libexec/openssh/sftp-server", "", mode=0o755)
    assert ("not there" in ground.judge()["sftp_log"].message) is (program != becomes)
    assert ground.fix()["sftp_log"] == "fixed"
    assert f"Subsystem sftp {becomes} -f AUTHPRIV -l INFO\n" in ground.read(MAIN)


def test_trap_03_what_is_forced_on_somebody_is_judged_and_left(ground: Ground) -> None:
    ground.lay(f"{CLEAN}Match User ann\nForceCommand internal-sftp\n")
    finding = ground.judge()["sftp_log"]
    assert "ForceCommand internal-sftp for ann" in finding.message
    assert not finding.fix


@pytest.mark.parametrize(
    ("syslog", "status"),
    [
        ("auth,authpriv.*\t/var/log/auth.log\n", "pass"),
        ("*.*;auth,authpriv.none -/var/log/syslog\n", "fail"),
        ("*.info /var/log/messages\n", "pass"),
        ("#authpriv.* /var/log/secure\n", "fail"),
    ],
)
def test_trap_03_somebody_has_to_keep_the_log(ground: Ground, syslog: str, status: str) -> None:
    ground.lay(CLEAN)
    ground.machine.path("/run/systemd/journal/dev-log").unlink()
    ground.machine.write("/etc/rsyslog.conf", syslog)
    assert ground.judge()["sftp_log"].status == status


# 4


@pytest.mark.parametrize(
    "rival",
    ["01-permitrootlogin.conf", "40-redhat-crypto-policies.conf", "50-cloud-init.conf", "60-cloudimg-settings.conf"],
)
@pytest.mark.parametrize("under", ["", "Match all\n"])
def test_trap_04_ours_comes_before_the_known_rivals(ground: Ground, rival: str, under: str) -> None:
    ground.lay(DEBIAN, {rival: f"{under}PermitRootLogin yes\nPasswordAuthentication yes\n"})
    after = ground.fix()
    assert (after["root_login"], after["keys_only"], after["overridden"]) == ("fixed", "fixed", "pass")
    assert "Include" not in ground.read(MAIN).partition("\n")[2]


def test_trap_04_a_crypto_policy_in_a_file_is_outweighed(ground: Ground) -> None:
    ground.lay(DEBIAN, {"40-redhat-crypto-policies.conf": "Ciphers aes256-gcm@openssh.com,aes128-cbc\n"})
    assert ground.fix()["ciphers"] == "fixed"
    assert ground.lines("Ciphers") == ["aes256-gcm@openssh.com"]


def test_trap_04_without_include_a_block_at_the_top_includes_ours(ground: Ground) -> None:
    ground.lay("PermitRootLogin yes\nSubsystem sftp internal-sftp\n")
    assert ground.fix()["root_login"] == "fixed"
    assert ground.read(MAIN).startswith("# BEGIN infosec.principles drop-ins\n")


def test_trap_04_a_folder_that_is_included_under_match_takes_no_list_of_algorithms(ground: Ground) -> None:
    ground.lay("PermitRootLogin yes\nMatch User bob\nInclude /etc/ssh/sshd_config.d/*.conf\n")
    finding = ground.judge()["root_login"]
    assert "sshd_config:3 includes /etc/ssh/sshd_config.d under a Match line" in finding.message
    assert "move it before the first Match line" in finding.message
    assert not finding.fix


def test_trap_04_the_command_line_outweighs_every_file(ground: Ground) -> None:
    ground.lay()
    unit = ground.machine.units["ssh.service"]
    title = "sshd: /usr/sbin/sshd -D -oMACs=hmac-sha1 [listener] 0 of 10-100 startups"
    ground.machine.unit("ssh.service", process="sshd", title=title, sockets=unit.sockets)
    finding = ground.judge()["macs"]
    assert not finding.fix
    assert "/etc/sysconfig/sshd" in finding.remedy
    assert ground.judge()["kex"].fix


# 5


def test_trap_05_a_new_key_is_added_to_those_that_are_named(ground: Ground) -> None:
    ground.lay(f"{CLEAN}HostKey /etc/ssh/ssh_host_rsa_key\n", keys={"rsa": 4096})
    assert ground.fix()["host_keys"] == "fixed"
    assert ground.lines("HostKey") == ["/etc/ssh/ssh_host_ed25519_key"]
    told = ground.machine.programs["sshd"](["sshd", "-T", "-f", MAIN], None).stdout
    assert "hostkey /etc/ssh/ssh_host_ed25519_key\nhostkey /etc/ssh/ssh_host_rsa_key\n" in told


def test_trap_05_no_line_is_needed_where_sshd_looks_by_itself(ground: Ground) -> None:
    ground.lay(CLEAN, keys={"rsa": 4096})
    assert ground.fix()["host_keys"] == "fixed"
    assert not ground.machine.path(text.PATH).exists()


def test_trap_05_a_line_without_a_key_is_a_finding(ground: Ground) -> None:
    ground.lay(
        f"{CLEAN}HostKey /etc/ssh/gone\nHostKey /etc/ssh/ssh_host_ed25519_key\nHostKey /etc/ssh/ssh_host_rsa_key\n"
    )
    assert "/etc/ssh/gone: no key" in ground.judge()["host_keys"].message


def test_trap_05_a_key_that_is_there_is_never_made_again(ground: Ground) -> None:
    ground.lay(CLEAN, keys={"rsa": 2048, "ed25519": 0})
    finding = ground.judge()["host_keys"]
    assert "2048 bits" in finding.message
    assert not finding.fix


# 6


@each_debian
def test_trap_06_a_list_is_not_written_beside_any(ground: Ground, debian: str) -> None:
    ground.lay(f"{DEBIAN}AuthenticationMethods any\n", debian=debian)
    assert ground.fix()["keys_only"] == "fixed"
    assert ground.lines("AuthenticationMethods") == []
    assert ground.lines("PasswordAuthentication") == ["no"]


@each_debian
@pytest.mark.parametrize(("match", "told"), [("", "yes"), ("Match User ann\n", "no")])
def test_trap_06_keys_are_switched_on_only_where_they_open_nothing_at_all(
    ground: Ground, debian: str, match: str, told: str
) -> None:
    ground.lay(f"{DEBIAN}{match}PubkeyAuthentication no\n", debian=debian)
    assert ground.fix()["keys_only"] == "fixed"
    asked = ["sshd", "-T", "-C", "user=ann,addr=192.0.2.1,host=x,laddr=x,lport=22", "-f", MAIN]
    said = ground.machine.programs["sshd"](asked, None).stdout
    assert f"pubkeyauthentication {told}\n" in said
    assert "passwordauthentication no\n" in said


# 7


@pytest.mark.parametrize(
    ("block", "rule", "whom"),
    [
        ("Match User ann\nPasswordAuthentication yes\n", "keys_only", "ann"),
        ("Match Address 198.51.100.0/24\nPermitRootLogin yes\n", "root_login", "everyone from 198.51.100.1"),
        ("Match User deploy\nPermitEmptyPasswords yes\n", "empty_passwords", "deploy"),
        ("Match User ann\nLogLevel QUIET\n", "log_level", "ann"),
        ("Match User ann\nRequiredRSASize 1024\n", "rsa_size", "ann"),
    ],
)
def test_trap_07_a_match_block_cannot_undo_it_unseen(ground: Ground, block: str, rule: str, whom: str) -> None:
    ground.lay(INCLUDE + CLEAN + block)
    assert ground.judge()[rule].message.endswith(f"for {whom}")
    assert ground.fix()[rule] == "fixed"


# 8


def test_trap_08_without_password_is_prohibit_password(ground: Ground) -> None:
    ground.lay(CLEAN.replace("PermitRootLogin no", "PermitRootLogin without-password"))
    assert ground.judge(root_login="key")["root_login"].status == "pass"
    assert ground.judge()["root_login"].status == "fail"


@pytest.mark.parametrize(("level", "status"), [("VERBOSE", "pass"), ("INFO", "fail"), ("DEBUG1", "fail")])
def test_trap_08_the_level_is_in_capitals(ground: Ground, level: str, status: str) -> None:
    ground.lay(CLEAN.replace("LogLevel VERBOSE", f"LogLevel {level}"))
    assert ground.judge()["log_level"].status == status


@pytest.mark.parametrize(("exchange", "status"), [("yes", "fail"), ("no", "pass")])
def test_trap_08_gssapi_has_a_list_with_sha1(ground: Ground, exchange: str, status: str) -> None:
    ground.lay(f"{CLEAN}GSSAPIKeyExchange {exchange}\n")
    assert ground.judge()["kex"].status == status


def test_trap_08_gssapi_loses_its_sha1_alone(ground: Ground) -> None:
    ground.lay(f"{INCLUDE}{CLEAN}GSSAPIKeyExchange yes\n")
    assert ground.fix()["kex"] == "fixed"
    (line,) = ground.lines("GSSAPIKexAlgorithms")
    assert "gss-group14-sha256-" in line
    assert "sha1" not in line


# 9


@pytest.mark.parametrize(
    ("methods", "status"),
    [
        ("publickey", "pass"),
        ("publickey,keyboard-interactive:pam", "pass"),
        ("publickey,password publickey,keyboard-interactive", "pass"),
        ("gssapi-with-mic publickey", "pass"),
        ("publickey password", "fail"),
        ("hostbased", "fail"),
        ("any", "fail"),
    ],
)
def test_trap_09_a_list_with_a_key_will_do(ground: Ground, methods: str, status: str) -> None:
    config = CLEAN.replace("PasswordAuthentication no\n", "PasswordAuthentication yes\n")
    config = config.replace("KbdInteractiveAuthentication no\n", "KbdInteractiveAuthentication yes\n")
    ground.lay(f"{config}AuthenticationMethods {methods}\n")
    assert ground.judge()["keys_only"].status == status


def test_trap_09_two_factors_are_not_loosened_to_one(ground: Ground) -> None:
    ground.lay(f"{DEBIAN}AuthenticationMethods publickey,password\nMatch User ann\nAuthenticationMethods password\n")
    finding = ground.judge()["keys_only"]
    assert not finding.fix
    assert "outweigh its AuthenticationMethods" in finding.message
    assert ground.fix()["macs"] == "fixed"
    assert ground.lines("AuthenticationMethods") == []


def test_trap_09_our_own_list_comes_with_passwords_off(ground: Ground) -> None:
    ground.lay()
    ground.fix()
    assert ground.lines("AuthenticationMethods") == ["publickey"]
    assert ground.lines("PasswordAuthentication") == ["no"]


# 10


def test_trap_10_sshd_is_asked_and_then_reloaded(ground: Ground) -> None:
    ground.lay()
    made = changes(ground.judge()["keys_only"])
    told = [one.describe() for one in made]
    assert told[-2:] == ["ssh.service accepts /etc/ssh/sshd_config", "reload ssh.service"]
    assert told[0].startswith("take all of this back unless a new connection confirms it")
    assert [one.verb for one in made if isinstance(one, Activate)] == ["reload"]
    assert not [one for one in made if isinstance(one, TakeUp)]


def test_trap_10_a_file_that_is_refused_in_the_end_is_taken_back(ground: Ground) -> None:
    ground.lay()
    first = ground.read(MAIN)
    known = ground.machine.programs["sshd"]

    def refusing(argv: t.Sequence[str], stdin: str | None) -> Completed:
        bad = "-t" in argv and argv[-1] == MAIN and ground.machine.path(text.PATH).exists()
        return Completed(255, "", "line 1: Bad configuration option\n") if bad else known(argv, stdin)

    ground.machine.programs["sshd"] = refusing
    assert ground.fix()["keys_only"] == "error"
    assert ground.read(MAIN) == first
    assert not ground.machine.path(text.PATH).exists()
    assert ("systemctl", "restart", "--", "ssh.service") not in ground.machine.called


# 11


@pytest.mark.parametrize(
    ("made", "rule", "why"),
    [
        (Login("root", ("publickey",), "ED25519", "SHA256:x"), "root_login", "PermitRootLogin would be no"),
        (Login("ann", ("password",)), "keys_only", "password would be switched off"),
    ],
)
def test_trap_11_what_would_shut_us_out_is_left_out(ground: Ground, made: Login, rule: str, why: str) -> None:
    ground.lay()
    ground.login = made
    found = ground.judge()
    assert why in found[rule].message
    assert not found[rule].fix
    assert found["macs"].fix
    assert ground.judge(allow_self_cutoff=True)[rule].fix


def test_trap_11_a_key_of_ours_that_is_too_short(ground: Ground) -> None:
    from ansible_collections.infosec.principles.plugins.module_utils._formats import ssh_keys

    ground.lay()
    line = public("rsa", 2048)
    ground.machine.write("/home/ann/.ssh/authorized_keys", line, mode=0o600)
    ground.login = Login("ann", ("publickey",), "RSA", ssh_keys.fingerprint(ssh_keys.public(line)))
    finding = ground.judge()["rsa_size"]
    assert "its key has 2048 bits" in finding.message
    assert not finding.fix


@pytest.mark.parametrize(
    ("account", "sudo", "root_login", "held"),
    [
        ("ann", "ann ALL=(ALL) ALL\n", "never", ()),
        ("ann", "%ann ALL=(ALL) ALL\n", "never", ()),
        ("ann", "bob ALL=(ALL) ALL\n", "never", ("root_login",)),
        ("root", "ann ALL=(ALL) ALL\n", "never", ("root_login",)),
        ("root", "", "key", ()),
        ("nobody", "ann ALL=(ALL) ALL\n", "never", ("keys_only", "root_login")),
    ],
)
def test_trap_11_a_local_run_leaves_somebody_a_way_in(
    ground: Ground, account: str, sudo: str, root_login: str, held: tuple[str, ...]
) -> None:
    ground.lay(f"{DEBIAN}PermitRootLogin yes\n")
    ground.machine.path("/home/ann/.ssh/authorized_keys").unlink()
    home = {"root": "/root"}.get(account, f"/home/{account}")
    ground.machine.write(f"{home}/.ssh/authorized_keys", public("ed25519"), mode=0o600)
    ground.machine.write("/etc/sudoers", f"Defaults env_reset\n{sudo}")
    found = ground.judge(root_login=root_login)
    assert tuple(rule for rule in ("keys_only", "root_login") if not found[rule].fix) == held
    assert all("could be entered by key" in found[rule].message for rule in held)
    assert all(
        one.fix
        for one in ground.judge(root_login=root_login, allow_self_cutoff=True).values()
        if one.status == "fail" and one.rule.name in held
    )


def test_trap_11_two_factors_of_another_control_go_on(ground: Ground) -> None:
    lines = (
        "Match User ann\nAuthenticationMethods publickey,keyboard-interactive:pam\nKbdInteractiveAuthentication yes\n"
    )
    ground.lay(DEBIAN, {"00-infosec-1-two-factor.conf": lines})
    assert ground.fix()["keys_only"] == "fixed"
    asked = "user={},addr=192.0.2.1,host=x,laddr=x,lport=22"
    told = [
        ground.machine.programs["sshd"](["sshd", "-T", "-C", asked.format(name), "-f", MAIN], None)
        for name in ("ann", "root")
    ]
    assert "authenticationmethods publickey,keyboard-interactive:pam\n" in told[0].stdout
    assert "kbdinteractiveauthentication yes\n" in told[0].stdout
    assert "authenticationmethods publickey\n" in told[1].stdout


def test_trap_11_an_authority_opens_accounts_too(ground: Ground) -> None:
    ground.lay(f"{DEBIAN}TrustedUserCAKeys /etc/ssh/ca.pub\n")
    ground.machine.path("/home/ann/.ssh/authorized_keys").unlink()
    assert ground.judge()["keys_only"].fix


def test_trap_11_who_has_no_key_is_named(ground: Ground) -> None:
    ground.lay()
    passwd = ground.read("/etc/passwd") + "bob:x:1001:1001::/home/bob:/bin/sh\n"
    ground.machine.write("/etc/passwd", passwd)
    log = "Accepted password for bob from 192.0.2.9 port 5 ssh2\n"
    ground.machine.programs["journalctl"] = lambda argv, stdin: Completed(0, log, "")
    found = ground.judge()
    assert "no good key lets in bob" in found["keys_only"].message
    assert "no good key lets in bob" in found["rsa_size"].message
    told = [(one.source, one.found) for one in found["keys_only"].evidence]
    assert ("bob", "no good key opens this account; logged in by password lately") in told
    assert "ann" not in [source for source, _found in told]


# 12


def test_trap_12_short_groups_go_and_come_back(ground: Ground) -> None:
    ground.lay(CLEAN, moduli=GROUPS)
    assert ground.fix()["moduli"] == "fixed"
    left = [line for line in ground.read("/etc/ssh/moduli").splitlines() if not line.startswith("#")]
    assert left == GOOD_GROUPS.splitlines()[1:]


@pytest.mark.parametrize("moduli", ["", GROUP.format(2047, "C"), "# nothing\n"])
def test_trap_12_the_file_is_never_emptied(ground: Ground, moduli: str) -> None:
    ground.lay(CLEAN, moduli=moduli)
    finding = ground.judge()["moduli"]
    assert (finding.status, finding.fix) == ("fail", ())


@pytest.mark.parametrize(("debian", "profile"), [("13", "mozilla"), ("12", "strict"), ("13", "strict")])
def test_trap_12_groups_that_nobody_uses_are_left_alone(ground: Ground, debian: str, profile: str) -> None:
    ground.lay(DEBIAN, debian=debian, moduli=GROUPS)
    assert ground.judge(profile=profile)["moduli"].status == "not_applicable"


def test_trap_12_the_exchange_may_be_asked_for(ground: Ground) -> None:
    ground.lay(DEBIAN, debian="13", moduli=GROUPS)
    asked = {"also_allow": ["diffie-hellman-group-exchange-sha256"]}
    ground.fix(**asked)
    assert ground.fix(**asked)["kex"] == "pass"


# 13


@pytest.mark.parametrize(("binary", "status"), [(b"\0kex-strict-s-v00@openssh.com\0", "pass"), (b"\0", "fail")])
def test_trap_13_chacha_needs_the_strict_exchange(ground: Ground, binary: bytes, status: str) -> None:
    ground.lay(CLEAN)
    ground.machine.write("/usr/sbin/sshd", binary, mode=0o755)
    assert ground.judge()["ciphers"].status == status


def test_trap_13_without_it_chacha_alone_goes(ground: Ground) -> None:
    ground.lay(debian="11")
    ground.machine.write("/usr/sbin/sshd", b"\0", mode=0o755)
    assert ground.fix()["ciphers"] == "fixed"
    (line,) = ground.lines("Ciphers")
    assert "chacha20" not in line
    assert "aes256-gcm@openssh.com" in line


def test_trap_13_newer_versions_have_it(ground: Ground) -> None:
    ground.lay(debian="13")
    ground.machine.write("/usr/sbin/sshd", b"\0", mode=0o755)
    assert ground.judge()["ciphers"].status == "pass"


# 14


def test_trap_14_hosts_allow_is_neither_needed_nor_touched(ground: Ground) -> None:
    ground.lay()
    for name in ("allow", "deny"):
        ground.machine.write(f"/etc/hosts.{name}", "sshd: ALL\n")
    ground.fix()
    assert [ground.read(f"/etc/hosts.{name}") for name in ("allow", "deny")] == ["sshd: ALL\n"] * 2
    assert SIZE.split()[1] in ground.lines("RequiredRSASize")
