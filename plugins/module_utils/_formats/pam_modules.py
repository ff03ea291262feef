# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What modules of PAM ask for, and what they may say in an auth stack to somebody who proved this or that."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.pam import SUCCESS, Step

#: What somebody can prove: that he knows a password (or has the key that SSH asked for already), or has another factor.
PASSWORD, FACTOR = "password", "factor"
#: pam_sss asks what the directory wants; that is a password unless somebody declares more.
PASSWORD_MODULES = frozenset(
    (
        "pam_unix",
        "pam_unix_auth",
        "pam_pwdb",
        "pam_tcb",
        "pam_sss",
        "pam_ldap",
        "pam_krb5",
        "pam_krb5afs",
        "pam_heimdal",
        "pam_winbind",
        "pam_userdb",
        "pam_systemd_home",
        "pam_radius_auth",
        "pam_tacplus",
        "pam_mysql",
        "pam_pgsql",
        "pam_himmelblau",
        "pam_ssh_agent_auth",
        "pam_ecryptfs_auth",
    )
)
FACTOR_MODULES = frozenset(
    (
        "pam_oath",
        "pam_google_authenticator",
        "pam_u2f",
        "pam_duo",
        "pam_yubico",
        "pam_securid",
        "pam_otpw",
        "pam_pkcs11",
        "pam_p11",
        "pam_poldi",
        "pam_privacyidea",
    )
)
#: Arguments with which these let in who has not enrolled, or anybody (alwaysok).
UNENROLLED = {
    "pam_oath": frozenset(("alwaysok",)),
    "pam_google_authenticator": frozenset(("nullok",)),
    "pam_u2f": frozenset(("nouserok", "alwaysok")),
    "pam_yubico": frozenset(("nullok", "alwaysok")),
}
#: Modules that say one thing alone; pam_faildelay and the others take no part in the decision.
_FIXED: dict[str, frozenset[str]] = {
    "": frozenset(("perm_denied",)),
    "pam_permit": frozenset((SUCCESS,)),
    "pam_deny": frozenset(("auth_err",)),
    **dict.fromkeys(
        ("pam_env", "pam_faildelay", "pam_warn", "pam_group", "pam_keyinit", "pam_echo"), frozenset(("ignore",))
    ),
    **dict.fromkeys(("pam_nologin",), frozenset(("ignore", "auth_err", "user_unknown"))),
}
_REFUSALS = frozenset(("auth_err", "user_unknown", "authinfo_unavail", "maxtries"))
#: Modules that look at who comes, whence or when, and those that nobody here knows: each may say anything.
_ANYTHING = frozenset((SUCCESS, "ignore", "perm_denied", *_REFUSALS))


def kind(step: Step, declared: t.Collection[str] = ()) -> str:
    """PASSWORD, FACTOR or "" for a module that asks for neither. declared: more modules that ask for a factor."""
    if step.name in declared or step.name in FACTOR_MODULES:
        return FACTOR
    return PASSWORD if step.name in PASSWORD_MODULES else ""


def results(step: Step, proven: t.Collection[str], declared: t.Collection[str] = ()) -> frozenset[str]:
    """What the module may say to somebody who can prove that, by libpam's names."""
    if step.name in _FIXED:
        return frozenset((SUCCESS,)) if "successok" in step.arguments else _FIXED[step.name]
    if step.name == "pam_faillock" and "authfail" in step.arguments:
        return frozenset(("ignore", "auth_err"))
    asks = kind(step, declared)
    if not asks:
        return _ANYTHING
    open_to_all = UNENROLLED.get(step.name, frozenset()) & set(step.arguments)
    passes = {SUCCESS} if asks in proven else set()
    return frozenset((*_REFUSALS, *passes, *(("ignore", SUCCESS) if open_to_all else ())))
