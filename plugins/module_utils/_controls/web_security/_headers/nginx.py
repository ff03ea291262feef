# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: how what is wanted of its answers gets into its configuration."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers.model import Want
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


def plan(host: Host, wants: t.Sequence[Want]) -> tuple[Change, ...]:
    """What brings the answers of one running nginx there; nothing where all is so already.

    wants: of sites of one instance. Where one site's is refused, the others' can be planned without it.
    Raises Refused or HostError.
    """
    raise Refused("the headers of nginx are not changed yet")
