# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""single_sign_on beyond its pairs: what the policy becomes, who decides who gets in, and whom a change would shut out."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor import single_sign_on
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon import (
    authority,
    gates,
    policy,
    providers,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, login
from ansible_collections.infosec.principles.plugins.module_utils._host.directory import Domain
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login
from ansible_collections.infosec.principles.tests.unit.pairs import single_sign_on as played
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine
from ansible_collections.infosec.principles.tests.unit.pairs.ssh_pivoting import PORT

CA, OTHER, WEAK = played.CA, played.OTHER, played.WEAK
FINGERPRINT = authority.parse(CA)[0].fingerprint


@pytest.fixture(name="machine")
def make(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def policy_of(**options: t.Any) -> policy.Policy:
    return policy.read({"user_ca_keys": [], "principals": {}, "allow_groups": [], **options})


def findings(machine: Machine, made: Login | None = None, **options: t.Any) -> dict[str, Finding]:
    """The findings by rule and subject; `made`: how this run logged in."""
    validated = ArgumentSpecValidator(dict(single_sign_on.OPTIONS)).validate(options)
    assert not validated.error_messages
    host = machine.host()
    if made:
        host._memory[connection.read] = connection.Connection("192.0.2.9", 4711, "127.0.0.1", PORT, (), "", ())
        host._memory[login.read] = made
    found = single_sign_on.assess(host, validated.validated_parameters)
    return {f"{one.rule.name} {one.subject}": one for one in found}


# What the policy becomes


def test_the_drop_in_says_it_for_everybody_and_principals_for_those_who_have_some() -> None:
    told = policy_of(
        user_ca_keys=[CA], principals={"web": ["release"], "db": "dba"}, allow_groups=["ops", "domain users"]
    )
    assert told.drop_in.text == policy.HEAD + (
        "Match all\n"
        "    TrustedUserCAKeys /etc/ssh/infosec_user_ca.pub\n"
        "    AllowGroups ops\n"
        '    AllowGroups "domain users"\n'
        "Match User db,web\n"
        "    AuthorizedPrincipalsFile /etc/ssh/infosec_principals/%u\n"
        "    AuthorizedPrincipalsCommand none\n"
    )
    assert told.files == {
        policy.AUTHORITIES: f"{policy.NOTE}{CA}\n",
        "/etc/ssh/infosec_principals/web": f"{policy.NOTE}release\n",
        "/etc/ssh/infosec_principals/db": f"{policy.NOTE}dba\n",
    }
    assert policy.problem(told) == ""


def test_principals_are_nothing_without_an_authority() -> None:
    told = policy_of(principals={"web": ["release"]})
    assert told.drop_in.text == policy.HEAD
    assert told.files == {}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"user_ca_keys": ["ssh-ed25519 nonsense"]}, "two_factor_user_ca_keys: not the one public key"),
        ({"user_ca_keys": [f"cert-authority {CA}"]}, "two_factor_user_ca_keys: not the one public key"),
        ({"user_ca_keys": [f"{CA}\n{OTHER}"]}, "two_factor_user_ca_keys: not the one public key"),
        ({"user_ca_keys": [WEAK]}, "two_factor_user_ca_keys: too weak: RSA 1024"),
        ({"principals": {"../root": ["x"]}}, "principals: no name of an account"),
        ({"principals": {"a*": ["x"]}}, "principals: no name of an account"),
        ({"principals": {"ann": []}}, "principals: an account needs names"),
        ({"principals": {"ann": ["two words"]}}, "principals: an account needs names"),
        ({"principals": {"ann": ["#x"]}}, "principals: an account needs names"),
        ({"allow_groups": ['a"b']}, "two_factor_allow_groups: no name of a group: 'a\"b'"),
    ],
)
def test_what_cannot_be_written_is_refused(options: dict[str, t.Any], problem: str) -> None:
    assert policy.problem(policy_of(**options)).startswith(problem)


def test_principals_stand_behind_their_options() -> None:
    text = '# who\nann\n from="192.0.2.0/24,10.0.0.1" release \n\n'
    assert policy.names_in(text) == ["ann", "release"]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("none", ""),
        ("/etc/ssh/%u-%U", "/etc/ssh/ann-1000"),
        ("%h/.ssh/p", "/home/ann/.ssh/p"),
        (".ssh/p%%u", "/home/ann/.ssh/p%u"),
    ],
)
def test_tokens_of_principals_files(pattern: str, path: str) -> None:
    assert policy.file_for({"authorizedprincipalsfile": (pattern,)}, "ann", "/home/ann", 1000) == path


# Who decides who gets in


