# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import html
from ansible_collections.infosec.principles.tests.browser.webdriver import Browser, Driver
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._report.samples import written


@pytest.fixture(scope="session")
def driver() -> t.Iterator[Driver]:
    started = Driver()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def browser(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Browser]:
    """A browser as people have it."""
    started = Browser(driver, tmp_path_factory.mktemp("profile"))
    yield started
    started.close()


@pytest.fixture(scope="session")
def plain_browser(driver: Driver, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Browser]:
    """A browser in which JavaScript is switched off."""
    started = Browser(driver, tmp_path_factory.mktemp("profile"), scripts=False)
    yield started
    started.close()


@pytest.fixture
def page(tmp_path: pathlib.Path) -> t.Callable[[Report], pathlib.Path]:
    """Writes a report as a page."""

    def write(report: Report) -> pathlib.Path:
        target = tmp_path / "compliance.html"
        target.write_text(written(html.write, report), encoding="utf-8")
        return target

    return write
