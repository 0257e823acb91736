"""Folding: snapshots become spells ("gaps and islands"; a spell is an SCD type 2 row).

Every complete snapshot of an SVM has a place in that SVM's sequence. A spell is a row and
the interval ``[lo, hi]`` of places where it was seen unchanged. Folding puts new places into
the sequence, splits the intervals that they fall into, adds the rows seen there as intervals of
one place, and merges adjacent ones. Where snapshots come in order only the open spells take part;
a late one makes all take part, and gives the same history.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from analyzer.history.parts import FoldSession, source
from analyzer.schema import Attempt, Table

Place: TypeAlias = tuple[str, datetime, int]  # SVM, instant, number


def places(
    table: Table, attempts: Sequence[Attempt], latest: dict[str, datetime], *, late: bool
) -> list[Place]:
    """The sequence of each SVM, of *attempts* by time.

    In order, place 0 is the SVM's *latest* snapshot so far and the new ones follow; after a late
    arrival all are numbered from 1.
    """
    standing = {} if late else latest
    sequences = {svm_id: [taken_at] for svm_id, taken_at in standing.items()}
    for attempt in attempts:
        if table.takes(attempt):
            for svm_id in attempt.scope if table.scoped else [""]:
                if svm_id not in standing or attempt.taken_at > standing[svm_id]:
                    sequences.setdefault(svm_id, []).append(attempt.taken_at)
    return [
        (svm_id, taken_at, number)
        for svm_id, sequence in sorted(sequences.items())
        for number, taken_at in enumerate(sequence, 0 if svm_id in standing else 1)
    ]


def load_places(session: FoldSession, places: Sequence[Place]) -> None:
    """Make ``place`` (svm_id, taken_at, i)."""
    svm_ids, instants, numbers = zip(*places, strict=True)
    session.execute(
        "create or replace temp table place as select unnest($svm_ids::varchar[]) as svm_id,"
        " unnest($instants::timestamp[]) as taken_at, unnest($numbers::bigint[]) as i",
        {"svm_ids": list(svm_ids), "instants": list(instants), "numbers": list(numbers)},
    )


def fold(
    session: FoldSession,
    table: Table,
    files: dict[datetime, Path],
    *,
    late: bool,
) -> None:
    """Make ``spell`` from the relation ``old`` and the *files* of new snapshots.

    ``spell`` has the table's columns and bounds, of every spell that took part. Needs
    ``place`` and, after a late arrival, ``cut`` (svm_id, i: new places between old ones).
    """
    session.execute("create or replace temp table file (filename varchar, taken_at timestamp)")
    if files:
        session.execute(
            "insert into file select unnest($paths), unnest($instants)",
            {"paths": [str(path) for path in files.values()], "instants": list(files)},
        )
    svm = "{}.svm_id" if table.scoped else "''"
    text = _FOLD.format(
        pieces=_CUT if late else _OPEN,
        points=_POINTS if files else "select * from pieces_of_old where false",
    )
    session.execute(
        text.format(
            listed=table.listed,
            listed_o=_qualified("o", table),
            listed_p=_qualified("p", table),
            listed_s=_qualified("s", table),
            same=_same("p", "w", table),
            rows=_rows(table, files) if files else "",
            **{f"svm_{alias}": svm.format(alias) for alias in "ops"},
        )
    )


def _rows(table: Table, files: dict[datetime, Path]) -> str:
    return source(list(dict.fromkeys(files.values())), table.columns, filename=True)


# Open spells stand at place 0, with the bounds that they carry.
_OPEN = """
    pieces_of_old as (
        select {listed_o}, 0 as lo, 0 as hi,
            o.first_seen as carried_first, o.seen_after as carried_after
        from old o
    )"""

# Spells that a new place falls into are cut there.
_CUT = """
    numbered as (
        select o.*, row_number() over () as id, coalesce(f.i, 0) as lo, l.i as hi
        from old o
        left join place f on f.svm_id = {svm_o} and f.taken_at = o.first_seen
        join place l on l.svm_id = {svm_o} and l.taken_at = o.last_seen
    ), inside as (
        select o.id, c.i from numbered o
        join cut c on c.svm_id = {svm_o} and c.i > o.lo and c.i < o.hi
    ), ends as (
        select id, lo as spot, 'lo' as side from numbered
        union all select id, i + 1, 'lo' from inside
        union all select id, i - 1, 'hi' from inside
        union all select id, hi, 'hi' from numbered
    ), sides as (
        select id, spot, side, row_number() over (partition by id, side order by spot) as k
        from ends where id in (select id from inside)
    ), pieces_of_old as (
        select {listed}, lo, hi, first_seen as carried_first, seen_after as carried_after
        from numbered where id not in (select id from inside)
        union all
        select {listed}, a.spot, b.spot, first_seen, seen_after
        from numbered join sides a using (id) join sides b using (id)
        where a.side = 'lo' and b.side = 'hi' and a.k = b.k and a.spot <= b.spot
    )"""

_POINTS = """
        select {listed_p}, l.i as lo, l.i as hi,
            null::timestamp as carried_first, null::timestamp as carried_after
        from {rows} p join file using (filename)
        join place l on l.svm_id = {svm_p} and l.taken_at = file.taken_at"""

# Gaps and islands: rows seen with gaps between (broken) are as many intervals as islands.
_FOLD = """
create or replace temp table spell as
with {pieces}, piece as (
        select * from pieces_of_old union all {points}
    ), whole as (
        select {{listed}}, min(lo) as low, max(hi) as high, sum(hi - lo + 1) as seen,
            any_value(carried_first) as carried_first, any_value(carried_after) as carried_after
        from piece group by {{listed}}
    ), broken as (
        select * from whole where seen < high - low + 1
    ), touching as (
        select {{listed_p}}, p.lo, p.hi, p.carried_first, p.carried_after,
            case when p.lo = lag(p.hi) over (partition by {{listed_p}} order by p.lo) + 1
                then 0 else 1 end as starts
        from piece p semi join broken w on {{same}}
    ), islands as (
        select *, sum(starts) over (partition by {{listed}} order by lo) as island
        from touching
    ), stretch as (
        select {{listed}}, low as lo, high as hi, carried_first, carried_after
        from whole where seen = high - low + 1
        union all
        select {{listed}}, min(lo), max(hi), any_value(carried_first), any_value(carried_after)
        from islands group by {{listed}}, island
    )
