"""One snapshot of each cluster, side by side: a broken one never delays the others.

Whatever goes wrong, the attempt is recorded with its status and its reason.
"""

import json
import os
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from analyzer import clock, history, ontap, snapshot
from analyzer.config import Cluster
from analyzer.errors import AnalyzerError, Denied
from analyzer.inventory import INVENTORIES
from analyzer.ontap import Array, Problem
from analyzer.ontap.listing import Identity, Whole
from analyzer.ontap.record import listing as rows_of
from analyzer.snapshot import EXITS, Listing, Snapshot
from analyzer.store import Store
from analyzer.text import visible


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one cluster's run ended; *notes* name inventories that were not collected."""

    cluster: str
    status: str
    exit_code: int
    taken_at: datetime | None = None
    sessions: int = 0
    connections: int = 0
    seconds: float = 0.0
    reason: str | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)

    def json(self) -> str:
        """One line for a program."""
        told = {name: value for name, value in asdict(self).items() if name != "taken_at"}
        told["taken_at"] = clock.iso(self.taken_at) if self.taken_at else None
        return json.dumps(told, sort_keys=True)

    def line(self) -> str:
        """One line for a person."""
        counts = f", {self.sessions} sessions, {self.connections} connections"
        why = f": {visible(self.reason)}" if self.reason else ""
        shown = counts if self.status in {"complete", "partial", "suspect"} else ""
        return f"{self.cluster}: {self.status}{shown}, {self.seconds:.1f} s{why}"


def collect(
    store: Store,
    clusters: Sequence[Cluster],
    *,
    parallel: int = 8,
    slot: bool = False,
    compact_after: timedelta | None = None,
    keep: timedelta | None = None,
    done: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Take one snapshot of each; *done* hears of each as it ends.

    With *slot*, the instant is the scheduled one (the configured interval, rounded down), and
    one that is there already is not taken again. With *compact_after* or *keep* the store is
    tidied behind it, once a day.
    """

    def one(cluster: Cluster) -> Outcome:
        outcome = _one(store, cluster, slot=slot)
        if outcome.taken_at is None:
            return outcome
        try:
            history.tidy(store, cluster.name, outcome.taken_at, compact_after, keep)
        except AnalyzerError as error:
            return replace(outcome, notes=(*outcome.notes, f"not tidied: {error}"))
        return outcome

    outcomes = []
    with ThreadPoolExecutor(max_workers=max(1, min(parallel, len(clusters) or 1))) as pool:
        for outcome in pool.map(one, clusters):
            done(outcome)
            outcomes.append(outcome)
    return outcomes


def _one(store: Store, cluster: Cluster, *, slot: bool) -> Outcome:
    start = time.monotonic()
    try:
        with store.lock(cluster.name):
            taken_at = _instant(cluster, slot=slot)
            history.catch_up(store, cluster.name)
            before = store.manifest(cluster.name).get("sessions")
            if slot and history.find(store, cluster.name, taken_at) is not None:
                return Outcome(cluster.name, "complete", 0, taken_at, reason="this slot is stored")
            taken, problem, notes = take(cluster, taken_at, before)
            told = history.record(store, taken)
    except AnalyzerError as error:
        reason = str(error)
        return Outcome(
            cluster.name, "failed", error.exit_code, seconds=time.monotonic() - start, reason=reason
        )
    return _outcome(cluster, told, problem, notes, time.monotonic() - start)


def _outcome(
    cluster: Cluster,
    told: dict[str, Any],
    problem: Problem | None,
    notes: tuple[str, ...],
    seconds: float,
) -> Outcome:
    code = EXITS[told["status"]]
    if told["status"] == "failed" and problem is not None:
        code = problem.error.exit_code
    return Outcome(
        cluster.name, told["status"], code, told["taken_at"], told["sessions"],
        told["connections"], seconds, told["reason"], notes,
    )  # fmt: skip


def _instant(cluster: Cluster, *, slot: bool) -> datetime:
    present = clock.now()
    if not slot or not cluster.interval:
        return present
    midnight = present.replace(hour=0, minute=0, second=0)
    passed = int((present - midnight).total_seconds()) // cluster.interval * cluster.interval
    return midnight + timedelta(seconds=passed)


def take(
    cluster: Cluster, taken_at: datetime, before: int | None
) -> tuple[Snapshot, Problem | None, tuple[str, ...]]:
    """Ask one cluster for everything; *before* is how many sessions its last complete answer had.

    Never raises for what the array does: that is in the snapshot's status and reason.
    """
    start = time.monotonic()
    asked = clock.now()
    try:
        with Array(cluster) as array:
            who = ontap.identity(array)
            whole = _believed(array, who, before)
            inventories = _companions(array, who, whole)
    except Problem as problem:
        whole, who, inventories = Whole("failed", problem.reason, problem=problem), Identity(), {}
    rows = whole.frames[0] if whole.frames else snapshot.empty()
    if cluster.svms:
        rows = rows.filter(rows["svm_id"].is_in(cluster.svms) | rows["svm"].is_in(cluster.svms))
    skew = (who.dated - asked).total_seconds() if who.dated else None
    taken = Snapshot(
        cluster=cluster.name,
        taken_at=taken_at,
        sessions=Listing(whole.status, whole.reason, rows, whole.pages),
        inventories=inventories,
        cluster_uuid=who.uuid,
        version=who.version,
        collector=f"{socket.gethostname()}",
        seconds=round(time.monotonic() - start, 3) if "ANALYZER_NOW" not in os.environ else None,
        expected_interval=cluster.interval,
        clock_skew=skew if "ANALYZER_NOW" not in os.environ else None,
        svms_wanted=cluster.svms,
    )
    notes = tuple(
        f"{name} not collected: {told.reason or told.status}"
        for name, told in inventories.items()
        if told.status != "complete"
    )
    return taken, whole.problem, notes


def _believed(array: Array, who: Identity, before: int | None) -> Whole:
    """The sessions; a sudden emptiness or a steep drop is asked about once more."""
    whole = ontap.sessions(array, who.release)
    found = sum(frame.height for frame in whole.frames)
    fewest = (before or 0) * (1 - array.cluster.shrink)
    if whole.status == "complete" and before and (found == 0 or found < fewest):
        again = ontap.sessions(array, who.release)
        return again if again.status == "complete" else whole
    return whole


def _companions(array: Array, who: Identity, whole: Whole) -> dict[str, Listing]:
    refused = whole.problem is not None and whole.problem.status == 401
    if whole.status == "failed" and (refused or whole.problem is None or not whole.problem.status):
        return {}
    return {name: _companion(array, name, who) for name in INVENTORIES}


def _companion(array: Array, name: str, who: Identity) -> Listing:
    whole = ontap.companion(array, name, who.release)
    status = whole.status
    if whole.problem is not None:
        status = "failed"
        if whole.problem.error is Denied:
            status = "refused"
        elif whole.problem.status in {400, 404}:
            status = "missing"
    kept = whole.records
    if name == "interfaces":
        # Those that can carry iSCSI; releases that list no services keep all that an SVM owns.
        kept = [
            item
            for item in kept
            if item.svm and (not item.services or "data_iscsi" in item.services)
        ]
    rows = rows_of(name, kept if status == "complete" else [])
    return Listing(status, whole.reason, rows, whole.pages)
