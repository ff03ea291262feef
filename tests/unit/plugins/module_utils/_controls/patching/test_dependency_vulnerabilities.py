# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import json
import os
import pathlib
import time
import typing as t
import zipfile

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching.dependency_vulnerabilities import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

FIXTURES = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "lockfiles"
DEFAULTS = {name: spec["default"] for name, spec in CONTROL.options.items()}
SITE = "venv/lib/python3.11/site-packages"


class Laid:
    """A machine below a folder."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.show = ""

    def write(self, name: str, text: str | bytes = "") -> pathlib.Path:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def link(self, name: str, target: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def distribution(self, folder: str, name: str, version: str) -> None:
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: no\n"
        self.write(f"{folder}/{name}-{version}.dist-info/METADATA", text)

    def venv(self, folder: str, **packages: str) -> None:
        self.write(f"{folder}/pyvenv.cfg", "home = /usr/bin\n")
        for name, version in packages.items():
            self.distribution(f"{folder}/lib/python3.11/site-packages", name, version)

    def package(self, folder: str, name: str, version: str) -> None:
        self.write(f"{folder}/package.json", json.dumps({"name": name, "version": version}))

    def unit(self, folder: str, program: str = "/usr/bin/python3") -> None:
        (self.root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
        start = f"{{ path={program} ; argv[]={program} ; ignore_errors=no ; start_time=[n/a] }}"
        self.show += f"Id=shop.service\nNames=shop.service\nWorkingDirectory={folder}\nExecStart={start}\n\n"

    def assess(self, **options: t.Any) -> dict[str, Finding]:
        host = Host(root=str(self.root), runner=lambda argv, stdin, timeout: Completed(0, self.show, ""))
        return {one.subject: one for one in CONTROL.assess(host, {**DEFAULTS, **options})}


@pytest.fixture
def laid(tmp_path: pathlib.Path) -> Laid:
    return Laid(tmp_path)


def urls(finding: Finding) -> list[str]:
    return [one.purl for one in finding.components]


def told(finding: Finding) -> str:
    return " ".join(f"{one.source} {one.found}" for one in finding.evidence)


def test_nothing(laid: Laid) -> None:
    assert [(one.subject, one.status) for one in laid.assess().values()] == [("applications", "not_applicable")]


# Finding applications


def test_applications_are_the_outermost_folders(laid: Laid) -> None:
    laid.write("/srv/shop/requirements.txt", "a==1\n")
    laid.write(
        "/srv/shop/front/deep/package-lock.json", '{"lockfileVersion": 1, "dependencies": {"b": {"version": "2"}}}'
    )
    laid.write("/opt/tool/Cargo.lock", "[[package]]\nname = 'c'\nversion = '3'\nsource = 'registry+x'\n")
    laid.write("/var/www/requirements.txt", "d==4\n")
    laid.write("/var/www/site/requirements.txt", "e==5\n")
    found = laid.assess()
    assert {name: urls(one) for name, one in found.items()} == {
        "/opt/tool": ["pkg:cargo/c@3"],
        "/srv/shop": ["pkg:npm/b@2", "pkg:pypi/a@1"],
        "/var/www": ["pkg:pypi/d@4"],
        "/var/www/site": ["pkg:pypi/e@5"],
    }
    assert {one.status for one in found.values()} == {"pass"}


def test_depth_is_bounded(laid: Laid) -> None:
    laid.write("/srv/1/2/3/requirements.txt", "a==1\n")
    laid.write("/opt/1/2/3/4/requirements.txt", "b==1\n")
    assert list(laid.assess()) == ["/srv/1/2/3"]
    assert list(laid.assess(depth=4)) == ["/opt/1/2/3/4", "/srv/1/2/3"]


def test_declared(laid: Laid) -> None:
    laid.write("/home/shop/app/requirements.txt", "a==1\n")
    laid.write("/srv/all/one/requirements.txt", "b==1\n")
    laid.write("/srv/all/package.json", "{}")
    found = laid.assess(applications=["/home/shop/app/", "/srv/all/one", "/home/none"])
    assert {name: one.status for name, one in found.items()} == {
        "/home/shop/app": "pass",
        "/srv/all": "pass",
        "/srv/all/one": "pass",
        "/home/none": "not_applicable",
    }


@pytest.mark.parametrize("shown", ["/home/shop/app", "!/home/shop/app", "/home/shop/app/"])
def test_where_services_work(laid: Laid, shown: str) -> None:
    laid.write("/home/shop/app/requirements.txt", "a>=1\n")
    laid.venv("/home/shop/python", a="1.5")
    laid.unit(shown, "/home/shop/python/bin/gunicorn")
    found = laid.assess()
    assert {name: (one.status, urls(one)) for name, one in found.items()} == {
        "/home/shop/app": ("pass", ["pkg:pypi/a@1.5"])
    }


@pytest.mark.parametrize("folder", ["", "/", "/home", "/etc/app", "/usr/lib/app", "/usr/local", "~"])
def test_services_of_the_system_are_no_applications(laid: Laid, folder: str) -> None:
    laid.write(f"{folder}/requirements.txt", "a==1\n")
    laid.unit(folder)
    assert list(laid.assess()) == ["applications"]


def test_the_release_in_use_counts(laid: Laid) -> None:
    for release in ("41", "42"):
        laid.write(f"/srv/shop/releases/{release}/requirements.txt", f"a=={release}\n")
    laid.link("/srv/shop/current", "releases/42")
    assert {name: urls(one) for name, one in laid.assess().items()} == {"/srv/shop/current": ["pkg:pypi/a@42"]}


def test_links_are_not_followed(laid: Laid) -> None:
    laid.write("/etc/secret/requirements.txt", "secret==1\n")
    laid.write("/srv/shop/package.json", "{}")
    laid.link("/srv/shop/loop", "..")
    laid.link("/srv/shop/out", "/etc/secret")
    laid.link("/srv/shop/requirements.txt", "/etc/secret/requirements.txt")
    laid.link("/srv/shop/releases", "/etc")
    laid.link("/srv/shop/current", "releases/secret")
    found = laid.assess()
    assert list(found) == ["/srv/shop"]
    assert found["/srv/shop"].components == ()


def test_a_search_folder_may_be_a_link(laid: Laid) -> None:
    laid.write("/data/www/site/requirements.txt", "a==1\n")
    laid.link("/srv", "/data/www")
    assert list(laid.assess()) == ["/srv/site"]


def test_what_another_machine_serves_is_not_entered(laid: Laid) -> None:
    laid.write("/srv/near/requirements.txt", "a==1\n")
    laid.write("/srv/far/requirements.txt", "a==1\n")
    laid.write("/proc/self/mountinfo", "1 0 0:1 / /srv/far rw - nfs4 server:/far rw\n")
    found = laid.assess()
    assert {name: one.status for name, one in found.items()} == {"/srv/near": "pass", "/srv/far": "not_assessed"}


def test_folders_with_too_many_names(laid: Laid) -> None:
    for number in range(30):
        laid.write(f"/srv/shop/{number}")
    laid.write("/opt/shop/requirements.txt", "a==1\n")
    found = laid.assess(max_files=20)
    assert {name: one.status for name, one in found.items()} == {"/opt/shop": "pass", "/srv": "not_assessed"}


# Installed, and locked


def test_installed_counts_before_locked(laid: Laid) -> None:
    laid.venv("/srv/shop/.venv", Django="3.2")
    laid.write("/srv/shop/requirements.txt", "django==4\nrequests==2\n")
    laid.write("/srv/shop/api/poetry.lock", '[[package]]\nname = "other"\nversion = "1"\n')
    (finding,) = laid.assess().values()
    assert urls(finding) == ["pkg:pypi/django@3.2"]
    assert finding.components[0].installed
    assert finding.components[0].source == "/srv/shop/.venv/lib/python3.11/site-packages/Django-3.2.dist-info/METADATA"


def test_an_empty_environment_counts_for_nothing(laid: Laid) -> None:
    laid.venv("/srv/shop/venv")
    (laid.root / "srv/shop" / SITE).mkdir(parents=True)
    laid.write("/srv/shop/requirements.txt", "django==4\n")
    (finding,) = laid.assess().values()
    assert urls(finding) == ["pkg:pypi/django@4"]
    assert not finding.components[0].installed


def test_an_environment_beside_folders_of_an_application(laid: Laid) -> None:
    laid.venv("/srv/shop/venv", a="1")
    laid.write("/srv/shop/backend/requirements.txt", "a\n")
    assert {name: one.status for name, one in laid.assess().items()} == {"/srv/shop": "pass"}


def test_old_metadata_and_targets(laid: Laid) -> None:
    laid.distribution("/srv/shop/lib", "a", "1")
    laid.write("/srv/shop/lib/b-2.egg-info/PKG-INFO", "Name: b\nVersion: 2\n")
    laid.write("/srv/shop/lib/c-3.egg-info", "Name: c\nVersion: 3\n")
    laid.write("/srv/shop/lib/d.dist-info/METADATA", "nothing\n")
    (finding,) = laid.assess().values()
    assert urls(finding) == ["pkg:pypi/a@1", "pkg:pypi/b@2", "pkg:pypi/c@3"]
    assert (finding.status, "d.dist-info/METADATA no name and version" in told(finding)) == ("not_assessed", True)


NODE = {
    "node_modules/@babel/runtime": ("@babel/runtime", "7.20.0"),
    "node_modules/minimist": ("minimist", "1.2.0"),
    "node_modules/mkdirp": ("mkdirp", "0.5.1"),
    "node_modules/mkdirp/node_modules/minimist": ("minimist", "0.0.8"),
    "node_modules/ms": ("ms", "2.0.0"),
    "node_modules/old-debug": ("debug", "2.6.8"),
    "node_modules/regenerator-runtime": ("regenerator-runtime", "0.13.11"),
}
NODE_URLS = [
    "pkg:npm/%40babel/runtime@7.20.0",
    "pkg:npm/debug@2.6.8",
    "pkg:npm/minimist@0.0.8",
    "pkg:npm/minimist@1.2.0",
    "pkg:npm/mkdirp@0.5.1",
    "pkg:npm/ms@2.0.0",
    "pkg:npm/regenerator-runtime@0.13.11",
]


def node(laid: Laid, *, hidden: bool) -> None:
    for place, (name, version) in NODE.items():
        laid.package(f"/srv/board/{place}", name, version)
    if hidden:
        text = (FIXTURES / "hidden-lock-npm-11.json").read_bytes()
        laid.write("/srv/board/node_modules/.package-lock.json", text)


@pytest.mark.parametrize("hidden", [True, False])
def test_node(laid: Laid, hidden: bool) -> None:
    node(laid, hidden=hidden)
    laid.write("/srv/board/package-lock.json", '{"lockfileVersion": 1, "dependencies": {"b": {"version": "2"}}}')
    (finding,) = laid.assess().values()
    assert (finding.status, urls(finding)) == ("pass", NODE_URLS)
    assert all(one.source.endswith(".package-lock.json") for one in finding.components) is hidden


@pytest.mark.parametrize("change", ["newer", "more", "less", "broken"])
def test_what_npm_keeps_does_not_count_once_it_is_not_so(laid: Laid, change: str) -> None:
    node(laid, hidden=True)
    modules = laid.root / "srv/board/node_modules"
    if change == "newer":
        laid.package("/srv/board/node_modules/ms", "ms", "2.1.3")
        future = (modules / ".package-lock.json").stat().st_mtime + 5
        os.utime(modules / "ms", (future, future))
    elif change == "more":
        laid.package("/srv/board/node_modules/left", "left", "1.0.0")
        os.utime(modules / "left", (0, 0))
    elif change == "less":
        (modules / "ms/package.json").unlink()
        (modules / "ms").rmdir()
    else:
        laid.write("/srv/board/node_modules/.package-lock.json", "{")
    (finding,) = laid.assess().values()
    expected = {
        "newer": [url.replace("ms@2.0.0", "ms@2.1.3") for url in NODE_URLS],
        "more": sorted([*NODE_URLS, "pkg:npm/left@1.0.0"]),
        "less": [url for url in NODE_URLS if "/ms@" not in url],
        "broken": NODE_URLS,
    }
    assert urls(finding) == expected[change]


def test_the_store_of_pnpm(laid: Laid) -> None:
    laid.package("/srv/board/node_modules/.pnpm/a@1.0.0/node_modules/a", "a", "1.0.0")
    laid.package("/srv/board/node_modules/.pnpm/@s+b@2.0.0_a@1.0.0/node_modules/@s/b", "@s/b", "2.0.0")
    laid.link("/srv/board/node_modules/.pnpm/@s+b@2.0.0_a@1.0.0/node_modules/a", "../../a@1.0.0/node_modules/a")
    laid.link("/srv/board/node_modules/a", ".pnpm/a@1.0.0/node_modules/a")
    (finding,) = laid.assess().values()
    assert urls(finding) == ["pkg:npm/%40s/b@2.0.0", "pkg:npm/a@1.0.0"]


def test_php_ruby_and_go(laid: Laid) -> None:
    laid.write("/srv/php/vendor/composer/installed.json", '{"packages": [{"name": "a/b", "version": "v1.0"}]}')
    laid.write("/srv/php/composer.lock", '{"packages": []}')
    gems = "/srv/ruby/vendor/bundle/ruby/3.1.0/specifications"
    laid.write(
        f"{gems}/nokogiri-1.15.4-x86_64-linux.gemspec",
        "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.15.4 x86_64-linux lib\n",
    )
    laid.write(f"{gems}/rack-2.2.3.gemspec", "Gem::Specification.new do |s|\n")
    laid.write("/srv/go/vendor/modules.txt", "# example.org/a v1.0.0\n## explicit\n")
    laid.write("/srv/go/go.mod", "module x\n")
    found = laid.assess()
    assert {name: urls(one) for name, one in found.items()} == {
        "/srv/go": ["pkg:golang/example.org/a@v1.0.0"],
        "/srv/php": ["pkg:composer/a/b@v1.0"],
        "/srv/ruby": ["pkg:gem/nokogiri@1.15.4", "pkg:gem/rack@2.2.3"],
    }
    assert all(part.installed for one in found.values() for part in one.components)


def jar(*told: str, carried: t.Mapping[str, bytes] | None = None) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        for name in told:
            group, artifact, version = name.split(":")
            text = f"#Created by Apache Maven\nversion={version}\ngroupId={group}\nartifactId={artifact}\n"
            archive.writestr(f"META-INF/maven/{group}/{artifact}/pom.properties", text)
        for name, inner in (carried or {}).items():
            archive.writestr(f"BOOT-INF/lib/{name}", inner)
    return data.getvalue()


def test_java(laid: Laid) -> None:
    laid.write(
        "/opt/tomcat/webapps/shop/WEB-INF/lib/log4j-core-2.14.1.jar", jar("org.apache.logging.log4j:log4j-core:2.14.1")
    )
    laid.write(
        "/opt/boot/app.jar", jar("org.example:app:1.0", carried={"a.jar": jar("g:a:1"), "b.jar": jar("g:b:2", "g:c:3")})
    )
    found = laid.assess()
    assert urls(found["/opt/tomcat/webapps/shop"]) == ["pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"]
    assert urls(found["/opt/boot"]) == [
        "pkg:maven/g/a@1",
        "pkg:maven/g/b@2",
        "pkg:maven/g/c@3",
        "pkg:maven/org.example/app@1.0",
    ]
    assert {one.status for one in found.values()} == {"pass"}


def test_archives_that_do_not_say_what_they_are(laid: Laid) -> None:
    laid.write("/opt/app/lib/known.jar", jar("g:a:1"))
    laid.write("/opt/app/lib/silent.jar", jar())
    laid.write("/opt/app/lib/broken.jar", "PK")
    (finding,) = laid.assess().values()
    assert (finding.status, urls(finding)) == ("not_assessed", ["pkg:maven/g/a@1"])
    assert "silent.jar does not say which library it is" in told(finding)


# What is not known


def test_requirements_in_other_files(laid: Laid) -> None:
    laid.write(
        "/srv/shop/requirements.txt",
        "-r requirements/base.txt\n-r requirements.txt\n-r ../../etc/x.txt\nb\n-c pins.txt\n",
    )
    laid.write("/srv/shop/requirements/base.txt", "a==1\n")
    laid.write("/srv/shop/pins.txt", "B==2\n")
    (finding,) = laid.assess().values()
    assert urls(finding) == ["pkg:pypi/a@1", "pkg:pypi/b@2"]
    assert finding.status == "not_assessed"
    assert "etc/x.txt lies outside of the application's folder" in told(finding)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "a>=1\n"),
        ("package.json", '{"dependencies": {"a": "^1"}}'),
        ("pyproject.toml", '[project]\ndependencies = ["a"]\n'),
        ("Gemfile", 'gem "a"\n'),
    ],
)
def test_libraries_that_nothing_pins(laid: Laid, name: str, text: str) -> None:
    laid.write(f"/srv/shop/{name}", text)
    (finding,) = laid.assess().values()
    assert (finding.status, finding.evidence[0].source) == ("fail", f"/srv/shop/{name}")


def test_members_of_a_workspace_are_locked_above(laid: Laid) -> None:
    laid.write(
        "/srv/shop/package-lock.json", '{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}'
    )
    laid.write("/srv/shop/packages/one/package.json", '{"dependencies": {"a": "^1"}}')
    assert [one.status for one in laid.assess().values()] == ["pass"]


def test_development_counts_where_it_is_installed(laid: Laid) -> None:
    lock = {"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0", "dev": True}}}
    laid.write("/srv/locked/package-lock.json", json.dumps(lock))
    laid.write("/srv/there/node_modules/.package-lock.json", json.dumps(lock))
    laid.package("/srv/there/node_modules/a", "a", "1.0.0")
    future = (laid.root / "srv/there/node_modules/a").stat().st_mtime + 5
    os.utime(laid.root / "srv/there/node_modules/.package-lock.json", (future, future))
    found = laid.assess()
    assert {name: urls(one) for name, one in found.items()} == {"/srv/locked": [], "/srv/there": ["pkg:npm/a@1.0.0"]}


# Hostile owners


def test_a_lock_file_of_a_gigabyte(laid: Laid) -> None:
    os.truncate(laid.write("/srv/shop/package-lock.json"), 1 << 30)
    (finding,) = laid.assess().values()
    assert finding.status == "not_assessed"
    assert "1073741824 bytes" in told(finding)


def test_names_that_no_terminal_should_see(laid: Laid) -> None:
    laid.write("/srv/sh\x1b[2Jop\n/requirements.txt", "a==1\n")
    lock = {
        "lockfileVersion": 3,
        "packages": {"node_modules/\x1b[31m": {"version": "1\n"}, "node_modules/x": {"version": "9" * 999}},
    }
    laid.write("/srv/sh\x1b[2Jop\n/package-lock.json", json.dumps(lock))
    (finding,) = laid.assess().values()
    everything = f"{finding.subject}{finding.message}{told(finding)}{urls(finding)}{finding.components[0].source}"
    assert everything.isprintable()
    assert urls(finding) == ["pkg:npm/%1B%5B31m@1%0A", "pkg:pypi/a@1"]


def test_what_is_no_file(laid: Laid) -> None:
    (laid.root / "srv/shop").mkdir(parents=True)
    os.mkfifo(laid.root / "srv/shop/requirements.txt")
    (laid.root / "srv/shop/package-lock.json").mkdir()
    assert list(laid.assess()) == ["applications"]


def test_node_modules_without_a_bottom(laid: Laid) -> None:
    laid.package("/srv/board/" + "node_modules/a/" * 40, "a", "1")
    (finding,) = laid.assess().values()
    assert finding.status == "not_assessed"
    assert "deep" in told(finding)


def test_more_libraries_than_anybody_has(laid: Laid) -> None:
    laid.write("/srv/shop/requirements.txt", "".join(f"a{number}==1\n" for number in range(500)))
    (finding,) = laid.assess(max_files=100).values()
    assert (finding.status, len(finding.components)) == ("not_assessed", 100)


def test_archives_of_many_names(laid: Laid) -> None:
    end = b"PK\x05\x06" + b"\x00" * 4 + (60_000).to_bytes(2, "little") * 2 + (5).to_bytes(4, "little") * 2 + b"\x00\x00"
    laid.write("/opt/app/a.jar", end)
    (finding,) = laid.assess().values()
    assert "60000 names in it" in told(finding)


def test_more_applications_than_a_host_has(laid: Laid) -> None:
    for number in range(502):
        laid.write(f"/srv/{number:03}/requirements.txt", "a==1\n")
    found = laid.assess(applications=["/srv/501"])
    assert len(found) == 501
    assert (found["applications"].status, found["/srv/501"].status) == ("not_assessed", "pass")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "a" + " " * 500_000 + "b\n"),
        ("pyproject.toml", "dependencies = [ " + "#" * 500_000),
        (
            "pom.xml",
            f"<project><dependencies><dependency><version>{'${a}' * 100_000}</version></dependency></dependencies></project>",
        ),
        ("Cargo.lock", "[[" + "a . " * 100_000),
        ("pylock.toml", 'lock-version = "1"\n' + '[[packages]]\nname = "a"\n' * 10_000),
    ],
)
def test_texts_made_to_take_long(laid: Laid, name: str, text: str) -> None:
    laid.write(f"/srv/shop/{name}", text)
    started = time.process_time()
    laid.assess()
    assert time.process_time() - started < 2
