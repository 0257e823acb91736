"""One cluster's history as it is written: manifest in, manifest out, files between.

Whoever writes holds the store's lock for the cluster. Nothing that readers see changes until
``commit``.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from analyzer import schema
from analyzer.history import fold, parts
from analyzer.history.fold import Fresh
from analyzer.history.parts import EVERYTHING, NOTHING, Parts, quote, source
from analyzer.schema import TABLES, Table, empty_rows
from analyzer.store.layout import Store
from analyzer.store.publish import publish

_SORTED = 50_000  # rows of an open file that is written sorted
GRACE = 600.0  # seconds of the wall clock that a superseded file outlives its successor
_ATTEMPT = schema.polars_schema(schema.ATTEMPT)


def blank(cluster: str) -> dict[str, Any]:
    """The manifest of a history that has seen nothing."""
    return {
        "format": 1,
        "cluster": cluster,
        "generation": 0,
        "last": None,  # instant of the latest attempt
        "horizon": None,  # instant of the latest comparable snapshot
        "sessions": None,  # how many sessions that one has
        "compacted": None,  # snapshot files up to this instant were replaced by the history
        "attempts": [],
        "tables": {
            # ``listed`` is what the last snapshot in order listed, as a hash.
            t.name: {"closed": [], "open": None, "latest": {}, "listed": None}
            for t in TABLES
        },
        "retired": {},
    }


class Ledger:
    """The history of one cluster, open for writing."""

    def __init__(self, store: Store, cluster: str, *, fresh: bool = False) -> None:
        """Open it; *fresh* forgets what the manifest says, for one that cannot be read."""
        self.store = store
        self.cluster = cluster
        self.folder = store.folder(cluster)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.before = {} if fresh else store.manifest(cluster)
        self.manifest = blank(cluster) if fresh else store.manifest(cluster) or blank(cluster)
        self.connection = parts.connect()

    def close(self) -> None:
        self.connection.close()

    def attempts(self) -> Parts:
        entries = self.manifest["attempts"]
        return Parts(self.cluster, self.folder, self._label("attempts"), "taken_at", entries)

    def _label(self, kind: str) -> str:
        # A holder that was taken over from must never write a file that its successor names.
        return f"{kind}-{self.store.holding(self.cluster)}"

    def closed(self, table: Table) -> Parts:
        entries = self.manifest["tables"][table.name]["closed"]
        return Parts(
            self.cluster, self.folder, self._label(f"{table.name}.closed"), "gone_by", entries
        )

    def add(self, items: Iterable[Fresh]) -> None:
        """Fold snapshots, none of which the history has yet."""
        fresh = sorted(items, key=lambda item: item.taken_at)
        if not fresh:
            return
        last = self.manifest["last"]
        late = last is not None and fresh[0].taken_at.isoformat() <= last
        self.manifest["generation"] += 1
        since = EVERYTHING
        if not late and self.manifest["horizon"] is not None:
            since = datetime.fromisoformat(self.manifest["horizon"])
        self._load_attempts(fresh, since)
        self.old(TABLES[0], late=late)
        self.connection.execute("create or replace temp view old_spells as from old")
        fold.settle(self.connection, fresh)
        for table in self._touched(late=late):
            known = self.manifest["tables"][table.name]
            listed = None if late or len(fresh) > 1 else _listed(table, fresh[0])
            if listed is not None and listed == known.get("listed"):
                svms = fresh[0].attempt["listed"] if table.scoped else [""]
                known["latest"] |= dict.fromkeys(svms, fresh[0].taken_at.isoformat())
            else:
                self._fold(table, fresh, late=late)
            known["listed"] = listed
        self._write_attempts(fresh[0].taken_at)
        self.note()

    def note(self) -> None:
        """Note in the manifest which attempt is the latest, and which the latest comparable."""
        end, horizon, sessions = self.connection.execute(
            "select max(taken_at), max(taken_at) filter (status = 'complete'),"
            " max_by(sessions, taken_at) filter (status = 'complete') from settled"
        ).fetchall()[0]
        self.manifest["last"] = end.isoformat() if end else None
        self.manifest["horizon"] = horizon.isoformat() if horizon else None
        self.manifest["sessions"] = sessions

    def commit(self) -> None:
        """Make it what readers see, and delete what none of them can need."""
        parts.retire(self.before, self.manifest, GRACE)
        self.store.commit(self.cluster, self.manifest)
        parts.sweep(self.folder, self.manifest)
        self.before = self.store.manifest(self.cluster)

    def _write_attempts(self, first: datetime) -> None:
        """Rewrite no more than from the first new attempt, or the first that was settled anew."""
        changed = self.connection.execute(
            "select min(taken_at) from settled s join attempt a using (taken_at)"
            " where s.status <> a.status or s.scope <> a.scope"
        ).fetchall()[0][0]
        since = min(first, changed or first)
        self.connection.execute(
            "create or replace temp view news as from settled"
            f" where taken_at >= {quote(since.isoformat())}::timestamp"
        )
        self.attempts().replace(self.connection, self.manifest["generation"], "news", since)

    def _touched(self, *, late: bool) -> list[Table]:
        """Tables that the new attempts have anything to say about."""
        if late:
            return list(TABLES)
        told = self.connection.execute(
            f"select taken_at::varchar, {', '.join(table.taken for table in TABLES)} from settled"
        ).fetchall()
        latest = [
            max(self.manifest["tables"][t.name]["latest"].values(), default="") for t in TABLES
        ]
        return [
            table
            for k, table in enumerate(TABLES)
            if any(row[k + 1] and row[0].replace(" ", "T") > latest[k] for row in told)
        ]

    def _load_attempts(self, fresh: list[Fresh], since: datetime) -> None:
        told = pl.DataFrame([item.attempt for item in fresh], schema=_ATTEMPT)
        path = self.folder / f"{self._label('attempts')}-fresh.parquet"
        with publish(path, durable=False) as draft:
            told.write_parquet(draft)
        columns = ", ".join(_ATTEMPT)
        select = f"select {columns} from {source([path])}"
        if self.attempts().paths:
            moment = f"{quote(since.isoformat())}::timestamp"
            old = (
                f"select {columns} from {source(self.attempts().paths)} where taken_at >= {moment}"
            )
            if since == EVERYTHING:
                old = f"select {columns} from {source(self.attempts().paths)}"
            select += f" union all {old}"
        self.connection.execute(f"create or replace temp table attempt as {select}")
        path.unlink()

    def old(self, table: Table, *, late: bool) -> None:
        """Make ``latest`` and ``old``: the open spells, or after a late arrival all."""
        self.connection.execute(
            "create or replace temp table latest (svm_id varchar, taken_at timestamp)"
        )
        known = self.manifest["tables"][table.name]
        if known["latest"]:
            self.connection.executemany(
                "insert into latest values (?, ?::timestamp)", list(known["latest"].items())
            )
        self.connection.execute(
            f"create or replace temp view old as {spells(self.folder, known, table, late=late)}"
        )

    def write_open(self, table: Table, known: dict[str, Any], rows: str, about: int) -> None:
        """Make the select *rows*, *about* so many, the table's file of open spells."""
        label = self._label(f"{table.name}.open")
        path = self.folder / f"{label}-{self.manifest['generation']:08d}.parquet"
        # Alike beside alike makes small files; past some size the sort costs more than it saves.
        order = _order(table) if about <= _SORTED else ""
        count = parts.write(self.connection, self.cluster, rows, path, order)
        known["open"] = path.name if count else None

    def _fold(self, table: Table, fresh: list[Fresh], *, late: bool) -> None:
        connection = self.connection
        known = self.manifest["tables"][table.name]
        self.old(table, late=late)
        latest, instants = fold.places(connection, table, late=late)
        if not instants:
            return
        files = {
            item.taken_at: item.files[table.name]
            for item in fresh
            if item.taken_at in instants and table.name in item.files
        }
        one = len(instants) == 1 and not late
        file = next(iter(files.values()), None)
        if one and file and not known["latest"]:
            self.write_open(table, known, fold.begin(table, file), self._count(file))
        elif one:
            fold.step(connection, table, file)
            self._write_spells(table, known, fold.going_on(table), late=False)
        else:
            if late:
                # New are the places where no attempt stood in this table's sequence before.
                connection.execute(
                    "create or replace temp table cut as select svm_id, i from place"
                    f" where (svm_id, taken_at) not in ({_sequence(self.attempts(), table)})"
                )
            fold.fold(connection, table, files, late=late)
            still = (
                f"select {table.listed}, seen_after, first_seen from spell where gone_by is null"
            )
            self._write_spells(table, known, still, late=late)
        known["latest"] = {svm_id: at.isoformat() for svm_id, at in latest.items()}

    def _write_spells(self, table: Table, known: dict[str, Any], still: str, *, late: bool) -> None:
        """Write what ``spell`` says has ended, and the select *still* of what goes on."""
        ended, began = self.connection.execute(
            "select count(*) filter (gone_by is not null), count(*) filter (gone_by is null)"
            " from spell"
        ).fetchall()[0]
        if ended or late:
            self.connection.execute(
                f"create or replace temp view gone as select {table.listed},"
                " seen_after, first_seen, last_seen, gone_by from spell where gone_by is not null"
            )
            since = EVERYTHING if late else NOTHING
            self.closed(table).replace(self.connection, self.manifest["generation"], "gone", since)
        if ended or began or late:
            before = self.folder / known["open"] if known["open"] else None
            self.write_open(table, known, still, began + self._count(before))

    def _count(self, file: Path | None) -> int:
        if file is None:
            return 0
        counted = self.connection.execute(f"select count(*) from {source([file])}").fetchall()
        return int(counted[0][0])


