"""Stores that SQL writes as a history has them, where folding it is not what is measured.

Of one path in ten that logs in anew the session was away for a while before, and of some hosts two
paths never come back.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import duckdb

from analyzer.engine import tables
from analyzer.history import manifest as manifests
from analyzer.history.manifest import Folded, Manifest, Part
from analyzer.store.layout import Store

BEGIN = datetime(2026, 1, 1)
STEP = timedelta(minutes=5)
RECONNECTS = 25  # of each path
AT = "timestamp '2026-01-01' + to_minutes(5 * ({})::bigint)"
_NODE = "'n' || (lif // 4 % 2 * 2 + lif % 4 // 2 + 1)"
_LEVELS = 6  # files of a table, each with three times as many rows as the next


def _selects(hosts: int, snapshots: int, reconnects: int) -> dict[str, str]:
    """A select for each table that has rows."""
    always = f"{AT.format(0)} as first_seen, {AT.format(snapshots - 1)} as last_seen"
    return {
        "attempts": f"""
        select {AT.format("i")} as taken_at, 'complete' as status,
            ['svm0', 'svm1', 'svm2', 'svm3'] as scope, 'complete' as interfaces_status,
            'complete' as nodes_status, 'complete' as igroups_status, 300 as expected_interval,
            {4 * hosts} as sessions, {4 * hosts} as connections, 1 as pages,
            md5(i::varchar) as content, md5(content) as fingerprint, 'benchmark' as collector
        from range({snapshots}) r(i)""",
        "spells": f"""
        with path as (
            select h, k, h % 4 as svm, h % 4 * 4 + k as lif from range({hosts}) a(h), range(4) b(k)
        ), cut as (
            select *, unnest(
                [0] || list_distinct(list_transform(range({reconnects}),
                    lambda j: (hash(h, k, j) % {snapshots - 1} + 1)::bigint))
            ) as t from path
        ), span as (
            select *, lead(t) over (partition by h, k order by t) as next from cut
        ), ended as (
            select *, case when next is not null then greatest(
                t + 1, next - case when hash(h, k, next) % 10 = 0 then hash(next, h) % 12 else 0 end
            )::bigint end as gone
            from span where not (h % 1000 = 7 and next is null and k < 2)
        )
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
            {AT.format(f"coalesce(gone, {snapshots}) - 1")} as last_seen,
            case when gone is not null then {AT.format("gone")} end as gone_by
        from ended""",
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


def last(snapshots: int) -> datetime:
    """The instant of the last snapshot."""
    return BEGIN + STEP * (snapshots - 1)


def write(
    root: Path, clusters: int, hosts: int, snapshots: int, reconnects: int = RECONNECTS
) -> Store:
    """A store of clusters with four nodes each, and four paths to each host."""
    store = Store(root)
    session = duckdb.connect()
    for name, columns in tables.COLUMNS.items():
        listed = ", ".join(f'null::{kind} as "{column}"' for column, kind in columns.items())
        session.execute(f"create table {name} as select {listed} limit 0")
    for name, select in _selects(hosts, snapshots, reconnects).items():
        session.execute(f"insert into {name} by name select '' as cluster, * from ({select})")
    with patch("os.fsync"):
        for number in range(clusters):
            _write(session, store, f"c{number:03d}", snapshots)
    return store


def _write(session: duckdb.DuckDBPyConnection, store: Store, cluster: str, snapshots: int) -> None:
    root, end = store.history_folder(cluster), last(snapshots)
    root.mkdir(parents=True)

    def copy(name: str, select: str) -> str:
        renamed = f"select * replace ('{cluster}' as cluster) from ({select})"
        session.execute(
            f"copy ({renamed}) to '{root / name}'"
            " (format parquet, compression zstd, row_group_size 16384)"
        )
        return name

    def files(label: str, table: str, time: str) -> list[Part]:
        """Parts by *time*, as a history that grew has them."""
        written = []
        shares = [*(1 - 3.0**-level for level in range(_LEVELS)), 1.0]
        edges = [BEGIN + (end - BEGIN) * share for share in shares]
        edges[-1] += STEP
        for level, (since, until) in enumerate(pairwise(edges), 1):
            rows = f"from {table} where {time} >= '{since}' and {time} < '{until}'"
            counted = f"select count(*), min({time}), max({time}) {rows}"
            ((count, first, newest),) = session.execute(counted).fetchall()
            if count:
                name = copy(f"{label}-1-{level:08d}.parquet", f"{rows} order by {time}")
                written.append(Part(name, count, first, newest))
        return written

    manifest = Manifest(cluster=cluster, generation=_LEVELS, last=end, horizon=end, sessions=1)
    manifest.attempts = files("attempts", "attempts", "taken_at")
    svms = {f"svm{number}": end for number in range(4)}
    for name in ("spells", "interfaces", "nodes"):
        still = f"select * exclude (last_seen, gone_by) from {name} where gone_by is null"
        manifest.tables[name] = Folded(
            files(f"{name}.closed", name, "gone_by"),
            copy(f"{name}.open-1-{_LEVELS:08d}.parquet", still),
            svms if name == "spells" else {"": end},
        )
    manifests.write(store, manifest)
