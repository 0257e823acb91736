"""What can go wrong with a store: each kind is named by whoever meets it, and makes nothing worse."""

import json
import os
import random
import re
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pytest
from support.array_builder import A2, T0, World, linux
from support.effort import effort
from support.snapshot_rows import lone

import analyzer
from analyzer import cli, clock, demo, history
from analyzer.collect.doctor import check_store
from analyzer.console import html_file
from analyzer.errors import StoreError, UsageError
from analyzer.history import History, register, views
from analyzer.history import manifest as manifests
from analyzer.report.catalog import Catalog
from analyzer.schema import TABLES
from analyzer.store.layout import Store
from analyzer.store.snapshot import Snapshot

FLIPS = effort(15, 500)
END = T0 + timedelta(days=1)
NAMES = ["attempts", *(table.name for table in TABLES)]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster with losses, a partial and a failed answer, and an inventory that changes.

    Beside it one that is as short as it can be with losses of its own.
    """
    root = tmp_path_factory.mktemp("damage") / "store"
    world, beside = (
        World(root, cluster, sessions=[*linux(1), *linux(2)], inventories=("interfaces",))
        for cluster in ("prod-a", "prod-b")
    )
    world.take(2).without("lnx1", A2).take().change(A2, node="n1").take()
    world.take(status="partial").take(status="failed").take()
    beside.take().without("lnx1", A2).take()
    return root


@pytest.fixture(scope="module")
def before(original: Path) -> dict[str, list[str]]:
    """What the tables have of prod-a as long as nothing is damaged."""
    return answers(Store(original))


@pytest.fixture
def store(original: Path, tmp_path: Path) -> Store:
    shutil.copytree(original, tmp_path / "store", copy_function=shutil.copyfile)
    return Store(tmp_path / "store")


def folder(store: Store, cluster: str = "prod-a") -> Path:
    return store.history_folder(cluster)


def manifest(store: Store, cluster: str = "prod-a") -> Path:
    return folder(store, cluster) / manifests.NAME


def previous(store: Store) -> Path:
    return manifest(store).with_name(manifests.PREVIOUS)


def part(store: Store, kind: str, cluster: str = "prod-a") -> Path:
    return max(folder(store, cluster).glob(f"{kind}-*.parquet"))


def session_file(store: Store, cluster: str = "prod-a", number: int = 1) -> Path:
    return store.snapshot(cluster, store.instants(cluster)[number])


def answers(store: Store, cluster: str = "prod-a") -> dict[str, list[str]]:
    """Every row that the tables have of a cluster."""
    with demo.at(END):
        catalog = Catalog(store, [cluster])
        rows = {name: sorted(map(str, catalog.run(f"from {name}").rows)) for name in NAMES}
        catalog.close()
    return rows


def contents(store: Store, cluster: str = "prod-a") -> dict[str, bytes]:
    """The files of a cluster, history and snapshots, but for the notes of a writer."""
    files: dict[str, bytes] = {}
    for top in (folder(store, cluster), store.snapshot_folder(cluster)):
        for path in sorted(top.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.parent.name != "pending":
                files[str(path.relative_to(store.root))] = path.read_bytes()
    return files


def edited(store: Store, change: Callable[[manifests.Manifest], None]) -> None:
    """Write a manifest that is whole but says something else."""
    read = manifests.read(store, "prod-a")
    assert read is not None
    change(read)
    manifests.write(store, read, keep_previous=False)


def swap(path: Path, other: Path) -> None:
    first, second = path.read_bytes(), other.read_bytes()
    path.write_bytes(second)
    other.write_bytes(first)


def linked(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    """In place of the file: nobody writes, so that whoever opens it waits for ever."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def rows_changed(path: Path) -> None:
    frame = pl.read_parquet(path, hive_partitioning=False)
    frame.with_columns(node=pl.lit("n9")).write_parquet(path)


def named_twice(read: manifests.Manifest) -> None:
    read.attempts.append(read.attempts[-1])


def elsewhere(name: str) -> Callable[[manifests.Manifest], None]:
    def change(read: manifests.Manifest) -> None:
        read.tables["spells"].open = name

    return change


def empty_answer(minute: int, cluster: str = "prod-a") -> Snapshot:
    return replace(
        lone("complete", [], 0), cluster=cluster, taken_at=T0 + timedelta(minutes=minute)
    )


@dataclass(frozen=True)
class Kind:
    """One kind of damage to prod-a, and what it is called."""

    damage: Callable[[Store], object]
    words: str


