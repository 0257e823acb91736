"""Every finding report over a window, and the answer for a scheduler."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from analyzer.config.rules import NEVER, SEVERITIES, CheckSettings, at_least
from analyzer.errors import NothingSeen, StoreError, UsageError
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report, ReportRequest
from analyzer.text import counted, did_you_mean


class Checked(NamedTuple):
    """A report that ran, and the least severity of it that alarms."""

    report: Report
    threshold: str


class CheckResult(msgspec.Struct, frozen=True):
    """The findings of the reports; with *strict*, gaps make the answer unknown.

    *clusters* are those that were judged, *damaged* those whose history cannot be read. *tally*
    counts findings by cluster, severity and whether they are over. Findings of *details* are not
    counted: another report that ran has them together, one row per event. *until* is the end of
    the window.
    """

    clusters: tuple[str, ...]
    checked: tuple[Checked, ...]
    tally: Mapping[tuple[str | None, str, bool], int]
    until: datetime
    gaps: int
    strict: bool
    details: frozenset[str] = frozenset()
    damaged: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Findings by severity."""
        return self._by_severity(lasting=False)

    @property
    def lasting(self) -> dict[str, int]:
        """Those of them that are not over."""
        return self._by_severity(lasting=True)

    def _by_severity(self, *, lasting: bool) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for (_, severity, over), count in self.tally.items():
            counts[severity] += 0 if lasting and over else count
        return {severity: counts[severity] for severity in SEVERITIES}

    @property
    def exit_code(self) -> int:
        """4 for damage, 3 where something is unknown, 1 where something alarms, else 0."""
        if self.damaged:
            return StoreError.exit_code
        if self.strict and self.gaps:
            return 3
        return int(any(report.worse(threshold) for report, threshold in self.checked))

    @property
    def plugin_code(self) -> int:
        """The exit status of a monitoring plugin.

        What is over raises no alarm: a monitor is to be green when all is well again.
        """
        if self.damaged or (self.strict and self.gaps):
            return 3
        alarming = {
            row["severity"]
            for report, threshold in self.checked
            for row in report.records()
            if row["severity"] in at_least(threshold) and not report.is_over(row)
        }
        return 2 if "critical" in alarming else int(bool(alarming))

    def summary(self) -> str:
        """One line for people: the worst of what the window holds, and how much of it."""
        state = "UNKNOWN" if self.exit_code >= 3 else "WARNING" if self.exit_code else "OK"
        if state == "WARNING" and self.counts["critical"]:
            state = "CRITICAL"
        return f"{state} - {_listed(self.counts)}; {counted(self.gaps, 'gap')}"

    def plugin_line(self) -> str:
        """One line with performance data, as monitoring plugins print it."""
        over = sum(self.counts.values()) - sum(self.lasting.values())
        state = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[self.plugin_code]
        words = [_listed(self.lasting), f"{over} over" if over else "", counted(self.gaps, "gap")]
        words += [f"the history of {cluster} is damaged" for cluster in self.damaged]
        data = " ".join(f"{severity}={count}" for severity, count in self.lasting.items())
        return f"ISCSI {state} - {'; '.join(filter(None, words))} | {data} gaps={self.gaps}"


def check(
    catalog: Catalog, request: ReportRequest, settings: CheckSettings, *, strict: bool = False,
    only: Sequence[str] = (),
) -> CheckResult:  # fmt: skip
    """Run the finding reports, or those of *only*.

    A report that needs a complete snapshot where there is none is left out, unless *only* names
    it: ``blind`` names the clusters that have none.

    Raises:
        UsageError: a report of *only*, or one with a threshold of its own, is not there, or no
            cluster was ever collected or is configured.
    """
    findings = {n: query for n, query in catalog.reports.items() if query.kind == "finding"}
    for name in (*only, *settings.reports):
        if name not in findings:
            near = did_you_mean(name, findings)
            raise UsageError(f"there is no finding report '{name}'{near}")
    checked = []
    for name, query in findings.items():
        threshold = settings.reports.get(name, settings.fail_on)
        if threshold == NEVER or (name not in only if only else not query.checked):
            continue
        try:
            checked.append(Checked(run.run(catalog, query, request), threshold))
        except NothingSeen:
            if only or not catalog.expected:
                raise
    names = {report.name for report, _ in checked}
    details = frozenset(name for name in names if findings[name].part_of in names)
    tally = Counter(
        (row.get("cluster"), row["severity"], report.is_over(row))
        for report, _ in checked
        if report.name not in details
        for row in report.records()
    )
    return CheckResult(
        tuple(cluster for cluster in catalog.expected if cluster not in catalog.damaged),
        tuple(checked),
        tally,
        max((report.window[1] for report, _ in checked if report.window), default=catalog.now),
        _gaps([report for report, _ in checked]),
        strict,
        details,
        tuple(catalog.damaged),
    )


def _listed(counts: dict[str, int]) -> str:
    words = [f"{count} {severity}" for severity, count in counts.items() if count]
    return ", ".join(words) or "nothing found"


def _gaps(reports: Sequence[Report]) -> int:
    """Gaps, and empty answers that nothing settled, of the report that looked at most time."""
    return max(
        (
            sum(len(cluster.unknown) + cluster.suspect for cluster in report.coverage)
            for report in reports
        ),
        default=0,
    )
