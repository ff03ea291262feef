# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the controls of several principles know of servers, whatever their product is."""

from __future__ import annotations

import dataclasses


class Refused(Exception):
    """Why there is no safe fix, and what a person does instead."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """Where a certificate and its key lie. chain: a file of further certificates, where the product has one apart."""

    certificate: str
    key: str
    chain: str = ""
