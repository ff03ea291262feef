#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_pivoting
short_description: Let nobody go on from one host to the next over SSH
version_added: "1.0.0"
description:
  - Rule C(forwarding) wants sshd to forward nothing, neither the agent, TCP, sockets of the file system, X11 nor tunnels, and to open no
    forwarded port to others (C(GatewayPorts)). Declared bastions (O(bastion)) may forward TCP from the client's side, which is what
    C(ProxyJump) needs.
  - Rule C(hostbased) wants C(HostbasedAuthentication) off and rhosts files ignored.
  - Both are judged by what sshd itself says is in force (C(sshd -T -C)), for each class of users, groups, addresses and ports that its
    C(Match) lines tell apart, and for every sshd that runs here, each with the configuration it was started with.
  - They are put right by C(/etc/ssh/sshd_config.d/00-infosec-principles.conf). It holds one C(Match all), since what stands under a matching
    C(Match) line outweighs everything else, and the first such line counts. Where the configuration would read that file too late, or not
    at all, a marked block at its top includes it. sshd is asked (C(sshd -t)) about the candidate and again before it is reloaded. An sshd
    that has its port from a socket unit would lose it by reloading; it is restarted while the socket unit keeps the port. Open sessions go on.
  - Rule C(overridden) fails where a line of others outweighs that file. The evidence names the line.
  - Rule C(rhosts) fails for each C(.rhosts), C(.shosts), C(/etc/hosts.equiv) and C(/etc/ssh/shosts.equiv). Plain files are removed, and kept in
    the journal.
  - Rule C(unprotected_keys) fails for each private key without a passphrase in a home directory. Keys are known by their format (OpenSSH, PEM,
    PKCS#8, PuTTY), whatever their name. There is no fix. Keys that need a security key (C(sk-)) are of no use to a thief and pass.
  - Rule C(identity) wants host keys that root alone can read. Its finding is there on every host, and carries most of the fingerprints.
  - The findings carry fingerprints of host keys, of authorized keys, of private keys without a passphrase, and a digest of the machine-id. The
    report joins them across hosts, and so finds a private key here that opens an account there, and what two hosts have in common. Keys
    and ids themselves never leave the host. Private keys with a passphrase leave no fingerprint, since reading the file opens nothing.
  - A change is refused while sessions pass connections on to elsewhere, since who goes through this host could not come back, and where the
    connection of this run itself logged in by C(HostbasedAuthentication). All changes are taken back by the host itself unless a new
    connection confirms them within O(confirm_seconds).
options:
  bastion:
    description:
      - Whether people go on through this host to others. C(AllowTcpForwarding local) is then allowed, and what the fix sets.
    type: bool
    default: false
  scan_depth:
    description:
      - How deep home directories are searched for private keys; V(1) looks at the files in the home itself, V(2) also into C(.ssh).
      - Of accounts of services only C(.ssh) is looked at.
    type: int
    default: 4
  scan_files:
    description:
      - How many names in one home directory are looked at, nearest first. A home that has more is RV(findings[].status=not_assessed).
    type: int
    default: 50000
  confirm_seconds:
    description:
      - Seconds in which a new connection has to confirm the change. When they are over, the host takes everything back by itself.
    type: int
    default: 60
  allow_self_cutoff:
    description:
      - Whether to make the change even where sessions pass connections on, or this run logged in by C(HostbasedAuthentication).
      - The host still takes it back unless a new connection confirms it.
    type: bool
    default: false
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - As an ordinary user only that user's own home can be seen; the rest is RV(findings[].status=not_assessed).
  - Options of authorized keys (C(permitopen), C(port-forwarding), C(tunnel)) cannot grant what sshd_config denies; they are evidence only.
  - Users with a shell can forward with programs of their own; denying it in sshd takes away the way that needs no program and leaves no
    process.
  - OpenSSH's sshd alone is judged. C(sshd -T) reads the files, so an sshd that was not reloaded since they were written is judged by what it
    would do after a reload.
  - C(Match) lines with criteria that sshd cannot be asked about (C(rdomain), C(version), C(sessiontype), C(command)) make the rules
    RV(findings[].status=not_assessed), unless the drop-in of this control outweighs them.
  - An sshd before 8.2 has no C(Include). There the settings are written to the top of its configuration, and C(Match) blocks that grant more
    are reported.
  - Home directories on network and FUSE file systems are not looked into, since a dead server would hold the run; they are
    RV(findings[].status=not_assessed). Run the control where they are stored.
  - At most 200 private keys and 500 authorized keys of a host are reported; the finding says so where there are more.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.host_firewall
  - name: Mozilla's guideline for OpenSSH
    description: Where the advice on agent forwarding and keys comes from.
    link: https://infosec.mozilla.org/guidelines/openssh
"""

EXAMPLES = r"""
- name: Report where people could go on to from this host
  infosec.principles.ssh_pivoting:
    enforce: false

- name: Forward nothing, except on the bastions
  infosec.principles.ssh_pivoting:
    bastion: "{{ 'bastions' in group_names }}"
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
      sample: ssh_pivoting.forwarding
    subject:
      description: The unit of an sshd, the path of a file, C(home directories) where none of them has any, or C(host).
      returned: success
      type: str
      sample: ssh.service
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fixed
    fingerprints:
      description: What the report joins across hosts, each with C(kind), C(value) (a digest) and C(holder).
      returned: when the finding has any
      type: list
      elements: dict
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement.ssh_pivoting import CONTROL
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
