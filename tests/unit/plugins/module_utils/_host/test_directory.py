# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory: where accounts come from, and what sssd makes of its settings."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import directory
from ansible_collections.infosec.principles.plugins.module_utils._host.directory import Domain
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host


def machine(root: pathlib.Path, **files: str) -> Host:
    names = {"switch": "etc/nsswitch.conf", "vendor": "usr/etc/nsswitch.conf", "sssd": "etc/sssd/sssd.conf"}
    for name, text in files.items():
        path = root / names.get(name, f"etc/sssd/conf.d/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Host(root=str(root), runner=lambda argv, stdin, timeout: Completed(127, "", ""))


def test_sources_are_those_of_the_line(tmp_path: pathlib.Path) -> None:
    host = machine(tmp_path, switch="# passwd: nis\npasswd: files [NOTFOUND=continue] sss # and more\ngroup: files\n")
    assert directory.sources(host) == ("files", "sss")
    assert directory.sources(host, "group") == ("files",)
    assert directory.sources(host, "sudoers") == ("files",)


def test_the_vendors_file_stands_in(tmp_path: pathlib.Path) -> None:
    assert directory.sources(machine(tmp_path, vendor="passwd: compat winbind\n")) == ("compat", "winbind")
    assert directory.directories(machine(tmp_path)) == ("winbind",)


def test_domains_are_those_that_are_enabled(tmp_path: pathlib.Path) -> None:
    host = machine(
        tmp_path,
        switch="passwd: files sss\n",
        sssd="[sssd]\ndomains = a.org, gone.org\n[domain/a.org]\nid_provider = LDAP\n[domain/b.org]\nenabled = True\n"
        "[domain/c.org]\nid_provider = ad\n[domain/gone.org]\nenabled = false\n",
        **{
            "10-krb.conf": "[domain/a.org]\nauth_provider = krb5\n",
            ".hidden.conf": "[domain/a.org]\nauth_provider=ldap\n",
        },
    )
    domains = host.once(directory.domains)
    assert [(one.name, one.identity, one.authentication, one.access) for one in domains] == [
        ("a.org", "ldap", "krb5", "permit"),
        ("b.org", "", "", "permit"),
    ]
    assert directory.directories(host) == ("sss",)


@pytest.mark.parametrize("provider", ["files", ""])
def test_sssd_with_the_hosts_own_files_is_no_directory(tmp_path: pathlib.Path, provider: str) -> None:
    host = machine(
        tmp_path, switch="passwd: sss\n", sssd=f"[sssd]\ndomains = x\n[domain/x]\nid_provider = {provider}\n"
    )
    assert directory.directories(host) == ()


def test_who_says_which_accounts_there_are_checks_passwords_as_well() -> None:
    assert Domain("x", {"id_provider": "ldap"}).authentication == "ldap"
    assert Domain("x", {"id_provider": "ldap", "auth_provider": "none"}).authentication == "none"
    assert Domain("x", {"simple_allow_groups": "a b, c ,"}).listed("simple_allow_groups") == ("a b", "c")
