#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Print those of the doors PROTOCOL,ADDRESS,PORT that open from here.
for door; do
    (
        address=${door#*,}
        set -- -z -w 2 "${address%,*}" "${door##*,}"
        [ "${door%%,*}" = tcp ] || set -- -u "$@"
        nc "$@" 2>/dev/null && echo "$door"
    ) &
done
wait
