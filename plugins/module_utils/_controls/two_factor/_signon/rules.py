# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The rules of single_sign_on."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Rule

REFERENCE = (
    "https://infosec.mozilla.org/fundamentals/security_principles#use-central-identity-management-single-sign-on"
)
OPENSSH = "https://infosec.mozilla.org/guidelines/openssh"
PROVIDER = Rule(
    name="provider",
    title="People come from one identity provider",
    risk="medium",
    reference=REFERENCE,
    remedy="Give the public key of the authority that signs people's certificates (two_factor_user_ca_keys, written as "
    "a drop-in of sshd); or join the host to the directory (realm join; sssd with auth_provider krb5, ipa, ad or idp).",
)
CERTIFICATE_AUTHORITY = Rule(
    name="certificate_authority",
    title="sshd trusts the certificate authorities of the policy, and no others",
    risk="high",
    reference=OPENSSH,
    remedy="Let the drop-in be written. Declare in two_factor_user_ca_keys every authority of people's certificates; "
    "replace weak ones; let root alone write the file of TrustedUserCAKeys.",
)
PRINCIPALS = Rule(
    name="principals",
    title="The policy says whose certificate opens which account, not the account's owner",
    risk="high",
    reference=OPENSSH,
    remedy="Let the drop-in be written, and keep AuthorizedPrincipalsFile out of home directories.",
)
REVOCATION = Rule(
    name="revocation",
    title="Where sshd trusts certificates, a list of revoked keys is in force",
    risk="medium",
    reference=OPENSSH,
    remedy="Set RevokedKeys to a list that can be read: ssh_keys writes it (strong_authentication_revoked_keys); "
    "ssh-keygen -k -f FILE makes an empty one.",
)
DIRECT_LDAP = Rule(
    name="direct_ldap",
    title="No password of people is checked by binding to LDAP with it",
    risk="high",
    reference=REFERENCE,
    remedy="Let sssd check passwords by Kerberos (auth_provider = krb5, ipa or ad) or by the identity provider "
    "(idp), and keep id_provider = ldap; remove pam_ldap (Debian: apt purge libpam-ldapd libpam-ldap nslcd).",
)
SSSD_TLS = Rule(
    name="sssd_tls",
    title="sssd speaks to its directory by TLS, and checks whom it speaks to",
    risk="high",
    reference=REFERENCE,
    remedy="In the domain's section of sssd.conf set ldap_id_use_start_tls = true (or ldaps:// in ldap_uri) and "
    "ldap_tls_reqcert = demand with the right ldap_tls_cacert, then restart sssd.",
)
ACCESS = Rule(
    name="access",
    title="Groups decide who may log in",
    risk="medium",
    reference=REFERENCE,
    remedy="Name the groups in two_factor_allow_groups (AllowGroups of sshd); or set access_provider = simple and "
    "simple_allow_groups in sssd.conf; or let pam_access and access.conf turn away whoever is in no group.",
)
SUDO_GROUPS = Rule(
    name="sudo_groups",
    title="sudo grants rights to groups, not to persons",
    risk="medium",
    reference=REFERENCE,
    remedy="With visudo, write %GROUP in the place of the person's name, put the person into that group where the "
    "accounts come from, and see with sudo -l -U NAME that nothing was lost.",
)
LOCAL_PEOPLE = Rule(
    name="local_people",
    title="No account of a person is made by hand where a directory brings them",
    risk="low",
    reference=REFERENCE,
    remedy="Have the person come from the directory: give the home and files to that uid (chown -R), then remove the "
    "local account (userdel NAME). Name the accounts for emergencies in two_factor_local_accounts.",
)
RULES = (
    PROVIDER,
    CERTIFICATE_AUTHORITY,
    PRINCIPALS,
    REVOCATION,
    DIRECT_LDAP,
    SSSD_TLS,
    ACCESS,
    SUDO_GROUPS,
    LOCAL_PEOPLE,
)
