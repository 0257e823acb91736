"""The command that opens the console, and a user's own report in it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from analyzer.store.layout import Store

OWN = """-- /// query
-- title = "Mine alone"
-- [columns]
-- cluster = "Cluster."
-- ///
select distinct cluster from spells order by all
"""


def get(url: str) -> str:
    with urlopen(Request(url, headers={"Accept": "text/html"}), timeout=30) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("browser", [True, False])
def test_open_prints_its_address_and_opens_a_browser_where_there_is_one(
    recorded: Store, tmp_path: Path, *, browser: bool
):
    shown = tmp_path / "shown"
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {shown}.draft && mv {shown}.draft {shown}\n')
    script.chmod(0o755)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine-alone.sql").write_text(OWN)
    environment = (
        {
            name: value
            for name, value in os.environ.items()
            if name not in {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}
        }
        | {"ANALYZER_NOW": "2026-11-24T00:00:00Z"}
        | ({"BROWSER": str(script)} if browser else {})
    )
    command = [sys.executable, "-m", "analyzer", "--store", str(recorded.root), "open"]
    with subprocess.Popen(
        [*command, "--queries", str(tmp_path / "mine")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    ) as program:  # fmt: skip
        try:
            assert program.stdout is not None
            address = program.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            assert "<h1>Reports</h1>" in (listed := get(f"{address}/reports"))
            assert "Mine alone" in listed
            assert "1 row." in get(f"{address}/reports/mine-alone")
            for _ in range(100 * browser):
                if shown.exists():
                    break
                time.sleep(0.05)
        finally:
            program.send_signal(signal.SIGTERM)
            _, printed = program.communicate(timeout=30)
    assert shown.exists() == browser
    assert not browser or shown.read_text().strip() == address
    assert ("there is no browser here" in printed) == (not browser)
