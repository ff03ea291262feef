# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pam: how the files of a service come together."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import pam as format_pam
from ansible_collections.infosec.principles.plugins.module_utils._host import pam
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing

Lay = t.Callable[[t.Mapping[str, str]], Host]


@pytest.fixture
def laid(tmp_path: pathlib.Path) -> Lay:
    def make(texts: t.Mapping[str, str]) -> Host:
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Host(root=str(tmp_path))

    return make


def told(stack: pam.Stack) -> list[tuple[str, str, int]]:
    return [(step.place, step.name, step.level) for step in stack.steps]


def test_debian(laid: Lay) -> None:
    host = laid(
        {
            "etc/pam.d/sshd": "@include common-auth\naccount required pam_nologin.so\n",
            "etc/pam.d/common-auth": "auth required pam_unix.so\n",
        }
    )
    assert told(pam.stack(host, "sshd")) == [("/etc/pam.d/common-auth:1", "pam_unix", 0)]


def test_red_hat(laid: Lay) -> None:
    host = laid(
        {
            "etc/pam.d/sshd": "auth substack password-auth\nauth include postlogin\n",
            "etc/pam.d/password-auth": "auth sufficient pam_unix.so\nauth required pam_deny.so\n",
            "etc/pam.d/postlogin": "session optional pam_umask.so\n",
        }
    )
    found = pam.stack(host, "sshd")
    assert told(found) == [
        ("/etc/pam.d/sshd:1", "password-auth", 0),
        ("/etc/pam.d/password-auth:1", "pam_unix", 1),
        ("/etc/pam.d/password-auth:2", "pam_deny", 1),
    ]


def test_the_administrators_file_stands_in_for_the_vendors(laid: Lay) -> None:
    vendor = {"usr/lib/pam.d/sshd": "auth required pam_deny.so\n"}
    assert pam.stack(laid(vendor), "sshd").path == "/usr/lib/pam.d/sshd"
    assert pam.stack(laid({**vendor, "etc/pam.d/sshd": "auth required pam_permit.so\n"}), "sshd").steps[0].name == (
        "pam_permit"
    )


def test_other_stands_in_for_a_service_that_has_no_such_line(laid: Lay) -> None:
    other = {"etc/pam.d/other": "auth required pam_deny.so\n"}
    assert told(pam.stack(laid(other), "sshd")) == [("/etc/pam.d/other:1", "pam_deny", 0)]
    host = laid({**other, "etc/pam.d/sshd": "account required pam_unix.so\n"})
    assert told(pam.stack(host, "sshd")) == [("/etc/pam.d/other:1", "pam_deny", 0)]


def test_what_cannot_be_included_fails(laid: Lay) -> None:
    host = laid({"etc/pam.d/sshd": "auth include gone\n@include /etc/pam.d/gone\nauth include\nwhat required x\n"})
    found = pam.stack(host, "sshd")
    assert [(step.number, step.control, step.name) for step in found.steps] == [
        (number, format_pam.BROKEN, "") for number in (1, 2, 3, 4)
    ]


def test_a_circle_ends(laid: Lay) -> None:
    host = laid({"etc/pam.d/sshd": "auth include sshd\n"})
    assert [step.control for step in pam.stack(host, "sshd").steps] == [format_pam.BROKEN]


def test_a_stack_that_grows_without_end_is_refused(laid: Lay) -> None:
    host = laid({"etc/pam.d/sshd": "auth include sshd\nauth include sshd\nauth required pam_permit.so\n"})
    with pytest.raises(HostError):
        pam.stack(host, "sshd")


def test_modules(laid: Lay) -> None:
    host = laid({"usr/lib/x86_64-linux-gnu/security/pam_oath.so": "", "lib/security/pam_unix.so": "", "lib/x": ""})
    assert pam.modules(host) == {"pam_oath", "pam_unix"}


def test_no_file(laid: Lay) -> None:
    with pytest.raises(Missing):
        pam.file_of(laid({}), "sshd")
