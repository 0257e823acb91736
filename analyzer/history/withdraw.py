"""Taking one attempt out of a history, so that a better one of its instant takes its place."""

from datetime import datetime
from typing import TYPE_CHECKING

from analyzer.history.parts import EVERYTHING, timestamp
from analyzer.schema import TABLES, Table

if TYPE_CHECKING:
    from analyzer.history.history import History

# The places before and after the one that goes, per SVM ('' where the table has none).
_NEIGHBOURS = """
create or replace temp table neighbour as
select svm_id, max(taken_at) filter (where taken_at < {instant}) as before,
    min(taken_at) filter (where taken_at > {instant}) as after
from ({sequence}) group by svm_id having bool_or(taken_at = {instant})
"""
# Bounds that stood on the place stand on its neighbours; what touches then is one spell
# ("gaps and islands").
_WITHDRAWN = """
create or replace temp table withdrawn as
with moved as (
    select old.* replace (
        case when old.seen_after = {instant} then n.before else old.seen_after end as seen_after,
        case when old.first_seen = {instant} then n.after else old.first_seen end as first_seen,
        case when old.last_seen = {instant} then n.before else old.last_seen end as last_seen,
        case when old.gone_by = {instant} then n.after else old.gone_by end as gone_by)
    from old left join neighbour n on n.svm_id = {svm}
    where n.svm_id is null or old.first_seen < {instant} or old.last_seen > {instant}
), marked as (
    select *, lag(gone_by) over one_row is distinct from first_seen as begins
    from moved window one_row as (partition by {listed} order by first_seen)
), islands as (
    select *, sum(begins::int) over (partition by {listed} order by first_seen) as island
    from marked
)
select {listed}, min_by(seen_after, first_seen) as seen_after, min(first_seen) as first_seen,
    max(last_seen) as last_seen, max_by(gone_by, first_seen) as gone_by
from islands group by {listed}, island
"""


def withdraw(history: "History", instant: datetime) -> None:
    """Make the history what it was without the attempt of *instant*, up to the next commit.

    For attempts that settle no other: failed and partial ones.
    """
    session = history.session
    history.manifest.generation += 1
    for table in TABLES:
        session.execute(
            _NEIGHBOURS.format(instant=timestamp(instant), sequence=history.sequence(table))
        )
        if session.value("select count(*) from neighbour"):
            _withdraw(history, table, instant)
    others = history.attempts(f"where taken_at <> {timestamp(instant)} order by taken_at")
    history.write_attempts(others, EVERYTHING)


def _withdraw(history: "History", table: Table, instant: datetime) -> None:
    session, spells = history.session, history.table(table)
    spells.load(late=True)
    svm = "old.svm_id" if table.scoped else "''"
    session.execute(_WITHDRAWN.format(instant=timestamp(instant), svm=svm, listed=table.listed))
    session.execute("create or replace temp view ended as from withdrawn where gone_by is not null")
    spells.closed().replace(history.manifest.generation, "ended", EVERYTHING)
    spells.write_open(
        f"select {table.listed}, seen_after, first_seen from withdrawn where gone_by is null",
        session.value("select count(*) from withdrawn where gone_by is null"),
    )
    for svm_id, before in session.rows("select svm_id, before from neighbour"):
        if spells.folded.latest.get(svm_id) == instant:
            if before is None:
                del spells.folded.latest[svm_id]
            else:
                spells.folded.latest[svm_id] = before
    spells.folded.listed = None
