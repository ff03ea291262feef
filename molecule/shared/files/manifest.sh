#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a host is made of, a line each: files, units, accounts of databases. Two of these differ where anything was changed.
set -eu

find /etc -xdev -printf '%M %u:%g %p %l\n' | sort
find /etc /var/lib/postgresql -xdev -type f \( -path '/etc/*' -o -name '*.conf' \) -exec sha256sum {} + 2>/dev/null | sort -k 2
find /var/lib -xdev -maxdepth 1 -printf '%M %u:%g %p\n' | sort

systemctl list-unit-files --no-legend --plain | awk '$2 != "transient" {print $1, $2}' | sort
systemctl list-units --type=service --state=running --no-legend --plain | awk '{print $1, "runs"}' | sort
systemctl list-units --type=socket,timer --state=active --no-legend --plain | awk '{print $1, "is active"}' | sort

if command -v mariadbd >/dev/null; then
    mariadb --batch --skip-column-names --execute 'SELECT User, Host FROM mysql.global_priv ORDER BY 1, 2'
fi
