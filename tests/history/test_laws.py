"""What holds of any history, whatever failed and whatever came late."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import few
from support.folding import folded_together
from support.snapshot_rows import START, STEP, lone, row, stored

from analyzer import history, schema
from analyzer.demo import at
from analyzer.history import History
from analyzer.history import manifest as manifests
from analyzer.history.attempts import SnapshotFiles
from analyzer.history.manifest import Manifest
from analyzer.history.spells import SpellTable
from analyzer.inventories import INVENTORIES
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.schema import TABLES, Mark
from analyzer.store import marks
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot


@st.composite
def histories(draw: st.DrawFn) -> list[Snapshot]:
    """Snapshots five minutes apart: complete, partial, failed, empty, with and without an SVM."""
    snapshots = []
    for number in range(draw(st.integers(3, 10))):
        if snapshots and draw(st.integers(0, 2)) == 0:
            # Nothing changed, as almost always.
            snapshots.append(
                replace(draw(st.sampled_from(snapshots[-2:])), taken_at=START + STEP * number)
            )
            continue
        status = draw(st.sampled_from(["complete"] * 6 + ["failed", "partial"]))
        svms = draw(st.sampled_from([["a", "b"]] * 4 + [["a"], ["b"]]))
        there = draw(st.lists(st.booleans(), min_size=6, max_size=6))
        logins = draw(st.lists(st.sampled_from([1, 1, 1, 2]), min_size=6, max_size=6))
        empty = draw(st.integers(0, 4)) == 0 or status == "failed"
        rows = [
            row(svm, host, logins[3 * k + host])
            for k, svm in enumerate(svms)
            for host in range(3)
            if there[3 * k + host] and not empty
        ]
        inventories = {}
        if status != "failed" and draw(st.booleans()):
            listed = [{"uuid": svm, "name": svm, "state": "running"} for svm in svms]
            frame = pl.DataFrame(listed, schema=INVENTORIES["svms"].schema)
            inventories["svms"] = Listing("complete", None, frame)
        sessions = Listing(
            status,
            None if status == "complete" else "why",
            pl.DataFrame(rows, schema=schema.SESSIONS.schema),
        )
        snapshots.append(Snapshot("c1", START + STEP * number, sessions, inventories))
    return snapshots


def tables_of(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of a history, in order."""
    catalog = Catalog(store)
    names = ["attempts", *(table.name for table in TABLES)]
    rows = {name: sorted(catalog.run(f"from {name}").rows, key=str) for name in names}
    catalog.close()
    return rows


def listed(taken: Snapshot) -> list[tuple[Any, ...]]:
    return sorted(taken.sessions.rows.rows(), key=str)


@few
@given(histories())
def test_any_snapshot_can_be_given_back_exactly(snapshots: list[Snapshot]) -> None:
    with TemporaryDirectory() as folder:
        store = stored(folder, "one", snapshots)
        statuses = {row[1]: row[2] for row in tables_of(store)["attempts"]}
        for taken in snapshots:
            if statuses[taken.taken_at] in {"complete", "partial"}:
                assert sorted(history.rows(store, "c1", taken.taken_at), key=str) == listed(taken)
        assert history.verify(store, "c1").problem is None


@few
@given(histories(), st.randoms(use_true_random=False))
def test_late_snapshots_give_the_same_history(
    snapshots: list[Snapshot], chance: random.Random
) -> None:
    with TemporaryDirectory() as folder:
        ordered = tables_of(stored(folder, "ordered", snapshots))
        shuffled = list(snapshots)
        chance.shuffle(shuffled)
        assert tables_of(stored(folder, "shuffled", shuffled)) == ordered


