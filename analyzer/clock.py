"""The one clock, and how an instant is read and written.

Inside the program an instant is a naive ``datetime`` in UTC; for programs it is written as ISO 8601
with a ``Z``, for people in their zone. ``ANALYZER_NOW`` replaces the clock, so that a re-run gives
the same bytes.
"""

import os
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from analyzer.errors import UsageError

_UNITS = {
    "s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks",
}  # fmt: skip
_DURATION = re.compile(r"(\d{1,9})(min|[smhdw])")
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?Z?")
_TIME_OF_DAY = re.compile(
    r"(?:(today|yesterday)(?:\s+|$))?(?:(\d\d?):(\d\d)(?::(\d\d))?)?", re.IGNORECASE
)
_DAY = timedelta(days=1)
_FIRST_YEAR, _END_YEAR = 1970, 9000  # of a clock: durations of centuries fit on either side
ACCEPTED = (
    "a time is 2026-11-23T02:10:00Z, '2026-11-23 02:10', 02:10 (the latest one past), today,"
    " 'yesterday 02:10', now, latest, previous, or a duration back from now such as 90m, 24h, 7d"
)


def now() -> datetime:
    """The present, whole seconds, UTC; ``ANALYZER_NOW`` if that is set.

    Raises:
        UsageError: it is not a time, or one so near to an end of the calendar that no window fits.
    """
    fixed = os.environ.get("ANALYZER_NOW")
    present = parse(fixed) if fixed else datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    if not _FIRST_YEAR <= present.year < _END_YEAR:
        raise UsageError(
            f"the clock says {iso(present)}: it must be between {_FIRST_YEAR} and {_END_YEAR};"
            " set it, or ANALYZER_NOW"
        )
    return present


def zone(name: str) -> tzinfo:
    """A time zone by its IANA name.

    Raises:
        UsageError: there is none of that name.
    """
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise UsageError(
            f"'{name}' is not a time zone; write its IANA name, such as Europe/Berlin or UTC"
        ) from error


def duration(text: str) -> timedelta:
    """Read ``90m``, ``10min``, ``24h``, ``7d`` or a sum such as ``1d12h``.

    Raises:
        UsageError: it is not a duration.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"'{text}' is not a duration; write 90m, 24h, 7d or 1d12h")
    try:
        return sum(
            (timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta()
        )
    except OverflowError as error:
        raise UsageError(f"'{text}' is longer than any history") from error


def back(instant: datetime, text: str) -> datetime:
    """The instant a duration before *instant*.

    Raises:
        UsageError: it is not a duration, or one that is longer than the calendar.
    """
    try:
        return instant - duration(text)
    except OverflowError as error:
        raise UsageError(f"'{text}' back from now is before the calendar begins") from error


def parse(text: str, zone: tzinfo = UTC) -> datetime:
    """Read an ISO 8601 instant, extended or basic; without an offset it is in *zone*.

    Raises:
        UsageError: it is not an instant, or a change of summer time makes it ambiguous or
            impossible in *zone*.
    """
    basic = _BASIC.fullmatch(text)
    try:
        if basic:
            instant = datetime(*(int(part or 0) for part in basic.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]  # six numbers
        else:
            instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            return _from_local(instant, zone)
        return instant.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"'{text}' is not a time: {ACCEPTED}") from error


def moment(text: str, zone: tzinfo = UTC, present: datetime | None = None) -> datetime:
    """Read a time as a user writes it: an instant, a time of day, or a duration back from now.

    *present* is what now is, if it is not to be the clock's time.

    Raises:
        UsageError: it is none of these, or ambiguous or impossible in *zone*.
    """
    text, present = text.strip(), present or now()
    if text.lower() == "now":
        return present
    if re.fullmatch(f"(?:{_DURATION.pattern})+", text):
        return back(present, text)
    words = _TIME_OF_DAY.fullmatch(text)
    if text and words:
        return _time_of_day(words, text, zone, present)
    return parse(text, zone)


def check_window(since: datetime, until: datetime) -> None:
    """See that a window has an order.

    Raises:
        UsageError: it ends before it begins.
    """
    if since > until:
        raise UsageError(f"--since {iso(since)} is after --until {iso(until)}")


def _time_of_day(words: re.Match[str], text: str, zone: tzinfo, present: datetime) -> datetime:
    """``02:10`` is the latest one past; ``today`` and ``yesterday`` begin at midnight of *zone*."""
    day, *numbers = words.groups()
    try:
        hour, minute, second = (int(number or 0) for number in numbers)
        at = time(hour, minute, second)
    except ValueError as error:
        raise UsageError(f"'{text}' is not a time: {ACCEPTED}") from error
    today = local(present, zone).date()
    if day is not None:
        today -= _DAY * (day.lower() == "yesterday")
        return _from_local(datetime.combine(today, at), zone)
    instant = _from_local(datetime.combine(today, at), zone)
    return instant if instant <= present else _from_local(datetime.combine(today - _DAY, at), zone)


def _from_local(instant: datetime, zone: tzinfo) -> datetime:
    """A wall-clock time of *zone* as naive UTC.

    Raises:
        UsageError: the time was there twice, or never, as summer time began or ended.
    """
    first, second = (
        instant.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None)
        for fold in (0, 1)
    )
    if first == second:
        return first
    problem = "was there twice" if first < second else "was never there"
    raise UsageError(
        f"{instant.isoformat(' ')} {problem} in {zone}, because of summer time: write"
        f" {iso(min(first, second))} or {iso(max(first, second))}"
    )


def local(instant: datetime, zone: tzinfo) -> datetime:
    """A naive UTC instant on the wall clock of *zone*, naive."""
    return _in_zone(instant, zone).replace(tzinfo=None)


def is_repeated(instant: datetime, zone: tzinfo) -> bool:
    """Whether the wall clock of *zone* shows the time of a naive UTC instant twice (PEP 495).

    It does as summer time ends.
    """
    wall = _in_zone(instant, zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def _in_zone(instant: datetime, zone: tzinfo) -> datetime:
    """The instant in *zone*; the first and the last of the calendar, which infinity is, as they are."""
    try:
        return instant.replace(tzinfo=UTC).astimezone(zone)
    except OverflowError:
        return instant.replace(tzinfo=zone)


def zone_name(zone: tzinfo, *instants: datetime) -> str:
    """The name to print beside local times: ``UTC``, ``CET``, or ``CET/CEST`` where both occur."""
    names = dict.fromkeys(_in_zone(instant, zone).tzname() or str(zone) for instant in instants)
    return "/".join(names) or str(zone)


def iso(instant: datetime | date) -> str:
    """``2026-11-23T02:10:00Z``; fractions only where there are any."""
    if not isinstance(instant, datetime):
        return instant.isoformat()
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return f"{instant.isoformat()}Z"


def compact(instant: datetime) -> str:
    """``20261123T021000Z``, for file names."""
    return instant.strftime("%Y%m%dT%H%M%SZ")
