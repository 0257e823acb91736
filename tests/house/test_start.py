"""The program loads what a command needs and nothing else."""

import os
import subprocess
import sys

import pytest

from analyzer.store.layout import Store

HEAVY = {
    "_duckdb", "altair", "duckdb", "httpx", "jinja2", "polars", "pyspark", "rich", "sqlglot", "starlette",
    "uvicorn",
}  # fmt: skip
# What each command may load of them.
LOADS = {
    "--help": set[str](),
    "report": set(),
    "report --help": set(),
    "report outages --help": set(),
    "report outages --format csv": {"_duckdb"},
    "report outages --format json": {"_duckdb"},
    "report outages --format markdown": {"_duckdb"},
    "report outages": {"_duckdb"},
    "report outages --format html --output {output}": {"_duckdb", "jinja2", "altair"},
    "timeline lnx4": {"_duckdb"},
    "snapshots --format ndjson": {"_duckdb"},
    "check --format nagios": {"_duckdb"},
    "sql select(1) --format csv": {"_duckdb"},
}


@pytest.mark.parametrize("command", LOADS)
def test_a_command_loads_only_what_it_needs(
    command: str, recorded: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    output = tmp_path_factory.mktemp("loads") / "page.html"
    arguments = ["--store", str(recorded.root), *command.format(output=output).split()]
    script = (
        "import sys; from analyzer.cli import status; "
        f"status({arguments!r}); "
        f"print('loaded:', *({HEAVY!r} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False,
        env={**os.environ, "ANALYZER_NOW": "2026-11-24T00:00:00Z"},
    )  # fmt: skip
    loaded = set(done.stderr.strip().splitlines()[-1].removeprefix("loaded:").split())
    assert loaded <= LOADS[command]
