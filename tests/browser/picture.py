# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the picture of the report for the README: python tests/browser/picture.py docs/images/report.png [report.html]."""

from __future__ import annotations

import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / ".collections"), str(ROOT / "tests")]
import conftest

conftest.link_collection()

from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import html
from ansible_collections.infosec.principles.tests.browser.webdriver import Browser, Driver
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._report.samples import (
    fleet,
    written,
)


def take(target: pathlib.Path, page: pathlib.Path | None, folder: pathlib.Path) -> None:
    """Save what a screen of 1280 x 1440 pixels shows of the page (default: the fleet of the tests)."""
    if page is None:
        page = folder / "compliance.html"
        page.write_text(written(html.write, fleet()), encoding="utf-8")
    driver = Driver()
    try:
        browser = Browser(driver, folder / "profile")
        browser.size(1280, 1440)
        browser.open(page.resolve())
        browser.picture(target)
        browser.close()
    finally:
        driver.stop()


if __name__ == "__main__":
    target, *pages = map(pathlib.Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        take(target, pages[0] if pages else None, pathlib.Path(folder))
