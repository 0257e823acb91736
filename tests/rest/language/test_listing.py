"""What holds of every query: pages add up, order is kept, nothing but a refusal is raised."""

from typing import Any
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ontap.resources import SESSIONS
from analyzer.rest.language import MemoryRecords, QueryError, RestQuery, Slice, parse
from analyzer.rest.language.hal import collection, next_link, self_link, wants_links


def page(query: RestQuery, records: list[dict[str, Any]]) -> Slice:
    return MemoryRecords(query.resource, records).page(query)


KEYS = st.tuples(st.sampled_from(["u1", "u2", ""]), st.sampled_from(["lif/1", "a b", "..", ""]), st.integers(0, 9))  # fmt: skip
NAMES = st.sampled_from(["iqn.a", "IQN.B", "iqn.c", None])


@st.composite
def records(draw: st.DrawFn) -> list[dict[str, Any]]:
    listing = []
    for svm, group, tsih in draw(st.lists(KEYS, max_size=25, unique=True)):
        name = draw(NAMES)
        listing.append(
            {
                "svm": {"uuid": svm} if svm else {},
                "tsih": tsih,
                **({"target_portal_group": group} if group else {}),
                **({"initiator": {"name": name}} if name else {}),
            }
        )
    return listing


QUERIES = st.sampled_from(
    ["", "tsih=<5", "initiator.name=!iqn.a", "order_by=initiator.name%20desc,tsih", "order_by=connections.cid", "offset=3", "return_records=false"]
)  # fmt: skip


def walk(query: str, sessions: list[dict[str, Any]]) -> list[Slice]:
    """All pages, each asked for by the link of the one before."""
    pages = []
    raw: str | None = query
    while raw is not None:
        parsed = parse(SESSIONS, raw)
        pages.append(page(parsed, sessions))
        following = next_link(parsed, pages[-1])
        raw = following.partition("?")[2] if following else None
        assert len(pages) <= len(sessions) + 2
    return pages


@settings(max_examples=60, deadline=None)
@given(sessions=records(), query=QUERIES, size=st.integers(1, 7))
def test_pages_add_up_to_the_whole(sessions: list[dict[str, Any]], query: str, size: int) -> None:
    (whole,) = walk(query, sessions)
    pages = walk(f"{query}&max_records={size}", sessions)
    assert [record for part in pages for record in part.records] == whole.records
    assert sum(part.count for part in pages) == whole.count
    assert all(part.count == size for part in pages[:-1])


@settings(max_examples=60, deadline=None)
@given(sessions=records(), query=QUERIES)
def test_the_order_of_what_is_there_does_not_matter(
    sessions: list[dict[str, Any]], query: str
) -> None:
    parsed = parse(SESSIONS, query)
    assert page(parsed, sessions) == page(parsed, sessions[::-1])


NAMED = st.sampled_from(
    [*SESSIONS.by_name, "fields", "order_by", "max_records", "query", "query_fields", "offset",
     "start.tsih", "start.svm.uuid", "return_timeout", "pretty", "tpgroup", "nonsense"]
)  # fmt: skip
VALUES = st.text(alphabet='abc019*|,!<>=.{}"% nul+', max_size=12)


@settings(max_examples=300, deadline=None)
@given(parameters=st.lists(st.tuples(NAMED, VALUES), max_size=4), sessions=records())
def test_whatever_is_requested_is_answered_or_refused(
    parameters: list[tuple[str, str]], sessions: list[dict[str, Any]]
) -> None:
    raw = "&".join(f"{name}={value}" for name, value in parameters)
    try:
        parsed = parse(SESSIONS, raw)
    except QueryError as error:
        assert error.status == 400  # noqa: PT017  # either outcome is right
        return
    body = collection(parsed, page(parsed, sessions), links=True)
    assert body["num_records"] <= len(sessions)


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="ab*|!<>.{", min_size=1, max_size=8))
def test_a_quoted_value_means_itself(text: str) -> None:
    record = {"svm": {"uuid": "u"}, "target_portal_group": "l", "tsih": 1, "initiator": {"comment": text}}  # fmt: skip
    literal = f'"{text}"'
    raw = f"initiator.comment={quote(literal, safe='')}"
    assert page(parse(SESSIONS, raw), [record]).count == 1
    other = {**record, "initiator": {"comment": text + "x"}}
    assert page(parse(SESSIONS, raw), [other]).count == 0


def test_many_stars_do_not_take_for_ever() -> None:
    record = {"tsih": 1, "isid": "a" * 5000}
    assert page(parse(SESSIONS, "isid=" + "*a" * 2000 + "*b"), [record]).count == 0


def test_deep_nesting_is_refused_not_a_crash() -> None:
    for raw in ("fields=" + "a.{" * 5000 + "}" * 5000, "tsih=" + "!" * 50_000 + "1"):
        try:
            parse(SESSIONS, raw)
        except QueryError:
            continue


def test_the_next_link_repeats_what_was_requested_as_it_was_written() -> None:
    raw = "fields=%2A&initiator.name=a%7Cb&max_records=1&offset=0"
    parsed = parse(SESSIONS, raw)
    link = next_link(parsed, Slice([], 1, after=("", "lif 1", 7)))
    assert link == (
        "/api/protocols/san/iscsi/sessions?start.svm.uuid=%22%22&start.tpgroup=lif%201"
        "&start.tsih=7&fields=%2A&initiator.name=a%7Cb&max_records=1"
    )


def test_a_self_link_has_its_key_percent_encoded() -> None:
    record = {"svm": {"uuid": "u:1"}, "target_portal_group": "a/..", "tsih": 1}
    assert self_link(SESSIONS, record).endswith("/sessions/u%3A1/a%2F%2E%2E/1")


def test_only_plain_json_goes_without_links() -> None:
    assert not wants_links("application/json")
    assert not wants_links("application/json; charset=utf-8")
    assert all(wants_links(accept) for accept in (None, "*/*", "application/hal+json", "text/html"))
