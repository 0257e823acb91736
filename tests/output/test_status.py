"""The first screen: 80 columns, 24 lines, nothing that is open left out in silence."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace
from support import catalogs, reports
from support.array_builder import World

from analyzer import clock
from analyzer.output import status_screen
from analyzer.report import header
from analyzer.report import status as first
from analyzer.report.catalog import Catalog
from analyzer.report.header import StatusSection
from analyzer.report.run import Report
from analyzer.report.status import Status, StatusPart
from analyzer.store.layout import Store

Golden = Callable[[str, str], None]


def losses(**words: object) -> Report:
    night = reports.losses(began=("lost_after", "lost_by"), identity=("initiator",))
    return replace(night, **words)  # type: ignore[arg-type]


def clusters(**values: object) -> Report:
    row = {
        "cluster": "prod-a", "last_seen": reports.at("02:55"), "age_seconds": 300,
        "sessions": 75, "gaps": 1, "unknown_seconds": 900,
    }  # fmt: skip
    return reports.report([row | values], title="Clusters")


def whole() -> Status:
    open_ones = losses(rows=losses().rows[2:])
    return Status(
        clusters(),
        [
            StatusPart(StatusSection(10, "Outages", ended=True), "outages", losses()),
            StatusPart(StatusSection(20, "Still missing"), "lost", open_ones),
            StatusPart(
                StatusSection(30, "New hosts", "none that needs a look"), "new", losses(rows=[])
            ),
            StatusPart(
                StatusSection(40, "Upgrade now", "ready"), "upgrade", None, "one snapshot only"
            ),
        ],
    )


def test_the_screen_is_as_it_was(golden: Golden) -> None:
    golden("status.txt", status_screen.render(whole(), 80))
    golden("status.md", status_screen.text(whole()))


def test_the_screen_fits_a_terminal() -> None:
    lines = status_screen.render(whole(), 80).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_times_are_in_the_zone_and_say_so() -> None:
    there = replace(whole(), clusters=replace(clusters(), zone=clock.zone("Europe/Berlin")))
    assert "last snapshot 03:55 CET (02:55 UTC)" in status_screen.render(there, 80)
    assert status_screen.text(there).startswith("**iSCSI sessions (2026-11-23 01:00–04:00 CET)**\n")


def test_a_section_without_an_answer_is_never_a_good_one() -> None:
    assert "UPGRADE NOW    no answer: one snapshot only" in status_screen.render(whole(), 80)
    assert "ready" not in status_screen.render(whole(), 80)


def test_an_upgrade_is_ready_by_recent_data_only(world: World) -> None:
    world.take(3)
    store = Store(world.root)
    recent, late = (
        status_screen.render(first.status(catalogs.opened(store, world.now + later)), 80)
        for later in (timedelta(hours=1), timedelta(hours=4))
    )
    assert "UPGRADE NOW    ready" in recent
    assert "UPGRADE NOW    no answer: no recent complete snapshot of prod-a" in late


def test_a_finding_names_its_cluster_where_there_are_several(world: World) -> None:
    world.take(3).without("lnx1").take()
    world.cluster, world.now = "prod-b", world.now - timedelta(minutes=20)
    catalog = catalogs.opened(Store(world.take(4).root), world.now)
    assert " !! prod-a  …lnx1  02:" in status_screen.render(first.status(catalog), 80)
    assert " prod-b  …lnx1" not in status_screen.render(first.status(catalog), 80)


def test_a_cluster_that_never_answered_is_not_quiet() -> None:
    never = Status(clusters(last_seen=None, age_seconds=None, sessions=None), [])
    assert "NO COMPLETE SNAPSHOT YET" in status_screen.render(never, 80)


def test_a_bad_day_fits_a_terminal_too() -> None:
    words = "some words that go on for more than a line of eighty columns, as details often do"
    rows = [(*row[:-1], words) for row in losses().rows * 5]
    parts = [
        StatusPart(StatusSection(k, f"StatusPart {k}"), "outages", losses(rows=rows))
        for k in range(5)
    ]
    lines = status_screen.render(Status(clusters(), parts), 80).splitlines()
    assert len(lines) <= 24
    assert sum("… 19 more" in line for line in lines) == 5


def test_a_screen_says_how_many_it_leaves_out_and_a_ticket_has_them_all() -> None:
    many = losses(rows=losses().rows * 5)
    status = Status(
        clusters(), [StatusPart(StatusSection(10, "Outages", ended=True), "outages", many)]
    )
    assert "… 17 more: analyzer report outages" in status_screen.render(status, 80)
    assert (
        status_screen.text(status).count("\n- critical")
        + status_screen.text(status).count("\n- high")
        == 20
    )


def test_the_demonstration_is_reported_on_one_screen(sample: Catalog) -> None:
    status = first.status(sample)
    text = status_screen.render(status, 80)
    assert len(text.splitlines()) <= 24
    assert "node n2: 16 initiators lost 32 paths" in text
    assert "…lnx4  2026-11-23 02:10–02:15" in text
    assert "sql_n2_a missing" in text
    assert "UPGRADE NOW    not ready: 1 high" in text
    labels = [part.words.label for part in status.parts]
    assert labels == [q.status.label for q in sorted(
        (q for q in header.reports().values() if q.status and not q.status.baseline), key=lambda q: q.status.place)]  # fmt: skip


@pytest.mark.parametrize("place", ["place", "label"])
def test_no_two_sections_stand_at_one_place(place: str) -> None:
    values = [getattr(q.status, place) for q in header.reports().values() if q.status]
    assert len(set(values)) == len(values)
