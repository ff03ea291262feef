# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What `web_headers` wants of the answers of a site, whatever server gives them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost


@dataclasses.dataclass(frozen=True)
class Want:
    """What has to change in the answers of one site, at all of its paths and with all statuses.

    set: header to value, in the spelling to be sent; each comes once and with that value, in place of what the
    configuration has. missing: as set, but only in answers in which what is served has not set it itself.
    drop: headers that are not to come (obsolete ones). banner: whether the version of the server is to go.
    """

    vhost: Vhost
    set: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    missing: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    drop: tuple[str, ...] = ()
    banner: bool = False
