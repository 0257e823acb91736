"""A browser for the session, and the pages that it looks at."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support import browser_tab as chromium
from support.hostile import hostile_store
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


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return hostile_store(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def hostile_url(hostile: Store, engines_left_open: None) -> Iterator[str]:
    """Where the console shows names that no array should have; the test sets its clock."""
    with served(hostile) as there:
        yield there


@pytest.fixture(scope="module")
def url(recorded: Store, engines_left_open: None) -> Iterator[str]:
    """Where the console shows the demonstration's day; the test sets its clock."""
    with served(recorded) as there:
        yield there
