"""Severities after maintenance and lowering rules: the row stays, and says what it was."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from analyzer.config.rules import SEVERITIES, SeverityRule
from analyzer.pattern import matches
from analyzer.report.catalog import Catalog
from analyzer.report.header import Query

Interval = tuple[datetime | None, datetime | None]


def lowered(
    catalog: Catalog, query: Query, columns: Sequence[str], rows: list[tuple[Any, ...]],
    times: Mapping[str, datetime | None],
) -> list[tuple[Any, ...]]:  # fmt: skip
    """The rows of a report with their severities lowered by the rules of the configuration.

    A row is under maintenance if the interval of its ``began`` columns is; one of a report of an
    instant, which has none, if that instant is.
    """
    rules = [rule for rule in catalog.rules if matches(rule.report, query.name)]
    if not rules or not rows or "severity" not in columns:
        return rows
    members = {rule.igroup: _members(catalog, rule.igroup) for rule in rules if rule.igroup != "*"}
    place, words = (
        columns.index("severity"),
        columns.index("detail") if "detail" in columns else None,
    )
    result = []
    for row in rows:
        record = dict(zip(columns, row, strict=True))
        began = (
            (record[query.began[0]], record[query.began[1]])
            if query.began
            else (times.get("at"), times.get("at"))
        )
        for rule in rules:
            if _worse(record["severity"], rule.to) and _matches(rule, record, members, began):
                was, record["severity"] = record["severity"], rule.to
                if words is not None:
                    record["detail"] = f"{record['detail'] or ''}; {was} but for: {rule.reason}"
        result.append(
            tuple(record[column] for column in columns) if record["severity"] != row[place] else row
        )
    return result


def _worse(severity: str | None, to: str) -> bool:
    return severity in SEVERITIES and SEVERITIES.index(severity) < SEVERITIES.index(to)


def _members(catalog: Catalog, pattern: str) -> set[tuple[str, str]]:
    """Every initiator that the history ever saw in an igroup of that name."""
    text = """
        select distinct s.cluster, s.initiator, s.igroup.name
        from (select cluster, initiator, unnest(igroups) as igroup from spells) s
        union
        select cluster, unnest(initiators), name from igroups
    """
    return {
        (cluster, initiator)
        for cluster, initiator, igroup in catalog.select(text).rows
        if matches(pattern, igroup or "")
    }


def _matches(
    rule: SeverityRule,
    record: Mapping[str, Any],
    members: Mapping[str, set[tuple[str, str]]],
    began: Interval,
) -> bool:
    cluster = record.get("cluster") or ""
    initiators = (
        [record["initiator"]] if record.get("initiator") else list(record.get("members") or ())
    )
    if not matches(rule.cluster, cluster):
        return False
    if rule.fault != "*" and not matches(rule.fault, record.get("fault") or ""):
        return False
    if rule.svm != "*" and not matches(rule.svm, record.get("svm") or ""):
        return False
    if rule.initiator != "*" and not (
        initiators and all(matches(rule.initiator, name) for name in initiators)
    ):
        return False
    if rule.igroup != "*" and not (
        initiators and all((cluster, name) in members[rule.igroup] for name in initiators)
    ):
        return False
    return _within(rule, *began)


def _within(rule: SeverityRule, after: datetime | None, by: datetime | None) -> bool:
    if rule.since is None and rule.until is None:
        return True
    after, by = after or by, by or after
    if after is None or by is None:
        return False
    return by > (rule.since or datetime.min) and after < (rule.until or datetime.max)
