"""What a check is run in and talks to, for a test each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.receivers import Place, Receiver, receiving, see


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Place:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return Place(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="session")
def _store_of_a_loss(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("loss") / "store"
    see(store, "02:10")
    see(store, "02:15", "lnx1")
    return store


@pytest.fixture
def loss(place: Place, _store_of_a_loss: Path) -> Place:
    """A place whose host lnx1 was lost between 02:10 and 02:15, and nothing else happened."""
    shutil.copytree(_store_of_a_loss, place.root / "store")
    return place


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
