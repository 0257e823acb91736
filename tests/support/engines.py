"""What the tests of the engines ask."""

from dataclasses import dataclass
from datetime import datetime

from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store


@dataclass
class Twin:
    """One history, and the window that is asked of it."""

    store: Store
    duckdb: Catalog
    spark: Catalog
    since: datetime
    until: datetime
