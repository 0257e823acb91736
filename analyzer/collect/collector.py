"""One snapshot of each cluster, side by side: a broken one never delays the others.

Whatever goes wrong, the attempt is recorded with its status and its reason.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

from analyzer import clock, ontap
from analyzer.collect import due, gap
from analyzer.collect.due import Before
from analyzer.config.cluster import Cluster
from analyzer.errors import AnalyzerError, Denied, UsageError
from analyzer.history import History, side_by_side, tidy
from analyzer.inventories import INVENTORIES
from analyzer.ontap import Client, RequestFailed, frame
from analyzer.ontap.ems import LogPosition, read_log
from analyzer.ontap.listing import ClusterIdentity, ListingResult
from analyzer.ontap.record import MessageRecord
from analyzer.ontap.resources import RESOURCES
from analyzer.schema import Attempt
from analyzer.store import snapshot
from analyzer.store.layout import Store
from analyzer.store.snapshot import EXITS, Listing, Snapshot

_GLANCE = 0.2  # seconds between two looks at whether somebody wants to end the run
_MOST_SKEW = 300.0  # seconds that our clock may be from the array's for anything to be deleted
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one cluster's run ended.

    *notes* are printed with ``--verbose``: inventories that were not collected, a clock that
    went back. *problems* did not end well, and are in *exit_code*: retention that failed.
    """

    cluster: str
    status: str
    exit_code: int
    taken_at: datetime | None = None
    sessions: int = 0
    connections: int = 0
    seconds: float = 0.0
    reason: str | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def warnings(cluster: Cluster, *, slot: bool) -> Iterator[str]:
    """Warnings of a cluster's configuration, printed on every run."""
    if cluster.verify is False:
        yield "verify = false: its certificate is not checked"
    if cluster.in_clear:
        yield "its url is http: what is sent, the password too, can be read on the way"
    for path in cluster.exposed():
        yield f"everybody on this machine can read {path}: chmod o-r"
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
    on_outcome: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Take one snapshot of each; *on_outcome* is called with each as it ends.

    With *slot*, the instant is the scheduled one (the configured interval, rounded down). A slot
    that is stored is not taken again; one that failed is, under the instant of the new attempt.
    With *compact_after* or *keep* the store is tidied behind it, once a day.

    Raises:
        KeyboardInterrupt: waiting clusters were not queried, running requests were cancelled.
    """
    stop = Event()

    def work(cluster: Cluster) -> Outcome:
        start, outcome = time.monotonic(), Outcome(cluster.name, "failed", 0)
        try:
            with History.open(store, cluster.name) as history:
                outcome, answer = _collect(history, cluster, stop, slot=slot)
                outcome = _tidy(history, outcome, answer, compact_after, keep)
        except AnalyzerError as error:
            outcome = _failed(outcome, error)
        return replace(outcome, seconds=time.monotonic() - start)

    side_by_side()
    pool = ThreadPoolExecutor(max_workers=max(1, min(parallel, len(clusters))))
    try:
        futures = [pool.submit(work, cluster) for cluster in clusters]
        waiting = set(futures)
        while waiting:
            # Not without a timeout: the handler that Polars installs restarts such a wait.
            done, waiting = wait(waiting, timeout=_GLANCE, return_when=FIRST_COMPLETED)
            for future in done:
                if future.exception() is None:
                    on_outcome(future.result())
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    # What is a bug with one cluster is raised when the others have their snapshots.
    return [future.result() for future in futures]


def _collect(
    history: History, cluster: Cluster, stop: Event, *, slot: bool
) -> tuple[Outcome, "ClusterAnswer | None"]:
    """One snapshot, recorded, and what the array answered; None if it was not queried."""
    taken_at = clock.now().replace(microsecond=0)
    history.catch_up()
    notes = clock_went_back(taken_at, history.manifest.horizon)
    if "ANALYZER_NOW" not in os.environ:
        # Two runs within a second, or a clock that was set back onto one.
        while history.last_attempt(taken_at, taken_at + _seconds(1)) is not None:
            taken_at += _seconds(1)
    if slot and cluster.interval:
        begin = _slot_begin(taken_at, cluster.interval)
        last = history.last_attempt(begin, begin + _seconds(cluster.interval))
        if last is not None and last.status != "failed":
            last.reason = "this slot is stored"
            return _outcome(last, EXITS[last.status], cluster, notes), None
        taken_at = begin if last is None else max(taken_at, last.taken_at + _seconds(1))
    answer = take(cluster, taken_at, due.before(history, taken_at, cluster.interval), stop)
    attempt = history.record(replace(answer.snapshot, collector=history.store.host))
    code = EXITS[attempt.status]
    if attempt.status == "failed" and answer.failure is not None:
        code = answer.failure.kind.exit_code
    return _outcome(attempt, code, cluster, notes + answer.notes), answer


def _outcome(attempt: Attempt, code: int, cluster: Cluster, notes: tuple[str, ...]) -> Outcome:
    return Outcome(
        cluster.name, attempt.status, code, attempt.taken_at, attempt.sessions,
        attempt.connections, reason=attempt.reason, notes=notes,
    )  # fmt: skip


def _failed(outcome: Outcome, error: AnalyzerError) -> Outcome:
    """What became of a cluster that ended with *error*, before its snapshot was stored or after."""
    if outcome.taken_at is None:
        return replace(outcome, exit_code=error.exit_code, reason=str(error))
    code = max(outcome.exit_code, error.exit_code)
    return replace(outcome, exit_code=code, problems=(*outcome.problems, str(error)))


def _tidy(
    history: History, outcome: Outcome, answer: "ClusterAnswer | None",
    compact_after: timedelta | None, keep: timedelta | None,
) -> Outcome:  # fmt: skip
    """Delete what is old, by a clock that the array's own confirms."""
    if outcome.taken_at is None or answer is None or (compact_after is None and keep is None):
        return outcome
    if answer.skew is None and outcome.status == "failed":
        return outcome  # nobody answered, which is reported
    try:
        if answer.skew is None:
            raise UsageError("the array did not say what time it is, which confirms our clock")
        if abs(answer.skew) > _MOST_SKEW:  # a wrong clock could delete everything
            ahead = "ahead of" if answer.skew < 0 else "behind"
            raise UsageError(f"our clock is {abs(answer.skew):.0f} s {ahead} the array's")
        tidy(history, outcome.taken_at, compact_after, keep)
    except AnalyzerError as error:
        code = max(outcome.exit_code, error.exit_code)
        return replace(outcome, exit_code=code, problems=(f"nothing old was deleted: {error}",))
    return outcome


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _slot_begin(present: datetime, interval: int) -> datetime:
    return present - _seconds((present - _EPOCH).total_seconds() % interval)


