#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# enrol.sh oath USER HEX     a line for USER in /etc/users.oath, in the place of the one that is there
# enrol.sh google USER HEX   the same secret in USER's ~/.google_authenticator
# The codes of both are those of: oathtool --totp HEX
set -eu
umask 077
case "$1" in
oath)
    touch /etc/users.oath
    awk -v user="$2" '$2 != user' /etc/users.oath >/etc/users.oath.new
    printf 'HOTP/T30/6 %s - %s\n' "$2" "$3" >>/etc/users.oath.new
    mv /etc/users.oath.new /etc/users.oath
    ;;
google)
    file=$(getent passwd "$2" | cut -d: -f6)/.google_authenticator
    secret=$(python3 -c 'import base64, sys; print(base64.b32encode(bytes.fromhex(sys.argv[1])).decode().rstrip("="))' "$3")
    rm -f "$file"
    printf '%s\n" TOTP_AUTH\n" DISALLOW_REUSE\n" WINDOW_SIZE 3\n' "$secret" >"$file"
    chmod 0400 "$file"
    chown "$2:" "$file"
    ;;
*)
    echo "usage: $0 oath|google USER HEX" >&2
    exit 2
    ;;
esac
