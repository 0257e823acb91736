"""The table for people: whole names at any width, readable without colour, in any encoding."""

import io
import os
import subprocess
import sys
from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace
from support import reports

from analyzer import output
from analyzer.config.rules import SEVERITIES
from analyzer.output import sparkline, table
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.coverage import Coverage, Gap
from analyzer.report.run import DataAge, Report, ReportColumn, ReportRequest
from analyzer.store.layout import Store

NAMES = ["dropped-connections", "outages", "events", "new-initiators", "multipath-imbalance",
         "paths", "flapping", "snapshots", "coverage"]  # fmt: skip
SINCE = datetime(2026, 11, 23)


def names(report: Report) -> set[str]:
    """Every initiator in the report's rows, which every table must show."""
    texts: set[str] = set()
    for row in report.records():
        texts |= {row.get("initiator")} - {None, ""}
        if not report.brief:
            texts |= set(row.get("members") or ())
    return texts


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_whole_or_shortened_to_what_finds_it(
    name: str, width: int, sample: Catalog
) -> None:
    report = run.run(sample, header.reports()[name], ReportRequest())
    text = table.render(report, width)
    for initiator in names(report):
        assert initiator in text or f"…{initiator.rpartition(':')[2]}" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [60, 120])
def test_a_name_longer_than_the_line_is_whole(width: int) -> None:
    name = "iqn.2026-11.example:" + "x" * 203
    columns = (
        ReportColumn("initiator", "Who.", "VARCHAR"),
        ReportColumn("detail", "Words.", "VARCHAR"),
    )
    report = Report("r", "R", "", {}, columns, [(name, "some words " * 30)], [], "table", None, "")
    assert name in table.render(report, width)


def ask(catalog: Catalog, name: str, **words: object) -> list[str]:
    """The lines of a report on 80 columns."""
    report = run.run(catalog, header.reports()[name], ReportRequest(**words))  # type: ignore[arg-type]
    return table.render(report, 80).splitlines()


def test_80_columns_say_whether_an_outage_is_over(sample: Catalog) -> None:
    (line,) = [line for line in ask(sample, "outages") if line.startswith("n2")]
    assert "partly_back" in line


def test_the_interval_of_a_pair_is_said_once_and_a_change_is_one_line(sample: Catalog) -> None:
    lines = ask(sample, "changes", before="2026-11-23T02:00:00Z")
    assert [k for k, line in enumerate(lines) if "–2026-11-24 00:00" in line] == [0, 2]
    assert [line.split()[:3] for line in lines if " lost " in line] == [
        ["svm_sql", "lost", "…lnx4"]
    ]


def test_prose_is_folded_before_times(sample: Catalog) -> None:
    report = run.run(sample, header.reports()["coverage"])
    at, long = report.names.index("reason"), "cannot connect: [Errno 111] Connection refused"
    rows = [(*row[:at], row[at] and long, *row[at + 1 :]) for row in report.rows]
    lines = table.render(replace(report, rows=rows), 80).splitlines()
    assert any(line.startswith("2026-11-23 11:15–2026-11-24 00:00  complete") for line in lines)


def test_a_heading_is_broken_before_its_times(sample: Catalog) -> None:
    lines = ask(sample, "timeline", params={"initiator": "lnx4"})
    assert lines[:2] == [
        "Everything that happened to one initiator",
        "(2026-11-23 00:00–2026-11-24 00:00 UTC)",
    ]
    assert lines[2].endswith(" info. Only initiator lnx4.")


def test_a_heading_does_not_date_every_cluster_by_the_oldest_one() -> None:
    at, old = SINCE, SINCE - timedelta(minutes=20)
    ages = [DataAge("prod-a", old, stale=False), DataAge("prod-b", at, stale=False)]
    paths = replace(reports.matrix(), parameters={"at": at}, window=(old, at), data=(*ages,))
    headings = [table.heading(replace(paths, data=data)) for data in (paths.data, paths.data[:1])]
    assert headings == [
        "Paths (2026-11-23 00:00 UTC, by snapshots since 2026-11-22 23:40)",
        "Paths (2026-11-23 00:00 UTC, by the snapshot of 2026-11-22 23:40)",
    ]


def test_a_table_says_whose_rows_were_requested(sample: Catalog) -> None:
    for name in ("outages", "timeline"):  # of none, and of every initiator
        assert not [line for line in ask(sample, name) if "Only" in line]
    lines = ask(sample, "upgrade-readiness", filters={"initiator": ["*lnx*"]})
    assert lines[1] == "No findings. Only initiator *lnx*."


def test_a_timeline_of_several_hosts_names_them_in_its_rows(sample: Catalog) -> None:
    lines = ask(sample, "timeline", params={"initiator": "*lnx4"})
    assert any("initiator: iqn.1994-05.com.redhat:lnx4" in line for line in lines)
    assert not [line for line in lines if "  lost" in line and "lnx" in line]
    lines = ask(sample, "timeline", params={"initiator": "*lnx*"})
    lost = [line for line in lines if "  lost" in line]
    assert len(lost) > 4
    assert all("…lnx" in line for line in lost)


