# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in headless Chromium: filters, no JavaScript, small screens, dark, print, hostile text."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report
from ansible_collections.infosec.principles.plugins.plugin_utils._report.text import clean
from ansible_collections.infosec.principles.tests.browser.webdriver import Browser
from ansible_collections.infosec.principles.tests.unit.plugins.plugin_utils._report.samples import (
    HOSTILE,
    chaos,
    fleet,
    hostile,
    large,
)

Write = t.Callable[[Report], pathlib.Path]

SHOWN = """
return [...document.querySelectorAll(".finding")].filter((one) => one.getClientRects().length).map((one) =>
  [one.dataset.host, one.closest(".rule").id.slice(5), one.dataset.status, one.dataset.risk, one.dataset.principle]);
"""


@pytest.fixture
def shown(browser: Browser, page: Write) -> t.Callable[[], list[list[str]]]:
    """The report of the fleet is open; call it for the findings that can be seen."""
    browser.size(1280, 900)
    browser.media()
    browser.open(page(fleet()))
    return lambda: t.cast(list[list[str]], browser.run(SHOWN))


def choose(browser: Browser, name: str, value: str) -> None:
    browser.click(f'#filters select[name="{name}"] option[value="{value}"]')


# filter, value -> the column of SHOWN that it is about, the values that stay
FILTERS = {
    "host": ("host", "db", 0, {"db"}),
    "principle": ("principle", "patching", 4, {"patching"}),
    "status": ("status", "not_assessed", 2, {"not_assessed"}),
    "what is open": ("status", "error fail", 2, {"error", "fail"}),
    "risk": ("risk", "maximum", 3, {"maximum"}),
}


@pytest.mark.parametrize(("name", "value", "column", "left"), FILTERS.values(), ids=FILTERS)
def test_filters(
    browser: Browser, shown: t.Callable[[], list[list[str]]], name: str, value: str, column: int, left: set[str]
) -> None:
    everything = shown()
    assert len(everything) == fleet().summary.all.total
    choose(browser, name, value)
    assert shown() == [one for one in everything if one[column] in left]
    assert {one[column] for one in shown()} == left
    assert browser.text("#shown") == f"{len(shown())} of {len(everything)} findings shown"
    browser.click('#filters button[type="reset"]')
    assert browser.wait(f"document.querySelector('#shown').value.startsWith('{len(everything)} of')")
    assert shown() == everything


def test_filters_work_together_and_empty_groups_go(browser: Browser, shown: t.Callable[[], list[list[str]]]) -> None:
    choose(browser, "host", "db")
    choose(browser, "risk", "maximum")
    browser.type('#filters input[name="text"]', "PG_HBA")
    assert shown() == [["db", "database_exposure.admission", "fail", "maximum", "exposed_services"]]
    headings = "return [...document.querySelectorAll('.rule h4')].filter((one) => one.getClientRects().length).length"
    assert browser.run(headings) == 1
    browser.type('#filters input[name="text"]', " no such text")
    assert shown() == []
    assert browser.text("#nothing") == "No finding matches the filters."


def test_text_finds_rules_and_evidence(browser: Browser, shown: t.Callable[[], list[list[str]]]) -> None:
    browser.type('#filters input[name="text"]', "50-server.cnf")
    assert [one[:2] for one in shown()] == [["db", "database_exposure.bind"]]


def test_a_click_opens_a_finding_with_its_evidence_and_diff(
    browser: Browser, shown: t.Callable[[], list[list[str]]]
) -> None:
    browser.type('#filters input[name="text"]', "pg_hba_file_rules")
    browser.click(".finding:not([hidden]) summary")
    text = browser.text(".finding[open] .body")
    assert "pg_hba_file_rules: /etc/postgresql/15/main/pg_hba.conf:97" in text
    assert "no address wider than 192.0.2.10/32" in text
    assert "+host all all 0.0.0.0/0 reject" in text
    assert browser.run("return getComputedStyle(document.querySelector('.finding[open] .add')).color") != browser.run(
        "return getComputedStyle(document.querySelector('.finding[open] .same')).color"
    )


def test_open_all_and_close_all(browser: Browser, shown: t.Callable[[], list[list[str]]]) -> None:
    opened = "return document.querySelectorAll('.finding[open]').length"
    browser.click("#unfold")
    assert browser.run(opened) == len(shown())
    browser.click("#unfold")
    assert browser.run(opened) == 0


def test_what_to_do_next_comes_first_and_leads_to_its_rule(
    browser: Browser, shown: t.Callable[[], list[list[str]]]
) -> None:
    assert browser.text("main h2") == "What to do next"
    browser.click(".next a")
    assert browser.run("return document.querySelector(':target h4').textContent") == browser.text(".next a")


