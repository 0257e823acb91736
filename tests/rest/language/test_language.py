"""The query language, clause by clause, on records whose answers can be seen."""

from typing import Any

import pytest

from analyzer.ontap.resources import IGROUPS, INTERFACES, RESOURCES, SESSIONS
from analyzer.rest.language import MemoryRecords, QueryError, RestQuery, Slice, parse


def page(query: RestQuery, records: list[dict[str, Any]]) -> Slice:
    return MemoryRecords(query.resource, records).page(query)


def session(
    tsih: int, name: str, *, comment: str | None = None, cids: tuple[int, ...] = (0,)
) -> Any:
    return {
        "svm": {"uuid": "u1", "name": "svm1"},
        "target_portal_group": f"lif{tsih % 2}",
        "tsih": tsih,
        "initiator": {"name": name} | ({"comment": comment} if comment else {}),
        "connections": [
            {"cid": cid, "initiator_address": {"address": f"10.0.0.{cid}", "port": 4000 + cid}}
            for cid in cids
        ],
    }


RECORDS = [
    session(1, "iqn.a:Alpha", comment="one*two"),
    session(2, "iqn.a:beta", cids=(0, 1)),
    session(3, "iqn.b:gamma", comment="a|b"),
    session(10, "iqn.b:delta", cids=()),
    session(11, "iqn.c:{x}", comment='say "no"'),
]


def handles(query: str) -> list[int]:
    return sorted(record["tsih"] for record in page(parse(SESSIONS, query), RECORDS).records)


@pytest.mark.parametrize(
    ("query", "tsihs"),
    [
        ("tsih=2", [2]),
        ("tsih=<10", [1, 2, 3]),
        ("tsih=%3C%3D10", [1, 2, 3, 10]),
        ("tsih=>3", [10, 11]),
        ("tsih=>=10", [10, 11]),
        ("tsih=2..10", [2, 3, 10]),
        ("tsih=!2..10", [1, 11]),
        ("tsih=1%7C3..10", [1, 3, 10]),
        ("tsih=!1|1", [1, 2, 3, 10, 11]),
        ("tsih=!!1", [1]),
        ("tsih=*", [1, 2, 3, 10, 11]),
        ("initiator.name=iqn.a*", [1, 2]),
        ("initiator.name=*%3A*ta", [2, 10]),
        ("initiator.name=*alpha", [1]),
        ("initiator.name=IQN.A:ALPHA", [1]),
        ("initiator.name=iqn.a..iqn.b", [1, 2]),
        ("initiator.name=!iqn.a*|iqn.a:beta", [2, 3, 10, 11]),
        ("initiator.comment=null", [2, 10]),
        ("initiator.comment=!null", [1, 3, 11]),
        ("initiator.comment=*", [1, 3, 11]),
        ("initiator.comment=!x", [1, 3, 11]),
        ("initiator.comment=!x|null", [1, 2, 3, 10, 11]),
        ("initiator.comment=<b", [3]),
        ('initiator.comment="one*two"', [1]),
        ("initiator.comment={a|b}", [3]),
        ("initiator.comment=a|b", []),
        ("initiator.comment=ONE*", []),
        ('initiator.comment={say "no"}', [11]),
        ("initiator.name=iqn.c:{{x}}", []),
        ("initiator.name={iqn.c:{x}}", [11]),
        ("connections.cid=1", [2]),
        ("connections.cid=!1", [1, 3, 11]),
        ("connections.cid=null", [10]),
        ("connections.cid=0&connections.initiator_address.port=4001", [2]),
        ("tpgroup=lif0", [2, 10]),
        ("target_portal_group=lif1&tsih=>1", [3, 11]),
        ("query=iqn.b*%20lif1&query_fields=initiator.name,target_portal_group", [3]),
        ("query=*beta|*gamma&query_fields=initiator", [2, 3]),
        ("fields=", [1, 2, 3, 10, 11]),
        ("&&tsih=1&", [1]),
    ],
)
def test_a_filter_finds(query: str, tsihs: list[int]) -> None:
    assert handles(query) == tsihs


def test_an_array_is_not_trimmed_to_what_matched() -> None:
    (record,) = page(parse(SESSIONS, "connections.cid=1"), RECORDS).records
    assert [connection["cid"] for connection in record["connections"]] == [0, 1]


