"""Pictures as files, and pages where there are none."""

import os
import runpy
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support import reports

from analyzer import cli
from analyzer.console import html_file
from analyzer.errors import UsageError
from analyzer.output import chart
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report, ReportRequest
from analyzer.store.layout import Store

altair = pytest.importorskip("altair")
pytestmark = pytest.mark.usefixtures("engines_left_open")


def report_of(catalog: Catalog, name: str, **options: Any) -> Report:
    return run.run(catalog, header.reports()[name], ReportRequest(**options))


def drawn(picture: Any) -> list[dict[str, Any]]:
    """Every datum of a picture, wherever its specification keeps it."""
    specification = picture.specification()
    return [row for rows in specification["datasets"].values() for row in rows]


DRAWN = [
    query.name for query in header.reports().values() if query.picture not in {None, "forecast"}
]


@pytest.mark.parametrize("name", DRAWN)
def test_every_report_that_is_said_to_have_a_picture_has_one(sample: Catalog, name: str):
    times = {"before": "2026-11-23T02:10Z", "after": "2026-11-23T02:20Z"}
    (picture, *_) = chart.draw(report_of(sample, name, **times))
    assert picture.svg().startswith("<svg")
    altair.Chart.from_dict(picture.specification(), validate=True)
    assert picture.title
    assert picture.text


def test_a_loss_without_an_end_is_drawn_to_the_end_of_the_window(sample: Catalog):
    (by_host, _) = chart.draw(report_of(sample, "dropped-connections"))
    rows = drawn(by_host)
    away = [row for row in rows if row.get("kind") == "still down"]
    assert {row["name"] for row in away} == {"iqn.1994-05.com.redhat:lnx4"}
    assert {row["to"] for row in away} == {"2026-11-24T00:00:00Z"}
    bands = [row for row in rows if "name" not in row]
    assert len(bands) == 1, "what nobody saw is a band"


def test_every_line_of_the_levels_has_its_name_at_its_end(sample: Catalog):
    (levels,) = chart.draw(report_of(sample, "sessions-over-time"))
    names = [row for row in drawn(levels) if "place" in row]
    assert {row["node"] for row in names} == {"n1", "n2", "n3", "n4"}
    places = [row["place"] for row in names]
    assert all(below < above for below, above in pairwise(places))
    assert all(f">{row['node']}</text>" in levels.svg() for row in names)


def test_what_is_partly_back_is_neither_down_nor_over():
    from analyzer.output.chart import strip  # noqa: PLC0415  # needs the extra

    night = reports.losses().records()[0]
    row = night | {"cause": "n2", "status": "partly_back", "back_by": reports.at("02:50")}
    picture = strip.losses(reports.report([row]), "cause")
    kinds = {row["kind"]: (row["from"], row["to"]) for row in drawn(picture) if "kind" in row}
    assert kinds["down"] == ("2026-11-23T02:15:00Z", "2026-11-23T02:40:00Z")
    assert kinds["partly back"] == ("2026-11-23T02:50:00Z", "2026-11-23T03:00:00Z")
    assert "1 row over 1 line" in picture.text
    assert "1 not back yet" in picture.text


def test_an_expected_path_without_a_session_is_red():
    from analyzer.output.chart import compare  # noqa: PLC0415  # needs the extra

    picture = compare.heat(reports.matrix())
    holes = [(row["host"], row["interface"]) for row in drawn(picture) if row.get("hole")]
    assert holes == [("iqn.1994-05.com.redhat:lnx4", "sql_n2_a")]
    assert "2 of 12 cells without a session, 1 of them where one is expected" in picture.text


def test_a_name_of_any_length_costs_a_picture_its_beginning_and_stays_apart():
    from analyzer.output.chart import data  # noqa: PLC0415  # needs the extra

    first, two = ({"who": "x" * 100_000 + end} for end in "ab")
    assert len(data.name(first, "who", 1)) < 400
    assert data.name(first, "who", 1) != data.name(two, "who", 1)


def test_spans_too_near_to_be_distinguished_are_one_and_no_other():
    from analyzer.output.chart import data  # noqa: PLC0415  # needs the extra

    start = datetime(2026, 11, 23)
    pixel = timedelta(days=1) / data.WIDTH
    spans = [(start, start + pixel), (start + 1.5 * pixel, start + 2 * pixel)]
    far = (start + 5 * pixel, start + timedelta(days=9))
    end = start + timedelta(days=1)
    assert data.joined([far, *spans], start, end) == [(start, start + 2 * pixel), (far[0], end)]


def test_without_the_extra_the_page_says_what_draws_the_pictures(
    sample: Catalog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(chart, "available", lambda: False)
    html = html_file.daily(sample, ReportRequest())
    assert "<svg" not in html
    assert ".[charts]" in html
    assert "lnx4" in html
    with pytest.raises(UsageError, match="charts"):
        chart.save(report_of(sample, "outages"), tmp_path / "x.svg")


@pytest.mark.parametrize(
    ("file", "name", "sentence"),
    [("x.gif", "outages", r"\.svg"), ("x.svg", "snapshots", "no picture")],
)
def test_a_picture_that_cannot_be_is_refused(
    sample: Catalog, tmp_path: Path, file: str, name: str, sentence: str
):
    with pytest.raises(UsageError, match=sentence):
        chart.save(report_of(sample, name), tmp_path / file)
    assert not (tmp_path / file).exists()


def test_nothing_found_is_a_picture_too(sample: Catalog, tmp_path: Path):
    report = report_of(sample, "events", severity="critical")
    assert not report.rows
    chart.save(report, tmp_path / "none.svg")
    assert "No findings." in (tmp_path / "none.svg").read_text()


def test_the_commands_write_the_files(
    recorded: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("ANALYZER_STORE", str(recorded.root))
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    whole, last = tmp_path / "page.html", tmp_path / "last.html"
    assert cli.status(["page", "--output", str(whole)]) == 0
    assert cli.status(["page", "--last", "24h", "--output", str(last)]) == 0
    assert last.read_bytes() == whole.read_bytes(), "the same window gives the same bytes"
    first = tmp_path / "one.svg"
    assert cli.status(["report", "outages", "--format", "html", "--chart", str(first)]) == 0
    assert capsys.readouterr().out.count("<svg") == 1
    assert first.read_text().startswith("<svg")


def test_the_picture_of_the_readme_is_there_with_words():
    root = Path(__file__).parents[2]
    assert (root / "docs" / "losses.svg").read_text().startswith("<svg")
    readme = (root / "README.md").read_text()
    assert "](docs/losses.svg)" in readme
    assert "![](" not in readme


def test_the_demonstration_is_what_the_readme_shows(tmp_path: Path, recorded: Store):
    script = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "picture.py"))
    script["draw"](recorded, tmp_path / "losses.svg")
    assert "lnx4" in (tmp_path / "losses.svg").read_text()


def test_a_user_without_a_home_gets_pictures_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert chart.available()
    assert os.environ["HOME"] == str(tmp_path)
