"""The program answers at once, and imports point one way."""

import subprocess
import sys

import pytest

HEAVY = ("polars", "duckdb", "httpx", "rich", "jinja2", "altair", "uvicorn", "starlette")


@pytest.mark.parametrize("arguments", [["--help"], ["report"], ["report", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys; from analyzer.cli import status; "
        f"code = status({arguments!r}); "
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("heavy: []")
