"""History answers what the simulated array answered at that moment, byte for byte."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.collected_night import SESSIONS, START, Night
from support.effort import effort
from support.strategies import queries

from analyzer import clock
from analyzer.ontap.resources import RESOURCES
from analyzer.ontap.resources import SESSIONS as RESOURCE
from analyzer.rest.language import QueryError
from analyzer.rest.language.respond import RestRequest, RestResponse, refusal
from analyzer.rest.server.authentication import Identity
from analyzer.rest.server.endpoints import Endpoints
from analyzer.rest.server.mapping import SERVED
from analyzer.simulate import World
from analyzer.simulate.responder import Responder

INSTANTS = [START + timedelta(minutes=minute) for minute in (0, 5, 20)]
SVM = "5d4210de-7964-511f-9c61-2830fa23fcb2"


def both(
    rest: Endpoints, world: World, target: str, at: str, **headers: str
) -> tuple[RestResponse, RestResponse]:
    path, _, query = target.partition("?")
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    plain = Responder(world).respond(RestRequest("GET", path, query, fields))
    request = RestRequest("GET", path, query, {**fields, "x-analyzer-at": at})
    try:
        ours = rest.answer(request, Identity(), 20)
    except QueryError as error:
        ours = refusal(error)
    return ours, plain


@pytest.fixture(scope="module")
def rest(night: Night) -> Endpoints:
    return night.endpoints


@pytest.mark.parametrize(
    "query",
    [
        "", "fields=*", "fields=**&max_records=3", "fields=", "fields=connections", "pretty=false",
        "fields=connections.%7Bcid,initiator_address%7D", "fields=*,!igroups", "fields=!isid",
        "return_records=false", "return_records=false&max_records=10", "max_records=10&offset=70",
        "order_by=initiator.name%20desc,tsih&max_records=20&fields=initiator",
        "order_by=initiator.name+desc&max_records=20&start.position=60", "$orderBy=isid",
        "order_by=connections.cid", f"start.svm.uuid={SVM}&start.tpgroup=sql_n1_b&start.tsih=4",
        "start.tpgroup=%22%22&start.tsih=1", "tsih=1..3|>8&fields=*", "initiator.name=!*redhat*",
        "initiator.alias=%C3%84nne&fields=*", "initiator.comment=*%25_%5C", "tpgroup=sql_n1_a",
        "connections.initiator_address.address=192.168.10.1*", "igroups.name=ig_ora|ig_esx",
        "connections.cid=0&connections.initiator_address.port=>40000", "isid=null",
        "query=LNX*&query_fields=initiator", "ignore_unknown_fields=true&fields=nonsense",
        "nonsense=1", "fields=nonsense", "tsih=x", "tsih=1&tsih=2", "tsih=1&tsih=1", "tsih",
        "tsih=", "return_timeout=121", "return_timeout=0", "max_records=0", "svm.uuid=%FF",
        "fields=a.%7Bb", "query=x", "order_by=nonsense", "tsih=99999999999999999999",
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", INSTANTS, ids=lambda at: at.strftime("%H:%M"))
def test_every_query_has_the_same_answer(
    rest: Endpoints, night: Night, query: str, at: object
) -> None:
    for accept in ("application/json", "*/*"):
        ours, plain = both(rest, night.worlds[at], f"{SESSIONS}?{query}", clock.iso(at), accept=accept)  # type: ignore[arg-type,index]  # fmt: skip
        assert (ours.status, ours.body) == (plain.status, plain.body)
        sent = dict(ours.headers)
        taken = sent.pop("X-Analyzer-Taken-At", clock.iso(at))  # type: ignore[arg-type]
        assert (sent, taken) == (plain.headers, clock.iso(at))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path",
    [
        SESSIONS + "/", "/" + SESSIONS + "//", f"{SESSIONS}/{SVM}/sql_n1_a/1",
        f"{SESSIONS}/{SVM}/sql_n1_a/1?fields=isid", f"{SESSIONS}/{SVM}/sql%5Fn1_a/2/",
        f"{SESSIONS}/{SVM}/sql_n1_a/77", f"{SESSIONS}/{SVM}/sql_n1_a/x", f"{SESSIONS}/{SVM}",
        f"{SESSIONS}/{SVM}/sql_n1_a/1?tsih=1", f"{SESSIONS}/nobody/sql_n1_a/1", "/api/nothing",
        "/api/svm/svms/nobody", "/", "",
    ],
)  # fmt: skip
def test_every_path_has_the_same_answer(rest: Endpoints, night: Night, path: str) -> None:
    ours, plain = both(rest, night.worlds[START], path, clock.iso(START))
    assert (ours.status, ours.body) == (plain.status, plain.body)


@pytest.mark.parametrize("name", ["svms", "interfaces", "igroups", "nodes", "portsets", "ports"])
@pytest.mark.parametrize("more", ["", "&max_records=2", "&order_by=name%20desc", "&name=*1*"])
def test_companions_have_the_same_answer_in_the_fields_that_are_kept(
    rest: Endpoints, night: Night, name: str, more: str
) -> None:
    release = night.worlds[START].version[:2]
    fields = ",".join(field for field in SERVED[name].at(release) if "version" not in field)
    target = f"{SERVED[name].path}?fields={fields}{more}"
    ours, plain = both(rest, night.worlds[START], target, clock.iso(START))
    assert (ours.status, ours.body) == (200, plain.body)


def test_what_is_rarely_listed_is_answered_from_its_last_listing(
    rest: Endpoints, night: Night
) -> None:
    later = INSTANTS[1]
    for path in ("/api/protocols/san/portsets", "/api/network/ethernet/ports"):
        ours, plain = both(rest, night.worlds[later], f"{path}?fields=name", clock.iso(later))
        assert (ours.status, ours.body) == (200, plain.body)


def test_what_the_history_has_too_little_of_is_named(rest: Endpoints, night: Night) -> None:
    for name, resource in RESOURCES.items():
        path = resource.path.replace("*", "u")
        ours, _ = both(rest, night.worlds[START], path, clock.iso(START))
        assert (ours.status, b"not served: of " in ours.body) == (
            (404, True) if name not in SERVED else (200, False)
        ), path


def test_a_narrowing_header_narrows(rest: Endpoints, night: Night) -> None:
    for headers in (
        {"x_dot_svm_name": "svm_k8s"},
        {"x_dot_svm_uuid": SVM},
        {"x_dot_svm_name": "x"},
    ):
        for path in (SESSIONS, "/api/svm/svms?fields=state", "/api/network/ip/interfaces"):
            ours, plain = both(rest, night.worlds[START], path, clock.iso(START), **headers)
            assert ours.body == plain.body


@settings(max_examples=effort(8, 100), deadline=None)
@given(raws=st.lists(queries(RESOURCE) | st.binary(max_size=12).map(lambda b: b.decode("latin-1")), min_size=10, max_size=20))  # fmt: skip
def test_whatever_is_requested_has_the_same_answer(
    rest: Endpoints, night: Night, raws: list[str]
) -> None:
    for raw in raws:
        ours, plain = both(rest, night.worlds[START], f"{SESSIONS}?{raw}", clock.iso(START))
        assert (ours.status, ours.body) == (plain.status, plain.body), raw
