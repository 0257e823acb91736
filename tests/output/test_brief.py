"""Brief tables: the telling columns first, as many as fit; names shortened before blocks."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from support import reports

from analyzer.collect import files
from analyzer.output import table, table_layout, wording
from analyzer.report import header, run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report, ReportRequest
from analyzer.store.layout import Store


@pytest.fixture
def lost(sample: Catalog) -> Report:
    return run.run(sample, header.reports()["dropped-connections"], ReportRequest())


def test_a_year_has_four_digits() -> None:
    assert wording.instant(datetime(1, 1, 1, 2, 10), UTC, dated=True) == "0001-01-01 02:10"


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_width_cuts_an_initiator_or_an_interface(lost: Report, width: int) -> None:
    words = set(table.render(lost, width).split())
    for row in lost.records():
        tail = row["initiator"].rpartition(":")[2]
        assert words & {row["initiator"], f"…{tail}"}
        assert {row["interface"], row["severity"]} <= words


@pytest.mark.parametrize("name", [name for name, query in header.reports().items() if query.brief])
def test_a_report_of_a_day_is_a_table_at_80_columns(name: str, sample: Catalog) -> None:
    query = header.reports()[name]
    params = {"initiator": "*lnx4"} if "initiator" in query.params else {}
    report = run.run(sample, query, ReportRequest(params=params))
    if report.rows:
        laid_out = table_layout.lay_out(report, 80)
        assert laid_out.widths is not None
        assert sum(laid_out.widths) + table_layout.GAP * (len(laid_out.widths) - 1) <= 80


def test_a_wider_terminal_shows_more_of_the_telling_columns(lost: Report) -> None:
    narrow, wide = (table.render(lost, width) for width in (80, 170))
    assert "192.168.10.104" not in narrow
    assert "192.168.10.104" in wide
    assert "Every column: --wide" in narrow
    assert "Every column: --wide" in wide


def test_a_table_names_the_telling_columns_that_it_has_no_room_for(lost: Report) -> None:
    for width in (80, 100, 120, 200):
        laid_out = table_layout.lay_out(lost, width)
        text = " ".join(table.render(lost, width).split())
        hidden = ", ".join(map(wording.heading, laid_out.hidden))
        assert (f"No room for: {hidden}. Every column: --wide" in text) == bool(hidden)
        telling = {*laid_out.names, *laid_out.hidden, "cluster"}
        assert {"status", "cause", "initiator", "interface", "severity"} <= telling
        assert bool(hidden) == (width < 200)


def test_names_that_would_be_alike_are_not_shortened() -> None:
    names = ["iqn.a:x:host1", "iqn.b:y:host1", "iqn.a:x:host2", "eui.0123", "iqn.a:", "plain"]
    assert wording.shortened([[name] for name in names]) == {"iqn.a:x:host2": "…host2"}


def test_wide_stacks_every_column(lost: Report) -> None:
    text = table.render(replace(lost, brief=()), 120)
    assert "path_sessions_left" in text
    assert "--wide" not in text


def test_rows_of_several_svms_say_whose_they_are(lost: Report) -> None:
    assert {row["svm"] for row in lost.records()} == {"svm_k8s", "svm_sql"}
    for line in table.render(lost, 120).splitlines():
        if "iqn." in line:
            assert line.startswith("svm_")


def test_what_is_open_comes_first_then_what_is_severe() -> None:
    night = reports.losses()
    status, severity = (
        [column.name for column in night.columns].index(name) for name in ("status", "severity")
    )
    assert [(row[status], row[severity]) for row in wording.ordered(night)] == [
        ("open", "critical"), ("open", "high"), ("recovered", "high"), ("recovered", "high"),
    ]  # fmt: skip
    assert table_layout.lay_out(night, 80).dimmed == [False, False, True, True]


def test_a_story_stays_in_the_order_of_time() -> None:
    report = replace(reports.losses(), brief=("lost_after", "severity"))
    assert wording.ordered(report) == report.rows


def test_a_day_is_said_once_and_beside_each_time_where_there_are_several() -> None:
    rows = [
        {"initiator": "iqn.2004-10.com.ubuntu:01:wrk1", "lost_after": reports.at("02:10", day),
         "lost_by": reports.at("02:15", day), "severity": "high"}
        for day in (22, 23)
    ]  # fmt: skip
    short, two = reports.report(rows[:1]), reports.report(rows)
    assert dict(table_layout.lay_out(short, 120).above)["day"] == "2026-11-22 UTC"
    assert table_layout.lay_out(short, 120).columns[1] == ["02:10–02:15"]
    wide, narrow = table_layout.lay_out(two, 120), table_layout.lay_out(two, 32)
    assert dict(wide.above)["times"] == "UTC"
    assert wide.columns[1] == ["2026-11-22 02:10–02:15", "2026-11-23 02:10–02:15"]
    assert (wide.widths or [])[1] == len("2026-11-22 02:10–02:15")
    assert (narrow.widths or [])[1] == len("02:10–02:15")


def test_no_number_gets_separators_but_in_sentences() -> None:
    rows = [{"initiator_port": 59553, "tsih": 1031}] * 1200
    text = table.render(reports.report(rows), 80)
    assert "1,200 rows." in text
    assert "59553" in text
    assert "59,553" not in text


def test_a_column_without_values_is_left_out_of_a_report_and_not_of_a_statement() -> None:
    rows = [{"a": 1, "nothing": None}]
    assert "nothing" not in table.render(reports.report(rows), 80)
    assert "nothing" in table.render(reports.report(rows, title="", coverage=[]), 80)


def test_a_cluster_that_nobody_ever_saw_is_unknown_throughout(tmp_path: Path) -> None:
    store = Store(tmp_path)
    files.fail(store, "c1", datetime(2026, 11, 23), "HTTP 401")
    catalog = Catalog(store)
    request = ReportRequest(since="2026-11-22", until="2026-11-24")
    text = table.render(run.run(catalog, header.reports()["snapshots"], request), 120)
    assert "  unknown throughout: HTTP 401\n" in text
