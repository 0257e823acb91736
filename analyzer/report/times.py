"""The times that a report takes: a window, a pair of instants, an instant, or none."""

from datetime import timedelta
from typing import Literal, NamedTuple

Time = Literal["window", "pair", "instant", "always"]
NAMES = ("since", "until", "at", "before", "after")
DAY = timedelta(days=1)  # how far back is looked where no window is named
STANDARD = (*NAMES, "now", "since_day")
"""The parameters that every query may use without declaring them.

*since_day* is the midnight before *since*: what a model looks at from then on, it makes once for
every window that begins that day.
"""
_BEFORE = "First instant: the last complete snapshot at or before it."


class TimeOption(NamedTuple):
    """A time that a report takes: its default and its help.

    *shown* is the default in words, where a mark or a model says what it is. One without a default
    need not be named.
    """

    default: str | None
    help: str
    shown: str | None = None


TIMES: dict[str, dict[str, TimeOption]] = {
    "window": {
        "since": TimeOption("24h", "Begin of the window: a time, or a duration back from now."),
        "until": TimeOption("now", "End of the window."),
    },
    "instant": {
        "at": TimeOption("latest", "The instant: the last complete snapshot at or before it."),
        "versus": TimeOption(
            None, "Say of each finding whether it is new, gone or unchanged against this instant."
        ),
    },
    "pair": {
        "before": TimeOption("previous", _BEFORE, "the baseline mark, or previous"),
        "after": TimeOption("latest", "Second instant, likewise."),
    },
    "always": {},
}

BEFORE_LOSSES = TimeOption(
    "previous", _BEFORE, "the baseline mark, or before the oldest loss that is open, or 24h"
)
"""The first instant of a pair, where a model of the query says what it is."""