# What readers and writers meet: the manifest, and the files that it names.
HISTORY = {
    "empty manifest": Kind(lambda s: manifest(s).write_bytes(b""), "manifest.json is damaged"),
    "manifest cut short": Kind(
        lambda s: manifest(s).write_bytes(manifest(s).read_bytes()[:200]),
        "manifest.json is damaged",
    ),
    "manifest of another shape": Kind(
        lambda s: manifest(s).write_text("[1, 2]"), "manifest.json is damaged"
    ),
    "manifest of deep brackets": Kind(
        lambda s: manifest(s).write_text("[" * 100_000), "manifest.json is damaged"
    ),
    "manifest edited by hand": Kind(
        lambda s: manifest(s).write_text(manifest(s).read_text().replace('"last"', '"past"')),
        "its checksum differs",
    ),
    "missing manifest": Kind(
        lambda s: manifest(s).unlink(), "manifest.json is missing beside other files"
    ),
    "missing history": Kind(
        lambda s: shutil.rmtree(folder(s)), "manifest.json is missing beside snapshots"
    ),
    "folder for a manifest": Kind(lambda s: as_folder(manifest(s)), "it is no regular file"),
    "pipe for a manifest": Kind(lambda s: as_pipe(manifest(s)), "it is no regular file"),
    "pipe for a file": Kind(lambda s: as_pipe(part(s, "attempts")), "is not there"),
    "newer manifest": Kind(
        lambda s: manifest(s).write_text('{"format":7,"novel":{}}'), "a newer version of analyzer"
    ),
    "manifest of another cluster": Kind(
        lambda s: manifest(s).write_bytes(manifest(s, "prod-b").read_bytes()),
        "is the manifest of prod-b, not of prod-a",
    ),
    "file named twice": Kind(lambda s: edited(s, named_twice), "cannot be"),
    "file outside": Kind(
        lambda s: edited(s, elsewhere("../../x/spells.open-1-1.parquet")), "among its spells.open"
    ),
    "absolute file": Kind(
        lambda s: edited(s, elsewhere("/etc/spells.open-1-1.parquet")), "among its spells.open"
    ),
    "file of another kind": Kind(
        lambda s: edited(s, elsewhere("interfaces.open-1-00000001.parquet")),
        "among its spells.open",
    ),
    "link for a file": Kind(
        lambda s: linked(part(s, "spells.open"), part(s, "spells.open", "prod-b")),
        "is not there",
    ),
    "missing file": Kind(lambda s: part(s, "spells.closed").unlink(), "is not there"),
    "folder for a file": Kind(lambda s: as_folder(part(s, "interfaces.open")), "is not there"),
}
# Nothing is left of the cluster but that it once had a history.
GONE = {
    "missing history and snapshots": Kind(
        lambda s: (shutil.rmtree(folder(s)), shutil.rmtree(s.snapshot_folder("prod-a"))),
        "manifest.json is missing, and so are the snapshots",
    )
}
# What is met where the file is read.
FILES = {
    "empty attempts": Kind(lambda s: part(s, "attempts").write_bytes(b""), "attempts-.*parquet"),
    "attempts of another cluster": Kind(
        lambda s: swap(part(s, "attempts"), part(s, "attempts", "prod-b")), "digest differs"
    ),
    "open spells cut short": Kind(
        lambda s: part(s, "spells.open").write_bytes(part(s, "spells.open").read_bytes()[:300]),
        "digest differs",
    ),
    "closed spells of another cluster": Kind(
        lambda s: swap(part(s, "spells.closed"), part(s, "spells.closed", "prod-b")),
        "digest differs",
    ),
    "empty inventory": Kind(
        lambda s: part(s, "interfaces.open").write_bytes(b""), "digest differs"
    ),
}
FILES["changed rows"] = Kind(lambda s: rows_changed(part(s, "interfaces.open")), "digest differs")


def all_of(kinds: dict[str, Kind], *quick: str) -> list[object]:
    """Parameters: all kinds in the thorough suite, in the quick one those that are mended differently.

    ``verify`` names every kind in every suite, and each row of docs/store.md happens in it.
    """
    assert kinds.keys() >= {*quick}
    return [
        pytest.param(kind, id=name, marks=() if name in quick else pytest.mark.thorough)
        for name, kind in kinds.items()
    ]


