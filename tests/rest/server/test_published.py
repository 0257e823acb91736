"""Answers from history against the endpoint's published schema, where it is at hand."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.asgi_client import ask
from support.collected_night import SESSIONS, Night, answers

from analyzer.rest.server.app import App
from analyzer.rest.server.authentication import Authenticator

SPEC = Path(__file__).parents[2].parent / "shared" / "spec" / "ontap_sessions_swagger.json"


@pytest.fixture(scope="module")
def app(night: Night) -> App:
    return App(Authenticator(), answers(night.store))


def check(body: Any, definition: str) -> None:
    if not SPEC.is_file():
        pytest.skip("the published schema is not at hand")
    spec = json.loads(SPEC.read_text())
    jsonschema.validate(body, {**spec, "$ref": f"#/definitions/{definition}"})


@pytest.mark.parametrize("query", ["", "?fields=*", "?fields=**&max_records=5", "?return_records=false", "?tsih=0"])  # fmt: skip
def test_a_collection_is_as_published(app: App, query: str) -> None:
    body = ask(app, SESSIONS + query).json
    check(body, "iscsi_session_response")
    if body.get("records"):
        body["records"][0]["tsih"] = "one"
        with pytest.raises(jsonschema.ValidationError):
            check(body, "iscsi_session_response")


def test_a_session_and_the_cluster_are_as_published(app: App) -> None:
    first = ask(app, f"{SESSIONS}?max_records=1").json["records"][0]
    check(ask(app, first["_links"]["self"]["href"]).json, "iscsi_session")
    check(ask(app, "/api/cluster").json, "cluster")


def test_an_error_is_as_published(app: App) -> None:
    check(ask(app, f"{SESSIONS}?nonsense=1").json, "error_response")
