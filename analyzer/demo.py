"""A day with an incident, from a simulated array to its reports.

Everything is real but the array and the clock: HTTP on loopback, the collector, the store, the
reports.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from analyzer import clock
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.config.toml import Seconds
from analyzer.errors import StoreError
from analyzer.history import History
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report, ReportRequest
from analyzer.simulate import Replay, SimulatedArray, base_world, script
from analyzer.store import publish
from analyzer.store.layout import Store

DAY = date(2026, 11, 23)
CLUSTER = "prod-a"
HOST = "demo"  # which collector its snapshots are of
STEP = timedelta(minutes=5)
_SECRET = "ANALYZER_DEMO_PASSWORD"  # noqa: S105  # the variable's name

# What happens that day. The interfaces of n2 are L3, L4, K3 and K4; they stay away until
# giveback. lnx4 never gets its path over L3 back.
INCIDENT = """
    02:12 takeover n2
    02:41 giveback n2
    02:43 recover lnx1
    02:43 recover lnx2
    02:43 recover lnx3
    02:44 recover lnx4 L4
    02:44 recover esx*
    02:46 recover win*
    02:46 recover pve*
    02:46 recover wrk*
    06:31 relogin esx1
    09:02 rogue stranger iqn.2019-03.io.unknown:guest 192.168.10.200 L1
    13:21 drop lnx1 L2
    13:41 recover lnx1 L2
    18:16 reboot win2
"""

# The array does not answer between these.
BLIND = ("11:03", "11:13")

HEADLINES = ("dropped-connections", "outages", "new-initiators", "multipath-imbalance")


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """The program's clock stands at *instant*."""
    before = os.environ.get("ANALYZER_NOW")
    os.environ["ANALYZER_NOW"] = clock.iso(instant)
    try:
        yield
    finally:
        if before is None:
            del os.environ["ANALYZER_NOW"]
        else:
            os.environ["ANALYZER_NOW"] = before


def clear(store: Store) -> bool:
    """Delete what an earlier demonstration left in *store*; false, and nothing done, if it is more."""
    try:
        for cluster in store.clusters():
            with History.read(store, cluster) as history:
                if any(attempt.collector != HOST for attempt in history.attempts()):
                    return False
    except StoreError:
        return False
    notes = (store.register, store.root / "leases", store.root / "locks")
    for folder in (store.snapshots, store.history, *notes):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (store.database, store.alerts):
        file.unlink(missing_ok=True)
    return True


def record(store: Store, on_snapshot: Callable[[], None] = lambda: None) -> datetime:
    """Collect the day into *store*; *on_snapshot* is called after each. Returns the day's end.

    Raises:
        StoreError: the store cannot be written.
    """
    os.environ[_SECRET] = "demonstration"
    start = datetime.combine(DAY, datetime.min.time())
    instants = [start + STEP * number for number in range(24 * 12 + 1)]
    replay = Replay(base_world(), script(DAY, INCIDENT))
    array = SimulatedArray(replay.world, username="reader", password=os.environ[_SECRET])
    gone, back = (datetime.combine(DAY, datetime.strptime(t, "%H:%M").time()) for t in BLIND)  # noqa: DTZ007  # a time of day
    with array, publish.unsynced():
        cluster = Cluster(CLUSTER, array.url, "reader", password_env=_SECRET, interval=Seconds(300))
        blind = replace(cluster, deadline=1.0)  # the array is away: no need to wait for long
        for instant in instants:
            with array.moving():
                replay.advance(instant)
            reachable = not gone <= instant <= back
            (array.online if reachable else array.offline)()
            with at(instant):
                (outcome,) = collector.collect(store, [cluster if reachable else blind])
            if outcome.exit_code == StoreError.exit_code:
                raise StoreError(" ".join(filter(None, (outcome.reason, *outcome.problems))))
            on_snapshot()
        array.online()
    return instants[-1]


def headlines(store: Store, end: datetime) -> tuple[list[Report], list[Report]]:
    """The reports of the day: each as an overview where there is one, and each whole."""
    queries = header.reports()
    with at(end):
        catalog = Catalog(store)
        try:
            whole = [run.run(catalog, queries[name], ReportRequest()) for name in HEADLINES]
            overviews = [
                run.run(catalog, queries[overview], ReportRequest())
                if (overview := queries[name].overview) else report
                for name, report in zip(HEADLINES, whole, strict=True)
            ]  # fmt: skip
        finally:
            catalog.close()
    return overviews, whole
