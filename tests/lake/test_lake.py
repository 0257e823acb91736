"""What other engines read is what the history has, and an export writes what changed."""

import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import polars as pl
import pytest
from deltalake import DeltaTable
from support import lakes
from support.effort import effort
from support.snapshot_rows import START, lone, row, stored

import analyzer.lake
from analyzer import cli, demo, history
from analyzer.engine.tables import COLUMNS
from analyzer.inventories import INVENTORIES
from analyzer.lake import generation
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot

NEW_YEAR = 57_000  # minutes from START: the first days of the year after
LOOKS = [
    (0, [1, 2, 3]), (5, [1, 2]), (10, [1, 2, 3]), (15, [2]), (20, [1, 2]),
    (NEW_YEAR, [1, 3]), (NEW_YEAR + 5, [3]),
]  # fmt: skip
Export = Callable[..., int]


def look(minute: int, hosts: list[int]) -> Snapshot:
    """The sessions of these hosts; in the first ones an igroup of which the third left once."""
    taken = lone("complete", [row("a", host, 1) for host in hosts], minute)
    if minute > 10:
        return taken
    login = {"initiator": "iqn.h3", "interface_uuid": "L", "last_seen": START}
    igroup = dict.fromkeys(INVENTORIES["igroups"].schema) | {"uuid": "u", "name": "n"}
    rows = [igroup | {"ended_logins": [login] if minute == 5 else None}]
    igroups = pl.DataFrame(rows, schema=INVENTORIES["igroups"].schema)
    return replace(taken, inventories={"igroups": Listing("complete", None, igroups)})


