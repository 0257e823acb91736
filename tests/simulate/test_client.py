"""The vendor's own client, strict about fields, against the simulated array over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from netapp_ontap import HostConnection
from netapp_ontap.error import NetAppRestError
from netapp_ontap.resources import Cluster, Igroup, IpInterface, IscsiSession, Node, Svm
from support.official_client import FILTERS, bare, by_key, listed, strict

from analyzer.ontap.resources import RESOURCES, SESSIONS
from analyzer.rest.language.selection import values
from analyzer.simulate import SimulatedArray, apply, base_world


@pytest.fixture(scope="module")
def array() -> Iterator[SimulatedArray]:
    world = base_world()
    apply(world, "set", "lnx1", "comment", "rack 4")
    apply(world, "drop", "lnx2", "L3")
    with SimulatedArray(world) as array:
        yield array


@pytest.fixture
def client(array: SimulatedArray) -> Iterator[HostConnection]:
    connection = HostConnection(
        array.host, array.username, array.password, verify=False, port=array.port, scheme="http"
    )
    with strict(connection) as asking:
        yield asking


def test_it_lists_every_session_field_by_field(client: HostConnection, array: SimulatedArray):
    assert by_key(listed(IscsiSession, fields="*")) == by_key(array.world.sessions())


@pytest.mark.parametrize("size", [1, 7, 75, 1000])
def test_pages_of_any_size_give_every_session_once(
    client: HostConnection, array: SimulatedArray, size: int
):
    records = listed(IscsiSession, fields="*", max_records=size)
    assert by_key(records) == by_key(array.world.sessions())
    assert len(records) == len(array.world.sessions())


def test_it_counts(client: HostConnection, array: SimulatedArray):
    assert IscsiSession.count_collection() == len(array.world.sessions()) == 75
    assert IscsiSession.count_collection(**{"svm.name": "svm_sql"}) == 51


def test_it_gets_the_key_and_the_svm_by_default(client: HostConnection):
    assert {frozenset(bare(record)) for record in listed(IscsiSession)} == {
        frozenset({"svm", "target_portal_group", "tsih"})
    }


@pytest.mark.parametrize("field", [field.name for field in SESSIONS.fields])
def test_it_filters_by_every_field(client: HostConnection, array: SimulatedArray, field: str):
    sessions = array.world.sessions()
    wanted = next(values(record, field)[0] for record in sessions if values(record, field))
    records = listed(IscsiSession, fields="*", **{field: wanted})
    assert by_key(records) == by_key(
        [record for record in sessions if wanted in values(record, field)]
    )
    assert records


@pytest.mark.parametrize(
    ("query", "count"),
    [
        *FILTERS,
        ({"initiator.comment": '"rack 4"'}, 4),
    ],
)
def test_it_filters_with_every_operator(client: HostConnection, query: dict[str, str], count: int):
    assert len(listed(IscsiSession, **query)) == count


def test_it_orders(client: HostConnection):
    records = listed(IscsiSession, order_by="tsih desc,initiator.name", fields="initiator.name")
    pairs = [(-record["tsih"], record["initiator"]["name"]) for record in records]
    assert pairs == sorted(pairs)
    assert len(pairs) == 75


def test_it_orders_and_pages_at_once(client: HostConnection):
    whole = listed(IscsiSession, order_by="initiator.name")
    assert listed(IscsiSession, order_by="initiator.name", max_records=10) == whole


def test_it_finds_one(client: HostConnection, array: SimulatedArray):
    wanted = array.world.sessions()[5]
    session = IscsiSession.find(
        tsih=wanted["tsih"], target_portal_group=wanted["target_portal_group"], fields="*"
    )
    assert bare(session.to_dict()) == bare(wanted)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Svm, "svms"), (IpInterface, "interfaces"), (Igroup, "igroups"), (Node, "nodes")],
)
def test_it_lists_the_companions(
    client: HostConnection, array: SimulatedArray, kind: Any, name: str
):
    fields = ",".join(RESOURCES[name].request((9, 16), connectivity=True))
    records = {
        record["uuid"]: bare(record) for record in listed(kind, fields=fields, max_records=2)
    }
    assert set(records) == {record["uuid"] for record in array.world.inventory(name)}
    resource = kind(uuid=next(iter(records)))
    resource.get()
    assert resource.name == records[resource.uuid]["name"]


def test_it_reads_the_cluster(client: HostConnection, array: SimulatedArray):
    cluster = Cluster()
    cluster.get(fields="version,name,uuid")
    assert (cluster.uuid, cluster.version.major) == (array.world.uuid, 16)


def test_it_reports_the_arrays_own_error(client: HostConnection):
    with pytest.raises(NetAppRestError) as raised:
        listed(IscsiSession, nonsense="1")
    assert raised.value.status_code == 400
    assert raised.value.response_body["error"]["code"] == "262179"
