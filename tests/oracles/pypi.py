# Copyright (c) 2026, the infosec.principles authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library packaging: reads pairs, writes how they compare."""

from __future__ import annotations

import sys

from packaging.version import InvalidVersion, Version

for line in sys.stdin:
    try:
        one, other = map(Version, line.rstrip("\n").split("\t"))
        print((one > other) - (one < other))
    except InvalidVersion:
        print("!")
