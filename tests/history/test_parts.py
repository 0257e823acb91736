"""The order of rows in the files of a history: groups by time, and similar rows side by side."""

from datetime import datetime
from pathlib import Path

import pytest

from analyzer.history.parts import NOTHING, FoldSession, PartList

GROUP = 2048  # the fewest rows of a group that DuckDB writes


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[FoldSession, Path]:
    """A file of three groups, of rows that came in no order."""
    monkeypatch.setattr("analyzer.history.parts._ROW_GROUP", GROUP)
    session = FoldSession("filer", tmp_path)
    rows = (
        "(select 'host' || i % 7 as host, timestamp '2026-01-01' + to_seconds(i) as gone_by"
        f" from range({3 * GROUP}) r(i) order by hash(i))"
    )
    parts = PartList(session, "filer", tmp_path, "spells.closed-1", "gone_by", (), [], ["host"])
    parts.replace(1, rows, NOTHING)
    return session, parts.paths[0]


def test_no_time_is_in_two_groups(part: tuple[FoldSession, Path]) -> None:
    session, path = part
    groups = session.rows(
        "select stats_min_value::timestamp, stats_max_value::timestamp"
        f" from parquet_metadata('{path}') where path_in_schema = 'gone_by' order by row_group_id"
    )
    instants = [instant for group in groups for instant in group]
    assert len(groups) == 3
    assert instants == sorted(set(instants))
    assert instants[0] == datetime(2026, 1, 1)


def test_the_rows_of_a_group_stand_by_key(part: tuple[FoldSession, Path]) -> None:
    session, path = part
    hosts = [
        host
        for (host,) in session.rows(
            f"select host from read_parquet('{path}', file_row_number = true) order by file_row_number"
        )
    ]
    groups = [hosts[start : start + GROUP] for start in range(0, len(hosts), GROUP)]
    assert all(group == sorted(group) for group in groups)
    assert len(set(groups[0])) == 7
