"""Every format as a file, byte for byte: a change of a format is a diff that is read."""

import csv
import io
import json
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace
from support import reports

from analyzer import clock, output
from analyzer.console import html_file
from analyzer.errors import UsageError
from analyzer.output import matrix
from analyzer.report.run import Report

Golden = Callable[[str, str], None]
STATIC = Path(html_file.__file__).with_name("static")
BERLIN = clock.zone("Europe/Berlin")


def written(report: Report, format_: str) -> str:
    """The report in a format; HTML is made a room above."""
    return html_file.of_reports([report]) if format_ == "html" else output.text(report, format_, 80)


def _without_assets(text: str) -> str:
    """A page names its style and its script here; what they hold are files of their own."""
    for name in ("console.css", "table.js"):
        text = text.replace((STATIC / name).read_text(encoding="utf-8"), f"({name})")
    return re.sub(r"sha256-[\w+/=]+", "sha256-…", text)


@pytest.fixture(autouse=True)
def _end_of_the_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T03:00:00Z")


@pytest.mark.parametrize(
    ("format_", "ending"),
    [("json", "json"), ("ndjson", "ndjson"), ("csv", "csv"), ("markdown", "md"), ("html", "html")],
)
def test_a_format_for_programs_is_as_it_was(golden: Golden, format_: str, ending: str) -> None:
    golden(f"losses.{ending}", _without_assets(written(reports.losses(), format_)))


@pytest.mark.parametrize("width", [80, 120])
def test_a_table_is_as_it_was(golden: Golden, width: int) -> None:
    golden(f"losses.{width}.txt", output.text(reports.losses(), "table", width))
    wide = replace(reports.losses(), brief=())
    golden(f"losses.wide.{width}.txt", output.text(wide, "table", width))
    golden(f"matrix.{width}.txt", matrix.render(reports.matrix(), width))


def test_a_table_in_a_zone_is_as_it_was(golden: Golden) -> None:
    golden("losses.berlin.txt", output.text(replace(reports.losses(), zone=BERLIN), "table", 80))


def test_nothing_found_is_never_nothing_seen(golden: Golden) -> None:
    blind = replace(reports.losses(), rows=[])
    golden("nothing.txt", output.text(blind, "table", 80))
    seen = replace(blind, coverage=[reports.coverage()])
    assert "No findings.\n" in output.text(seen, "table", 80)


@pytest.mark.parametrize("format_", ["table", "html"])
def test_instants_within_sentences_are_in_the_zone_too(format_: str) -> None:
    sentence = "last seen 2026-11-22T23:30:00Z; iqn.x:2026-11-22T23:30:00Z; 2026-99-22T23:30:00Z"
    night = reports.report([{"initiator": "iqn.x:2026-11-22T23:30:00Z", "detail": sentence}])
    text = " ".join(written(replace(night, zone=BERLIN), format_).split())
    assert sentence.replace("2026-11-22T23:30:00Z", "2026-11-23 00:30 CET", 1) in text
    assert sentence in " ".join(written(night, format_).split())


def test_the_hour_that_the_end_of_summer_time_repeats_is_told_apart() -> None:
    first, second = datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30)
    night = reports.report([{"initiator": "iqn.x", "lost_by": at} for at in (first, second)])
    text = written(replace(night, zone=BERLIN), "table")
    assert "02:30 CEST" in text
    assert "02:30 CET" in text
    third = replace(night, rows=[(*row[:-1], second + timedelta(hours=1)) for row in night.rows])
    assert "03:30 CE" not in written(replace(third, zone=BERLIN), "table")


@pytest.mark.parametrize("format_", ["json", "ndjson", "csv", "markdown"])
def test_programs_read_utc_whatever_the_zone(format_: str) -> None:
    night = reports.losses()
    assert output.text(night, format_) == output.text(replace(night, zone=BERLIN), format_)


def test_a_page_is_for_people_and_says_its_zone() -> None:
    text = html_file.of_reports([replace(reports.losses(), zone=BERLIN)])
    assert "All times are Europe/Berlin (CET)." in text
    assert "day: 2026-11-23 CET" in text
    assert "<td>03:10–03:15</td>" in text


def bare(*columns: tuple[str, str, object]) -> Report:
    """What ``sql`` makes of one row."""
    written: list[Report] = []
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "write", lambda report, *_, **__: written.append(report))
        names = [(name, type_) for name, type_, _ in columns]
        output.write_rows(names, [tuple(value for *_, value in columns)], "json", None, stream)
    return written[0]


def test_two_columns_of_one_name_keep_both_values_in_every_format(tmp_path: Path) -> None:
    twice = bare(("a", "VARCHAR", "one"), ("A", "VARCHAR", "two"), ("a", "VARCHAR", "three"))
    for format_ in ("table", "json", "ndjson", "csv", "markdown", "html"):
        text = written(twice, format_)
        assert all(word in text for word in ("one", "two", "three")), format_
    assert json.loads(output.text(twice, "ndjson")) == {"a": "one", "A_1": "two", "a_2": "three"}
    output.write(twice, "parquet", tmp_path / "x.parquet", sys.stdout)
    assert duckdb.read_parquet(str(tmp_path / "x.parquet")).fetchall() == [("one", "two", "three")]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), Decimal("NaN")])
def test_what_is_not_a_number_is_null(value: object) -> None:
    text = output.text(bare(("x", "DOUBLE", value), ("l", "DOUBLE[]", [value])), "ndjson")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    assert json.loads(text, parse_constant=refuse) == {"x": None, "l": [None]}


