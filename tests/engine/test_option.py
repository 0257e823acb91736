"""``--engine``, as a script meets it."""

import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from pyspark.errors import PySparkException

from analyzer.cli import status
from analyzer.engine.spark import Spark, session
from analyzer.engine.spark.relations import Run
from analyzer.errors import Unreachable
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

NOW = "2026-11-24T00:00:00Z"


def ask(store: Store, *more: str) -> int:
    return status(
        ["--store", str(store.root), "report", "new-initiators", "--format", "json", *more]
    )


def test_the_answer_is_the_same_to_the_byte(
    recorded: Store,
    server: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", NOW)
    assert ask(recorded) == 0
    here = capsys.readouterr()
    assert ask(recorded, "--engine", server) == 0
    there = capsys.readouterr()
    assert there.out == here.out
    assert there.err == ""


def test_where_nobody_listens_it_says_so_soon(
    recorded: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.engine.spark.session._WAIT", 0.3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"sc://127.0.0.1:{taken.getsockname()[1]}"
        start = time.monotonic()
        assert ask(recorded, "--engine", url) == 69
        assert time.monotonic() - start < 30
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        f"analyzer: no Spark Connect server answers at {url.removeprefix('sc://')} within 0 s\n"
    )


def test_a_server_that_dies_is_reported_soon(
    recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(session._RETRIES, "max_retries", 1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sail = [Path(sys.executable).with_name("sail"), "spark", "server", "--port", str(port)]
    with subprocess.Popen(sail, stderr=subprocess.DEVNULL) as server:
        catalog = Catalog(recorded, engine=partial(Spark, f"sc://127.0.0.1:{port}"))
        server.kill()
    start = time.monotonic()
    with pytest.raises(Unreachable, match="the Spark Connect server is gone"):
        catalog.run("select cluster from attempts")
    catalog.close()
    assert time.monotonic() - start < 60


def test_a_server_that_does_not_answer_the_last_request_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent:
        """A session whose end nobody answers until its channel is closed."""

        def __init__(self) -> None:
            self.client, self.closed = self, Event()

        def stop(self) -> None:
            self.closed.wait()

        def close(self) -> None:
            self.closed.set()

    silent = Silent()
    monkeypatch.setattr("analyzer.engine.spark.session._WAIT", 0.05)
    session.release(silent)
    assert silent.closed.is_set()


def test_what_a_lost_executor_had_kept_is_worked_out_again(
    recorded: Store, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = [PySparkException("[CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND] Checkpoint block rdd_40_0")]
    answer = Run.table

    def table(run: Run) -> object:
        if lost:
            raise lost.pop()
        return answer(run)

    monkeypatch.setattr(Run, "table", table)
    catalog = Catalog(recorded, engine=partial(Spark, server))
    rows = catalog.run("select count(*) from attempts").rows
    catalog.close()
    assert rows == Catalog(recorded).run("select count(*) from attempts").rows
    assert not lost


@pytest.mark.parametrize("engine", ["spark", "http://127.0.0.1:15002", "sc://"])
def test_an_address_that_is_none_is_a_slip(
    engine: str, recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(recorded, "--engine", engine) == 2
    assert "write duckdb, or sc://host:15002" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(recorded: Store) -> None:
    program = (
        "import sys; sys.modules['pyspark'] = None; from analyzer.cli import main;"
        f" main(['--store', {str(recorded.root)!r}, 'report', 'new-initiators', '--engine', 'sc://x'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install '.[spark]'" in done.stderr


def test_a_report_that_runs_on_duckdb_only_says_so(
    recorded: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.sql").write_text(
        '-- /// query\n-- title = "Own"\n-- description = "Own."\n-- only = "duckdb"\n'
        '-- [columns]\n-- cluster = "Cluster."\n-- ///\nselect cluster from attempts order by all\n'
    )
    folder = ["report", "--queries", str(tmp_path), "own"]
    assert status(["--store", str(recorded.root), *folder, "--engine", "sc://x"]) == 2
    assert capsys.readouterr().err == "analyzer: report own runs on duckdb only\n"
    assert status([*folder, "--help"]) == 0
    assert "Runs on duckdb only." in capsys.readouterr().out
