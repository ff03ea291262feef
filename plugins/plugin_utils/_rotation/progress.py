# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How far the rotations of a run are, by what the modules said on each host (variables that tasks registered)."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._rotation.plan import HostVars, Key

#: What the tasks of playbooks/rotate_keys.yml register: on the hosts that log in, and on those that they log in to.
MADE, LOGINS, PROOFS = "infosec_key_made", "infosec_key_logins", "infosec_key_proofs"
ADMITTED, DISMISSED = "infosec_key_admitted", "infosec_key_dismissed"

Result = t.Mapping[str, t.Any]


def running(plan: t.Iterable[Key], hostvars: HostVars) -> list[Key]:
    """The keys that are being rotated, each with its new and its old ones."""
    found = []
    for key in plan:
        made = _result(hostvars, key["source"], MADE, key["name"])
        if made and made.get("new"):
            found.append({**key, "new": made["new"], "old": [one["fingerprint"] for one in made["old"]]})
    return found


def proven(rotations: t.Iterable[Key], hostvars: HostVars, host: str) -> list[Key]:
    """Those whose new key is in use, and opens this host."""
    return [key for key in rotations if host in key["hosts"] and _login(hostvars, PROOFS, key, host) == ""]


def left(plan: t.Iterable[Key], rotations: t.Iterable[Key], hostvars: HostVars) -> dict[str, list[str]]:
    """By the name of each key whose rotation did not come to its end, why."""
    going = {key["name"]: key for key in rotations}
    found = {key["name"]: list(_why(key, going.get(key["name"]), hostvars)) for key in plan}
    return {name: reasons for name, reasons in found.items() if reasons}


def _why(key: Key, rotation: Key | None, hostvars: HostVars) -> t.Iterator[str]:
    made = _result(hostvars, key["source"], MADE, key["name"])
    if made is None or made.get("unreachable"):
        yield f"{key['source']} was not reached, so its key was not looked at"
    elif made.get("failed"):
        yield f"{key['source']}: {made.get('msg')}"
    for host in key["hosts"] if rotation else ():
        reason = _unfinished(key, host, hostvars)
        if reason:
            yield f"{host}: {reason}"


def _unfinished(key: Key, host: str, hostvars: HostVars) -> str:
    """Why the old key still opens this host; empty where it does not."""
    admitted = _result(hostvars, host, ADMITTED, key["name"])
    if admitted is None or admitted.get("unreachable"):
        return "was not reached, so the old key stays in use until a run reaches it"
    if admitted.get("failed"):
        return str(admitted.get("msg"))
    for register in (LOGINS, PROOFS):
        said = _login(hostvars, register, key, host)
        if said is None:
            return "the old key stays in use, since the new one does not open every host"
        if said:
            return f"the new key does not get in from {key['source']}: {said}"
    dismissed = _result(hostvars, host, DISMISSED, key["name"])
    if dismissed is None or dismissed.get("unreachable"):
        return "was lost before the old key could be taken away"
    return str(dismissed.get("msg")) if dismissed.get("failed") else ""


def _login(hostvars: HostVars, register: str, key: Key, host: str) -> str | None:
    result = _result(hostvars, key["source"], register, key["name"])
    if result is None:
        return None
    return str(result["logins"][host]) if "logins" in result else str(result.get("msg"))


def _result(hostvars: HostVars, host: str, register: str, name: str) -> Result | None:
    """What the module said there about this key; None where it did not run."""
    results = (hostvars[host].get(register) or {}).get("results") or []
    found = [one for one in results if one["item"]["name"] == name and not one.get("skipped")]
    return found[-1] if found else None
