"""A browser for the session, and the pages that it looks at."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support import browser_tab as chromium
from support.pages import daily
from support.served_console import served

from analyzer import demo
from analyzer.store.layout import Store


@pytest.fixture(scope="session")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Tab]:
    if chromium.CHROMIUM is None:
        pytest.skip("no chromium here")
    with chromium.browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="session")
def day(recorded: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's day as a page."""
    until = datetime.combine(demo.DAY, datetime.min.time()) + timedelta(days=1)
    return daily(recorded, tmp_path_factory.mktemp("page") / "day.html", until)


@pytest.fixture(scope="module")
def url(recorded: Store) -> Iterator[str]:
    """Where the console shows the demonstration's day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
        with served(recorded) as there:
            yield there
