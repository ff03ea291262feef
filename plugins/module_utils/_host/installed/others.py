# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Libraries of PHP, Ruby and Go as they lie in an application's own folders."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles import composer, golang
from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles.model import LockError, Package
from ansible_collections.infosec.principles.plugins.module_utils._host.installed.reading import Reading
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Folder

LIMIT = 16 * 1024 * 1024
HEAD = 2048
#: The line that RubyGems puts on top of each specification that it installs: name, version, platform.
_STUB = re.compile(r"^# stub: (\S+) (\S+) ", re.MULTILINE)
_SPECIFICATION = re.compile(r"(.+?)-(\d[^-]*)(?:-.+)?\.gemspec")


def php(folder: Folder, reading: Reading) -> None:
    """vendor/composer/installed.json."""
    with folder.folder("vendor/composer") as composed:
        text = composed.read("installed.json", LIMIT) if composed else None
        if composed is None or text is None:
            return
        source = composed.join("installed.json")
        _take(reading, source, "PHP", lambda: composer.installed(text).packages)


def ruby(folder: Folder, reading: Reading) -> None:
    """vendor/bundle/ruby/VERSION/specifications, where `bundle install --path` or `deployment` puts gems."""
    with folder.folder("vendor/bundle/ruby") as versions:
        for version in versions.list().folders if versions else ():
            with folder.folder(f"vendor/bundle/ruby/{version}/specifications") as specifications:
                if specifications:
                    _gems(specifications, reading)


def _gems(specifications: Folder, reading: Reading) -> None:
    number = 0
    for name in specifications.list().files:
        named = _SPECIFICATION.fullmatch(name)
        if named is None:
            continue
        stub = _STUB.search(specifications.read(name, HEAD, part=True) or "")
        told = stub or named
        package = Package("gem", told[1], told[2])
        number += reading.add([package], specifications.join(name), installed=True)
    reading.tell(specifications.path, number, "Ruby", installed=True)


def go(folder: Folder, reading: Reading) -> None:
    """vendor/modules.txt."""
    with folder.folder("vendor") as vendor:
        text = vendor.read("modules.txt", LIMIT) if vendor else None
        if vendor is not None and text is not None:
            _take(reading, vendor.join("modules.txt"), "Go", lambda: golang.vendored(text).packages)


def _take(reading: Reading, source: str, what: str, read: t.Callable[[], tuple[Package, ...]]) -> None:
    try:
        number = reading.add(read(), source, installed=True)
    except LockError as exc:
        reading.unread.append((source, str(exc)))
    else:
        reading.tell(source, number, what, installed=True)
