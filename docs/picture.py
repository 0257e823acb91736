"""Draws ``docs/losses.svg``, the README's picture, from the store of ``make demo``.

``python docs/picture.py demo/store`` rewrites it.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from analyzer import chart, demo, policy, query, report
from analyzer.catalog import Catalog
from analyzer.store import Store

PICTURE = Path(__file__).with_name("losses.svg")


def draw(store: Store, path: Path) -> None:
    """The demonstration's losses by host."""
    with demo.at(datetime.combine(demo.DAY, datetime.min.time()) + timedelta(days=1)):
        catalog = Catalog(store, tables=policy.tables(None))
        chart.save(report.run(catalog, query.reports()["dropped-connections"]), path)


if __name__ == "__main__":
    draw(Store(Path(sys.argv[1])), PICTURE)
