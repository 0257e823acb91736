"""The demonstration's day in the console; the clock stands at its end."""

import pytest
from starlette.types import ASGIApp
from support.console_app import console

from analyzer.console import exchange
from analyzer.store.layout import Store


@pytest.fixture(scope="module")
def running(recorded: Store) -> ASGIApp:
    """One for all tests of a module, as for all who open its pages: a catalog answers many."""
    return console(recorded)


@pytest.fixture
def app(running: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> ASGIApp:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    # What another test did to the store is noticed with the first request, and not between two.
    monkeypatch.setattr(exchange, "_TOKEN_AGE", 0.0)
    return running