def test_a_decimal_keeps_its_digits_in_text() -> None:
    row = bare(("x", "DECIMAL(38,3)", Decimal("99999999999999999.990")))
    for format_ in ("csv", "markdown"):
        text = output.text(row, format_)
        assert "99999999999999999.99" in text
        assert "99.990" not in text


def test_an_instant_with_a_zone_is_written_once() -> None:
    instant = datetime(2026, 3, 2, 3, tzinfo=timezone(timedelta(hours=1)))
    row = bare(("t", "TIMESTAMP WITH TIME ZONE", instant), ("l", "TIMESTAMP[]", [instant]))
    assert json.loads(output.text(row, "ndjson")) == {
        "t": "2026-03-02T02:00:00Z",
        "l": ["2026-03-02T02:00:00Z"],
    }


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_infinity_as_an_instant_is_written_in_every_zone(zone: str) -> None:
    row = bare(("a", "TIMESTAMP", datetime.max), ("b", "TIMESTAMP", datetime.min))
    for format_ in ("table", "html"):
        text = written(replace(row, zone=clock.zone(zone)), format_)
        assert "9999-12-31" in text
        assert "0001-01-01" in text


def test_a_spreadsheet_runs_no_cell_and_keeps_every_number() -> None:
    texts = ["=1", "+1", "-1", "@a", "\tx", "\rx", "-", "x=1", ""]
    numbers = [-5, -0.5, Decimal("-1.5")]
    columns = [(f"c{k}", "VARCHAR", value) for k, value in enumerate([*texts, *numbers])]
    (_, cells) = csv.reader(io.StringIO(output.text(bare(*columns), "csv"), newline=""))
    assert cells == [
        "'=1",
        "'+1",
        "'-1",
        "'@a",
        "'\tx",
        "'\rx",
        "'-",
        "x=1",
        "",
        "-5",
        "-0.5",
        "-1.5",
    ]


def test_parquet_has_the_types_of_the_query(tmp_path: Path) -> None:
    row = bare(
        ("day", "DATE", date(2026, 1, 1)), ("share", "DECIMAL(2,1)", Decimal("1.5")),
        ("big", "UBIGINT", 2**64 - 1), ("sum", "HUGEINT", 5), ("huge", "HUGEINT", 2**70),
        ("groups", "STRUCT(uuid VARCHAR, name VARCHAR)[]", [{"uuid": "u", "name": "g"}]),
        ("zoned", "TIMESTAMP WITH TIME ZONE", datetime(2026, 1, 1, tzinfo=UTC)),
        ("nothing", '"NULL"', None), ('a "name"', "VARCHAR", "x"),
    )  # fmt: skip
    output.write(row, "parquet", tmp_path / "x.parquet", sys.stdout)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        relation = connection.read_parquet(str(tmp_path / "x.parquet"))
        types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        assert types == {
            "day": "DATE", "share": "DECIMAL(2,1)", "big": "UBIGINT", "sum": "BIGINT",
            "huge": "DECIMAL(38,0)", "groups": 'STRUCT(uuid VARCHAR, "name" VARCHAR)[]',
            "zoned": "TIMESTAMP WITH TIME ZONE", "nothing": "VARCHAR", 'a "name"': "VARCHAR",
        }  # fmt: skip
        assert relation.select("huge, groups").fetchall() == [(2**70, [{"uuid": "u", "name": "g"}])]


def test_parquet_of_no_rows_has_its_columns(tmp_path: Path) -> None:
    output.write(replace(reports.losses(), rows=[]), "parquet", tmp_path / "x.parquet", sys.stdout)
    assert "lost_by" in duckdb.read_parquet(str(tmp_path / "x.parquet")).columns


def test_parquet_is_not_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    with pytest.raises(UsageError, match="--output"):
        output.write(reports.losses(), "parquet", None, stream)


def test_a_dash_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    stream = io.StringIO()
    output.write(reports.losses(), "csv", Path("-"), stream)
    assert stream.getvalue() == output.text(reports.losses(), "csv")
    assert not Path("-").exists()
    output.write(reports.losses(), "parquet", Path("-"), stream)
    assert capfdbinary.readouterr().out.startswith(b"PAR1")


def test_the_window_is_the_first_line_of_markdown() -> None:
    first, _, window, *_ = output.text(reports.losses(), "markdown").splitlines()
    assert first == "## Losses (since 2026-11-23T00:00:00Z, until 2026-11-23T03:00:00Z)"
    assert window == "4 findings: 1 critical, 3 high."


def test_a_pager_gets_what_is_longer_than_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((80, 5)))
    monkeypatch.setenv("PAGER", f"tee {tmp_path / 'paged'}")
    output.put("1\n2\n3\n", None, stream, people=True, pager=True)
    assert stream.getvalue() == "1\n2\n3\n"
    output.put("1\n2\n3\n4\n5\n6\n", None, stream, people=True, pager=True)
    assert (tmp_path / "paged").read_text() == "1\n2\n3\n4\n5\n6\n"
    assert stream.getvalue() == "1\n2\n3\n"
    for settings in ("", "cat", "nowhere/less"):
        monkeypatch.setenv("PAGER", settings)
        output.put("\n" * 9, None, stream, people=True, pager=True)
    assert stream.getvalue() == "1\n2\n3\n" + "\n" * 27
