# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""aerleon's policies as the files that firewalls load."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._libraries import aerleon as load_aerleon


class RenderError(ValueError):
    """aerleon cannot write a policy. The message names the policy."""


# A table that is loaded again takes the place of the one before, in one transaction; aerleon's would be added to it.
_RENEW = "table {0} filtering_policies\ndelete table {0} filtering_policies\n"


def render(policy: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The texts by the names of their files. policy: as policy.policies() made it. Raises RenderError, AnsibleError."""
    aerleon = load_aerleon()
    naming = aerleon.lib.naming.Naming()
    naming.ParseDefinitionsObject(_plain(policy["definitions"]), "")
    files: dict[str, str] = {}
    for one in _plain(policy["policies"]):
        files |= _rendered(aerleon, one, naming)
    return files


def _rendered(aerleon: t.Any, policy: dict[str, t.Any], naming: t.Any) -> dict[str, str]:
    name = policy["filename"]
    try:
        made = aerleon.api.Generate([policy], naming)
    except Exception as exc:  # Generators raise their own errors, and ValueError, TypeError, ...
        raise RenderError(f"{name}: aerleon cannot write this policy: {str(exc).strip()}") from exc
    if not made:
        raise RenderError(f"{name}: aerleon wrote nothing; its log says why")
    return {file: _finished(name, text) for file, text in made.items()}


def _finished(name: str, text: str) -> str:
    renew = "".join(_RENEW.format(family) for family in ("ip", "ip6")) if name == "nftables" else ""
    return f"{renew}{text.rstrip()}\n"


def _plain(value: t.Any) -> t.Any:
    """Without Ansible's tags and lazy containers, which not every YAML writer knows."""
    if isinstance(value, t.Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
