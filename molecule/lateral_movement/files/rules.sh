#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# All packet filter rules of the kernel but our own table's, without counters.
for program in iptables-save ip6tables-save; do
    command -v "$program" >/dev/null && "$program" | sed -E 's/\[[0-9]+:[0-9]+\]//; /^#/d'
done
if command -v nft >/dev/null; then
    nft list tables | grep -v ' infosec_principles$' | while read -r _ family table; do
        nft list table "$family" "$table" | sed -E 's/counter packets [0-9]+ bytes [0-9]+/counter/'
    done
fi
exit 0
