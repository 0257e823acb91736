"""Ctrl-C and SIGTERM: within one request, with a status of their own, and nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path
from termios import FIONREAD

import pytest

from analyzer.store.layout import Store

SOON = 20.0  # seconds that a loaded machine may take; a request would wait 120
Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Where connections are taken and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        server.settimeout(60)
        yield server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Started]:
    """Start the program in a folder of its own, with a folder for temporary files."""
    running: list[subprocess.Popen[str]] = []
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PASSWORD": "pretend"}

    def run(*words: str, now: str = "", stdin: int | None = None) -> "subprocess.Popen[str]":
        program = subprocess.Popen(
            [sys.executable, "-m", "analyzer", *words], cwd=tmp_path, stdin=stdin,
            env=environment | ({"ANALYZER_NOW": now} if now else {}),
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        running.append(program)
        return program

    yield run
    for program in running:
        program.kill()
        program.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_round_of_silent_clusters_ends_at_once(
    start: Started, silent: socket.socket, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    clusters = (
        f'[[clusters]]\nname="c{k}"\nurl="http://127.0.0.1:{silent.getsockname()[1]}"\n'
        'username="u"\npassword_env="PASSWORD"\n'
        for k in range(9)
    )
    (tmp_path / "analyzer.toml").write_text("".join(clusters))
    program = start("collect", "--parallel", "2")
    leases = tmp_path / "store" / "leases"
    connections = [silent.accept()[0] for _ in range(2)]
    for connection in connections:
        assert connection.recv(1), "a request is under way"
    assert len(list(leases.glob("*/0*"))) == 2
    program.send_signal(number)
    _, narration = program.communicate(timeout=SOON)
    for connection in connections:
        connection.close()
    assert program.returncode == code
    assert narration.splitlines()[-1] == "analyzer: stopped"
    assert list((tmp_path / "temporary").iterdir()) == []
    # Nothing is recorded of what was given up, and the next run need not wait.
    assert list((tmp_path / "store").rglob("*Z.parquet")) == []
    for cluster in ("c0", "c1"):
        with Store(tmp_path / "store", "elsewhere").lock(cluster):
            pass


@pytest.mark.parametrize(
    "words", ["rebuild", "evidence --output e.zip", "check", "page --output p"]
)
def test_a_command_that_is_at_work_leaves_nothing_half(
    start: Started, recorded: Store, tmp_path: Path, words: str
) -> None:
    now = "2026-11-24T00:00:00Z"
    program = start("--store", str(recorded.root), *words.split(), now=now)
    # The program is at work as soon as it has opened its DuckDB.
    maps = Path(f"/proc/{program.pid}/maps")
    wait_for(lambda: "duckdb" in maps.read_text() or program.poll() is not None)
    time.sleep(0.1)
    program.terminate()
    program.communicate(timeout=SOON)
    assert program.returncode in {143, 0, 1}  # it may have been done before
    assert list((tmp_path / "temporary").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    if program.returncode == 143:
        assert [path.name for path in tmp_path.iterdir()] == ["temporary"]
    drafts = [path for path in recorded.root.rglob(".*") if path.is_file()]
    assert drafts == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_bundle_that_is_given_up_leaves_nothing_in_temporary_folders(
    start: Started, recorded: Store, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    words = ("evidence", "--anonymise", "--output", "e.zip")
    program = start("--store", str(recorded.root), *words, now="2026-11-24T00:00:00Z")
    temporary = tmp_path / "temporary"
    wait_for(lambda: any(temporary.glob("analyzer-evidence-*")) or program.poll() is not None)
    program.send_signal(number)
    _, narration = program.communicate(timeout=SOON)
    assert (program.returncode, narration.splitlines()[-1]) == (code, "analyzer: stopped")
    assert list(temporary.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]


def test_a_standard_input_that_never_ends_is_given_up(start: Started, tmp_path: Path) -> None:
    read, write = os.pipe()
    program = start("import", "--cluster", "c", "--taken-at", "now", "-", stdin=read)
    os.write(write, b"{")
    wait_for(lambda: ioctl(read, FIONREAD, b"\0" * 4) == b"\0" * 4)  # it has been read
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=SOON)
    os.close(read)
    os.close(write)
    assert program.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]