@pytest.fixture(scope="module")
def original(recorded: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded day of one cluster, and of another one a winter."""
    folder = tmp_path_factory.mktemp("lake")
    shutil.copytree(recorded.root, folder / "store")
    with demo.at(datetime(2027, 2, 1)):
        store = stored(str(folder), "store", [look(*at) for at in LOOKS])
        history.record(store, lone("partial", [row("a", 9, 1)], 25))
    return store.root


@pytest.fixture
def store(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("ANALYZER_NOW", "2027-02-01T00:00:00Z")
    return Store(Path(shutil.copytree(original, tmp_path / "store")))


@pytest.fixture
def export(store: Store) -> Export:
    def call(kind: str, target: object, *options: str) -> int:
        words = ["--quiet", "--store", str(store.root), "export", kind, str(target), *options]
        return cli.status(words)

    return call


def assert_same(store: Store, target: object, reads: dict[str, lakes.Read]) -> None:
    for table, expected in lakes.ours(store).items():
        for engine, read in reads.items():
            assert read(str(target), table) == expected, (engine, table)


KINDS = {"delta": lakes.DELTA, "parquet": lakes.PARQUET}
CHANGES: dict[str, Callable[[Store], object]] = {
    "another look": lambda s: history.record(s, look(NEW_YEAR + 10, [1, 2])),
    "a quiet look": lambda s: history.record(s, look(NEW_YEAR + 15, [1, 2])),
    "a late look": lambda s: history.record(s, look(7, [2, 3])),
    "a failed look": lambda s: history.record(s, lone("failed", [], NEW_YEAR + 20)),
    "an empty look that is not believed yet": lambda s: history.record(s, look(NEW_YEAR + 25, [])),
    "compact": lambda s: history.compact(s, "c1", START + timedelta(minutes=NEW_YEAR)),
    "prune": lambda s: history.prune(s, "c1", START + timedelta(minutes=18)),
    "rebuild": lambda s: history.rebuild(s, "c1"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_engine_reads_what_the_history_has_whatever_happens_to_it(
    kind: str, store: Store, export: Export, tmp_path: Path
) -> None:
    target = tmp_path / "lake"
    assert export(kind, target) == 0
    assert_same(store, target, KINDS[kind])
    for number, change in enumerate(CHANGES.values(), 1):
        change(store)
        if number % effort(3, 1) and number < len(CHANGES):
            continue  # several changes between two exports are no less
        assert export(kind, target) == 0
        every = KINDS[kind]
        assert_same(store, target, every if number == len(CHANGES) else dict([*every.items()][:1]))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_lie_by_cluster_and_by_the_year_in_which_they_ended(
    kind: str, export: Export, tmp_path: Path
) -> None:
    export(kind, tmp_path / "lake")
    below = tmp_path / "lake" / ("latest/spells" if kind == "parquet" else "spells")
    folders = {str(path.parent.relative_to(below)) for path in below.rglob("*.parquet")}
    assert folders == {
        "cluster=c1/year=2026", "cluster=c1/year=2027", "cluster=c1/year=9999",
        "cluster=prod-a/year=2026", "cluster=prod-a/year=9999",
    }  # fmt: skip


def test_only_clusters_that_changed_are_written_to_delta(
    store: Store, export: Export, tmp_path: Path
) -> None:
    target = tmp_path / "lake"
    export("delta", target)
    before = {table: set(DeltaTable(target / table).file_uris()) for table in COLUMNS}
    export("delta", target)
    assert all(DeltaTable(target / table).version() == 0 for table in COLUMNS)
    history.record(store, look(NEW_YEAR + 10, [1, 3]))
    export("delta", target)
    versions = {table: DeltaTable(target / table).version() for table in COLUMNS}
    assert versions == dict.fromkeys(COLUMNS, 0) | {"attempts": 1, "spells": 1}
    for table in ("attempts", "spells"):
        now = set(DeltaTable(target / table).file_uris())
        assert not any("prod-a" in uri for uri in now ^ before[table])
    # Rows that ended in earlier parts of the history stay where they are.
    ended = {uri for uri in before["spells"] if "c1/year=2026" in uri}
    assert ended <= set(DeltaTable(target / "spells").file_uris())


def test_only_files_that_changed_are_written_to_a_generation(
    store: Store, export: Export, tmp_path: Path
) -> None:
    target = tmp_path / "lake"
    export("parquet", target)
    before = lakes.files(target / "latest")
    history.record(store, look(NEW_YEAR + 10, [1, 3]))
    export("parquet", target)
    after = lakes.files(target / "latest")
    written = {name for name, inode in after.items() if before.get(name) != inode}
    assert written
    assert {Path(name).parts[:2] for name in written} == {
        ("attempts", "cluster=c1"), ("spells", "cluster=c1")
    }  # fmt: skip
    export("parquet", target)
    assert len(list((target / "generations").iterdir())) == 2


def test_an_export_that_is_killed_leaves_the_one_before(
    store: Store, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "lake"
    export("parquet", target)
    expected = lakes.by_duckdb(str(target), "spells")
    history.record(store, look(NEW_YEAR + 10, [1, 2]))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("_link", "_point"):
        with monkeypatch.context() as patch:
            patch.setattr(generation, step, killed)
            assert export("parquet", target) == 130
        assert lakes.by_duckdb(str(target), "spells") == expected
    assert export("parquet", target) == 0
    assert_same(store, target, lakes.PARQUET)


def test_two_exports_at_once_are_one_after_the_other(export: Export, tmp_path: Path) -> None:
    (tmp_path / "lake" / "generations").mkdir(parents=True)
    with generation._locked(tmp_path / "lake" / "generations"):
        assert export("parquet", tmp_path / "lake") == 75
    assert export("parquet", tmp_path / "lake") == 0


def test_what_somebody_else_wrote_is_put_right(
    store: Store, export: Export, tmp_path: Path
) -> None:
    target = tmp_path / "lake"
    export("delta", target)
    DeltaTable(target / "spells").delete("svm = 'a'")
    assert lakes.by_polars(str(target), "spells") != lakes.ours(store)["spells"]
    export("delta", target)
    assert_same(store, target, {"Polars": lakes.by_polars})


def test_the_care_of_a_table_is_no_reason_to_write_it_anew(
    store: Store, export: Export, tmp_path: Path
) -> None:
    target = tmp_path / "lake"
    export("delta", target)
    history.record(store, look(NEW_YEAR + 10, [1, 2]))
    export("delta", target)
    DeltaTable(target / "spells").optimize.compact()
    DeltaTable(target / "spells").vacuum(0, dry_run=False, enforce_retention_duration=False)
    version = DeltaTable(target / "spells").version()
    export("delta", target)
    assert DeltaTable(target / "spells").version() == version
    history.record(store, look(NEW_YEAR + 15, [1, 3]))
    export("delta", target)
    assert_same(store, target, {"Polars": lakes.by_polars})


def test_stores_of_several_sites_share_a_lake(store: Store, export: Export, tmp_path: Path) -> None:
    target = tmp_path / "lake"
    assert export("delta", target, "--cluster", "c1") == 0
    assert export("delta", target, "--cluster", "prod-*") == 0
    assert export("delta", target) == 0
    assert max(DeltaTable(target / table).version() for table in COLUMNS) == 1
    assert_same(store, target, {"Polars": lakes.by_polars})


def test_a_damaged_cluster_is_named_and_the_others_are_exported(
    store: Store, export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.history_folder("c1") / "manifest.json").write_text("{")
    assert export("delta", tmp_path / "lake") == 4
    assert "c1 is left out" in capsys.readouterr().err
    clusters = set(pl.read_delta(tmp_path / "lake" / "spells")["cluster"])
    assert clusters == {"prod-a"}


def test_a_wrong_place_is_one_sentence(
    export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    for kind in KINDS:
        assert export(kind, tmp_path / "file" / "lake") in {2, 4}
        assert "cannot write" in capsys.readouterr().err
    assert export("delta", tmp_path / "lake", "--cluster", "nobody") == 2


def test_a_place_in_the_store_is_refused(
    store: Store, export: Export, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(store.root.iterdir())
    for kind in KINDS:
        assert export(kind, store.root / "lake") == export(kind, store.root) == 2
        assert "is in the store" in capsys.readouterr().err
    assert sorted(store.root.iterdir()) == before


def test_a_full_disk_is_one_sentence(
    export: Export, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, limits[1]))
    try:
        assert export("delta", tmp_path / "lake") == 4
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (line,) = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"analyzer: cannot write \S+/lake/\w+: .*: File too large .*", line)


def test_without_the_extra_it_says_what_to_install(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "deltalake", None)
    monkeypatch.delitem(sys.modules, "analyzer.lake.delta", raising=False)
    monkeypatch.delattr(analyzer.lake, "delta", raising=False)
    assert export("delta", tmp_path / "lake") == 2
    assert "needs the extra 'lake'" in capsys.readouterr().err


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket on a server of object storage on loopback, in a process of its own."""
    pytest.importorskip("moto")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    for name, value in {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "reader", "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "demonstration", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            httpx.put(f"{url}/history").raise_for_status()
            yield "s3://history/iscsi"
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return


def test_object_storage_has_the_same(store: Store, export: Export, bucket: str) -> None:
    assert export("delta", bucket) == 0
    history.record(store, look(NEW_YEAR + 10, [1, 2]))
    assert export("delta", bucket) == 0
    assert_same(store, bucket, {"Polars": lakes.by_polars, "deltalake": lakes.by_deltalake})


def test_the_code_of_the_page_reads_what_the_commands_of_the_page_write(
    store: Store, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert export("parquet", "lake/files") == 0
    page = (Path(__file__).parents[2] / "docs" / "lake.md").read_text(encoding="utf-8")
    duckdb, polars = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec(duckdb, names)
    assert names["spells"] == [(len(lakes.ours(store)["spells"]),)]
    exec(polars, names)
