# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Who used an interface for administration, as the access logs of its server show."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    Found,
    Use,
)
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


def uses(host: Host, found: t.Sequence[Found], *, days: int) -> dict[Found, Use]:
    """What the logs of the last `days` say of each; every one of `found` is in the answer. Never raises."""
    return {one: Use(None, problem="its access logs are not read") for one in found}
