"""Killed at any moment, a writer leaves a store that the next command reads."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from support.effort import effort
from support.snapshot_rows import START

from analyzer import history
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

KILLS = effort(1, 60)  # of each kind of work
LONGEST = effort(3, 6) / 10  # seconds that it works before it is killed

# Each works for ever and says of every snapshot that it is acknowledged.
SETUP = """
import sys
from datetime import timedelta
from pathlib import Path
from analyzer import history
from analyzer.store.layout import Store
from support.snapshot_rows import START, lone, row

store = Store(Path(sys.argv[1]))
first = int(sys.argv[2])

def keep(number, minute):
    print(minute, flush=True)
    if number % 6 == 5:
        history.compact(store, "c1", START + timedelta(minutes=minute - 40))
    if number % 11 == 10:
        history.prune(store, "c1", START + timedelta(minutes=minute - 300))
"""
MOVE = """
import json, os
from analyzer.simulate import SimulatedArray, apply, base_world

def move(world, number):
    apply(world, *(("drop", "lnx*"), ("recover",), ("relogin", "esx1"))[number % 3])
"""
WORK = {
    "record": """
for number in range(first, first + 10_000):
    minute = 5 * number - (2 if number % 7 == 3 else 0)
    rows = [row("a", host, 1 + number // 3) for host in range(3) if (number + host) % 4]
    history.record(store, lone("complete" if number % 5 else "partial", rows, minute))
    keep(number, minute)
""",
    "import": MOVE
    + """
from analyzer.collect import files
world = base_world()
for number in range(first, first + 10_000):
    move(world, number)
    page = Path(sys.argv[1] + ".json")
    page.write_text(json.dumps({"records": world.sessions()}))
    files.bring(store, "c1", START + timedelta(minutes=5 * number), [page], {}, future=True)
    keep(number, 5 * number)
""",
    "collect": MOVE
    + """
from analyzer import demo
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
os.environ["SECRET"] = "pretend"
world = base_world()
with SimulatedArray(world, username="reader", password="pretend") as array:
    one = Cluster("c1", array.url, "reader", password_env="SECRET", interval=300)
    for number in range(first, first + 10_000):
        with array.moving():
            move(world, number)
        with demo.at(START + timedelta(minutes=5 * number)):
            collector.collect(store, [one])
        keep(number, 5 * number)
""",
    "rebuild": """
for number in range(first, first + 10_000):
    rows = [row("a", host, 1 + number // 3) for host in range(3) if (number + host) % 4]
    history.record(store, lone("complete", rows, 5 * number))
    print(5 * number, flush=True)
    history.rebuild(store, "c1")
""",
}


@pytest.mark.parametrize("work", WORK)
def test_nothing_acknowledged_is_missing_after_a_kill(work: str, tmp_path: Path) -> None:
    chance = random.Random(work)
    store = Store(tmp_path / "store")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    number = 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", SETUP + WORK[work], str(store.root), str(number)],
            stdout=subprocess.PIPE, text=True, env=environment,
        ) as child:  # fmt: skip
            assert child.stdout is not None
            lines = [child.stdout.readline()]
            time.sleep(chance.random() * LONGEST)
            child.send_signal(signal.SIGKILL)
            lines += child.stdout.read().splitlines()
        assert any(line.strip().isdigit() for line in lines), "the child did nothing"
        acknowledged = [
            START + timedelta(minutes=int(line)) for line in lines if line.strip().isdigit()
        ]
        # A reader needs no repair.
        catalog = Catalog(store)
        seen = {row[0] for row in catalog.run("select taken_at from attempts").rows}
        catalog.close()
        assert set(acknowledged[-5:]) <= seen
        history.catch_up(store, "c1")
        assert history.verify(store, "c1").problem is None
        number += len(acknowledged) + 2
