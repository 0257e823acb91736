"""Numbers for monitors: what SQL counts, beside the findings of a check.

A scrape must cost nothing: ``Scoreboard`` keeps the lines of each cluster until its manifest
changes, so that only what was collected since is counted again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from analyzer import clock
from analyzer.alerts.check import CheckResult, check
from analyzer.config.rules import SEVERITIES, CheckSettings
from analyzer.errors import AnalyzerError, Busy
from analyzer.output import openmetrics
from analyzer.output.openmetrics import Family, Sample
from analyzer.report.catalog import Catalog
from analyzer.report.run import ReportRequest
from analyzer.store.layout import Store

FINDINGS = "analyzer_findings"
DAMAGED = "analyzer_history_damaged"
_BATCH = 50  # clusters that are counted together: planning a query costs as much for one
_LIFE = 600.0  # seconds after which a cluster is counted again, collected or not: windows move

Open = Callable[[Sequence[str]], Catalog]


def families(catalog: Catalog) -> dict[str, Family]:
    """Every family by name, in order."""
    rows = catalog.run_query(catalog.models["metric_families"], {}).rows
    return {row[0]: Family(*row) for row in sorted(rows)}


def present(catalog: Catalog, result: CheckResult, at: datetime) -> list[Sample]:
    """The numbers at *at*, in order, with the findings of a check that ended then."""
    times = {"since": at, "until": at, "at": at, "now": catalog.now}
    samples = [
        Sample(*row) for row in catalog.run_query(catalog.models["metric_samples"], times).rows
    ]
    for cluster in catalog.expected:
        damaged = float(cluster in catalog.damaged)
        samples.append(Sample(DAMAGED, cluster, None, None, None, None, at, damaged))
    tally = {
        (cluster, severity, over): 0
        for cluster in result.clusters
        for severity in SEVERITIES
        for over in (False, True)
    } | dict(result.tally)
    for (name, severity, over), count in tally.items():
        state = "over" if over else "open"
        samples.append(Sample(FINDINGS, name, None, None, severity, state, at, float(count)))
    return sorted(samples, key=lambda sample: sample.order)


def past(catalog: Catalog, since: datetime, until: datetime, step: int) -> Iterator[Sample]:
    """The numbers at the multiples of *step* seconds of a window, in order, as rows come.

    Raises:
        StoreError: a file of the store is damaged.
    """
    times = {"since": since, "until": until, "at": until, "now": catalog.now, "step_seconds": step}
    columns = ", ".join(Sample._fields)
    text = f"select {columns} from metric_samples order by {columns}"  # noqa: S608  # our own names
    for rows in catalog.stream(text, times, "the numbers"):
        for row in rows:
            yield Sample(*row)


@dataclass(slots=True)
class _Score:
    """The lines of one cluster by family, of which manifest, and when they were counted.

    *counted* is of the monotonic clock; *instant* is what ages count from.
    """

    stamp: object
    counted: float
    instant: datetime
    lines: dict[str, str]


@dataclass(slots=True)
class Scoreboard:
    """The numbers of every cluster, each as of the manifest that it has now.

    *open_catalog* opens some of the clusters, *configured* are those that need not be in the store.
    """

    store: Store
    open_catalog: Open
    settings: CheckSettings
    configured: Sequence[str] = ()
    _scores: dict[str, _Score] = field(default_factory=dict)
    _families: dict[str, Family] = field(default_factory=dict)

    def refresh(self, seconds: float) -> None:
        """Count the clusters that have changed; those counted in time stay cached.

        Raises:
            Busy: that was not enough: once more, it goes on from there.
        """
        end = time.monotonic() + seconds
        stamps = {name: self.store.manifest_stamp(name) for name in self._names()}
        for gone in self._scores.keys() - stamps.keys():
            del self._scores[gone]
        old = time.monotonic() - _LIFE
        due = [
            name
            for name, stamp in stamps.items()
            if name not in self._scores
            or self._scores[name].stamp != stamp
            or self._scores[name].counted < old
        ]
        for start in range(0, len(due), _BATCH):
            if time.monotonic() > end:
                raise Busy(f"{len(due) - start} of {len(stamps)} clusters are still to be counted")
            batch = due[start : start + _BATCH]
            instant = clock.now()  # before, since ages are those of when the catalog was opened
            for name, lines in self._count(batch).items():
                self._scores[name] = _Score(stamps[name], time.monotonic(), instant, lines)

    def text(self) -> str:
        """All of it, as ``/metrics`` shows it; ages are those of when each cluster was counted."""
        parts = []
        for name, family in self._families.items():
            lines = [self._line(score, name) for _, score in sorted(self._scores.items())]
            if any(lines):
                parts += [family.head(), *lines]
        return "".join([*parts, openmetrics.END])

    def _line(self, score: _Score, family: str) -> str:
        lines = score.lines.get(family, "")
        if lines and family.endswith("_age_seconds"):
            waited = (clock.now() - score.instant).total_seconds()
            return openmetrics.aged(lines.encode(), waited).decode()
        return lines

    def _names(self) -> list[str]:
        return sorted({*self.store.clusters(), *self.configured})

    def _count(self, clusters: Sequence[str]) -> dict[str, dict[str, str]]:
        """The lines of some clusters; one that cannot be read does not keep the others."""
        try:
            return self._counted(clusters)
        except AnalyzerError:
            if len(clusters) > 1:
                singly = [self._count([name]) for name in clusters]
                return {name: lines for score in singly for name, lines in score.items()}
            if not self._families:
                raise
            (name,) = clusters
            sample = Sample(DAMAGED, name, None, None, None, None, clock.now(), 1.0)
            line = openmetrics.line(self._families[DAMAGED], sample, openmetrics.labels(sample))
            return {name: {DAMAGED: line}}

    def _counted(self, clusters: Sequence[str]) -> dict[str, dict[str, str]]:
        scores: dict[str, dict[str, str]] = {name: {} for name in clusters}
        with closing(self.open_catalog(clusters)) as catalog:
            self._families = families(catalog)
            result = check(catalog, ReportRequest(), self.settings)
            for sample in present(catalog, result, catalog.now):
                if sample.cluster in scores:
                    lines = scores[sample.cluster]
                    text = openmetrics.line(
                        self._families[sample.family], sample, openmetrics.labels(sample)
                    )
                    lines[sample.family] = lines.get(sample.family, "") + text
        return scores
