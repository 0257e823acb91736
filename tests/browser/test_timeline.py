"""The page of an incident in a real browser: found, stepped through, copied, printed."""

import json
import time
from datetime import timedelta

import pytest
from support import snapshot_rows as plain
from support.browser_tab import Tab
from support.served_console import look

pytestmark = pytest.mark.browser
DAY = "since=2026-11-23T00:00:00Z&until=2026-11-24T00:00:00Z"
EVENING = "since=2026-11-23T01:00:00Z&until=2026-11-23T04:00:00Z&before=2026-11-23T01:00:00Z&after=2026-11-23T01:00:00Z"
LOST = "document.querySelectorAll('td.lost').length"
SHIFT = 8


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")


def wait(tab: Tab, condition: str) -> None:
    """Until an expression is true, at most a minute."""
    end = time.monotonic() + 60
    while not tab.js(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def loaded(tab: Tab) -> None:
    while not any(event["method"] == "Page.loadEventFired" for event in tab.events):
        tab.events.append(tab._hear())


def press(tab: Tab, key: str, modifiers: int = 0) -> None:
    codes = {"ArrowLeft": 37, "ArrowRight": 39}
    for kind in ("rawKeyDown", "keyUp"):
        tab.ask(
            "Input.dispatchKeyEvent",
            type=kind, key=key, code=key, modifiers=modifiers,
            windowsVirtualKeyCode=codes.get(key, ord(key[0].upper())),
        )  # fmt: skip


def step(tab: Tab, key: str, modifiers: int = 0) -> str:
    """Press an arrow and wait for its answer; where B is then."""
    before = tab.js("location.href")
    press(tab, key, modifiers)
    wait(tab, f"location.href !== {json.dumps(before)}")
    return str(tab.js("document.querySelector('[data-handle=after]').dataset.at"))


def click(tab: Tab, selector: str) -> None:
    tab.events.clear()
    tab.js(f"document.querySelector({json.dumps(selector)}).click()")
    loaded(tab)


def test_two_clicks_from_the_first_page_lead_to_the_host_that_never_came_back(tab: Tab, url: str):
    look(tab, f"{url}/?{DAY}")
    click(tab, "nav a[href^='/incident']")
    assert tab.js("document.querySelector('.row.open .label a').textContent") == "…lnx4"
    assert tab.js("[...document.querySelectorAll('.timeline .row')][1].classList.contains('open')")
    click(tab, ".row.open .label a")
    assert "lnx4" in tab.js("document.querySelector('h1').textContent")


def test_the_keyboard_steps_to_the_takeover_and_the_matrix_shows_its_holes(tab: Tab, url: str):
    look(tab, f"{url}/incident?{EVENING}")
    assert tab.js(LOST) == 0
    assert step(tab, "ArrowRight", SHIFT) == "2026-11-23T02:15:00Z"
    assert (
        tab.js("document.querySelector('[data-handle=before]').dataset.at")
        == "2026-11-23T01:00:00Z"
    )
    assert tab.js(LOST) == 32
    assert "32 lost" in tab.js(
        "document.querySelector('[data-part=difference] .headline').textContent"
    )
    assert step(tab, "ArrowLeft") == "2026-11-23T02:10:00Z"
    assert tab.js(LOST) == 0
    press(tab, "a")
    before = tab.js("location.href")
    press(tab, "ArrowRight")
    wait(tab, f"location.href !== {json.dumps(before)}")
    assert (
        tab.js("document.querySelector('[data-handle=before]').dataset.at")
        == "2026-11-23T02:10:00Z"
    )
    assert tab.complaints() == []
    assert all(target.startswith((url, "data:")) for target in tab.requests())


def test_going_back_in_the_browser_takes_the_handles_back(tab: Tab, url: str):
    look(tab, f"{url}/incident?{EVENING}")
    step(tab, "ArrowRight", SHIFT)
    tab.js("history.back()")
    wait(tab, f"{LOST} === 0")
    assert tab.js("location.search").endswith("after=2026-11-23T01:00:00Z")


def test_a_handle_is_dragged_to_where_the_pointer_lets_go(tab: Tab, url: str):
    look(tab, f"{url}/incident?{EVENING}")
    box = tab.js(
        "(b => ({left: b.left, width: b.width, top: b.top}))"
        "(document.querySelector('.handles').getBoundingClientRect())"
    )
    points = [(box["left"], "mousePressed"), (box["left"] + 40, "mouseMoved"),
              (box["left"] + box["width"] / 2, "mouseMoved"), (box["left"] + box["width"] / 2, "mouseReleased")]  # fmt: skip
    for x, kind in points:
        tab.ask(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x,
            y=box["top"] + 8,
            button="left",
            clickCount=1,
        )
    wait(tab, f"{LOST} === 32")
    assert tab.js("new URL(location).searchParams.get('after')")[:16] == "2026-11-23T02:30"


def test_the_ticket_is_in_the_clipboard(tab: Tab, url: str):
    look(tab, f"{url}/incident?{EVENING}&tz=Europe/Berlin")
    step(tab, "ArrowRight", SHIFT)
    tab.ask(
        "Browser.grantPermissions",
        origin=url,
        permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
    )
    tab.ask("Emulation.setFocusEmulationEnabled", enabled=True)
    tab.js("document.querySelector('[data-copy]').click()")
    wait(tab, "document.querySelector('[data-copied]').textContent === 'Copied.'")
    answer = tab.ask(
        "Runtime.evaluate", expression="navigator.clipboard.readText()", awaitPromise=True,
        returnByValue=True, userGesture=True,
    )  # fmt: skip
    text = answer["result"]["value"]
    assert "2026-11-23T01:00:00Z to 2026-11-23T02:15:00Z (2026-11-23 02:00–03:15 CET)" in text
    assert "32 lost" in text
    assert "iqn.1994-05.com.redhat:lnx4" in text
    assert "--before 2026-11-23T01:00:00Z --after 2026-11-23T02:15:00Z" in text


def test_without_scripts_the_links_step(tab: Tab, url: str):
    look(tab, f"{url}/incident?{EVENING}", scripts=False)
    assert tab.js("document.querySelector('[data-copy]').hidden")
    assert tab.js("document.querySelector('[data-script]').hidden")
    look(
        tab,
        tab.js("document.querySelector(\"a[data-step='after next change']\").href"),
        scripts=False,
    )
    assert tab.js(LOST) == 32
    assert tab.js("document.querySelector('.ticket textarea').value").startswith(
        "### iSCSI paths of prod-a"
    )


@pytest.mark.parametrize("by", ["host", "interface", "node", "cause"])
def test_it_fits_a_phone_light_and_dark(tab: Tab, url: str, by: str):
    look(tab, f"{url}/incident?{DAY}&by={by}", 360, dark=True)
    assert not tab.overflows()
    assert tab.complaints() == []
    assert tab.js("document.querySelectorAll('svg.lane').length") > 0
    assert tab.js("document.querySelectorAll('[style], style, [onclick]').length") == 0


def test_on_paper_are_the_lanes_the_matrix_and_the_difference(tab: Tab, url: str):
    look(tab, f"{url}/incident?{DAY}&before=2026-11-23T02:10:00Z&after=2026-11-23T02:15:00Z")
    tab.ask("Emulation.setEmulatedMedia", media="print")
    text = tab.js("document.querySelector('main').innerText")
    heights = tab.js(
        "[...document.querySelectorAll('.scroll')].map(e => e.scrollHeight - e.clientHeight)"
    )
    pdf = tab.ask("Page.printToPDF", printBackground=True)["data"]
    tab.ask("Emulation.setEmulatedMedia", media="")
    for words in ("lnx4", "32 lost", "sql_n2_a", "esx4-4f1a", "taken over", "one node"):
        assert words in text
    assert "Copy for the ticket" not in text
    assert max(heights) <= 1, "nothing is cut off"
    assert len(pdf) > 10_000


@pytest.mark.parametrize("by", ["host", "interface", "cause"])
def test_nothing_of_the_array_runs_or_asks_or_overflows(
    tab: Tab, hostile_url: str, monkeypatch: pytest.MonkeyPatch, by: str
):
    monkeypatch.setenv("ANALYZER_NOW", (plain.START + timedelta(minutes=11)).isoformat())
    look(tab, f"{hostile_url}/incident?since=1h&by={by}", 360)
    assert not tab.overflows()
    tab.shape(1280)
    assert not tab.overflows()
    assert tab.complaints() == []
    assert all(target.startswith((hostile_url, "data:")) for target in tab.requests())
    assert tab.js("document.scripts.length") == 1
    assert tab.js("document.querySelectorAll('img, iframe, a[href^=javascript]').length") == 0
    assert "<script>alert(1)</script>" in tab.js("document.body.textContent")
