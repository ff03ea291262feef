# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a connection logged in, by what sshd wrote."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import login
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login

END = "from 192.0.2.7 port 4711 ssh2"
CERTIFICATE = "ED25519-CERT SHA256:leaf ID ann@example.org (serial 7) CA ED25519 SHA256:anchor"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Accepted password for ann {END}\n", Login("ann", ("password",))),
        (f"Accepted publickey for ann {END}: RSA SHA256:abc\n", Login("ann", ("publickey",), "RSA", "SHA256:abc")),
        (
            f"Partial publickey for ann {END}: ED25519 SHA256:abc\nAccepted keyboard-interactive/pam for ann {END}\n",
            Login("ann", ("publickey", "keyboard-interactive"), "ED25519", "SHA256:abc"),
        ),
        (
            f"Accepted publickey for ann {END}: {CERTIFICATE}\n",
            Login("ann", ("publickey",), "ED25519-CERT", "SHA256:leaf", "SHA256:anchor"),
        ),
        (f"Partial publickey for ann {END}: ED25519 SHA256:abc\n", None),
        (f"Failed password for ann {END}\n", None),
        ("Accepted password for ann from 192.0.2.7 port 47110 ssh2\n", None),
        ("Accepted password for ann from 192.0.2.70 port 4711 ssh2\n", None),
        (f"Accepted password for we ird from there {END}\n", Login("we ird from there", ("password",))),
        ("", None),
    ],
)
def test_logins(text: str, found: Login | None) -> None:
    assert login.of(text, "192.0.2.7", 4711) == found


def test_the_last_login_of_a_port_counts() -> None:
    text = f"Accepted password for bob {END}\nAccepted publickey for ann {END}: RSA SHA256:abc\n"
    assert login.of(text, "192.0.2.7", 4711) == Login("ann", ("publickey",), "RSA", "SHA256:abc")
