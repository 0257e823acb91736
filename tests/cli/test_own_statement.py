"""``analyzer sql``: one statement of the user's own over the tables and the models."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

import analyzer
from analyzer import cli
from analyzer.report import header
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
Ask = Callable[..., list[dict[str, Any]]]
# What DuckDB has more digits of than a double or a datetime, or other words for than Python.
EXACT = {
    "12345678901234567.890123456::decimal(38,9)": "12345678901234567.890123456",
    "'-0.00000000000000000000000000000000000001'::decimal(38,38)": (
        "-0.00000000000000000000000000000000000001"
    ),
    "99999999999999999.990::decimal(38,3)": "99999999999999999.99",
    "12.00::decimal(5,2)": "12",
    "'170141183460469231731687303715884105727'::hugeint": (
        "170141183460469231731687303715884105727"
    ),
    "18446744073709551615::ubigint": "18446744073709551615",
    "0.1::double + 0.2::double": "0.30000000000000004",
    "16777217.123456787::double": "16777217.123456787",
    "timestamp '2026-11-23 02:10:00.000001'": "2026-11-23T02:10:00.000001Z",
    "timestamp_ns '2026-11-23 02:10:00.123456789'": "2026-11-23 02:10:00.123456789",
    "timestamptz_ns '2026-11-23 02:10:00.123456789+02'": "2026-11-23 00:10:00.123456789+00",
    "interval '1 month 2 days 0.000001 seconds'": "1 month 2 days 00:00:00.000001",
    "'infinity'::double": "",
    "'\\xAA\\x00'::blob": "aa00",
}
DAY = ("--since", "2026-11-23T00:00:00Z", "--until", "2026-11-24T00:00:00Z")
COUNTED = "select status, count(*) as n from losses where in_window group by all order by all"


@pytest.fixture
def ask(
    recorded: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ask:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")

    def call(*arguments: str) -> list[dict[str, Any]]:
        status = cli.status(
            ["--store", str(recorded.root), "sql", *arguments, "--format", "ndjson"]
        )
        out, err = capsys.readouterr()
        assert status == 0, err
        return [json.loads(line) for line in out.splitlines()]

    return call


def test_a_model_has_the_rows_that_reports_stand_on(ask: Ask, recorded: Store) -> None:
    with analyzer.open(recorded.root) as archive:
        losses = archive.report("dropped-connections").records()
    counts = {row["status"]: row["n"] for row in ask(COUNTED)}
    assert counts == {
        status: sum(loss["status"] == status for loss in losses)
        for status in {loss["status"] for loss in losses}
    }
    assert sum(counts.values()) > 1


def test_models_look_at_the_last_day_unless_a_window_is_named(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = ask(COUNTED)
    assert ask(COUNTED, *DAY) == day
    assert ask(COUNTED, "--since", "2026-11-23T00:00:00Z", "--until", "2026-11-23T01:00:00Z") == []
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-25T12:00:00Z")
    assert ask(COUNTED) != day
    assert ask(COUNTED, *DAY) == day


def test_an_instant_is_now_unless_one_is_named(ask: Ask) -> None:
    sessions = "select count(*) as n from sessions_at"
    before, during = "2026-11-23T02:10:00Z", "2026-11-23T02:15:00Z"
    assert ask(sessions, "--at", during)[0]["n"] < ask(sessions, "--at", before)[0]["n"]
    assert ask(sessions) == ask(sessions, "--at", "2026-11-24T00:00:00Z")


def test_a_statement_may_name_the_times(ask: Ask) -> None:
    assert ask("select $since as since, $at as at", *DAY, "--at", "2026-11-23T02:15:00Z") == [
        {"since": "2026-11-23T00:00:00Z", "at": "2026-11-23T02:15:00Z"}
    ]


def test_a_relation_of_the_statement_hides_the_model(ask: Ask) -> None:
    assert ask("with losses as (select 1 as a) select a from losses") == [{"a": 1}]


def test_every_model_can_be_queried_and_is_listed_with_its_sentence(
    ask: Ask, recorded: Store
) -> None:
    listed = ask("--tables")
    sentences = {row["table"]: row["what it is"] for row in listed if row["type"] == "model"}
    models = header.models()
    assert {name: models[name].title for name in sentences} == sentences
    assert {"losses", "causes", "faults"} <= sentences.keys()
    with analyzer.open(recorded.root) as archive:
        for name in sentences:
            columns = [row["column"] for row in listed if row["table"] == name and row["column"]]
            result = archive.run(f"from {name}")
            assert [column for column, _ in result.columns] == columns, name


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_the_statement_may_come_from_standard_input(
    arguments: tuple[str, ...], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(COUNTED))
    from_input = ask(*arguments)
    assert from_input == ask(COUNTED)


def test_a_statement_may_begin_with_a_comment(ask: Ask) -> None:
    assert ask("-- of a file\nselect 1 as a") == [{"a": 1}]
    assert ask("--\nselect 2 as a", *DAY) == [{"a": 2}]


def test_standard_input_that_is_no_text_is_refused(
    recorded: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    latin = io.TextIOWrapper(io.BytesIO("select 'ü' as a".encode("latin-1")), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", latin)
    assert cli.status(["--store", str(recorded.root), "sql", "-"]) == 2
    assert "standard input: it is not UTF-8" in capsys.readouterr().err


def test_a_window_that_ends_before_it_begins_is_refused(
    recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    times = ["--since", "2026-11-24T00:00:00Z", "--until", "2026-11-23T00:00:00Z"]
    assert cli.status(["--store", str(recorded.root), "sql", COUNTED, *times]) == 2
    assert "--since 2026-11-24T00:00:00Z is after --until" in capsys.readouterr().err


def test_no_format_loses_a_digit(
    recorded: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    columns = [
        f"{sql} as c{k}, [{sql}] as l{k}, {{'x': {sql}}} as s{k}" for k, sql in enumerate(EXACT)
    ]
    statement = f"select {', '.join(columns)}"

    def written(format_: str) -> str:
        where = ["--store", str(recorded.root)]
        assert cli.status([*where, "sql", statement, "--format", format_]) == 0
        return capsys.readouterr().out

    exact = list(EXACT.values())

    def digits(text: str) -> list[Any]:
        return json.loads(text, parse_float=Decimal, object_pairs_hook=list)

    def plain(value: Any) -> str:
        return f"{value:f}" if isinstance(value, Decimal) else "" if value is None else str(value)

    row = [value for _, value in digits(written("ndjson"))]
    assert [plain(value) for value in row[::3]] == exact
    assert [plain(value) for (value,) in row[1::3]] == exact
    assert [plain(value) for ((_, value),) in row[2::3]] == exact
    assert dict(digits(written("json")))["rows"] == digits(f"[{written('ndjson')}]")
    _, cells = csv.reader(io.StringIO(written("csv")))
    assert [cell.removeprefix("'") for cell in cells[::3]] == exact
    assert [plain(value) for ((_, value),) in map(digits, cells[2::3])] == exact
    for format_ in ("table", "markdown", "html"):
        text = written(format_).replace("\n", "")
        assert [word for word in exact if word.partition("T")[0] not in text] == [], format_


def test_parquet_has_what_a_datetime_cannot_hold(
    recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    statement = "select timestamp_ns '2026-11-23 02:10:00.123456789' as a, interval '-1 month' as b"
    file = str(tmp_path / "x.parquet")
    where = ["--store", str(recorded.root)]
    assert cli.status([*where, "sql", statement, "--format", "parquet", "--output", file]) == 0
    assert duckdb.read_parquet(file).fetchall() == [("2026-11-23 02:10:00.123456789", "-1 month")]


def test_a_statement_that_is_no_text_is_refused(
    recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.status(["--store", str(recorded.root), "sql", "select '\udcff'"]) == 2
    assert "it is not UTF-8" in capsys.readouterr().err
