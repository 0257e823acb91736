"""What the tests of the engines ask."""

import os
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

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


def listening(checkpoints: Path, pipe: Connection) -> None:
    """Serve Spark Connect until this process is killed; says where through the pipe."""
    os.environ |= {"SAIL_EXECUTION__CHECKPOINT__PATH": checkpoints.as_uri(), "RUST_LOG": "error"}
    from pysail.spark import SparkConnectServer  # noqa: PLC0415  # reads the environment

    running = SparkConnectServer("127.0.0.1", 0)
    running.start(background=True)
    address, port = running.listening_address
    pipe.send(f"sc://{address}:{port}")
    pipe.poll(None)
