"""Answers against the endpoint's published schema, where it is at hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import jsonschema
import pytest

from analyzer.simulate import SimulatedArray, base_world

SPEC = Path(__file__).parents[2].parent / "shared" / "spec" / "ontap_sessions_swagger.json"


@pytest.fixture(scope="module")
def array() -> Iterator[SimulatedArray]:
    with SimulatedArray(base_world(), token="secret") as array:
        yield array


def ask(array: SimulatedArray, path: str) -> Any:
    asked = Request(array.url + path, headers={"Authorization": "Bearer secret"})
    with urlopen(asked, timeout=10) as answer:
        return json.load(answer)


def check(body: Any, definition: str) -> None:
    if not SPEC.is_file():
        pytest.skip("the published schema is not at hand")
    spec = json.loads(SPEC.read_text())
    jsonschema.validate(body, {**spec, "$ref": f"#/definitions/{definition}"})


@pytest.mark.parametrize(
    "query", ["", "?fields=*", "?fields=**&max_records=5", "?return_records=false", "?tsih=0"]
)
def test_a_collection_is_as_published(array: SimulatedArray, query: str):
    check(ask(array, "/api/protocols/san/iscsi/sessions" + query), "iscsi_session_response")


def test_a_session_is_as_published(array: SimulatedArray):
    first = ask(array, "/api/protocols/san/iscsi/sessions?max_records=1")["records"][0]
    check(ask(array, first["_links"]["self"]["href"]), "iscsi_session")


def test_the_cluster_is_as_published(array: SimulatedArray):
    check(ask(array, "/api/cluster"), "cluster")


def test_the_schema_would_notice(array: SimulatedArray):
    body = ask(array, "/api/protocols/san/iscsi/sessions?fields=*&max_records=1")
    check(body, "iscsi_session_response")
    body["records"][0]["tsih"] = "one"
    with pytest.raises(jsonschema.ValidationError):
        check(body, "iscsi_session_response")
