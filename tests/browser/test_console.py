"""The console in a real browser, over a socket."""

import base64
import json
import re
import shutil
import subprocess
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from support import snapshot_rows as plain
from support.browser_tab import Tab
from support.hostile import NASTY
from support.served_console import look, served

from analyzer.store.layout import Store

pytestmark = pytest.mark.browser
DAY = "since=2026-11-23T00:00:00Z&until=2026-11-24T00:00:00Z"
PAGES = [
    "/", "/incident", "/capacity", "/reports", f"/reports/dropped-connections?{DAY}",
    f"/initiator/iqn.1994-05.com.redhat:lnx4?{DAY}", f"/interface/sql_n2_a?{DAY}", f"/node/n2?{DAY}",
    "/reports/nope",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")


def quiet(tab: Tab) -> list[object]:
    """What the browser complains of, but for the status of an answer."""
    return [
        complaint
        for complaint in tab.complaints()
        if "responded with a status of" not in json.dumps(complaint)
    ]


@pytest.mark.parametrize("target", PAGES)
def test_a_page_asks_nobody_else_breaks_no_policy_and_fits_a_phone(tab: Tab, url: str, target: str):
    look(tab, url + target)
    assert not tab.overflows()
    tab.shape(360, dark=True)
    assert not tab.overflows()
    assert quiet(tab) == []
    assert all(address.startswith((url, "data:")) for address in tab.requests())
    assert tab.js("document.scripts.length") == 1
    assert tab.js("document.querySelectorAll('[style], style, [onclick]').length") == 0


def test_without_scripts_the_same_facts_are_there(tab: Tab, url: str):
    look(tab, f"{url}/reports/dropped-connections?{DAY}", scripts=False)
    rows = tab.js("document.querySelectorAll('tbody tr').length")
    assert rows > 30
    look(tab, f"{url}/reports/dropped-connections?{DAY}&match=lnx4&sort=interface", scripts=False)
    assert tab.js("document.querySelectorAll('tbody tr').length") == 2
    assert tab.js("document.querySelector('th[aria-sort]').textContent") == "interface"


def test_the_host_that_never_came_back_is_found_by_keyboard_alone(tab: Tab, url: str):
    look(tab, f"{url}/?{DAY}")
    for _ in range(60):
        for kind in ("keyDown", "keyUp"):
            tab.ask(
                "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
            )
        if "lnx4" in tab.js("document.activeElement.textContent.slice(-4)"):
            break
    assert tab.js("document.activeElement.pathname").endswith("lnx4")
    assert tab.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.events.clear()
    tab.ask(
        "Input.dispatchKeyEvent",
        type="keyDown",
        key="Enter",
        code="Enter",
        windowsVirtualKeyCode=13,
        text="\r",
    )
    while not any(event["method"] == "Page.loadEventFired" for event in tab.events):
        tab.events.append(tab._hear())
    assert "lnx4" in tab.js("document.querySelector('h1').textContent")
    assert "partly_back" in tab.js("document.body.textContent")


def test_the_first_stop_of_the_keyboard_skips_to_the_content(tab: Tab, url: str):
    look(tab, url)
    tab.ask(
        "Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9
    )
    assert tab.js("document.activeElement.className") == "skip"
    assert tab.js("document.activeElement.getBoundingClientRect().left") >= 0


def test_a_login_opens_the_page_that_was_wanted_and_the_token_stays_out_of_urls(
    tab: Tab, recorded: Store
):
    with served(recorded, "open-sesame") as there:
        look(tab, f"{there}/node/n2?{DAY}")
        assert tab.js("document.querySelector('input[type=password]') !== null")
        assert "prod-a" not in tab.js("document.body.textContent")
        tab.events.clear()
        tab.js(
            "document.querySelector('input[type=password]').value = 'open-sesame';"
            " document.querySelector('form').submit()"
        )
        while not any(event["method"] == "Page.loadEventFired" for event in tab.events):
            tab.events.append(tab._hear())
        assert tab.js("location.pathname") == "/node/n2"
        assert tab.js("document.querySelector('h1').textContent") == "Node n2"
        assert tab.js("document.cookie") == "", "no script reads it"
        assert not [address for address in tab.requests() if "sesame" in address]
        tab.ask("Network.clearBrowserCookies")


@pytest.mark.parametrize(
    "place",
    [
        "/",
        "/reports/paths?at=previous",
        "/reports/dropped-connections?since=1h",
        "/reports/events?since=1h",
    ],
)
def test_nothing_of_the_array_runs_or_asks_or_overflows(
    tab: Tab, hostile_url: str, monkeypatch: pytest.MonkeyPatch, place: str
):
    monkeypatch.setenv("ANALYZER_NOW", (plain.START + timedelta(minutes=11)).isoformat())
    look(tab, hostile_url + place, 360)
    assert quiet(tab) == []
    assert all(address.startswith((hostile_url, "data:")) for address in tab.requests())
    assert not tab.overflows()
    assert tab.js("document.scripts.length") == 1
    assert tab.js("document.querySelectorAll('img, iframe, a[href^=javascript]').length") == 0
    assert "<script>alert(1)</script>" in tab.js("document.body.textContent")


# Markup, what a terminal obeys, and what changes the direction; the others are of these kinds.
QUICK = {NASTY[0], *(name for name in NASTY if "\x1b" in name or "\u202e" in name)}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.thorough)
    for name in NASTY if len(name) < 2_000
])  # fmt: skip
def test_every_name_has_a_page_of_its_own(
    tab: Tab, hostile_url: str, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setenv("ANALYZER_NOW", (plain.START + timedelta(minutes=11)).isoformat())
    for kind in ("initiator", "interface"):
        look(tab, f"{hostile_url}/{kind}/{quote(name, safe='')}?since=1h", 360)
        assert quiet(tab) == []
        assert tab.js("document.querySelectorAll('section').length") > 3
        assert not tab.overflows()


@cache
def _axe() -> Path | None:
    """The script of axe-core, where ``make axe`` put it or npm has it."""
    places = [Path(__file__).parents[2] / ".venv" / "axe" / "node_modules"]
    if shutil.which("npm"):
        root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=False)
        places.append(Path(root.stdout.strip()))
    scripts = (place / "axe-core" / "axe.min.js" for place in places)
    return next((path for path in scripts if path.is_file()), None)


