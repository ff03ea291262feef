#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_authentication
short_description: Let nobody in over SSH but by a strong key
version_added: "1.0.0"
description:
  - Every sshd that runs here is judged by what it says itself is in force (C(sshd -T -C)), for each class of users, groups, addresses and
    ports that its C(Match) lines tell apart, root and the accounts of programs among them.
  - Rule C(keys_only) wants a key, a certificate or a Kerberos ticket of everybody. Passwords may be switched on where each list of
    C(AuthenticationMethods) wants a key as well. The finding names people and programs that no good key lets in, and whether they logged in
    by a password lately. A good key is not DSA, nor RSA below 3072 bits, has not expired, is in a file that C(StrictModes) does not refuse,
    and (a person's) is not bound to a C(command=).
  - Rule C(root_login) wants C(PermitRootLogin no), and C(prohibit-password) from the addresses from which O(automation) lets programs
    log in as root, or with O(root_login=key) from everywhere.
  - Rule C(empty_passwords) wants C(PermitEmptyPasswords no), rule C(log_level) C(LogLevel VERBOSE), which writes down the fingerprint of
    each key.
  - Rule C(sftp_log) wants the sftp server to be there, and to write down each file (C(-f AUTHPRIV -l INFO)) to where a syslog daemon keeps
    it. The C(Subsystem) line that is there is edited, since a second one is fatal to sshd before 9.5; its program and other options stay.
    A program that is missing is replaced by C(internal-sftp). What C(ForceCommand) starts is judged, and left to a person.
  - Rules C(kex), C(ciphers), C(macs), C(host_key_algorithms) and C(user_key_algorithms) compare what is offered with what O(profile) allows,
    as sets. Nothing is written that this OpenSSH does not know (C(ssh -Q)), and nothing that was not offered before, except for key
    exchanges that are safe from quantum computers. C(chacha20-poly1305) is allowed where sshd is safe from Terrapin (CVE-2023-48795). On hosts
    in FIPS mode only what that allows is left.
  - Rule C(host_keys) wants a host key of each of O(host_key_types), no RSA key below 3072 bits, and no C(HostKey) line without a key. Missing
    keys are made; what is there is never replaced, since clients know it.
  - Rule C(rsa_size) wants C(RequiredRSASize 3072) where sshd knows it (9.1). It is not set as long as a host key is shorter, since sshd would
    then no longer show that key, and say so only in its log. The finding names whom no other key lets in.
  - Rule C(moduli) wants no group below 3072 bits in C(/etc/ssh/moduli) where the group exchange is offered. The file is never emptied.
  - Rule C(client) wants ssh to hash known hosts, forward no agent and offer nothing weak, as C(ssh -G) tells it. Mozilla's lists hold for it in
    both profiles. Of C(HostKeyAlgorithms) only the weak ones are taken away, since a whole list would make ssh forget which type of key it
    knows a host by.
  - Rule C(overridden) fails where a line of others outweighs what this control wrote. The evidence names the line.
  - sshd is put right by C(/etc/ssh/sshd_config.d/00-infosec-2-authentication.conf). It has a part for each rule that was broken, and none for
    a rule that holds anyway, so that nothing that is stricter is loosened. Lists of algorithms come first; the rest stands under C(Match all),
    since what stands under a matching C(Match) line outweighs everything else. Where sshd would read the file too late, or not at all, a
    marked block at the top of its configuration includes it. sshd is asked (C(sshd -t)) about the candidate and again before it is reloaded. It
    is never restarted, except where a socket unit holds its port.
  - Before anything is changed sshd is asked what would be in force for the connection of this run. A part that would shut it out is left out,
    and its rule fails with the reason. Without a connection (local and pulled runs), C(keys_only) and C(root_login) are left out where
    nobody could get in by key any more. All changes of sshd are taken back by the host itself unless a new connection confirms them within
    O(confirm_seconds).
  - Programs (O(automation)) need a key as everybody does. An entry named V(root) lets them log in as root by key from its addresses.
options:
  profile:
    description:
      - With V(mozilla) the lists of Mozilla's guideline hold, together with the key exchanges that are safe from quantum computers, which the
        guideline does not know yet, and without the group exchange from OpenSSH 10.0 on, which leaves it out by itself.
      - With V(strict) only that is left which ssh-audit passes without a warning, as far as this OpenSSH has it. From OpenSSH 9.0 on these are the
        key exchanges that are safe from quantum computers, so clients before OpenSSH 8.5 stay out; see O(also_allow).
      - When the profile is changed, the file is written anew.
    type: str
    choices: [mozilla, strict]
    default: mozilla
  also_allow:
    description:
      - Algorithms that are allowed besides, such as V(curve25519-sha256) for old clients or V(diffie-hellman-group-exchange-sha256). They are
        offered as far as OpenSSH knows them.
    type: list
    elements: str
    default: []
  root_login:
    description:
      - Whether root may log in by key from everywhere, or V(never) but from where O(automation) says so.
    type: str
    choices: [never, key]
    default: never
  host_key_types:
    description:
      - The types of host keys that must be there. In FIPS mode V(ed25519) is left out.
    type: list
    elements: str
    choices: [ed25519, rsa]
    default: [ed25519, rsa]
  sftp_logging:
    description:
      - Whether to judge the sftp server, and to have it write down each file.
    type: bool
    default: true
  confirm_seconds:
    description:
      - Seconds in which a new connection has to confirm the change. When they are over, the host takes everything back by itself.
    type: int
    default: 60
  allow_self_cutoff:
    description:
      - Whether to make the change even where it is known to shut out the connection of this run, or everybody.
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
  - Only root can ask sshd; for others the rules are RV(findings[].status=not_assessed).
  - Which key exchange the connection of this run uses is in no log, so that a client that is too old for the profile shows only when the new
    connection fails. The host then takes the change back.
  - With RV(findings[].rule=ssh_authentication.host_key_algorithms) put right by O(profile=strict), ECDSA host keys stay but are not shown any
    more. Clients that know the host by nothing else ask their users again; those since OpenSSH 8.5 have learnt the other keys by then.
  - An algorithm that is set on the command line of sshd (C(CRYPTO_POLICY) in C(/etc/sysconfig/sshd) before RHEL 9) outweighs every file. The
    finding says so, and what to do.
  - Under C(ChrootDirectory) the sftp server reaches syslog only where the chroot has a C(/dev/log).
  - A package that brings C(/etc/ssh/moduli) anew brings the short groups back; the next run takes them out again.
  - A host key that was made stays until C(undo).
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.ssh_pivoting
  - name: Mozilla's guideline for OpenSSH
    description: Where the lists come from.
    link: https://infosec.mozilla.org/guidelines/openssh
"""

EXAMPLES = r"""
- name: Report how one gets in over SSH
  infosec.principles.ssh_authentication:
    enforce: false

- name: Let nobody in but by key, and Ansible as root from its own host alone
  infosec.principles.ssh_authentication:
    automation:
      - name: root
        from: [192.0.2.5]
        owner: operations

- name: Offer only what ssh-audit passes, and one key exchange that older clients know
  infosec.principles.ssh_authentication:
    profile: strict
    also_allow: [curve25519-sha256]
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
      sample: ssh_authentication.keys_only
    subject:
      description: The unit of an sshd, C(sshd) where none runs, the path of the file with the groups, or C(ssh).
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication.ssh_authentication import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
