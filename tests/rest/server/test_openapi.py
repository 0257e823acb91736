"""What is served keeps to its own description, whatever is asked (schemathesis)."""

import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from support.collected_night import Night, answers
from support.effort import effort

from analyzer.report import header
from analyzer.rest.server import openapi
from analyzer.rest.server.app import App
from analyzer.rest.server.authentication import Authenticator
from analyzer.rest.server.mapping import SERVED

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own imports
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

pytestmark = pytest.mark.usefixtures("engines_left_open")
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def app(night: Night) -> App:
    return App(Authenticator(), answers(night.store))


def ask_whatever_is_described(app: App, prefix: str, examples: int) -> int:
    """Requests by the description, each answer checked against it; how many were made."""
    document = openapi.description(SERVED.values(), header.reports())
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    count = 0
    for operation in (result.ok() for result in schema.get_all_operations()):
        if not operation.path.startswith(prefix):
            continue

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            nonlocal count
            count += 1
            case.call_and_validate(base_url="http://127.0.0.1", checks=CHECKS)

        check()
    return count


@pytest.mark.parametrize(
    ("prefix", "examples"),
    [("/api/", effort(4, 40)), ("/reports/c", effort(3, 40)), ("/reports/f", effort(4, 40))],
)
def test_whatever_is_requested_is_answered_as_described(
    app: App, prefix: str, examples: int
) -> None:
    assert ask_whatever_is_described(app, prefix, examples) > 10
