# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every machine needs that comes back from a boot: a kernel, and a clock that is right."""

from __future__ import annotations

from .machine import NOW, Machine

VERSION = "6.1.0-28-amd64"
GRUB = f"""
if [ "${{next_entry}}" ] ; then
   set default="${{next_entry}}"
else
   set default="0"
fi
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-9a' {{
\tlinux\t/boot/vmlinuz-{VERSION} root=UUID=9a ro quiet
\tinitrd\t/boot/initrd.img-{VERSION}
}}
"""


def whole(machine: Machine) -> None:
    machine.write("/boot/grub/grub.cfg", GRUB)
    machine.write(f"/boot/vmlinuz-{VERSION}", "kernel")
    machine.write(f"/boot/initrd.img-{VERSION}", "initrd")
    machine.mkdir(f"/lib/modules/{VERSION}")
    machine.write("/run/systemd/timesync/synchronized", "")
    machine.write("/sys/class/rtc/rtc0/since_epoch", f"{int(NOW.timestamp()) - 1}\n")
