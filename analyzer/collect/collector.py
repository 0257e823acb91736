"""One snapshot of each cluster, side by side: a broken one never delays the others.

Whatever goes wrong, the attempt is recorded with its status and its reason.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from analyzer import clock, ontap
from analyzer.config.cluster import Cluster
from analyzer.errors import AnalyzerError, Denied
from analyzer.history import History, side_by_side, tidy
from analyzer.ontap import Client, RequestFailed, frame
from analyzer.ontap.listing import ClusterIdentity, ListingResult
from analyzer.schema import INVENTORIES, Attempt
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.snapshot import EXITS, Listing, Snapshot
from analyzer.text import escape_controls

_FARTHEST = 300.0  # seconds that our clock may be from the array's for anything to be deleted
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # naive means UTC here


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
        told["level"] = "error" if self.exit_code else "warning" if self.notes else "info"
        return json.dumps(told, sort_keys=True)

    def line(self) -> str:
        """One line for a person."""
        counts = f", {self.sessions} sessions, {self.connections} connections"
        why = f": {escape_controls(self.reason)}" if self.reason else ""
        shown = counts if self.status in {"complete", "partial", "suspect"} else ""
        return f"{self.cluster}: {self.status}{shown}, {self.seconds:.1f} s{why}"


def warnings(cluster: Cluster, *, slot: bool) -> Iterator[str]:
    """What is said of a cluster on every run, until its configuration changes."""
    if cluster.verify is False:
        yield "verify = false: its certificate is not checked"
    if cluster.in_clear:
        yield "its url is http: what is sent, the password too, can be read on the way"
    if slot and not cluster.interval:
        yield "it has no interval, so that --slot means nothing for it"


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

    With *slot*, the instant is the scheduled one (the configured interval, rounded down). A slot
    that is stored is not taken again; one that was tried and failed is, under the instant of the
    new try. With *compact_after* or *keep* the store is tidied behind it, once a day.
    """

    def work(cluster: Cluster) -> Outcome:
        return _collect_cluster(store, cluster, slot=slot, compact_after=compact_after, keep=keep)

    side_by_side()
    with ThreadPoolExecutor(max_workers=max(1, min(parallel, len(clusters) or 1))) as pool:
        running = [pool.submit(work, cluster) for cluster in clusters]
        for ended in as_completed(running):
            if ended.exception() is None:
                done(ended.result())
    # What is a bug with one cluster is raised when the others have their snapshots.
    return [ended.result() for ended in running]


def _collect_cluster(
    store: Store, cluster: Cluster, *, slot: bool, compact_after: timedelta | None,
    keep: timedelta | None,
) -> Outcome:  # fmt: skip
    start = time.monotonic()
    try:
        with History.open(store, cluster.name) as history:
            outcome, skew = _collect(history, cluster, start, slot=slot)
            notes = _tidy(history, outcome, skew, compact_after, keep)
            return replace(outcome, notes=(*outcome.notes, *notes))
    except AnalyzerError as error:
        seconds = time.monotonic() - start
        return Outcome(cluster.name, "failed", error.exit_code, seconds=seconds, reason=str(error))


def _collect(
    history: History, cluster: Cluster, start: float, *, slot: bool
) -> tuple[Outcome, float | None]:
    """One snapshot, recorded; and how far the array's clock was ahead of ours, in seconds."""
    taken_at = clock.now().replace(microsecond=0)
    history.catch_up()
    notes = clock_went_back(taken_at, history.manifest.horizon)
    if "ANALYZER_NOW" not in os.environ:
        # Two runs within a second, or a clock that was set back onto one.
        while history.last_attempt(taken_at, taken_at + _span(1)) is not None:
            taken_at += _span(1)
    if slot and cluster.interval:
        began = _slot(taken_at, cluster.interval)
        last = history.last_attempt(began, began + _span(cluster.interval))
        if last is not None and last.status != "failed":
            last.reason = "this slot is stored"
            return _outcome(cluster, last, None, notes, time.monotonic() - start), None
        taken_at = began if last is None else max(taken_at, last.taken_at + _span(1))
    answer = take(cluster, taken_at, history.manifest.sessions)
    attempt = history.record(replace(answer.snapshot, collector=history.store.host))
    seconds = time.monotonic() - start
    return _outcome(cluster, attempt, answer.problem, notes + answer.notes, seconds), answer.skew


def _tidy(
    history: History, outcome: Outcome, skew: float | None, compact_after: timedelta | None,
    keep: timedelta | None,
) -> tuple[str, ...]:  # fmt: skip
    """Let go of what is old, by a clock that the array's own confirms; returns what to say."""
    if outcome.taken_at is None or (compact_after is None and keep is None):
        return ()
    if skew is None or abs(skew) > _FARTHEST:
        # Nobody has said that our clock is right: a wrong one could delete everything.
        if skew is None:
            return ()
        ahead = "ahead of" if skew < 0 else "behind"
        return (f"not tidied: our clock is {abs(skew):.0f} s {ahead} the array's",)
    try:
        tidy(history, outcome.taken_at, compact_after, keep)
    except AnalyzerError as error:
        return (f"not tidied: {error}",)
    return ()


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _slot(present: datetime, interval: int) -> datetime:
    passed = int((present - _EPOCH).total_seconds())
    return present - _span(passed % interval)


