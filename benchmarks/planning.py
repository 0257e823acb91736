"""Every report of planning on 5,000 hosts and 90 days of five-minute snapshots.

The history is made as it would be on disk (Parquet, one spell per connection and reconnect); the
floor is the bare scan of the columns of the spells that the reports need.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from analyzer.config import policy
from analyzer.engine import tables
from analyzer.engine.duckdb import DuckDB
from analyzer.report import header
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from benchmarks.figure import Figure, best

RECONNECTS = 25  # of each path
BEGIN = datetime(2026, 1, 1)
NEEDED = (
    "initiator, initiator_address, interface_id, connections, igroups, seen_after, first_seen,"
    " last_seen, gone_by"
)
REPORTS = (
    "multipath-imbalance",
    "paths",
    "upgrade-readiness",
    "sessions-by-node",
    "sessions-by-hour",
    "growth",
    "forecast",
    "failover",
    "what-if",
    "idle-initiators",
    "compliance",
)
_ROW_GROUP = 16_384  # as a history has them
AT = "timestamp '2026-01-01' + to_minutes(5 * ({})::bigint)"
_NODE = "'n' || (lif // 4 % 2 * 2 + lif % 4 // 2 + 1)"


def rows(hosts: int, snapshots: int) -> dict[str, str]:
    always = f"{AT.format(0)} as first_seen, {AT.format(snapshots - 1)} as last_seen"
    return {
        "attempts": f"""
        select {AT.format("i")} as taken_at, 'complete' as status,
            ['svm0', 'svm1', 'svm2', 'svm3'] as scope, 'complete' as interfaces_status,
            'complete' as nodes_status, 'complete' as igroups_status, 300 as expected_interval
        from range({snapshots}) r(i)""",
        "spells": f"""
        with path as (
            select h, k, h % 4 as svm, h % 4 * 4 + k as lif from range({hosts}) a(h), range(4) b(k)
        ), cut as (
            select *, unnest(
                [0] || list_distinct(list_transform(range({RECONNECTS}),
                    lambda j: (hash(h, k, j) % {snapshots - 1} + 1)::bigint))
            ) as t from path
        ), span as (select *, lead(t) over (partition by h, k order by t) as next from cut)
        select 'svm' || svm as svm_id, 'svm' || svm as svm_uuid, 'svm' || svm as svm,
            'iqn.1994-05.com.redhat:host' || h as initiator, 'host' || h as alias,
            '00:02:3d:00:' || k || ':' || h % 250 as isid, t % 65535 as tsih,
            'lif' || lif as target_portal_group, 1000 + lif as target_portal_group_tag,
            1 as connections, 0 as cid, 'none' as authentication,
            '10.' || k % 2 || '.' || h // 250 || '.' || h % 250 as initiator_address,
            40000 as initiator_port, 'lif' || lif as interface_id, 'lif' || lif as interface_uuid,
            'lif' || lif as interface, '10.' || k % 2 || '.200.' || lif as interface_address,
            3260 as interface_port, [{{'uuid': 'ig' || h // 8, 'name': 'ig' || h // 8}}] as igroups,
            case when t > 0 then {AT.format("t - 1")} end as seen_after,
            {AT.format("t")} as first_seen,
            {AT.format(f"coalesce(next, {snapshots}) - 1")} as last_seen,
            case when next is not null then {AT.format("next")} end as gone_by
        from span""",
        "interfaces": f"""
        select 'lif' || lif as uuid, 'lif' || lif as name, 'svm' || lif // 4 as svm_uuid,
            'svm' || lif // 4 as svm, '10.' || lif % 2 || '.200.' || lif as address,
            '10.' || lif % 2 || '.0.0/16' as subnet, true as enabled, 'up' as state,
            {_NODE} as home_node, {_NODE} as node, ['data_iscsi'] as services, {always}
        from range(16) r(lif)""",
        "nodes": f"""
        select 'n' || i as uuid, 'n' || i as name, 'up' as state,
            'n' || case when i % 2 = 1 then i + 1 else i - 1 end as ha_partner, {always}
        from range(1, 5) r(i)""",
    }


LIMITS = policy.tables(None, [policy.Limit(sessions=8000)])


def planning(hosts: int, snapshots: int) -> list[Figure]:
    """Each report against the bare scan."""
    end = BEGIN + timedelta(minutes=5 * (snapshots - 1))
    with TemporaryDirectory() as folder:
        write(Path(folder), rows(hosts, snapshots))
        opened = partial(Catalog, Store(Path(folder)), tables=LIMITS, engine=Files)
        catalog = opened()
        floor = best(lambda: catalog.run(f"select bit_xor(hash({NEEDED})) as h from spells"))
        figures = []
        for name in REPORTS:
            report = header.reports()[name]
            times = {"at": end, "now": end, "since": BEGIN, "until": end}
            # A catalog makes a model once: each run has one of its own.
            spent = best(lambda a=report, t=times: opened().run_query(a, t), 2)  # type: ignore[misc]  # the loop's values
            figures.append(Figure(name, spent, floor, "s", "bare scan of the spells", "< 5 s"))
        return figures


class Files(DuckDB):
    """The tables of files that no history wrote."""

    def _open_store(
        self,
        store: Store,
        clusters: Sequence[str],  # noqa: ARG002  # as the base has it
        now: datetime,  # noqa: ARG002  # the same
    ) -> tuple[bool, list[Path]]:
        paths = {name: store.root / f"{name}.parquet" for name in tables.COLUMNS}
        for name, path in paths.items():
            self._connection.execute(f"create temp view {name} as from read_parquet('{path}')")
        return False, list(paths.values())


def write(folder: Path, history: dict[str, str]) -> None:
    session = duckdb.connect()
    for name, columns in tables.COLUMNS.items():
        listed = ", ".join(f'null::{kind} as "{column}"' for column, kind in columns.items())
        session.execute(f"create temp table made as select {listed} limit 0")
        if name in history:
            session.execute(
                f"insert into made by name select 'bench' as cluster, * from ({history[name]})"
            )
        session.execute(
            f"copy made to '{folder}/{name}.parquet' (compression zstd, row_group_size {_ROW_GROUP})"
        )
        session.execute("drop table made")
