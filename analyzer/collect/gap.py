"""After a gap in collecting: when the array itself last saw what vanished across it.

The logins of an igroup's initiators (``connectivity_tracking``) are expensive, and ONTAP forgets
one that it has not seen for 48 hours: they are requested in the first complete snapshot after a
gap, and of the igroups that lost a path across it.
"""

from dataclasses import replace
from datetime import datetime

import polars as pl

from analyzer import ontap
from analyzer.history import History
from analyzer.history.attempts import read_part
from analyzer.inventories import INVENTORIES
from analyzer.ontap import Client, frame
from analyzer.ontap.listing import ClusterIdentity, ListingResult
from analyzer.ontap.resources import MEMBERS
from analyzer.store import snapshot
from analyzer.store.snapshot import Listing

LOST = "after a gap in collecting the array's own last sight of a lost path is no evidence"
MOST = 20  # igroups in one run, those with the most lost paths first
MISSED = (
    1.5  # intervals without a snapshot are a gap: the default of the threshold missed_intervals
)
_PATH = ["svm_id", "initiator", "interface_id"]


def paths_before(
    history: History, taken_at: datetime, interval: float | None
) -> pl.DataFrame | None:
    """The paths of the last complete snapshot; None if no gap lies between it and *taken_at*.

    Raises:
        StoreError: a file is damaged.
    """
    manifest = history.manifest
    last, file = manifest.horizon, manifest.tables["spells"].open
    if last is None or file is None:
        return None
    late = interval is not None and (taken_at - last).total_seconds() > MISSED * interval
    if manifest.last == last and not late:
        return None
    return read_part(history.folder / file, *_PATH).unique()


def with_ended_logins(
    client: Client,
    identity: ClusterIdentity,
    paths: pl.DataFrame | None,
    sessions: ListingResult,
    igroups: Listing,
) -> tuple[Listing, tuple[str, ...]]:
    """The listing of *igroups* with the ended logins of those that lost some of *paths*, and notes.

    Never raises for what the array does.
    """
    if paths is None or sessions.status != "complete":
        return igroups, ()
    rows = sessions.frames[0] if sessions.frames else snapshot.empty()
    uuids = _losers(igroups.rows, paths.join(rows, on=_PATH, how="anti"))
    if uuids and identity.version is not None and identity.release < MEMBERS.since:
        release = ".".join(map(str, MEMBERS.since))
        return igroups, (f"ended logins not collected: ONTAP has them from {release} on",)
    notes = []
    if len(uuids) > MOST:
        notes.append(f"ended logins: of {MOST} of the {len(uuids)} igroups that lost paths")
    ended: dict[str, list[dict[str, object]]] = {}
    for uuid in uuids[:MOST]:
        members = ontap.members(client, uuid, identity.release)
        if members.status != "complete":
            notes.append(f"ended logins not collected: {members.reason}")
            break
        ended[uuid] = frame.ended_logins(members.records)
    column = pl.Series(
        "ended_logins",
        [ended.get(uuid) or None for uuid in igroups.rows["uuid"]],
        INVENTORIES["igroups"].schema["ended_logins"],
    )
    return replace(igroups, rows=igroups.rows.with_columns(column)), tuple(notes)


def _losers(igroups: pl.DataFrame, lost: pl.DataFrame) -> list[str]:
    """UUIDs of the igroups of the initiators that lost paths, those that lost most first."""
    svm = pl.coalesce("svm_uuid", "svm", pl.lit("")).alias("svm_id")
    members = igroups.select("uuid", svm, pl.col("initiators").alias("initiator"))
    losers = members.explode("initiator").join(lost, on=["svm_id", "initiator"])
    return (
        losers["uuid"]
        .value_counts()
        .sort("count", "uuid", descending=[True, False])["uuid"]
        .to_list()
    )