@pytest.mark.parametrize("target", PAGES)
def test_no_page_has_a_serious_finding_of_accessibility(tab: Tab, url: str, target: str):
    script = _axe()
    if script is None:
        pytest.skip("no axe-core here; 'make axe' fetches it")
    for dark in (False, True):
        look(tab, url + target, dark=dark)
        tab.js(script.read_text(encoding="utf-8") + ";0")
        run = tab.ask(
            "Runtime.evaluate", expression="axe.run().then(r => JSON.stringify(r.violations))",
            awaitPromise=True, returnByValue=True,
        )  # fmt: skip
        violations = json.loads(run["result"]["value"])
        serious = [
            (violation["id"], violation["nodes"][0]["html"][:200])
            for violation in violations
            if violation["impact"] in {"serious", "critical"}
        ]
        assert serious == []


def test_on_paper_every_verdict_is_there_and_no_table_is_cut(tab: Tab, url: str):
    for target in (f"/?{DAY}", "/capacity", f"/initiator/iqn.1994-05.com.redhat:lnx4?{DAY}"):
        look(tab, url + target, 1000)
        tab.ask("Emulation.setEmulatedMedia", media="print")
        try:
            assert not tab.overflows()
            assert tab.js(
                "[...document.querySelectorAll('table')].every(t => t.offsetWidth <= 1000)"
            )
            assert tab.js("[...document.querySelectorAll('form, nav')].every(e => !e.offsetHeight)")
        finally:
            tab.ask("Emulation.setEmulatedMedia", media="")


def test_capacity_is_one_landscape_page(tab: Tab, url: str):
    look(tab, f"{url}/capacity")
    printed = tab.ask("Page.printToPDF", preferCSSPageSize=True, landscape=True)["data"]
    pages = re.findall(rb"/Type\s*/Page\b(?!s)", base64.b64decode(printed))
    assert len(pages) == 1
