# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What an answer may be by the time that its headers are proved, whatever server gives it."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost

#: How service_tls leads on whoever comes in clear; how admin_interfaces shuts a path.
LED, SHUT = 308, 403


def statuses(vhost: Vhost, path: str, before: int) -> tuple[int, ...]:
    """As before, or as a fix of another control leaves it that was made in the same run since the plan."""
    led = () if vhost.tls else (LED,)
    shut = () if path == "/" else (SHUT,)
    return tuple(dict.fromkeys((before, *led, *shut)))
