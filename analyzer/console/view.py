"""What a page is made of: its URL, the store as it is now, and its templates."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from analyzer import clock
from analyzer.console import address as addresses
from analyzer.console import template
from analyzer.console.address import Address
from analyzer.output import layout
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.header import TIMES, Query
from analyzer.report.run import Report, ReportRequest
from analyzer.text import escape_controls

_TIMES = ("since", "until", "at", "before", "after")
_STATE = ("cluster", "tz", *_TIMES)  # what a link to another page takes along
_AROUND = timedelta(minutes=30)
_PLAIN = {**TIMES["window"], **TIMES["pair"], **TIMES["instant"]}


@dataclass(frozen=True, slots=True)
class View:
    """One page of one request; *zone* is that of the URL, else the configured one.

    *store* is the change token of what the page was made from.
    """

    address: Address
    catalog: Catalog
    zone: tzinfo = UTC
    store: str = ""

    def request(self, **changes: Any) -> ReportRequest:
        """What the URL asks for: times, filters by wildcard, zone."""
        times = {name: self.address.one(name) for name in _TIMES if self.address.one(name)}
        filters = {name: self.address.every(name) for name in ("svm", "initiator")}
        request = ReportRequest(**times, zone=self.zone, filters=filters)  # type: ignore[arg-type]  # only times
        return replace(request, **changes)

    def report(self, name: str, request: ReportRequest | None = None) -> Report:
        """The rows of a report, by its name.

        Raises:
            UsageError: a time or a name is wrong.
            NothingSeen: there is no complete snapshot by then.
        """
        query = self.catalog.reports[name]
        request = request or self.request()
        filters = {name: texts for name, texts in request.filters.items() if name in query.filters}
        return run.run(self.catalog, query, replace(request, filters=filters))

    def moment(self, name: str) -> datetime:
        """A time of the URL, or what the command line takes where it names none."""
        text = self.address.one(name) or _PLAIN[name].default or "latest"
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
        first, last = after or by or clock.now(), by or after or clock.now()
        since, until = first - _AROUND, min((end or last) + _AROUND, clock.now())
        moments = {"since": since, "until": max(until, last), "before": first, "after": last}
        return self.link(
            "/incident", **{name: clock.iso(at) for name, at in moments.items()}, at=None
        )

    def command(self, words: str, **options: str | Sequence[str] | None) -> str:
        """The command line that gives the same rows, with cluster and zone of the URL."""
        parts = ["analyzer", *words.split()]
        both: Mapping[str, str | Sequence[str] | None] = {
            **options, "cluster": self.address.every("cluster"), "tz": self.address.one("tz")
        }  # fmt: skip
        for name, values in both.items():
            for text in (values,) if isinstance(values, str) else values or ():
                if text:
                    parts += [f"--{name.replace('_', '-')}", escape_controls(text)]
        return shlex.join(parts)

    def asked(self, query: Query) -> dict[str, str | Sequence[str] | None]:
        """The options of a report that the URL names, for its command line."""
        times = {name: self.address.one(name) for name in query.time_options}
        return {
            **times,
            **{name: self.address.every(name) for name in query.filters if name != "cluster"},
        }

    def when(self, instant: datetime | None) -> str:
        """An instant on the wall clock of the zone, with its date."""
        return "" if instant is None else layout.instant(instant, self.zone, dated=True)

    def iso(self, instant: datetime) -> str:
        return clock.iso(instant)

    def interval(self, after: datetime | None, by: datetime | None) -> str:
        return layout.interval(after, by, self.zone, dated=True)

    @property
    def zone_name(self) -> str:
        name = clock.zone_name(self.zone, clock.now())
        return name if self.zone is UTC else f"{self.zone} ({name})"

    def render(self, name: str, **values: Any) -> str:
        """A template of ours; it knows this view as ``view``."""
        return template.render(name, view=self, **values)
