"""Serving a page over HTTP against the bare query of the same rows."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from analyzer.history import manifest as manifests
from analyzer.history import parts
from analyzer.history.manifest import Manifest
from benchmarks.arrays import SESSIONS
from benchmarks.figure import Figure, folder, middle
from benchmarks.fleet import Fleet, build


@contextmanager
def serving(store: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection to a server of that store, a process of its own."""
    command = [sys.executable, "-m", "analyzer", "--store", str(store), "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})
    try:
        assert server.stdout is not None
        there = urlsplit(server.stdout.readline().strip())
        connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=60)
        yield connection
        connection.close()
    finally:
        server.terminate()
        server.wait(20)


def pages(sessions: int, size: int) -> list[Figure]:
    """Pages of *size* sessions out of the middle of *sessions*, by their cursors."""
    with folder() as root:
        store = build(root, Fleet(sessions, 0.001), 3)
        opened = (manifests.read(store, "bench") or Manifest()).tables["spells"].open or ""
        bare = parts.engine()
        bare.execute(
            "create table kept as select row_number() over (order by svm_uuid, target_portal_group,"
            f" tsih) as n, * from '{store.history_folder('bench') / opened}' order by n"
        )
        turn = count(sessions // 2)

        def query() -> int:
            text = "select * from kept where n > $n order by n limit $size"
            return len(bare.execute(text, {"n": next(turn), "size": size}).fetchall())

        with serving(root) as connection:

            def ask(query: str) -> bytes:
                accept = {"Accept": "application/json"}
                connection.request("GET", f"{SESSIONS}?{query}&pretty=false", headers=accept)
                return connection.getresponse().read()  # what a client makes of it is its own

            def page(more: str = "") -> bytes:
                start = f"start.svm.uuid=svm1&start.tpgroup=lif5&start.tsih={next(turn) % 100}"
                return ask(f"{start}&fields=*&max_records={size}{more}")

            if {len(json.loads(page())["records"]), query()} != {size}:
                raise AssertionError("a page is not full")
            works = {
                f"page of {size:,} out of {sessions:,} sessions": (page, "<= 2"),
                "the same, filtered by a pattern": (
                    lambda: page("&initiator.name=*host*"),
                    "<= 10",
                ),
                "one session": (lambda: ask(f"tsih={next(turn)}&tpgroup=lif5"), "<= 1"),
            }
            floor = middle(query, 15)
            return [
                Figure(what, middle(work, 15), floor, "s", "floor: bare DuckDB query of such a page",
                       bound)
                for what, (work, bound) in works.items()
            ]  # fmt: skip
