# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import sys

import jmespath
import netaddr
import pytest
from ansible.errors import AnsibleError

from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries


def test_libraries_are_themselves() -> None:
    assert _libraries.jmespath is jmespath
    assert _libraries.netaddr is netaddr


def test_missing_library_says_how_to_install_it_when_it_is_needed() -> None:
    missing = _libraries._library("no_such_library")
    with pytest.raises(AnsibleError, match=re.escape(f"{sys.executable} -m pip install no_such_library")):
        missing.function()
