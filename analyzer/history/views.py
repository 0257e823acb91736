"""``history.duckdb``: the history as tables, for anyone's DuckDB.

It holds views only. They look up the committed files in the manifests at each query, so that a
shell which has been open for a week sees the history as it is now, and nobody ever waits for it. It
is built beside and renamed over, and only when the store has moved or the program is another.
"""

import shutil
import tempfile
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import _duckdb as duckdb
import msgspec

from analyzer import schema
from analyzer.column import Column
from analyzer.errors import StoreError
from analyzer.history.manifest import NAME, Manifest
from analyzer.history.parts import escape_glob, quote, shared
from analyzer.schema import BOUNDS, TABLES, Table
from analyzer.store.layout import Store
from analyzer.store.publish import publish, sync
from analyzer.text import first_line
from analyzer.version import __version__

_EDITION = 5  # of the views
_OLDEST = "v1.4.0"  # DuckDB that is to read the database
_MAKING = threading.Lock()  # clusters side by side: the first makes it, the others find it
_OPEN = ("seen_after", "first_seen")
_CLOSED = ("seen_after", "first_seen", "last_seen", "gone_by")


def refresh(store: Store) -> None:
    """Make the database if it is missing, moved or of another version.

    Raises:
        StoreError: it cannot be written; all else is done.
    """
    with _MAKING:
        try:
            _refresh(store)
        except (StoreError, OSError, duckdb.Error) as error:
            raise StoreError(
                f"cannot make {store.database} for other programs: {first_line(error)};"
                " all else is done"
            ) from error


def _refresh(store: Store) -> None:
    if "\\" in str(store.root):
        return  # DuckDB takes a backslash for a separator: no pattern finds files in such a folder
    seed = store.history / "seed"
    version = f"{_EDITION} {__version__} {store.root}"
    mark = seed / "version.txt"
    if mark.is_file() and mark.read_bytes() == version.encode() and store.database.is_file():
        return
    _seed(store)
    # Built elsewhere and moved: to DuckDB a '?' in a path begins the options of a database.
    with tempfile.TemporaryDirectory(prefix="analyzer-") as folder:
        built = Path(folder) / store.database.name
        with shared().cursor() as session:
            session.execute(f"attach {quote(built)} as built (storage_version {quote(_OLDEST)})")
            try:
                # One transaction: each commit of its own would be written and checked.
                session.execute("; ".join(["use built", "begin", *_views(store), "commit"]))
            finally:
                session.close()  # nothing may use what is detached
                shared().execute("detach built")
        with publish(store.database) as draft:
            shutil.copyfile(built, draft)
    with publish(mark) as draft:
        draft.write_text(version)


def _seed(store: Store) -> None:
    """An empty file of every kind, since a pattern that matches nothing is an error."""
    seed = store.history / "seed"
    with publish(seed / NAME) as draft:
        draft.write_bytes(msgspec.json.encode(Manifest()))
    for name, content in _seed_files().items():
        with publish(seed / name, named=False) as draft:
            draft.write_bytes(content)
    sync(seed)


@cache
def _seed_files() -> dict[str, bytes]:
    """Those files by name: the same in every store."""
    kinds = {"attempts-0": [(column.name, column.type) for column in schema.ATTEMPT]}
    for table in TABLES:
        columns = [(column.name, column.type) for column in table.columns]
        kinds[f"{table.name}.open-0"] = columns + [(name, "timestamp") for name in _OPEN]
        kinds[f"{table.name}.closed-0"] = columns + [(name, "timestamp") for name in _CLOSED]
    contents = {}
    with tempfile.TemporaryDirectory(prefix="analyzer-") as folder, shared().cursor() as session:
        file = Path(folder) / "seed.parquet"
        for name, columns in kinds.items():
            listed = ", ".join(f'null::{kind} as "{column}"' for column, kind in columns)
            session.execute(
                f"copy (select ''::varchar as cluster, {listed} where false)"
                f" to {quote(file)} (format parquet)"
            )
            contents[f"{name}.parquet"] = file.read_bytes()
    return contents


def _views(store: Store) -> list[str]:
    columns = "{cluster: 'varchar', attempts: 'json', tables: 'json'}"
    # A manifest counts in the folder of its own cluster: a copy beside it counts nowhere.
    every = quote(f"{escape_glob(store.history)}/*/{NAME}")
    manifests = (
        "create view manifests as select cluster, attempts, tables,"
        f" left(filename, length(filename) - {len(NAME)}) as folder"
        f" from read_json({every}, columns = {columns},"
        f" filename = true) where ends_with(filename, '/cluster=' || cluster || '/{NAME}')"
    )
    attempts = _scan(store, "attempts", "$[*][0]", schema.ATTEMPT, (), "attempts")
    return [manifests, f"create view attempts as {attempts}", *(_view(store, t) for t in TABLES)]


def _view(store: Store, table: Table) -> str:
    name, columns = table.name, table.columns
    closed = _scan(store, f"{name}.closed", f"$.{name}.closed[*][0]", columns, BOUNDS)
    opened = _scan(store, f"{name}.open", f"$.{name}.open", columns, _OPEN)
    svm = "o.svm_id" if table.scoped else "''"
    latest = (
        "select cluster, unnest(map_entries(from_json(json_extract(tables,"
        f" '$.{table.name}.latest'), '\"MAP(VARCHAR, TIMESTAMP)\"'))) as entry from manifests"
    )
    return (
        f"create view {table.name} as {closed} union all by name"
        f" select o.*, l.entry.value as last_seen, null::timestamp as gone_by from ({opened}) o"
        f" join ({latest}) l on l.cluster = o.cluster and l.entry.key = {svm}"
    )


def _scan(  # each is a part of the select
    store: Store, label: str, path: str, columns: Sequence[Column], bounds: Iterable[str],
    document: str = "tables",
) -> str:  # fmt: skip
    """Rows of the files of one kind that the manifests name."""
    listed = ", ".join(f'f."{name}"' for name in (*(c.name for c in columns), *bounds))
    # Files of earlier versions have no added columns.
    mixed = ", union_by_name = true" if any(column.added for column in columns) else ""
    # The first file says what the columns are: one that nobody damages.
    history = escape_glob(store.history)
    patterns = (f"{history}/seed/{label}-0.parquet", f"{history}/*/{label}-*.parquet")
    files = ", ".join(map(quote, patterns))
    name = f"json_extract_string({document}, '{path}')"
    each = name if path.endswith(".open") else f"unnest({name})"
    return (
        f"select f.cluster, {listed} from read_parquet([{files}], filename = true,"
        f" hive_partitioning = false{mixed}) f semi join"
        f" (select folder || {each} as file from manifests) m on m.file = f.filename"
    )
