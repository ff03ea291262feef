# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a module supports, described once."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of every module: give `support` (and `details` where it is not full) to override one."""

    # The attributes of a module that runs controls.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the findings and the predicted changes without modifying the host.
    support: full
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in C(diff) mode.
    support: full
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second run changes nothing.
      - This assumes that the host and the program concerned have not changed in the meantime.
    support: full
  platform:
    description: The operating systems that the module works on.
    platforms: Debian 11, 12 and 13 (tested for real); Ubuntu and the RHEL family (tested by recorded output)
    support: full
"""

    # For modules that only read.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module only reads.
  diff_mode:
    support: N/A
    details:
      - This module only reads.
  idempotent:
    support: full
    details:
      - This module only reads.
"""
