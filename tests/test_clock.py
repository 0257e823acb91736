"""Times as people write them, and the two hours a year that mean two things or nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer import clock
from analyzer.errors import UsageError

BERLIN = clock.zone("Europe/Berlin")


@pytest.fixture(autouse=True)
def _three_in_the_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-11-23T02:56:00Z")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T02:10:00Z", "2026-11-23 02:10"),
        ("2026-11-23T03:10:00+01:00", "2026-11-23 02:10"),
        ("20261123T021000Z", "2026-11-23 02:10"),
        ("2026-11-23 02:10", "2026-11-23 02:10"),
        ("2026-11-23", "2026-11-23 00:00"),
        ("02:10", "2026-11-23 02:10"),
        ("2:10", "2026-11-23 02:10"),
        ("02:10:30", "2026-11-23 02:10:30"),
        ("02:57", "2026-11-22 02:57"),
        ("today", "2026-11-23 00:00"),
        ("yesterday", "2026-11-22 00:00"),
        ("yesterday 22:00", "2026-11-22 22:00"),
        ("Today 02:10", "2026-11-23 02:10"),
        ("now", "2026-11-23 02:56"),
        ("90m", "2026-11-23 01:26"),
        ("10min", "2026-11-23 02:46"),
        ("1440m", "2026-11-22 02:56"),
        ("1000h", "2026-10-12 10:56"),
        ("1d12h", "2026-11-21 14:56"),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, instant: str) -> None:
    assert clock.moment(text) == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("02:10", "2026-11-23 01:10"),
        ("03:57", "2026-11-22 02:57"),
        ("today", "2026-11-22 23:00"),
        ("2026-07-01T12:00", "2026-07-01 10:00"),
        ("2026-11-23T02:10:00Z", "2026-11-23 02:10"),
        ("20261123T021000", "2026-11-23 02:10"),
    ],
)
def test_a_time_without_an_offset_is_in_the_zone(text: str, instant: str) -> None:
    assert clock.moment(text, BERLIN) == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "02:60", "2 hours ago", "tomorrow", "yesterday 2am", "10x", "-5m"]
)
def test_what_is_no_time_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a time: a time is .*yesterday 02:10.*24h"):
        clock.moment(text)


@pytest.mark.parametrize(
    ("text", "what", "readings"),
    [
        ("2026-10-25T02:30", "was there twice", ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]),
        ("2026-03-29T02:30", "was never there", ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"]),
    ],
)
def test_an_hour_of_two_readings_is_refused_with_both(
    text: str, what: str, readings: list[str]
) -> None:
    with pytest.raises(UsageError, match=what) as error:
        clock.moment(text, BERLIN)
    assert all(reading in str(error.value) for reading in readings)
    for reading in readings:
        clock.moment(reading, BERLIN)
    assert clock.moment(text) == datetime.fromisoformat(text)


def test_the_latest_two_o_clock_is_refused_in_the_night_that_has_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", "2026-10-25T06:00:00Z")
    with pytest.raises(UsageError, match="twice in Europe/Berlin"):
        clock.moment("02:30", BERLIN)


def test_an_instant_is_written_once_whatever_its_zone() -> None:
    instant = datetime(2026, 11, 23, 2, 10)
    assert clock.iso(instant) == "2026-11-23T02:10:00Z"
    assert clock.iso(instant.replace(tzinfo=UTC)) == "2026-11-23T02:10:00Z"
    assert clock.iso(clock.local(instant, BERLIN).replace(tzinfo=BERLIN)) == "2026-11-23T02:10:00Z"


def test_a_zone_is_named_as_it_was_at_the_time() -> None:
    winter, summer = datetime(2026, 1, 1), datetime(2026, 7, 1)
    assert clock.zone_name(BERLIN, winter) == "CET"
    assert clock.zone_name(BERLIN, winter, summer) == "CET/CEST"
    assert clock.zone_name(UTC, winter) == "UTC"
    with pytest.raises(UsageError, match="'Berlin' is not a time zone"):
        clock.zone("Berlin")


def test_a_duration_is_a_sum() -> None:
    assert clock.duration("1d12h") == timedelta(hours=36)
    assert clock.duration("5min") == timedelta(minutes=5)
    with pytest.raises(UsageError, match="is not a duration"):
        clock.duration("5 min")


@pytest.mark.parametrize("present", ["0001-01-01T00:00:00Z", "1969-12-31", "9999-12-31T23:59:59Z"])
def test_a_clock_at_an_end_of_the_calendar_is_refused(
    monkeypatch: pytest.MonkeyPatch, present: str
) -> None:
    monkeypatch.setenv("ANALYZER_NOW", present)
    with pytest.raises(UsageError, match=r"the clock says .* between 1970 and 9000"):
        clock.now()