# What only verify looks at.
SNAPSHOTS = {
    "empty session file": Kind(lambda s: session_file(s).write_bytes(b""), "not a whole snapshot"),
    "folder for a session file": Kind(lambda s: as_folder(session_file(s)), "not a whole snapshot"),
    "pipe for a session file": Kind(lambda s: as_pipe(session_file(s)), "it is no regular file"),
    "pipe for an inventory file": Kind(
        lambda s: as_pipe(s.snapshot("prod-a", s.instants("prod-a")[1], "interfaces")),
        "it is no regular file",
    ),
    "session file of another cluster": Kind(
        lambda s: shutil.copyfile(session_file(s, "prod-b"), session_file(s)),
        "is the snapshot of prod-b",
    ),
    "session file of another instant": Kind(
        lambda s: shutil.copyfile(session_file(s, number=0), session_file(s)),
        "is the snapshot of prod-a at",
    ),
    "empty inventory file": Kind(
        lambda s: s.snapshot("prod-a", s.instants("prod-a")[1], "interfaces").write_bytes(b""),
        "cannot be read",
    ),
    "missing inventory file": Kind(
        lambda s: s.snapshot("prod-a", s.instants("prod-a")[1], "interfaces").unlink(),
        "cannot be read",
    ),
    "inventory of other rows": Kind(
        lambda s: rows_changed(s.snapshot("prod-a", s.instants("prod-a")[1], "interfaces")),
        "not those that were written",
    ),
    "destroyed rows": Kind(
        lambda s: session_file(s).write_bytes(
            b"PAR1" + bytes(900) + session_file(s).read_bytes()[904:]
        ),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("kind", [*HISTORY.values(), *GONE.values()], ids=[*HISTORY, *GONE])
def test_a_damaged_history_is_named_by_all_and_touched_by_none(store: Store, kind: Kind) -> None:
    kind.damage(store)
    before = contents(store)
    with pytest.raises(StoreError, match=kind.words):
        answers(store)
    for write in (
        lambda: history.record(store, empty_answer(1)),
        lambda: history.compact(store, "prod-a", END),
        lambda: history.prune(store, "prod-a", END),
    ):
        with pytest.raises(StoreError, match=kind.words):
            write()
    assert kind.words in (history.verify(store, "prod-a").problem or "")
    assert contents(store) == before
    assert history.verify(store, "prod-b").problem is None
    history.record(store, empty_answer(9_000, "prod-b"))


UNREADABLE = (
    HISTORY
    | GONE
    | {
        name: replace(FILES[name], words=words)
        for name, words in {
            "empty attempts": "too small to be a Parquet file",
            "open spells cut short": "cluster=prod-a/spells.open",
            "empty inventory": "cluster=prod-a/interfaces.open",
        }.items()
    }
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program over the store: exit status, answer, narration."""
    monkeypatch.setenv("ANALYZER_NOW", clock.iso(END))

    def run(*arguments: str, quiet: bool = True) -> tuple[int, str, str]:
        capsys.readouterr()
        silence = ["--quiet"] if quiet else []
        code = cli.status(["--store", str(store.root), *silence, *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("kind", all_of(
    UNREADABLE, "empty manifest", "missing history", "missing file", "open spells cut short",
))  # fmt: skip
def test_readers_go_on_with_the_healthy_clusters_and_name_the_damaged_one(
    store: Store, run: Run, kind: Kind
) -> None:
    kind.damage(store)
    code, answer, narration = run("snapshots", "--since", "2d", "--format", "json")
    assert code == 4
    assert narration.startswith("analyzer: prod-a is left out: ")
    assert kind.words in narration
    report = json.loads(answer)
    assert [row["cluster"] for row in report["rows"]] == ["prod-b"] * 2
    damaged, healthy = report["coverage"]
    (unknown,) = damaged["unknown"]
    assert (damaged["cluster"], damaged["complete"]) == ("prod-a", 0)
    assert (unknown["after"], unknown["by"]) == (None, None)
    assert kind.words in unknown["reason"]
    assert (healthy["cluster"], healthy["complete"]) == ("prod-b", 2)


@pytest.mark.parametrize("arguments", [
    ["report", "sessions"], ["report", "blind", "--fail-on", "low"],
    ["check", "--report", "outages"], ["status"],
    pytest.param(["page"], marks=pytest.mark.thorough),  # asks as many reports ask
    ["paths"], ["diff", "previous", "latest"], ["timeline", "*"], ["policy", "suggest"], [],
    ["sql", "select cluster from attempts"],
], ids=" ".join)  # fmt: skip
def test_every_question_answers_for_the_healthy_cluster_and_ends_with_4(
    store: Store, run: Run, arguments: list[str]
) -> None:
    manifest(store).write_bytes(b"")
    code, answer, narration = run(*arguments)
    assert code == 4
    assert narration.count("prod-a is left out: ") == 1
    assert answer


def test_a_damaged_cluster_that_is_not_selected_is_none_of_the_answer(
    store: Store, run: Run
) -> None:
    manifest(store).write_bytes(b"")
    code, answer, narration = run("report", "sessions", "--cluster", "prod-b", "--format", "json")
    assert (code, narration) == (0, "")
    assert [cover["cluster"] for cover in json.loads(answer)["coverage"]] == ["prod-b"]
    code, answer, narration = run("report", "sessions", "--cluster", "prod-a")
    assert (code, answer) == (4, "")
    assert "manifest.json is damaged" in narration


def test_an_evidence_bundle_does_not_leave_out_a_cluster(
    store: Store, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_file, "of_reports", lambda *_: "")  # tests/evidence reads the page
    manifest(store).write_bytes(b"")
    bundle = tmp_path / "bundle.zip"
    assert run("evidence", "--since", "2d", "--output", str(bundle))[0] == 4
    assert not bundle.exists()
    assert run("evidence", "--since", "2d", "--cluster", "prod-b", "--output", str(bundle))[0] == 0


def test_a_page_that_is_damaged_beside_a_whole_footer_is_named_with_status_4(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.engine.tables._SMALL_ROWS", -1)  # read where it is asked for
    path = part(store, "spells.closed")
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    code, answer, narration = run("sql", "from spells")
    assert (code, answer) == (4, "")
    assert re.search(r"cluster=prod-a/spells\.closed-\S+ is damaged: its digest differs", narration)


@pytest.mark.parametrize("name", ["attempts", "spells.open", "interfaces.open"])
def test_a_file_of_another_cluster_is_not_taken_for_what_was_written(
    store: Store, name: str
) -> None:
    path = part(store, name)
    path.write_bytes(part(store, name, "prod-b").read_bytes())
    with demo.at(END):
        catalog = Catalog(store)
        assert path.name in catalog.damaged["prod-a"]
        table = name.removesuffix(".open")
        assert catalog.run(f"select distinct cluster from {table}").rows == [("prod-b",)]
        catalog.close()


def test_a_statement_that_fails_over_whole_files_is_the_statements_own_fault(
    store: Store, run: Run
) -> None:
    code, _, narration = run("sql", "select cast(cluster as int) from attempts")
    assert code == 2
    assert "Could not convert string 'prod-a'" in narration


def test_a_configured_cluster_that_is_damaged_is_not_called_never_collected(
    store: Store, run: Run, tmp_path: Path
) -> None:
    config = tmp_path / "analyzer.toml"
    config.write_text(
        "".join(
            f'[[clusters]]\nname = "{name}"\nurl = "https://192.0.2.1"\nusername = "u"\n'
            'password_env = "P"\n'
            for name in ("prod-a", "prod-b")
        )
    )
    manifest(store).write_bytes(b"")
    code, answer, _ = run("--config", str(config), "check", "--report", "blind", "--format", "json")
    assert code == 4
    (blind,) = json.loads(answer)["reports"]
    assert [row["cluster"] for row in blind["rows"]] == ["prod-b"]


def test_an_alert_of_a_cluster_is_not_over_because_its_history_is_damaged(
    store: Store, run: Run
) -> None:
    check = ("check", "--once", "--report", "blind", "--since", "2d", "--format", "json")
    assert run(*check)[0] == 1
    alerts = json.loads(store.alerts.read_text())["alerts"]
    assert {alert["cluster"] for alert in alerts.values()} == {"prod-a", "prod-b"}
    whole = manifest(store).read_bytes()
    manifest(store).write_bytes(whole[:200])
    for _ in range(2):
        code, answer, _ = run(*check)
        assert (code, json.loads(answer)["exit_code"]) == (4, 4)
        assert not any(json.loads(answer)["news"][event] for event in ("new", "over", "muted"))
    after = json.loads(store.alerts.read_text())["alerts"]
    assert {key: alert["open"] for key, alert in after.items()} == {
        key: alert["open"] for key, alert in alerts.items()
    }
    manifest(store).write_bytes(whole)
    code, answer, _ = run(*check)
    assert (code, json.loads(answer)["news"]) == (
        0, {"first": False, "new": [], "over": [], "muted": []}
    )  # fmt: skip


def test_a_monitor_hears_unknown_where_a_history_is_damaged(store: Store, run: Run) -> None:
    manifest(store).write_bytes(b"")
    code, answer, _ = run("check", "--plugin", "--report", "blind")
    assert code == 3
    assert answer.startswith("ISCSI UNKNOWN - ")
    assert "the history of prod-a is damaged" in answer


def test_python_is_warned_of_a_damaged_cluster(store: Store) -> None:
    manifest(store).write_bytes(b"")
    with pytest.warns(UserWarning, match=r"prod-a is left out: .*manifest.json is damaged"):
        archive = analyzer.open(store.root)
    with archive:
        assert archive.run("select distinct cluster from attempts").rows == [("prod-b",)]
        assert list(archive.damaged) == ["prod-a"]


@pytest.mark.parametrize("kind", FILES.values(), ids=list(FILES))
def test_a_damaged_file_is_named(store: Store, kind: Kind) -> None:
    kind.damage(store)
    assert re.search(kind.words, history.verify(store, "prod-a").problem or "")


@pytest.mark.parametrize("kind", all_of(FILES, "attempts of another cluster", "changed rows"))
def test_nothing_is_deleted_beside_a_damaged_file(store: Store, kind: Kind) -> None:
    kind.damage(store)
    snapshots = store.instants("prod-a")
    for let_go in (history.compact, history.prune):
        for dry_run in (True, False):
            with pytest.raises(StoreError, match=kind.words):
                let_go(store, "prod-a", END, dry_run=dry_run)
    assert store.instants("prod-a") == snapshots
    late, following = (empty_answer(minute) for minute in (1, 9_000))
    for write in (partial(history.record, store, late), partial(history.record, store, following)):
        with suppress(StoreError):  # not all read this file; none of them breaks on it
            write()
    rebuilt = history.rebuild(store, "prod-a")
    assert rebuilt.lost == []
    assert history.verify(store, "prod-a").problem is None


@pytest.mark.parametrize("kind", SNAPSHOTS.values(), ids=list(SNAPSHOTS))
def test_a_damaged_snapshot_is_named(store: Store, kind: Kind) -> None:
    kind.damage(store)
    assert kind.words in (history.verify(store, "prod-a").problem or "")


@pytest.mark.parametrize("kind", all_of(
    SNAPSHOTS, "folder for a session file", "session file of another instant",
    "inventory of other rows",
))  # fmt: skip
def test_a_damaged_snapshot_is_written_anew_from_the_history(
    store: Store, before: dict[str, list[str]], kind: Kind
) -> None:
    kind.damage(store)
    rebuilt = history.rebuild(store, "prod-a")
    assert len(rebuilt.rewritten) == 1
    assert history.verify(store, "prod-a").problem is None
    assert answers(store) == before


@pytest.mark.parametrize("kind", all_of(
    HISTORY, "empty manifest", "missing history", "folder for a manifest", "newer manifest",
    "file outside",
))  # fmt: skip
def test_rebuild_repairs_a_history_whose_snapshots_are_there(
    store: Store, before: dict[str, list[str]], kind: Kind
) -> None:
    kind.damage(store)
    if kind.words.startswith("a newer"):
        with pytest.raises(StoreError, match="a newer version"):
            history.rebuild(store, "prod-a", accept_loss=True)
        return
    history.rebuild(store, "prod-a")
    assert answers(store) == before
    assert history.verify(store, "prod-a").problem is None


@pytest.mark.parametrize("kind", all_of(
    HISTORY | FILES, "empty manifest", "newer manifest", "missing file", "file named twice",
    "attempts of another cluster",
))  # fmt: skip
def test_rebuild_loses_nothing_that_was_compacted_without_accept_loss(
    store: Store, kind: Kind
) -> None:
    history.compact(store, "prod-a", END)
    before = answers(store)
    kind.damage(store)
    names = contents(store).keys()
    lost = None
    with suppress(StoreError):
        lost = history.rebuild(store, "prod-a").lost
    if lost is None and not kind.words.startswith("a newer"):
        assert contents(store).keys() >= names
        assert history.rebuild(store, "prod-a", accept_loss=True).lost != []
    elif lost is not None:
        assert answers(store) == before
    if not kind.words.startswith("a newer"):
        assert history.verify(store, "prod-a").problem is None


def test_an_older_manifest_is_named_by_all_and_rebuild_takes_the_one_that_knows_more(
    store: Store,
) -> None:
    older_manifest(store)
    remaining = contents(store)
    words = "manifest.json is older than its history"
    with pytest.raises(StoreError, match=words):
        answers(store)
    with pytest.raises(StoreError, match=words):
        history.record(store, empty_answer(1_003))
    assert words in (history.verify(store, "prod-a").problem or "")
    assert contents(store) == remaining
    assert history.rebuild(store, "prod-a").lost == []
    with History.read(store, "prod-a") as whole:
        assert T0 + timedelta(minutes=1_001) in whole.folded_instants()
    assert history.verify(store, "prod-a").problem is None


def test_rebuild_on_an_older_manifest_alone_loses_what_came_later_only_when_told(
    store: Store, before: dict[str, list[str]]
) -> None:
    older_manifest(store)
    previous(store).unlink()
    remaining = contents(store)
    with pytest.raises(StoreError, match=r"nothing was changed: .* is older than its history"):
        history.rebuild(store, "prod-a")
    assert contents(store) == remaining
    assert len(history.rebuild(store, "prod-a", accept_loss=True).lost) == 1
    assert {*before["attempts"]} <= {*answers(store)["attempts"]}, "what it does know stays"
    assert history.verify(store, "prod-a").problem is None


def test_a_cluster_that_was_deleted_whole_is_named_until_its_loss_is_accepted(
    store: Store, run: Run
) -> None:
    GONE["missing history and snapshots"].damage(store)
    assert [c.name for c in check_store(store) if c.cluster == "prod-a"] == ["history"]
    code, _, narration = run("rebuild", "prod-a")
    assert code == 4
    assert "its history is gone, and so are its snapshots" in narration
    assert contents(store) == {}
    code, _, narration = run("rebuild", "--accept-loss", "prod-a")
    assert (code, "lost: its history is gone" in narration) == (0, True)
    history.record(store, empty_answer(9_000))
    assert run("verify") == (0, "", "")


def test_what_only_a_deleted_history_had_is_lost_once(store: Store) -> None:
    compacted_and_deleted(store)
    rebuilt = history.rebuild(store, "prod-a", accept_loss=True)
    assert (rebuilt.folded, len(rebuilt.lost)) == (1, 1)
    shutil.rmtree(folder(store))
    assert history.rebuild(store, "prod-a").lost == []


@pytest.mark.parametrize("place", [
    lambda store: store.marks, lambda store: store.alerts,
    lambda store: store.register_file("prod-a"),
], ids=["marks", "alerts", "register"])  # fmt: skip
def test_a_pipe_for_a_file_of_the_store_is_named_and_not_waited_for(
    store: Store, run: Run, place: Callable[[Store], Path]
) -> None:
    as_pipe(place(store))
    ended = [run(*words) for words in (["verify"], ["check", "--once", "--report", "blind"])]
    assert max(code for code, _, _ in ended) == 4
    assert any(f"{place(store)}" in narration for _, _, narration in ended)


def as_file(path: Path) -> None:
    """In place of the folder, whose files are gone."""
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("not a folder")


FOLDERS = [
    "locks", "leases", "leases/prod-a", "register", "history", "history/cluster=prod-a",
    "history/cluster=prod-a/pending", "snapshots", "snapshots/cluster=prod-a",
]  # fmt: skip


@pytest.mark.parametrize("name", FOLDERS)
def test_a_file_in_place_of_a_folder_is_named_by_all(store: Store, name: str) -> None:
    place = store.root / name
    as_file(place)
    remaining = contents(store)
    assert str(place) in (history.verify(store, "prod-a").problem or "")
    (damage,) = (check for check in check_store(store) if check.cluster == "prod-a")
    assert (str(place) in damage.detail, damage.exit_code) == (True, 4)
    with pytest.raises(StoreError):
        history.record(store, empty_answer(9_000))
    assert contents(store) == remaining, "nothing is stored that the exit status denies"


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in {"leases", "history", "snapshots/cluster=prod-a"}
                 else pytest.mark.thorough)
    for name in FOLDERS
])  # fmt: skip
def test_a_file_in_place_of_a_folder_is_set_aside_by_rebuild(
    store: Store, before: dict[str, list[str]], name: str
) -> None:
    place = store.root / name
    as_file(place)
    assert history.rebuild(store, "prod-a").lost == []
    assert answers(store) == before
    assert place.with_name(f"{place.name}.damaged").read_text() == "not a folder"
    assert history.verify(store, "prod-a").problem is None
    assert "prod-a.damaged" not in store.clusters()
    history.record(store, empty_answer(9_000))


def test_a_link_in_place_of_a_lock_is_not_written_through(store: Store, tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", store.root / f"locks/prod-a@{store.host}"
    victim.write_text("years of work")
    link.unlink(missing_ok=True)
    link.symlink_to(victim)
    with pytest.raises(StoreError, match=r"cannot write .*: Too many levels of symbolic links"):
        history.record(store, empty_answer(9_000))
    assert victim.read_text() == "years of work"


def test_a_folder_in_place_of_a_pending_snapshot_is_named(store: Store, run: Run) -> None:
    place = folder(store) / "pending" / "20261120T020100Z"
    place.mkdir(parents=True)
    code, _, narration = run("verify")
    assert (code, str(place) in narration) == (4, True)


def test_a_folder_in_place_of_the_database_is_named(store: Store, run: Run) -> None:
    store.database.unlink(missing_ok=True)
    store.database.mkdir()
    code, _, narration = run("verify")
    assert (code, str(store.database) in narration) == (4, True)


def test_a_file_in_place_of_a_day_of_snapshots_is_named(store: Store, run: Run) -> None:
    day = session_file(store).parent
    as_file(day)
    code, _, narration = run("verify")
    assert (code, str(day) in narration) == (4, True)


@pytest.mark.parametrize("damage", [
    lambda s: as_folder(s.register_file("prod-a")),
    lambda s: (previous(s).unlink(), previous(s).mkdir()),
    lambda s: (shutil.rmtree(s.register), s.register.symlink_to("nowhere")),
], ids=["folder", "folder for the previous manifest", "link to nowhere"])  # fmt: skip
def test_nothing_is_stored_where_a_file_cannot_be_replaced_and_rebuild_mends_it(
    store: Store, damage: Callable[[Store], object]
) -> None:
    damage(store)
    before = contents(store)
    with pytest.raises(StoreError, match="rebuild prod-a"):
        history.record(store, empty_answer(9_000))
    assert contents(store) == before
    history.rebuild(store, "prod-a")
    assert store.register_file("prod-a").is_file()
    assert previous(store).is_file()


def test_nothing_is_stored_while_a_damaged_entry_of_the_register_cannot_be_mended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def refuse(path: Path, **_: object) -> Iterator[Path]:
        raise StoreError(f"cannot write {path}")
        yield path

    store.register_file("prod-a").write_text("{")
    monkeypatch.setattr(register, "publish", refuse)
    before = contents(store)
    with pytest.raises(StoreError, match=r"cannot write .*prod-a\.json"):
        history.record(store, empty_answer(9_000))
    assert contents(store) == before


@pytest.mark.parametrize("size", [0, 600, 2000])
def test_a_disk_that_takes_no_more_is_said_in_plain_words_and_loses_nothing(
    store: Store, before: dict[str, list[str]], size: int
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        with pytest.raises(StoreError, match=r"cannot .*write[^{}]*: File too large$"):
            history.record(store, empty_answer(9_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert history.verify(store, "prod-a").problem is None
    assert answers(store) == before
    history.record(store, empty_answer(9_000))
    assert history.verify(store, "prod-a").problem is None


def test_a_damaged_entry_of_the_register_hides_nothing_else_and_the_next_snapshot_mends_it(
    store: Store,
) -> None:
    store.register_file("prod-a").write_bytes(b"{}")
    session_file(store).write_bytes(b"")
    verified = history.verify(store, "prod-a")
    assert verified.read > 0
    assert [word in text for word, text in zip(
        ("writes it anew, and so does the next snapshot", "not a whole snapshot"), verified.problems, strict=True
    )] == [True, True]  # fmt: skip
    history.record(store, empty_answer(9_000))
    assert len(history.verify(store, "prod-a").problems) == 1


def test_what_is_set_aside_does_not_replace_what_was_before(store: Store) -> None:
    for text in ("first", "second"):
        as_folder(manifest(store))
        (manifest(store) / "note").write_text(text)
        history.rebuild(store, "prod-a")
    names = ("manifest.json.damaged", "manifest.json.damaged-2")
    assert [(folder(store) / name / "note").read_text() for name in names] == ["first", "second"]


def bit_of_its_checksum(path: Path) -> None:
    flipped(path, 8 * 30 + 2)


@pytest.mark.parametrize(
    "damage", [as_folder, lambda path: path.write_text("{"), bit_of_its_checksum]
)
def test_rebuild_writes_the_file_of_the_register_anew(
    store: Store, damage: Callable[[Path], object]
) -> None:
    entry = store.register_file("prod-a")
    whole = entry.read_bytes()
    damage(entry)
    assert history.verify(store, "prod-a").problem
    history.rebuild(store, "prod-a")
    assert entry.read_bytes() == whole
    assert entry.with_name("prod-a.json.damaged").is_dir() == (damage == as_folder)


def test_the_register_of_a_store_that_has_none_is_made_by_the_next_commit(store: Store) -> None:
    history.compact(store, "prod-a", END)
    shutil.rmtree(store.register)
    assert history.verify(store, "prod-a").problem is None
    history.record(store, empty_answer(9_000))
    shutil.rmtree(folder(store))
    with pytest.raises(StoreError, match="were compacted"):
        history.rebuild(store, "prod-a")


def test_a_copied_folder_counts_nowhere_and_is_named(
    store: Store, views_are_made: None, capsys: pytest.CaptureFixture[str]
) -> None:
    views.refresh(store)
    before = answers(store)
    shutil.copytree(folder(store), folder(store, "prod-a copy"))
    shutil.copytree(store.snapshot_folder("prod-a"), store.snapshot_folder("prod-a (1)"))
    shutil.copyfile(session_file(store), session_file(store).with_suffix(".bak.parquet"))
    (store.snapshots / ".DS_Store").touch()
    shutil.copytree(store.history, store.root / "history (1)")
    (store.root / "notes.txt").touch()
    shutil.copyfile(store.register_file("prod-a"), store.register / "prod-a (1).json")
    assert store.clusters() == ["prod-a", "prod-b"]
    assert answers(store) == before
    with duckdb.connect(str(store.database), read_only=True) as shell:
        count = shell.execute("select count(*) from attempts where cluster = 'prod-a'").fetchall()
    assert count == [(7,)]
    assert cli.status(["--store", str(store.root), "verify"]) == 4
    error = capsys.readouterr().err
    for name in (
        "cluster=prod-a copy",
        "cluster=prod-a (1)",
        ".bak.parquet",
        ".DS_Store",
        "history (1)",
        "notes.txt",
        "prod-a (1).json",
    ):
        assert name in error


def test_a_copy_with_a_name_of_its_own_is_no_second_cluster(
    store: Store, views_are_made: None
) -> None:
    views.refresh(store)
    shutil.copytree(folder(store), folder(store, "prod-a.bak"))
    with pytest.raises(StoreError, match=r"is the manifest of prod-a, not of prod-a\.bak"):
        answers(store, "prod-a.bak")
    with duckdb.connect(str(store.database), read_only=True) as shell:
        assert shell.execute("select count(*) from attempts").fetchall() == [(9,)]


def test_a_wrong_fold_is_named_even_where_digests_agree(store: Store) -> None:
    """Inventories too: a history that gives back other rows proves nothing."""
    path = part(store, "interfaces.open")
    rows_changed(path)
    edited(store, manifests.forget_digests)
    problem = history.verify(store, "prod-a").problem or ""
    assert "cannot be restored: its hash differs" in problem
    with pytest.raises(StoreError, match="nothing compacted"):
        history.compact(store, "prod-a", END)
    history.rebuild(store, "prod-a")
    assert history.verify(store, "prod-a").problem is None


def test_a_store_of_an_earlier_version_opens_and_gets_its_digests(store: Store) -> None:
    content = json.loads(manifest(store).read_bytes())
    for parts in (content["attempts"], *(table["closed"] for table in content["tables"].values())):
        for entry in parts:
            del entry[4:]
    for table in content["tables"].values():
        del table["open_digest"]
    for key in ("checksum", "pruned", "tidied"):
        del content[key]
    manifest(store).write_text(json.dumps(content, separators=(",", ":")))
    manifest(store).with_name(manifests.PREVIOUS).unlink()
    assert history.verify(store, "prod-a").problem is None
    history.record(store, empty_answer(9_000))
    read = manifests.read(store, "prod-a")
    assert read is not None
    assert all(digest for _name, digest, _rows in read.files())
    assert history.verify(store, "prod-a").problem is None


def test_verify_reads_a_store_that_nobody_may_write_and_leaves_it_as_it_is(store: Store) -> None:
    def state() -> list[tuple[str, int]]:
        return sorted((str(path), path.lstat().st_mtime_ns) for path in store.root.rglob("*"))

    before = state()
    verified = history.verify(store, "prod-a")
    assert (verified.problems, verified.snapshots, verified.read) == ((), 7, 7)
    assert state() == before


def test_verify_says_what_it_did_not_read(store: Store) -> None:
    history.compact(store, "prod-a", END)
    (note,) = history.verify(store, "prod-a").notes
    assert note == "6 snapshots have no file any more; only the history has them"


def test_a_snapshot_that_lies_there_unfolded_is_named_and_folded_by_rebuild(store: Store) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history.History, "_fold_pending", lambda _self, _instants: [])
        history.record(store, empty_answer(1))
    assert history.verify(store, "prod-a").notes == (
        "2026-11-20T02:01:00Z is whole and not folded yet",
    )
    path = store.snapshot("prod-a", clock.parse("2026-11-20T02:01:00Z"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert "is not a whole snapshot" in str(history.verify(store, "prod-a").problem)
    path.write_bytes(whole)
    history.compact(store, "prod-a", END)
    assert "2026-11-20T02:01:00Z" in [clock.iso(at) for at in store.instants("prod-a")]
    with History.open(store, "prod-a"):
        pass
    history.rebuild(store, "prod-a")  # older than all that was compacted
    assert store.pending("prod-a") == []
    verified = history.verify(store, "prod-a")
    assert (verified.problems, verified.snapshots) == ((), 8)


@pytest.mark.parametrize("year", [26, 999, 1969])
def test_an_instant_that_cannot_be_is_refused(store: Store, year: int) -> None:
    before = contents(store)
    with pytest.raises(UsageError, match="no array was queried before 1970"):
        history.record(store, replace(empty_answer(1), taken_at=datetime(year, 11, 23)))
    assert contents(store) == before


def test_a_snapshot_of_the_future_lets_nothing_go(store: Store) -> None:
    history.record(store, replace(empty_answer(0), taken_at=datetime(2098, 1, 1)))
    with demo.at(END):
        history.prune(store, "prod-a", END)
        history.compact(store, "prod-a", datetime(2099, 1, 1))
    # The latest complete one that the clock has reached stays, files and all.
    assert [at.year for at in store.instants("prod-a")] == [2026, 2098]


def test_for_ever_is_a_length_of_time(store: Store) -> None:
    span = timedelta(days=999_999)
    assert history.cutoff(END, span) == datetime.min
    with History.open(store, "prod-a") as session:
        assert history.tidy(session, END, span, span) == []


def test_tidying_with_nothing_to_do_lists_no_folder(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tidy() -> None:
        with demo.at(END), History.open(store, "prod-a") as session:
            history.tidy(session, END, timedelta(hours=1), timedelta(days=9))

    tidy()
    monkeypatch.delattr(Store, "instants")
    tidy()


def flipped(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_a_bit_that_flips_is_named_or_changes_no_answer(
    store: Store, before: dict[str, list[str]]
) -> None:
    chance = random.Random(FLIPS)
    paths = [
        path for path in sorted(store.root.rglob("*.*"))
        if "cluster=prod-a" in str(path) and path.is_file()
    ]  # fmt: skip
    for number in range(FLIPS):
        path = chance.choice(paths)
        bit = chance.randrange(8 * path.stat().st_size)
        flipped(path, bit)
        if history.verify(store, "prod-a").problem is None:
            assert answers(store) == before, (number, path, bit)
        flipped(path, bit)


def unfolded(store: Store, *, pending: bool) -> None:
    """A snapshot file that its writer did not fold."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(History, "_fold_pending", lambda _self, _instants: [])
        history.record(store, empty_answer(1))
    if not pending:
        store.clear_pending("prod-a", T0 + timedelta(minutes=1))


def forged(store: Store) -> None:
    """Rows that were folded wrong, in files whose digests agree."""
    rows_changed(part(store, "interfaces.open"))
    edited(store, manifests.forget_digests)


def compacted_and_damaged(store: Store) -> None:
    history.compact(store, "prod-a", END)
    part(store, "spells.closed").unlink()
    previous(store).unlink()


def compacted_and_deleted(store: Store) -> None:
    history.compact(store, "prod-a", END)
    shutil.rmtree(folder(store))


def older_manifest(store: Store) -> None:
    """A manifest from a backup: what came after it was compacted."""
    older = manifest(store).read_bytes()
    for minute in (1, 2):
        history.record(store, empty_answer(1_000 + minute))
    history.compact(store, "prod-a", END)
    manifest(store).write_bytes(older)


# What docs/store.md shows of each row, made to happen: damage, the command that meets it, its status.
PAGE: dict[str, tuple[Callable[[Store], object], str, int]] = {
    "manifest.json is damaged": (HISTORY["empty manifest"].damage, "verify", 4),
    "manifest.json is missing beside other files of the history": (
        HISTORY["missing manifest"].damage, "verify", 4,
    ),
    "manifest.json is missing beside snapshots": (HISTORY["missing history"].damage, "verify", 4),
    "manifest.json is missing, and so are the snapshots": (
        GONE["missing history and snapshots"].damage, "verify", 4,
    ),
    "register/prod-a.json is damaged": (
        lambda s: s.register_file("prod-a").write_text("{"), "verify", 4,
    ),
    "nothing was changed: snapshots up to … were compacted, and the history is gone": (
        compacted_and_deleted, "rebuild prod-a", 4,
    ),
    "… has format 3: a newer version of analyzer wrote it": (
        lambda s: manifest(s).write_text('{"format":3,"novel":{}}'), "rebuild", 4,
    ),
    "… is the manifest of prod-a, not of prod-b": (
        lambda s: manifest(s, "prod-b").write_bytes(manifest(s).read_bytes()), "verify", 4,
    ),
    "manifest.json is older than its history": (older_manifest, "verify", 4),
    "….parquet is not there": (HISTORY["missing file"].damage, "verify", 4),
    "… is damaged: its digest differs from the manifest's": (
        FILES["empty inventory"].damage, "verify", 4,
    ),
    "… has rows of another cluster": (
        lambda s: (FILES["closed spells of another cluster"].damage(s),
                   edited(s, manifests.forget_digests)),
        "verify", 4,
    ),
    "… cannot be restored: its hash differs": (forged, "verify", 4),
    "… is in the way: it is no folder": (
        lambda s: (shutil.rmtree(folder(s)), folder(s).write_text("")), "verify", 4,
    ),
    "… it is a folder": (lambda s: as_folder(s.register_file("prod-a")), "verify", 4),
    "… it is no regular file": (HISTORY["pipe for a manifest"].damage, "verify", 4),
    "… is not a whole snapshot": (SNAPSHOTS["empty session file"].damage, "verify", 4),
    "… cannot be read": (SNAPSHOTS["empty inventory file"].damage, "verify", 4),
    "… is the snapshot of prod-b at …": (
        SNAPSHOTS["session file of another cluster"].damage, "verify", 4,
    ),
    "… is not folded": (partial(unfolded, pending=False), "verify", 4),
    "… is whole and not folded yet": (partial(unfolded, pending=True), "verify", 0),
    "… have no file any more; only the history has them": (
        lambda s: history.compact(s, "prod-a", END), "verify", 0,
    ),
    "… looks like data and counts nowhere": (
        lambda s: shutil.copytree(folder(s), folder(s, "prod-a copy")), "verify", 4,
    ),
    "… does not belong there": (lambda s: (s.history / "Thumbs.db").touch(), "verify", 0),
    "marks.json is damaged": (lambda s: s.marks.write_text("{"), "verify", 4),
    "alerts.json: what the last check knew cannot be read": (
        lambda s: s.alerts.write_text("{"), "verify", 4,
    ),
    "nothing was changed: … snapshots … have no file any more": (
        compacted_and_damaged, "rebuild prod-a", 4,
    ),
}  # fmt: skip
ELSEWHERE = {  # rows of the page that other tests make happen
    "nothing old was deleted: our clock is … s ahead of the array's",  # collect/test_narration.py
    "nothing old was deleted: the array did not say what time it is",  # the same
    "… is more than five minutes ahead of the clock",  # collect/test_saved.py
}


def test_the_page_of_what_can_go_wrong_has_these_rows() -> None:
    page = (Path(__file__).parents[2] / "docs" / "store.md").read_text()
    rows = [row.split("|")[1] for row in page.splitlines() if row.startswith("| `")]
    assert {code for row in rows for code in re.findall("`([^`]+)`", row)} == {*PAGE, *ELSEWHERE}


@pytest.mark.parametrize("sentence", PAGE)
def test_each_of_them_is_said_with_its_status(sentence: str, store: Store, run: Run) -> None:
    damage, command, status = PAGE[sentence]
    damage(store)
    code, _, narration = run(*command.split(), quiet=status != 0)
    assert re.search(".*".join(map(re.escape, sentence.split("…"))), narration)
    assert code == status
