#!/usr/bin/python
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_encryption
short_description: Disks of machines without physical security are encrypted
version_added: "1.0.0"
description:
  - Traces every mounted file system and every swap down to its disks, and says whether all ways pass an encrypting layer.
    Partitions, LVM, RAID, multipath, loop devices and the devices of a btrfs are followed.
  - Reads the LUKS1 and LUKS2 headers of all devices, open or closed, and judges cipher, key and the cost of guessing a passphrase.
  - Gives swap in clear a fresh random key at each start. A file system in clear is never changed; its finding carries
    the commands that encrypt it, for this device, layout and distribution, in order.
  - Backs up headers to a declared folder, and raises weak keyslots to argon2id where their passphrase is given.
  - Mozilla asks for full-disk encryption where there is no physical security. Where there is, only headers are judged.
options:
  physically_secure:
    description:
      - Whether somebody keeps the machine from being carried away or opened, as in a data centre.
      - With V(auto) the kind of case that the firmware tells decides. Laptops, notebooks, tablets, convertibles,
        hand-held and other portable machines are not secure, all others are.
      - Where the firmware tells nothing (containers, many ARM boards), what is in clear is RV(findings[].status=not_assessed) with V(auto).
    type: str
    choices: [auto, 'true', 'false']
    default: auto
  give_up_hibernation:
    description:
      - Whether swap may get a random key although the initramfs is configured to resume from it (C(RESUME=) of
        initramfs-tools, which the Debian installer writes). The machine cannot be hibernated any more then.
      - A C(resume=) on the kernel's command line is never overruled.
    type: bool
    default: false
  luks_backup_folder:
    description:
      - Where backups of LUKS headers belong, an absolute path. It is made where it is missing, with mode 0700.
      - Whoever has a backup can open the device with the passphrases that it had then, also after they were changed. So the
        folder should lie on an encrypted device, and copies of what is in it on another machine.
      - Where it is not declared, no backup is asked for and no header is changed.
    type: path
  luks_passphrases:
    description:
      - The passphrases of devices whose weak keyslots are to be raised, as a dictionary of the device and its passphrase. A device is named by any
        path below C(/dev) that leads to it, or as in C(/etc/fstab) (C(UUID=...)).
      - Keep it in Ansible Vault. Nothing writes it down on the host, neither Ansible's log nor the journal that M(infosec.principles.undo)
        reads, and cryptsetup gets it on its standard input. In O(ignore:controls) of M(infosec.principles.harden) it is as safe as here.
      - It is only needed until the keyslots are strong.
    type: dict
extends_documentation_fragment:
  - infosec.principles._attributes
  - infosec.principles._control
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    platforms: Debian 11, 12 and 13 (tested for real); Ubuntu and the RHEL family (tested by recorded output)
    support: full
notes:
  - Rule C(filesystem), risk high. The EFI system partition and a C(/boot) of its own are RV(findings[].status=not_applicable) in clear. Firmware
    and boot loader read them before there is a key, and they hold no data. Network file systems lie on other machines.
    A device whose key file lies in clear, also as a copy in the initramfs of a C(/boot) in clear (Debian), counts as none.
    The root of a container, ZFS, bcachefs and unknown FUSE file systems cannot be traced and are RV(findings[].status=not_assessed).
  - Rule C(swap), risk high. The device is wiped at each start from then on, so it is named by the UUID of its partition,
    by its logical volume or its RAID, and there is no fix where anything about it is in doubt. The finding then says why.
    What was swapped out before stays on the disk until it is overwritten.
  - Rule C(header_backup), risk medium. The folder of O(luks_backup_folder) holds a backup of each header as it is now, with mode 0600. Its name
    is the UUID of the header and a digest of its state, so that none is overwritten. Older ones still open the device with the keyslots
    of then; the finding counts them. RV(findings[].status=not_applicable) where no folder is declared.
  - Rule C(header_strength), risk medium. AES (or another cipher with 128-bit blocks) in XTS mode with at least 256 bits of key
    (NIST SP 800-38E), Adiantum, or an authenticated mode. Passphrases need Argon2 with at least 64 MiB and 3 passes
    (RFC 9106, section 4), or PBKDF2 with at least 600,000 iterations of SHA-256 (1,300,000 of SHA-1, 210,000 of SHA-512; OWASP
    Password Storage Cheat Sheet). Keyslots that a TPM, a security token, Clevis or a recovery key opens hold a random
    key and need neither. Reading headers needs root.
  - The fix of weak keyslots backs up the header, converts LUKS1 to LUKS2, raises the keyslots that the passphrase opens to argon2id (as
    costly as cryptsetup finds bearable on this machine, and never below the threshold), tries the passphrase again, and backs up the new header.
    Where the passphrase does not open it, and with M(infosec.principles.undo), the old header is put back from its backup.
    There is no fix for LUKS1 that is open (the finding says how to close it), where C(/boot) lies on the device and GRUB would have to
    read it, where the folder lies in clear (the backup would keep the weak keyslots), and where there is any doubt about the device.
  - With M(infosec.principles.undo), a header that somebody changed since is named and left alone, for a passphrase added since would be lost.
  - Hardware encryption inside a disk does not show and counts as none; such a finding can be waived.
author:
  - The infosec.principles authors (@infosec-principles)
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.undo
  - name: Mozilla's security principles
    description: Guarantee data integrity and confidentiality.
    link: https://infosec.mozilla.org/fundamentals/security_principles#guarantee-data-integrity-and-confidentiality
"""

EXAMPLES = r"""
- name: Report what is in clear on machines that can be carried away
  infosec.principles.disk_encryption:
    enforce: false

- name: Encrypt swap on a laptop that nobody hibernates
  infosec.principles.disk_encryption:
    give_up_hibernation: true

- name: The kiosk in the lobby is a desktop, but nobody watches it
  infosec.principles.disk_encryption:
    physically_secure: false

- name: Keep a backup of each LUKS header, and raise the weak keyslots of one device
  infosec.principles.disk_encryption:
    luks_backup_folder: /var/backups/luks
    luks_passphrases:
      /dev/disk/by-id/ata-EXAMPLE-part2: "{{ vault_data_passphrase }}"

- name: Fail where a LUKS header is weak
  infosec.principles.disk_encryption:
    fail_on: medium
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
      sample: disk_encryption
    principle:
      description: The principle (and role) that the control belongs to.
      returned: success
      type: str
      sample: data_protection
    rule:
      description: Stable id of the rule.
      returned: success
      type: str
      sample: disk_encryption.swap
    title:
      description: The state that passes.
      returned: success
      type: str
    subject:
      description: What was judged.
      returned: success
      type: str
      sample: /dev/sda4
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

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection.disk_encryption import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import run_module


def main() -> None:
    """Run the one control."""
    run_module(CONTROL)


if __name__ == "__main__":
    main()
