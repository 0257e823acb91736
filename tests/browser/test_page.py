"""The daily report in a real browser."""

from datetime import datetime
from itertools import product
from pathlib import Path

import pytest
from support.browser_tab import Tab
from support.pages import daily

from analyzer import demo
from analyzer.report import header
from analyzer.store.layout import Store

pytestmark = pytest.mark.browser
pytest.importorskip("altair")

TABLE = "document.querySelector('#dropped-connections-rows')"
SHOWN = f"[...{TABLE}.tBodies[0].rows].filter(row => !row.hidden)"


def test_a_page_asks_nobody_complains_of_nothing_and_fits(tab: Tab, day: Path):
    tab.open(day, 360)
    for width, dark in product((360, 1440), (False, True)):
        tab.shape(width, dark=dark)
        assert not tab.overflows(), (width, dark)
    assert tab.requests() == [day.as_uri()]
    assert tab.complaints() == []


def test_a_click_on_a_heading_sorts_and_another_turns_it_round(tab: Tab, day: Path):
    tab.open(day)
    cells = f"{SHOWN}.map(row => row.cells[2].textContent)"
    button = f"{TABLE}.tHead.rows[0].cells[2]"
    tab.js(f"{button}.querySelector('button').click()")
    up = tab.js(cells)
    assert up == sorted(up)
    assert len(set(up)) > 1
    assert tab.js(f"{button}.getAttribute('aria-sort')") == "ascending"
    tab.js(f"{button}.querySelector('button').click()")
    assert tab.js(cells) == sorted(up, reverse=True)


def test_typing_into_the_filter_leaves_the_rows_that_hold_it(tab: Tab, day: Path):
    tab.open(day)
    every = tab.js(f"{SHOWN}.length")
    tab.js(
        "(() => { const field = document.querySelector('#dropped-connections input');"
        " field.value = 'LNX4'; field.dispatchEvent(new Event('input')); })()"
    )
    holding = tab.js(f"{SHOWN}.map(row => row.textContent.toLowerCase().includes('lnx4'))")
    assert holding
    assert all(holding)
    assert len(holding) < every


def test_every_picture_says_what_it_shows_and_stands_by_its_table(tab: Tab, day: Path):
    tab.open(day)
    pictures = tab.js(
        "[...document.querySelectorAll('svg')].map(svg => ({"
        "role: svg.getAttribute('role'), label: svg.getAttribute('aria-label'),"
        "title: svg.querySelector('title').textContent, words: svg.querySelector('desc').textContent,"
        "beside: svg.closest('section').querySelectorAll('tbody tr').length,"
        "drawn: svg.getBoundingClientRect().height}))"
    )
    assert len(pictures) >= 8
    for picture in pictures:
        assert picture["role"] == "img"
        assert picture["title"] in picture["label"]
        assert picture["words"] in picture["label"]
        assert picture["beside"] > 0
        assert picture["drawn"] > 40


def test_the_page_begins_with_the_status(tab: Tab, day: Path):
    tab.open(day)
    first = tab.js("document.querySelector('main section').textContent")
    assert "prod-a" in first
    headings = tab.js(
        "[...document.querySelectorAll('main section h2')].map(h => h.firstChild.data)"
    )
    reports = [query.status for query in header.reports().values()]
    shown = [status for status in reports if status and not status.baseline]  # nobody marked one
    labels = [status.label for status in sorted(shown, key=lambda status: status.place)]
    assert [text.strip() for text in headings[: 1 + len(labels)]] == ["Clusters", *labels]
    missing = tab.js("document.querySelector('main').textContent")
    assert "log in again from this one" in missing
    assert tab.js("[...document.querySelectorAll('a')].every(a => a.hash)"), "no server, no links"


def test_without_scripts_it_is_tables_and_still_pictures(tab: Tab, day: Path):
    tab.open(day, scripts=False)
    assert tab.complaints() == []
    assert tab.js("document.querySelectorAll('svg path').length") > 20
    assert tab.js("document.querySelectorAll('tbody tr').length") > 50
    assert tab.js("document.querySelectorAll('th button').length") == 0
    assert tab.js("[...document.querySelectorAll('.filter')].every(one => one.hidden)")


def test_ink_follows_the_page(tab: Tab, day: Path):
    ink = "getComputedStyle(document.querySelector('svg text')).fill"
    tab.open(day)
    light = tab.js(ink)
    tab.shape(1440, dark=True)
    assert tab.js(ink) != light


def test_essential_columns_are_shown_and_all_on_demand_without_a_script(tab: Tab, day: Path):
    tab.open(day, scripts=False)
    shown = f"[...{TABLE}.tHead.rows[0].cells].filter(cell => cell.offsetWidth).length"
    few, every = tab.js(shown), tab.js(f"{TABLE}.tHead.rows[0].cells.length")
    assert few < every
    names = tab.js(f"[...{TABLE}.tHead.rows[0].cells].map(cell => cell.textContent).slice(0, 4)")
    assert names == ["svm", "initiator", "interface", "lost"]
    assert "cluster: prod-a" in tab.js(f"{TABLE}.closest('.sheet').textContent"), "said once"
    tab.js("document.querySelector('#dropped-connections-all').click()")
    assert tab.js(shown) == every


def test_on_paper_no_table_is_cut(tab: Tab, day: Path):
    tab.open(day, 1000)
    tab.ask("Emulation.setEmulatedMedia", media="print")
    try:
        wide = tab.js(
            "[...document.querySelectorAll('table')].filter(t => t.offsetWidth > 1000).length"
        )
        assert wide == 0
        assert not tab.overflows()
        text = tab.js(f"{TABLE}.innerText")
        assert "recovered" in text
    finally:
        tab.ask("Emulation.setEmulatedMedia", media="")


def test_a_section_without_an_answer_says_why(tab: Tab, recorded: Store, tmp_path: Path):
    first = datetime.combine(demo.DAY, datetime.min.time())
    page = daily(recorded, tmp_path / "early.html", first, "24h")
    tab.open(page)
    headline = tab.js("document.querySelector('#not-recovered .headline').textContent")
    assert headline.startswith("No answer: ")
    assert "two" in headline or "snapshot" in headline
    assert tab.js("document.querySelector('nav').textContent.includes('No answer: ')")
