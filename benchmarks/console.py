"""The page of an incident over a year of 10,000 hosts, and ten people at once.

An incident is timed in a process whose catalog is open as a server's is: by the clock, which is what
its reader waits for, and of the processors, which is what other requests wait for. The floor is the
bare scan of the columns that it needs.
"""

import gzip
import http.client
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, count
from statistics import median
from urllib.parse import urlencode

from analyzer import clock, demo, history
from analyzer.console import incident_page
from analyzer.console.address import PageAddress
from analyzer.console.incident_page import Incident
from analyzer.console.view import View
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from benchmarks import planning, written
from benchmarks.figure import Figure, budget, folder, middle
from benchmarks.fleet import START, STEP, Fleet, build, snapshot
from benchmarks.serve import serving

LANES_BYTES = 120_000
PEOPLE = 10
DAY = timedelta(hours=24)


def incident(hosts: int, snapshots: int) -> list[Figure]:
    """The page, its lanes, and what a moved handle asks for, each of a window not asked for before."""
    end = written.last(snapshots)
    with folder() as root, demo.at(end):
        catalog = Catalog(written.write(root, 1, hosts, snapshots))
        turn = count()

        def view(until: datetime, **more: str) -> View:
            times = {"since": clock.iso(until - DAY), "until": clock.iso(until), **more}
            return View(PageAddress("/incident", tuple(times.items())), catalog)

        def another() -> View:
            return view(end - timedelta(hours=next(turn)))

        def moved() -> str:
            after = clock.iso(end - timedelta(minutes=30 + 20 * next(turn)))
            return incident_page.page(view(end, after=after, part="pair"))

        scan = (
            f"select bit_xor(hash({planning.NEEDED})) from spells where gone_by is null"
            " or gone_by >= $since"
        )
        floor = middle(lambda: catalog.run(scan, {"since": end - DAY}))
        figures = []
        for what, work, times, limit in (
            ("the first page of a worker", lambda: incident_page.page(another()), 1, 0.0),
            ("an incident's page", lambda: incident_page.page(another()), 5, 0.4),
            ("its lanes", lambda: Incident(another()).lanes, 5, 0.15),
            ("a moved handle", moved, 5, 0.2),
        ):
            waited, busy = middle(work, times), middle(work, times, time.process_time)
            name, against = f"{hosts:,} hosts: {what}", "floor: scan of the window's spells"
            figures.append(Figure(f"{name}, by the clock", waited, floor, "s", against))
            figures.append(Figure(f"{name}, of the processors", busy, floor, "s", against))
            if limit:
                figures.append(budget(name, waited, limit, "s"))
        shown = Incident(view(end))
        lanes = "".join(str(shown.drawn(lane)) for lane in shown.lanes).encode()
        return [
            *figures, budget("its lanes, gzip", len(gzip.compress(lanes)), LANES_BYTES, "bytes"),
        ]  # fmt: skip


def people(sessions: int, snapshots: int, reading: float) -> list[Figure]:
    """Ten people look at windows of their own, then at one URL at once, while collections land.

    Each reads a page for *reading* seconds before the next; one person alone has the same server.
    """
    with folder() as root:
        fleet = Fleet(sessions, 0.001)
        store = build(root, fleet, snapshots)
        with serving(root) as connection, _landing(store, fleet, snapshots, reading / 5):
            there = (connection.host, connection.port)
            alone = median(_timed_request(there, number)[1] for number in range(5))

            def person(number: int) -> list[tuple[int, float]]:
                time.sleep(reading * number / PEOPLE)
                answers = []
                for turn in range(2):
                    answers.append(_timed_request(there, 10 + PEOPLE * turn + number))
                    time.sleep(reading)
                return answers

            with ThreadPoolExecutor(PEOPLE) as pool:
                answers = list(chain.from_iterable(pool.map(person, range(PEOPLE))))
                same = list(pool.map(lambda _: _timed_request(there, 100), range(PEOPLE)))
        wrong = [status for status, _ in answers + same if status != 200]
        against = "one person alone"
        return [
            Figure(f"the slowest page of {PEOPLE} people", max(each for _, each in answers), alone,
                   "s", against, "<= 3"),
            Figure(f"one URL, {PEOPLE} people at once, the slowest", max(each for _, each in same),
                   alone, "s", against, "<= 3"),
            Figure("pages that were refused", len(wrong), len(answers + same), "pages", "all",
                   "<= 0"),
        ]  # fmt: skip


@contextmanager
def _landing(store: Store, fleet: Fleet, number: int, every: float) -> Iterator[None]:
    """Meanwhile a collection lands every so many seconds, beginning with that *number*."""
    over = threading.Event()

    def land() -> None:
        for each in count(number):
            if over.wait(every):
                return
            history.record(store, snapshot("bench", START + STEP * each, fleet.step(each)))

    landing = threading.Thread(target=land)
    landing.start()
    try:
        yield
    finally:
        over.set()
        landing.join()


def _timed_request(there: tuple[str, int], number: int) -> tuple[int, float]:
    """Status and seconds of a page whose window nobody had before."""
    since = START + timedelta(seconds=number)
    times = {"since": clock.iso(since), "until": clock.iso(since + 20 * STEP)}
    connection = http.client.HTTPConnection(*there, timeout=60)
    begun = time.perf_counter()
    connection.request("GET", f"/incident?{urlencode(times)}", headers={"Accept": "text/html"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, time.perf_counter() - begun


def console(hosts: int, snapshots: int, sessions: int, reading: float) -> list[Figure]:
    """All figures of the console."""
    return [*incident(hosts, snapshots), *people(sessions, 24, reading)]
