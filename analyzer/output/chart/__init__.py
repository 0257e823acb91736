"""Report rows in, pictures out: Altair specifications, as still SVG or PNG.

A picture is read with its words: a title, and a text that says what it shows. The library is the
extra ``charts``; without it :data:`MISSING` says what to install, and pages have no pictures.
"""

import os
import tempfile
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

# What a header may say of ``picture``; the last is drawn into the picture of levels.
PICTURES = ("changes", "coverage", "events", "levels", "losses", "outages", "paths", "forecast")


def available() -> bool:
    """Whether the extra is installed, and can be imported."""
    try:
        Path.home()
    except RuntimeError:  # a container's user; altair looks for a home when it is imported
        os.environ["HOME"] = tempfile.gettempdir()
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def draw(report: Report, forecast: Report | None = None) -> "list[Picture]":
    """The pictures that its header names; none without rows or the extra.

    Raises:
        UsageError: there is no such picture, or the report has not its columns.
    """
    if not (report.rows and available()) or report.picture in {None, "forecast"}:
        return []
    from analyzer.output.chart import compare, level, picture, strip  # noqa: PLC0415  # the extra may be absent

    kinds: dict[str, Callable[[], list[Picture]]] = {
        "changes": lambda: [compare.changes(report)],
        "coverage": lambda: [strip.coverage(report)],
        "events": lambda: [level.river(report)],
        "losses": lambda: [strip.losses(report, which) for which in ("initiator", "interface")],
        "outages": lambda: [strip.losses(report, "cause")],
        "paths": lambda: [compare.heat(report)],
        "levels": lambda: [level.sessions(report, forecast)],
    }
    assert report.picture is not None  # noqa: S101  # looked at above
    try:
        with picture.unchecked():
            return kinds[report.picture]()
    except KeyError as error:
        missing = f"column '{error.args[0]}'" if report.picture in kinds else "such picture"
        raise UsageError(
            f"report {report.name}: picture = '{report.picture}': there is no {missing};"
            f" pictures are {', '.join(PICTURES)}"
        ) from error


def check(name: str, picture: str | None, path: Path) -> None:
    """Refuse a picture that :func:`save` could not write, before the report is run.

    Raises:
        UsageError: no extra, no picture of that report, or another ending.
    """
    if path.suffix not in {".svg", ".png", ".json"}:
        raise UsageError(f"{path.name}: a chart is saved as .svg, .png or .json")
    if picture in {None, "forecast"}:
        raise UsageError(f"report {name} has no picture: its header names none")
    if not available():
        raise ExtraMissing("a picture", "charts")


def save(report: Report, path: Path) -> None:
    """Write the first picture of *report* as its ending says: .svg, .png, or .json, its Vega-Lite.

    Raises:
        UsageError: no extra, no picture of that report, or another ending.
        StoreError: the file cannot be written.
    """
    check(report.name, report.picture, path)
    from analyzer.output.chart import compare  # noqa: PLC0415  # the extra may be absent

    picture = (draw(report) or [compare.nothing(report)])[0]
    with deliver(path) as draft:
        draft.write_bytes(picture.saved(path.suffix))