@few
@given(histories())
def test_care_changes_no_table(snapshots: list[Snapshot]) -> None:
    with TemporaryDirectory() as folder:
        store = stored(folder, "one", snapshots)
        before = tables_of(store)
        history.rebuild(store, "c1")
        assert tables_of(store) == before
        half = snapshots[len(snapshots) // 2].taken_at
        history.compact(store, "c1", half)
        assert tables_of(store) == before
        history.rebuild(store, "c1")
        assert tables_of(store) == before
        assert history.verify(store, "c1").problem is None


@few
@given(histories())
def test_bounds_are_the_neighbouring_comparable_snapshots(snapshots: list[Snapshot]) -> None:
    with TemporaryDirectory() as folder:
        tables = tables_of(stored(folder, "one", snapshots))
    names = ["cluster", *schema.SESSIONS.schema, "seen_after", "first_seen", "last_seen", "gone_by"]
    seen: dict[str, list[datetime]] = {"a": [], "b": []}
    for attempt in sorted(tables["attempts"], key=lambda row: row[1]):
        if attempt[2] == "complete":
            for svm in attempt[11]:
                seen[svm].append(attempt[1])
    for values in tables["spells"]:
        spell = dict(zip(names, values, strict=True))
        instants = seen[spell["svm_id"]]
        first, last = (instants.index(spell[name]) for name in ("first_seen", "last_seen"))
        assert spell["seen_after"] == (instants[first - 1] if first else None)
        assert spell["gone_by"] == (instants[last + 1] if last + 1 < len(instants) else None)


def committed(store: Store) -> Manifest:
    manifest = manifests.read(store, "c1")
    assert manifest is not None
    return manifest


def statuses(store: Store) -> list[str]:
    return [row[2] for row in sorted(tables_of(store)["attempts"], key=lambda row: row[1])]


def test_an_empty_answer_is_suspect_until_the_next_one_settles_it(tmp_path: Path) -> None:
    full, other = [row("a", 1, 1)], [row("a", 2, 7)]
    store = stored(str(tmp_path), "one", [lone("complete", full, 0), lone("complete", [], 5)])
    assert statuses(store) == ["complete", "suspect"]
    history.record(store, lone("complete", full, 10))
    assert statuses(store) == ["complete", "failed", "complete"]
    history.record(store, lone("complete", [], 15))
    history.record(store, lone("complete", [], 20))
    assert statuses(store)[3:] == ["complete", "complete"]
    history.record(store, lone("complete", full, 25))
    history.record(store, lone("complete", [], 30))
    history.record(store, lone("complete", other, 35))
    assert statuses(store)[-2:] == ["complete", "complete"]


def test_verify_names_the_first_snapshot_that_cannot_be_given_back(
    tmp_path: Path,
) -> None:
    store = stored(str(tmp_path), "one", [lone("complete", [row("a", 1, 1)], m) for m in (0, 5)])
    (part,) = store.history_folder("c1").glob("spells.open-*.parquet")
    broken = pl.read_parquet(part).with_columns(tsih=pl.lit(9, dtype=pl.Int64))
    broken.write_parquet(part)
    problem = history.verify(store, "c1").problem
    assert problem == f"{part} is damaged: its digest differs from the manifest's"
    with store.lock("c1"):  # a wrong fold would have written the digest too
        manifest = committed(store)
        manifests.forget_digests(manifest)
        manifests.write(store, manifest)
    problem = history.verify(store, "c1").problem
    assert problem is not None
    assert problem.startswith("2026-11-23T02:00:00Z")


def test_prune_keeps_the_earlier_side_of_an_event_that_stays(tmp_path: Path) -> None:
    snapshots = [lone("complete", [row("a", h, 1) for h in hosts], m)
                 for m, hosts in ((0, [1, 2]), (5, [1, 2]), (60, [1]), (65, [1]))]  # fmt: skip
    store = stored(str(tmp_path), "one", snapshots)
    history.prune(store, "c1", START + timedelta(minutes=30))
    attempts = [row[1] for row in sorted(tables_of(store)["attempts"], key=lambda row: row[1])]
    assert attempts == [START + timedelta(minutes=m) for m in (5, 60, 65)]
    gone = [row for row in tables_of(store)["spells"] if row[-1] is not None]
    assert [(row[-2], row[-1]) for row in gone] == [(attempts[0], attempts[1])]
    assert history.verify(store, "c1").problem is None


def test_an_svm_that_neither_answer_lists_settles_no_doubt(tmp_path: Path) -> None:
    """Its spell goes on over both, and says nothing of them."""
    looks = {
        0: [row("a", 0, 1), row("b", 0, 1)],
        10: [row("b", 2, 1)],
        15: [],
        25: [row("b", 0, 2)],
        30: [row("a", 0, 1)],
    }
    snapshots = [lone("complete", rows, minute) for minute, rows in looks.items()]
    late = sorted(snapshots, key=lambda taken: taken.taken_at == snapshots[2].taken_at)
    ordered = tables_of(stored(str(tmp_path), "ordered", snapshots))
    assert [attempt[2] for attempt in ordered["attempts"]] == ["complete"] * 5
    assert tables_of(stored(str(tmp_path), "late", late)) == ordered


def test_prune_spares_a_mark_before_what_began_and_stays(tmp_path: Path) -> None:
    snapshots = [lone("complete", [row("a", h, 1) for h in hosts], m)
                 for m, hosts in ((0, [1, 2]), (10, [1]), (20, [1, 2]), (30, [1, 2]))]  # fmt: skip
    store = stored(str(tmp_path), "one", snapshots)
    marks.add(store, Mark(name="kept", instant=START, keep=True))
    before = _answer(store, 0)
    with at(START + timedelta(hours=1)):
        history.prune(store, "c1", START + timedelta(minutes=40))
    assert history.verify(store, "c1").problem is None
    assert _answer(store, 0) == before


def test_prune_spares_what_an_empty_answer_was_believed_by(tmp_path: Path) -> None:
    """Two empty answers in a row are true; alone, between the same sessions, the second is not."""
    looks = {5: [row("b", 2, 1)], 10: [], 15: [], 30: [row("b", 2, 1)]}
    snapshots = [lone("complete", rows, minute) for minute, rows in looks.items()]
    store = stored(str(tmp_path), "one", snapshots)
    for minute in (6, 21):
        instant = START + timedelta(minutes=minute)
        marks.add(store, Mark(name=f"m{minute}", instant=instant, keep=True))
    before = [_answer(store, minute) for minute in (6, 21)]
    with at(START + timedelta(hours=1)):
        history.prune(store, "c1", START + timedelta(minutes=26))
    assert [_answer(store, minute) for minute in (6, 21)] == before


@few
@given(histories(), st.sets(st.integers(0, 35), min_size=1, max_size=3), st.integers(0, 40))
def test_prune_spares_what_a_mark_keeps(
    snapshots: list[Snapshot], minutes: set[int], cut: int
) -> None:
    end = START + timedelta(hours=1)
    with TemporaryDirectory() as folder, at(end):
        store = stored(folder, "one", snapshots)
        for minute in minutes:
            instant = START + timedelta(minutes=minute)
            marks.add(store, Mark(name=f"m{minute}", instant=instant, keep=True))
        before = {minute: _answer(store, minute) for minute in minutes}
        history.prune(store, "c1", START + timedelta(minutes=cut))
        assert history.verify(store, "c1").problem is None
        assert {minute: _answer(store, minute) for minute in minutes} == before
        assert history.prune(store, "c1", START + timedelta(minutes=cut)).snapshots == 0


def _answer(store: Store, minute: int) -> object:
    """Which snapshot answers at that minute, for which SVMs, with which rows."""
    with History.read(store, "c1") as reading:
        complete = [a for a in reading.attempts() if a.status == "complete"]
    instant = START + timedelta(minutes=minute)
    last = next((a for a in reversed(complete) if a.taken_at <= instant), None)
    return last and (last.taken_at, last.scope, history.rows(store, "c1", last.taken_at))


@few
@given(histories(), st.integers(-2, 40), st.integers(0, 40))
def test_coverage_has_no_holes_and_believes_only_what_two_snapshots_enclose(
    snapshots: list[Snapshot], begin: int, length: int
) -> None:
    since = START + timedelta(minutes=begin)
    until = since + timedelta(minutes=length)
    with TemporaryDirectory() as folder, at(until):
        store = stored(folder, "one", snapshots)
        catalog = Catalog(store)
        settled = catalog.run("from attempts").records()
        request = ReportRequest(since=since.isoformat(), until=until.isoformat())
        spans = run.run(catalog, catalog.reports["coverage"], request).records()
        catalog.close()
    edges = [since, *[span["to"] for span in spans]]
    assert [span["from"] for span in spans] == edges[: len(spans)]
    assert edges[-1] == until
    seen = sorted(attempt["taken_at"] for attempt in settled if attempt["status"] == "complete")
    looked = sorted(attempt["taken_at"] for attempt in settled)
    for span in spans:
        middle = span["from"] + (span["to"] - span["from"]) / 2
        before = max((instant for instant in looked if instant <= middle), default=None)
        after = min((instant for instant in looked if instant > middle), default=None)
        assert (span["status"] == "complete") == (before in seen and after in seen)
        assert (span["reason"] is None) == (span["status"] == "complete")


def test_a_snapshot_like_the_last_writes_nothing_but_that_it_was_seen(tmp_path: Path) -> None:
    store = Store(tmp_path)
    same = [row("a", 1, 1), row("b", 2, 2)]
    history.record(store, lone("complete", same, 0))
    before = committed(store).tables["spells"]
    history.record(store, lone("complete", same[::-1], 5))
    history.record(store, lone("failed", [], 10))
    history.record(store, lone("complete", same, 15))
    after = committed(store).tables["spells"]
    assert (after.open, after.closed) == (before.open, before.closed)
    assert set(after.latest.values()) == {START + timedelta(minutes=15)}
    assert history.verify(store, "c1").problem is None


def test_rows_like_the_last_that_settle_a_doubt_are_looked_at(tmp_path: Path) -> None:
    store = Store(tmp_path)
    there = [row("a", 1, 1), row("a", 2, 2)]
    for minute, rows in ((0, there), (5, []), (10, there)):
        history.record(store, lone("complete", rows, minute))
    assert statuses(store) == ["complete", "failed", "complete"]
    history.record(store, lone("complete", [], 15))
    history.record(store, lone("complete", [row("a", 3, 3)], 20))
    assert statuses(store)[3:] == ["complete", "complete"]
    assert history.verify(store, "c1").problem is None


@pytest.mark.parametrize(("before", "names"), [("", "xxx"), ("x", "xx"), ("y", "xx"), ("x", "xyx")])
def test_inventories_folded_together_give_the_same_history(
    before: str, names: str, tmp_path: Path
) -> None:
    """Each letter is a snapshot that lists an SVM of that name, after those of *before*."""

    def listing(name: str) -> Listing:
        listed = [{"uuid": "a", "name": name, "state": "running"}]
        return Listing("complete", None, pl.DataFrame(listed, schema=INVENTORIES["svms"].schema))

    snapshots = [
        replace(lone("complete", [row("a", 1, 1)], 5 * number), inventories={"svms": listing(name)})
        for number, name in enumerate(before + names)
    ]
    one_by_one = stored(str(tmp_path), "one by one", snapshots)
    together = stored(str(tmp_path), "together", snapshots[: len(before)])
    with folded_together(together, "c1"):
        stored(str(tmp_path), "together", snapshots[len(before) :])
    assert tables_of(together) == tables_of(one_by_one)
    history.record(together, replace(snapshots[0], taken_at=START + timedelta(hours=1)))
    history.record(one_by_one, replace(snapshots[0], taken_at=START + timedelta(hours=1)))
    assert tables_of(together) == tables_of(one_by_one)


def test_of_inventories_that_are_alike_one_is_folded_however_many_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = Listing("complete", None, pl.DataFrame(schema=INVENTORIES["svms"].schema))
    snapshots = [
        replace(lone("complete", [row("a", 1, 1)], 5 * number), inventories={"svms": alike})
        for number in range(12)
    ]
    calls: list[int] = []
    fold = SpellTable.fold

    def counted(table: SpellTable, items: list[SnapshotFiles], *rest: Any, late: bool) -> None:
        calls.extend([len(items)] * (table.table.name == "svms"))
        fold(table, items, *rest, late=late)

    monkeypatch.setattr(SpellTable, "fold", counted)
    store = Store(tmp_path / "store")
    with folded_together(store, "c1"):
        stored(str(tmp_path), "store", snapshots)
    assert calls == [12, 1]
