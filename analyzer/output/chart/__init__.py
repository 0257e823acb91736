"""Report rows in, pictures out: Altair specifications, as still SVG or PNG.

A picture is read with its words: a title, and a text that says what it shows. The library is the
extra ``charts``; without it :data:`MISSING` says what to install, and pages have no pictures.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import ExtraMissing, UsageError
from analyzer.report.run import Report
from analyzer.store.publish import deliver

if TYPE_CHECKING:
    from analyzer.output.chart.picture import Picture  # the extra may be absent

MISSING = str(ExtraMissing("A picture", "charts"))

NAMES = (
    "changes", "coverage", "dropped-connections", "events", "not-recovered", "outages", "paths",
    "sessions-over-time",
)  # fmt: skip


def available() -> bool:
    """Whether the extra is installed."""
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def draw(report: Report, forecast: Report | None = None) -> "list[Picture]":
    """The pictures of a report; none if it has no rows, none of its kind or no extra."""
    if not (report.rows and report.name in NAMES and available()):
        return []
    from analyzer.output.chart import compare, level, strip  # noqa: PLC0415  # the extra may be absent

    kinds: dict[str, Callable[[], list[Picture]]] = {
        "changes": lambda: [compare.changes(report)],
        "coverage": lambda: [strip.coverage(report)],
        "events": lambda: [level.river(report)],
        "outages": lambda: [strip.losses(report, "cause")],
        "paths": lambda: [compare.heat(report)],
        "sessions-over-time": lambda: [level.sessions(report, forecast)],
    }
    if report.name in kinds:
        return kinds[report.name]()
    return [strip.losses(report, which) for which in ("initiator", "interface")]


def save(report: Report, path: Path) -> None:
    """Write the first picture of *report* as its ending says: .svg, .png, or .json, its Vega-Lite.

    Raises:
        UsageError: no extra, no picture of that report, or another ending.
        StoreError: the file cannot be written.
    """
    if path.suffix not in {".svg", ".png", ".json"}:
        raise UsageError(f"{path.name}: a chart is saved as .svg, .png or .json")
    if report.name not in NAMES:
        raise UsageError(f"report {report.name} has no picture; these have: {', '.join(NAMES)}")
    if not available():
        raise ExtraMissing("a picture", "charts")
    from analyzer.output.chart import compare  # noqa: PLC0415  # the extra may be absent

    picture = (draw(report) or [compare.nothing(report)])[0]
    with deliver(path) as draft:
        draft.write_bytes(picture.saved(path.suffix))
