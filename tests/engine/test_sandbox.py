"""Whoever wrote a query, it reads the store's tables and nothing else."""

from contextlib import closing
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.engine import duckdb
from analyzer.errors import UsageError
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

SECRET = "the password of the array"

FORBIDDEN = {
    "a text file": "select content as a from read_text('{folder}/secret.txt')",
    "a text file, one level down": (
        "select a from (select content as a from read_text('{folder}/secret.txt'))"
    ),
    "a csv file": "select * from read_csv('{folder}/secret.txt', header = false) t(a)",
    "a csv file by its name": "select * from '{folder}/secret.csv'",
    "a file of the store that is no table": (
        "select content as a from read_text('{store}/history/cluster=prod-a/manifest.json')"
    ),
    "a snapshot of the store": "select 1 as a from read_parquet('{store}/snapshots/**/*.parquet')",
    "a listing of files": "select file as a from glob('{folder}/*')",
    "a page of the network": "select * from 'https://127.0.0.1/x.csv'",
    "a database": "attach '{folder}/made.db' as made",
    "a file that is written": "copy (select 'x' as a) to '{folder}/made.csv'",
    "an extension": "install httpfs",
    "a setting": "set threads = 1",
    "a pragma": "pragma database_list",
    "two statements": "select 'x' as a; select 'y' as a",
    "a statement in a text": "select * from query('select 1 as a')",
    "the settings": "select name as a from duckdb_settings()",
    "an environment variable": "select getenv('HOME') as a",
    "a table that is made": "create table made as select 'x' as a",
    "a view that is changed": "create or replace temp view spells as select 'x' as a",
    "rows that a CTE deletes": (
        "with gone as (delete from spells returning cluster as a) select a from gone"
    ),
    "rows that a CTE inserts": (
        "select (with more as (insert into attempts by name select * from attempts returning 1 as a)"
        " select count(*) from more) as a"
    ),
    "a file that a CTE writes": (
        "with made as (copy (select 'x' as a) to '{folder}/made.csv') select 'x' as a"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("secret.txt", "secret.csv"):
        (tmp_path / name).write_text(f"a\n{SECRET}\n")
    (tmp_path / "queries" / "model").mkdir(parents=True)
    return tmp_path


def written(path: Path, text: str) -> None:
    path.write_text(f'-- /// query\n-- title = "T"\n-- [columns]\n-- a = "A."\n-- ///\n{text}\n')


def forbid(what: str, folder: Path, store: Store) -> str:
    """A report, and one that stands on a model, of a statement that reaches out; returns that."""
    text = FORBIDDEN[what].format(folder=folder, store=store.root)
    written(folder / "queries" / "own.sql", text)
    written(folder / "queries" / "stands.sql", "select a from beneath order by all")
    written(folder / "queries" / "model" / "beneath.sql", text)
    return text


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_report_or_a_model_or_sql_cannot_reach(
    what: str, folder: Path, recorded: Store, sample: Catalog
) -> None:
    text = forbid(what, folder, recorded)
    with closing(Catalog(recorded, folders=[folder / "queries"])) as catalog:
        for name in ("own", "stands"):
            with pytest.raises(UsageError) as refused:
                run.run(catalog, catalog.reports[name])
            assert SECRET not in str(refused.value)
    with pytest.raises(UsageError) as refused:
        sample.run(text)
    assert SECRET not in str(refused.value)
    assert not list(folder.glob("made*"))


@pytest.mark.parametrize("what", ["a text file", "a file that a CTE writes"])
def test_a_command_that_would_reach_out_prints_nothing_and_ends_with_2(
    what: str, folder: Path, recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    text = forbid(what, folder, recorded)
    queries = ["report", "--queries", str(folder / "queries")]
    for arguments in ([*queries, "own"], [*queries, "stands"], ["sql", text]):
        assert cli.status(["--store", str(recorded.root), *arguments]) == 2
        out, err = capsys.readouterr()
        assert SECRET not in out + err
        assert out == ""
        assert not list(folder.glob("made*"))


def test_what_is_wrong_with_a_model_names_its_file(folder: Path, recorded: Store) -> None:
    written(folder / "queries" / "stands.sql", "select a from beneath order by all")
    written(folder / "queries" / "model" / "beneath.sql", "select nothing_like_it as a from spells")
    catalog = Catalog(recorded, folders=[folder / "queries"])
    with pytest.raises(UsageError, match=r"model/beneath\.sql: Binder Error"):
        run.run(catalog, catalog.reports["stands"])
    catalog.close()


@pytest.mark.parametrize(
    "text",
    [
        "select distinct s.cluster as a from spells s, unknowns u order by all",
        "with edges as (select 'x' as a) select a from edges order by all",
        "with losses as (select cluster as a from losses) select a from losses order by all",
        "select cluster as a from attempts where cluster like '%; drop table x' order by all",
    ],
)
def test_a_query_may_join_by_comma_and_name_its_relations_as_it_likes(
    text: str, folder: Path, sample: Catalog
) -> None:
    written(folder / "queries" / "own.sql", text)
    run.run(sample, header.reports([folder / "queries"])["own"])


def test_what_is_parsed_is_held_for_so_many_tables_and_no_more(
    recorded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb, "_TREES", 3)
    monkeypatch.setattr(duckdb, "_trees", {})
    catalog = Catalog(recorded)
    for number in range(10):  # as a server does for every snapshot that is asked for
        catalog.create_table(f"served_{number}", "select 1 as n", {})
    assert 0 < len(duckdb._trees) <= 3
    assert catalog.run("select n from served_9").rows == [(1,)]
    catalog.close()