def clock_went_back(present: datetime, horizon: datetime | None) -> tuple[str, ...]:
    """A note if the last complete snapshot is of a later instant than *present*."""
    if horizon is None or (ahead := horizon - present) <= timedelta():
        return ()
    last = clock.iso(horizon)
    return (f"the last snapshot, of {last}, is {ahead} ahead of the clock: was it set back?",)


@dataclass(frozen=True, slots=True)
class ClusterAnswer:
    """The answer of one cluster; *skew* is how far its clock was ahead of ours, in seconds."""

    snapshot: Snapshot
    failure: RequestFailed | None
    notes: tuple[str, ...]
    skew: float | None


def take(
    cluster: Cluster, taken_at: datetime, before: Before, stop: Event | None = None
) -> ClusterAnswer:
    """List everything of one cluster that is due after what the history has from *before*.

    Never raises for what the array does: that is in the snapshot's status and reason.

    Raises:
        Interrupted: *stop* was set meanwhile.
    """
    start, start_at = time.monotonic(), clock.now()
    identity, inventories, notes = ClusterIdentity(), dict[str, Listing](), tuple[str, ...]()
    try:
        with Client(cluster, stop=stop) as client:
            identity = ontap.identity(client)
            sessions = list_with_recheck(client, identity, before.sessions)
            if sessions.status != "failed" or (sessions.failure and sessions.failure.status):
                for name in INVENTORIES:
                    if due.is_due(name, before, inventories, sessions.listed):
                        inventories[name] = _inventory(client, name, identity)
                inventories |= _event_log(client, identity, before.log)
                inventories["igroups"], notes = gap.with_ended_logins(
                    client, identity, before.paths, sessions, inventories["igroups"]
                )
    except RequestFailed as failure:
        sessions = ListingResult("failed", failure.reason, failure=failure)
    rows = sessions.frames[0] if sessions.frames else snapshot.empty()
    skew = (identity.date - start_at).total_seconds() if identity.date else None
    measured = "ANALYZER_NOW" not in os.environ
    collected = Snapshot(
        cluster=cluster.name,
        taken_at=taken_at,
        sessions=Listing(sessions.status, sessions.reason, rows, sessions.pages),
        inventories=inventories,
        cluster_uuid=identity.uuid,
        version=identity.version,
        seconds=round(time.monotonic() - start, 3) if measured else None,
        expected_interval=None if cluster.interval is None else int(cluster.interval),
        clock_skew=skew if measured else None,
        ems_since=before.log.since,
        svms_wanted=cluster.svms,
    )
    notes += tuple(
        f"{name} not collected: {inventory.reason or inventory.status}"
        for name, inventory in inventories.items()
        if inventory.status != "complete"
    )
    notes += tuple(f"svms: there is no '{name}'" for name in unknown_svms(cluster, inventories))
    return ClusterAnswer(collected, sessions.failure, notes, skew)


