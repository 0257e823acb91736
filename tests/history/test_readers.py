"""Who reads a store while somebody writes it."""

import threading
from pathlib import Path

from support.effort import effort
from support.snapshot_rows import lone, row, stored

from analyzer import history
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store


def test_readers_and_a_writer_never_wait_for_each_other(tmp_path: Path) -> None:
    store = stored(str(tmp_path), "one", [lone("complete", [row("a", h, 1) for h in range(3)], 0)])
    over = threading.Event()
    seen: list[tuple[int, int]] = []

    def read() -> None:
        while not over.is_set():
            catalog = Catalog(Store(store.root))
            count = catalog.run(
                "select (select count(*) from spells where gone_by is null),"
                " (select max_by(connections, taken_at) from attempts)"
            )
            seen.append(count.rows[0])
            catalog.close()

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, effort(13, 25)):
        rows = [row("a", host, number) for host in range(3 + number % 2)]
        history.record(store, lone("complete", rows, 5 * number))
    over.set()
    reader.join()
    # One consistent instant: as many open spells as the latest attempt has connections.
    assert len(seen) > 3
    assert all(spells == listed for spells, listed in seen)
