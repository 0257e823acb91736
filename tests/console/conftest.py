"""The demonstration's day in the console; the clock stands at its end."""

import pytest
from starlette.types import ASGIApp
from support.console_app import console

from analyzer.store.layout import Store


@pytest.fixture(scope="module")
def running(recorded: Store) -> ASGIApp:
    """One for all tests of a module, as for all who open its pages: a catalog answers many."""
    return console(recorded)


@pytest.fixture
def app(running: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> ASGIApp:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    return running
