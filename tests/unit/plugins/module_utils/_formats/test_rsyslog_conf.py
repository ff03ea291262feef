# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of rsyslog in both of its forms."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as st

from ansible_collections.infosec.principles.plugins.module_utils._formats import rsyslog_conf
from ansible_collections.infosec.principles.plugins.module_utils._formats.rsyslog_conf import Statement


def test_both_forms() -> None:
    text = """
    # module(load="imudp")
    module(load="imtcp" # a comment with ) and "
           StreamDriver.Name="gtls"
           StreamDriver.Mode="1" StreamDriver.Authmode="anon")
    /* input(type="imudp" port="514") */
    input(type = "imtcp" Port="6514" name="a (b) # c")
    $InputTCPServerStreamDriverMode 1
    *.* action(type="omfwd" target="192.0.2.1")
    """
    assert rsyslog_conf.statements(text) == [
        Statement(
            "module",
            {
                "load": "imtcp",
                "streamdriver.name": "gtls",
                "streamdriver.mode": "1",
                "streamdriver.authmode": "anon",
            },
        ),
        Statement("input", {"type": "imtcp", "port": "6514", "name": "a (b) # c"}),
        Statement("$", {"inputtcpserverstreamdrivermode": "1"}),
    ]


@hypothesis.given(st.text(alphabet='module(input)="\\#/*$ \n a', max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert all(one.kind in ("module", "input", "global", "$") for one in rsyslog_conf.statements(text))
