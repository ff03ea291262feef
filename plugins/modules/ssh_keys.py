#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_keys
short_description: Let accounts be opened by strong, used and unrevoked keys of their owners alone
version_added: "1.0.0"
description:
  - Judges every key that opens an account, in every file that an sshd of this host looks into for it (C(AuthorizedKeysFile) with its patterns,
    as C(sshd -T -C) says for each class of users that C(Match) lines tell apart). What C(AuthorizedKeysCommand) tells and what certificates
    of C(TrustedUserCAKeys) open cannot be listed, and is RV(findings[].status=not_assessed). Keys of such authorities are judged by C(weak).
  - Rule C(weak) fails for DSA, and for RSA with fewer bits than O(rsa_bits). A file whose keys are all strong passes, and its evidence lists
    them with algorithm, size, fingerprint, comment, options, and the day that the comment tells (C(id_ed25519_mozilla_2024-05-01)) or that the
    file was last written on.
  - The fix puts a comment in the place of a weak key, and keeps all other bytes of the file, its owner and mode. It leaves a key whose owner
    has no other good one for the account (O(remove_weak)). Another good key is one with the same name in its comment (C(ann) of
    C(ann@laptop)) and, in the account of a person, one that names that person or nobody; it has to be bound to the same C(command=), and no
    tighter in C(from=).
  - It never removes the key that the connection of this run logged in by, nor the last good key of the account that it logged in to, and none at
    all where no log tells which key that was.
  - Rule C(ecdsa) fails for ECDSA outside of security keys. There is no fix, since such keys are not broken.
  - Rule C(duplicates) fails for a key that opens several accounts of this host. The report adds RV(findings[].rule=ssh_keys.other_account) for
    a key that opens accounts of different names on different hosts; one name on many hosts is as it should be. It needs the fingerprints that
    M(infosec.principles.ssh_pivoting) sends.
  - Rules C(person_on_machine) and C(machine_on_person) fail where a key of a person opens an account of O(automation), and where a key of a
    program opens an account of a person, or root. A key is a person's where its comment names one (C(ann@laptop), with an account C(ann) here), or
    where it opens a person's account and its comment names no program.
  - Rule C(unrestricted) fails for a key on an account of O(automation) without C(from=) (where O(automation) gives no addresses, also
    C(command=) or C(restrict) will do).
  - Rule C(unused) fails for a key that nobody logged in by for O(idle_days), as the journal and C(auth.log) with its rotated copies show
    (C(Accepted publickey for ann ... SHA256:...)), and for one whose C(expiry-time) has passed. Where logs do not reach back that far, where
    the file was changed since (unless the key's comment tells an older day), and where a second factor hides the key (C(LogLevel INFO)), the
    key is RV(findings[].status=not_assessed). There is no fix.
  - Rule C(revoked) fails for a key of O(revoked_keys) that is still authorized. The fix removes it like a weak one, whether its owner has
    another or not.
  - Rule C(revocation) wants each sshd to refuse what O(revoked_keys) lists, for everybody. The fix writes a key revocation list
    (C(/etc/ssh/infosec_revoked_keys)) and then C(/etc/ssh/sshd_config.d/00-infosec-4-revoked-keys.conf), which names it. sshd refuses B(every)
    key where the list is missing, so the list is there first, and when the change is taken back it goes last. Where sshd reads a list of somebody
    else's, ours would outweigh it and open again what it revokes. So that list is read instead, and left; what it lacks is a finding with the
    steps. A list that is missing or cannot be read is a finding, since nobody gets in by a key.
  - Rule C(modes) fails where others than the owner can write to a file of keys or a folder between it and the home (which C(StrictModes) refuses),
    and for a private key in C(.ssh) that others have rights to. The fix takes the rights from the private key. It takes write rights from files of
    keys only where C(StrictModes) is off; else sshd refuses all keys there, and would then take those that somebody may have added.
  - What could cut somebody off is taken back by the host itself unless a new connection confirms it within O(confirm_seconds).
options:
  rsa_bits:
    description:
      - How many bits a key of RSA must have. Mozilla wants V(4096) of new keys.
    type: int
    default: 3072
  idle_days:
    description:
      - For how many days nobody may have used a key before it counts as unused.
    type: int
    default: 90
  revoked_keys:
    description:
      - Keys and certificates that are to open nothing any more, on any account. Each is one of these.
      - A public key, as its line is in a C(.pub) file. It is revoked plainly, in every certificate for it, and (where it is an authority's) with
        all certificates that it signed.
      - C(SHA256:...), its fingerprint, as C(ssh-keygen -l) and sshd's log show it. It does the same.
      - The line of a certificate (C(ssh-ed25519-cert-v01@openssh.com AAAA...)). It is revoked by its serial, or by its key id where it has none.
      - C(serial:7) or C(serial:100-200), or C(id:NAME), for certificates that are not at hand. The public key of the authority may follow after
        a blank; without one the certificates of every authority are meant.
    type: list
    elements: str
    default: []
  remove_weak:
    description:
      - V(replaced) removes a weak key only where its owner has another good one; V(always) also where he has none, which locks him out;
        V(never) reports it. Keys that are revoked go in any case.
    type: str
    choices: [replaced, always, never]
    default: replaced
  confirm_seconds:
    description:
      - Seconds in which a new connection has to confirm a guarded change. When they are over, the host takes everything back by itself.
    type: int
    default: 60
  allow_self_cutoff:
    description:
      - Whether to revoke the very key that this run logged in by. The host still takes it back unless a new connection confirms it. It is not
        removed from C(authorized_keys) all the same.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
  - infosec.principles._control.automation
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - Private keys without a passphrase are C(unprotected_keys) of M(infosec.principles.ssh_pivoting).
  - C(duplicates) and the report know keys by their fingerprints, which are no secrets; keys themselves do not leave the host, and the values of
    options other than C(from=) and C(expiry-time) are not shown.
  - At most 2000 keys and 8 MiB of a file, and 20000 keys of a host, are looked at; the finding says so where there are more. Files that are
    reached through links of users, or with more than 1 MiB from the first key to go to the last, are reported and not edited.
  - The list is made without a date, so that the same keys give the same file; the drop-in names them for people.
  - This is also how certificates of people are revoked where they log in by single sign-on (C(TrustedUserCAKeys)); give their serial, their key
    id, or the certificate itself.
  - Home directories on network and FUSE file systems are not looked into.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.ssh_pivoting
  - name: Mozilla's guideline for OpenSSH
    description: Which keys people and machines are to have.
    link: https://infosec.mozilla.org/guidelines/openssh
"""

EXAMPLES = r"""
- name: Report on keys, and change nothing
  infosec.principles.ssh_keys:
    enforce: false

- name: Let a lost laptop's key and a certificate open nothing any more
  infosec.principles.ssh_keys:
    revoked_keys:
      - "SHA256:52BNyV3wGz/QM7LQUg4QAAeBZcJeK6TBdPlCPfuKGwk"
      - "serial:1042"
    automation:
      - name: deploy
        from: [192.0.2.5]
        owner: release team
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
      sample: ssh_keys.weak
    subject:
      description:
        - The path of a file and the fingerprint of a key in it; the path alone; the fingerprint; the unit of an sshd; C(authorized_keys files)
          or C(home directories) for all of them.
      returned: success
      type: str
      sample: "/home/ann/.ssh/authorized_keys: SHA256:52BNyV3wGz/QM7LQUg4QAAeBZcJeK6TBdPlCPfuKGwk"
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication.ssh_keys import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
