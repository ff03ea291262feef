# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf read from its files, which are composed after dnf.conf(5), dnf5-automatic(8) and the versionlock plugins."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import dnf
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host


def write(root: pathlib.Path, name: str, text: str) -> None:
    path = root / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def host(root: pathlib.Path) -> Host:
    return Host(root=str(root))


def automatic(root: pathlib.Path) -> dnf.Automatic:
    found = dnf.automatic(host(root))
    assert found
    return found


def test_no_dnf(tmp_path: pathlib.Path) -> None:
    assert dnf.automatic(host(tmp_path)) is None


def test_the_fourth_generation_has_one_file(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "/usr/bin/dnf", "")
    write(tmp_path, "/usr/bin/dnf-automatic", "")
    write(tmp_path, "/etc/dnf/automatic.conf", "[commands]\napply_updates = yes\n")
    found = automatic(tmp_path)
    assert (found.generation, found.package, found.installed) == (4, "dnf-automatic", True)
    assert (found.get("commands.apply_updates"), found.get("emitters.emit_via")) == ("yes", "email, stdio")


@pytest.mark.parametrize("config", ["/etc/dnf/dnf5-plugins/automatic.conf", "/etc/dnf/automatic.conf"])
def test_the_fifth_says_in_what_it_ships_where_changes_go(tmp_path: pathlib.Path, config: str) -> None:
    shipped = (
        f"# edit {config} and make your adjustments there.\n[commands]\napply_updates = no\nupgrade_type = default\n"
    )
    write(tmp_path, dnf.SHIPPED, shipped)
    write(tmp_path, config, "[commands]\napply_updates = yes\n[base]\nexcludepkgs = x\n")
    found = automatic(tmp_path)
    assert (found.generation, found.config, found.installed) == (5, config, True)
    assert (found.get("commands.apply_updates"), found.get("commands.upgrade_type")) == ("yes", "default")
    assert dnf.main(host(tmp_path))["excludepkgs"] == "x"


def test_the_fifth_without_its_plugin(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "/usr/bin/dnf5", "")
    (tmp_path / "usr/bin/dnf").symlink_to("dnf5")
    found = automatic(tmp_path)
    assert (found.generation, found.installed, found.config) == (5, False, "/etc/dnf/automatic.conf")


def test_repositories_and_what_overrides_them(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "/etc/yum.repos.d/a.repo", "[a.one]\ngpgcheck=1\n[b]\nenabled=0\n")
    write(tmp_path, "/etc/dnf/repos.override.d/x.repo", "[a*]\ngpgcheck=0\n[b]\nenabled=1\n")
    found = dnf.repositories(host(tmp_path))
    assert [(one.name, one.enabled, one.options.get("gpgcheck")) for one in found] == [
        ("a.one", True, "0"),
        ("b", True, None),
    ]


def test_later_files_of_the_configuration_win(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "/usr/share/dnf5/libdnf.conf.d/20-x.conf", "[main]\ngpgcheck=0\na=shipped\n")
    write(tmp_path, "/etc/dnf/libdnf5.conf.d/10-x.conf", "[main]\na=early\n")
    write(tmp_path, dnf.CONFIG, "[main]\ngpgcheck=1\n")
    assert dnf.main(host(tmp_path)) == {"gpgcheck": "1", "a": "shipped"}


def test_locks_of_both_generations(tmp_path: pathlib.Path) -> None:
    toml = 'version = "1.0"\n\n[[packages]]\nname = "bash"\n[[packages.conditions]]\nkey = "evr"\nvalue = "1"\n'
    write(tmp_path, "/etc/dnf/versionlock.toml", toml)
    write(tmp_path, "/etc/dnf/plugins/versionlock.list", "# comment\nzsh-0:5.8-9.*\n")
    assert [name for _place, name in dnf.locked(host(tmp_path))] == ["bash"]
    write(tmp_path, "/etc/dnf/plugins/versionlock.conf", "[main]\nenabled = 1\n")
    assert [name for _place, name in dnf.locked(host(tmp_path))] == ["bash", "zsh-0:5.8-9.*"]
