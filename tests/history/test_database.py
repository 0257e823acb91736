"""``history.duckdb`` in anyone's DuckDB."""

from pathlib import Path

import duckdb
import pytest
from support.snapshot_rows import lone, row, stored

from analyzer import history
from analyzer.history import views
from analyzer.report.catalog import Catalog
from analyzer.schema import TABLES
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("views_are_made")


def test_it_holds_the_same_rows_as_the_reports_see(recorded: Store) -> None:
    views.refresh(recorded)
    catalog = Catalog(recorded)
    with duckdb.connect(str(recorded.database), read_only=True) as shell:
        shell.execute("set timezone = 'UTC'")
        for name in ["attempts", *(table.name for table in TABLES)]:
            rows, columns = catalog.run(f"from {name}").rows, catalog.run(f"from {name}").columns
            listed = ", ".join(f'"{column}"' for column, _ in columns)
            theirs = shell.execute(f"select {listed} from {name}").fetchall()
            assert sorted(theirs, key=str) == sorted(rows, key=str), name


def test_a_shell_that_stays_open_sees_what_lands_and_stops_nothing(tmp_path: Path) -> None:
    store = stored(str(tmp_path), "one", [lone("complete", [row("a", 1, 1)], 0)])
    with duckdb.connect(str(store.database), read_only=True) as shell:
        count = "select count(*), count(gone_by) from spells"
        assert shell.execute(count).fetchall() == [(1, 0)]
        for minute in range(5, 30, 5):
            history.record(store, lone("complete", [row("a", 1, minute)], minute))
            assert shell.execute(count).fetchall() == [(1 + minute // 5, minute // 5)]


def test_it_is_made_anew_where_the_store_has_moved(tmp_path: Path) -> None:
    store = stored(str(tmp_path), "one", [lone("complete", [row("a", 1, 1)], 0)])
    moved = Store(store.root.rename(tmp_path / "two"))
    history.record(moved, lone("complete", [], 5))
    with duckdb.connect(str(moved.database), read_only=True) as shell:
        assert shell.execute("select count(*) from attempts").fetchall() == [(2,)]


@pytest.mark.parametrize("name", ["attempts", "spells"])
def test_it_can_be_queried_before_anything_happened(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "store")
    views.refresh(store)
    with duckdb.connect(str(store.database), read_only=True) as shell:
        assert shell.execute(f"select count(*) from {name}").fetchall() == [(0,)]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that a pattern may match."""
    folder = tmp_path_factory.mktemp("beside")
    stored(str(folder), "all-of-them", [lone("complete", [row("b", 1, 1)], 0)])
    return folder


@pytest.mark.parametrize("name", ["san [prod]", "what?", "all*", "back\\slash", "it's", "{a,b}"])
def test_the_store_may_lie_in_a_folder_of_any_name(beside: Path, tmp_path: Path, name: str) -> None:
    """And the pattern of its name brings in no store beside it."""
    store = stored(str(beside), name, [lone("complete", [row("a", 1, 1)], 0)])
    catalog = Catalog(store)
    assert catalog.run("select distinct svm from spells").rows == [("a",)]
    catalog.close()
    if store.database.exists():  # DuckDB finds no files in a folder with a backslash
        copy = tmp_path / "copy.duckdb"
        copy.write_bytes(store.database.read_bytes())
        with duckdb.connect(str(copy), read_only=True) as shell:
            assert shell.execute("select distinct svm from spells").fetchall() == [("a",)]
    else:
        assert "\\" in name
