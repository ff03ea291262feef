# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The register as files, for whatever stands between the hosts."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall import policy, render, terraform
from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.flows import Flow, flows
from ansible_collections.infosec.principles.plugins.plugin_utils._register import resolve
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory

Groups = t.Mapping[str, t.Iterable[str]]
Targets = t.Mapping[str, t.Mapping[str, t.Any] | None]


def files(
    register: t.Any,
    hostvars: resolve.Hostvars,
    groups: Groups,
    targets: Targets,
    lookup: resolve.Lookup = resolve.look_up,
) -> dict[str, str]:
    """The texts by the names of their files, which may lie in a folder. targets: generators or clouds, with options.

    Raises ValueError (RegisterError too) with the remedy, and AnsibleError where aerleon is needed and missing.
    """
    check(targets)
    ask = functools.cache(lookup)
    made: dict[str, str] = {}
    for name in sorted(targets):
        options = dict(targets[name] or {})
        hosts = members(name, options.pop("hosts", None), groups)
        made |= _files(name, options, flows(register, hostvars, groups, hosts, ask))
    return made


def check(targets: t.Any) -> None:
    """Raise ValueError for what is no mapping of mappings."""
    if not isinstance(targets, t.Mapping):
        raise ValueError(f"targets: found {targets!r}; write a mapping, such as {{nftables: {{}}}}")
    for name, options in targets.items():
        if options is not None and not isinstance(options, t.Mapping):
            raise ValueError(
                f"{name}: found {options!r}; write a mapping of its options, such as {{hosts: [web]}}, or {{}}"
            )


def members(target: str, names: t.Any, groups: Groups) -> frozenset[str] | None:
    """The hosts whose services a target is about; None for all. Raises ValueError for a name that is not known."""
    if names is None:
        return None
    inventory = Inventory(groups)
    wanted = [names] if isinstance(names, str) else [str(name) for name in names]
    unknown = [name for name in wanted if not inventory.knows(name)]
    if unknown:
        raise ValueError(f"{target}.hosts: found {', '.join(unknown)}; write groups and hosts that the inventory has")
    return inventory.members(wanted)


def _files(name: str, options: t.Mapping[str, t.Any], seen: t.Sequence[Flow]) -> dict[str, str]:
    if name in terraform.CLOUDS:
        # A folder each: a module of Terraform is a folder, and may name its providers once.
        return {f"{name}/security_groups.tf.json": terraform.text(terraform.module(name, seen, options))}
    return render.render(policy.policies(seen, {name: options}))
