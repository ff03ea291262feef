#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: single_sign_on
short_description: Let people sign on through one identity provider
version_added: "1.0.0"
description:
  - Rule C(provider) wants evidence, in force now, that people come from one identity provider. What counts is an authority for certificates
    that sshd trusts for all people (C(TrustedUserCAKeys)), an sssd that runs, is asked for accounts, and checks passwords by C(krb5),
    C(ipa), C(ad) or C(idp), tickets in sshd (C(GSSAPIAuthentication) with a keytab), and modules of PAM for Kerberos, winbind and some
    clouds.
  - Rule C(certificate_authority) judges for each sshd the keys of C(TrustedUserCAKeys). None may be weak (DSA, RSA below 3072 bits), others
    than root must not be able to write the file, and where O(user_ca_keys) is given they have to be those and no others, for everybody.
    Authorities that an account trusts by itself (C(cert-authority) in its authorized keys) fail with a finding of their own.
  - Rule C(principals) wants the accounts of O(principals) to be opened by certificates with those names alone, and no
    C(AuthorizedPrincipalsFile) in home directories. All other accounts are opened by a certificate with their own name, which is sshd's
    default.
  - Rule C(revocation) wants C(RevokedKeys) in force, with a file that is there, wherever an authority is trusted. It is written by the
    control C(ssh_keys).
  - Rule C(direct_ldap) fails where people's passwords are checked by binding to LDAP with them, by sssd (C(auth_provider = ldap), or none
    with C(id_provider = ldap)) or by PAM (C(pam_ldap) of nslcd or libpam-ldap).
  - Rule C(sssd_tls) wants sssd to speak to an LDAP directory by TLS (C(ldaps://), C(ldap_id_use_start_tls), or sealed by Kerberos) and to
    check its certificate (C(ldap_tls_reqcert)).
  - Rule C(access) wants groups to decide who may log in. Of each sshd it wants C(AllowGroups), or a C(pam_access) whose file turns away
    whoever no line lets in; of each domain of sssd an C(access_provider) that tells one user from another (C(permit), which is the default,
    does not).
  - Rule C(sudo_groups) fails for each person that C(/etc/sudoers) or a file that it includes grants something by name.
  - Rule C(local_people) fails where a directory brings accounts and people's accounts stand in C(/etc/passwd) nevertheless.
  - The settings of sshd are judged by what it says itself (C(sshd -T -C)) for each class of users that its C(Match) lines tell apart.
  - sshd is put right by C(/etc/ssh/sshd_config.d/00-infosec-3-sign-on.conf), the authorities' keys in C(/etc/ssh/infosec_user_ca.pub) and a
    file for each account of O(principals) in C(/etc/ssh/infosec_principals). Without O(user_ca_keys) and O(allow_groups) nothing is
    changed. sssd, PAM, sudo and accounts are never changed; the findings name the steps.
  - The change is refused as long as somebody would lose access. Accounts in none of O(allow_groups) are named and have to be put into a
    group or listed in O(withdraw); authorities of others have to be listed too, unless O(retire_authorities) is set. It is refused as well
    where sshd says that it would shut out the very connection of this run. The host takes the change back by itself unless a new connection
    confirms it within O(confirm_seconds).
  - Programs (O(automation)) keep accounts and rights of their own, and are named where O(allow_groups) would shut them out.
options:
  user_ca_keys:
    description:
      - Public keys of the authorities that sign people's certificates, each a line as in a C(.pub) file.
      - They are trusted for everybody, and no others are.
    type: list
    elements: str
    default: []
  retire_authorities:
    description:
      - Whether authorities that sshd trusts now and O(user_ca_keys) does not name may lose that trust, with all certificates that they
        signed.
    type: bool
    default: false
  principals:
    description:
      - For accounts that are not opened by a certificate with their own name, the list of the names that a certificate must have one of.
    type: dict
    default: {}
  allow_groups:
    description:
      - Groups whose members sshd lets in (C(AllowGroups)). The groups of accounts of programs, and of the account that Ansible logs in to,
        have to be among them.
      - C(AllowGroups) of other C(Match) lines adds to them, and fails.
    type: list
    elements: str
    default: []
  withdraw:
    description:
      - Accounts (or patterns as the shell has them) that may lose access by O(allow_groups).
    type: list
    elements: str
    default: []
  local_accounts:
    description:
      - People's accounts (or patterns) that may stand in C(/etc/passwd) although a directory brings accounts, such as one for emergencies.
    type: list
    elements: str
    default: []
  confirm_seconds:
    description:
      - Seconds in which a new connection has to confirm the change. When they are over, the host takes everything back by itself.
    type: int
    default: 60
  allow_self_cutoff:
    description:
      - Whether to make the change even where it is known to shut out the connection that carries this run.
      - The host still takes it back unless a new connection confirms it.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.automation
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Reading C(/etc/sssd/sssd.conf) and C(/etc/sudoers) takes root; without, the rules are RV(findings[].status=not_assessed).
  - That the provider asks for a second factor is for the provider to say, and cannot be seen on a host.
  - People of a directory that does not list its accounts are not named where O(allow_groups) would shut them out.
  - Sudo rules that sssd brings (C(sudoers) in C(/etc/nsswitch.conf)) are the directory's, and are not judged.
  - An sshd before 8.2 has no C(Include). There the settings are written to the top of its configuration, as far as they need no C(Match).
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.local_credentials
  - name: Mozilla's principle of central identity management
    description: Where the principle comes from.
    link: https://infosec.mozilla.org/fundamentals/security_principles#use-central-identity-management-single-sign-on
"""

EXAMPLES = r"""
- name: Report where people come from
  infosec.principles.single_sign_on:
    enforce: false

- name: Let in people by certificates of the company's authority, if they are in one of two groups
  infosec.principles.single_sign_on:
    user_ca_keys:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqDenmBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JKTs people@example.org
    principals:
      deploy: [release-team]
    allow_groups: [staff, automation]
    automation:
      - name: ansible
        from: [192.0.2.5]
"""

RETURN = r"""
findings:
  description:
    - One record for each rule and subject, also for what passes; see M(infosec.principles.harden) for its keys.
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: single_sign_on.certificate_authority
    subject:
      description: The unit of an sshd, the domain of an sssd, a person, the path of a file, or C(host).
      returned: success
      type: str
      sample: ssh.service
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fixed
run_id:
  description: Names this run in the journal of the host; empty where nothing was written.
  returned: success
  type: str
  sample: 20261124T130744.123456Z-1f09ab
packages:
  description: Packages that the host still waits for. The action plugin installs them and goes on, so that users see an empty list.
  returned: success
  type: list
  elements: str
confirm:
  description:
    - Seconds within which a new connection has to confirm the guarded changes of this run. The action plugin does that, so that users see V(0).
  returned: success
  type: int
  sample: 0
"""

from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor.single_sign_on import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
