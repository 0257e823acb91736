"""Findings of an instant against those of an earlier one: new, gone or unchanged.

A finding is the same finding as long as the columns are equal that the header calls its identity;
words and counts may change.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.report.catalog import Catalog
    from analyzer.report.run import Report, ReportColumn  # stands on this module

COLUMN = "versus"
GONE = "gone"
Place = tuple[Any, Any]


def compared(
    catalog: "Catalog", report: "Report", then: "Report", at: datetime, versus: datetime
) -> "Report":
    """The rows of *report* and those that only *then* has, with a column that says which is which.

    What the snapshot of the other instant does not speak for is ``unknown``: a cluster before its
    first snapshot, an SVM out of scope.

    Raises:
        UsageError: the report has a column of that name itself.
    """
    names = report.names
    if COLUMN in names:
        raise UsageError(f"report {report.name} has a column '{COLUMN}' of its own")
    identity = [names.index(name) for name in report.identifying]
    place = [names.index(name) if name in names else None for name in ("cluster", "svm")]

    def key(row: Sequence[Any]) -> str:
        return repr([row[index] for index in identity])

    def is_seen(row: Sequence[Any], places: set[Place]) -> bool:
        cluster, svm = (None if index is None else row[index] for index in place)
        return cluster is None or (cluster, svm) in places

    before, after = _places(catalog, versus), _places(catalog, at)
    there, was_there = ({key(row) for row in rows} for rows in (report.rows, then.rows))
    rows = [
        (
            *row,
            "unchanged" if key(row) in was_there else "new" if is_seen(row, before) else "unknown",
        )
        for row in report.rows
    ]
    rows += [
        (*row, GONE if is_seen(row, after) else "unknown")
        for row in then.rows
        if key(row) not in there
    ]
    return replace(
        report,
        columns=(*report.columns, _column(report.columns[0])),
        rows=rows,
        brief=(COLUMN, *report.brief) if report.brief else (),
        parameters={**report.parameters, "versus": versus},
    )


def _places(catalog: "Catalog", at: datetime) -> set[Place]:
    return set(catalog.run_query(catalog.models["scope_at"], {"at": at, "now": catalog.now}).rows)


def _column(like: "ReportColumn") -> "ReportColumn":
    sentence = "new, gone or unchanged against that instant; unknown where it was not seen."
    return replace(like, name=COLUMN, sentence=sentence, type="VARCHAR")
