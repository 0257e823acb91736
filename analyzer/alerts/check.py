"""Every finding report over a window, and the answer for a scheduler."""

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.config.rules import NEVER, SEVERITIES, CheckSettings
from analyzer.errors import UsageError
from analyzer.report import run
from analyzer.report.catalog import Catalog
from analyzer.report.run import Report, Request


@dataclass(frozen=True, slots=True)
class Answer:
    """The reports that ran, each with the severity that alarms, and the exit status from them."""

    reports: tuple[tuple[Report, str], ...]
    counts: dict[str, int]
    gaps: int
    exit_code: int

    @property
    def state(self) -> str:
        """OK, WARNING, CRITICAL or UNKNOWN: that is incomplete, by the contract."""
        if self.exit_code == 3:
            return "UNKNOWN"
        if self.counts["critical"]:
            return "CRITICAL"
        return "WARNING" if self.exit_code else "OK"

    @property
    def plugin_code(self) -> int:
        """The exit status by which monitoring plugins tell their state."""
        return ("OK", "WARNING", "CRITICAL", "UNKNOWN").index(self.state)

    def nagios(self) -> str:
        """One line with performance data, as plugins print it."""
        told = ", ".join(f"{count} {severity}" for severity, count in self.counts.items() if count)
        data = " ".join(f"{severity}={count}" for severity, count in self.counts.items())
        said = f"{told or 'nothing found'}; {self.gaps} gaps"
        return f"ISCSI {self.state} - {said} | {data} gaps={self.gaps}"

    def prometheus(self) -> str:
        """Gauges for a textfile collector."""
        lines = ["# TYPE analyzer_findings gauge"]
        lines += [f'analyzer_findings{{severity="{s}"}} {n}' for s, n in self.counts.items()]
        lines += ["# TYPE analyzer_coverage_gaps gauge", f"analyzer_coverage_gaps {self.gaps}"]
        return "\n".join(lines) + "\n"


def check(
    catalog: Catalog, request: Request, settings: CheckSettings, *, strict: bool = False,
    only: Sequence[str] = (),
) -> Answer:  # fmt: skip
    """Run the finding reports; 1 where one finds what alarms, 3 if *strict* sees gaps.

    Raises:
        UsageError: a report of *only*, or one with a threshold of its own, is not there.
    """
    known = {name: asked for name, asked in catalog.reports.items() if asked.kind == "finding"}
    for name in (*only, *settings.reports):
        if name not in known:
            raise UsageError(f"there is no finding report '{name}'; known are {', '.join(known)}")
    ran = []
    for name, asked in known.items():
        if (only and name not in only) or (not only and not asked.checked):
            continue
        if settings.reports.get(name) != NEVER:
            ran.append(
                (run.run(catalog, asked, request), settings.reports.get(name, settings.fail_on))
            )
    counts: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
    for done, _ in ran:
        at = [column.name for column in done.columns].index("severity")
        for row in done.rows:
            if row[at] in counts:
                counts[row[at]] += 1
    gaps = _gaps([done for done, _ in ran])
    found = any(done.worse(least) for done, least in ran)
    code = 3 if strict and gaps else int(found)
    return Answer(tuple(ran), counts, gaps, code)


def _gaps(ran: Sequence[Report]) -> int:
    """Gaps and settled or unsettled failures in the window, of the report that saw most."""
    return max(
        (
            sum(len(told["unknown"]) for told in done.coverage)
            + sum(told["suspect"] for told in done.coverage)
            for done in ran
        ),
        default=0,
    )
