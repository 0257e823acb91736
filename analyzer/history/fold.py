"""Folding: snapshots become spells.

Every comparable snapshot of an SVM has a place in that SVM's sequence. A spell is a row and
the stretch ``[lo, hi]`` of places where it was seen unchanged. Folding puts new places into
the sequence, cuts the spells that they fall into, adds the rows seen there as spells of one
place, and joins what touches. Where snapshots come in order only the open spells take part;
a late one makes all take part, and gives the same history.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from analyzer.history.parts import quote, source
from analyzer.schema import Table

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
select a.* exclude (known) replace (
    coalesce(v.status, a.answered) as status,
    case v.status
        when 'suspect' then 'empty, where the last complete answer was not'
        when 'failed' then 'empty, but the next answer had the same connections: not believed'
        else case when v.status = 'complete' and a.answered = 'complete' then null
             else a.reason end end as reason,
    case when v.status = 'complete' and len(a.listed) = 0
        then coalesce(last_value(nullif(a.known, []) ignore nulls) over (
            partition by a.answered = 'complete' order by a.taken_at
            rows between unbounded preceding and 1 preceding), a.known)
        else a.listed end as scope
)
from (
    -- The first attempt here keeps the scope it was given: what it stood on may be out of sight.
    select *, case when row_number() over (order by taken_at) = 1 then scope else listed end
        as known
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
class Fresh:
    """A snapshot to fold: its instant, its attempt and its files by table name."""

    taken_at: datetime
    attempt: dict[str, Any]
    files: dict[str, Path]


def settle(connection: duckdb.DuckDBPyConnection, fresh: list[Fresh]) -> None:
    """Make ``settled`` from ``attempt``: the attempts with what is now known of them.

    Needs the relation ``old_spells``.
    """
    files = {item.taken_at: item.files.get("spells") for item in fresh}
    connection.execute("create or replace temp table returned (taken_at timestamp)")
    for doubted, before, after in connection.execute(_DOUBTED).fetchall():
        there = [_rows(instant, files.get(instant)) for instant in (before, after)]
        connection.execute(
            f"insert into returned select {quote(doubted)}::timestamp where exists"
            f" (select {_CONNECTION} from {there[0]} intersect"
            f" select {_CONNECTION} from {there[1]})"
        )
    connection.execute(_SETTLE)


def _rows(instant: datetime, file: Path | None) -> str:
    if file is not None:
        return source([file])
    moment = f"{quote(instant)}::timestamp"
    return f"(from old_spells where first_seen <= {moment} and last_seen >= {moment})"


def places(
    connection: duckdb.DuckDBPyConnection, table: Table, *, late: bool
) -> tuple[dict[str, datetime], set[datetime]]:
    """Make ``place`` (svm_id, taken_at, i): the sequence of each SVM.

    Gives the latest instant of each SVM, and every instant that is news to one.

    In order, place 0 is the SVM's latest snapshot so far (relation ``latest``) and the new
    ones follow; after a late arrival all are numbered from 1.
    """
    svm = "unnest(scope)" if table.scoped else "''"
    counted = f"select {svm} as svm_id, taken_at from settled where {table.taken}"
    if late:
        numbered = "select svm_id, taken_at from counted"
        zero = "select svm_id, taken_at, 0 as i from counted where false"
    else:
        numbered = (
            "select c.svm_id, c.taken_at from counted c left join latest l using (svm_id)"
            " where l.taken_at is null or c.taken_at > l.taken_at"
        )
        zero = "select svm_id, taken_at, 0 as i from latest"
    connection.execute(
        f"create or replace temp table place as with counted as ({counted}), fresh as ({numbered})"
        " select svm_id, taken_at,"
        " row_number() over (partition by svm_id order by taken_at) as i from fresh"
        f" union all {zero}"
    )
    told = connection.execute("from place order by svm_id, taken_at").fetchall()
    return {svm_id: at for svm_id, at, _ in told}, {at for _, at, i in told if i > 0}


def fold(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    files: dict[datetime, Path],
    *,
    late: bool,
) -> None:
    """Make ``spell`` from the relation ``old`` and the *files* of new snapshots.

    ``spell`` has the table's columns and bounds, of every spell that took part. Needs
    ``place`` and, after a late arrival, ``cut`` (svm_id, i: new places between old ones).
    """
    connection.execute("create or replace temp table file (filename varchar, taken_at timestamp)")
    if files:
        connection.executemany(
            "insert into file values (?, ?)", [[str(path), at] for at, path in files.items()]
        )
    svm = "{}.svm_id" if table.scoped else "''"
    text = _FOLD.format(
        pieces=_CUT if late else _OPEN,
        points=_POINTS if files else "select * from pieces_of_old where false",
    )
    connection.execute(
        text.format(
            listed=table.listed,
            listed_o=_qualified("o", table),
            listed_p=_qualified("p", table),
            listed_s=_qualified("s", table),
            same=_same("p", "w", table),
            rows=source(list(dict.fromkeys(files.values())), filename=True) if files else "",
            **{f"svm_{alias}": svm.format(alias) for alias in "ops"},
        )
    )


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

# Rows seen with holes between (broken) are as many stretches as there are islands.
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


def begin(table: Table, file: Path) -> str:
    """A select of the open spells after the first snapshot of all: whatever it lists begins there."""
    svm = "s.svm_id" if table.scoped else "''"
    return (
        f"select {_qualified('s', table)}, null::timestamp as seen_after, taken_at as first_seen"
        f" from {source([file])} s join place on place.svm_id = {svm}"
    )


def step(connection: duckdb.DuckDBPyConnection, table: Table, file: Path | None) -> None:
    """Make ``spell`` for one snapshot after all others: only what ended or began there.

    What ended has ``gone_by``, what began has none; the open spells that go on are not
    touched. *file* is None where the snapshot had no rows.
    """
    rows = source([file]) if file else f"(select {table.listed} from old where false)"
    svm = "{}.svm_id" if table.scoped else "''"
    ended = (
        f"o.first_seen is not null and {svm.format('o')} in (select svm_id from place where i = 1)"
    )
    picked = ", ".join(
        f'case when o.first_seen is null then s."{name}" else o."{name}" end as "{name}"'
        for name in table.names
    )
    connection.execute(
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


def going_on(table: Table) -> str:
    """A select of the open spells after ``step``: the old ones in their order, then the new."""
    columns = f"{table.listed}, seen_after, first_seen"
    return (
        f"select {columns} from old o anti join (from spell where gone_by is not null) e"
        f" on {_same('o', 'e', table)} and o.first_seen = e.first_seen"
        f" union all select {columns} from spell where gone_by is null"
    )


def _qualified(alias: str, table: Table) -> str:
    return ", ".join(f'{alias}."{name}"' for name in table.names)


def _same(one: str, other: str, table: Table) -> str:
    return " and ".join(
        f'{one}."{name}" is not distinct from {other}."{name}"' for name in table.names
    )
