"""``analyzer sql``: one statement of the user's own over the tables and the models."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

import analyzer
from analyzer import cli
from analyzer.report import header
from analyzer.store.layout import Store

Ask = Callable[..., list[dict[str, Any]]]
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


def test_a_window_that_ends_before_it_begins_is_refused(
    recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    times = ["--since", "2026-11-24T00:00:00Z", "--until", "2026-11-23T00:00:00Z"]
    assert cli.status(["--store", str(recorded.root), "sql", COUNTED, *times]) == 2
    assert "--since 2026-11-24T00:00:00Z is after --until" in capsys.readouterr().err
