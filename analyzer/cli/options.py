"""Options that several commands share: times, filters, formats, and how tables are shown."""

import os
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from analyzer.cli.context import Context
from analyzer.config.rules import SEVERITIES

if TYPE_CHECKING:
    from analyzer.report.header import Parameter, Query

FILTERS = ("svm", "initiator", "interface", "node")
FORMATS = ("table", "json", "ndjson", "csv", "markdown", "html", "parquet")
COMMAND = "[COMMAND] [ARGS]..."  # of a group that does something without one, in every click


class _FilePlace(click.Path):
    """A file; what ends in a slash is a folder, though the name of a path loses the slash."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value).endswith(os.sep):
            self.fail(f"'{value}' is the name of a folder.", param, ctx)
        return super().convert(value, param, ctx)


FILE = _FilePlace(path_type=Path, dir_okay=False)
_ZONE, _NO_PAGER = "analyzer.zone", "analyzer.no_pager"  # in click's own notes of a call


def _note(key: str) -> Any:
    def remember(context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        if value:
            context.meta[key] = value
        return value

    return remember


def zone(context: Context) -> tzinfo:
    """The zone of ``--tz``, else of the configuration, else UTC.

    Raises:
        UsageError: there is no such zone.
    """
    name = click.get_current_context().meta.get(_ZONE)
    if name is None:
        return context.zone
    from analyzer import clock

    return clock.zone(name)


def pager() -> bool:
    """Whether a long table may go through the pager."""
    return not click.get_current_context().meta.get(_NO_PAGER)


TZ = click.Option(
    ["--tz"],
    metavar="ZONE",
    expose_value=False,
    callback=_note(_ZONE),
    help="Zone of times without an offset and of tables, such as Europe/Berlin."
    "  [default: configured, or UTC]",
)
NO_PAGER = click.Option(
    ["--no-pager"],
    is_flag=True,
    expose_value=False,
    callback=_note(_NO_PAGER),
    help="Print a long table at once, without PAGER.",
)
SINCE = click.Option(
    ["--since"],
    default="24h",
    show_default=True,
    help="Begin of the window: a time, or a duration back from now.",
)
UNTIL = click.Option(["--until"], default="now", show_default=True, help="End of the window.")
CLUSTER = click.Option(
    ["--cluster"], multiple=True, help="Only this cluster; * matches; repeatable."
)
SVM = click.Option(["--svm"], multiple=True, help="Only this SVM; * matches; repeatable.")
INITIATOR = click.Option(
    ["--initiator"],
    multiple=True,
    help="Only this initiator: name or part of it, alias, host or address; * matches; repeatable.",
)
INTERFACE = click.Option(
    ["--interface"], multiple=True, help="Only this interface; * matches; repeatable."
)
NODE = click.Option(["--node"], multiple=True, help="Only this node; * matches; repeatable.")
FORMAT = click.Option(
    ["--format", "format_"],
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="table is for people, the others are for programs.",
)
OUTPUT = click.Option(
    ["--output"],
    type=_FilePlace(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write to a file, atomically; - is standard output.",
)
CHART = click.Option(
    ["--chart"],
    type=FILE,
    help="Also save the report's picture: FILE.svg, .png, or .json, its Vega-Lite.",
)
SEVERITY = click.Option(
    ["--severity"],
    type=click.Choice(SEVERITIES),
    default="info",
    show_default=True,
    help="Show only findings at least this severe.",
)
FAIL_ON = click.Option(
    ["--fail-on"],
    type=click.Choice(SEVERITIES),
    help="Answer with exit status 1 if a finding, shown or not, is at least this severe.",
)
WIDE = click.Option(["--wide"], is_flag=True, help="Every row and column in the table.")


class PauseRange(click.FloatRange):
    """A range in which NaN is not; it passes every comparison that click makes."""

    name = "float range"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if number != number:  # noqa: PLR0124  # only NaN is not itself
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return number


WATCH = click.Option(
    ["--watch"],
    type=PauseRange(min=0.5, max=86_400),
    metavar="SECONDS",
    help="Draw the table again every so many seconds, until Ctrl-C.",
)
ENGINE = click.Option(
    ["--engine"],
    default="duckdb",
    envvar="ANALYZER_ENGINE",
    show_envvar=True,
    show_default=True,
    metavar="duckdb|sc://HOST:PORT",
    help="Query engine: this machine, or a Spark Connect server.",
)
QUERIES = click.Option(
    ["--queries"],
    multiple=True,
    is_eager=True,  # a report of theirs is a command
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Another folder of query files, whose reports join ours; repeatable.",
)
IGNORE = click.Option(
    ["--ignore"],
    multiple=True,
    metavar="CHANGE",
    help="Hide this change, and say how often; * matches; repeatable.",
)
EXPLAIN = click.Option(["--explain"], is_flag=True, help="Print the rule and its SQL.")


def _type(param: "Parameter") -> "type | click.ParamType[Any]":
    if param.choices:
        return click.Choice(param.choices)
    kind = type(param.default)
    if not param.limits:
        return kind
    return (click.IntRange if kind is int else click.FloatRange)(param.minimum, param.maximum)


def of_report(query: "Query") -> list[click.Parameter]:
    """The options of a report: its times, its own parameters, filters, output."""
    times: list[click.Parameter] = [
        click.Option(
            [f"--{name}"],
            default=None if option.shown else option.default,
            show_default=option.shown or option.default is not None,
            help=option.help,
        )
        for name, option in query.time_options.items()
    ]
    own: list[click.Parameter] = [
        click.Option(
            [f"--{name.replace('_', '-')}", f"own_{name}"],
            default=param.default,
            type=_type(param),
            show_default=True,
            help=param.help,
        )
        for name, param in query.params.items()
    ]
    ignore = [IGNORE] if query.ignore else []
    every = (CLUSTER, SVM, INITIATOR, INTERFACE, NODE)
    filters = [option for option in every if option.name in query.filters]
    severity = [SEVERITY, FAIL_ON] if "severity" in query.columns else []
    wide = [WIDE] if query.brief or query.overview else []
    chart = [CHART] if query.picture else []
    return [
        *times, TZ, *own, *filters, *ignore, *severity, FORMAT, OUTPUT, *wide, NO_PAGER, *chart, WATCH,
        ENGINE, EXPLAIN,
    ]  # fmt: skip


class ReportOptions(msgspec.Struct, frozen=True):
    """The options of one report; *times* and *params* as they were written."""

    times: dict[str, str]
    params: Mapping[str, object]
    clusters: Sequence[str]
    filters: dict[str, Sequence[str]]
    ignore: Sequence[str] = ()
    format: str = "table"
    output: Path | None = None
    severity: str = "info"
    fail_on: str | None = None
    chart: Path | None = None
    watch: float | None = None
    engine: str = "duckdb"
    wide: bool = False
    explain: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "ReportOptions":
        """From the values of click's options."""
        names = (
            "output", "severity", "fail_on", "chart", "watch", "engine", "wide", "explain", "ignore",
        )  # fmt: skip
        times = ("since", "until", "at", "versus", "before", "after")
        return cls(
            times={name: values[name] for name in times if values.get(name) is not None},
            params={
                name.removeprefix("own_"): value
                for name, value in values.items()
                if name.startswith("own_")
            },
            clusters=values.get("cluster", ()),
            filters={name: values[name] for name in FILTERS if name in values},
            format=values.get("format_", "table"),
            **{name: values[name] for name in names if name in values},
        )
