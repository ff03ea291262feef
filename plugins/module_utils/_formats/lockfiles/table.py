# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""All lock files and manifests, by the name that they have in a folder."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles import (
    bundler,
    cargo,
    composer,
    golang,
    gradle,
    manifests,
    maven,
    npm,
    pnpm,
    python,
    requirements,
    yarn,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import Contents

Read = t.Callable[[str], Contents]

#: Lock files by the ecosystem's type of package URL; where a folder has several, the first is what its tool goes by.
LOCKS: dict[str, dict[str, Read]] = {
    "pypi": {
        "uv.lock": python.uv,
        "poetry.lock": python.poetry,
        "pdm.lock": python.pdm,
        "Pipfile.lock": python.pipfile,
        "pylock.toml": python.pylock,
        "requirements.txt": requirements.read,
    },
    "npm": {
        "npm-shrinkwrap.json": npm.read,
        "package-lock.json": npm.read,
        "yarn.lock": yarn.read,
        "pnpm-lock.yaml": pnpm.read,
    },
    "composer": {"composer.lock": composer.read},
    "gem": {"Gemfile.lock": bundler.read, "gems.locked": bundler.read},
    "cargo": {"Cargo.lock": cargo.read},
    "golang": {"go.mod": golang.mod, "go.sum": golang.checksums},
    "maven": {"gradle.lockfile": gradle.read, "pom.xml": maven.read},
}

#: Files in which people name the libraries that they want, and whether one of them wants any.
MANIFESTS: dict[str, dict[str, t.Callable[[str], bool]]] = {
    "pypi": {"pyproject.toml": manifests.pyproject, "Pipfile": manifests.named},
    "npm": {"package.json": manifests.npm},
    "composer": {"composer.json": manifests.composer},
    "gem": {"Gemfile": manifests.named, "gems.rb": manifests.named},
    "cargo": {"Cargo.toml": manifests.named},
    "maven": {"build.gradle": manifests.named, "build.gradle.kts": manifests.named},
}
