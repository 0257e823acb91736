"""Drawings of the console: what they are made of, where things stand, what they say in words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from support.reports import at

from analyzer import clock
from analyzer.console import axis, grid, lane, svg, time_bar
from analyzer.console.axis import Axis
from analyzer.console.lane import WORDS
from analyzer.console.time_bar import Flag, UnseenSpan

NIGHT = Axis(at("00:00"), at("04:00"), UTC, 240)  # a column a minute
NASTY = "</title><script>alert(1)</script>\x1b[31m\u202e" + "x" * 20_000


def read(drawing: str) -> ET.Element:
    """A drawing as elements: it is well-formed, or this fails."""
    return ET.fromstring(f"<root>{drawing}</root>")


def titles(drawing: str) -> list[str]:
    return [part.text or "" for part in read(drawing).iter("title")]


def span(state: str, first: int, last: int, **more: Any) -> dict[str, Any]:
    """A row of a report of lanes on the night's axis."""
    minute = timedelta(minutes=1)
    return {
        "cluster": "prod-a", "svm": "svm_sql", "lane": "iqn.h1", "place": 1, "lanes": 1,
        "standing": "over", "state": state, "missing": 0, "began_after": None, "began_by": None,
        "from": NIGHT.since + first * minute, "to": NIGHT.since + (last + 1) * minute,
        "first_column": first, "last_column": last, **more,
    }  # fmt: skip


LOSS = [
    span("all_paths", 0, 129),
    span("one_node", 130, 159, began_after=at("02:05"), began_by=at("02:10")),
    span("all_paths", 160, 239, began_after=at("02:35"), began_by=at("02:40")),
]


def test_an_instant_outside_of_the_window_stands_at_its_edge():
    assert NIGHT.percent(at("01:00")) == "25.00%"
    assert NIGHT.share(at("23:00", 22)) == 0.0
    assert NIGHT.share(at("05:00")) == 1.0


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York"])
@pytest.mark.parametrize("hours", [0.1, 1, 5, 24, 24 * 7, 24 * 31, 24 * 366])
def test_ticks_are_few_and_round_on_the_wall_clock_of_the_zone(zone: str, hours: float):
    # The window holds the end of summer time.
    since = datetime(2026, 10, 24, 3, 17)
    drawn = Axis(since, since + timedelta(hours=hours), clock.zone(zone))
    ticks = drawn.ticks()
    assert 1 <= len(ticks) <= 14
    assert [tick.at for tick in ticks] == sorted({tick.at for tick in ticks})
    for tick in ticks:
        wall = clock.local(tick.at, drawn.zone)
        assert wall.second == 0
        assert wall.minute % 5 == 0 or hours < 1
        assert f"{wall:%H:%M}" in tick.label or str(wall.day) in tick.label


def test_the_axis_writes_times_of_the_zone():
    berlin = Axis(at("22:30", 22), at("02:30"), ZoneInfo("Europe/Berlin"))
    labels = [part.text for part in read(axis.drawn(berlin)).iter("text")]
    assert "24 Nov" not in labels
    assert "00:00" not in labels  # midnight is a day
    assert "23 Nov" in labels
    assert "01:00" in labels


def test_a_lane_has_one_path_for_each_state_with_what_it_is_in_words():
    drawing = lane.drawn(lane.lanes(LOSS)[0], NIGHT, WORDS)
    paths = {
        part.get("data-state"): part
        for part in read(drawing).iter("path")
        if part.get("data-state")
    }
    assert set(paths) == {"all_paths", "one_node"}
    assert {part.get("data-lane") for part in paths.values()} == {"iqn.h1"}
    assert paths["one_node"].get("d") == "M130 0h30v14H130z"
    assert paths["all_paths"].get("d").count("M") == 2
    assert titles(drawing)[1] == "iqn.h1: one node from 02:05–02:10 to 02:40"


