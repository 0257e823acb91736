"""A month of five hundred hosts is still a file to be mailed."""

from datetime import timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest
from support import snapshot_rows as plain
from support.browser_tab import Tab
from support.folding import folded_together
from support.pages import daily

from analyzer import schema
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot

pytestmark = pytest.mark.browser
pytest.importorskip("altair")

HOSTS, PATHS, LOOKS = 500, 4, 30


def _looks() -> list[Snapshot]:
    """A month, day by day: each time one path of ten is away, and every name is long."""
    random = Random(7)
    every = [
        plain.row("s", host, login=host * PATHS + path)
        | {
            "initiator": f"iqn.1998-01.com.vmware:rack-{host % 20:02}-esx-{host:04}.example:4f1a",
            "initiator_address": f"10.0.{host // 250}.{host % 250}",
            "interface_id": f"lif-{path}", "interface": f"lif_iscsi_{path}",
            "interface_uuid": f"lif-{path}", "interface_address": f"10.1.1.{path}",
        }
        for host in range(HOSTS)
        for path in range(PATHS)
    ]  # fmt: skip
    return [
        Snapshot(
            "prod-a",
            plain.START + timedelta(days=number),
            Listing(
                "complete",
                None,
                pl.DataFrame(
                    [row for row in every if random.random() > 0.1], schema=schema.SESSIONS.schema
                ),
            ),
        )
        for number in range(LOOKS + 1)
    ]


def test_a_month_of_five_hundred_hosts_stays_under_three_megabytes(tab: Tab, tmp_path: Path):
    looks = _looks()
    with folded_together(Store(tmp_path / "store"), "prod-a"):
        store = plain.stored(str(tmp_path), "store", looks)
    page = daily(store, tmp_path / "page.html", looks[-1].taken_at, "30d")
    assert page.stat().st_size < 3_000_000
    tab.open(page, 360)
    assert tab.js("document.querySelectorAll('*').length") < 150_000
    assert tab.complaints() == []
    assert not tab.overflows()
    more = tab.js("[...document.querySelectorAll('.more')].map(one => one.textContent)")
    assert any("analyzer report dropped-connections --format csv" in line for line in more)
    assert tab.js("document.querySelectorAll('figcaption').length") >= 6
    print(page, page.stat().st_size, tab.seconds)
