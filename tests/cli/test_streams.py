"""Standard streams that are full, closed or left by their reader; a store that is not there."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.store.layout import Store

Start = Callable[..., subprocess.CompletedProcess[str]]
STOPPED = "analyzer: "


@pytest.fixture
def shell(recorded: Store, tmp_path: Path) -> Start:
    """The program in a shell, with redirections; standard error is what is kept."""

    def run(words: str, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
        program = f"{sys.executable} -m analyzer --store {recorded.root}"
        environment = {
            **os.environ, "ANALYZER_NOW": "2026-11-24T00:00:00Z", "TMPDIR": str(tmp_path)
        }  # fmt: skip
        return subprocess.run(
            ["sh", "-c", f"{program} {words}"],
            cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, check=False,
            stdout=stdout, timeout=120,
        )  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ("snapshots >/dev/full", 4, "cannot write standard output: No space left on device"),
        ("--help >/dev/full", 4, "cannot write standard output: No space left on device"),
        ("snapshots --format csv >&-", 4, "cannot write standard output: Bad file descriptor"),
        ("import --cluster c --taken-at now - <&-", 2, "-: Bad file descriptor"),
        ("sql - <&-", 2, "standard input: Bad file descriptor"),
    ],
)
def test_a_stream_that_takes_or_gives_nothing_is_one_sentence(
    shell: Start, tmp_path: Path, words: str, code: int, sentence: str
) -> None:
    ended = shell(words)
    assert (ended.returncode, ended.stderr) == (code, f"analyzer: {sentence}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_says_nothing_needs_no_standard_output(shell: Start) -> None:
    assert shell("verify >&- 2>&-").returncode == 0


def test_a_bundle_goes_to_standard_output_and_to_no_file_of_that_name(
    shell: Start, tmp_path: Path
) -> None:
    assert shell("evidence --since 1h --output - >bundle.zip").returncode == 0
    assert shell("evidence verify bundle.zip").returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.zip"]


@pytest.mark.parametrize("words", ["snapshots", "check", "evidence"])
def test_a_folder_that_is_not_there_is_not_taken_for_a_file(
    recorded: Store, tmp_path: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"{tmp_path / 'new'}{os.sep}"
    assert cli.status(["--store", str(recorded.root), words, "--output", place]) == 2
    assert f"'{place}' is the name of a folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("check --since 2d", 1),
        ("snapshots --output /dev/stdout", 0),
        ("snapshots --watch 600", 0),
    ],
)
def test_a_reader_that_has_seen_enough_is_no_error_and_leaves_the_status_as_it_is(
    shell: Start, words: str, code: int
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = shell(words, writer)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (code, "")


@pytest.mark.parametrize("words", ["verify", "rebuild", "prune --keep 1d", "compact", "serve",
                                   "report outages", "check", "page", "evidence --output e.zip"])  # fmt: skip
def test_a_store_that_is_not_there_is_named(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    typo = tmp_path / "typo"
    assert cli.status(["--store", str(typo), *words.split()]) == 2
    assert f"there is no store at {typo}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", ["collect", "doctor"])
def test_a_configuration_without_clusters_is_refused(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "analyzer.toml").write_text('store = "store"\n')
    assert cli.status([words]) == 2
    assert "no cluster is configured" in capsys.readouterr().err


def test_the_same_cluster_named_twice_is_one(
    recorded: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.status(["--store", str(recorded.root), "verify", "prod-a", "prod-a"]) == 0
    assert capsys.readouterr().err.count("prod-a:") == 1


def test_a_panic_of_a_library_is_no_bare_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class PanicException(BaseException):
        """What Polars raises is no Exception."""

    for message, code, sentence in (
        ('Os { code: 24, kind: X, message: "Too many open files" }', 4, "Too many open files\n"),
        ("index out of bounds", 70, "internal error: PanicException; the traceback is in "),
    ):

        def panic(*_: object, message: str = message, **__: object) -> None:
            raise PanicException(message)

        monkeypatch.setattr(cli.analyzer, "main", panic)
        assert cli.status(["verify"]) == code
        assert capsys.readouterr().err.startswith(f"analyzer: {sentence}")
