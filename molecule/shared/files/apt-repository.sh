#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A small signed apt repository with the package infosec-sample, to be served by any web server.
#
#   apt-repository.sh FOLDER VERSION ORIGIN LABEL SUITE CODENAME [service]
#
# Again with another VERSION: the repository has both. `service` gives the package infosec-sample.service. Needs dpkg-deb
# and gpg. The key is made once, and lies beside the folder (FOLDER.key); what clients trust is FOLDER/infosec-sample.gpg:
#
#   deb [signed-by=/etc/apt/infosec-sample.gpg] http://SERVER/ CODENAME main
set -eu

[ $# -ge 6 ] || { sed -n '6,15s/^# \{0,1\}//p' "$0" >&2; exit 2; }
folder=$1 version=$2 origin=$3 label=$4 suite=$5 codename=$6 service=${7:-}
architecture=$(dpkg --print-architecture)
index="main/binary-$architecture/Packages"
work=$(mktemp -d)
trap 'gpgconf --kill gpg-agent; rm -rf "$work"' EXIT
umask 022
mkdir -p "$folder/pool" "$folder/dists/$codename/main/binary-$architecture"
folder=$(cd "$folder" && pwd)
export GNUPGHOME="$folder.key"

key() {
    [ ! -s "$GNUPGHOME/pubring.kbx" ] || return 0
    (umask 077 && mkdir -p "$GNUPGHOME")
    gpg --batch --quiet --passphrase '' --quick-generate-key 'infosec-sample (throw-away)' ed25519 sign never
}

sign() {
    gpg --batch --quiet --yes --passphrase '' --pinentry-mode loopback --digest-algo SHA256 "$@"
}

program() {
    mkdir -p "$work/deb/usr/bin"
    cat >"$work/deb/usr/bin/infosec-sample" <<END
#!/bin/sh
[ "\${1:-}" != --serve ] || exec sleep infinity
echo $version
END
    chmod 0755 "$work/deb/usr/bin/infosec-sample"
}

unit() {
    mkdir -p "$work/deb/lib/systemd/system"
    cat >"$work/deb/lib/systemd/system/infosec-sample.service" <<END
[Unit]
Description=A sample for tests
[Service]
ExecStart=/usr/bin/infosec-sample --serve
[Install]
WantedBy=multi-user.target
END
    cat >"$work/deb/DEBIAN/postinst" <<'END'
#!/bin/sh
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
systemctl --quiet enable infosec-sample.service
systemctl restart infosec-sample.service
END
    cat >"$work/deb/DEBIAN/prerm" <<'END'
#!/bin/sh
[ "$1" = remove ] && [ -d /run/systemd/system ] || exit 0
systemctl --quiet disable --now infosec-sample.service
END
    chmod 0755 "$work/deb/DEBIAN/postinst" "$work/deb/DEBIAN/prerm"
}

package() {
    mkdir -p "$work/deb/DEBIAN"
    cat >"$work/deb/DEBIAN/control" <<END
Package: infosec-sample
Version: $version
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: A sample for tests
END
    program
    [ "$service" != service ] || unit
    # Debian 11 cannot unpack what newer versions of dpkg-deb make by default.
    dpkg-deb --root-owner-group -Zxz --build "$work/deb" "$folder/pool/infosec-sample_${version}_all.deb" >"$work/built"
}

packages() {
    for deb in pool/*.deb; do
        dpkg-deb --field "$deb"
        printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(wc -c <"$deb")" "$(sha256sum "$deb" | cut -d' ' -f1)"
    done
}

release() {
    cat <<END
Origin: $origin
Label: $label
Suite: $suite
Codename: $codename
Date: $(LC_ALL=C date -Ru)
Valid-Until: $(LC_ALL=C date -Ru -d '7 days')
Architectures: $architecture
Components: main
SHA256:
 $(sha256sum "$index" | cut -d' ' -f1) $(wc -c <"$index") $index
END
}

key
package
cd "$folder"
packages >"dists/$codename/$index"
cd "dists/$codename"
release >Release
sign --clear-sign --output InRelease Release
sign --armor --detach-sign --output Release.gpg Release
gpg --batch --yes --quiet --output "$folder/infosec-sample.gpg" --export
