#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_files
short_description: Keep what servers log in with for those who need it alone
version_added: "1.0.0"
description:
  - Finds the files in which programs of a server keep what they log in with, and private keys, by their names and places and by their
    formats; what holds only placeholders, or a key with a passphrase, is none. Among them are password files of PostgreSQL, option files
    of MySQL and MariaDB, netrc, C(.env), C(wp-config.php) and the configurations of other web applications, private keys of TLS and SSH
    (host keys too), C(htpasswd), key tables, service accounts, and what mail servers and shares log in with.
  - It looks through O(folders), through the folders that nginx and Apache httpd serve and in which services work, and on top of each home
    directory. Keys to APIs in home directories are judged by M(infosec.principles.device_api_keys), keys in C(.ssh) by
    M(infosec.principles.ssh_keys), and the mode of keys whose certificates servers use by M(infosec.principles.certificates).
  - Rule V(credential_files.mode) fails where others than the owner can read or write such a file, going by its mode and those of the
    folders above it; a group's right to read is taken for meant, unless the group is that of several people, or the file is for its owner
    alone. Fixed by narrowing the mode. What a service or a job of cron reads stays readable to it; where it could read the file as
    everybody only, the file gets the service's group and the mode C(0640). Nothing is changed where that cannot be done for all of them, or
    where the file has an access control list.
  - Rule V(credential_files.owner) fails where a file below C(/etc) belongs to a person, or any file to a number that no account and no
    service has. Files below C(/etc) are given to root, where no service needs them as their owner.
  - Rule V(credential_files.web_root) fails where nginx or Apache httpd hands such a file out. The server is asked for it, as its
    configuration names the site, and the first bytes of the answer are compared with those of the file, so that what is denied, or run
    as a script, passes. That leaves a line in the access log of the site.
  - Rule V(credential_files.backup) fails for each copy of such a file that an editor, a package or a person left (C(.bak), C(~), C(.swp),
    C(.orig), C(.save) and the like). Nobody's files are removed; a copy that is too open gets its mode.
  - Rule V(credential_files.unit_environment) fails where a unit has a secret in C(Environment=), which C(systemctl show) and D-Bus tell
    every user, whatever the mode of the unit's file is. Units are judged that systemd has loaded.
  - Rule V(credential_files.environment_file) fails where others can read an C(EnvironmentFile=) with secrets. Fixed by its mode; systemd
    reads it as root. With O(seal=true) it also fails where it could be sealed.
  - Rule V(credential_files.command_line) fails where a unit has a secret in the words of its C(ExecStart=), which every user sees. Only a
    person can tell a program to take it from elsewhere.
  - Values of secrets are never told, nor kept in the journal.
options:
  folders:
    description:
      - Folders that are looked through besides those of web servers and services.
    type: list
    elements: path
    default: [/etc, /opt, /srv, /usr/local, /var/www, /var/backups]
  scan_depth:
    description:
      - How deep each folder is looked through; V(1) for its own files alone.
    type: int
    default: 6
  scan_files:
    description:
      - How many names of each folder are looked at. Where there are more, the rules are V(not_assessed).
    type: int
    default: 50000
  seal:
    description:
      - Whether secrets in C(Environment=) and in an C(EnvironmentFile=) are moved into credentials of systemd, which this host alone can decrypt
        (C(systemd-creds), from systemd 250; Debian 11 has none), and the service B(restarted). Everything is put back where it does not come up again.
      - A drop-in loads the credentials and puts a line of shell before the unit's commands, which exports each under the name of its variable
        and becomes the command, so that the program needs not be changed.
      - Only running services whose unit lies in C(/etc/systemd/system) are sealed, no templates, and none with a setting that might keep a shell away
        (such as C(RootDirectory=)); a file of variables only where one unit alone reads it. The others say why not.
      - The file as it was is kept encrypted in C(/etc/credstore.encrypted/infosec), and M(infosec.principles.undo) writes it back from
        there. The key is that of the host (C(/var/lib/systemd/credential.secret)), without a TPM, so that no update of firmware makes
        secrets unreadable; whoever has the disk has both, unless it is encrypted.
      - What somebody else reads from such a file (a script that sources it) finds no secret there any more.
    type: bool
    default: false
  seal_units:
    description:
      - Patterns of the names of those units that O(seal=true) is for. One that does not come up with its secrets sealed is put back, and tried
        again by the next run, which restarts it; leave it out here.
    type: list
    elements: str
    default: ["*"]
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.certificates
  - module: infosec.principles.device_api_keys
  - module: infosec.principles.ssh_keys
  - module: infosec.principles.local_credentials
  - name: Mozilla's security principles
    description: Where the rules come from.
    link: https://infosec.mozilla.org/fundamentals/security_principles
"""

EXAMPLES = r"""
- name: Report which credentials others than their service can read
  infosec.principles.credential_files:
    enforce: false

- name: Narrow them, also in the folder of our applications, and seal the secrets of units
  infosec.principles.credential_files:
    folders: [/etc, /srv, /data/apps]
    seal: true
"""

RETURN = r"""
findings:
  description:
    - One record for each rule and subject that was judged, also for what passes; sorted by control, rule and subject.
  returned: success
  type: list
  elements: dict
  contains:
    control:
      description: Name of the control.
      returned: success
      type: str
      sample: credential_files
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: data_protection
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: credential_files.mode
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: /etc/mysql/debian.cnf
    status:
      description:
        - One of V(pass), V(fail), V(fixed), V(waived), V(not_applicable), V(not_assessed), V(error), as it is at the end of the run.
      returned: success
      type: str
      sample: fixed
    status_before:
      description: The status before any fix; the same as RV(findings[].status) in check mode.
      returned: success
      type: str
      sample: fail
    risk:
      description: One of V(low), V(medium), V(high), V(maximum).
      returned: success
      type: str
      sample: high
    message:
      description: What was found, in one sentence.
      returned: success
      type: str
    note:
      description: What the fix did, or why it failed; empty where nothing was fixed.
      returned: success
      type: str
    evidence:
      description: Where it was read (RV(ignore:source)), what was found and what was expected. Never a secret.
      returned: success
      type: list
      elements: dict
    remedy:
      description: What a person does about it.
      returned: success
      type: str
    reference:
      description: The page that the rule comes from.
      returned: success
      type: str
    fix:
      description: One line for each change that puts it right; empty where there is no fix.
      returned: success
      type: list
      elements: str
    diff:
      description: Before and after of each of these changes.
      returned: success
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.credential_files import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    """Run the one control."""
    run_module(CONTROL)


if __name__ == "__main__":
    main()
