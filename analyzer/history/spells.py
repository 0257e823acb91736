"""One folded table of a history, as it is written: closed spells in parts, open ones in one file."""

import json
from dataclasses import dataclass
from pathlib import Path

from analyzer.history import fold, parts
from analyzer.history.attempts import SnapshotFiles
from analyzer.history.manifest import Folded, Manifest, listing_hash
from analyzer.history.parts import (
    EVERYTHING,
    NOTHING,
    FoldSession,
    PartList,
    quote,
    source,
    timestamp,
)
from analyzer.schema import Attempt, Table, empty_rows

_SORTED = 50_000  # rows of an open file that is written sorted


@dataclass(frozen=True, slots=True)
class SpellTable:
    """One table of the history whose *manifest* is open; changes it in place."""

    session: FoldSession
    folder: Path
    manifest: Manifest
    lease_number: int
    table: Table

    @property
    def folded(self) -> Folded:
        return self.manifest.tables[self.table.name]

    def closed(self) -> PartList:
        label = f"{self.table.name}.closed-{self.lease_number}"
        entries = self.folded.closed
        return PartList(
            self.session, self.manifest.cluster, self.folder, label, "gone_by",
            self.table.columns, entries, self.table.key,
        )  # fmt: skip

    def load(self, *, late: bool) -> None:
        """Make ``old``: the open spells, or after a late arrival all."""
        self.session.execute(f"create or replace temp view old as {self.select(late=late)}")

    def select(self, *, late: bool) -> str:
        """The table's spells with all bounds; only open ones unless *late*.

        Open spells carry no ``last_seen`` on disk: it is their SVM's latest complete snapshot.
        """
        table, pieces = self.table, []
        latest = ", ".join(
            f"({quote(svm)}, {timestamp(instant)})" for svm, instant in self.folded.latest.items()
        )
        if self.folded.open is not None and latest:
            svm = "o.svm_id" if table.scoped else "''"
            listed = ", ".join(f'o."{name}"' for name in table.names)
            opened = source([self.folder / self.folded.open], table.columns)
            pieces.append(
                f"select {listed}, o.seen_after, o.first_seen, l.taken_at as last_seen,"
                f" null::timestamp as gone_by from {opened} o"
                f" join (values {latest}) l(svm_id, taken_at) on l.svm_id = {svm}"
            )
        if late and self.folded.closed:
            pieces.append(
                f"select {table.listed}, seen_after, first_seen, last_seen, gone_by"
                f" from {self.closed().source}"
            )
        return " union all ".join(pieces or [empty_rows(table)])

    def fold(
        self, items: list[SnapshotFiles], settled: list[Attempt], standing: str, *, late: bool
    ) -> None:
        """Fold snapshots, by time, of which the attempts *settled* say what counts.

        *standing* selects the places that stood before them, after a late arrival.
        """
        if not late and len(items) > 1 and self._all_alike(items):
            # The first is folded; for all after it nothing changed, so that the last stands for them.
            until = [attempt for attempt in settled if attempt.taken_at <= items[0].taken_at]
            self.fold(items[:1], until, standing, late=False)
            items = items[-1:]
        listed = None if late or len(items) > 1 else _listing_hash(self.table, items[0])
        if listed is not None and listed == self.folded.listed:
            svms = items[0].attempt.listed if self.table.scoped else [""]
            self.folded.latest |= dict.fromkeys(svms, items[0].taken_at)
        else:
            self._fold(items, settled, standing, late=late)
        self.folded.listed = listed

    def _all_alike(self, items: list[SnapshotFiles]) -> bool:
        """Whether it is an inventory of which all of them have the same listing."""
        if self.table.inventory is None:
            return False
        first = _listing_hash(self.table, items[0])
        return first is not None and all(
            _listing_hash(self.table, item) == first for item in items[1:]
        )

    def _fold(
        self, items: list[SnapshotFiles], settled: list[Attempt], standing: str, *, late: bool
    ) -> None:
        session, table = self.session, self.table
        if self.folded.open is not None:
            parts.check_digest(self.folder / self.folded.open, self.folded.open_digest)
        places = fold.places(table, settled, self.folded.latest, late=late)
        instants = {taken_at for _, taken_at, number in places if number > 0}
        if not instants:
            return
        files = {
            item.taken_at: item.files[table.name]
            for item in items
            if item.taken_at in instants and table.name in item.files
        }
        listed = [item.attempt.connections for item in items]
        rows = 0 if table.inventory else max([self.manifest.sessions or 0, *listed])
        single = len(instants) == 1 and not late
        file = next(iter(files.values()), None)
        if single and file and not self.folded.latest:
            select, parameters = fold.begin(table, file, places)
            self.write_open(select, rows, parameters)
        elif single:
            self.load(late=False)
            fold.load_places(session, places)
            fold.step(session, table, file)
            self._write(fold.still_open(table), rows, late=False)
        else:
            self.load(late=late)
            fold.load_places(session, places)
            if late:
                # New are the places where no attempt stood in this table's sequence before.
                session.execute(
                    "create or replace temp table cut as select svm_id, i from place"
                    f" where (svm_id, taken_at) not in ({standing})"
                )
            fold.fold(session, table, files, late=late)
            self._write(
                f"select {table.listed}, seen_after, first_seen from spell where gone_by is null",
                rows,
                late=late,
            )
        self.folded.latest = {svm_id: taken_at for svm_id, taken_at, _ in places}

    def _write(self, still: str, rows: int, *, late: bool) -> None:
        """Write what ``spell`` says has ended, and the select *still* of the *rows* that go on."""
        ended, began = self.session.rows(
            "select count(*) filter (where gone_by is not null),"
            " count(*) filter (where gone_by is null) from spell"
        )[0]
        if ended or late:
            self.session.execute(
                f"create or replace temp view gone as select {self.table.listed},"
                " seen_after, first_seen, last_seen, gone_by from spell where gone_by is not null"
            )
            since = EVERYTHING if late else NOTHING
            self.closed().replace(self.manifest.generation, "gone", since)
        if ended or began or late:
            self.write_open(still, rows)

    def write_open(
        self, select: str, rows: int, parameters: dict[str, object] | None = None
    ) -> None:
        """Make the rows of *select*, about so many *rows*, the table's file of open spells."""
        name = f"{self.table.name}.open-{self.lease_number}-{self.manifest.generation:08d}.parquet"
        # Sorting puts similar rows together, which compresses better; above 50 000 rows it costs
        # more than it saves.
        order = ", ".join(self.table.key)
        count, digest = parts.write(
            self.session, self.manifest.cluster, select, self.folder / name,
            order if rows <= _SORTED else "", parameters,
        )  # fmt: skip
        self.folded.open, self.folded.open_digest = (name, digest) if count else (None, None)


def _listing_hash(table: Table, item: SnapshotFiles) -> str | None:
    """What one snapshot listed for the table, as a hash; None where that is not so cheap to have.

    The hash of the last one again means that nothing changed. Skipping is safe for suspect
    answers: equal rows before and after mark the empty one as failed, with or without folding.
    """
    if table.inventory is not None:
        path = item.files.get(table.name)
        return None if path is None else listing_hash(path.read_bytes())
    if table.name not in item.files or table.name != "spells":
        return None
    listed = json.dumps([item.attempt.content, item.attempt.listed])
    return listing_hash(listed.encode())
