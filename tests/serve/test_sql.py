"""A query answered in SQL is the query answered from the same records in memory."""

from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.resource import IGROUPS, INTERFACES, SESSIONS, Resource
from analyzer.restquery import QueryError, parse, sql
from analyzer.restquery.page import Listing, key
from analyzer.restquery.query import token
from analyzer.restquery.selection import cut, tree, values

# Text that means something to a pattern, a quote, an escape or a collation, and letters whose
# lower case is longer, or depends on its neighbours. A few, so that what is asked is often there.
TEXTS = ["a", "A", "ab", "aB", "abab", "b", "%", "_", "a%", "a_b", "\\", "'", "null", "a..b", "a*b", "a|b", "!a", "<a", "", " ", " a", "a\nb", "\0", "é", "Ä", "ß", "İ", "ΑΣ", "😀", "true", "1", "10", "9", "a.b", "[a]", "^a$", "(a", 'a"b', "{a}"]  # fmt: skip
NUMBERS = [-1, 0, 1, 2, 9, 10, 2**31, 2**63 - 1, -(2**63)]
KINDS: dict[str, list[Any]] = {"string": TEXTS, "integer": NUMBERS, "boolean": [True, False]}


def put(record: dict[str, Any], name: str, value: Any) -> None:
    """Set a dotted name."""
    *above, last = name.split(".")
    for part in above:
        record = record.setdefault(part, {})
    record[last] = value


def made(resource: Resource, seed: int) -> list[dict[str, Any]]:
    """Records of a resource, any field of them unset, any array short, empty or absent."""
    random = Random(seed)
    keys = {tuple(random.choice(KINDS[resource.by_name[name].kind]) for name in resource.keys) for _ in range(random.randint(0, 9))}  # fmt: skip
    records = []
    for parts in sorted(keys):
        record: dict[str, Any] = {}
        for one in resource.fields:
            if not resource.in_array(one.name) and random.random() < 0.7:
                put(record, one.name, random.choice(KINDS[one.kind]))
        for name, value in zip(resource.keys, parts, strict=True):
            put(record, name, value)
        for array in resource.arrays - {name for name in resource.arrays if "." in name}:
            elements = []
            for _ in range(random.randint(0, 3)):
                element: dict[str, Any] = {}
                for one in resource.fields:
                    if one.name.startswith(f"{array}.") and random.random() < 0.8:
                        put(
                            element,
                            one.name.removeprefix(f"{array}."),
                            random.choice(KINDS[one.kind]),
                        )
                elements.append(random.choice(TEXTS) if array in resource.by_name else element)
            if elements or random.random() < 0.5:
                record[array] = elements
        records.append(record)
    return records


def relation(
    connection: duckdb.DuckDBPyConnection, resource: Resource, found: list[dict[str, Any]]
) -> sql.Relation:
    """The records in a table as it must be."""
    kinds = sql.columns(resource)
    listed = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    connection.execute(f"create or replace temp table raw ({listed})")
    for record in found:
        row = [column(resource, record, name) for name in kinds]
        connection.execute(f"insert into raw values ({', '.join('?' for _ in row)})", row)
    connection.execute(f"create or replace temp table told as {sql.numbered(resource, 'from raw')}")
    return sql.Relation(
        resource, "told", lambda text, bound: connection.execute(text, bound).fetchall()
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
            return [(values(one, name.removeprefix(f"{array}.")) or [None])[0] for one in elements]
    return (values(record, name) or [None])[0]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(config={"autoload_known_extensions": "false"})
    yield connection
    connection.close()


def one_in(number: int) -> st.SearchStrategy[bool]:
    return st.integers(1, number).map(lambda drawn: drawn == number)


@st.composite
def conditions(draw: st.DrawFn, kind: str) -> str:
    """What may follow ``field=``, well formed or not."""

    def value() -> str:
        said = str(draw(st.sampled_from(KINDS[kind])))
        return draw(st.sampled_from([said, said, said, f'"{said}"', f"{{{said}}}"]))

    def part() -> str:
        sign = draw(st.sampled_from(["", "", "!", "<", ">", "<=", ">=", "!<"]))
        shapes = ["plain", "plain", "any", "range"] + ["stars", "inside"] * (kind == "string")
        match draw(st.sampled_from(shapes)):
            case "any":
                return draw(st.sampled_from(["null", "!null", "*", "!*"]))
            case "range":
                return f"{sign.strip('<>=')}{value()}..{value()}"
            case "stars":
                return sign.strip("<>=") + "*".join(value() for _ in range(draw(st.integers(2, 4))))
            case "inside":
                return f"{sign.strip('<>=')}*{value()}*"
        return sign + value()

    return "|".join(part() for _ in range(draw(st.integers(1, 3))))


@st.composite
def queries(draw: st.DrawFn, resource: Resource) -> str:
    """A query string, percent-encoded; most are what a client could ask."""
    every = st.sampled_from(list(resource.by_name))
    names = draw(st.lists(every, max_size=2, unique=True))
    said = [(name, draw(conditions(resource.by_name[name].kind))) for name in names]
    if draw(one_in(2)):
        by = draw(st.lists(st.tuples(every, st.sampled_from(["asc", "desc", ""])), min_size=1, max_size=3))  # fmt: skip
        said.append(("order_by", ",".join(f"{name} {direction}" for name, direction in by)))
    if draw(one_in(2)):
        said.append(("fields", draw(st.sampled_from(["*", "**"]) | st.lists(every, min_size=1, max_size=4).map(",".join))))  # fmt: skip
    if draw(one_in(4)):
        said += [("query", draw(st.sampled_from(["a", "A*", "*b*", "a b", "*1*|*é*", "0", "tru*", "*a*b"]))), ("query_fields", draw(st.just("*") | every))]  # fmt: skip
    for name, least in (("max_records", 1), ("offset", 0), ("start.position", 0)):
        if draw(one_in(4)):
            said.append((name, str(draw(st.integers(least, 4)))))
    if draw(one_in(6)):
        said.append(("return_records", "false"))
    if draw(one_in(5)):
        said += [(token(resource, name), str(draw(st.sampled_from(KINDS[resource.by_name[name].kind])))) for name in resource.keys]  # fmt: skip
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in said)


