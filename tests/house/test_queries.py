"""What holds of every query file, whoever wrote it."""

import os
import random
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer.config.rules import SEVERITIES
from analyzer.engine.statement import parse
from analyzer.errors import UsageError
from analyzer.output import chart
from analyzer.report import compose, header, run
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query
from analyzer.report.run import ReportRequest

REPORTS = header.reports()
MODELS = header.models()
FINDINGS = [name for name, query in REPORTS.items() if query.kind == "finding"]
NOW, DAY = datetime(2026, 11, 24), timedelta(days=1)


def window() -> ReportRequest:
    return ReportRequest(since="2026-11-22T00:00:00Z", until="2026-11-24T00:00:00Z")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_returns_the_columns_that_it_declares(name: str, sample: Catalog) -> None:
    model = MODELS[name]
    times = {"at": NOW, "since": NOW - DAY, "until": NOW, "now": NOW}
    result = sample.run_query(model, times)
    assert [column for column, _ in result.columns] == list(model.columns)


@pytest.mark.parametrize(
    "query", [*MODELS.values(), *REPORTS.values()], ids=lambda query: query.name
)
def test_a_query_reads_the_same_by_its_words_as_by_the_parser(query: Query) -> None:
    assert query.shipped
    assert query.statement == parse(query.text, query.path)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_runs_bare_and_says_the_same_twice(name: str, sample: Catalog) -> None:
    query = REPORTS[name]
    first, other = (run.run(sample, query, window()) for _ in range(2))
    assert first.rows == other.rows
    assert first.coverage == other.coverage


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_uses_every_parameter_that_it_declares(name: str) -> None:
    below = compose.order(REPORTS[name], MODELS)
    text = "".join(query.text for query in (REPORTS[name], *below))
    for param in REPORTS[name].params:
        assert re.search(rf"\${param}\b", text), f"{name} declares {param} for nothing"


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_ends_in_an_order(name: str) -> None:
    body = REPORTS[name].text.lower()
    assert "order by" in body[body.rindex("\nfrom ") if "\nfrom " in body else 0 :]


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_says_what_it_is_in_sentences(name: str) -> None:
    report = REPORTS[name]
    assert report.description.endswith("."), "a description is made of sentences"
    assert all(sentence.strip() for sentence in report.columns.values())
    if report.kind == "finding":
        assert {"severity", "detail"} <= set(report.columns)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_in_a_group_and_its_picture_is_one_that_can_be_drawn(name: str) -> None:
    query = REPORTS[name]
    assert query.group in header.GROUPS
    assert query.picture in {None, *chart.PICTURES}
    assert query.not_judged in {None, *MODELS}


def test_no_two_reports_stand_at_one_place_of_the_page() -> None:
    places = [query.page for query in REPORTS.values() if query.page is not None]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", FINDINGS)
def test_the_identity_of_a_finding_is_its_own(name: str, sample: Catalog) -> None:
    assert REPORTS[name].identity, "a finding report says which columns tell one from another"
    times = {"before": "2026-11-23T02:10:00Z", "after": "2026-11-23T09:05:00Z"}
    for at in ("2026-11-23T02:50:00Z", "2026-11-23T09:05:00Z", "2026-11-24T00:00:00Z"):
        whose = {"initiator": "*lnx4"} if "initiator" in REPORTS[name].params else {}
        request = ReportRequest(since="2026-11-22T00:00:00Z", at=at, params=whose, **times)
        rows = run.run(sample, REPORTS[name], request).records()
        keys = [repr([row[column] for column in REPORTS[name].identity]) for row in rows]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", [name for name in FINDINGS if REPORTS[name].time == "window"])
def test_a_finding_of_a_window_says_when_it_began(name: str, sample: Catalog) -> None:
    began = REPORTS[name].began
    assert began, "maintenance and alerts need the columns of its beginning"
    rows = run.run(sample, REPORTS[name], window()).records()
    for row in rows:
        after, by = (row[column] for column in began)
        assert isinstance(by, datetime)
        assert after is None or after <= by


@pytest.mark.parametrize("name", [name for name, query in REPORTS.items() if query.ended])
def test_what_ends_a_finding_is_a_status_that_it_has(name: str) -> None:
    for status in REPORTS[name].ended:
        assert status in REPORTS[name].text + REPORTS[name].columns["status"]


@pytest.mark.parametrize("name", [name for name in REPORTS if "-" in name])
def test_the_package_knows_no_report_by_name(name: str) -> None:
    package = Path(header.__file__).parents[1]
    # The demonstration tells its own story, 'policy suggest' is short for a report, and a page of
    # the console puts reports together that belong together.
    console = {package / "console" / f"{name}_page.py" for name in ("capacity", "object")}
    stories = {package / "demo.py", package / "cli" / "policy.py"} | console
    for path in set(package.rglob("*.py")) - stories:
        assert f'"{name}"' not in path.read_text(), path


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(query.name, name) for query in REPORTS.values() for name, parameter in query.params.items()
     if type(parameter.default) in (int, float)],
)  # fmt: skip
def test_a_number_below_the_least_that_makes_sense_is_refused(
    name: str, parameter: str, sample: Catalog
) -> None:
    with pytest.raises(UsageError, match=rf"^{parameter}: -1 is less than [01]$"):
        run.run(sample, REPORTS[name], replace(window(), params={parameter: -1}))


