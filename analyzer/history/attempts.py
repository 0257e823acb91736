"""Attempts: those that are folded, and the status that each has once the next is there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from analyzer.history.parts import FoldSession, moment, source
from analyzer.schema import ATTEMPT, INVENTORIES, Attempt
from analyzer.store import snapshot
from analyzer.store.layout import Store

# An empty answer speaks for the SVMs of the last one, where nobody listed the SVMs.
# An empty answer after one with rows is doubted until the next answer settles it: empty again
# or nothing back means that it was true; a connection back unchanged means that it was wrong.
_SETTLE = """
create or replace temp table settled as
with answers as (
    select *,
        lag(sessions) over (order by taken_at) as sessions_before,
        lead(sessions) over (order by taken_at) as sessions_after
    from attempt where answered = 'complete'
), verdicts as (
    select a.taken_at, case
        when a.sessions > 0 or coalesce(a.sessions_before, 0) = 0 then 'complete'
        when a.sessions_after is null then 'suspect'
        when a.sessions_after > 0 and r.taken_at is not null then 'failed'
        else 'complete' end as status
    from answers a left join returned r using (taken_at)
)
select a.* exclude (speaks_for) replace (
    coalesce(v.status, a.answered) as status,
    case v.status
        when 'suspect' then 'empty, where the last complete answer was not'
        when 'failed' then 'empty, but the next answer had the same connections: not believed'
        else case when v.status = 'complete' and a.answered = 'complete' then null
             else a.reason end end as reason,
    case when v.status = 'complete' and len(a.listed) = 0
        then coalesce(last_value(nullif(a.speaks_for, []) ignore nulls) over (
            partition by a.answered = 'complete' order by a.taken_at
            rows between unbounded preceding and 1 preceding), a.speaks_for)
        else a.listed end as scope
)
from (
    -- The first attempt here keeps the scope it was given: what it stood on may be out of sight.
    select *, case when row_number() over (order by taken_at) = 1 then scope else listed end
        as speaks_for
    from attempt
) a left join verdicts v using (taken_at)
"""

_DOUBTED = """
with answers as (
    select taken_at, sessions,
        lag(taken_at) over (order by taken_at) as before,
        lag(sessions) over (order by taken_at) as sessions_before,
        lead(taken_at) over (order by taken_at) as after,
        lead(sessions) over (order by taken_at) as sessions_after
    from attempt where answered = 'complete'
)
select taken_at, before, after from answers
where sessions = 0 and sessions_before > 0 and sessions_after > 0
"""

# One connection, as nothing but itself could be (identity of a connection instance).
_CONNECTION = (
    "svm_id, initiator, isid, tsih, cid, initiator_address, initiator_port, interface_address"
)


@dataclass(frozen=True, slots=True)
class SnapshotFiles:
    """A snapshot to fold: its attempt as answered, and its files by the table that they fold into."""

    attempt: Attempt
    files: dict[str, Path]

    @property
    def taken_at(self) -> datetime:
        return self.attempt.taken_at


def snapshot_files(store: Store, cluster: str, instants: Iterable[datetime]) -> list[SnapshotFiles]:
    """The stored snapshots of these instants, by time.

    Raises:
        StoreError: one of them is damaged, or is of another cluster or instant.
    """
    snapshots = []
    for instant in sorted(instants):
        attempt = snapshot.read_attempt(store, cluster, instant)
        files = {
            name: store.snapshot(cluster, instant, name)
            for name in INVENTORIES
            if attempt.inventory_status(name) == "complete"
        }
        table = {"complete": "spells", "partial": "sightings"}.get(attempt.answered)
        if table and attempt.sessions:
            files[table] = store.snapshot(cluster, instant)
        snapshots.append(SnapshotFiles(attempt, files))
    return snapshots


def load_attempts(session: FoldSession, snapshots: Sequence[SnapshotFiles], stored: str) -> None:
    """Make ``attempt`` of the snapshots' attempts and of the rows of *stored*, a from clause."""
    kinds = {column.name: column.type for column in ATTEMPT}
    structure = {name: ["varchar"] if kind == "varchar[]" else kind for name, kind in kinds.items()}
    columns = ", ".join(kinds)
    session.execute(
        "create or replace temp table attempt as"
        f" select {columns} from (select unnest(from_json($attempts, $structure), max_depth := 2))"
        f" union all select {columns} from {stored}",
        {
            "attempts": msgspec.json.encode([item.attempt for item in snapshots]).decode(),
            "structure": msgspec.json.encode([structure]).decode(),
        },
    )


def settle(session: FoldSession, snapshots: Sequence[SnapshotFiles]) -> None:
    """Make ``settled`` from ``attempt``: the attempts with what is now known of them.

    Needs the relation ``old_spells``.
    """
    files = {item.taken_at: item.files.get("spells") for item in snapshots}
    session.execute("create or replace temp table returned (taken_at timestamp)")
    for doubted, before, after in session.rows(_DOUBTED):
        sides = [_rows(instant, files.get(instant)) for instant in (before, after)]
        session.execute(
            f"insert into returned select {moment(doubted)} where exists"
            f" (select {_CONNECTION} from {sides[0]} intersect"
            f" select {_CONNECTION} from {sides[1]})"
        )
    session.execute(_SETTLE)


def _rows(instant: datetime, file: Path | None) -> str:
    if file is not None:
        return source([file])
    return f"(from old_spells where first_seen <= {moment(instant)} and last_seen >= {moment(instant)})"
