"""The program loads what a command needs and nothing else."""

import json
import os
import subprocess
import sys

import pytest

from analyzer.store.layout import Store

HEAVY = {
    "_duckdb", "altair", "duckdb", "httpx", "jinja2", "polars", "pyspark", "rich", "sqlglot", "starlette",
    "uvicorn",
}  # fmt: skip
# What each command may load of them: what was loaded stays, so none may load less than one before.
LOADS = {
    "--help": set[str](),
    "report": set(),
    "report --help": set(),
    "report outages --help": set(),
    "report coverage --format csv": {"_duckdb"},
    "report coverage --format json": {"_duckdb"},
    "report coverage --format markdown": {"_duckdb"},
    "report outages": {"_duckdb"},
    "timeline lnx4": {"_duckdb"},
    "snapshots --format ndjson": {"_duckdb"},
    "check --report blind --format nagios": {"_duckdb"},
    "sql select(1) --format csv": {"_duckdb"},
    "report coverage --format html --output page.html": {"_duckdb", "jinja2", "altair"},
}
SCRIPT = """
import json, sys
from analyzer.cli import status
for command in json.loads(sys.argv[2]):
    code = status(["--store", sys.argv[1], *command.split()])
    loaded = [name for name in json.loads(sys.argv[3]) if name in sys.modules]
    print(json.dumps([command, code, loaded]), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def loaded(recorded: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The heavy modules that are loaded when a command has ended, of one process that runs all."""
    words = [str(recorded.root), json.dumps(list(LOADS)), json.dumps(sorted(HEAVY))]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, check=True,
        cwd=tmp_path_factory.mktemp("loads"),
        env={**os.environ, "ANALYZER_NOW": "2026-11-24T00:00:00Z"},
    )  # fmt: skip
    ended = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]
    assert {code for _, code, _ in ended} <= {0, 1}
    return {command: set(names) for command, _, names in ended}


@pytest.mark.parametrize("command", LOADS)
def test_a_command_loads_only_what_it_needs(command: str, loaded: dict[str, set[str]]) -> None:
    assert loaded[command] <= LOADS[command]
