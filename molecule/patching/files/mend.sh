#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The steps that the findings tell a person to take after break.sh.
set -eu

# enabled: a unit file for what was made at run time
systemctl cat made-at-run-time.service > /root/made-at-run-time.service
systemctl stop made-at-run-time.service
printf '\n[Install]\nWantedBy=multi-user.target\n' | cat /root/made-at-run-time.service - > /etc/systemd/system/made-at-run-time.service

# unit: the unit file of the finding
pkill -f 'http.server 8102'
cat > /etc/systemd/system/python3-8102.service <<'UNIT'
[Unit]
Description=python3 on 8102/tcp
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/python3 -m http.server 8102
User=root
Restart=on-failure

[Install]
WantedBy=multi-user.target
UNIT

# failed: put it right
sed -i 's,^ExecStart=.*,ExecStart=/bin/true,' /etc/systemd/system/broken.service
systemctl daemon-reload
systemctl restart broken.service
systemctl enable --quiet --now made-at-run-time.service python3-8102.service

# masked: it is meant to run
systemctl unmask --quiet barred.service
systemctl start barred.service

# jobs: it was not needed
rm /etc/cron.d/at-boot

# mounts: both are meant to be there
printf 'tmpfs /mnt/by-hand tmpfs size=1024k,nofail 0 0\n' >> /etc/fstab
mount /mnt/never

# sysctl, firewall, network: none of it was meant to stay
sysctl --quiet --write net.core.somaxconn=4096
iptables -D INPUT -p tcp --dport 8103 -j DROP
ip rule del from 203.0.113.7/32 table 77
ip route del 203.0.113.128/25 dev lo table 77
ip address del 203.0.113.7/32 dev lo
