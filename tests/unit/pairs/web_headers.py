# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of web_headers: a played nginx that sends the headers that its configuration has."""

from __future__ import annotations

from .case import Case

CASES: tuple[Case, ...] = ()
