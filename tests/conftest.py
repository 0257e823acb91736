"""What all tests share: golden files, and a recorded day to ask questions of."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings
from support import array_builder, catalogs, steps
from support.effort import THOROUGH, effort
from support.folding import folded_together, parsed_once
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from analyzer import demo
from analyzer.collect import files as from_files
from analyzer.history import views
from analyzer.inventories import INVENTORIES
from analyzer.report.catalog import Catalog
from analyzer.simulate import Replay, World, base_world, script
from analyzer.store import publish
from analyzer.store.layout import Store

# The main module of a parallel worker has no file, which pyspark takes for a run of its doctests.
vars(sys.modules["__main__"]).setdefault("__file__", __file__)
REFRESH = views.refresh
# Stores of tests are made in memory where there is room: nobody waits for a disk.
_MEMORY = Path("/dev/shm")
_ROOM = 2_000_000_000  # bytes
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    for variable in ("TMPDIR", "PYTEST_DEBUG_TEMPROOT"):
        os.environ.setdefault(variable, str(_MEMORY))
    tempfile.tempdir = None  # it may have been looked up before
settings.register_profile("suite", max_examples=effort(8, 100), deadline=None)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files")


# Folders whose tests share something that is dear to start: one worker takes them all.
TOGETHER = {"browser", "engine", "evidence", "scenario", "server"}
# What takes longest, which comes first: no worker begins it when the others have nothing left.
LONG = ["scenario", "test_damage", "engine", "server", "test_laws", "test_withdraw", "test_docs"]


def _shares(path: Path) -> str:
    """Whose tests share what they make: a folder, or a module."""
    return path.parent.name if path.parent.name in TOGETHER else path.stem


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not THOROUGH:
        items[:] = [item for item in items if item.get_closest_marker("thorough") is None]
    shares = {item: _shares(item.path) for item in items}
    items.sort(key=lambda item: LONG.index(shares[item]) if shares[item] in LONG else len(LONG))


class WholeModules(LoadScopeScheduling):
    """A worker takes a folder or a module whole, so that what its tests share is made once.

    ``--dist loadgroup`` does not: xdist 3.8 marks groups in a way that pytest 9.2 does not read.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _shares(Path(nodeid.partition("::")[0]))


@pytest.hookimpl(tryfirst=True, optionalhook=True)  # before xdist's own; without it nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeModules:
    return WholeModules(config, log)


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """No machine loses its power here; processes that tests start wait as always."""
    with publish.unsynced():
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_views_for_other_shells() -> Iterator[None]:
    """Making ``history.duckdb`` costs more than all else of a small store; see ``views``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analyzer.history.views.refresh", lambda _store: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _equal_pictures_are_drawn_once() -> Iterator[None]:
    """Drawing takes longer than a report; that others draw the same, ``test_month_end`` proves."""
    if find_spec("vl_convert") is None:
        yield
        return
    convert = import_module("vl_convert")
    draw, pictures = convert.vegalite_to_svg, dict[str, str]()

    def drawn(specification: dict[str, object]) -> str:
        text = json.dumps(specification)
        if text not in pictures:
            pictures[text] = draw(specification)
        return pictures[text]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "vegalite_to_svg", drawn)
        yield


@pytest.fixture
def views_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that look at ``history.duckdb``, or at every step of a writer."""
    monkeypatch.setattr("analyzer.history.views.refresh", REFRESH)


@pytest.fixture(scope="module")
def engines_left_open() -> Iterator[None]:
    """For modules whose tests run many commands on one store; see ``support.catalogs``."""
    with catalogs.left_open():
        yield


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANALYZER_STORE", "ANALYZER_CONFIG", "ANALYZER_NOW", "ANALYZER_ENGINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with a golden file beside the test, as bytes."""
    folder = request.path.parent / "golden"

    def compare(name: str, text: str) -> None:
        path = folder / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        assert path.is_file(), f"{path} is missing; pytest --update-golden writes it"
        assert path.read_bytes().decode() == text, f"{name}; pytest --update-golden rewrites it"

    return compare


def bring(
    store: Store, folder: Path, taken_at: datetime, world: World, cluster: str = "prod-a"
) -> str:
    """Import the world as it is, through files as a user would; returns the status."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, records in [
        ("sessions", world.sessions()),
        *((name, world.inventory(name)) for name in INVENTORIES),
    ]:
        files[name] = folder / f"{name}.json"
        files[name].write_text(json.dumps({"records": records, "num_records": len(records)}))
    sessions = files.pop("sessions")
    attempt, _code = from_files.bring(store, cluster, taken_at, [sessions], files, future=True)
    return attempt.status


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The demonstration's day, looked at when something happens and every six hours."""
    folder = tmp_path_factory.mktemp("recorded")
    store = Store(folder / "store")
    start = datetime.combine(demo.DAY, datetime.min.time())
    replay = Replay(base_world(), script(demo.DAY, demo.INCIDENT))
    minutes = [0, 130, 135, 165, 170, 360, 395, 540, 545, 660, 675, 800, 805, 825, 1095, 1440]
    with folded_together(store, "prod-a"), parsed_once():
        for minute in minutes:
            instant = start + timedelta(minutes=minute)
            bring(store, folder / "answers", instant, replay.advance(instant))
        from_files.fail(store, "prod-a", start + timedelta(minutes=665), "HTTP 401")
    return store


@pytest.fixture
def sample(recorded: Store, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """The recorded day as tables; the clock stands at its end."""
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    return catalogs.opened(recorded, datetime(2026, 11, 24))


@pytest.fixture
def world(tmp_path: Path) -> array_builder.World:
    return array_builder.four_hosts(tmp_path)


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, BaseException]:
    """What the tests in steps of the module raised; see ``support.steps``."""
    items = [item for item in request.session.items if item.path == request.path]
    return steps.run(items, tmp_path_factory.mktemp("together"))
