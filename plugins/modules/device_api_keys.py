#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: device_api_keys
short_description: Let no key to an API lie where a thief gets it
version_added: "1.0.0"
description:
  - Rule C(present) fails for each file with keys to APIs in a home directory of a machine that can be carried away (O(physically_secure)).
    Who has the disk, or the machine while it runs, has the keys. There is no fix; the finding names what to use instead.
  - Rule C(readable) fails, on every machine, for each such file that others than its owner can read or write, as far as the folders above it
    let them through. The fix takes their rights away. A file that was given to a group stays readable to that group, and C(.env) files are
    left to a person, since a program of another account may have to read them.
  - Files are known by their place and their format. These are the credentials of AWS, Google Cloud (also keys of service accounts
    anywhere), Azure, Kubernetes, OpenStack, DigitalOcean and Hetzner Cloud; of registries and package indexes (Docker, Podman, Helm, npm,
    Yarn, PyPI, Poetry, pip, Cargo, RubyGems, Composer, Maven, Hugging Face); of git, GitHub and GitLab; of Terraform, Vault, rclone, boto
    and s3cmd; C(.netrc); and C(.env) files with variables that are named like secrets.
  - Placeholders, references to variables or secret stores, files that only name a credential helper, and keys whose end has passed
    are no findings. Keys that end within a day are what is to be used instead, and count for C(readable) alone.
  - No secret leaves the host. A finding names the file, its kind and age, and the names that the secrets have in it. Tokens that nobody could
    guess also leave the first 64 bits of a digest, by which the same key is seen on two hosts; passwords leave none.
  - Private keys of SSH and TLS are the matter of M(infosec.principles.ssh_pivoting), which finds each of them by its format.
options:
  physically_secure:
    description:
      - Whether nobody can carry the machine away. V(auto) asks the firmware for the kind of case; where it does not tell, what would fail is
        RV(findings[].status=not_assessed).
    type: str
    choices: [auto, "true", "false"]
    default: auto
  scan_depth:
    description:
      - How deep home directories of people are searched for what may lie anywhere (C(.env), C(.npmrc), keys of service accounts). The folders
        of known clients are looked at in any case, also those of services.
    type: int
    default: 4
  scan_files:
    description:
      - How many names in one home directory are looked at, nearest first. A home that has more is RV(findings[].status=not_assessed).
    type: int
    default: 50000
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
author:
  - The infosec.principles authors (@infosec-principles)
notes:
  - As an ordinary user only that user's own home can be seen; the rest is RV(findings[].status=not_assessed).
  - Home directories on network and FUSE file systems are not looked into, since a dead server would hold the run.
  - No link is followed, and nothing but plain files of at most 1 MiB is opened. At most 200 files of a host are listed.
  - Access control lists are not judged; the fix sets their mask along with the group's rights.
  - An encrypted disk helps as long as the machine is off. That is why a key on it is still a finding; waive it where that will do.
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.ssh_pivoting
  - module: infosec.principles.disk_encryption
  - name: Mozilla's security principles
    description: Require strong authentication.
    link: https://infosec.mozilla.org/fundamentals/security_principles#require-strong-authentication
"""

EXAMPLES = r"""
- name: Report the keys to APIs on a laptop
  infosec.principles.device_api_keys:
    physically_secure: "false"
    enforce: false

- name: Take the rights of others away from files with keys
  infosec.principles.device_api_keys:
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
      sample: device_api_keys.readable
    subject:
      description: The path of a file, or C(home directories) for all of them.
      returned: success
      type: str
      sample: /home/ann/.aws/credentials
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication.device_api_keys import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    run_module(CONTROL)


if __name__ == "__main__":
    main()
