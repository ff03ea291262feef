# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the pip bootstrap that ansible-test downloads, on offline machines.

Python carries a pip of its own; it installs what it is told from the package index (or mirror) that pip is set up for.
`get_pip.py --place` puts this file where ansible-test looks before it downloads, unless one is there or can be had.
"""

from __future__ import annotations

import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

# Options of the real script that pip does not know.
DROPPED = {"--no-setuptools", "--no-wheel"}


def bootstrap(arguments: list[str]) -> None:
    """Install pip and the given packages, as the real script does."""
    python = [sys.executable, "-m"]
    subprocess.check_call([*python, "ensurepip", "--default-pip"])
    subprocess.check_call([*python, "pip", "install", *(word for word in arguments if word not in DROPPED)])


def place() -> None:
    """Copy this file into the cache of ansible-test where the download fails."""
    url, cached = real_script()
    if cached.exists() or reachable(url):
        return
    cached.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(__file__, cached)


def real_script() -> tuple[str, pathlib.Path]:
    """Where the installed ansible-test would download its script from, and where it would keep it."""
    spec = importlib.util.find_spec("ansible_test")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("ansible-test is not installed in this environment; run `make sanity`")
    source = pathlib.Path(next(iter(spec.submodule_search_locations)))
    version = _word(r"pip='([\d.]+)'", source / "_internal" / "python_requirements.py")
    url = _word(r"'(https://\S+/get-pip-%s\.py)'", source / "_util" / "target" / "setup" / "requirements.py")
    return url % version, pathlib.Path.home() / f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py"


def _word(pattern: str, path: pathlib.Path) -> str:
    found = re.search(pattern, path.read_text(encoding="utf-8"))
    if found is None:
        sys.exit(f"{path}: nothing matches {pattern}; adapt tests/sanity/get_pip.py to this ansible-test")
    return found[1]


def reachable(url: str) -> bool:
    """Whether the URL answers within five seconds."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["--place"]:
        place()
    else:
        bootstrap(sys.argv[1:])
