#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A certificate authority for people, and certificates for one of them: one that is right, and one for each thing that can
# be wrong. Needs: openssh-client.
#
#   certificates.sh FOLDER PRINCIPAL
#
# Makes FOLDER/ca and FOLDER/other_ca (with .pub), and the keys right, wrong (another principal), expired, revoked and
# foreign (signed by other_ca), each with its -cert.pub. FOLDER/revoked_keys is the KRL that revokes `revoked` by its serial.
set -eu

folder=$1 principal=$2
mkdir -p "$folder"
cd "$folder"
rm -f ca ca.pub other_ca other_ca.pub right* wrong* expired* revoked* foreign*
for key in ca other_ca right wrong expired revoked foreign; do
    ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$key"
done
sign() { ssh-keygen -q -s "$1" -I "$2" -z "$3" -n "$4" -V "$5" "$2.pub" 2>/dev/null; }
sign ca right 1 "$principal" -5m:+1d
sign ca wrong 2 somebody-else -5m:+1d
sign ca expired 3 "$principal" -2d:-1d
sign ca revoked 4 "$principal" -5m:+1d
sign other_ca foreign 5 "$principal" -5m:+1d
echo 'serial: 4' >revoked.spec
ssh-keygen -q -k -f revoked_keys -s ca.pub revoked.spec
rm revoked.spec
