"""The matrix of hosts and interfaces, as an administrator reads it."""

from pathlib import Path

import pytest
from support.array_builder import B2, World, linux

from analyzer import cli


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    World(tmp_path, sessions=linux(1) + linux(2)).without("lnx2", B2).take()
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-20T03:00:00Z")
    monkeypatch.chdir(tmp_path)
    return str(tmp_path)


def test_a_cell_holds_sessions_and_addresses_and_an_expected_path_that_is_missing_is_marked(
    store: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.output.WIDTH", 140)
    assert cli.status(["--store", store, "paths"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = next(k for k, line in enumerate(lines) if "sql_n1_a" in line and "sql_n2_b" in line)
    assert lines[names + 1].split()[-4:] == ["n1", "n1", "n2", "n2"]
    first, two = (next(line for line in lines if f"example:lnx{n}" in line).split() for n in (1, 2))
    assert first[-2:] == ["1", "192.168.20.101"]
    assert two[-1] == "✗"


def test_other_formats_are_the_long_rows(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.status(["--store", store, "paths", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 9


def test_a_policy_is_suggested_and_checked(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.status(["--store", store, "policy", "suggest"]) == 0
    (tmp_path / "policy.toml").write_text(capsys.readouterr().out)
    assert cli.status(["--store", store, "policy", "check"]) == 0
    assert capsys.readouterr().out == "policy: 1\n"
