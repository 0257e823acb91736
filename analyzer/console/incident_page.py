"""The page of an incident: a window of time, what was connected in it, and what became of A by B."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from markupsafe import Markup

from analyzer import clock
from analyzer.config.rules import Maintenance
from analyzer.console import axis as axes
from analyzer.console import grid, lane, ticket, time_bar
from analyzer.console.axis import Axis
from analyzer.console.lane import Lane
from analyzer.console.sheet import Sheet, SheetOrder
from analyzer.console.time_bar import Flag
from analyzer.console.view import View
from analyzer.engine.engine import Row
from analyzer.errors import UsageError
from analyzer.output import wording
from analyzer.report import run
from analyzer.report.run import Report
from analyzer.store import marks

LANES, HOSTS, ROOM = 60, 100, 40_000  # of a page: lanes, hosts of the matrix, bytes of the table
KINDS = ("host", "interface", "node", "cause")
_LEAST = timedelta(minutes=2)  # of a window
_PARTS = {"pair": "incident_pair.html", "": "incident.html"}


@dataclass(frozen=True, slots=True)
class HandleStep:
    """The target of a handle; no *href* if there is none."""

    handle: str
    name: str
    label: str
    href: str | None


def page(view: View) -> str:
    """The window of the URL with its two handles; with ``part=pair`` what depends on these only.

    Raises:
        UsageError: a time or a value of the URL is wrong.
        NothingSeen: there is no complete snapshot by then.
    """
    part = view.address.value("part")
    if part not in _PARTS:
        raise UsageError(f"part: '{part}' is not one of {', '.join(filter(None, _PARTS))}")
    return view.render(_PARTS[part], page=Incident(view))


class Incident:
    """The values that the templates of the page read; each report is run once, when needed."""

    def __init__(self, view: View) -> None:
        self.view = view
        value = view.address.value
        until, since = value("until", "now"), value("since", "24h")
        self.until, self.since = (self._moment(text) for text in (until, since))
        self.after = self._moment(value("after", until))
        before = value("before")
        self.before = self._moment(before) if before else self._baseline()
        if self.since >= self.until:
            raise UsageError("since: the window begins after its end")
        if self.before > self.after:
            raise UsageError("before: A is after B")
        self.by, self.sort = value("by", "host"), value("sort", "open")
        if self.by not in KINDS:
            raise UsageError(f"by: '{self.by}' is not one of {', '.join(KINDS)}")
        self.axis = Axis(self.since, self.until, view.zone)
        skip = value("skip", "0")
        self.skip = int(skip) if skip.isascii() and skip.isdecimal() and len(skip) < 10 else 0

    def _moment(self, text: str) -> datetime:
        return run.moment(self.view.catalog, text, self.view.zone)

    def _baseline(self) -> datetime:
        """The default of A: the baseline, else the window's begin."""
        mark = marks.baseline(self.view.catalog.marks)
        if mark and mark.instant <= self.after:
            return mark.instant
        # A history that begins within the window has nothing to compare with before it does.
        return max(self.since, min(run.first(self.view.catalog), self.after))

    @property
    def marks(self) -> list[Flag]:
        """Marks of the window, and the maintenance that the configuration has in it."""
        shown = marks.between(self.view.catalog.marks, self.since, self.until)
        work = [rule for rule in self.view.catalog.rules if isinstance(rule, Maintenance)]
        return [
            *(Flag(rule.since, rule.reason, "maintenance", rule.until) for rule in work),
            *(Flag(mark.instant, mark.name) for mark in shown),
        ]

    def of_mark(self, flag: Flag) -> list[tuple[str, str | None]]:
        """A and B with the URL that brings each to a mark, where A stays before B."""
        free = {"before": flag.at <= self.after, "after": flag.at >= self.before}
        return [
            (
                letter,
                self.view.here(part=None, **{name: clock.iso(flag.at)}) if free[name] else None,
            )
            for letter, name in (("A", "before"), ("B", "after"))
        ]

    def _report(self, name: str, **params: Any) -> Report:
        """A report over the window and the pair, of the initiator and SVM of the URL."""
        query, value = self.view.catalog.reports[name], self.view.address.value
        for own in ("initiator", "svm"):
            if own in query.params and value(own):
                params[own] = value(own)
        filters = {
            name: self.view.address.all_values(name)
            for name in ("initiator", "svm")
            if name in query.filters
        }
        request = self.view.request(
            since=clock.iso(self.since), until=clock.iso(self.until),
            before=clock.iso(self.before), after=clock.iso(self.after),
            params=params, filters=filters, covered=False,
        )  # fmt: skip
        return self.view.report(name, request)

    @cached_property
    def lane_rows(self) -> Report:
        return self._report(
            "lanes", by=self.by, sort=self.sort, columns=self.axis.columns, rows=LANES,
            skip=self.skip,
        )  # fmt: skip

    @cached_property
    def density(self) -> Report:
        return self._report("density", columns=self.axis.columns)

    @cached_property
    def matrix(self) -> Report:
        return self._report("matrix", rows=HOSTS)

    @cached_property
    def changes(self) -> Report:
        return self._report("changes")

    @cached_property
    def outages(self) -> Report:
        return self._report("outages")

    # The bar and the lanes.

    @cached_property
    def gaps(self) -> list[time_bar.UnseenSpan]:
        return time_bar.gaps(self.density.records())

    def bar(self) -> list[Markup]:
        rows = self.density.records()
        return [
            time_bar.flags(self.axis, self.marks),
            time_bar.density(self.axis, rows),
            time_bar.coverage(self.axis, self.view.catalog.clusters, self.gaps),
            axes.drawn(self.axis),
        ]

    def handles(self) -> Markup:
        return time_bar.handles(self.axis, self.before, self.after)

    @property
    def words(self) -> dict[str, str]:
        return lane.WORDS if self.by in ("host", "cause") else lane.OF_OBJECTS

    @cached_property
    def lanes(self) -> list[Lane]:
        if self.by == "cause":
            return lane.of_causes(self.outages.records(), self.axis)
        return lane.lanes(self.lane_rows.records())

    @cached_property
    def short(self) -> dict[str, str]:
        """Initiators without what stands before the last colon, where the rest is unique."""
        lanes = [shown.name for shown in self.lanes] if not self.view.address.value("part") else []
        return wording.shortened([lanes, [row["initiator"] or "" for row in self.matrix_rows]])

    def name(self, name: str) -> str:
        return self.short.get(name, name)

    @property
    def number(self) -> int:
        """Lanes in all."""
        if self.by == "cause":
            return len(self.lanes)
        return self.lanes[0].spans[0]["lanes"] if self.lanes else 0

    def drawn(self, shown: Lane) -> Markup:
        clusters = self.view.catalog.clusters
        place = clusters.index(shown.cluster) if shown.cluster in clusters else None
        blind = any(gap.cluster == shown.cluster for gap in self.gaps)
        gaps = f"gaps-{place}" if place is not None and blind else None
        return lane.drawn(shown, self.axis, self.words, gaps)

    def blind(self) -> Markup:
        return lane.blind(self.axis, self.gaps, self.view.catalog.clusters)

    def of(self, shown: Lane) -> str | None:
        """The URL of the page of what has the lane."""
        kind = {"host": "initiator", "interface": "interface", "node": "node"}.get(self.by)
        return self.view.of_object(kind, shown.name) if kind else None

    def more(self) -> tuple[str | None, str | None]:
        """The URLs of the lanes before and after these."""
        last = self.skip + LANES
        return (
            self.view.here(skip=str(max(0, self.skip - LANES)), part=None) if self.skip else None,
            self.view.here(skip=str(last), part=None) if last < self.number else None,
        )

    def zooms(self) -> list[tuple[str, str]]:
        """Other windows: around this one, beside it, between A and B."""
        half, now = (self.until - self.since) / 2, self.view.catalog.now
        quarter = half / 2
        windows = [
            ("earlier", self.since - half, self.until - half),
            ("later", self.since + half, min(self.until + half, now)),
            ("wider", self.since - half, min(self.until + half, now)),
            ("closer", self.since + quarter, self.until - quarter),
            ("A to B", self.before - (self.after - self.before) / 4,
             min(self.after + (self.after - self.before) / 4, now)),
        ]  # fmt: skip
        return [
            (label, self._window(since, until))
            for label, since, until in windows
            if until - since >= _LEAST
        ]

    def _window(self, since: datetime, until: datetime) -> str:
        """The URL of another window, with both handles in it."""
        since, until = (at.replace(microsecond=0) for at in (since, until))
        before = min(max(self.before, since), until)
        after = max(min(self.after, until), before)
        times = {"since": since, "until": until, "before": before, "after": after}
        return self.view.here(
            part=None, skip=None, **{name: clock.iso(at) for name, at in times.items()}
        )

    # The two handles.

    @cached_property
    def steps(self) -> list[HandleStep]:
        """Both handles by snapshot and by change, only where A stays before B."""
        steps = []
        for row in self._report("steps").records():
            handle, instant = row["handle"], row["instant"]
            free = instant is not None and (
                instant <= self.after if handle == "before" else instant >= self.before
            )
            arrow = "←" if row["step"] == "previous" else "→"
            href = self.view.here(part=None, **{handle: clock.iso(instant)}) if free else None
            name = f"{handle} {row['step']} {row['by']}"
            steps.append(HandleStep(handle, name, f"{arrow} {row['by']}", href))
        return steps

    def of_handle(self, handle: str) -> list[HandleStep]:
        order = ("previous change", "previous snapshot", "next snapshot", "next change")
        own = {step.name.partition(" ")[2]: step for step in self.steps if step.handle == handle}
        return [own[name] for name in order if name in own]

    def moment(self, handle: str) -> datetime:
        return self.before if handle == "before" else self.after

    # A to B.

    @cached_property
    def hosts(self) -> int:
        """Hosts in all; the matrix shows the first ``shown_hosts``."""
        rows = self.matrix_rows
        return rows[0]["hosts"] if rows else 0

    @property
    def shown_hosts(self) -> int:
        return min(self.hosts, HOSTS)

    def glyph(self, change: str) -> str:
        return grid.GLYPHS[change] or "1"

    def word(self, change: str) -> str:
        return grid.WORDS[change]

    @cached_property
    def matrix_rows(self) -> list[Row]:
        return self.matrix.records()

    @cached_property
    def change_rows(self) -> list[Row]:
        return self.changes.records()

    @cached_property
    def grids(self) -> list[grid.Grid]:
        return grid.grids(self.matrix_rows)

    def sheet(self) -> Sheet:
        """What changed, the essential columns first."""
        return self.view.sheet(self.changes, SheetOrder(most=len(self.changes.rows), room=ROOM))

    @cached_property
    def counts(self) -> list[tuple[str, int]]:
        """How many sessions each kind of change is about, the most first."""
        totals: dict[str, int] = {}
        for row in self.change_rows:
            totals[row["change"]] = totals.get(row["change"], 0) + max(1, row["sessions"] or 0)
        return sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))

    def ticket(self) -> str:
        return ticket.text(self)

    # What gives the same rows elsewhere.

    def command(self, name: str, **params: object) -> str:
        query = self.view.catalog.reports[name]
        names = {
            key: self.view.address.all_values(key)
            for key in ("svm", "initiator")
            if key in query.filters or key in query.params
        }
        return self.view.command(f"report {name}", **self._options(name, params), **names)

    def _options(self, name: str, params: Mapping[str, object]) -> dict[str, str]:
        """The times of the page that a report takes, and its own parameters, as text."""
        times = self.view.catalog.reports[name].time_options
        return {
            **{key: clock.iso(getattr(self, key)) for key in times if hasattr(self, key)},
            **{key: str(value) for key, value in params.items()},
        }

    def links(self, name: str, **params: object) -> list[tuple[str, str]]:
        """The rows as CSV and JSON."""
        names = ("cluster", "tz", "svm", "initiator")
        base = (
            self.view.address.only(*names)
            .at(f"/reports/{name}")
            .changed(**self._options(name, params))
        )
        return [
            (label, str(base.changed(format=form)))
            for label, form in (("CSV", "csv"), ("JSON", "json"))
        ]
