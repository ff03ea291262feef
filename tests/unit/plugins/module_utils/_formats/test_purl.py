# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import purl


@pytest.mark.parametrize(
    ("kind", "name", "version", "url"),
    [
        ("pypi", "Django", "3.2", "pkg:pypi/django@3.2"),
        ("pypi", "Foo__Bar.-x", "1!2.0+local", "pkg:pypi/foo-bar-x@1%212.0%2Blocal"),
        ("npm", "lodash", "4.17.15", "pkg:npm/lodash@4.17.15"),
        ("npm", "@babel/core", "7.0.0-rc.1", "pkg:npm/%40babel/core@7.0.0-rc.1"),
        ("npm", "JSONStream", "1.3.5", "pkg:npm/JSONStream@1.3.5"),
        ("composer", "Symfony/HTTP-kernel", "v5.4.0", "pkg:composer/symfony/http-kernel@v5.4.0"),
        (
            "golang",
            "github.com/Azure/go-autorest/v14",
            "v14.2.0+incompatible",
            "pkg:golang/github.com/azure/go-autorest/v14@v14.2.0%2Bincompatible",
        ),
        (
            "maven",
            "org.springframework:spring-core",
            "5.3.0.RELEASE",
            "pkg:maven/org.springframework/spring-core@5.3.0.RELEASE",
        ),
        ("cargo", "rand_core", "0.6.4", "pkg:cargo/rand_core@0.6.4"),
        ("gem", "nokogiri", "1.15.4", "pkg:gem/nokogiri@1.15.4"),
        ("npm", "a\n?b#c", "1 2/3", "pkg:npm/a%0A%3Fb%23c@1%202%2F3"),
        ("gem", "\udcff", "1", "pkg:gem/%FF@1"),
        ("maven", "g:a", "1:2", "pkg:maven/g/a@1:2"),
    ],
)
def test_make(kind: str, name: str, version: str, url: str) -> None:
    assert purl.make(kind, name, version) == url
