"""The context of a page: its URL, the store as it is now, and its templates."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from msgspec.structs import replace

from analyzer import clock
from analyzer.console import address as addresses
from analyzer.console import markup
from analyzer.console.address import PageAddress
from analyzer.console.sheet import Sheet, SheetOrder, sheet
from analyzer.output import wording
from analyzer.report import names, run, times
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report, ReportRequest
from analyzer.text import escape_controls

_STATE = ("cluster", "tz", *times.NAMES)  # what a link to another page takes along
_AROUND = timedelta(minutes=30)
_PLAIN = {**times.TIMES["window"], **times.TIMES["pair"], **times.TIMES["instant"]}


@dataclass(frozen=True, slots=True)
class View:
    """One page of one request; *zone* is that of the URL, else the configured one.

    *store* is the change token of the store that the page was rendered from.
    """

    address: PageAddress
    catalog: Catalog
    zone: tzinfo = UTC
    store: str = ""

    def request(self, **changes: Any) -> ReportRequest:
        """The parameters of the URL: times, filters by wildcard, zone."""
        named = {name: self.address.value(name) for name in times.NAMES if self.address.value(name)}
        filters = {name: self.address.all_values(name) for name in names.FILTERS}
        names.check_bound({**filters, "ignore": self.address.all_values("ignore")})
        request = ReportRequest(**named, zone=self.zone, filters=filters)  # type: ignore[arg-type]  # only times
        return replace(request, **changes)

    def report(
        self, name: str, request: ReportRequest | None = None, /, **values: object
    ) -> Report:
        """The rows of a report, by its name; *values* are of its own parameters or filters.

        Raises:
            UsageError: a time or a name is wrong.
            NothingSeen: there is no complete snapshot by then.
        """
        query = self.catalog.reports[name]
        request = request or self.request()
        named = {name: (str(value),) for name, value in values.items()}
        filters = {**request.filters, **named}
        filters = {name: texts for name, texts in filters.items() if name in query.filters}
        params = {**request.params, **{k: v for k, v in values.items() if k in query.params}}
        return run.run(self.catalog, query, replace(request, filters=filters, params=params))

    def moment(self, name: str) -> datetime:
        """A time of the URL, or what the command line takes where it names none."""
        text = self.address.value(name) or _PLAIN[name].default or "latest"
        return run.moment(self.catalog, text, self.zone)

    def link(self, path: str, **values: str | Sequence[str] | None) -> str:
        """The URL of another page, with window, cluster and zone of this one."""
        return str(self.address.only(*_STATE).at(path).changed(**values))

    def here(self, **values: str | Sequence[str] | None) -> str:
        """The URL of this page with other values."""
        return str(self.address.changed(**values))

    def of_object(self, kind: str, name: str | None) -> str | None:
        """The URL of the page of an initiator, an interface or a node."""
        return addresses.of_object(kind, name, self.address.only(*_STATE).values)

    def incident(
        self, after: datetime | None, by: datetime | None, end: datetime | None = None
    ) -> str:
        """The URL of an incident: a window around it, handle A before it, B after it.

        It began between *after* and *by*, and was over by *end*, if it is.
        """
        first, last = after or by or self.catalog.now, by or after or self.catalog.now
        since, until = first - _AROUND, min((end or last) + _AROUND, self.catalog.now)
        moments = {"since": since, "until": max(until, last), "before": first, "after": last}
        return self.link(
            "/incident", **{name: clock.iso(at) for name, at in moments.items()}, at=None
        )

    def command(self, words: str, **options: str | Sequence[str] | None) -> str:
        """The command line that gives the same rows, with cluster and zone of the URL."""
        parts = ["analyzer", *words.split()]
        standard = {"cluster": self.address.all_values("cluster"), "tz": self.address.value("tz")}
        both: Mapping[str, str | Sequence[str] | None] = {**standard, **options}
        for name, values in both.items():
            for text in (values,) if isinstance(values, str) else values or ():
                if text:
                    parts += [f"--{name.replace('_', '-')}", escape_controls(text)]
        return shlex.join(parts)

    def sheet(
        self,
        report: Report,
        order: SheetOrder | None = None,
        hidden: Sequence[str] = (),
        also: Sequence[str] = (),
    ) -> Sheet:
        """The table of a report, with links to the pages of what it names."""
        return sheet(report, order, self.of_object, self.incident, hidden=hidden, also=also)

    def when(self, instant: datetime | None) -> str:
        """An instant on the wall clock of the zone, with its date."""
        return "" if instant is None else wording.instant(instant, self.zone, dated=True)

    def iso(self, instant: datetime) -> str:
        return clock.iso(instant)

    def interval(self, after: datetime | None, by: datetime | None) -> str:
        return wording.interval(after, by, self.zone, dated=True)

    @property
    def clusters(self) -> list[str]:
        """Every cluster of the store, whichever the URL names."""
        return sorted({*self.catalog.store.clusters(), *self.catalog.expected})

    @property
    def window(self) -> str:
        """The window of the URL in words."""
        since, until = self.moment("since"), self.moment("until")
        return f"{self.when(since)}–{self.when(until)} {clock.zone_name(self.zone, since, until)}"

    @property
    def zone_name(self) -> str:
        name = clock.zone_name(self.zone, self.catalog.now)
        return name if self.zone is UTC else f"{self.zone} ({name})"

    def render(self, name: str, /, **values: Any) -> str:
        """A template of ours; it knows this view as ``view``."""
        return markup.render(name, view=self, **values)
