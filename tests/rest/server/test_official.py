"""The vendor's own client, strict about fields, against history over real HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from netapp_ontap import HostConnection
from netapp_ontap.error import NetAppRestError
from netapp_ontap.resources import Cluster, Igroup, IpInterface, IscsiSession, Node, Svm
from support.collected_night import START, Night
from support.official_client import FILTERS, bare, by_key, listed, strict

from analyzer.ontap.resources import SESSIONS
from analyzer.rest.language.selection import values

BEFORE, AFTER = START, START + timedelta(minutes=20)


def connected(night: Night, user: str = "admin", **headers: str) -> HostConnection:
    return HostConnection("127.0.0.1", user, "any", verify=False, port=night.port, scheme="http", headers=headers)  # fmt: skip


@pytest.fixture
def client(served: Night) -> Iterator[HostConnection]:
    """A client that asks for 02:00."""
    connection = connected(served, **{"X-Analyzer-At": "2026-11-23T02:00:00Z"})
    with strict(connection) as asking:
        yield asking


@pytest.mark.parametrize("size", [7, 75, 1000])
def test_it_lists_and_pages_what_the_array_had(client: HostConnection, served: Night, size: int):
    records = listed(IscsiSession, fields="*", max_records=size)
    assert by_key(records) == by_key(served.worlds[BEFORE].sessions())


def test_a_login_names_cluster_and_instant(served: Night):
    counts = []
    for user in ("prod-a@20261123T022000Z", "prod-a@20261123T020000Z", "admin"):
        with connected(served, user) as connection:
            counts.append(IscsiSession.count_collection())
            connection.session.close()
    assert counts == [71, 75, 71]
    assert len(served.worlds[AFTER].sessions()) == 71


def test_it_counts_and_finds(client: HostConnection, served: Night):
    assert IscsiSession.count_collection(**{"svm.name": "svm_sql"}) == 51
    wanted = served.worlds[BEFORE].sessions()[5]
    session = IscsiSession.find(
        tsih=wanted["tsih"], target_portal_group=wanted["target_portal_group"], fields="*"
    )
    assert bare(session.to_dict()) == bare(wanted)


@pytest.mark.parametrize("field", [field.name for field in SESSIONS.fields])
def test_it_filters_by_every_field(client: HostConnection, served: Night, field: str):
    sessions = served.worlds[BEFORE].sessions()
    wanted = next(values(record, field)[0] for record in sessions if values(record, field))
    literal = f'"{wanted}"' if isinstance(wanted, str) else wanted
    records = listed(IscsiSession, fields="*", **{field: literal})
    assert by_key(records) == by_key(
        [record for record in sessions if wanted in values(record, field)]
    )
    assert records


@pytest.mark.parametrize(
    ("query", "count"),
    [
        *FILTERS,
        ({"initiator.comment": "*100%_*"}, 4),
        ({"initiator.comment": "*_100*"}, 0),
    ],
)
def test_it_filters_with_every_operator(client: HostConnection, query: dict[str, str], count: int):
    assert len(listed(IscsiSession, **query)) == count


def test_it_orders_and_pages_at_once(client: HostConnection):
    whole = listed(IscsiSession, order_by="tsih desc,initiator.name", fields="initiator.name")
    pairs = [(-record["tsih"], record["initiator"]["name"]) for record in whole]
    assert pairs == sorted(pairs)
    again = listed(IscsiSession, order_by="tsih desc,initiator.name", fields="initiator.name", max_records=10)  # fmt: skip
    assert again == whole


@pytest.mark.parametrize("kind", [Svm, IpInterface, Igroup, Node])
def test_it_lists_the_companions_and_gets_each(client: HostConnection, kind: Any):
    records = listed(kind, fields="*", max_records=2)
    assert records
    for each in records:
        resource = kind(uuid=each["uuid"])
        resource.get()
        assert resource.name == each["name"]


def test_it_reads_the_cluster(client: HostConnection, served: Night):
    cluster = Cluster()
    cluster.get(fields="version,name,uuid")
    assert (cluster.uuid, cluster.name) == (served.worlds[BEFORE].uuid, "prod-a")
    assert (cluster.version.generation, cluster.version.major) == (9, 16)


def test_an_unknown_instant_is_an_error_with_its_reason(served: Night):
    with connected(served, "prod-a@20261123T021200Z") as connection:
        with pytest.raises(NetAppRestError, match="is unknown: HTTP 401") as raised:
            listed(IscsiSession)
        connection.session.close()
    assert raised.value.status_code == 404
