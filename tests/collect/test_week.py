"""A week of scheduled runs under a moved clock: coverage says what was seen and what was not."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer import history
from analyzer.collect import collector
from analyzer.config.cluster import Cluster
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.simulate import Fault, SimulatedArray, apply, base_world
from analyzer.store.layout import Store

PASSWORD = "not-to-be-seen-4711"
SESSIONS = "*/iscsi/sessions"
SLOTS = ("00:00", "06:00", "12:00", "18:00")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(19, 26)


class Week:
    """A collector, its scheduler's clock, and the array that it asks (October 2026, UTC)."""

    def __init__(self, root: Path, array: SimulatedArray, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.array, self.monkeypatch = root, array, monkeypatch
        self.cluster = Cluster(
            "prod-a", array.url, "reader", password_env="SECRET",
            deadline=20.0, max_records=40, interval=6 * 3600,
        )  # fmt: skip

    def run(self, day: int, at: str, **how: object) -> collector.Outcome:
        """What a scheduled run comes to; *at* may have an offset."""
        self.monkeypatch.setenv("ANALYZER_NOW", f"2026-10-{day}T{at}")
        cluster = replace(self.cluster, **how)  # type: ignore[arg-type]
        (outcome,) = collector.collect(Store(self.root), [cluster], slot=True)
        assert PASSWORD not in repr(outcome)
        return outcome

    def well(self, day: int, *slots: str) -> None:
        for slot in slots:
            outcome = self.run(day, f"{slot}:07")
            assert (outcome.status, outcome.exit_code, outcome.notes) == ("complete", 0, ())

    def killed(self, day: int, at: str) -> None:
        """A run that is killed while it waits for the array."""
        before = len(self.array.requests)
        self.array.faults = [Fault("hang", SESSIONS)]
        config = self.root.parent / "analyzer.toml"
        config.write_text(
            f'store = "{self.root}"\n[[clusters]]\nname = "prod-a"\nurl = "{self.array.url}"\n'
            'username = "reader"\npassword_env = "SECRET"\ninterval = "6h"\n'
        )
        words = ["-m", "analyzer", "--config", str(config), "collect", "--slot"]
        running = subprocess.Popen(
            [sys.executable, *words], env={**os.environ, "ANALYZER_NOW": f"2026-10-{day}T{at}"}
        )
        while len(self.array.requests) < before + 2:
            assert running.poll() is None
            time.sleep(0.02)
        running.kill()
        assert running.wait() == -9
        self.array.faults = []

    def overlapping(self, day: int, at: str) -> tuple[collector.Outcome, collector.Outcome]:
        """Two runs at once: the one that was first, and the other."""
        before = len(self.array.requests)
        self.array.faults = [Fault("hang", SESSIONS, seconds=1.0)]
        first: list[collector.Outcome] = []
        running = threading.Thread(target=lambda: first.append(self.run(day, at)))
        running.start()
        while len(self.array.requests) < before + 2:
            time.sleep(0.01)
        second = self.run(day, at)
        running.join()
        self.array.faults = []
        return first[0], second


@pytest.fixture
def week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    monkeypatch.setenv("SECRET", PASSWORD)
    monkeypatch.setattr("analyzer.ontap.client._backoff", lambda _attempt: 0.01)
    with SimulatedArray(base_world(), username="reader", password=PASSWORD) as array:
        yield Week(tmp_path / "store", array, monkeypatch)


def live(week: Week) -> None:
    """Everything that happens to the collector in that week."""
    week.well(MONDAY, *SLOTS)

    # The array is away; the scheduler tries once more when it is back.
    week.well(TUESDAY, "00:00")
    week.array.offline()
    assert [week.run(TUESDAY, f"{slot}:07").exit_code for slot in ("06:00", "12:00")] == [69, 69]
    week.array.online()
    with week.array.moving() as world:
        apply(world, "drop", "lnx1", "L2")
    again = week.run(TUESDAY, "12:40:00")
    assert (again.status, again.exit_code, again.reason) == ("complete", 0, None)
    requests = len(week.array.requests)
    stored = week.run(TUESDAY, "12:50:00")
    assert (stored.status, stored.exit_code) == ("complete", 0)
    assert stored.reason == "this slot is stored"
    assert len(week.array.requests) == requests
    week.well(TUESDAY, "18:00")

    # The collector's host is down for two slots, and late for one that it then tries twice.
    week.well(WEDNESDAY, "00:00", "18:05", "18:20")

    week.well(THURSDAY, "00:00")
    week.killed(THURSDAY, "06:00:07")
    week.well(THURSDAY, *SLOTS[2:])

    week.well(FRIDAY, "00:00")
    first, second = week.overlapping(FRIDAY, "06:00:07")
    assert (first.status, first.exit_code) == ("complete", 0)
    assert second.exit_code == 75
    week.array.faults = [Fault("status", SESSIONS, nth=1, status=500)]
    assert week.run(FRIDAY, "12:00:07").exit_code == 3
    week.array.faults = []
    assert week.run(FRIDAY, "12:30:00").exit_code == 3  # that slot is stored as what it is
    week.well(FRIDAY, "18:00")

    # The clock is set back by seven hours, and right again before midnight.
    week.well(SATURDAY, *SLOTS[:3])
    back = week.run(SATURDAY, "11:00:00")
    assert (back.exit_code, back.reason) == (0, "this slot is stored")
    assert back.notes == (
        "the last snapshot, of 2026-10-24T12:00:00Z, is 1:00:00 ahead of the clock: was it set back?",
    )

    # In the night it is 02:30 twice where the collector stands; it is run every half hour.
    week.well(SUNDAY, "00:00")
    for at in ("02:30:07+02:00", "02:00:07+01:00", "02:30:07+01:00", "03:00+01:00", "03:30+01:00"):
        assert week.run(SUNDAY, at, interval=1800).exit_code == 0
    assert week.run(SUNDAY, "03:00:07", interval=3 * 3600).exit_code == 0
    week.well(SUNDAY, *SLOTS[1:])


MISSED = "no snapshot, though one was expected every 21600 seconds"


def test_coverage_says_exactly_what_was_seen_and_what_was_not(
    week: Week, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(week)
    monkeypatch.setenv("ANALYZER_NOW", "2026-10-26T00:00:00Z")
    catalog = Catalog(Store(week.root))
    window = ReportRequest(since="2026-10-19T00:00:00Z", until="2026-10-25T18:00:00Z")
    rows = run.run(catalog, catalog.reports["coverage"], window).records()
    spans = [
        (f"{span['from']:%a %H:%M}", f"{span['to']:%a %H:%M}", span["status"]) for span in rows
    ]
    assert spans == [
        ("Mon 00:00", "Tue 00:00", "complete"),
        ("Tue 00:00", "Tue 12:40", "unknown"),
        ("Tue 12:40", "Wed 00:00", "complete"),
        ("Wed 00:00", "Wed 18:00", "unknown"),
        ("Wed 18:00", "Thu 00:00", "complete"),
        ("Thu 00:00", "Thu 12:00", "unknown"),
        ("Thu 12:00", "Fri 06:00", "complete"),
        ("Fri 06:00", "Fri 18:00", "unknown"),
        ("Fri 18:00", "Sat 12:00", "complete"),
        ("Sat 12:00", "Sun 00:00", "unknown"),
        ("Sun 00:00", "Sun 18:00", "complete"),
    ]
    why = [span["reason"] for span in rows if span["status"] == "unknown"]
    assert why[0].startswith("cannot connect: ")
    assert why[1:3] + why[4:] == [MISSED] * 3
    assert why[3] == "partial: HTTP 500: a simulated fault (code 393271)"

    # A loss that nobody saw happen is between the last look before it and the first after it.
    lost = run.run(catalog, catalog.reports["dropped-connections"], window).records()
    assert [(f"{loss['lost_after']:%a %H:%M}", f"{loss['lost_by']:%a %H:%M}") for loss in lost] == [
        ("Tue 00:00", "Tue 12:40")
    ]

    attempts = catalog.run("select taken_at, status from attempts order by all").rows
    instants = [taken_at for taken_at, _ in attempts]
    assert len(instants) == len(set(instants)) == 31
    odd = [f"{at:%a %H:%M} {status}" for at, status in attempts if at.hour % 6 or at.minute]
    assert odd == [
        "Tue 12:40 complete",
        *(f"Sun 0{n // 2}:{n % 2 * 3}0 complete" for n in range(1, 7)),
    ]
    assert history.verify(Store(week.root), "prod-a").problem is None
    for path in week.root.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()