select {{listed_s}}, s.lo, s.hi,
    case when s.lo = 0 then s.carried_after else a.taken_at end as seen_after,
    case when s.lo = 0 then s.carried_first else f.taken_at end as first_seen,
    l.taken_at as last_seen, g.taken_at as gone_by
from stretch s
left join place a on a.svm_id = {{svm_s}} and a.i = s.lo - 1
left join place f on f.svm_id = {{svm_s}} and f.i = s.lo
join place l on l.svm_id = {{svm_s}} and l.i = s.hi
left join place g on g.svm_id = {{svm_s}} and g.i = s.hi + 1
"""


def begin(table: Table, file: Path, places: Sequence[Place]) -> tuple[str, dict[str, object]]:
    """A select of the open spells after the first snapshot of all, and its parameters.

    Whatever that one lists begins there.
    """
    svm_ids, (first, *_), _ = zip(*places, strict=True)
    parameters: dict[str, object] = {"first": first}
    select = (
        f"select {table.listed}, null::timestamp as seen_after, $first::timestamp as first_seen"
        f" from {source([file], table.columns)}"
    )
    if table.scoped:
        select += " where svm_id in (select unnest($svm_ids::varchar[]))"
        parameters["svm_ids"] = list(svm_ids)
    return select, parameters


def step(session: FoldSession, table: Table, file: Path | None) -> None:
    """Make ``spell`` for one snapshot after all others: only what ended or began there.

    What ended has ``gone_by``, what began has none; the open spells that go on are not
    touched. *file* is None where the snapshot had no rows.
    """
    rows = (
        source([file], table.columns) if file else f"(select {table.listed} from old where false)"
    )
    svm = "{}.svm_id" if table.scoped else "''"
    ended = (
        f"o.first_seen is not null and {svm.format('o')} in (select svm_id from place where i = 1)"
    )
    picked = ", ".join(
        f'case when o.first_seen is null then s."{name}" else o."{name}" end as "{name}"'
        for name in table.names
    )
    session.execute(
        f"""
        create or replace temp table spell as
        with edge as (
            select {picked}, o.seen_after, o.first_seen
            from old o full join (select *, true as there from {rows}) s
            on {_same("o", "s", table)}
            where (s.there is null and {ended}) or o.first_seen is null
        )
        select {_qualified("e", table)},
            case when e.first_seen is null then was.taken_at else e.seen_after end as seen_after,
            coalesce(e.first_seen, now.taken_at) as first_seen,
            case when e.first_seen is null then now.taken_at else was.taken_at end as last_seen,
            case when e.first_seen is not null then now.taken_at end as gone_by
        from edge e
        join place now on now.svm_id = {svm.format("e")} and now.i = 1
        left join place was on was.svm_id = {svm.format("e")} and was.i = 0
        """
    )


def still_open(table: Table) -> str:
    """A select of the open spells after ``step``: the old ones in their order, then the new."""
    columns = f"{table.listed}, seen_after, first_seen"
    return (
        f"select {columns} from old o anti join (from spell where gone_by is not null) e"
        f" on {_same('o', 'e', table)} and o.first_seen = e.first_seen"
        f" union all select {columns} from spell where gone_by is null"
    )


def _qualified(alias: str, table: Table) -> str:
    return ", ".join(f'{alias}."{name}"' for name in table.names)


def _same(left: str, right: str, table: Table) -> str:
    return " and ".join(
        f'{left}."{name}" is not distinct from {right}."{name}"' for name in table.names
    )
