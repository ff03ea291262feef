#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Thirteen ways in which a host is not the same after a boot.
set -eu

unit() { # name, command, type
    printf '[Unit]\nDescription=%s\n[Service]\nType=%s\nExecStart=%s\n[Install]\nWantedBy=multi-user.target\n' "$1" "$3" "$2" \
        > "/etc/systemd/system/$1.service"
}

unit forgotten '/usr/bin/python3 -m http.server 8101' exec
unit broken /bin/false oneshot
unit barred '/usr/bin/sleep infinity' exec
mv /etc/systemd/system/barred.service /usr/lib/systemd/system/
systemctl daemon-reload

systemctl start forgotten.service                                           # runs, and nobody enabled it
systemctl start broken.service || true                                      # has failed
systemd-run --quiet --unit=made-at-run-time /usr/bin/sleep infinity         # has no unit file
systemctl enable --quiet barred.service
systemctl mask --quiet barred.service                                       # enabled and masked
setsid python3 -m http.server 8102 >/dev/null 2>&1 </dev/null &             # listens, started by hand
mkdir -p /etc/cron.d && printf '@reboot root /usr/bin/true\n' > /etc/cron.d/at-boot   # starts outside of any unit

mkdir -p /mnt/by-hand /mnt/never
mount -t tmpfs -o size=1m by-hand /mnt/by-hand                              # mounted by hand
printf 'never /mnt/never tmpfs size=1m 0 0\n' >> /etc/fstab                 # to be mounted, and is not

mount -o remount,rw /proc/sys
sysctl --quiet --write net.core.somaxconn=8192
iptables -A INPUT -p tcp --dport 8103 -j DROP
ip address add 203.0.113.7/32 dev lo
ip rule add from 203.0.113.7 table 77
ip route add 203.0.113.128/25 dev lo table 77