@pytest.mark.parametrize(
    ("query", "status", "code", "target"),
    [
        ("nonsense=1", 400, 262179, "nonsense"),
        ("svm=x", 400, 262179, "svm"),
        ("fields=nonsense", 400, 262197, "fields"),
        ("fields=initiator.{name", 400, 262286, "fields"),
        ("fields=initiator.name}", 400, 262286, "fields"),
        ("fields={name}", 400, 262286, "fields"),
        ("tsih=one", 400, 262197, "tsih"),
        ("tsih=1*", 400, 262197, "tsih"),
        ("tsih=99999999999999999999", 400, 262197, "tsih"),
        ("tsih=", 400, 262177, "tsih"),
        ("tsih", 400, 262177, "tsih"),
        ("tsih=<", 400, 262177, "tsih"),
        ("tsih=1|", 400, 262177, "tsih"),
        ("tsih=1..", 400, 262194, "tsih"),
        ("tsih=1..2..3", 400, 262197, "tsih"),
        ('initiator.name="open', 400, 262197, "initiator.name"),
        ("tsih=1&tsih=2", 400, 262188, "tsih"),
        ("tpgroup=a&target_portal_group=b", 400, 262188, "target_portal_group"),
        ("order_by=tsih&$orderBy=tsih", 400, 262188, "$orderBy"),
        ("max_records=0", 400, 262197, "max_records"),
        ("max_records=-1", 400, 262197, "max_records"),
        ("return_timeout=121", 400, 262197, "return_timeout"),
        ("return_records=maybe", 400, 262197, "return_records"),
        ("order_by=nonsense", 400, 262197, "order_by"),
        ("order_by=tsih%20up", 400, 262197, "order_by"),
        ("start.tsih=x", 400, 262197, "start.tsih"),
        ("query=x", 400, 262272, "query"),
        ("query_fields=tsih", 400, 262273, "query_fields"),
        ("query=x&query_fields=nonsense", 400, 262274, "query_fields"),
        ("tsih=%FF", 400, 262197, None),
    ],
)
def test_a_wrong_request_is_refused_as_ontap_does(
    query: str, status: int, code: int, target: str | None
) -> None:
    with pytest.raises(QueryError) as raised:
        parse(SESSIONS, query)
    error = raised.value
    assert (error.status, error.code, error.target) == (status, code, target)
    assert error.body()["error"]["code"] == str(code)


DEFAULT = ["svm.uuid", "svm.name", "target_portal_group", "tsih"]
INITIATOR = ["initiator.name", "initiator.alias", "initiator.comment"]


@pytest.mark.parametrize(
    ("query", "more"),
    [
        ("", []),
        ("fields=isid", ["isid"]),
        ("fields=initiator", INITIATOR),
        ("fields=initiator.*", INITIATOR),
        ("fields=initiator,!initiator.alias", ["initiator.name", "initiator.comment"]),
        ("fields=initiator.{name,alias}", ["initiator.name", "initiator.alias"]),
        ("fields=initiator%2Cisid%2C%21initiator.comment", ["isid", *INITIATOR[:2]]),
        ("fields=connections.interface.{ip.{port},name}", ["connections.interface.name", "connections.interface.ip.port"]),
        ("isid=*", ["isid"]),
        ("ignore_unknown_fields=true&fields=nonsense,isid", ["isid"]),
    ],
)  # fmt: skip
def test_the_fields_that_are_requested_come_with_the_default_ones(
    query: str, more: list[str]
) -> None:
    assert sorted(parse(SESSIONS, query).fields) == sorted(DEFAULT + more)


def test_a_star_is_all_here_and_without_the_expensive_ones_elsewhere() -> None:
    assert parse(SESSIONS, "fields=*").fields == parse(SESSIONS, "fields=**").fields
    cheap = parse(IGROUPS, "fields=*").fields
    assert "connectivity_tracking.connection_state" not in cheap
    assert "connectivity_tracking.connection_state" in parse(IGROUPS, "fields=**").fields


def test_excluding_alone_leaves_everything_else() -> None:
    everything = set(parse(SESSIONS, "fields=*").fields)
    assert set(parse(SESSIONS, "fields=!isid").fields) == everything - {"isid"}


def test_a_later_field_or_parameter_is_unknown_to_an_earlier_release() -> None:
    for query in ("fields=initiator.comment", "initiator.comment=x", "ignore_unknown_fields=true"):
        parse(SESSIONS, query, (9, 16))
        with pytest.raises(QueryError):
            parse(SESSIONS, query, (9, 8))
    assert "initiator.comment" not in parse(SESSIONS, "fields=initiator", (9, 8)).fields


def test_what_the_collector_asks_for_is_known_to_every_release() -> None:
    for resource in RESOURCES.values():
        for release in ((9, 6), (9, 9), (9, 11), (9, 19)):
            fields = ",".join(resource.request(release, connectivity=True))
            assert "*" not in fields
            parse(resource, f"fields={fields}", release, instance=resource.singleton)
    costly = "connectivity_tracking.required_nodes"
    assert costly not in IGROUPS.request((9, 10), connectivity=True)
    assert costly in IGROUPS.request((9, 11), connectivity=True)
    assert costly not in IGROUPS.request((9, 11))
    assert "san_multipathing" not in RESOURCES["svms"].request((9, 18))
    assert "san_multipathing" in RESOURCES["svms"].request((9, 19))
    assert "reporting_nodes" not in RESOURCES["lun_maps"].request((9, 9))


def test_booleans_compare_as_such() -> None:
    records = [{"uuid": "1", "enabled": True}, {"uuid": "2", "enabled": False}, {"uuid": "3"}]
    for query, uuids in (("enabled=true", "1"), ("enabled=!True", "2"), ("enabled=null", "3")):
        assert [record["uuid"] for record in page(parse(INTERFACES, query), records).records] == [
            uuids
        ]


def test_one_record_may_be_cut_but_not_filtered() -> None:
    assert parse(SESSIONS, "", instance=True).fields == parse(SESSIONS, "fields=*").fields
    assert (
        parse(SESSIONS, "fields=isid", instance=True).fields
        == parse(SESSIONS, "fields=isid").fields
    )
    with pytest.raises(QueryError):
        parse(SESSIONS, "tsih=1", instance=True)


def test_unset_members_and_empty_arrays_are_left_out() -> None:
    (record,) = page(parse(SESSIONS, "fields=*&tsih=10"), RECORDS).records
    assert "connections" not in record
    assert "comment" not in record["initiator"]
    assert "isid" not in record
