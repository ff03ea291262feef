# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The command by which a person upgrades one library. Nobody runs it: an application is deployed by its owners."""

from __future__ import annotations

import posixpath
import shlex

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.package import Package

#: By the file that tells of the library. {folder}: where it lies; {name}, {version}: what to install; all quoted.
_BY_FILE = {
    "poetry.lock": "cd {folder} && poetry add {name}@{version}",
    "Pipfile.lock": "cd {folder} && pipenv upgrade {name}=={version}",
    "pdm.lock": "cd {folder} && pdm add {name}=={version}",
    "uv.lock": "cd {folder} && uv lock --upgrade-package {name}=={version} && uv sync",
    "yarn.lock": "cd {folder} && yarn upgrade {name}@{version}",
    "pnpm-lock.yaml": "cd {folder} && pnpm update {name}@{version}",
    "gradle.lockfile": "cd {folder} && gradle dependencies --update-locks {name}",
}
#: By ecosystem, in the application's own folder. npm: a library of a library needs its parent upgraded, or overrides.
_BY_ECOSYSTEM = {
    "PyPI": "cd {app} && pip install {name}=={version}",
    "npm": "cd {folder} && npm install {name}@{version}",
    "Packagist": "cd {folder} && composer require {name}:{version} --update-with-all-dependencies",
    "RubyGems": "cd {app} && bundle update {name} --conservative",
    "crates.io": "cd {folder} && cargo update -p {name} --precise {version}",
    "Go": "cd {folder} && go get {name}@v{version} && go mod tidy",
    "Maven": "cd {folder} && mvn versions:use-dep-version -Dincludes={name} -DdepVersion={version}",
}
#: Folders of installed libraries; the application's own is above them.
_INSTALLED = ("/node_modules/", "/vendor/")


def command(application: str, package: Package, source: str, version: str) -> str:
    """To bring the package, of which the file `source` tells, to this version."""
    prefix, in_python, _rest = source.partition("/lib/python")
    file = posixpath.basename(source)
    words = {"name": package.name, "version": version, "app": application, "folder": _folder(application, source)}
    quoted = {key: shlex.quote(word) for key, word in words.items()}
    if package.ecosystem == "PyPI" and in_python:
        return f"{shlex.quote(prefix)}/bin/python3 -m pip install {quoted['name']}=={quoted['version']}"
    if package.ecosystem == "PyPI" and file.endswith(".txt"):
        return (
            f"cd {quoted['app']} && $EDITOR {shlex.quote(source)} ({package.name}=={version}) && pip install -r {file}"
        )
    return _BY_FILE.get(file, _BY_ECOSYSTEM[package.ecosystem]).format(**quoted)


def _folder(application: str, source: str) -> str:
    """Where the file lies, or the application's part of the path to an installed library."""
    for installed in _INSTALLED:
        before, found, _rest = source.partition(installed)
        if found:
            return before
    return posixpath.dirname(source) if source.startswith("/") else application
