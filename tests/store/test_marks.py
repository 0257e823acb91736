"""Instants with names: what may be one, who may write, what prune spares."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.snapshot_rows import START, lone, row, stored

import analyzer
from analyzer import clock, history
from analyzer.demo import at
from analyzer.errors import StoreError, UsageError
from analyzer.schema import Mark
from analyzer.store import marks
from analyzer.store.layout import Store

NOW = START + timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", clock.iso(NOW))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.history.mkdir(parents=True)
    return store


def mark(name: str, minute: int = 0, **words: Any) -> Mark:
    return Mark(name=name, instant=START + timedelta(minutes=minute), **words)


def test_a_mark_stands_wherever_a_time_may_whatever_its_case(store: Store) -> None:
    marks.add(store, mark("before-CHG4711", 5))
    assert marks.moment(store, "Before-chg4711") == START + timedelta(minutes=5)
    assert marks.moment(store, "90m") == NOW - timedelta(minutes=90)


def test_the_nearest_mark_is_named(store: Store) -> None:
    marks.add(store, mark("before-CHG4711"))
    with pytest.raises(UsageError, match="did you mean 'before-CHG4711'"):
        marks.moment(store, "before-CHG4712")


@given(st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,9}\Z"))
def test_no_name_of_a_mark_is_a_time(name: str) -> None:
    if marks.is_name(name):
        with pytest.raises(UsageError):
            clock.moment(name)


@pytest.mark.parametrize("name", ["now", "Latest", "previous", "today", "90m", "2026-11-23", "02:10",
                                  "", "a b", "a/b", "x" * 65, "20261123T021000Z"])  # fmt: skip
def test_what_could_be_a_time_names_no_mark(store: Store, name: str) -> None:
    with pytest.raises(UsageError):
        marks.add(store, mark(name))
    assert marks.read(store) == ()


def test_an_instant_to_come_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="to come"):
        marks.add(store, Mark(name="later", instant=NOW + timedelta(seconds=1)))


def test_a_name_stays_with_its_instant(store: Store) -> None:
    marks.add(store, mark("a", 5, note="first"))
    with pytest.raises(UsageError, match="already"):
        marks.add(store, mark("A", 10))
    marks.add(store, mark("A", 5, keep=True))
    assert marks.read(store) == (mark("a", 5, note="first", keep=True),)


def test_one_mark_at_most_is_the_baseline(store: Store) -> None:
    marks.add(store, mark("a", 5, baseline=True))
    marks.add(store, mark("b", 0, baseline=True))
    assert [(m.name, m.baseline) for m in marks.read(store)] == [("b", True), ("a", False)]


@pytest.mark.parametrize("spoil", [
    lambda text: text[:-5],
    lambda text: b"",
    lambda text: text.replace(b'"keep": false', b'"keep": 0'),
    lambda text: text.replace(b"2026", b"\xff026"),
    lambda text: text.replace(b'"a"', b'"90m"'),
    lambda text: text.replace(b'"b"', b'"A"'),
])  # fmt: skip
def test_damaged_marks_are_named_and_nothing_writes_over_them(
    store: Store, spoil: Callable[[bytes], bytes]
) -> None:
    marks.add(store, mark("a"))
    marks.add(store, mark("b"))
    damaged = spoil(store.marks.read_bytes())
    store.marks.write_bytes(damaged)
    with pytest.raises(StoreError, match=r"marks\.json is damaged"):
        marks.add(store, mark("c"))
    assert store.marks.read_bytes() == damaged


def test_marks_of_a_newer_version_are_left_alone(store: Store) -> None:
    store.marks.write_text('{"format": 2, "marks": {"more": "than we know"}}')
    with pytest.raises(StoreError, match="newer version"):
        marks.read(store)


_WRITER = """
from pathlib import Path
from sys import argv
from analyzer import clock
from analyzer.schema import Mark
from analyzer.store import marks
from analyzer.store.layout import Store
for number in range(4):
    marks.add(Store(Path(argv[1])), Mark(name=argv[2] + str(number), instant=clock.now()))
