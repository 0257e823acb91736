"""The reports as JSON, and their description."""

import json
from io import StringIO

import jsonschema
import pytest
from support.asgi_client import ask
from support.collected_night import Night, answers

from analyzer import output
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.rest.server import scrape
from analyzer.rest.server.app import App
from analyzer.rest.server.authentication import Authenticator

pytestmark = pytest.mark.usefixtures("engines_left_open")


@pytest.fixture(scope="module")
def app(night: Night) -> App:
    return App(Authenticator(), answers(night.store))


def test_they_are_listed(app: App) -> None:
    listed = ask(app, "/reports").json["reports"]
    assert [entry["name"] for entry in listed] == list(header.reports())
    assert ask(app, listed[0]["href"]).status == 200


def test_the_root_says_where_everything_is(app: App) -> None:
    places = ask(app, "/").json
    assert places.pop("metrics") == scrape.PATH  # which stands before the app: see test_scrape
    for target in places.values():
        assert ask(app, target).status == 200


@pytest.mark.parametrize("name", ["outages", "sessions", "coverage"])
def test_a_report_is_what_the_command_prints(app: App, night: Night, name: str) -> None:
    catalog = Catalog(night.store)
    printed = StringIO()
    output.write(run.run(catalog, header.reports()[name]), "json", None, printed)
    catalog.close()
    assert ask(app, f"/reports/{name}").json == json.loads(printed.getvalue())


def test_it_takes_times_filters_and_own_parameters(app: App) -> None:
    reply = ask(app, "/reports/snapshots?since=2026-11-23T02:05:00Z&until=2026-11-23T02:15:00Z")
    assert len(reply.json["rows"]) == 3
    reply = ask(app, "/reports/sessions?initiator=*lnx2&initiator=*lnx3&svm=svm_*&cluster=prod-*")
    assert reply.json["parameters"]["initiator"] == ["*lnx2", "*lnx3"]
    assert {row["initiator"].rpartition(":")[2] for row in reply.json["rows"]} == {"lnx2", "lnx3"}
    reply = ask(app, "/reports/dropped-connections?include_retracted=true&severity=critical")
    assert reply.json["parameters"]["include_retracted"] is True
    assert {row["severity"] for row in reply.json["rows"]} == {"critical"}


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/reports/nothing", 404, "4"),
        ("/reports/outages/x", 404, "4"),
        ("/reports/outages?nonsense=1", 400, "262179"),
        ("/reports/outages?at=now", 400, "262179"),
        ("/reports/outages?since=now&since=1h", 400, "262188"),
        ("/reports/outages?since=someday", 400, "262197"),
        ("/reports/outages?cluster=nobody", 400, "262197"),
        ("/reports/outages?severity=awful", 400, "262197"),
        ("/reports/dropped-connections?include_retracted=perhaps", 400, "262197"),
        ("/reports/outages?since", 400, "262177"),
        ("/reports/outages?since=%ff", 400, "262197"),
        ("/reports/addresses?svm=x", 400, "262179"),
    ],
)
def test_what_cannot_be_requested_is_refused(app: App, target: str, status: int, code: str) -> None:
    reply = ask(app, target)
    assert reply.status == status, reply.body
    assert reply.json.get("error", {}).get("code", "") == code


def test_the_description_describes_every_report(app: App) -> None:
    description = ask(app, "/openapi.json").json
    assert description["openapi"].startswith("3.1")
    for name, report in header.reports().items():
        operation = description["paths"][f"/reports/{name}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator.check_schema(schema)
        names = [parameter["name"] for parameter in operation["parameters"]]
        assert len(names) == len(set(names))
        assert report.params.keys() <= set(names)


@pytest.mark.parametrize("name", ["dropped-connections", "addresses", "snapshots"])
def test_what_is_described_can_be_requested_and_is_answered(app: App, name: str) -> None:
    operation = ask(app, "/openapi.json").json["paths"][f"/reports/{name}"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    query = "&".join(
        f"{parameter['name']}={str(parameter['schema']['default']).lower()}"
        for parameter in operation["parameters"]
        if parameter["schema"].get("default") not in {None, ""}
    )
    body = ask(app, f"/reports/{name}?{query}&cluster=prod-a").json
    jsonschema.validate(body, schema)
    assert body["report"] == name
