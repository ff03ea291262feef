# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The controller's libraries that ansible-core does not bring along. A missing one is told at its first use."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import typing as t

from ansible.errors import AnsibleError

if t.TYPE_CHECKING:
    import jmespath
    import jmespath.exceptions
    import jmespath.functions
    import netaddr


def missing(name: str) -> str:
    """That a library is missing, and the remedy."""
    remedy = f"{sys.executable} -m pip install {name}"
    return f"the Python library {name} is missing on the controller; install it: {remedy}"


class _Missing:
    """Stands in for a library; whatever is asked of it raises AnsibleError with the remedy."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> t.Any:
        raise AnsibleError(missing(self._name))


def _library(name: str, *parts: str) -> t.Any:
    """The library, with these parts of it loaded."""
    try:
        for part in parts:
            importlib.import_module(f"{name}.{part}")
        return importlib.import_module(name)
    except ImportError:
        return _Missing(name)


if not t.TYPE_CHECKING:
    jmespath = _library("jmespath", "exceptions", "functions")
    netaddr = _library("netaddr")


def aerleon() -> t.Any:
    """The library aerleon. Only network firewalls need it, and it takes a while to load."""
    return _library("aerleon", "api", "lib.naming")


def packaging() -> t.Any:
    """The library packaging. ansible-core brings it along, but does not promise to."""
    return _library("packaging", "version")


def cvss() -> t.Any:
    """The library cvss, which tells a score from a vector; None without it."""
    found = _library("cvss")
    return None if isinstance(found, _Missing) else found


def cyclonedx() -> t.Any:
    """The library cyclonedx-python-lib; None without it. Only the format cyclonedx of the reports needs it."""
    parts = ("bom", "component", "component_evidence", "impact_analysis", "vulnerability")
    found = _library("cyclonedx", "output.json", *(f"model.{part}" for part in parts))
    return None if isinstance(found, _Missing) else found


def detect_secrets() -> t.Any:
    """The library detect-secrets. Only looking for secrets in a project needs it, and it takes a while to load."""
    return _library("detect_secrets", "core.plugins.util", "filters.heuristic", "plugins.high_entropy_strings")


def has_detect_secrets() -> bool:
    """Whether it is there, without loading it."""
    return importlib.util.find_spec("detect_secrets") is not None


def ruamel_yaml() -> t.Any:
    """The library ruamel.yaml, which keeps comments and layout. Only vault_secrets needs it."""
    return _library("ruamel.yaml", "comments")


__all__ = [
    "aerleon",
    "cvss",
    "cyclonedx",
    "detect_secrets",
    "has_detect_secrets",
    "jmespath",
    "missing",
    "netaddr",
    "packaging",
    "ruamel_yaml",
]
