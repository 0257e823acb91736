"""Draws ``docs/losses.svg``, the README's picture, from the store of ``make demo``.

``python docs/picture.py demo/store`` rewrites it.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from analyzer import demo
from analyzer.config import policy
from analyzer.output import chart
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store

PICTURE = Path(__file__).with_name("losses.svg")


def draw(store: Store, path: Path) -> None:
    """The demonstration's losses by host."""
    with demo.at(datetime.combine(demo.DAY, datetime.min.time()) + timedelta(days=1)):
        catalog = Catalog(store, tables=policy.tables(None))
        chart.save(run.run(catalog, header.reports()["dropped-connections"]), path)


if __name__ == "__main__":
    draw(Store(Path(sys.argv[1])), PICTURE)