@pytest.mark.parametrize("resource", [SESSIONS, INTERFACES, IGROUPS], ids=lambda one: one.name)
def test_sql_and_plain_python_agree_about_every_query(
    connection: duckdb.DuckDBPyConnection, resource: Resource
) -> None:
    asked = {"at all": 0, "found": 0}

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 2**32), raws=st.lists(queries(resource), min_size=5, max_size=20))
    def agree(seed: int, raws: list[str]) -> None:
        records = made(resource, seed)
        ours, plain = relation(connection, resource, records), Listing(resource, records)
        for raw in raws:
            try:
                query = parse(resource, raw)
            except QueryError:
                continue
            page = plain.page(query)
            assert ours.page(query) == page, raw
            asked["at all"] += 1
            asked["found"] += page.count > 0

    agree()
    assert asked["found"] > asked["at all"] / 5  # else it would agree about nothing


def test_every_record_is_found_by_its_key(connection: duckdb.DuckDBPyConnection) -> None:
    records = made(SESSIONS, 7)
    ours, plain = relation(connection, SESSIONS, records), Listing(SESSIONS, records)
    assert records
    for record in records:
        sought = key(SESSIONS, record)
        assert ours.find(sought) == cut(record, tree(tuple(SESSIONS.by_name)))
        assert plain.find(sought) == record
    assert ours.find(("nobody", "a", 1)) is None


def test_a_session_whose_svm_has_no_uuid_is_found_by_the_name(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    records = [
        {"svm": {"name": name}, "target_portal_group": "lif", "tsih": 1} for name in ("b", "a")
    ]
    for listing in (relation(connection, SESSIONS, records), Listing(SESSIONS, records)):
        assert listing.find(("b", "lif", 1)) == records[0]
        first = listing.page(parse(SESSIONS, "max_records=1"))
        assert first.after == ("a", "lif", 1)
        rest = listing.page(parse(SESSIONS, "start.svm.uuid=a&start.tpgroup=lif&start.tsih=1"))
        assert rest.records == records[:1]


@pytest.mark.parametrize("shape", ["*a*", "!*a", "<a", "a..b", "a"])
def test_thousands_of_alternatives_are_one_question(
    connection: duckdb.DuckDBPyConnection, shape: str
) -> None:
    records = made(SESSIONS, 3)
    query = parse(SESSIONS, f"isid={'|'.join([shape] * 2000)}")
    ours, plain = relation(connection, SESSIONS, records), Listing(SESSIONS, records)
    assert ours.page(query) == plain.page(query)


def test_many_stars_do_not_take_for_ever(connection: duckdb.DuckDBPyConnection) -> None:
    record = {"target_portal_group": "l", "tsih": 1, "isid": "a" * 5000}
    query = parse(SESSIONS, "isid=" + "*a" * 2000 + "*b")
    assert relation(connection, SESSIONS, [record]).page(query).count == 0
