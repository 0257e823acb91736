"""The page of an incident says what the command lines that it shows say."""

import json
import shlex
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from support import random_history as random_paths
from support.effort import effort

from analyzer import clock
from analyzer.cli import analyzer as program
from analyzer.config import policy
from analyzer.console import pages as pages_module
from analyzer.console.exchange import PageRequest
from analyzer.console.pages import Pages
from analyzer.report.catalog import Catalog
from analyzer.schema import Mark
from analyzer.store import marks
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
# Random URLs for each history.
URLS = effort(2, 100)


@pytest.fixture(scope="module", params=range(effort(1, 2)))
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return random_paths.build(tmp_path_factory.mktemp("incident"), 100 + request.param)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", clock.iso(random_paths.END + timedelta(minutes=1)))


class Elements(HTMLParser):
    """Every element of a page: its tag, attributes and own text, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in {"input", "link", "meta", "br"}:
            self.open.append(self.all[-1][2])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        if self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for texts in self.open:
            texts.append(data)

    def elements(self, tag: str, **attributes: str) -> list[tuple[dict[str, str], str]]:
        wanted = {name.rstrip("_").replace("_", "-"): text for name, text in attributes.items()}
        return [
            (there, "".join(texts).strip())
            for name, there, texts in self.all
            if name == tag and wanted.items() <= there.items()
        ]


def page(store: Store, **values: str) -> str:
    def opened(clusters: Any) -> Catalog:
        return Catalog(store, clusters, tables=policy.tables(None))

    response = Pages(opened, UTC).page(PageRequest("/incident", urlencode(values)), 60)
    assert response.status == 200, response.body.decode()
    return response.body.decode()


def answer(store: Store, command: str) -> list[dict[str, Any]]:
    """The rows of a command line that a page shows."""
    words = shlex.split(command)
    assert words[0] == "analyzer"
    shown = CliRunner().invoke(
        program, ["--store", str(store.root), *words[1:], "--format", "json"]
    )
    assert shown.exit_code in {0, 3}, shown.output
    rows: list[dict[str, Any]] = json.loads(shown.stdout)["rows"]
    return rows


def url(random: Random) -> dict[str, str]:
    """A window, A and B in it, and filters, at random."""

    def instant(first: datetime, last: datetime) -> datetime:
        return first + timedelta(
            minutes=random.randint(0, int((last - first).total_seconds() // 60))
        )

    since = instant(random_paths.START, random_paths.END - timedelta(minutes=20))
    until = instant(since + timedelta(minutes=10), random_paths.END)
    before = instant(since, until)
    after = instant(before, until)
    values = {
        name: clock.iso(at)
        for name, at in (("since", since), ("until", until), ("before", before), ("after", after))
    }
    if random.random() < 0.4:
        values["cluster"] = random.choice(["east", "west", "*st"])
    if random.random() < 0.4:
        values["initiator"] = f"h{random.randrange(random_paths.HOSTS)}"
    if random.random() < 0.5:
        values["tz"] = random.choice(["Europe/Berlin", "Asia/Kolkata"])
    values["by"] = random.choice(["host", "host", "interface", "node"])
    values["sort"] = random.choice(["open", "name"])
    return values


@pytest.mark.parametrize("seed", range(URLS))
def test_every_number_is_the_command_lines(store: Store, seed: int) -> None:
    values = url(Random(f"{store.root.name}{seed}"))
    shown = Elements(page(store, **values))
    commands = {text.split()[2]: text for _, text in shown.elements("code")}
    rows = {name: answer(store, command) for name, command in commands.items()}

    drawn = {
        (there["data-lane"], there["data-state"], there["d"])
        for there, _ in shown.elements("path")
        if "data-state" in there
    }
    paths: dict[tuple[int, str, str], str] = defaultdict(str)
    for row in sorted(rows["lanes"], key=lambda row: (row["place"], row["first_column"])):
        width = row["last_column"] + 1 - row["first_column"]
        paths[row["place"], row["lane"], row["state"]] += (
            f"M{row['first_column']} 0h{width}v14H{row['first_column']}z"
        )
    assert drawn == {(lane, state, d) for (_, lane, state), d in paths.items()}

    cells = sorted(
        (there["class"], there["title"]) for there, _ in shown.elements("td") if "title" in there
    )
    numbers = sorted(
        (
            row["change"],
            f"{row['interface']}: … {row['sessions_before']} at A, {row['sessions']} at B",
        )
        for row in rows["matrix"]
    )
    assert [
        (change, f"{title.partition(':')[0]}: … {title.rpartition('; ')[2]}")
        for change, title in cells
    ] == numbers

    counts: dict[str, int] = defaultdict(int)
    for row in rows["changes"]:
        counts[row["change"]] += max(1, row["sessions"])
    headline = ", ".join(
        f"{number} {change.replace('_', ' ')}"
        for change, number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    assert (headline or "Nothing changed.") in [
        text for _, text in shown.elements("p", class_="headline")
    ]


def test_a_step_is_a_link_that_keeps_the_rest_of_the_url(store: Store) -> None:
    times = {
        "since": random_paths.START,
        "until": random_paths.END,
        "before": random_paths.START,
        "after": random_paths.START,
    }
    values = {name: clock.iso(at) for name, at in times.items()} | {
        "tz": "Europe/Berlin",
        "by": "node",
    }
    shown = Elements(page(store, **values))
    (there, _), *_ = shown.elements("a", data_step="after next snapshot")
    assert "tz=Europe/Berlin" in there["href"]
    assert "by=node" in there["href"]
    assert f"after={clock.iso(random_paths.START)}" not in there["href"]
    assert not shown.elements("a", data_step="before previous snapshot")
    assert not shown.elements("a", data_step="before next snapshot"), "A stays before B"


def test_a_moved_handle_asks_for_what_depends_on_it_only(store: Store) -> None:
    times = {"since": clock.iso(random_paths.START), "until": clock.iso(random_paths.END)}
    shown = Elements(page(store, **times, part="pair"))
    parts = [there["data-part"] for _, there, _ in shown.all if "data-part" in there]
    assert parts == ["handles", "steps", "matrix", "difference", "ticket"]
    assert not shown.elements("html")
    assert not shown.elements("svg", class_="lane")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"since": "1h", "until": "2h"}, "the window begins after its end"),
        ({"by": "shelf"}, "by:"),
        ({"before": "now", "after": "1h"}, "A is after B"),
        ({"part": "lanes"}, "part:"),
        ({"since": "soon"}, "soon"),
    ],
)
def test_what_cannot_be_requested_is_said_in_a_sentence(
    store: Store, values: dict[str, str], complaint: str
) -> None:
    def opened(clusters: Any) -> Catalog:
        return Catalog(store, clusters)

    response = Pages(opened, UTC).page(PageRequest("/incident", urlencode(values)), 60)
    assert response.status == 400
    assert complaint in response.body.decode()


def test_the_ticket_names_the_window_in_utc_and_in_the_zone(store: Store) -> None:
    times = {"since": clock.iso(random_paths.START), "until": clock.iso(random_paths.END)}
    (_, text), *_ = Elements(page(store, **times, tz="Europe/Berlin")).elements("textarea")
    assert f"{clock.iso(random_paths.START)} to {clock.iso(random_paths.END)}" in text
    assert "(2026-11-23 01:00–02:15 CET)" in text
    assert "analyzer report changes" in text
    assert f"--before {clock.iso(random_paths.START)}" in text
    assert "| change | severity |" in text


def test_marks_are_flags_and_the_baseline_is_where_a_is(tmp_path: Path) -> None:
    store = random_paths.build(tmp_path / "store", 7, ("east",))
    at = random_paths.START + 3 * random_paths.STEP
    marks.add(store, Mark(name="before-CHG4711", instant=at, baseline=True))
    times = {"since": clock.iso(random_paths.START), "until": clock.iso(random_paths.END)}
    shown = Elements(page(store, **times))
    assert [there["data-flag"] for there, _ in shown.elements("svg", class_="flag mark")] == [
        "before-CHG4711"
    ]
    ((handle, _),) = shown.elements("svg", data_handle="before")
    assert handle["data-at"] == clock.iso(at)
    ((link, _),) = shown.elements("a", data_step="after mark")
    assert f"after={clock.iso(at)}" in link["href"]
    ((handle, _),) = Elements(page(store, **times, before="before-CHG4711")).elements(
        "svg", data_handle="before"
    )
    assert handle["data-at"] == clock.iso(at)


@pytest.mark.parametrize(
    ("kind", "name", "lanes"),
    [
        ("initiator", "iqn.1994-05.com.redhat:h1", 2),
        ("interface", "svm_n1_a", 2),
        ("node", "n2", 2),
    ],
)
def test_a_page_of_an_object_draws_its_lanes_as_the_command_says(
    store: Store, kind: str, name: str, lanes: int
) -> None:
    def opened(clusters: Any) -> Catalog:
        return Catalog(store, clusters, tables=policy.tables(None))

    times = {"since": clock.iso(random_paths.START), "until": clock.iso(random_paths.END)}
    request = PageRequest(f"/{kind}/{name}", urlencode(times))
    shown = Elements(Pages(opened, UTC).page(request, 60).body.decode())
    (command,) = [text for _, text in shown.elements("code") if " lanes " in text]
    states = {row["state"] for row in answer(store, command)}
    drawn = {
        there["data-state"]
        for there, _ in shown.elements("path")
        if "data-lane" in there and "data-state" in there
    }
    assert drawn == states
    assert len(shown.elements("svg", class_="lane")) == lanes


def test_the_scripts_of_the_console_stay_small() -> None:
    folder = Path(pages_module.__file__).parent / "static"
    lines = sum(len(path.read_text().splitlines()) for path in folder.glob("*.js"))
    assert lines <= 400