def test_the_page_asks_for_nothing_and_breaks_no_policy(
    browser: Browser, shown: t.Callable[[], list[list[str]]]
) -> None:
    assert browser.log() == []
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert browser.run("return document.fonts.size") == 0


def test_foreign_scripts_and_styles_are_refused(browser: Browser, shown: t.Callable[[], list[list[str]]]) -> None:
    browser.run("""
        const script = document.createElement("script");
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
        document.body.setAttribute("style", "display: none");
        const picture = new Image();
        picture.setAttribute("onerror", "document.title = 'owned'");
        picture.src = "data:image/png;base64,AAAA";
        document.body.append(picture);
        return new Promise((done) => setTimeout(done, 100));
    """)
    assert browser.run("return document.title") == "Compliance report"
    assert browser.run("return getComputedStyle(document.body).display") == "block"
    assert len([line for line in browser.log() if "Content Security Policy" in line]) >= 3


def test_without_javascript_everything_is_there(plain_browser: Browser, page: Write) -> None:
    plain_browser.size(1280, 900)
    plain_browser.open(page(fleet()))
    assert plain_browser.run("return document.querySelector('#filters').getClientRects().length") == 0
    assert len(plain_browser.run(SHOWN)) == fleet().summary.all.total
    plain_browser.click(".finding summary")
    assert plain_browser.text(".finding[open] .body")


