#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Build the images of the fleet: build.sh [NAME...]     (NAME.Dockerfile lies beside this script; default: all of them)
# NAME:RELEASE for a recipe that is there for each release of Debian (or those that its line "# Releases:" names).
# Each is built once: an image whose label still carries the digest of its recipe is left alone.
set -eu
cd "$(dirname "$0")"

LABEL=infosec.recipe

is_current() { # image, digest of its recipe
    [ "$(docker image inspect --format "{{ index .Config.Labels \"$LABEL\" }}" "$1" 2>/dev/null)" = "$2" ]
}

build_image() { # image, Dockerfile, what else makes the recipe
    digest=$(cat "$2" - <<RECIPE | sha256sum | cut -d ' ' -f 1
$3
RECIPE
    )
    is_current "$1" "$digest" && return
    echo "building $1"
    docker build --quiet --label "$LABEL=$digest" --build-arg "SYSTEM=$3" --build-arg "RELEASE=${1#*:}" --tag "$1" - <"$2" >/dev/null
}

# The bare system: Debian's own image where a registry answers, else the same from the archive.
bare_system() { # release, its code name
    image=debian:$1-slim
    if [ -z "$(docker image ls --quiet "$image")" ]; then
        if timeout 10 docker manifest inspect "$image" >/dev/null 2>&1; then
            docker pull --quiet "$image" >&2
        else
            bootstrap "$image" "$2"
        fi
    fi
    echo "$image"
}

bootstrap() { # image, code name
    command -v mmdebstrap >/dev/null || {
        echo "build.sh: no registry has $1, and mmdebstrap is missing; install it (apt-get install mmdebstrap)" >&2
        exit 1
    }
    echo "bootstrapping $1" >&2
    mmdebstrap --quiet --variant=minbase "$2" - | docker import - "$1" >/dev/null
}

build_base() { # release:codename
    release=${1%:*}
    build_image "infosec-base:$release" base.Dockerfile "$(bare_system "$release" "${1#*:}")"
}

build_host() { # name, or name:release
    recipe=${1%:*}.Dockerfile
    base=$(sed -n 's/^FROM //p' "$recipe" | sed "s/[$]{RELEASE}/${1#*:}/")
    build_image "infosec-$1" "$recipe" "$(docker image inspect --format '{{ .Id }}' "$base")"
}

names() { # of all hosts
    for file in *.Dockerfile; do
        name=${file%.Dockerfile}
        if [ "$name" = base ]; then
            continue
        elif grep -q '^ARG RELEASE' "$file"; then
            releases=$(sed -n 's/^# Releases: //p' "$file")
            for release in ${releases:-11 12 13}; do echo "$name:$release"; done
        else
            echo "$name"
        fi
    done
}

case ${1:-} in
--base) build_base "$2" ;;
--host) build_host "$2" ;;
*)
    printf '%s\n' 11:bullseye 12:bookworm 13:trixie | xargs -P 2 -n 1 ./build.sh --base
    if [ $# -gt 0 ]; then printf '%s\n' "$@"; else names; fi | xargs -P 2 -n 1 ./build.sh --host
    ;;
esac
