"""Plain snapshots by hand: few rows, one connection each."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from analyzer import history, schema
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot

START = datetime(2026, 11, 23, 2)
STEP = timedelta(minutes=5)


def row(svm: str, host: int, login: int) -> dict[str, Any]:
    text = {"initiator": f"iqn.h{host}", "isid": f"00:{host:02}", "target_portal_group": "l1"}
    return dict.fromkeys(schema.SESSIONS.schema) | {
        "svm_id": svm, "svm_uuid": svm, "svm": svm, **text, "tsih": login, "connections": 1,
        "target_portal_group_tag": 1, "cid": 0, "initiator_address": f"10.0.0.{host}",
        "initiator_port": login, "interface_id": "L", "interface_uuid": "L", "interface": "l",
        "interface_address": "10.1.1.1", "igroups": [{"uuid": "u", "name": "n"}],
    }  # fmt: skip


def stored(folder: str, name: str, snapshots: list[Snapshot]) -> Store:
    store = Store(Path(folder) / name)
    for taken in snapshots:
        history.record(store, taken)
    return store


def lone(status: str, rows: list[dict[str, Any]], minute: int) -> Snapshot:
    listing = Listing(status, None, pl.DataFrame(rows, schema=schema.SESSIONS.schema))
    return Snapshot("c1", START + timedelta(minutes=minute), listing)