def test_a_lane_draws_the_time_between_both_bounds_of_a_loss_as_not_certain():
    drawing = lane.drawn(lane.lanes(LOSS)[0], NIGHT, WORDS)
    (maybe,) = [part for part in read(drawing).iter("path") if part.get("class") == "maybe"]
    assert maybe.get("d") == "M125 0h5v14H125zM155 0h5v14H155z"


def test_what_is_unknown_of_a_lane_is_hatched_and_has_no_colour():
    rows = [span("all_paths", 0, 129), span("unknown", 130, 239)]
    drawing = lane.drawn(lane.lanes(rows)[0], NIGHT, WORDS)
    root = read(drawing)
    assert [path.get("data-state") for path in root.iter("path")] == ["all_paths"]
    (unseen,) = [rect for rect in root.iter("rect") if rect.get("data-state") == "unknown"]
    assert (unseen.get("fill"), unseen.get("x")) == ("url(#hatch)", "54.17%")
    assert "prod-a: unknown 02:10–04:00: SVM svm_sql is not listed any more" in titles(drawing)
    assert lane.sentence(lane.lanes(rows)[0], NIGHT, WORDS) == "unknown 02:10–04:00"


def test_a_lane_that_ends_badly_is_reported_without_an_end():
    rows = [span("none", 130, 239, began_after=at("02:05"), began_by=at("02:10"))]
    assert "no path since 02:05–02:10" in titles(lane.drawn(lane.lanes(rows)[0], NIGHT, WORDS))[0]


def test_a_lane_says_to_a_screen_reader_when_it_was_not_well():
    (image,) = [
        part for part in read(lane.drawn(lane.lanes(LOSS)[0], NIGHT, WORDS)) if part.get("role")
    ]
    assert image.get("aria-label") == "iqn.h1: one node 02:10–02:40"
    assert lane.sentence(lane.lanes(LOSS[:1])[0], NIGHT, WORDS) == "all paths"


def test_a_cause_is_open_until_it_is_back():
    outage = {
        "cluster": "prod-a", "cause_kind": "node", "cause": "n2", "lost_after": at("02:05"),
        "lost_by": at("02:10"), "back_by": at("02:40"), "hosts_without_path": 0,
    }  # fmt: skip
    over, still = lane.of_causes(
        [outage | {"status": "recovered"}, outage | {"status": "partly_back", "cause": "n3"}], NIGHT
    )[::-1]
    assert (over.name, over.standing) == ("node n2", "over")
    assert (over.spans[0]["first_column"], over.spans[0]["last_column"]) == (130, 160)
    assert (still.name, still.standing) == ("node n3", "open")
    assert still.spans[0]["last_column"] == 239


def column(number: int, **more: Any) -> dict[str, Any]:
    row = span("", number, number)
    return {
        "cluster": "prod-a", "column": number, "from": row["from"], "to": row["to"], "ended": 0,
        "began": 0, "unknown_seconds": 0, "reason": None, **more,
    }  # fmt: skip


def test_unknown_columns_side_by_side_are_one_gap_with_its_reason():
    blind = {"unknown_seconds": 60, "reason": "HTTP 503 <busy>"}
    rows = [column(10, **blind), column(11, **blind), column(12, ended=1), column(20, **blind)]
    gaps = time_bar.gaps(rows)
    assert [(gap.begins, gap.ends) for gap in gaps] == [
        (at("00:10"), at("00:12")), (at("00:20"), at("00:21")),
    ]  # fmt: skip
    drawing = time_bar.coverage(NIGHT, ["prod-a"], gaps)
    assert "prod-a: unknown 00:10–00:12: HTTP 503 <busy>" in titles(drawing)
    assert [part.get("fill") for part in read(drawing).iter("rect")][1:] == ["url(#hatch)"] * 2