def unknown_svms(cluster: Cluster, inventories: dict[str, Listing]) -> list[str]:
    """SVMs that the configuration names and the cluster does not have."""
    svms = inventories.get("svms")
    if svms is None or svms.status != "complete":
        return []
    names = {*svms.rows["uuid"], *svms.rows["name"]}
    return [name for name in cluster.svms if name not in names]


def list_with_recheck(
    client: Client, identity: ClusterIdentity, sessions_before: int | None
) -> ListingResult:
    """List the sessions; repeat once if the count fell below (1 - shrink) of *sessions_before*.

    A drop that could not be checked again is partial: its rows prove presence. An empty answer
    is left for the history to doubt.
    """
    listing = _list_in_scope(client, identity)
    if listing.status != "complete" or not sessions_before:
        return listing
    count = listing.listed
    if count and count >= sessions_before * (1 - client.cluster.shrink):
        return listing
    again = _list_in_scope(client, identity)
    if again.status == "complete":
        return again
    if count:
        listing.status, listing.failure = "partial", again.failure
        listing.reason = (
            f"{count} sessions after {sessions_before}, and listed again: {again.reason}"
        )
    return listing


def _list_in_scope(client: Client, identity: ClusterIdentity) -> ListingResult:
    """The sessions of the configured SVMs; as many are *listed*."""
    listing = ontap.sessions(client, identity.release)
    svms = client.cluster.svms
    if svms:
        listing.frames = [
            rows.filter(rows["svm_id"].is_in(svms) | rows["svm"].is_in(svms))
            for rows in listing.frames
        ]
    key = ["svm_id", "target_portal_group", "tsih"]
    listing.listed = sum(rows[key].n_unique() for rows in listing.frames)
    return listing


def _event_log(client: Client, identity: ClusterIdentity, log: LogPosition) -> dict[str, Listing]:
    """The events since *log*, and the messages that the cluster knows, where that was learned."""
    reading = read_log(client, identity.release, log)
    listings = {"ems": _listing("ems", reading.events)}
    if reading.names is not None:
        messages = frame.inventory("messages", [MessageRecord(name) for name in reading.names])
        listings["messages"] = Listing("complete", None, messages, 1)
    return listings


def _inventory(client: Client, name: str, identity: ClusterIdentity) -> Listing:
    since = RESOURCES[name].since
    if identity.version is not None and identity.release < since:
        release = ".".join(map(str, since))
        return Listing("missing", f"ONTAP has it from {release} on", frame.inventory(name, []))
    return _listing(name, ontap.inventory(client, name, identity.release))


def _listing(name: str, listing: ListingResult) -> Listing:
    """An inventory as a snapshot holds it: whole, or why not."""
    status = listing.status
    if listing.failure is not None:
        status = "failed"
        if listing.failure.kind is Denied:
            status = "refused"
        elif listing.failure.status in {400, 404}:
            status = "missing"
    records = listing.records if status == "complete" else []
    if name == "interfaces":
        # Those that can carry iSCSI; releases that list no services keep all that an SVM owns.
        records = [
            record
            for record in records
            if record.svm and (not record.services or "data_iscsi" in record.services)
        ]
    return Listing(status, listing.reason, frame.inventory(name, records), listing.pages)
