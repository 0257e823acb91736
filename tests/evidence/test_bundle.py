"""A bundle holds an incident whole: what was seen, what is said of it, and with what."""

import hashlib
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from support.bundles import NOW, WINDOW, Write, members, reports, unpacked

import analyzer
from analyzer import cli, history
from analyzer.collect import files
from analyzer.config import policy
from analyzer.console import html_file
from analyzer.evidence import bundle
from analyzer.history import manifest as manifests
from analyzer.inventories import INVENTORIES
from analyzer.output import json as as_json
from analyzer.report import header
from analyzer.schema import Mark
from analyzer.store import marks
from analyzer.store.layout import Store

REPORTS = [name for name, query in header.reports().items() if query.evidence]

SINCE, UNTIL = datetime(2026, 11, 23, 2, 12), datetime(2026, 11, 23, 2, 16)


def test_the_same_store_and_clock_give_the_same_bytes(write: Write, incident: Path) -> None:
    assert write(*WINDOW).read_bytes() == incident.read_bytes()


def test_the_manifest_names_every_file_with_its_hash_and_the_versions(incident: Path) -> None:
    files = members(incident)
    manifest = json.loads(files.pop("manifest.json"))
    assert {entry["path"] for entry in manifest["files"]} == files.keys()
    for entry in manifest["files"]:
        data = files[entry["path"]]
        assert (entry["size"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert set(manifest["versions"]) == {"analyzer", "python", "duckdb", "polars"}
    assert manifest["parameters"] == {
        "since": "2026-11-23T02:12:00Z", "until": "2026-11-23T02:16:00Z", "clusters": ["prod-a"],
    }  # fmt: skip
    assert manifest["clusters"][0].keys() == {"cluster", "ontap", "attempts", "first", "last"}
    assert {f"queries/{name}.sql" for name in REPORTS} <= files.keys()


def test_the_snapshots_of_the_window_and_one_on_either_side_are_files(incident: Path) -> None:
    names = (Path(name).name for name in members(incident) if "/snapshots/" in name)
    stems = {name.removesuffix(".parquet") for name in names}
    for instant in ("20261123T021000Z", "20261123T021500Z", "20261123T024500Z"):
        sides = {f"{instant}.{side}" for side in INVENTORIES}
        assert {instant, *sides} <= stems
        stems -= {instant, *sides}
    assert stems == set()


def test_a_failed_attempt_at_the_edge_is_in_and_bounds_nothing(
    recorded: Store, tmp_path: Path
) -> None:
    since = datetime(2026, 11, 23, 11, 10)
    instants = history.excerpt(
        recorded, "prod-a", Store(tmp_path / "store"), since, since + timedelta(minutes=2)
    )
    assert [at.minute for at in instants] == [0, 5, 15]


def test_an_unpacked_bundle_says_the_same_as_the_store_it_came_from(
    incident: Path, recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", NOW)
    store = unpacked(incident, tmp_path)
    assert reports(incident).keys() == set(REPORTS)
    # Who is back after the window is known in the bundle: its history is whole.
    rows = reports(incident)["dropped-connections"]["rows"]
    assert {row["status"] for row in rows} == {"open", "recovered"}
    for root in (store, recorded.root):
        with analyzer.open(root) as archive:
            for name, report in reports(incident).items():
                times = {key: at for key, at in report["parameters"].items()
                         if key in {"since", "until", "at", "before", "after"}}  # fmt: skip
                text = as_json.whole(archive.report(name, **times))
                assert json.loads(text) == report, (name, root)
    assert cli.status(["--store", str(store), "verify"]) == 0


def test_what_was_compacted_is_given_back_as_it_was(recorded: Store, tmp_path: Path) -> None:
    compacted = Store(tmp_path / "compacted")
    shutil.copytree(recorded.root, compacted.root)
    history.compact(compacted, "prod-a", datetime(2026, 11, 23, 12))
    assert compacted.instants("prod-a")[0] > UNTIL
    excerpted, restored = Store(tmp_path / "excerpt"), Store(tmp_path / "restored")
    for store, into in ((recorded, excerpted), (compacted, restored)):
        assert len(history.excerpt(store, "prod-a", into, SINCE, UNTIL)) == 3
    assert history.verify(restored, "prod-a").problem is None
    paths = sorted(excerpted.snapshots.rglob("*.parquet"))
    assert len(paths) == 3 * (1 + len(INVENTORIES))
    for path in paths:
        twin = restored.root / path.relative_to(excerpted.root)
        first, other = (
            sorted(pl.read_parquet(file, hive_partitioning=False).rows(), key=repr)
            for file in (path, twin)
        )
        assert first == other, path
        facts = [pl.read_parquet_metadata(file).get("analyzer", "{}") for file in (path, twin)]
        assert json.loads(facts[0]) == json.loads(facts[1])


def test_the_policy_the_configured_limits_and_the_marks_of_the_window_come_along(
    recorded: Store, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_file, "of_reports", lambda *_: "")  # nobody reads the page here
    store = Store(Path(shutil.copytree(recorded.root, tmp_path / "copy")))
    for name, instant in (("within", SINCE), ("before", SINCE - timedelta(seconds=1))):
        marks.add(store, Mark(name=name, instant=instant))
    (tmp_path / "policy.toml").write_text('[[expect]]\ninitiator = "*lnx*"\npaths = 9\n')
    (tmp_path / "analyzer.toml").write_text('[[limits]]\nnode = "n1"\nsessions = 1\n')
    written = write(*WINDOW, store=store)
    assert 1 in {row["limit"] for row in reports(written)["sessions-by-node"]["rows"]}
    bundled = unpacked(written, tmp_path / "unpacked")
    tables = policy.tables(bundled.parent / "policy.toml")
    assert (len(tables["policy"][1]), len(tables["limits"][1])) == (1, 1)
    assert [mark.name for mark in marks.read(Store(bundled))] == ["within"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "--output"),
        (["--output", "x.zip", "--since", "2026-01-01", "--until", "2026-01-02"], "nothing was"),
        (["--output", "x.zip", "--since", "1h", "--until", "2h"], "is after"),
        (["--output", "x.zip", "--key-file", "k"], "--key-file is for --anonymise"),
        (["--output", "x.zip", "--cluster", "nobody"], "no cluster matches"),
    ],
)
def test_a_wrong_word_leaves_no_file(
    recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], options: list[str], complaint: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    assert cli.status(["--store", str(recorded.root), "evidence", *options]) == 2
    assert complaint in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_sentence(
    recorded: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delattr(bundle, "_take")  # it is refused before the work
    (tmp_path / "file").touch()
    command = ["--store", str(recorded.root), "evidence", "--since", "2026-11-23T02:00:00Z",
               "--until", "2026-11-23T03:00:00Z", "--output", str(tmp_path / "file" / "x.zip")]  # fmt: skip
    assert cli.status(command) == 2
    assert "cannot" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--anonymise"]])
@pytest.mark.parametrize("table", ["attempts", "spells"])
def test_a_damaged_history_is_status_4_and_no_bundle(
    recorded: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str],
    table: str,
) -> None:  # fmt: skip
    damaged = Store(tmp_path / "damaged")
    shutil.copytree(recorded.root, damaged.root)
    manifest = manifests.read(damaged, "prod-a")
    assert manifest is not None
    parts = manifest.attempts if table == "attempts" else manifest.tables[table].closed
    (damaged.history_folder("prod-a") / parts[0].file).write_bytes(b"not Parquet")
    command = ["--store", str(damaged.root), "evidence", "--output", str(tmp_path / "x.zip")]
    assert cli.status([*command, *WINDOW, *options]) == 4
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "x.zip").exists()


def test_of_two_clusters_the_bundle_has_those_that_were_selected(
    write: Write, tmp_path: Path
) -> None:
    both = Store(tmp_path / "both")
    for cluster in ("prod-a", "prod-b"):
        files.fail(both, cluster, datetime(2026, 11, 23, 3), "HTTP 500")
    bundle = write("--cluster", "*-b", store=both)
    assert json.loads(members(bundle)["manifest.json"])["parameters"]["clusters"] == ["prod-b"]
    assert not [name for name in members(bundle) if "prod-a" in name]