def test_a_mark_does_not_cost_the_timeline_of_one_host_its_words_on_80_columns(
    sample: Catalog,
) -> None:
    request = ReportRequest(params={"initiator": "*lnx4"})
    report = run.run(sample, header.reports()["timeline"], request)
    at = dict.fromkeys(("happened_after", "happened_by"), SINCE + timedelta(hours=2))
    mark = {"event": "mark", "detail": "CHG4711", "severity": "info"} | at
    row = tuple(mark.get(column) for column in report.names)
    lines = table.render(replace(report, rows=[row, *report.rows]), 80).splitlines()
    assert lines[3:5] == [
        "cluster: prod-a  svm: svm_sql  initiator: iqn.1994-05.com.redhat:lnx4",
        "day: 2026-11-23 UTC",
    ]
    at_mark = [line.split() for line in lines].index(["02:00", "mark", "info"])
    assert lines[at_mark + 1] == "    CHG4711"
    assert "Every column: --wide" in lines


def test_severities_differ_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = (ReportColumn("severity", "How bad.", "VARCHAR"),)
    rows = [(severity,) for severity in SEVERITIES]
    report = Report("r", "R", "", {}, columns, rows, [], "finding", None, "")
    monkeypatch.setenv("NO_COLOR", "1")
    for width in (None, 80):
        lines = [line.strip() for line in table.render(report, width).splitlines()]
        assert "!!  critical" in " ".join(lines) or "!! critical" in " ".join(lines)
        assert not any("\x1b[3" in line for line in lines)
        for severity in SEVERITIES:
            assert any(severity in line for line in lines)


def levels(*points: tuple[int, int], gaps: list[tuple[int, int]] = (), until: int = 32) -> Report:  # type: ignore[assignment]
    columns = tuple(
        ReportColumn(name, "x", kind)
        for name, kind in [("cluster", "VARCHAR"), ("since", "TIMESTAMP"), ("sessions", "BIGINT")]
    )
    rows = [("c1", SINCE + timedelta(hours=hour), value) for hour, value in points]
    unknown = tuple(
        Gap(SINCE + timedelta(hours=after), SINCE + timedelta(hours=by), "") for after, by in gaps
    )
    parameters = {"since": SINCE, "until": SINCE + timedelta(hours=until)}
    coverage = [Coverage(cluster="c1", complete=1, partial=0, failed=0, suspect=0,
                         unknown=unknown)]  # fmt: skip
    return Report("r", "R", "", parameters, columns, rows, coverage, "table", None, "",
                  series="sessions")  # fmt: skip


def test_a_series_is_a_line_that_holds_each_level_and_loses_no_dip() -> None:
    (line,) = sparkline.lines(levels((0, 10), (8, 3), (9, 10), (20, 80)))
    assert line == f"c1  {'▂' * 8}▁{'▂' * 11}{'█' * 12}  3–80"


def test_what_nobody_saw_is_a_question_mark_and_what_was_not_yet_is_nothing() -> None:
    (line,) = sparkline.lines(levels((2, 5), (20, 9), gaps=[(10, 14)]))
    assert line == f"c1    {'▁' * 8}????{'▁' * 6}{'█' * 12}  5–9"


def test_a_series_whose_time_comes_first_has_a_line_without_a_name() -> None:
    report = reports.report(
        [{"since": SINCE + timedelta(hours=hour), "sessions": level} for hour, level in ((0, 1), (16, 9))],
        series="sessions", parameters={"since": SINCE, "until": SINCE + timedelta(hours=32)},
    )  # fmt: skip
    assert sparkline.lines(report) == [f"{'▁' * 16}{'█' * 16}  1–9"]


def test_a_series_over_days_is_drawn_in_a_window_of_instants() -> None:
    report = levels((0, 1), (16, 9))
    columns = tuple(replace(c, type="DATE") if c.name == "since" else c for c in report.columns)
    rows = [("c1", date(2026, 11, 23), 1), ("c1", date(2026, 11, 24), 9)]
    (line,) = sparkline.lines(replace(report, columns=columns, rows=rows))
    assert line == f"c1  {'▁' * 24}{'█' * 8}  1–9"


def test_one_level_is_no_series() -> None:
    assert sparkline.lines(levels((0, 5), until=0)) == []


def test_a_stream_without_the_letters_gets_others() -> None:
    line = levels((0, 10), (16, 20))
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    output.write(line, "table", None, stream)
    shown = stream.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
    assert f"c1  {'_' * 16}{'@' * 16}  10-20" in shown


@pytest.mark.parametrize("settings", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_no_locale_makes_it_crash(recorded: Store, settings: dict[str, str]) -> None:
    environment = os.environ | settings | {"ANALYZER_NOW": "2026-11-24T00:00:00Z"}
    program = (
        "import sys; from analyzer.cli import status, streams; streams.prepare()\n"
        "for words in ('report sessions-over-time', 'paths', 'report outages --format json'):\n"
        "    assert status(['--store', sys.argv[1], *words.split()]) == 0, words\n"
        "    print('well', words)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(recorded.root)],
        capture_output=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("utf-8").count("well ") == 3