@pytest.mark.parametrize(
    ("settings", "decides", "missing"),
    [
        ({}, "", "no access_provider, which is permit"),
        ({"access_provider": "permit"}, "", "access_provider permit"),
        ({"access_provider": "krb5"}, "", "access_provider krb5"),
        ({"access_provider": "simple"}, "", "access_provider simple without a list of groups"),
        ({"access_provider": "simple", "simple_allow_users": "ann"}, "", "simple_allow_users, person by person"),
        ({"access_provider": "simple", "simple_allow_groups": "a, b"}, "simple_allow_groups a, b", ""),
        ({"access_provider": "ldap"}, "access_provider ldap (filter)", ""),
        (
            {"access_provider": "ldap", "ldap_access_order": "expire"},
            "",
            "ldap_access_order expire, which tells nobody",
        ),
        ({"access_provider": "ad"}, "access_provider ad (its group policies)", ""),
        ({"access_provider": "deny"}, "access_provider deny (nobody)", ""),
    ],
)
def test_gates_of_sssd(settings: dict[str, str], decides: str, missing: str) -> None:
    found = gates.domain_gate(Domain("x", settings))
    assert found[0] == decides
    assert found[1].startswith(missing)
    assert bool(found[0]) != bool(found[1])


@pytest.mark.parametrize(
    ("account", "conf", "closing"),
    [
        ("account required pam_access.so", "+:root:LOCAL\n-:ALL EXCEPT (ops):ALL\n", "access.conf:2"),
        ("account required pam_access.so", "# -:ALL:ALL\n+:ALL:ALL\n", None),
        ("account required pam_access.so", "-:ALL:LOCAL\n-:ann:ALL\n", None),
        ("account required pam_access.so fieldsep=|", "-|ALL|ALL\n", "access.conf:1"),
        ("account required pam_access.so accessfile=/etc/other", "-:ALL:ALL\n", None),
        ("account required pam_unix.so", "-:ALL:ALL\n", None),
    ],
)
def test_access_conf_turns_away_others(machine: Machine, account: str, conf: str, closing: str | None) -> None:
    machine.write("/etc/pam.d/sshd", f"{account}\n")
    machine.write("/etc/security/access.conf", conf)
    found = gates.access_conf(machine.host())
    assert (found.source if found else None) == (f"/etc/security/{closing}" if closing else None)


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({}, ["ldap_id_use_start_tls false"]),
        ({"ldap_uri": "ldaps://a, ldapi:///"}, []),
        ({"ldap_uri": "ldaps://a, ldap://b"}, ["ldap_id_use_start_tls false"]),
        ({"ldap_id_use_start_tls": "TRUE"}, []),
        ({"ldap_id_use_start_tls": "true", "ldap_tls_reqcert": "never"}, ["ldap_tls_reqcert never"]),
        ({"ldap_uri": "ldaps://a", "ldap_tls_reqcert": "allow"}, ["ldap_tls_reqcert allow"]),
        ({"ldap_sasl_mech": "GSSAPI", "auth_provider": "krb5"}, []),
        ({"ldap_sasl_mech": "GSSAPI"}, ["ldap_id_use_start_tls false"]),
        ({"id_provider": "ad"}, []),
    ],
)
def test_sssd_by_tls(settings: dict[str, str], wrong: list[str]) -> None:
    assert [one.found for one in providers.clear(Domain("x", {"id_provider": "ldap", **settings}))] == wrong


# Where people come from


def found_by(machine: Machine) -> list[str]:
    return [one.found for one in providers.found(machine.host(), (), ())]


def test_an_sssd_that_does_not_run_shows_nothing(machine: Machine) -> None:
    played.member()(machine)
    assert found_by(machine) == ["id_provider ldap, auth_provider krb5"]
    machine.unit("sssd.service", active=False)
    assert found_by(machine) == []


def test_modules_of_pam_and_realms_show_it_too(machine: Machine) -> None:
    machine.write("/etc/pam.d/sshd", "auth sufficient pam_winbind.so\n")
    realm = "example.org\n  type: kerberos\n  configured: kerberos-member\n  login-policy: allow-realm-logins\n"
    machine.program("realm", lambda argv, stdin: Completed(0, f"{realm}other.org\n  configured: no\n", ""))
    assert found_by(machine) == [
        "pam_winbind (winbind (Active Directory))",
        "example.org: kerberos-member, allow-realm-logins",
    ]


@pytest.mark.parametrize(
    ("line", "told"), [("GSSAPIAuthentication yes", True), ("Match User ann\nGSSAPIAuthentication no", False)]
)
def test_tickets_show_it_where_everybody_may_use_them(machine: Machine, line: str, told: bool) -> None:
    played.host(f"{played.INCLUDE}GSSAPIAuthentication yes\n{line}\n", {providers.KEYTAB: "x"})(machine)
    assert (findings(machine)["provider host"].status == "pass") is told


def test_an_authority_for_some_is_none_for_all(machine: Machine) -> None:
    played.host(f"{played.INCLUDE}Match User ann\nTrustedUserCAKeys /etc/ssh/ca.pub\n")(machine)
    finding = findings(machine)["provider host"]
    assert finding.status == "fail"
    assert [one.found for one in finding.evidence] == ["no TrustedUserCAKeys for root"]


# What is not changed, and why


