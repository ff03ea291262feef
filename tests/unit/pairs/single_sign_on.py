# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of single_sign_on: ssh_pivoting's played sshd, and the files of sssd, PAM and sudo as packages lay them."""

from __future__ import annotations

import typing as t

from .case import Case
from .machine import Machine
from .ssh_pivoting import MAIN, sshd

#: Public keys that were made for this test; nobody has their private ones.
CA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDitFCS8VY/qZiDh3XVgefPaR3D3UN3LOozHyxfvddO1 people@example.org"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJs+9hQGsOFVWUnWAfIndCsM1AEM4BAPQ2s0uCg2AJU other@example.org"
WEAK = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDfC70oLzo2ALm2c1qD8Jfiigww2XJEA6lL5LlRHC5czOuSNnLrTFpKPoGZ6a4R"
    "shS1GQxcnFmAlOMZNOiJzITH0cfi5Ca3fVhm/jFrnPpdujNomQ0THEN9LxBDyGevYoks5sNC5NZ3zEinZvwBoneiU80JwzofgPVN"
    "6LOgXtzISw== weak@example.org"
)
INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf\n"
TRUSTING = f"{INCLUDE}TrustedUserCAKeys /etc/ssh/ca.pub\nRevokedKeys /etc/ssh/revoked_keys\nAllowGroups staff\n"
SUDOERS = "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n"
DOMAIN = """\
[sssd]
domains = example.org

[domain/example.org]
id_provider = ldap
auth_provider = {auth}
access_provider = {access}
simple_allow_groups = staff
ldap_uri = ldap://directory.example.org
ldap_id_use_start_tls = {tls}
"""
GOOD = {"auth": "krb5", "access": "simple", "tls": "true"}
PAM = "auth [success=1 default=ignore] pam_sss.so\nauth requisite pam_deny.so\naccount required pam_sss.so\n"


def host(config: str = INCLUDE, files: t.Mapping[str, str] | None = None) -> t.Callable[[Machine], None]:
    """A machine with an sshd, root and ann, both of the group staff, and a sudo that grants nothing to persons."""

    def lay(machine: Machine) -> None:
        sshd(config)(machine)
        machine.write("/etc/group", "root:x:0:\nann:x:1000:\nstaff:x:1001:root,ann\nadmins:x:1002:\n")
        machine.write("/etc/sudoers", SUDOERS, mode=0o440)
        machine.mkdir("/etc/sudoers.d")
        machine.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n")
        machine.write("/etc/pam.d/sshd", PAM)
        machine.write("/etc/ssh/ca.pub", f"{CA}\n")
        machine.write("/etc/ssh/revoked_keys", "")
        for name, text in (files or {}).items():
            machine.write(name, text)

    return lay


def member(passwd: str = "", **settings: str) -> t.Callable[[Machine], None]:
    """The same as a member of a directory, by sssd."""

    def lay(machine: Machine) -> None:
        host()(machine)
        machine.unit("sssd.service", process="sssd")
        machine.write("/etc/nsswitch.conf", "passwd: files sss\ngroup: files sss\n")
        machine.write("/etc/sssd/sssd.conf", DOMAIN.format(**{**GOOD, **settings}), mode=0o600)
        machine.write("/etc/passwd", f"root:x:0:0::/root:/bin/sh\n{passwd}")
        machine.write(MAIN, f"{INCLUDE}AllowGroups staff\n")

    return lay


def ours_and_more(machine: Machine) -> None:
    """Our file, of an earlier policy."""
    host()(machine)
    machine.write("/etc/ssh/sshd_config.d/00-infosec-3-sign-on.conf", "Match all\n    AllowGroups admins\n")


ANN = "ann:x:1000:1000::/home/ann:/bin/sh\n"
PROVIDER, ACCESS, AUTHORITY = frozenset({"provider"}), frozenset({"access"}), frozenset({"certificate_authority"})
PRINCIPALS, REVOCATION = frozenset({"principals"}), frozenset({"revocation"})
LDAP, TLS = frozenset({"direct_ldap"}), frozenset({"sssd_tls"})
SUDO, PEOPLE = frozenset({"sudo_groups"}), frozenset({"local_people"})
KEYS = {"user_ca_keys": [CA]}

