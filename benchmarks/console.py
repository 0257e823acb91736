"""The page of an incident over a year of 10,000 hosts, and ten people at once.

The history is as ``planning`` makes it, but one path in ten that logs in anew was away for a while
before, and of some hosts two paths never come back. Times are those of the process that makes a
page; the floor is the bare scan of the columns of the spells that it needs.
"""

import gzip
import http.client
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
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
from benchmarks.figure import Figure, best, middle
from benchmarks.fleet import START, STEP, Fleet, snapshot
from benchmarks.history import folder
from benchmarks.serve import serving

LANES_BYTES = 120_000
PEOPLE = 10


def incident(hosts: int, snapshots: int) -> list[Figure]:
    """The page, its lanes, and what a moved handle asks for, each in a catalog of its own."""
    end = planning.BEGIN + timedelta(minutes=5 * (snapshots - 1))
    day = {"since": clock.iso(end - timedelta(hours=24)), "until": clock.iso(end)}
    with TemporaryDirectory() as name, patch.dict("os.environ", ANALYZER_NOW=clock.iso(end)):
        root = Path(name)
        planning.write(
            root, planning.rows(hosts, snapshots) | {"spells": _spells(hosts, snapshots)}
        )

        def view(catalog: Catalog | None = None, **more: str) -> View:
            opened = catalog or Catalog(Store(root), engine=planning.Files)
            opened.clusters = ["bench"]
            address = PageAddress("/incident", tuple((day | more).items()))
            return View(address, opened)

        floor = best(
            lambda: view().catalog.run(
                f"select bit_xor(hash({planning.NEEDED})) from spells where gone_by is null"
                " or gone_by >= $since",
                {"since": end - timedelta(hours=24)},
            )
        )
        text = incident_page.page(view())
        shown = Incident(view())
        lanes = "".join(str(shown.drawn(lane)) for lane in shown.lanes).encode()
        # Who moves a handle has the page already: a worker's catalog is open, its models are there.
        served = view().catalog
        incident_page.page(view(served))
        hours = iter(range(1, 24))

        def moved() -> str:
            at = clock.iso(end - timedelta(hours=24 - next(hours)))
            return incident_page.page(view(served, after=at, part="pair"))

        against = "bare scan of the window's spells"
        return [
            Figure("an incident's page", middle(lambda: incident_page.page(view()), 3), floor, "s",
                   against, "<= 0.4 s"),
            Figure("its lanes", middle(lambda: Incident(view()).lanes, 3), floor, "s", against,
                   "<= 0.15 s"),
            Figure("a moved handle", middle(moved, 5), floor, "s", against, "<= 0.2 s"),
            Figure("its lanes, gzip", len(gzip.compress(lanes)), LANES_BYTES, "bytes", "the budget",
                   "<= 1"),
            Figure("the page, gzip", len(gzip.compress(text.encode())), LANES_BYTES, "bytes",
                   "the budget of the lanes", "-"),
        ]  # fmt: skip


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


def people(sessions: int, snapshots: int) -> list[Figure]:
    """Ten people ask for windows of their own, while collections land; the slowest against one."""
    with folder() as root:
        fleet, store = Fleet(sessions, 0.001), Store(root)
        for taken in fleet.snapshots(snapshots):
            history.record(store, taken)
        with serving(root) as connection:
            there = (connection.host, connection.port)
            alone = median(_timed_request(there, number)[1] for number in range(5))
            answers: list[tuple[int, float]] = []
            threads = [
                threading.Thread(target=lambda n=number: answers.extend(_several(there, n)))
                for number in range(PEOPLE)
            ]
            for thread in threads:
                thread.start()
            landing = snapshots
            while any(thread.is_alive() for thread in threads):
                at = START + STEP * landing
                history.record(store, snapshot("bench", at, fleet.step(landing)))
                landing += 1
            for thread in threads:
                thread.join()
        wrong = [status for status, _ in answers if status != 200]
        slowest = max(seconds for _, seconds in answers)
        return [
            Figure(f"the slowest page of {PEOPLE} people, {landing - snapshots} collections landing",
                   slowest, alone, "s", "one person alone", "<= 3"),
            Figure("pages that were refused", len(wrong), len(answers), "pages", "all", "<= 0"),
        ]  # fmt: skip


def _several(there: tuple[str, int], person: int) -> list[tuple[int, float]]:
    return [_timed_request(there, 10 * person + number) for number in range(3)]


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


def console(hosts: int, snapshots: int, sessions: int) -> list[Figure]:
    """All figures of the console."""
    runs: list[Callable[[], list[Figure]]] = [
        partial(incident, hosts, snapshots), partial(people, sessions, 24),
    ]  # fmt: skip
    return [figure for run in runs for figure in run()]
