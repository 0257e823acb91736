"""The page of an incident over a year of 10,000 hosts, and ten people at once.

The history is as ``planning`` makes it, but one path in ten that logs in anew was away for a while
before, and of some hosts two paths never come back. Seconds are medians of the process that makes a
page, whose catalog is open as a server's is: by its processor, which other work on the machine does
not change, and by the clock. The floor is the bare scan of the columns of the spells that it needs.
"""

import gzip
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch
from urllib.parse import urlencode

from analyzer import clock, history
from analyzer.console import incident_page
from analyzer.console.address import PageAddress
from analyzer.console.incident_page import Incident
from analyzer.console.view import View
from analyzer.report.catalog import Catalog
from analyzer.store.layout import Store
from benchmarks import planning
from benchmarks.figure import Figure, best
from benchmarks.fleet import START, STEP, Fleet, snapshot
from benchmarks.history import folder
from benchmarks.serve import serving

LANES_BYTES = 120_000
PEOPLE = 10
DAY = timedelta(hours=24)


def incident(hosts: int, snapshots: int) -> list[Figure]:
    """The page, its lanes, and what a moved handle asks for, each of a window not asked for before."""
    end = planning.BEGIN + timedelta(minutes=5 * (snapshots - 1))
    with TemporaryDirectory() as name, patch.dict("os.environ", ANALYZER_NOW=clock.iso(end)):
        root = Path(name)
        planning.write(
            root, planning.rows(hosts, snapshots) | {"spells": _spells(hosts, snapshots)}
        )
        catalog = Catalog(Store(root), engine=planning.Files)
        catalog.clusters = ["bench"]
        turn = count()

        def view(until: datetime, **more: str) -> View:
            times = {"since": clock.iso(until - DAY), "until": clock.iso(until), **more}
            return View(PageAddress("/incident", tuple(times.items())), catalog)

        def another() -> View:
            return view(end - timedelta(hours=next(turn)))

        def moved() -> str:
            after = clock.iso(end - timedelta(minutes=30 + 20 * next(turn)))
            return incident_page.page(view(end, after=after, part="pair"))

        floor = best(
            lambda: catalog.run(
                f"select bit_xor(hash({planning.NEEDED})) from spells where gone_by is null"
                " or gone_by >= $since",
                {"since": end - DAY},
            )
        )
        first = _spent(lambda: incident_page.page(another()), 1)
        figures = [*_pair("the first page of a worker", first, floor, "-")]
        for what, work, times, bound in (
            ("an incident's page", lambda: incident_page.page(another()), 3, "<= 0.4 s"),
            ("its lanes", lambda: Incident(another()).lanes, 5, "<= 0.15 s"),
            ("a moved handle", moved, 5, "<= 0.2 s"),
        ):
            figures += _pair(what, _spent(work, times), floor, bound)
        shown = Incident(view(end))
        lanes = "".join(str(shown.drawn(lane)) for lane in shown.lanes).encode()
        page = incident_page.page(view(end)).encode()
        return [
            *figures,
            Figure("its lanes, gzip", len(gzip.compress(lanes)), LANES_BYTES, "bytes", "the budget",
                   "<= 1"),
            Figure("the page, gzip", len(gzip.compress(page)), LANES_BYTES, "bytes",
                   "the budget of the lanes", "-"),
        ]  # fmt: skip


def _spent(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Medians of the seconds of the processor, and of the clock."""
    spent = []
    for _ in range(times):
        begun = time.process_time(), time.perf_counter()
        work()
        spent.append((time.process_time() - begun[0], time.perf_counter() - begun[1]))
    return median(each for each, _ in spent), median(each for _, each in spent)


def _pair(what: str, spent: tuple[float, float], floor: float, bound: str) -> list[Figure]:
    against = "bare scan of the window's spells"
    return [
        Figure(what, spent[0], floor, "s", against, bound),
        Figure(f"{what}, by the clock", spent[1], floor, "s", against, "-"),
    ]


def _spells(hosts: int, snapshots: int) -> str:
    """Spells sorted by their end, as a history has them."""
    at = planning.AT
    last = snapshots - 1
    return f"""
        with path as (
            select h, k, h % 4 as svm, h % 4 * 4 + k as lif from range({hosts}) a(h), range(4) b(k)
        ), cut as (
            select *, unnest(
                [0] || list_distinct(list_transform(range({planning.RECONNECTS}),
                    lambda j: (hash(h, k, j) % {last} + 1)::bigint))
            ) as t from path
        ), span as (
            select *, lead(t) over (partition by h, k order by t) as next from cut
        ), ended as (
            select *, case when next is not null then greatest(
                t + 1, next - case when hash(h, k, next) % 10 = 0 then hash(next, h) % 12 else 0 end
            )::bigint end as gone
            from span where not (h % 1000 = 7 and next is null and k < 2)
        )
        select 'svm' || svm as svm_id, 'svm' || svm as svm_uuid, 'svm' || svm as svm,
            'iqn.1994-05.com.redhat:host' || h as initiator, 'host' || h as alias,
            '00:02:3d:00:' || k || ':' || h % 250 as isid, t % 65535 as tsih,
            'lif' || lif as target_portal_group, 1000 + lif as target_portal_group_tag,
            1 as connections, 0 as cid, 'none' as authentication,
            '10.' || k % 2 || '.' || h // 250 || '.' || h % 250 as initiator_address,
            40000 as initiator_port, 'lif' || lif as interface_id, 'lif' || lif as interface_uuid,
            'lif' || lif as interface, '10.' || k % 2 || '.200.' || lif as interface_address,
            3260 as interface_port, [{{'uuid': 'ig' || h // 8, 'name': 'ig' || h // 8}}] as igroups,
            case when t > 0 then {at.format("t - 1")} end as seen_after,
            {at.format("t")} as first_seen,
            {at.format(f"coalesce(gone, {snapshots}) - 1")} as last_seen,
            case when gone is not null then {at.format("gone")} end as gone_by
        from ended order by gone_by nulls last"""


def people(sessions: int, snapshots: int, reading: float) -> list[Figure]:
    """Ten people look at windows of their own, then at one URL at once, while collections land.

    Each reads a page for *reading* seconds before the next; one person alone has the same server.
    """
    with folder() as root:
        fleet, store = Fleet(sessions, 0.001), Store(root)
        for taken in fleet.snapshots(snapshots):
            history.record(store, taken)
        with serving(root) as connection, _landing(store, fleet, snapshots, reading / 5):
            there = (connection.host, connection.port)
            alone = median(_timed_request(there, number)[1] for number in range(5))

            def person(number: int) -> list[tuple[int, float]]:
                time.sleep(reading * number / PEOPLE)
                answers = []
                for turn in range(3):
                    answers.append(_timed_request(there, 10 + PEOPLE * turn + number))
                    time.sleep(reading)
                return answers

            with ThreadPoolExecutor(PEOPLE) as pool:
                answers = list(chain.from_iterable(pool.map(person, range(PEOPLE))))
                same = list(pool.map(lambda _: _timed_request(there, 100), range(PEOPLE)))
        wrong = [status for status, _ in answers + same if status != 200]
        return [
            Figure(f"the slowest page of {PEOPLE} people", max(each for _, each in answers), alone,
                   "s", "one person alone", "<= 3"),
            Figure(f"one URL, {PEOPLE} people at once, the slowest", max(each for _, each in same),
                   alone, "s", "one person alone", "<= 3"),
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
