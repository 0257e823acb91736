"""A short history in which paths come and go at random, on two nodes and in two subnets."""

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
from support.folding import folded_together

from analyzer import history, schema
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot

START, STEP, SNAPSHOTS, HOSTS = datetime(2026, 11, 23), timedelta(minutes=5), 16, 5
INTERFACES = [(node, side) for node in ("n1", "n2") for side in "ab"]
END = START + STEP * (SNAPSHOTS - 1)


def build(folder: Path, seed: int, clusters: tuple[str, ...] = ("east", "west")) -> Store:
    """A store of complete snapshots and a few failed ones, none of them the first or the last."""
    random, store = Random(seed), Store(folder)
    for cluster in clusters:
        logins = {
            (host, place): 1
            for host in range(HOSTS)
            for place in range(len(INTERFACES))
            if random.random() < 0.9
        }
        with folded_together(store, cluster):
            for number in range(SNAPSHOTS):
                for path in [(h, p) for h in range(HOSTS) for p in range(len(INTERFACES))]:
                    if random.random() < 0.12:
                        # It goes, comes, or logs in anew.
                        if path in logins and random.random() < 0.7:
                            del logins[path]
                        else:
                            logins[path] = number + 2
                failed = 0 < number < SNAPSHOTS - 1 and random.random() < 0.1
                history.record(store, _snapshot(cluster, number, None if failed else logins))
    return store


def _snapshot(cluster: str, number: int, logins: dict[tuple[int, int], int] | None) -> Snapshot:
    """What was logged in at that snapshot; None if it failed."""
    rows = [_session(cluster, *path, login) for path, login in sorted((logins or {}).items())]
    sessions = pl.DataFrame(rows, schema=schema.SESSIONS.schema)
    at = START + STEP * number
    if logins is None:
        return Snapshot(cluster, at, Listing("failed", "HTTP 503", sessions), expected_interval=300)
    interfaces = pl.DataFrame(
        [_interface(cluster, place) for place in range(len(INTERFACES))],
        schema=schema.INVENTORIES["interfaces"].schema,
    )
    inventories = {"interfaces": Listing("complete", None, interfaces)}
    complete = Listing("complete", None, sessions)
    return Snapshot(cluster, at, complete, inventories, expected_interval=300)


def _session(cluster: str, host: int, place: int, login: int) -> dict[str, object]:
    interface = _interface(cluster, place)
    return dict.fromkeys(schema.SESSIONS.schema) | {
        "svm_id": f"{cluster}-svm", "svm_uuid": f"{cluster}-svm", "svm": "svm", "tsih": login,
        "initiator": f"iqn.1994-05.com.redhat:h{host}", "alias": f"h{host}",
        "isid": f"00:02:3d:00:00:{place:02}", "target_portal_group": f"t{place}",
        "target_portal_group_tag": place, "connections": 1, "cid": 0,
        "initiator_address": f"10.0.{place % 2}.{host}", "initiator_port": 40000 + login,
        "interface_id": interface["uuid"], "interface_uuid": interface["uuid"],
        "interface": interface["name"], "interface_address": interface["address"], "igroups": [],
    }  # fmt: skip


def _interface(cluster: str, place: int) -> dict[str, object]:
    node, side = INTERFACES[place]
    subnet = "ab".index(side)
    return dict.fromkeys(schema.INVENTORIES["interfaces"].schema) | {
        "uuid": f"{cluster}-{place}", "name": f"svm_{node}_{side}", "svm_uuid": f"{cluster}-svm",
        "svm": "svm", "address": f"10.0.{subnet}.{200 + place}", "subnet": f"10.0.{subnet}.0/24",
        "enabled": True, "state": "up", "is_home": True, "home_node": node, "node": node,
        "services": ["data_iscsi"],
    }  # fmt: skip
