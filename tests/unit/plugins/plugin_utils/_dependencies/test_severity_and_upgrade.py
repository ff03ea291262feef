# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How bad a vulnerability is, and the command that a person runs."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import cvss, upgrade
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies.package import Package

V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
V30 = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
NONE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"


@pytest.mark.parametrize(
    ("vectors", "word", "level", "score"),
    [
        ([V2], "", "high", 7.5),
        ([V30], "", "high", 7.5),
        ([V31], "LOW", "critical", 10.0),
        ([V4], "", "critical", 9.3),
        ([V30, V31], "", "critical", 10.0),
        ([NONE], "", "low", 0.0),
        (["CVSS:3.1/nonsense", "words"], "MODERATE", "medium", None),
        ([], "CRITICAL", "critical", None),
        ([], "whatever", "unknown", None),
        ([], "", "unknown", None),
    ],
)
def test_severity(vectors: list[str], word: str, level: str, score: float | None) -> None:
    found = cvss.severity(vectors, word)
    assert (found.level, found.score) == (level, score)


def test_without_the_library_the_word_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    cvss._score.cache_clear()
    monkeypatch.setattr(_libraries, "cvss", lambda: None)
    found = cvss.severity([V31], "HIGH")
    cvss._score.cache_clear()
    assert (found.level, found.score) == ("high", None)


def test_each_level_is_a_risk() -> None:
    assert cvss.RISKS == {
        "critical": "maximum",
        "high": "high",
        "medium": "medium",
        "low": "low",
        "unknown": "high",
    }


@pytest.mark.parametrize(
    ("ecosystem", "name", "source", "expected"),
    [
        ("PyPI", "a", "/srv/app/venv/lib/python3.11/site-packages/a.dist-info/METADATA", "/srv/app/venv/bin/python3 -m pip install a==2.0"),
        ("PyPI", "a", "/srv/app/my env/lib/python3.11/site-packages/a/METADATA", "'/srv/app/my env'/bin/python3 -m pip install a==2.0"),
        ("PyPI", "a", "/srv/app/poetry.lock", "cd /srv/app && poetry add a@2.0"),
        ("PyPI", "a", "/srv/app/uv.lock", "cd /srv/app && uv lock --upgrade-package a==2.0 && uv sync"),
        ("PyPI", "a", "/srv/app/requirements.txt", "cd /srv/app && $EDITOR /srv/app/requirements.txt (a==2.0) && pip install -r requirements.txt"),
        ("npm", "@x/a", "/srv/app/node_modules/@x/a/package.json", "cd /srv/app && npm install @x/a@2.0"),
        ("npm", "a", "/srv/app/web/node_modules/b/node_modules/a/package.json", "cd /srv/app/web && npm install a@2.0"),
        ("npm", "a", "/srv/app/yarn.lock", "cd /srv/app && yarn upgrade a@2.0"),
        ("npm", "a", "/srv/app/pnpm-lock.yaml", "cd /srv/app && pnpm update a@2.0"),
        ("Packagist", "v/a", "/srv/app/vendor/composer/installed.json", "cd /srv/app && composer require v/a:2.0 --update-with-all-dependencies"),
        ("RubyGems", "a", "/srv/app/Gemfile.lock", "cd /srv/app && bundle update a --conservative"),
        ("crates.io", "a", "/srv/app/Cargo.lock", "cd /srv/app && cargo update -p a --precise 2.0"),
        ("Go", "x.org/a", "/srv/app/go.mod", "cd /srv/app && go get x.org/a@v2.0 && go mod tidy"),
        ("Maven", "g:a", "/srv/app/pom.xml", "cd /srv/app && mvn versions:use-dep-version -Dincludes=g:a -DdepVersion=2.0"),
        ("npm", "a; rm -rf /", "package.json", "cd /srv/app && npm install 'a; rm -rf /'@2.0"),
    ],
)  # fmt: skip
def test_commands(ecosystem: str, name: str, source: str, expected: str) -> None:
    assert upgrade.command("/srv/app", Package(ecosystem, name, "1.0"), source, "2.0") == expected
