# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The names in a folder that tell of libraries, apart from their readers: most hosts have no applications to read."""

from __future__ import annotations

#: Lock files and manifests of table.py.
FILES = frozenset(
    (
        *("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "requirements.txt"),
        *("pyproject.toml", "Pipfile"),
        *("npm-shrinkwrap.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "package.json"),
        *("composer.lock", "composer.json"),
        *("Gemfile.lock", "gems.locked", "Gemfile", "gems.rb"),
        *("Cargo.lock", "Cargo.toml"),
        *("go.mod", "go.sum"),
        *("gradle.lockfile", "pom.xml", "build.gradle", "build.gradle.kts"),
    )
)
#: Folders with installed libraries in them.
FOLDERS = frozenset(("node_modules", "vendor", "WEB-INF"))
#: What the name of a folder ends with that tells of one distribution of Python.
DISTRIBUTION = ".dist-info"
#: Archives of Java.
ARCHIVES = (".jar", ".war")

#: How people call the ecosystem of a type of package URL.
ECOSYSTEMS = {
    "cargo": "Rust",
    "composer": "PHP",
    "gem": "Ruby",
    "golang": "Go",
    "maven": "Java",
    "npm": "Node",
    "pypi": "Python",
}
