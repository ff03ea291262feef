# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Has Python compile each module of the archive that Ansible sends once, where it would twice.

zipimport compiles a module to say where its file would be, which every import asks, throws that away and compiles it
again to run it. That is half a second of a slow host in each run.
"""

from __future__ import annotations

import pkgutil
import sys
import typing as t
import zipimport
from importlib.machinery import ModuleSpec


class Finder:
    """Finds modules of packages in archives, by what zipimport tells without compiling; all others are Python's."""

    @staticmethod
    def find_spec(name: str, path: t.Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """What loads the module from the first place of its package; None where that is no archive."""
        importer = pkgutil.get_importer(path[0]) if path else None
        return _spec(importer, name) if isinstance(importer, zipimport.zipimporter) else None


def _spec(importer: zipimport.zipimporter, name: str) -> ModuleSpec | None:
    try:
        package = importer.is_package(name)
    except zipimport.ZipImportError:
        return None
    base = f"{importer.archive}/{importer.prefix}{name.rpartition('.')[2]}"
    loader: t.Any = importer
    spec = ModuleSpec(name, loader, origin=base + ("/__init__.py" if package else ".py"), is_package=package)
    spec.has_location = True
    if spec.submodule_search_locations is not None:
        spec.submodule_search_locations.append(base)
    return spec


def compile_once() -> None:
    """Ask this finder first from now on. Python 3.9 loads from archives in a way of its own, and goes on doing so."""
    if hasattr(zipimport.zipimporter, "exec_module") and Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)