def hidden_width(browser: Browser) -> int:
    return int(browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_no_page_is_wider_than_its_screen(browser: Browser, page: Write, width: int) -> None:
    browser.media()
    browser.size(width, 800)
    browser.open(page(fleet()))
    browser.click("#unfold")
    assert hidden_width(browser) == 0


SEEN = """[...document.querySelectorAll(".finding .evidence code")]
  .filter((one) => one.checkVisibility() && one.getClientRects().length).length"""
FORM = "document.querySelector('#filters').getClientRects().length"


def test_print_shows_what_is_folded_and_no_filters(browser: Browser, shown: t.Callable[[], list[list[str]]]) -> None:
    evidence = sum(2 * len(one["evidence"]) for _host, found in fleet().store for one in found)
    assert browser.run(f"return [{SEEN}, {FORM}]") == [0, 1]
    browser.media("print")
    assert browser.wait(f"({SEEN}) >= {evidence} && !{FORM}")


CONTRAST = """
const light = (color) => {
  const [red, green, blue] = color.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (one) => {
  for (; one; one = one.parentElement) {
    const color = getComputedStyle(one).backgroundColor;
    if (!/^rgba\\(.*, 0\\)$/.test(color)) return color;
  }
  return "rgb(255, 255, 255)";
};
const faults = new Set();
for (const one of document.querySelectorAll("body *")) {
  if (!one.getClientRects().length || ![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
  const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) faults.add(`${one.tagName}.${one.className} ${ratio.toFixed(2)}`);
}
return [...faults];
"""


@pytest.mark.parametrize(("kind", "scheme"), [("", "light"), ("", "dark"), ("print", "light"), ("print", "dark")])
def test_contrast_is_at_least_that_of_wcag_aa(browser: Browser, page: Write, kind: str, scheme: str) -> None:
    browser.size(1280, 900)
    browser.media(kind, scheme)
    browser.open(page(fleet()))
    assert browser.wait(f"matchMedia('{kind or 'screen'}').matches")
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    assert browser.run(CONTRAST) == []


def test_every_field_has_a_label_and_ids_are_unique(browser: Browser, shown: t.Callable[[], list[list[str]]]) -> None:
    assert browser.run("return [...document.querySelectorAll('select, input')].every((one) => one.labels.length === 1)")
    assert browser.run("return [...document.querySelectorAll('table')].every((one) => one.tHead)")
    ids = browser.run("return [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))


def test_hostile_text_stays_text(browser: Browser, page: Write) -> None:
    browser.size(1280, 900)
    browser.media()
    browser.open(page(hostile(*HOSTILE.values())))
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.run("return new Promise((done) => setTimeout(done, 200))")
    assert not browser.has_dialog()
    assert browser.run("return document.title") == "Compliance report"
    assert browser.log() == []
    elements = "return ['script', 'style', 'img', 'iframe', 'form', 'base', 'meta'].map((one) => document.querySelectorAll(one).length)"
    assert browser.run(elements) == [1, 1, 0, 0, 1, 0, 5]
    handlers = "return [...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((a) => a.name.startsWith('on'))).length"
    assert browser.run(handlers) == 0
    addresses = "return [...document.links].filter((one) => !/^(https|file):$/.test(one.protocol)).length"
    assert browser.run(addresses) == 0
    text = browser.run("return document.body.textContent")
    assert [name for name, given in HOSTILE.items() if clean(given, limit=4000) not in text] == []


def test_hostile_names_can_be_filtered(browser: Browser, page: Write) -> None:
    browser.open(page(hostile(*HOSTILE.values())))
    values = browser.run("return [...document.querySelector('#filters [name=host]').options].map((one) => one.value)")
    for place, value in enumerate(values[1:], 1):
        browser.run(
            """
            const field = document.querySelector("#filters [name=host]");
            field.selectedIndex = arguments[0];
            field.dispatchEvent(new Event("input", {bubbles: true}));
            """,
            place,
        )
        assert {one[0] for one in browser.run(SHOWN)} == {value}
    assert not browser.has_dialog()
    assert browser.run("return document.title") == "Compliance report"


SIGNS = """
return [...document.querySelectorAll(".cells use")].map((one) => [one.getAttribute("href").slice(6), one.querySelector("title").textContent]);
"""


@pytest.mark.parametrize("scripts", [True, False])
def test_the_matrix_says_who_reached_what(browser: Browser, plain_browser: Browser, page: Write, scripts: bool) -> None:
    one = browser if scripts else plain_browser
    one.size(1280, 900)
    one.open(page(fleet()))
    signs = one.run(SIGNS)
    assert ["reachable_but_denied", "laptop → 22/tcp ssh web: denied but reached"] in signs
    assert ["blocked_but_allowed", "web → 6379/tcp sessions cache: allowed but blocked"] in signs
    assert len(signs) == 38
    one.click(".words > summary")
    assert "5432/tcp orders db" in one.text(".words table")


#: The shapes of the signs, without their colours: how much of each is filled.
SHAPES = """
return Promise.all([...document.querySelectorAll(".defs g")].map((sign) => {
  const copy = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  copy.append(...[...sign.children].slice(1).map((one) => one.cloneNode(true)));
  return copy.innerHTML;
}));
"""


def test_the_signs_differ_by_their_shapes_too(browser: Browser, shown: t.Callable[[], list[list[str]]]) -> None:
    shapes = browser.run(SHAPES)
    assert len(shapes) == len(set(shapes)) == 6
    filled = "return getComputedStyle(document.querySelector('#seen-' + arguments[0] + ' circle')).fill"
    assert browser.run(filled, "refused") == "none" != browser.run(filled, "reached")


STUCK = """
const box = document.querySelector(".reach");
box.scrollTop = 500; box.scrollLeft = 500;
const [outer, head, side] = [box, box.querySelector(".head"), box.querySelector(".side")].map((one) => one.getBoundingClientRect());
return [box.scrollTop, box.scrollLeft, Math.round(head.top - outer.top), Math.round(side.left - outer.left)];
"""


def test_the_headings_stay_in_sight(browser: Browser, page: Write) -> None:
    browser.size(1280, 900)
    browser.open(page(chaos()))
    assert browser.run(STUCK) == [500, 500, 1, 1]


CLIPPED = """
const faults = [];
for (const svg of document.querySelectorAll(".head, .side")) {
  const box = svg.getBoundingClientRect();
  for (const one of svg.querySelectorAll("text")) {
    const own = one.getBoundingClientRect();
    if (own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1) faults.push(one.textContent);
  }
}
return faults;
"""
#: The large ones are drawn within two seconds, as the issue wants; a busy machine gets the time again.
LARGE: dict[str, t.Callable[[], Report]] = {
    "6 hosts": fleet,
    "200 hosts": large,
    "200 hosts and witnesses": lambda: large(witnesses=2),
    "200 hosts unlike each other": chaos,
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_matrix_of_any_size_can_be_read(
    browser: Browser, page: Write, make: t.Callable[[], Report], scheme: str
) -> None:
    browser.size(1280, 900)
    browser.media("", scheme)
    target = page(make())
    began = time.monotonic()
    browser.open(target)
    browser.run("document.querySelector('.reach').scrollIntoView()")
    browser.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert time.monotonic() - began < 4
    assert browser.run(CLIPPED) == []
    browser.run("document.querySelector('.words').open = true")
    assert browser.run(CONTRAST) == []
    assert hidden_width(browser) == 0
    assert browser.log() == []


def test_hostile_names_stay_names_in_the_matrix(browser: Browser, page: Write) -> None:
    browser.size(1280, 900)
    browser.media()
    browser.open(page(hostile(*HOSTILE.values())))
    tags = browser.run("return [...document.querySelectorAll('.reach *')].map((one) => one.tagName)")
    assert set(tags) == {"DIV", "SPAN", "svg", "text", "title", "tspan", "path", "g", "use"}
    assert not browser.has_dialog()