def clock_went_back(present: datetime, horizon: datetime | None) -> tuple[str, ...]:
    """What to say if the last snapshot is of a later instant: times overlap, none is refused."""
    if horizon is None or (ahead := horizon - present) <= timedelta():
        return ()
    last = clock.iso(horizon)
    return (f"the last snapshot, of {last}, is {ahead} ahead of the clock: was it set back?",)


def _outcome(
    cluster: Cluster,
    attempt: Attempt,
    problem: RequestFailed | None,
    notes: tuple[str, ...],
    seconds: float,
) -> Outcome:
    code = EXITS[attempt.status]
    if attempt.status == "failed" and problem is not None:
        code = problem.kind.exit_code
    return Outcome(
        cluster.name, attempt.status, code, attempt.taken_at, attempt.sessions,
        attempt.connections, seconds, attempt.reason, notes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """What one cluster answered; *skew* is how far its clock was ahead of ours, in seconds."""

    snapshot: Snapshot
    problem: RequestFailed | None
    notes: tuple[str, ...]
    skew: float | None


def take(cluster: Cluster, taken_at: datetime, before: int | None) -> Taken:
    """Ask one cluster for everything; *before* is how many sessions its last complete answer had.

    Never raises for what the array does: that is in the snapshot's status and reason.
    """
    start = time.monotonic()
    asked = clock.now()
    try:
        with Client(cluster) as client:
            who = ontap.identity(client)
            whole = _believed(client, who, before)
            inventories = _companions(client, who, whole)
    except RequestFailed as problem:
        whole, who, inventories = (
            ListingResult("failed", problem.reason, failure=problem),
            ClusterIdentity(),
            {},
        )
    rows = whole.frames[0] if whole.frames else snapshot.empty()
    skew = (who.date - asked).total_seconds() if who.date else None
    taken = Snapshot(
        cluster=cluster.name,
        taken_at=taken_at,
        sessions=Listing(whole.status, whole.reason, rows, whole.pages),
        inventories=inventories,
        cluster_uuid=who.uuid,
        version=who.version,
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
    notes += tuple(f"svms: there is no '{name}'" for name in _strangers(cluster, inventories))
    return Taken(taken, whole.failure, notes, skew)


def _strangers(cluster: Cluster, inventories: dict[str, Listing]) -> list[str]:
    """SVMs that the configuration names and the cluster does not have."""
    svms = inventories.get("svms")
    if svms is None or svms.status != "complete":
        return []
    known = {*svms.rows["uuid"], *svms.rows["name"]}
    return [name for name in cluster.svms if name not in known]


def _believed(client: Client, who: ClusterIdentity, before: int | None) -> ListingResult:
    """The sessions; a sudden emptiness or a steep drop is asked about once more.

    A drop that could not be asked about again is partial: what it shows is there. An emptiness
    is for the history to doubt.
    """
    whole, found = _wanted(client, who)
    if whole.status != "complete" or not before:
        return whole
    if found and found >= before * (1 - client.cluster.shrink):
        return whole
    again, _ = _wanted(client, who)
    if again.status == "complete":
        return again
    if found:
        whole.status, whole.failure = "partial", again.failure
        whole.reason = f"{found} sessions after {before}, and asked again: {again.reason}"
    return whole


def _wanted(client: Client, who: ClusterIdentity) -> tuple[ListingResult, int]:
    """The sessions within the configured scope, and how many there are."""
    whole = ontap.sessions(client, who.release)
    svms = client.cluster.svms
    if svms:
        whole.frames = [
            rows.filter(rows["svm_id"].is_in(svms) | rows["svm"].is_in(svms))
            for rows in whole.frames
        ]
    key = ("svm_id", "target_portal_group", "tsih")
    return whole, sum(rows.select(key).n_unique() for rows in whole.frames)


def _companions(client: Client, who: ClusterIdentity, whole: ListingResult) -> dict[str, Listing]:
    if whole.status == "failed" and (whole.failure is None or not whole.failure.status):
        return {}  # it does not answer
    return {name: _companion(client, name, who) for name in INVENTORIES}


def _companion(client: Client, name: str, who: ClusterIdentity) -> Listing:
    whole = ontap.inventory(client, name, who.release)
    status = whole.status
    if whole.failure is not None:
        status = "failed"
        if whole.failure.kind is Denied:
            status = "refused"
        elif whole.failure.status in {400, 404}:
            status = "missing"
    kept = whole.records
    if name == "interfaces":
        # Those that can carry iSCSI; releases that list no services keep all that an SVM owns.
        kept = [
            item
            for item in kept
            if item.svm and (not item.services or "data_iscsi" in item.services)
        ]
    rows = frame.inventory(name, kept if status == "complete" else [])
    return Listing(status, whole.reason, rows, whole.pages)
