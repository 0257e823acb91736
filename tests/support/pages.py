"""Pages to look at."""

from datetime import datetime
from pathlib import Path

from analyzer import demo
from analyzer.config import policy
from analyzer.console import html_file
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store


def daily(store: Store, path: Path, until: datetime, since: str = "24h") -> Path:
    """The daily report of a store, as a file."""
    with demo.at(until):
        catalog = Catalog(store, tables=policy.tables(None))
        try:
            path.write_text(html_file.daily(catalog, ReportRequest(since=since)), encoding="utf-8")
        finally:
            catalog.close()
    return path
