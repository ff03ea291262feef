# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Secret options of controls, taken out of `controls`, which Ansible logs: it knows no_log of whole options alone."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.validation import check_type_dict

Args = dict[str, t.Any]

#: Those with no_log, by control; a test compares them with the catalogue, which the controller need not read for this.
SECRET = {"disk_encryption": ("luks_passphrases",)}


def apart(args: Args) -> Args:
    """The arguments of the harden module with each secret in `secrets` instead of `controls`."""
    try:
        controls = dict(check_type_dict(args["controls"]))
    except (KeyError, TypeError):
        return args  # Another module, or what the module itself refuses.
    secrets: Args = dict(args.get("secrets") or {})
    for control in SECRET.keys() & controls.keys():
        options = dict(controls[control] or {})
        taken = {name: options.pop(name) for name in SECRET[control] if name in options}
        controls[control] = options
        secrets.update({control: taken} if any(taken.values()) else {})
    return {**args, "controls": controls, **({"secrets": secrets} if secrets else {})}
