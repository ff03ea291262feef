# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenSSH of Debian 11, 12 and 13, each in a container of its own."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.tests.openssh.gate import RESET, Gate, docker


@pytest.fixture(scope="session", params=["11", "12", "13"])
def one(request: pytest.FixtureRequest) -> t.Iterator[Gate]:
    gate = Gate(request.param)
    yield gate
    docker("rm", "--force", gate.name)


@pytest.fixture
def gate(one: Gate) -> Gate:
    """A gate as Debian brings it."""
    one.do(RESET)
    return one