@pytest.mark.parametrize(
    ("declared", "error"),
    [("default = 0\nminimum = 1", "the default of 'many': 0 is less than 1"),
     ("default = 9\nmaximum = 8", "the default of 'many': 9 is more than 8"),
     ("default = nan\nminimum = 1", "the default of 'many': nan is less than 1"),
     ('default = "a"\nchoices = ["b"]', "the default of 'many': 'a' is not one of b"),
     ('default = "a"\nminimum = 1', "'many' is no number; it has no minimum"),
     ("default = true\nmaximum = 1", "'many' is no number; it has no maximum")],
)  # fmt: skip
def test_a_parameter_whose_header_contradicts_itself_is_refused(
    tmp_path: Path, declared: str, error: str
) -> None:
    block = f'title = "Odd"\ntime = "instant"\n[params.many]\nhelp = "Many."\n{declared}\n[columns]\none = "It."'
    commented = "".join(f"-- {line}\n" for line in block.splitlines())
    (tmp_path / "odd.sql").write_text(f"-- /// query\n{commented}-- ///\nselect 1")
    with pytest.raises(UsageError, match=re.escape(error)):
        header.reports([tmp_path])


def test_a_file_of_the_first_version_says_over_for_time(tmp_path: Path) -> None:
    (tmp_path / "old.sql").write_text(
        '-- /// query\n-- title = "Old"\n-- time = "instant"\n'
        '-- [columns]\n-- alias = "It."\n-- ///\nselect alias from spells order by all\n'
    )
    assert header.reports([tmp_path])["old"].time == "instant"


def test_a_pattern_is_bound_for_like(tmp_path: Path, sample: Catalog) -> None:
    (tmp_path / "who.sql").write_text(
        '-- /// query\n-- title = "Who"\n-- time = "instant"\n[columns]\n'.replace("[", "-- [")
        + '-- initiator = "It."\n-- [params.who]\n-- kind = "pattern"\n-- default = "*"\n'
        '-- help = "Whose."\n-- ///\n'
        "select distinct initiator from spells where initiator like $who escape '^' order by all\n"
    )
    who = header.reports([tmp_path])["who"]
    assert run.run(sample, who, ReportRequest(params={"who": "*LNX4"})).rows == [
        ("iqn.1994-05.com.redhat:lnx4",)
    ]
    assert not run.run(sample, who, ReportRequest(params={"who": "*lnx_"})).rows


def test_a_report_of_a_model_has_the_parameters_of_the_model(
    tmp_path: Path, sample: Catalog
) -> None:
    (tmp_path / "hosts.sql").write_text(
        '-- /// query\n-- title = "Hosts"\n-- time = "instant"\n-- [columns]\n'
        '-- initiator = "It."\n-- ///\nselect distinct initiator from hosts_at order by all\n'
    )
    assert run.run(sample, header.reports([tmp_path])["hosts"], ReportRequest()).rows


def test_a_file_dropped_into_a_folder_is_a_report_with_its_own_help(tmp_path: Path) -> None:
    (tmp_path / "aliases.sql").write_text(
        '-- /// query\n-- title = "Aliases"\n-- description = "Who calls itself what."\n'
        '-- time = "instant"\n-- [columns]\n-- alias = "What it calls itself"\n-- ///\n'
        "select distinct alias from spells order by all\n"
    )
    assert header.reports([tmp_path])["aliases"].title == "Aliases"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("select 1", "does not open with"),
        ("-- /// query\n-- title = \n-- ///\nselect 1", "Invalid value"),
        ('-- /// query\n-- titel = "x"\n-- ///\nselect 1', "unknown key 'titel'"),
        ('-- /// query\n-- title = "x"\n-- ///\nselect 1', "'columns' is missing"),
        (
            '-- /// query\n-- title = "x"\n-- identity = ["z"]\n-- [columns]\n-- y = "Y."\n-- ///\nselect 1',
            "'identity' names 'z'",
        ),
        (
            '-- /// query\n-- title = "x"\n-- group = "Other"\n-- [columns]\n-- y = "Y."\n-- ///\nselect 1',
            "'group' is one of Incident",
        ),
    ],
)
def test_a_malformed_file_is_named_with_what_is_wrong(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / f"bad{random.randrange(10**9)}.sql"
    path.write_text(text)
    with pytest.raises(header.UsageError) as caught:
        header.parse(path)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.sql"
    text = (
        '-- /// query\r\n-- title = "T"\r\n-- [columns]\r\n-- y = "Y."\r\n-- ///\r\nselect 1 as y'
    )
    path.write_bytes(text.encode("utf-8-sig"))
    assert header.parse(path).title == "T"


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder.sql").mkdir()
    os.mkfifo(tmp_path / "pipe.sql")
    (tmp_path / "gone.sql").symlink_to("nowhere")
    for name, why in (
        ("folder", "no regular file"),
        ("pipe", "no regular file"),
        ("gone", "No such"),
    ):
        with pytest.raises(header.UsageError, match=rf"{name}\.sql: cannot be read: {why}"):
            header.parse(tmp_path / f"{name}.sql")


def test_severities_rank_in_the_database_as_they_do_in_python(sample: Catalog) -> None:
    rows = sample.run_query(MODELS["severities"], {}).rows
    assert tuple(severity for severity, _ in sorted(rows, key=lambda row: row[1])) == SEVERITIES


def test_a_threshold_is_a_number_with_its_default(sample: Catalog) -> None:
    (row,) = sample.run_query(MODELS["thresholds"], {}).records()
    assert all(isinstance(value, int | float) for value in row.values()), row


@pytest.mark.parametrize("name", sorted({**MODELS, **REPORTS}))
def test_a_number_of_days_or_hours_is_a_threshold(name: str) -> None:
    text = {**MODELS, **REPORTS}[name].text
    assert not re.search(r"(?<!\* )interval '?[0-9]+'? (day|hour|minute)", text), name
