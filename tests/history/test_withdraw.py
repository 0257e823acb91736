"""A failed or partial attempt gives way to a complete one of its instant."""

import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.snapshot_rows import START, STEP, lone, row, stored
from test_laws import few, histories, tables_of

from analyzer import history, schema
from analyzer.errors import UsageError
from analyzer.history import History
from analyzer.history.withdraw import withdraw
from analyzer.inventories import INVENTORIES
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot

FULL = lone("complete", [row("a", 1, 1), row("a", 2, 1)], 5)
BEFORE, AFTER = (replace(FULL, taken_at=START + number * STEP) for number in (0, 2))


def poor(taken: Snapshot, chance: random.Random) -> Snapshot:
    """What a broken run might have brought of the same instant: other rows, another inventory."""
    status = chance.choice(["failed", "partial"])
    rows = [row("a", chance.randrange(3), 9)] if status == "partial" else []
    listed = [{"uuid": "a", "name": chance.choice("xy"), "state": "stopped"}]
    svms = Listing("complete", None, pl.DataFrame(listed, schema=INVENTORIES["svms"].schema))
    sessions = Listing(status, "broken", pl.DataFrame(rows, schema=schema.SESSIONS.schema))
    inventories = {"svms": svms} if status == "partial" and chance.random() < 0.5 else {}
    return replace(taken, sessions=sessions, inventories=inventories)


@few
@given(histories(), st.randoms(use_true_random=False))
def test_it_leaves_no_trace_whatever_came_between(
    snapshots: list[Snapshot], chance: random.Random
) -> None:
    snapshots = [taken for taken in snapshots if taken.sessions.status == "complete"]
    broken = [poor(taken, chance) if chance.random() < 0.5 else taken for taken in snapshots]
    with TemporaryDirectory() as folder:
        plain = tables_of(stored(folder, "plain", snapshots))
        again = list(snapshots)
        chance.shuffle(again)
        store = stored(folder, "broken", [*broken, *again])
        assert tables_of(store) == plain
        if snapshots:
            verified = history.verify(store, "c1")
            assert (verified.problem, verified.read) == (None, len(snapshots))
            history.rebuild(store, "c1")
            assert tables_of(store) == plain


@pytest.mark.parametrize(
    ("first", "second"), [("complete", "failed"), ("partial", "failed"), ("failed", "partial")]
)
def test_nothing_gives_way_to_what_is_not_complete(tmp_path: Path, first: str, second: str) -> None:
    store = Store(tmp_path)
    history.record(store, replace(FULL, sessions=Listing(first, "x", FULL.sessions.rows)))
    before = tables_of(store)
    with pytest.raises(UsageError, match="with other content; nothing was changed"):
        history.record(store, replace(FULL, sessions=Listing(second, "y", FULL.sessions.rows)))
    assert tables_of(store) == before


def broken_off(store: Store, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace a partial attempt, and be killed once *after* was done."""

    class Killed(BaseException):
        pass

    owner = Store if after == "delete_snapshot" else history.history.snapshots
    whole = getattr(owner, "write" if after == "write" else after)

    def and_die(*arguments: object) -> None:
        whole(*arguments)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, after, and_die)
        with pytest.raises(Killed):
            history.record(store, FULL)


@pytest.mark.parametrize("after", ["delete_snapshot", "write"])
def test_a_killed_replacement_keeps_the_one_or_the_other(
    tmp_path: Path, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = replace(FULL, sessions=Listing("partial", "cut", FULL.sessions.rows[:1]))
    store = stored(str(tmp_path), "store", [BEFORE, partial, AFTER])
    before = tables_of(store)
    broken_off(store, after, monkeypatch)
    history.catch_up(store, "c1")
    assert history.verify(store, "c1").problem is None
    if after == "delete_snapshot":
        assert tables_of(store) == before
        history.record(store, FULL)
    assert tables_of(store) == tables_of(stored(str(tmp_path), "plain", [BEFORE, FULL, AFTER]))


def test_an_attempt_that_is_withdrawn_alone_is_as_if_it_never_was(tmp_path: Path) -> None:
    partial = replace(FULL, sessions=Listing("partial", "cut", FULL.sessions.rows[:1]))
    store = stored(str(tmp_path), "store", [BEFORE, partial, AFTER])
    with History.open(store, "c1") as opened:
        withdraw(opened, partial.taken_at)
        opened.commit()
    assert tables_of(store) == tables_of(stored(str(tmp_path), "plain", [BEFORE, AFTER]))
