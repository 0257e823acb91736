"""The one clock, and how an instant is read and written.

Inside the program an instant is a naive ``datetime`` in UTC; outside it is ISO 8601
with a ``Z``. ``ANALYZER_NOW`` replaces the clock, so that a re-run gives the same bytes.
"""

import os
import re
from datetime import UTC, datetime, timedelta

from analyzer.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(\d{1,9})([smhdw])")
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?Z?")


def now() -> datetime:
    """The present, whole seconds, UTC; or what ``ANALYZER_NOW`` says it is."""
    told = os.environ.get("ANALYZER_NOW")
    if told:
        return parse(told)
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)


def duration(text: str) -> timedelta:
    """Read ``90m``, ``24h``, ``7d`` or a sum such as ``1d12h``.

    Raises:
        UsageError: it is not one.
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


def parse(text: str) -> datetime:
    """Read an ISO 8601 instant, extended or basic; without an offset it is UTC.

    Raises:
        UsageError: it is not one.
    """
    basic = _BASIC.fullmatch(text)
    try:
        if basic:
            return datetime(*(int(part or 0) for part in basic.groups()))  # type: ignore[arg-type]  # noqa: DTZ001  # six numbers; naive means UTC here
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            instant = instant.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"'{text}' is not a time; write 2026-11-23T02:10:00Z") from error
    return instant


def moment(text: str) -> datetime:
    """Read a time as a user gives it: an instant, ``now``, or a duration back from now.

    Raises:
        UsageError: it is none of these.
    """
    if text == "now":
        return now()
    if _DURATION.match(text) and not text[:4].isdigit():
        try:
            return now() - duration(text)
        except OverflowError as error:
            raise UsageError(f"'{text}' back from now is before the calendar begins") from error
    return parse(text)


def iso(instant: datetime) -> str:
    """``2026-11-23T02:10:00Z``; fractions only where there are any."""
    return instant.isoformat() + "Z"


def compact(instant: datetime) -> str:
    """``20261123T021000Z``, for file names."""
    return instant.strftime("%Y%m%dT%H%M%SZ")
