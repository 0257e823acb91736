"""Marks as the command line has them."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.store.layout import Store

pytestmark = pytest.mark.usefixtures("engines_left_open")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    recorded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:  # fmt: skip
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-24T00:00:00Z")
    monkeypatch.setattr("analyzer.output.chart.available", lambda: False)  # no picture has a mark
    monkeypatch.chdir(tmp_path)
    shutil.copytree(recorded.root, tmp_path / "store")

    def call(*words: str) -> tuple[int, str, str]:
        code = cli.status(["--store", "store", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_a_mark_is_set_listed_and_deleted(run: Run) -> None:
    code, out, err = run("mark", "before", "--at", "02:12", "--note", "x", "--ticket", "CHG1")
    assert (code, out) == (0, "")
    assert err == (
        "before is 2026-11-23T02:12:00Z: the last complete snapshot of 1 cluster is of"
        " 2026-11-23T02:10:00Z\n"
    )
    listed = json.loads(run("mark", "--list", "--format", "json")[1])["rows"]
    assert listed == [{"name": "before", "instant": "2026-11-23T02:12:00Z", "note": "x",
                       "ticket": "CHG1", "keep": False, "baseline": False}]  # fmt: skip
    assert run("mark", "--delete", "BEFORE")[0] == 0
    assert json.loads(run("mark", "--list", "--format", "json")[1])["rows"] == []


def test_an_instant_that_nobody_saw_is_said_to_be_one(run: Run) -> None:
    code, _, err = run("mark", "early", "--at", "2026-01-01")
    assert code == 0
    assert "no cluster has a complete snapshot by then" in err


@pytest.mark.parametrize("words", [(), ("a", "--list"), ("a", "--delete", "a"), ("--delete", "a"),
                                   ("90m",), ("a", "--at", "b"), ("a", "--at", "2027-01-01")])  # fmt: skip
def test_what_cannot_be_is_status_2(run: Run, words: tuple[str, ...]) -> None:
    assert run("mark", *words)[0] == 2


def test_a_mark_may_stand_for_every_time(run: Run) -> None:
    run("mark", "begin", "--at", "02:12")
    run("mark", "end", "--at", "02:50", "--baseline")
    for words in (
        ("outages", "--since", "begin", "--until", "END"),
        ("sessions", "--at", "begin"),
        ("diff", "begin", "end"),
        ("diff", "begin"),
        ("upgrade-readiness", "--at", "end", "--versus", "begin"),
        ("sql", "select $at, $since from marks", "--at", "end", "--since", "begin"),
        ("timeline", "lnx4", "--since", "begin"),
        ("snapshots", "--since", "begin"),
        ("evidence", "--since", "begin", "--until", "end", "--output", "x.zip"),
        ("status",),
    ):
        code, out, err = run(*words)
        assert code == 0, (words, err)
    assert "SINCE BASELINE" in out


def test_a_timeline_has_the_marks_of_its_window(run: Run) -> None:
    run("mark", "inside", "--at", "02:12", "--note", "\x1b[31mred", "--ticket", "CHG1")
    run("mark", "outside", "--at", "2026-11-22")
    rows = json.loads(run("timeline", "lnx4", "--format", "json")[1])["rows"]
    (mark,) = [row for row in rows if row["event"] == "mark"]
    assert mark["detail"] == "inside: \x1b[31mred (CHG1)"
    assert "\x1b" not in run("timeline", "lnx4")[1]
    assert "\x1b" not in run("mark", "--list")[1]


def test_a_page_has_the_marks_of_its_window(run: Run) -> None:
    run("mark", "inside", "--at", "02:12", "--note", "<b>\x1b", "--ticket", "CHG1")
    run("mark", "outside", "--at", "2026-11-22")
    page = run("outages", "--format", "html")[1]
    assert re.findall(r'<p class="mark">(.*)</p>', page) == [
        "inside: 2026-11-23 02:12, CHG1, &lt;b&gt;\\u001b"
    ]


def test_damaged_marks_are_named_by_whoever_meets_them_and_make_nothing_else_fail(run: Run) -> None:
    Path("store", "marks.json").write_text("{")
    for words in (("mark", "a"), ("mark", "--list"), ("sessions", "--at", "before"), ("verify",)):
        code, _, err = run(*words)
        assert code == 4, words
        assert "marks.json is damaged" in err
    code, out, err = run("sessions", "--format", "csv")
    assert code == 4
    assert out.count("\n") > 70
    assert "the marks are left out" in err
