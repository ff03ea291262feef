# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of the report for the documentation.

python tests/browser/picture.py docs/images/report.png [report.html]
python tests/browser/picture.py --matrix docs/images/reachability.png [report.html]
"""

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
    large,
    written,
)

# Height of the screen, the report, and where to look in it.
VIEWS = {False: (1440, fleet, "header"), True: (800, large, "[aria-labelledby=reachability]")}


def take(target: pathlib.Path, page: pathlib.Path | None, folder: pathlib.Path, matrix: bool) -> None:
    """Save what a screen of 1280 pixels in width shows of the page (default: a fleet of the tests)."""
    height, report, place = VIEWS[matrix]
    if page is None:
        page = folder / "compliance.html"
        page.write_text(written(html.write, report()), encoding="utf-8")
    driver = Driver()
    try:
        browser = Browser(driver, folder / "profile")
        browser.size(1280, height)
        browser.open(page.resolve())
        browser.run("document.querySelector(arguments[0]).scrollIntoView()", place)
        browser.picture(target)
        browser.close()
    finally:
        driver.stop()


if __name__ == "__main__":
    target, *pages = (pathlib.Path(one) for one in sys.argv[1:] if one != "--matrix")
    # Chromium may still be writing to its profile.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        take(target, pages[0] if pages else None, pathlib.Path(folder), "--matrix" in sys.argv)
