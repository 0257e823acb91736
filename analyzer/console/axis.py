"""A window of time as a width: where an instant stands, and the ticks of its axis."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from markupsafe import Markup

from analyzer import clock
from analyzer.console.svg import element, text

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_MOST = 9  # ticks
_STEPS = (
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * hours for hours in (1, 2, 3, 6, 12)),
    *(_DAY * days for days in (1, 2, 7, 14, 30, 61, 122, 365)),
)


@dataclass(frozen=True, slots=True)
class Tick:
    at: datetime
    label: str
    is_day: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """From *since* to *until* (naive UTC), cut into *columns*; labels are of *zone*."""

    since: datetime
    until: datetime
    zone: tzinfo = UTC
    columns: int = 240

    @property
    def length(self) -> timedelta:
        return max(self.until - self.since, timedelta(seconds=1))

    def share(self, instant: datetime) -> float:
        """The place of an instant, from 0 to 1; outside of the window at its edge."""
        return min(1.0, max(0.0, (instant - self.since) / self.length))

    def percent(self, instant: datetime) -> str:
        return f"{self.share(instant) * 100:.2f}%"

    def column(self, instant: datetime) -> float:
        return round(self.share(instant) * self.columns, 1)

    def ticks(self) -> list[Tick]:
        """At round times on the wall clock of the zone, a few."""
        step = next((step for step in _STEPS if self.length / step <= _MOST), _STEPS[-1])
        days = self.length > 2 * _DAY
        ticks: list[Tick] = []
        for wall, instant in self._rounds(step):
            is_day = step >= _DAY or wall.time() == datetime.min.time()
            if not is_day:
                label = f"{wall:%H:%M}"
            elif self.length > 400 * _DAY:
                label = f"{wall.day} {wall:%b %Y}"
            else:
                label = f"{wall.day} {wall:%b}"
            if not ticks and not is_day:
                label = f"{wall.day} {wall:%b} {label}" if days else label
            ticks.append(Tick(instant, label, is_day))
        return ticks

    def _rounds(self, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
        """Multiples of *step* on the wall clock, and the instants that they are."""
        first = clock.local(self.since, self.zone)
        midnight = datetime.combine(first.date(), datetime.min.time())
        wall = midnight + step * ((first - midnight) // step) if step < _DAY else midnight
        last = self.since - step
        while True:
            instant = wall.replace(tzinfo=self.zone).astimezone(UTC).replace(tzinfo=None)
            if instant > self.until:
                return
            if instant >= self.since and instant > last:
                yield wall, instant
                last = instant
            wall += step


def drawn(axis: Axis) -> Markup:
    """The labels of the axis; every other one is of class ``odd``, to be left out where it is narrow."""
    parts = []
    for number, tick in enumerate(axis.ticks()):
        share = axis.share(tick.at)
        anchor = "start" if share < 0.04 else "end" if share > 0.96 else "middle"
        words = "day" if tick.is_day else None
        parts.append(
            element(
                "text", text(tick.label), x=axis.percent(tick.at), y=12, text_anchor=anchor,
                class_=" ".join(filter(None, ("odd" if number % 2 else None, words))) or None,
            )
        )  # fmt: skip
    return element("svg", *parts, class_="axis", height=16, width="100%", aria_hidden="true")


def rules(axis: Axis) -> list[Markup]:
    """A thin line at each tick, as high as what it stands in."""
    return [
        element(
            "line", x1=axis.percent(tick.at), x2=axis.percent(tick.at), y1=0, y2="100%",
            class_="day" if tick.is_day else "hour",
        )
        for tick in axis.ticks()
    ]  # fmt: skip
