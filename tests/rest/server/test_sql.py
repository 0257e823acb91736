"""A query answered in SQL is the query answered from the same records in memory."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.effort import effort
from support.strategies import queries, random_records

from analyzer.ontap.resource import Resource
from analyzer.ontap.resources import IGROUPS, INTERFACES, SESSIONS
from analyzer.rest.language import MemoryRecords, QueryError, parse
from analyzer.rest.language.records import key_of
from analyzer.rest.language.selection import cut, tree, values
from analyzer.rest.language.table_records import TableRecords, columns, numbered


def relation(
    connection: duckdb.DuckDBPyConnection, resource: Resource, records: list[dict[str, Any]]
) -> TableRecords:
    """The records in a table as it must be."""
    kinds = columns(resource)
    listed = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    connection.execute(f"create or replace temp table raw ({listed})")
    for record in records:
        row = [column(resource, record, name) for name in kinds]
        connection.execute(f"insert into raw values ({', '.join('?' for _ in row)})", row)
    connection.execute(f"create or replace temp table records as {numbered(resource, 'from raw')}")
    return TableRecords(
        resource, "records", lambda text, bound: connection.execute(text, bound).fetchall()
    )


def column(resource: Resource, record: dict[str, Any], name: str) -> Any:
    """The value of one field; inside an array one for each element, set or not."""
    for array in resource.arrays:
        if name == array:
            return record.get(name)
        if name.startswith(f"{array}.") and "." not in array:
            elements = record.get(array)
            if elements is None:
                return None
            return [
                (values(element, name.removeprefix(f"{array}.")) or [None])[0]
                for element in elements
            ]
    return (values(record, name) or [None])[0]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(config={"autoload_known_extensions": "false"})
    yield connection
    connection.close()


@pytest.mark.parametrize(
    "resource", [SESSIONS, INTERFACES, IGROUPS], ids=lambda resource: resource.name
)
def test_sql_and_plain_python_agree_about_every_query(
    connection: duckdb.DuckDBPyConnection, resource: Resource
) -> None:
    counts = {"at all": 0, "found": 0}

    @settings(max_examples=effort(8, 100), deadline=None)
    @given(seed=st.integers(0, 2**32), raws=st.lists(queries(resource), min_size=5, max_size=20))
    def agree(seed: int, raws: list[str]) -> None:
        records = random_records(resource, seed)
        ours, plain = relation(connection, resource, records), MemoryRecords(resource, records)
        for raw in raws:
            try:
                query = parse(resource, raw)
            except QueryError:
                continue
            page = plain.page(query)
            assert ours.page(query) == page, raw
            counts["at all"] += 1
            counts["found"] += page.count > 0

    agree()
    assert counts["found"] > counts["at all"] / 5  # else it would agree about nothing


def test_every_record_is_found_by_its_key(connection: duckdb.DuckDBPyConnection) -> None:
    records = random_records(SESSIONS, 7)
    ours, plain = relation(connection, SESSIONS, records), MemoryRecords(SESSIONS, records)
    assert records
    for record in records:
        sought = key_of(SESSIONS, record)
        assert ours.find(sought) == cut(record, tree(tuple(SESSIONS.by_name)))
        assert plain.find(sought) == record
    assert ours.find(("nobody", "a", 1)) is None


def test_a_session_whose_svm_has_no_uuid_is_found_by_the_name(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    records = [
        {"svm": {"name": name}, "target_portal_group": "lif", "tsih": 1} for name in ("b", "a")
    ]
    for listing in (relation(connection, SESSIONS, records), MemoryRecords(SESSIONS, records)):
        assert listing.find(("b", "lif", 1)) == records[0]
        first = listing.page(parse(SESSIONS, "max_records=1"))
        assert first.after == ("a", "lif", 1)
        rest = listing.page(parse(SESSIONS, "start.svm.uuid=a&start.tpgroup=lif&start.tsih=1"))
        assert rest.records == records[:1]


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_names_of_initiators_have_one_order_whatever_their_case(
    connection: duckdb.DuckDBPyConnection, direction: str
) -> None:
    records = [
        {"target_portal_group": "l", "tsih": tsih, "initiator": {"name": name} if name else {}}
        for tsih, name in enumerate(["b", "A", "", "C", "a", "É", "é"])
    ]
    query = parse(SESSIONS, f"order_by=initiator.name%20{direction}&fields=initiator.name")
    page = MemoryRecords(SESSIONS, records).page(query)
    assert relation(connection, SESSIONS, records).page(query) == page
    assert page.records[-1]["tsih"] == 2  # unset comes last in either direction


@pytest.mark.parametrize("shape", ["*a*", "!*a", "<a", "a..b", "a"])
def test_thousands_of_alternatives_are_one_question(
    connection: duckdb.DuckDBPyConnection, shape: str
) -> None:
    records = random_records(SESSIONS, 3)
    query = parse(SESSIONS, f"isid={'|'.join([shape] * 2000)}")
    ours, plain = relation(connection, SESSIONS, records), MemoryRecords(SESSIONS, records)
    assert ours.page(query) == plain.page(query)


def test_many_stars_do_not_take_for_ever(connection: duckdb.DuckDBPyConnection) -> None:
    record = {"target_portal_group": "l", "tsih": 1, "isid": "a" * 5000}
    query = parse(SESSIONS, "isid=" + "*a" * 2000 + "*b")
    assert relation(connection, SESSIONS, [record]).page(query).count == 0
