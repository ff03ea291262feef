# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Modules that most hosts never need, imported where they are used first: in each run a host compiles what it imports.

if t.TYPE_CHECKING:  # from this Ansible knows what the host may need, and mypy what it is
    from ansible_collections.infosec.principles.plugins.module_utils._host import zypper
else:
    zypper = later("_host.zypper")
"""

from __future__ import annotations

import importlib
import typing as t

#: Not __package__, which Python 3.9 does not give to modules from an archive.
MODULE_UTILS = __name__.rpartition("._engine.")[0]


class Later:
    """Stands for a module until something of it is used, and after that as well."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> t.Any:
        return getattr(importlib.import_module(self._name), attribute)


def later(name: str) -> t.Any:
    """The module of that name below module_utils, imported when something of it is used."""
    return Later(f"{MODULE_UTILS}.{name}")
