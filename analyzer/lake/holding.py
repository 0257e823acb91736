"""The parts of each table and cluster, and those that an earlier export has already."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from analyzer import clock
from analyzer.engine import tables
from analyzer.engine.tables import ATTEMPTS, COLUMNS, Files
from analyzer.errors import StoreError
from analyzer.history import manifest as manifests
from analyzer.history.checksum import digest
from analyzer.history.manifest import Part
from analyzer.store.layout import Store

PARTITIONS = ("cluster", "year")
NO_END = 9999  # the year of a row that goes on, as slowly changing dimensions have it
FORMAT = 1  # of what an export remembers
_DIGITS = 16  # of a digest that is remembered


class Exported(msgspec.Struct, frozen=True):
    """The state of an export for one table of one cluster: its parts by time, and the open spells."""

    parts: tuple[str, ...] = ()
    open: str | None = None


class ExportState(msgspec.Struct, frozen=True):
    """The state of an export for one table, by cluster."""

    format: int = FORMAT
    clusters: dict[str, Exported] = {}


@dataclass(frozen=True, slots=True)
class Holding:
    """One table of one cluster, as its manifest names it.

    *latest* says up to when the open spells of each SVM were seen.
    """

    table: str
    cluster: str
    folder: Path
    parts: tuple[Part, ...]
    open: str | None
    latest: Mapping[str, datetime]
    exported: Exported

    def files(self, first: int = 0) -> Files:
        """The files from the part number *first* on, and that of the open spells."""
        return Files(
            {self.folder / part.file: part.rows for part in self.parts[first:]},
            [self.folder / self.open] if self.open is not None else [],
            [(self.cluster, svm, at) for svm, at in self.latest.items()],
        )


@dataclass(frozen=True, slots=True)
class Change:
    """The changes of a holding since an earlier export: its parts from *first* on, and the open spells.

    All that an earlier one has after *since* is replaced; None is everything.
    """

    holding: Holding
    first: int
    since: datetime | None


def holdings(
    store: Store, clusters: Iterable[str]
) -> tuple[dict[str, list[Holding]], dict[str, str]]:
    """Each table's holdings by cluster, and the clusters that cannot be read with the reason."""
    every: dict[str, list[Holding]] = {name: [] for name in COLUMNS}
    damaged: dict[str, str] = {}
    for cluster in clusters:
        try:
            manifest = manifests.read(store, cluster)
        except StoreError as error:
            damaged[cluster] = str(error)
            continue
        if manifest is None:
            continue
        folder = store.history_folder(cluster)
        every[ATTEMPTS].append(_holding(ATTEMPTS, cluster, folder, manifest.attempts))
        for name, folded in manifest.tables.items():
            opened = (folded.open, folded.open_digest, folded.latest)
            every[name].append(_holding(name, cluster, folder, folded.closed, *opened))
    return every, damaged


def _holding(
    table: str, cluster: str, folder: Path, parts: Iterable[Part], opened: str | None = None,
    open_digest: str | None = None, latest: Mapping[str, datetime] | None = None,
) -> Holding:  # fmt: skip
    latest = dict(latest or {})
    token = None
    if opened is not None:
        seen = [(svm, clock.iso(at)) for svm, at in sorted(latest.items())]
        token = digest(msgspec.json.encode([open_digest or opened, seen]))[:_DIGITS]
    parts = tuple(parts)
    exported = Exported(tuple((part.digest or part.file)[:_DIGITS] for part in parts), token)
    return Holding(table, cluster, folder, parts, opened, latest, exported)


def change(holding: Holding, before: Exported | None) -> Change | None:
    """The change since an export that had *before*; None if there is none.

    The parts of a history are merged from the newest on (LSM): those that both have first are the
    same rows, and everything after them is written anew.
    """
    if before == holding.exported:
        return None
    pairs = zip(holding.exported.parts, before.parts if before else (), strict=False)
    first = next((k for k, (now, then) in enumerate(pairs) if now != then), None)
    if first is None:
        first = min(len(holding.parts), len(before.parts) if before else 0)
    since = holding.parts[first - 1].last if first else None
    return Change(holding, first, since)


def instant(table: str) -> str:
    """The column by which the parts of a table are ordered, and whose year a row lies under."""
    return "taken_at" if table == ATTEMPTS else "gone_by"


def select(table: str, files: Files) -> str:
    """The rows of these files with every bound and their year; instants have a zone, which is UTC."""
    listed = ", ".join(
        f'timezone(\'UTC\', "{name}") as "{name}"'
        if kind == "timestamp"
        else f'"{name}"::{kind.replace("timestamp", "timestamptz")} as "{name}"'
        if "timestamp" in kind  # of structs; sessions are in UTC
        else f'"{name}"'
        for name, kind in COLUMNS[table].items()
    )
    year = f"coalesce(year({instant(table)}), {NO_END})::int"
    return f"select {listed}, {year} as year from ({tables.rows(table, files)})"


def merged(changes: Iterable[Change]) -> Files:
    """The files of all these changes together."""
    closed: dict[Path, int] = {}
    opened: list[Path] = []
    latest: list[tuple[str, str, datetime]] = []
    for item in changes:
        files = item.holding.files(item.first)
        closed |= files.closed
        opened += files.opened
        latest += files.latest if files.opened else []
    return Files(closed, opened, latest)