CASES = (
    Case("as Debian comes", host(), fails=PROVIDER | ACCESS, passes=LDAP | SUDO),
    Case("certificates and groups", host(TRUSTING), passes=PROVIDER | ACCESS | AUTHORITY | PRINCIPALS | REVOCATION),
    Case(
        "an authority is given",
        host(TRUSTING.replace("TrustedUserCAKeys /etc/ssh/ca.pub\n", "")),
        KEYS,
        fails=PROVIDER | AUTHORITY,
        passes=ACCESS | PRINCIPALS,
        fixed=PROVIDER | AUTHORITY,
    ),
    Case(
        "an authority, principals and groups are given",
        host(),
        {**KEYS, "principals": {"ann": ["ann", "release"]}, "allow_groups": ["staff"]},
        fails=PROVIDER | AUTHORITY | PRINCIPALS | ACCESS,
        fixed=PROVIDER | AUTHORITY | PRINCIPALS | ACCESS,
    ),
    Case("groups alone are given", host(), {"allow_groups": ["staff"]}, fails=PROVIDER | ACCESS, fixed=ACCESS),
    Case("somebody would lose access", host(), {"allow_groups": ["admins"]}, fails=PROVIDER | ACCESS),
    Case(
        "somebody may lose access",
        host(),
        {"allow_groups": ["admins"], "withdraw": ["root", "ann"]},
        fails=PROVIDER | ACCESS,
        fixed=ACCESS,
    ),
    Case("an earlier policy", ours_and_more, fails=PROVIDER | AUTHORITY, passes=ACCESS, fixed=AUTHORITY),
    Case("another authority", host(TRUSTING), {"user_ca_keys": [OTHER]}, fails=AUTHORITY, passes=PRINCIPALS),
    Case(
        "another authority is given up",
        host(TRUSTING),
        {"user_ca_keys": [OTHER], "retire_authorities": True},
        fails=AUTHORITY,
        fixed=AUTHORITY,
    ),
    Case("a weak authority", host(TRUSTING, {"/etc/ssh/ca.pub": f"{WEAK}\n"}), fails=AUTHORITY),
    Case("a weak authority is given", host(TRUSTING), {"user_ca_keys": [WEAK]}, fails=AUTHORITY),
    Case(
        "an account trusts an authority of its own",
        host(TRUSTING, {"/home/ann/.ssh/authorized_keys": f"cert-authority {OTHER}\n"}),
        fails=AUTHORITY,
        passes=PROVIDER,
    ),
    Case(
        "principals in home directories",
        host(f"{TRUSTING}AuthorizedPrincipalsFile %h/.ssh/principals\n"),
        fails=PRINCIPALS,
        passes=AUTHORITY,
    ),
    Case("nothing is revoked", host(TRUSTING.replace("RevokedKeys", "#")), fails=REVOCATION, passes=AUTHORITY),
    Case("a list that is not there", host(TRUSTING.replace("revoked_keys", "no_such")), fails=REVOCATION),
    Case("a member of a directory", member(), passes=PROVIDER | ACCESS | LDAP | TLS | PEOPLE),
    Case("LDAP asks for passwords", member(auth="ldap"), fails=PROVIDER | LDAP, passes=TLS),
    Case("LDAP in the clear", member(tls="false"), fails=TLS, passes=LDAP),
    Case("people by hand", member(ANN), fails=PEOPLE, passes=PROVIDER),
    Case("people by hand for emergencies", member(ANN), {"local_accounts": ["an*"]}, passes=PEOPLE),
    Case("pam_ldap", host(TRUSTING, {"/etc/pam.d/sshd": "auth required pam_ldap.so\n"}), fails=LDAP, passes=PROVIDER),
    Case(
        "access.conf turns away others",
        host(
            TRUSTING.replace("AllowGroups", "#"),
            {
                "/etc/pam.d/sshd": f"{PAM}account required pam_access.so\n",
                "/etc/security/access.conf": "+:(staff):ALL\n-:ALL:ALL\n",
            },
        ),
        passes=ACCESS,
    ),
    Case("persons in AllowUsers", host(f"{INCLUDE}AllowUsers ann root\n"), fails=PROVIDER | ACCESS),
    Case(
        "sudo for a person",
        host(TRUSTING, {"/etc/sudoers.d/ann": "User_Alias TEAM = ann\nTEAM ALL=(ALL) NOPASSWD: ALL\n"}),
        fails=SUDO,
        passes=ACCESS,
    ),
    Case(
        "sudo for a program",
        host(TRUSTING, {"/etc/sudoers.d/ann": "ann ALL=(ALL) NOPASSWD: ALL\n"}),
        {"automation": [{"name": "ann"}]},
        passes=SUDO,
    ),
)
