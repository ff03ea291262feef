#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_two_factor
short_description: Want two factors of people who log in over SSH
version_added: "1.0.0"
description:
  - Rule C(people) looks at each account that takes logins, from each kind of place that C(Match) lines tell apart, by what sshd itself says
    (C(sshd -T -C)). Each list of C(AuthenticationMethods) that lets somebody in has to ask for two things of different kinds. C(publickey,publickey)
    asks for one kind twice, and fails. A key in a security key (C(sk-)) that asks for its PIN (C(PubkeyAuthOptions verify-required)) is two.
  - What C(keyboard-interactive) and C(password) ask for is up to PAM. Rule C(pam_second_factor) walks the auth stack of sshd with all that it
    includes, as libpam does, and with every result that its modules may give. It fails where a password alone gets through, or nothing at
    all, and says by which lines. The modules that ask for a second factor are pam_oath, pam_google_authenticator, pam_u2f, pam_duo, pam_yubico
    and others like them; O(factor_modules) adds to them. One that is not installed always refuses; pam_duo without C(failmode = secure)
    lets everybody in while Duo cannot be reached.
  - Rule C(enrolment) fails for each person who comes in by a key or a password and has no second factor by the module that is asked, or would be. A
    line of pam_oath's file needs a secret of 128 bits and as many digits as PAM wants. Secrets are neither kept nor shown.
  - Rule C(automation) wants the accounts that O(automation) names to be open to a key alone from their addresses, and to nothing else. From
    elsewhere they need two factors, which they cannot have.
  - Rule C(rescue) wants a way in for when no second factor can be had (O(rescue)).
  - Rule C(secrets) wants the files with secrets to be readable by root or their owner alone; that is put right by itself, whatever stands in the
    way of the rest. Rule C(replay) fails where a code would be taken twice.
  - Rule C(written) fails where what this control wrote is not what it is to be by now.
  - The fix of C(people), C(pam_second_factor), C(automation) and C(written) is one. It writes C(/etc/ssh/sshd_config.d/00-infosec-1-two-factor.conf),
    which lets in programs, the rescue account, and those who have grace, by a key alone, and wants C(publickey,keyboard-interactive:pam) of
    everybody else. In C(/etc/pam.d/sshd) it puts the line of the second factor in the place of the one that leads to passwords
    (C(@include common-auth) or C(auth substack password-auth)), and installs the module where it is missing. sshd is reloaded, never restarted.
  - The fix is refused as long as anybody who comes in now would be shut out. The findings name each of them; so are they where a program has no
    addresses, where there is no rescue path, where sshd, asked with the new file, would still let somebody in by one factor, and where the
    connection of this run could not come again. It is taken back by the host itself unless a new connection confirms it within O(confirm_seconds).
  - A program (O(automation)) without any address that it comes from has the fix refused.
options:
  method:
    description:
      - The second factor. V(auto) takes the one that PAM asks for already, else the one that most people here have enrolled in.
      - V(oath) is pam_oath, V(google_authenticator) pam_google_authenticator, V(duo) pam_duo. V(fido2) wants security keys with their PIN of
        everybody, and asks nothing of PAM.
      - Whoever has nothing but security keys with C(verify-required) in C(authorized_keys) needs no other factor with any of them.
    type: str
    choices: [auto, oath, google_authenticator, duo, fido2]
    default: auto
  rescue:
    description:
      - How somebody gets in when no second factor can be had.
    type: dict
    suboptions:
      account:
        description: An account with a key of its own, which lets it in alone from the addresses in C(from).
        type: str
        default: ""
      from:
        description: Addresses and networks that the account may be used from.
        type: list
        elements: str
        default: []
      console:
        description: The console that somebody can get at instead, and how, in a sentence.
        type: str
        default: ""
  grace:
    description:
      - People whom a key alone lets in for some more time. Their findings go on failing.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the account.
        type: str
        required: true
      until:
        description: The last day, such as V(2026-12-31), by UTC. From the next day on the fix is refused until the person has enrolled.
        type: str
        required: true
      why:
        description: The reason.
        type: str
        default: ""
  factor_modules:
    description:
      - Names of more modules of PAM that ask for a second factor, such as V(pam_radius_auth) where the server asks for a code.
    type: list
    elements: str
    default: []
  oath_usersfile:
    description: The file of pam_oath.
    type: str
    default: /etc/users.oath
  oath_digits:
    description: How many digits codes of pam_oath have.
    type: int
    choices: [6, 7, 8]
    default: 6
  oath_window:
    description:
      - How many codes before and after the present one pam_oath takes. The default is Mozilla's, and allows clocks to differ by ten minutes; with
        good clocks less will do.
    type: int
    default: 20
  confirm_seconds:
    description:
      - Seconds in which a new connection has to confirm the change. When they are over, the host takes everything back by itself.
    type: int
    default: 60
  allow_self_cutoff:
    description:
      - Whether to make the change even where the connection of this run could not come again.
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
  - Needs root, to read C(/etc/shadow) and the files of second factors.
  - Before OpenSSH 8.7, PAM asks only where C(ChallengeResponseAuthentication) is on too, although C(sshd -T) shows
    C(KbdInteractiveAuthentication yes). The fix switches it on.
  - With C(PermitRootLogin prohibit-password) root can give no code. Where root comes by a key, the fix is refused until that is C(no), or root is in
    O(automation) or O(rescue).
  - pam_oath writes to its file at each login, so that no code does twice; where sshd may not write there (a read-only file system, a policy of
    SELinux), nobody gets in by it. Try with the rescue account at hand.
  - A ticket of Kerberos alone no longer lets anybody in after the fix.
  - Accounts that the name service knows and does not list (sssd) are not judged one by one. The fix is refused while the logs of the last 30 days
    have one of them that has not enrolled.
  - pam_u2f asks a security key that is plugged into the server itself, so the fix never writes it. It is recognised where it is in use.
  - An sshd before 8.2 has no C(Include), so that the exceptions cannot be written there; it is reported only.
  - Whether keys were made with C(-O verify-required) cannot be seen in C(authorized_keys), so with V(fido2) try first.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.ssh_pivoting
  - name: Mozilla's guideline for OpenSSH
    description: Where the lines of sshd and PAM come from.
    link: https://infosec.mozilla.org/guidelines/openssh
"""

EXAMPLES = r"""
- name: Report who gets in with one factor
  infosec.principles.ssh_two_factor:
    enforce: false

- name: Want a code of everybody but the release program
  infosec.principles.ssh_two_factor:
    method: oath
    automation:
      - name: deploy
        from: [192.0.2.5]
        owner: release team
    rescue:
      account: breakglass
      from: [192.0.2.64/28]
    grace:
      - name: ann
        until: "2026-12-31"
        why: her token is in the post
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
      sample: ssh_two_factor.people
    subject:
      description:
        - The name of an account, the PAM service, the path of a file, the unit of an sshd that does not say what is in force, or C(sshd).
      returned: success
      type: str
      sample: ann
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor.ssh_two_factor import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
