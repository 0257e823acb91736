"""Folders of Parquet files, by Hive's convention: a generation each, of which ``latest`` is whole.

::

    latest -> generations/00000007
    generations/00000007/spells/cluster=prod-a/year=2026/3b1f…-5c02….parquet
    generations/00000007/generation.json          which parts of which cluster it has

A file is named by the digest of its sources (content addressing); one that the generation before
has too is hard-linked, not written. A generation appears under its name whole, and ``latest`` is
then replaced atomically.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec

from analyzer import clock
from analyzer.engine.tables import COLUMNS, Files
from analyzer.errors import Busy, StoreError
from analyzer.history.checksum import digest
from analyzer.history.parts import engine, quote
from analyzer.lake import holding
from analyzer.lake.holding import NO_END, Holding
from analyzer.text import first_line

_RETAINED = 2  # generations: readers of the one before may still be at work
_NOTE = "generation.json"


class GenerationNote(msgspec.Struct, frozen=True):
    """The content of ``generation.json`` in a generation's folder."""

    format: int
    written_at: datetime
    clusters: list[str]


@dataclass(frozen=True, slots=True)
class WrittenGeneration:
    """A generation: its folder, how many files were written and how many linked."""

    folder: Path
    written: int
    linked: int


def write(holdings: Mapping[str, Sequence[Holding]], target: Path) -> WrittenGeneration:
    """Write a generation of all these tables, and let ``latest`` name it.

    Raises:
        Busy: another export writes there.
        StoreError: a file of the history cannot be read, or the folder cannot be written.
    """
    generations = target / "generations"
    try:
        generations.mkdir(parents=True, exist_ok=True)
        with _locked(generations):
            numbers = [int(path.name) for path in generations.iterdir() if path.name.isdecimal()]
            before = generations / f"{max(numbers, default=0):08d}"
            folder = generations / f"{max(numbers, default=0) + 1:08d}"
            draft = generations / f".{folder.name}"
            shutil.rmtree(draft, ignore_errors=True)
            try:
                written, linked = _fill(draft, before, holdings)
                draft.rename(folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            _point(target / "latest", Path("generations") / folder.name)
            for number in sorted(numbers)[: 1 - _RETAINED or None]:
                shutil.rmtree(generations / f"{number:08d}", ignore_errors=True)
            return WrittenGeneration(folder, written, linked)
    except (OSError, duckdb.Error) as error:
        raise StoreError(f"cannot write {target}: {first_line(error)}") from error


def _fill(draft: Path, before: Path, holdings: Mapping[str, Sequence[Holding]]) -> tuple[int, int]:
    """Make the files of a generation in *draft*; how many were written, how many linked."""
    session, counts = engine(), [0, 0]
    try:
        for table, items in holdings.items():
            (draft / table).mkdir(parents=True)
            for path, select in _files(table, items):
                target = draft / table / path
                target.parent.mkdir(parents=True, exist_ok=True)
                is_there = _link(before / table / path, target)
                counts[is_there] += 1
                if not is_there:
                    session.execute(
                        f"copy ({select}) to {quote(target)} (format parquet, compression zstd)"
                    )
    finally:
        session.close()
    clusters = sorted({item.cluster for items in holdings.values() for item in items})
    note = GenerationNote(holding.FORMAT, clock.now(), clusters)
    (draft / _NOTE).write_bytes(msgspec.json.encode(note) + b"\n")
    return counts[0], counts[1]


def _files(table: str, items: Sequence[Holding]) -> Iterator[tuple[Path, str]]:
    """Every file that a table consists of, and the select of its rows."""
    # The same parts written in another format or with other columns are another file.
    edition = digest(msgspec.json.encode([holding.FORMAT, COLUMNS[table]]))[:8]
    for item in items:
        cluster = Path(f"cluster={item.cluster}")
        for part, token in zip(item.parts, item.exported.parts, strict=True):
            rows = Files({item.folder / part.file: part.rows})
            for year in range(part.first.year, part.last.year + 1):
                path = cluster / f"year={year}" / f"{token}-{edition}.parquet"
                yield path, _select(table, rows, f"year = {year}")
        if item.open is not None:
            path = cluster / f"year={NO_END}" / f"{item.exported.open}-{edition}.parquet"
            yield path, _select(table, item.files(len(item.parts)), f"year = {NO_END}")
    if not any(item.parts or item.open for item in items):
        # A pattern that matches nothing is an error to most readers.
        path = Path(f"cluster=none/year={NO_END}/empty-{edition}.parquet")
        yield path, _select(table, Files({}))


def _select(table: str, files: Files, condition: str = "true") -> str:
    """The rows without what the folders of their file say."""
    rows = holding.select(table, files)
    return f"select * exclude ({', '.join(holding.PARTITIONS)}) from ({rows}) where {condition}"


def _link(source: Path, target: Path) -> bool:
    """Whether the file is there already, and now at *target* too."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        return False
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)
    return True


def _point(link: Path, target: Path) -> None:
    """Let *link* name *target* from one instant to the next."""
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target, target_is_directory=True)
    draft.replace(link)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Be the one who writes there; the lock dies with its process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Busy(f"another export writes {folder.parent}; try again") from error
    finally:
        os.close(handle)
