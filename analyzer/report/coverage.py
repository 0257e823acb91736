"""Coverage of a window, cluster by cluster: rows without it are half an answer."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from analyzer.engine.engine import Row, Values
from analyzer.errors import UsageError
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query

T = TypeVar("T")
STATUSES = ("complete", "partial", "failed", "suspect")


class Gap(msgspec.Struct, frozen=True):
    """From the last complete snapshot before it to the first after it; null if there is none."""

    after: datetime | None
    by: datetime | None
    reason: str | None


class NotCollected(msgspec.Struct, frozen=True):
    """An inventory that the report needs and the last answered attempt did not bring."""

    inventory: str
    status: str
    reason: str | None


class NotJudged(msgspec.Struct, frozen=True):
    """A fault that was not looked for, and what it would have needed."""

    rule: str
    why: str


class Coverage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one cluster: snapshots of each status, what is unknown, what was not collected.

    What was not looked for is None, and no key in JSON: *not_judged* of a report that does not judge.
    """

    cluster: str
    complete: int
    partial: int
    failed: int
    suspect: int
    unknown: tuple[Gap, ...]
    not_collected: tuple[NotCollected, ...] | None = None
    not_judged: tuple[NotJudged, ...] | None = None


def coverage(
    catalog: Catalog,
    query: Query,
    parameters: Values,
    window: tuple[datetime, datetime],
) -> list[Coverage]:
    """The coverage of a window for a query with these parameters, in the order of clusters.

    Raises:
        UsageError: the header of the query names a model that is not there.
    """
    times = {"since": window[0], "until": window[1], "now": catalog.now}
    counts = {row["cluster"]: row for row in _model(catalog, query, "coverage_counts", times)}
    gaps = _by_cluster(_model(catalog, query, "unknowns", times), Gap)
    gaps |= {name: [Gap(None, None, reason)] for name, reason in catalog.damaged.items()}
    missing = _model(catalog, query, "not_collected", times) if query.needs else ()
    inventories = _by_cluster(
        [row for row in missing if row["inventory"] in query.needs], NotCollected
    )
    rules = None
    if query.not_judged is not None:
        rules = _by_cluster(_model(catalog, query, query.not_judged, parameters), NotJudged)
    return [
        Coverage(
            cluster=cluster,
            **{status: counts.get(cluster, {}).get(status, 0) for status in STATUSES},
            unknown=tuple(gaps.get(cluster, ())),
            not_collected=tuple(inventories.get(cluster, ())),
            not_judged=None
            if rules is None
            else tuple(sorted(rules.get(cluster, ()), key=lambda rule: (rule.why, rule.rule))),
        )
        for cluster in catalog.expected
    ]


def _model(catalog: Catalog, query: Query, name: str, parameters: Values) -> list[Row]:
    if name not in catalog.models:
        raise UsageError(f"{query.path}: there is no model '{name}'")
    return catalog.run_query(catalog.models[name], parameters).records()


def _by_cluster(rows: Iterable[Mapping[str, Any]], kind: type[T]) -> dict[str, list[T]]:
    grouped: dict[str, list[T]] = {}
    for row in rows:
        grouped.setdefault(row["cluster"], []).append(msgspec.convert(row, kind))
    return grouped