"""
# It is killed between fsync and rename, as late as can be.
_KILLED = """
import os, signal
from analyzer.store.lease import Lease
Lease.check = lambda self: os.kill(os.getpid(), signal.SIGKILL)
"""


def _write(store: Store, name: str, script: str = _WRITER) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script, str(store.root), name])


def test_writers_side_by_side_lose_no_mark(store: Store) -> None:
    writers = [_write(store, name) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(marks.read(store)) == 12


def test_a_killed_writer_leaves_the_marks_as_they_were(store: Store) -> None:
    marks.add(store, mark("a"))
    assert _write(store, "b", _KILLED + _WRITER).wait() == -signal.SIGKILL
    assert [m.name for m in marks.read(store)] == ["a"]
    marks.add(store, mark("c"))
    assert [m.name for m in marks.read(store)] == ["a", "c"]
    assert [path.name for path in store.root.iterdir() if path.name.startswith(".")] == []


HOSTS = ((0, [1, 2, 3]), (5, [1, 2]), (10, [1, 4]), (60, [1, 2]), (65, [1]))


def _history(folder: Path, minutes: list[int]) -> Store:
    snapshots = [lone("complete", [row("a", h, 1) for h in hosts], m)
                 for m, hosts in HOSTS if m in minutes]  # fmt: skip
    return stored(str(folder), f"{minutes}", snapshots)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _history(tmp_path_factory.mktemp("looked"), [minute for minute, _ in HOSTS]).root


@pytest.fixture
def looked(original: Path, tmp_path: Path) -> Store:
    """A store that has all of these looks."""
    return Store(Path(shutil.copytree(original, tmp_path / "looked")))


def _ends(store: Store) -> list[tuple[Any, ...]]:
    """What the history says of the snapshots that stay; a spell may be known to begin earlier."""
    text = """
        select 'attempt' as kind, taken_at::varchar as at, status, null as gone_by from attempts
        union all select initiator, last_seen::varchar, tsih::varchar, gone_by from spells
        order by all
    """
    with analyzer.open(store.root) as archive:
        return archive.run(text).rows


def test_prune_spares_what_answers_at_a_mark_that_is_kept(looked: Store, tmp_path: Path) -> None:
    marks.add(looked, mark("before", 7, keep=True))
    marks.add(looked, mark("other", 2))
    before = _initiators(looked, "before")
    assert history.prune(looked, "c1", START + timedelta(minutes=62)).snapshots == 2
    assert history.verify(looked, "c1").problem is None
    assert _ends(looked) == _ends(_history(tmp_path, [5, 60, 65]))
    assert history.prune(looked, "c1", START + timedelta(minutes=62)).snapshots == 0
    assert _initiators(looked, "before") == before == ["iqn.h1", "iqn.h2"]


def _initiators(store: Store, at: str) -> list[str]:
    with analyzer.open(store.root) as archive:
        return [row["initiator"] for row in archive.report("initiators", at=at).records()]


def test_prune_takes_what_no_mark_keeps_any_more(looked: Store, tmp_path: Path) -> None:
    marks.add(looked, mark("before", 7, keep=True))
    history.compact(looked, "c1", START + timedelta(minutes=62))
    history.prune(looked, "c1", START + timedelta(minutes=62))
    assert history.rows(looked, "c1", START + timedelta(minutes=5))
    assert history.verify(looked, "c1").problem is None
    marks.delete(looked, "before")
    assert history.prune(looked, "c1", START + timedelta(minutes=62)).snapshots == 1
    assert _ends(looked) == _ends(_history(tmp_path, [60, 65]))


def test_verify_says_which_mark_nothing_answers_at(looked: Store) -> None:
    history.prune(looked, "c1", START + timedelta(minutes=62))
    marks.add(looked, mark("late", 7, keep=True))
    marks.add(looked, mark("seen", 61, keep=True))
    marks.add(looked, mark("not-kept", 7))
    notes = [note for note in history.verify(looked, "c1").notes if "mark" in note]
    assert notes == ["nothing answers at the mark late: it was pruned before"]


def test_prune_lets_nothing_go_where_the_marks_are_damaged(looked: Store) -> None:
    looked.marks.write_text("{")
    with pytest.raises(StoreError, match=r"marks\.json"):
        history.prune(looked, "c1", START + timedelta(minutes=62))
    assert len(looked.instants("c1")) == 5


def test_damaged_marks_are_left_out_and_the_rest_is_there(looked: Store) -> None:
    looked.marks.write_text("{")
    with pytest.warns(UserWarning, match="the marks are left out"):
        archive = analyzer.open(looked.root)
    with archive:
        assert archive.report("sessions", at="latest").rows
        assert archive.marks == ()


def test_reports_of_a_pair_compare_with_the_baseline(looked: Store) -> None:
    with analyzer.open(looked.root) as archive:
        assert archive.report("changes").parameters.get("before") is None
    marks.add(looked, mark("before", 7, baseline=True))
    with analyzer.open(looked.root) as archive:
        assert [m.name for m in archive.marks] == ["before"]
        report = archive.report("not-recovered")
        assert report.parameters["before"] == START + timedelta(minutes=7)
        assert [r["initiator"] for r in report.records()] == ["iqn.h2"]
        assert archive.report("changes", before="previous").parameters.get("before") is None
        early = archive.report("changes", after=START + timedelta(minutes=6))
        assert early.parameters.get("before") is None


def test_a_mark_that_is_later_than_the_clock_is_not_seen(looked: Store) -> None:
    marks.add(looked, mark("late", 9))
    with at(START + timedelta(minutes=6)), analyzer.open(looked.root) as archive:
        assert archive.marks == ()
        assert archive.run("from marks").rows == []


def test_marks_are_a_table() -> None:
    assert [column.name for column in analyzer.schema.MARK] == list(Mark.__struct_fields__)  # type: ignore[attr-defined]


def test_an_instant_is_read_as_it_was_written(store: Store) -> None:
    marks.add(store, Mark(name="a", instant=datetime(2026, 11, 23, 2, 5, 0, 250_000)))
    assert marks.read(store)[0].instant == datetime(2026, 11, 23, 2, 5, 0, 250_000)