def _listed(table: Table, item: Fresh) -> str | None:
    """What one snapshot listed for the table, as a hash; None where that is not so cheap to have.

    The hash of the last one again means that nothing changed. It never settles a doubt otherwise:
    rows that are back as they were prove the empty answer between them wrong.
    """
    if table.inventory is not None:
        path = item.files.get(table.name)
        return None if path is None else hashlib.blake2b(path.read_bytes()).hexdigest()
    if table.name not in item.files or table.name != "spells":
        return None
    told = json.dumps([item.attempt["content"], item.attempt["listed"]])
    return hashlib.blake2b(told.encode()).hexdigest()


def _order(table: Table) -> str:
    """Neighbours alike, so that the file is small."""
    return "svm_id, initiator, interface_id" if table.scoped else "uuid"


def _sequence(attempts: Parts, table: Table) -> str:
    if not attempts.paths:
        return "select null::varchar as svm_id, null::timestamp as taken_at where false"
    svm = "unnest(scope)" if table.scoped else "''"
    return f"select {svm} as svm_id, taken_at from {source(attempts.paths)} where {table.taken}"


def spells(folder: Path, known: dict[str, Any], table: Table, *, late: bool = True) -> str:
    """A select of a table's spells with all bounds; only open ones unless *late*.

    Open spells carry no ``last_seen`` on disk: it is their SVM's latest comparable snapshot,
    the relation ``latest``.
    """
    closed = [folder / entry[0] for entry in known["closed"]]
    pieces = []
    if known["open"]:
        svm = "o.svm_id" if table.scoped else "''"
        pieces.append(
            f"select {', '.join(f'o.{chr(34)}{name}{chr(34)}' for name in table.names)},"
            " o.seen_after, o.first_seen, l.taken_at as last_seen, null::timestamp as gone_by"
            f" from {source([folder / known['open']])} o join latest l on l.svm_id = {svm}"
        )
    if late and closed:
        pieces.append(
            f"select {table.listed}, seen_after, first_seen, last_seen, gone_by"
            f" from {source(closed)}"
        )
    if not pieces:
        pieces.append(empty_rows(table))
    return " union all ".join(pieces)
