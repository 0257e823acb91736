"""Synthetic fleets: sessions of many hosts that change a little from snapshot to snapshot."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import polars as pl

from analyzer import schema
from analyzer.history import History
from analyzer.history import manifest as manifests
from analyzer.history.attempts import SnapshotFiles
from analyzer.history.manifest import Manifest
from analyzer.store.layout import Store
from analyzer.store.snapshot import Listing, Snapshot, attempt, write
from benchmarks.figure import size

START = datetime(2026, 1, 1)
STEP = timedelta(minutes=5)
_HASHES = random.Random(1)
PATHS = 4  # sessions per host: two nodes, two subnets


def frame(connections: int, seed: int = 1) -> pl.DataFrame:
    """*connections* sessions of one connection, four to a host, sixteen interfaces."""
    host = pl.int_range(connections, eager=True) // PATHS
    path = pl.int_range(connections, eager=True) % PATHS
    lif = (host % 4) * PATHS + path
    ports = random.Random(seed)
    text = pl.format
    rows = pl.DataFrame({"host": host, "path": path, "lif": lif}).with_columns(
        port=pl.Series([ports.randrange(32768, 61000) for _ in range(connections)]),
        tsih=(pl.int_range(pl.len()) // 16) % 65535 + 1,
    )
    svm = text("svm{}", pl.col("host") % 4)
    address = text("192.168.{}.{}", pl.col("lif") + 10, pl.lit(11))
    igroup = pl.struct(
        uuid=text("igroup-{}", pl.col("host") // 8), name=text("hosts{}", pl.col("host") // 8)
    )
    missing = pl.lit(None, dtype=pl.String())
    return rows.select(
        svm_id=svm,
        svm_uuid=svm,
        svm=svm,
        initiator=text("iqn.1994-05.com.redhat:host{}", pl.col("host")),
        initiator_raw=missing,
        alias=text("host{}", pl.col("host")),
        comment=missing,
        isid=text("00:02:3d:00:{}:{}", pl.col("path"), pl.col("host") % 250),
        isid_raw=missing,
        tsih=pl.col("tsih").cast(pl.Int64),
        target_portal_group=text("lif{}", pl.col("lif")),
        target_portal_group_tag=(pl.col("lif") + 1000).cast(pl.Int64),
        connections=pl.lit(1, dtype=pl.Int64),
        cid=pl.lit(0, dtype=pl.Int64),
        authentication=pl.lit("none"),
        initiator_address=text(
            "10.{}.{}.{}", pl.col("path"), pl.col("host") // 250, pl.col("host") % 250
        ),
        initiator_address_raw=missing,
        initiator_port=pl.col("port").cast(pl.Int64),
        interface_id=text("uuid-lif{}", pl.col("lif")),
        interface_uuid=text("uuid-lif{}", pl.col("lif")),
        interface=text("lif{}", pl.col("lif")),
        interface_address=address,
        interface_address_raw=missing,
        interface_port=pl.lit(3260, dtype=pl.Int64),
        igroups=pl.concat_list(igroup),
    ).select(*schema.SESSIONS.schema)


@dataclass(slots=True)
class Fleet:
    """A cluster whose sessions change by *share* from one snapshot to the next.

    Half of what changes reconnects (new TSIH, new port), the other half is away for one
    snapshot or a few and comes back as a new session.
    """

    connections: int
    share: float
    seed: int = 1
    rows: pl.DataFrame = field(init=False)
    _away: list[tuple[int, pl.DataFrame]] = field(default_factory=list)
    _random: random.Random = field(init=False)
    _owed: float = 0.0

    def __post_init__(self) -> None:
        self.rows = frame(self.connections, self.seed)
        self._random = random.Random(self.seed)

    def step(self, number: int) -> pl.DataFrame:
        """The rows of the next snapshot."""
        self._owed += self.connections * self.share
        count, self._owed = int(self._owed), self._owed % 1
        back = [rows for due, rows in self._away if due <= number]
        self._away = [(due, rows) for due, rows in self._away if due > number]
        if count:
            picked = sorted(self._random.sample(range(self.rows.height), count))
            touched = self._renewed(self.rows[picked], number)
            keep = pl.Series([True] * self.rows.height).scatter(picked, False)  # noqa: FBT003  # positional only
            half = (count + self._random.randrange(2)) // 2
            self._away.append((number + self._random.randrange(1, 4), touched[half:]))
            back.append(touched[:half])
            self.rows = self.rows.filter(keep)
        if back:
            self.rows = pl.concat([self.rows, *back], rechunk=True)
        return self.rows

    def _renewed(self, rows: pl.DataFrame, number: int) -> pl.DataFrame:
        return rows.with_columns(
            tsih=(pl.col("tsih") + 4099 + number) % 65535 + 1,
            initiator_port=(pl.col("initiator_port") + 7 + number) % 28000 + 32768,
        )

    def snapshots(self, count: int, cluster: str = "bench") -> Iterator[Snapshot]:
        """*count* complete snapshots, five minutes apart."""
        for number in range(count):
            rows = self.step(number) if number else self.rows
            yield snapshot(cluster, START + STEP * number, rows)


def snapshot(cluster: str, taken_at: datetime, rows: pl.DataFrame) -> Snapshot:
    """A complete snapshot of these rows."""
    return Snapshot(cluster, taken_at, Listing("complete", None, rows, 1), collector="benchmark")


@contextmanager
def _set_up() -> Iterator[None]:
    """Nothing waits for the disk, and a number stands for the hash of what was listed.

    Setting up is not what is measured, and hashing every row of every snapshot is most of it.
    """
    hashed = "analyzer.store.snapshot.digest"
    with patch("os.fsync"), patch(hashed, lambda *_: _HASHES.getrandbits(128)):
        yield


def put(store: Store, taken: Snapshot) -> SnapshotFiles:
    """The files of a snapshot, which is not folded."""
    with _set_up():
        answer = attempt(taken)
        write(store, taken, answer)
    return SnapshotFiles(answer, {"spells": store.snapshot(taken.cluster, taken.taken_at)})


def build(root: Path, fleet: Fleet, count: int) -> Store:
    """A store of *count* snapshots, folded at once."""
    store = Store(root)
    add(store, [])  # commits the first manifest: snapshots without one are damage
    add(store, [put(store, taken) for taken in fleet.snapshots(count)])
    return store


def add(store: Store, items: list[SnapshotFiles], *, commit: bool = True) -> None:
    """Fold snapshots."""
    with History.open(store, "bench") as history:
        history.add(items)
        if commit:
            history.commit()


def history_size(store: Store) -> int:
    """Bytes of the files that the manifest names: no more are there once readers have gone."""
    names = (manifests.read(store, "bench") or Manifest()).names
    return size(store.history_folder("bench") / name for name in names)
