# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixes of other controls are made in the same run, before the headers are proved."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security._headers import proof


@pytest.mark.parametrize(
    ("tls", "path", "before", "expected"),
    [
        (True, "/", 200, (200,)),
        (False, "/", 200, (200, 308)),
        (False, "/", 308, (308,)),
        (True, "/own", 404, (404, 403)),
        (False, "/own", 200, (200, 308, 403)),
    ],
)
def test_an_answer_may_be_another_one_by_then(tls: bool, path: str, before: int, expected: tuple[int, ...]) -> None:
    vhost = Vhost("nginx", Running("nginx.service", (1,), ()), "shop.example.org", "127.0.0.1", 80, tls, "x:1", None)
    assert proof.statuses(vhost, path, before) == expected