def test_authorities_of_others_are_named(machine: Machine) -> None:
    played.host(played.TRUSTING)(machine)
    finding = findings(machine, user_ca_keys=[OTHER])["certificate_authority ssh.service"]
    assert not finding.fix
    assert f"ED25519 {FINGERPRINT} (/etc/ssh/ca.pub) could not log in any more" in finding.message
    assert "retire_authorities" in finding.remedy


def test_everyone_who_would_lose_access_is_named(machine: Machine) -> None:
    played.host()(machine)
    machine.write(
        "/etc/passwd",
        "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\ngit:x:105:105::/home/git:/bin/sh\n",
    )
    machine.write("/home/git/.ssh/authorized_keys", f"{CA}\n")
    finding = findings(machine, allow_groups=["admins"], automation=[{"name": "backup"}])["access ssh.service"]
    assert "git, ann are in none of the groups admins" in finding.message, (
        "root has no key, and sshd takes nothing else"
    )
    machine.write("/root/.ssh/authorized_keys", f"{CA}\n")
    finding = findings(machine, allow_groups=["admins"], automation=[{"name": "backup"}])["access ssh.service"]
    assert "root, git, ann are in none of the groups admins" in finding.message
    assert [one.source for one in finding.evidence[-3:]] == ["root", "git", "ann"]
    fixed = findings(machine, allow_groups=["admins"], withdraw=["root", "git", "a*"])["access ssh.service"]
    assert fixed.fix


def test_nobody_is_named_who_cannot_get_in_now(machine: Machine) -> None:
    played.host(f"{played.INCLUDE}PermitRootLogin no\nMatch User ann\nAllowGroups ops\n")(machine)
    assert findings(machine, allow_groups=["admins"])["access ssh.service"].fix


def test_the_certificate_that_this_run_came_by_is_kept(machine: Machine) -> None:
    played.host(played.TRUSTING)(machine)
    made = Login("ann", ("publickey",), "ED25519-CERT", "SHA256:x", FINGERPRINT)
    options = {"user_ca_keys": [OTHER], "retire_authorities": True}
    finding = findings(machine, made, **options)["certificate_authority ssh.service"]
    assert not finding.fix
    assert "the connection of this run logged in by a certificate" in finding.message
    assert findings(machine, made, allow_self_cutoff=True, **options)["certificate_authority ssh.service"].fix


def test_our_file_is_put_right_where_somebody_changed_it(machine: Machine) -> None:
    played.host()(machine)
    told = policy_of(allow_groups=["staff"])
    machine.write(policy.DROP_IN, told.drop_in.text.replace("staff", "staff ops"))
    finding = findings(machine, allow_groups=["staff"])["certificate_authority ssh.service"]
    assert finding.message.startswith(policy.DROP_IN)
    assert finding.fix


def test_a_principal_of_somebody_else_is_found(machine: Machine) -> None:
    config = f"{played.TRUSTING}AuthorizedPrincipalsFile /etc/ssh/p/%u\nAuthorizedPrincipalsCommand /bin/who\n"
    played.host(config, {"/etc/ssh/p/ann": "ann\nmallory\n"})(machine)
    finding = findings(machine, user_ca_keys=[CA], principals={"ann": ["ann"]})["principals ssh.service"]
    assert [one.found for one in finding.evidence] == ["ann, mallory", "also what /bin/who says"]
    assert finding.fix


def test_a_file_of_authorities_that_others_may_write_fails(machine: Machine) -> None:
    played.host(played.TRUSTING)(machine)
    machine.path("/etc/ssh/ca.pub").chmod(0o664)
    finding = findings(machine)["certificate_authority ssh.service"]
    assert "others than its owner may write it (mode 0664)" in finding.message


def test_without_sshd_and_sudo_nothing_of_theirs_is_judged(machine: Machine) -> None:
    machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    found = findings(machine, user_ca_keys=[CA])
    assert {
        found[f"{rule} sshd"].status for rule in ("certificate_authority", "principals", "revocation", "access")
    } == {"not_applicable"}
    assert found["sudo_groups sudo"].status == "not_applicable"
    assert not found["provider host"].fix


def test_an_sshd_that_does_not_answer_is_not_assessed(machine: Machine) -> None:
    played.host()(machine)
    machine.programs["sshd"] = lambda argv, stdin: Completed(255, "", "line 3: Bad configuration option: x")
    found = findings(machine, user_ca_keys=[CA])
    assert found["access ssh.service"].status == "not_assessed"
    assert "Bad configuration option" in found["revocation ssh.service"].message


def test_a_link_in_the_place_of_our_file_is_left_alone(machine: Machine) -> None:
    played.host()(machine)
    machine.mkdir(policy.DROP_IN.rpartition("/")[0])
    machine.path(policy.DROP_IN).symlink_to("/etc/passwd")
    finding = findings(machine, user_ca_keys=[CA])["certificate_authority ssh.service"]
    assert not finding.fix
    assert policy.DROP_IN in finding.message
