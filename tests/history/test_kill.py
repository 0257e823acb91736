"""Killed at any moment, a writer leaves a store that the next command reads."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from plain import START

from analyzer import history
from analyzer.catalog import Catalog
from analyzer.store import Store

KILLS = int(os.environ.get("ANALYZER_KILLS", "8"))

# Records snapshots for ever, says of each that it is acknowledged, and now and then compacts.
CHILD = """
import sys
from datetime import timedelta
from pathlib import Path
from analyzer import history
from analyzer.store import Store
from plain import START, lone, row

store = Store(Path(sys.argv[1]))
first = int(sys.argv[2])
for number in range(first, first + 10_000):
    late = number % 7 == 3
    minute = 5 * number - (2 if late else 0)
    rows = [row("a", host, 1 + number // 3) for host in range(3) if (number + host) % 4]
    history.record(store, lone("complete" if number % 5 else "partial", rows, minute))
    print(minute, flush=True)
    if number % 6 == 5:
        history.compact(store, "c1", START + timedelta(minutes=minute - 40))
    if number % 11 == 10:
        history.prune(store, "c1", START + timedelta(minutes=minute - 300))
"""


def test_nothing_acknowledged_is_missing_after_a_kill(tmp_path: Path) -> None:
    chance = random.Random(7)
    store = Store(tmp_path / "store")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    number = 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(store.root), str(number)],
            stdout=subprocess.PIPE, text=True, env=environment,
        ) as child:  # fmt: skip
            assert child.stdout is not None
            told = [child.stdout.readline()]
            time.sleep(chance.random() * 0.6)
            child.send_signal(signal.SIGKILL)
            told += child.stdout.read().splitlines()
        said = [START + timedelta(minutes=int(line)) for line in told if line.strip().isdigit()]
        # A reader needs no repair.
        catalog = Catalog(store)
        seen = {row[0] for row in catalog.run("select taken_at from attempts").rows}
        catalog.close()
        assert set(said[-5:]) <= seen
        history.catch_up(store, "c1")
        assert history.verify(store, "c1").problem is None
        number += len(said) + 2
