# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh_pivoting: whom sshd is asked about, what it may not grant, and how the drop-in wins."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._pivoting import grants


@pytest.mark.parametrize(
    ("values", "bastion", "granted"),
    [
        ({"allowtcpforwarding": ("yes",)}, False, ["AllowTcpForwarding"]),
        ({"allowtcpforwarding": ("local",)}, False, ["AllowTcpForwarding"]),
        ({"allowtcpforwarding": ("local",)}, True, []),
        ({"allowtcpforwarding": ("no",)}, True, []),
        ({"allowtcpforwarding": ("yes",)}, True, ["AllowTcpForwarding"]),
        ({"gatewayports": ("clientspecified",)}, False, ["GatewayPorts"]),
        ({"permittunnel": ("point-to-point",)}, False, ["PermitTunnel"]),
        (
            {"allowtcpforwarding": ("yes",), "x11forwarding": ("yes",), "disableforwarding": ("yes",)},
            False,
            ["X11Forwarding"],
        ),
        ({"hostbasedauthentication": ("yes",)}, False, ["HostbasedAuthentication"]),
        ({"ignorerhosts": ("shosts-only",)}, False, ["IgnoreRhosts"]),
    ],
)
def test_what_may_not_be_granted(values: dict[str, tuple[str, ...]], bastion: bool, granted: list[str]) -> None:
    wanted = (*grants.forwarding(bastion=bastion), *grants.HOSTBASED)
    assert [key for key, value, others in wanted if grants.value_of(values, key) not in (value, *others)] == granted
