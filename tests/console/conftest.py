"""The demonstration's day in the console; the clock stands at its end."""

import pytest
from starlette.types import ASGIApp
from support.console_app import console

from analyzer.store.layout import Store


@pytest.fixture
def app(recorded: Store, monkeypatch: pytest.MonkeyPatch) -> ASGIApp:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    return console(recorded)