def test_many_clusters_share_one_band():
    gap = UnseenSpan("c7", at("01:00"), at("02:00"), "down")
    names = [f"c{number}" for number in range(12)]
    bands = list(read(time_bar.coverage(NIGHT, names, [gap])).iter("svg"))
    assert [part.get("data-cluster") for part in bands][1:] == ["12 clusters"]


def test_density_has_two_paths_whatever_the_history_holds():
    rows = [column(k, cluster=c, began=k, ended=1) for k in range(240) for c in ("a", "b")]
    drawing = time_bar.density(NIGHT, rows)
    paths = list(read(drawing).iter("path"))
    assert [part.get("data-count") for part in paths] == [str(239 * 240), "480"]
    assert paths[1].get("d").count("M") == 240


def test_a_flag_out_of_the_window_is_not_drawn():
    marks = [
        Flag(at("02:00"), "before-CHG4711"),
        Flag(at("01:00", 22), "old"),
        Flag(at("23:00", 22), "night work", "maintenance", at("01:00")),
    ]
    drawing = time_bar.flags(NIGHT, marks)
    assert titles(drawing) == ["mark before-CHG4711: 02:00", "maintenance night work: 23:00–01:00"]


def test_the_handles_are_sliders_that_tell_their_time_in_the_zone():
    berlin = Axis(at("00:00"), at("04:00"), ZoneInfo("Europe/Berlin"))
    sliders = [
        part
        for part in read(time_bar.handles(berlin, at("01:00"), at("02:00"))).iter("svg")
        if part.get("role") == "slider"
    ]
    assert [part.get("data-handle") for part in sliders] == ["before", "after"]
    assert [part.get("data-at") for part in sliders] == [
        clock.iso(at("01:00")),
        clock.iso(at("02:00")),
    ]
    assert [part.get("aria-valuetext") for part in sliders] == ["02:00 CET", "03:00 CET"]
    assert [part.get("x") for part in sliders] == ["25.00%", "50.00%"]


def test_a_cell_without_a_row_is_a_hole_that_nobody_expects():
    row = {
        "cluster": "prod-a", "svm": "s", "initiator": "iqn.h1", "host": None, "interface": "lif1",
        "node": "n1", "sessions_before": 1, "sessions": 0, "change": "lost", "place": 1, "hosts": 2,
    }  # fmt: skip
    other = row | {
        "initiator": "iqn.h2",
        "interface": "lif2",
        "change": "unchanged",
        "sessions": 1,
        "place": 2,
    }
    (grid_of_two,) = grid.grids([row, other])
    assert grid_of_two.interfaces == [("lif1", "n1"), ("lif2", "n1")]
    assert [[cell.change for cell in host.cells] for host in grid_of_two.hosts] == [
        ["lost", "none"], ["none", "unchanged"],
    ]  # fmt: skip
    assert grid_of_two.hosts[0].cells[0].words == "lif1: lost since A; 1 at A, 0 at B"


@pytest.mark.parametrize(
    "drawing",
    [
        lane.drawn(
            lane.lanes([span("none", 0, 9, lane=NASTY, cluster=NASTY)])[0], NIGHT, WORDS, "gaps-0"
        ),
        time_bar.coverage(NIGHT, [NASTY], [UnseenSpan(NASTY, at("01:00"), at("02:00"), NASTY)]),
        time_bar.flags(NIGHT, [Flag(at("01:00"), NASTY)]),
        lane.blind(NIGHT, [UnseenSpan(NASTY, at("01:00"), at("02:00"), NASTY)], [NASTY]),
        svg.element("text", NASTY, aria_label=svg.text(NASTY)),
    ],
)  # fmt: skip
def test_a_name_is_text_whatever_it_says(drawing: str):
    root = read(drawing)
    assert not list(root.iter("script"))
    assert not [name for part in root.iter() for name in part.attrib if name.startswith("on")]
    assert not {"style", "xlink:href"} & {name for part in root.iter() for name in part.attrib}
    assert "\x1b" not in drawing
    assert "\u202e" not in drawing
    assert len(drawing) < 12_000
