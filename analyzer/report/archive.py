"""The store as Python sees it: ``analyzer.open("store")``; the command line stands on it."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Self

from analyzer import clock, schema
from analyzer.engine.engine import Result
from analyzer.errors import UsageError
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query
from analyzer.report.run import Report, ReportRequest
from analyzer.schema import BOUNDS, TABLES
from analyzer.text import did_you_mean


class Archive(Catalog):
    """One store, read-only, as it was when it was opened: reports by name, tables by SQL."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def report(
        self,
        report: str | Query,
        *,
        severity: str = "info",
        zone: tzinfo = UTC,
        **options: Any,
    ) -> Report:
        """Run a report, by its name in ``reports``.

        *options* are what the report's own ``--help`` offers: times (text as on the command line,
        or a datetime), filters (a text or several), parameters; *zone* is that of times without
        an offset.

        Raises:
            UsageError: there is no such report or option, or a name that matches nothing.
            NothingSeen: there is no complete snapshot by then.
            StoreError: a file of the store is damaged.
        """
        query = self._query(report) if isinstance(report, str) else report
        names = {*query.time_options, *query.params, *query.filters} - {"cluster"}
        names |= {"ignore"} if query.ignore else set()
        for name in options:
            if name not in names:
                near = did_you_mean(name, names)
                raise UsageError(f"report {query.name} has no option '{name}'{near}")
        times = {name: _time(options[name]) for name in query.time_options if name in options}
        request = ReportRequest(
            **times,  # type: ignore[arg-type]  # only times
            params={name: options[name] for name in query.params if name in options},
            filters={name: _several(options[name]) for name in query.filters if name in options},
            ignore=_several(options.get("ignore", ())),
            severity=severity,
            zone=zone,
        )
        return run.run(self, query, request)

    def _query(self, name: str) -> Query:
        if name not in self.reports:
            near = did_you_mean(name, self.reports)
            raise UsageError(f"there is no report '{name}'{near}")
        return self.reports[name]

    def snapshots(self, **times: Any) -> Report:
        """Every attempt of a window, *since* and *until*: when, status, sessions, why it failed."""
        return self.report("snapshots", **times)

    def tables(self) -> Result:
        """Every table and model that ``sql`` can read: table, column, type, sentence.

        A model has a row of its own, of type ``model``, before those of its columns.
        """
        listed = [("attempts", column) for column in schema.ATTEMPT]
        listed += [("marks", column) for column in schema.MARK]
        listed += [(table.name, column) for table in TABLES for column in table.columns]
        rows: list[tuple[Any, ...]] = [
            (table, column.name, column.type, column.sentence) for table, column in listed
        ]
        rows += [
            (t.name, name, "timestamp", sentence)
            for t in TABLES
            for name, sentence in BOUNDS.items()
        ]
        rows.sort(key=lambda row: row[0])
        for name, model in self.models.items():
            rows.append((name, None, "model", model.title))
            rows += [(name, column, None, sentence) for column, sentence in model.columns.items()]
        names = ("table", "column", "type", "what it is")
        return Result([(name, "VARCHAR") for name in names], rows)


def _time(value: str | datetime) -> str:
    if isinstance(value, datetime):
        return clock.iso(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value)
    return value


def _several(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value
