"""The same store and the same present give the same bytes, wherever and whenever they are made."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from support.array_builder import A1, B2, World, linux
from support.effort import THOROUGH

# Reports in every format, hashed one by one: all if it is thorough, or those of incidents and growth.
MAKE = """
import hashlib, sys, tempfile
from pathlib import Path
from analyzer import output
from analyzer.config import policy
from analyzer.console import html_file
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

catalog = Catalog(Store(Path(sys.argv[1])), tables=policy.tables(None))
for name, query in header.reports().items():
    if not (query.evidence or query.group == "Capacity" or "thorough" in sys.argv):
        continue
    request = run.ReportRequest(since="40d", at="latest", before="10d")
    report = run.run(catalog, query, request)
    for format_ in ("table", "json", "ndjson", "csv", "markdown", "html", "parquet"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report"
            if format_ == "html":
                output.put(html_file.of_reports([report]), path, sys.stdout)
            else:
                output.write(report, format_, path, sys.stdout)
            print(name, format_, hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_month_end_can_be_made_again_to_the_byte(tmp_path: Path) -> None:
    world = World(tmp_path / "store", step=timedelta(hours=7))
    for number in range(1, 6):
        world.sessions += linux(number)
    for day in range(8):
        world.take(2)
        world.sessions += linux(10 + day, igroup=f"ig_{day % 3}")
        world.without("lnx2", *([A1] if day % 2 else [B2]))
    outputs = []
    for zone, seed in (("UTC", "0"), ("Asia/Kathmandu", "4711")):
        environment = os.environ | {
            "TZ": zone, "PYTHONHASHSEED": seed, "ANALYZER_NOW": "2026-12-10T00:00:00Z",
            "LC_ALL": "C.UTF-8", "COLUMNS": "90",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", MAKE, str(world.root), *["thorough"] * THOROUGH],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout.splitlines())
    assert len(outputs[0]) > 100
    assert [a for a, b in zip(*outputs, strict=True) if a != b] == []
