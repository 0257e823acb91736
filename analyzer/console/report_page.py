"""Every report: its parameters as a form built from the header, its rows, its rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from analyzer import output
from analyzer.config.rules import SEVERITIES
from analyzer.console.exchange import PageResponse
from analyzer.console.sheet import Sheet, SheetOrder
from analyzer.console.view import View
from analyzer.errors import NothingSeen, UsageError
from analyzer.output import table, wording
from analyzer.report import run
from analyzer.report.header import Parameter, Query, grouped
from analyzer.report.run import Report

_FILES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_ROWS = 200  # of one page
_PANEL_ROWS = 100
_PLACE = 9  # digits of a row's number
_HELP = {
    "cluster": "Only this cluster; * matches.",
    "svm": "Only this SVM; * matches.",
    "initiator": "Name or part of it, alias, host or address; * matches.",
    "interface": "Only this interface; * matches.",
    "node": "Only this node; * matches.",
    "ignore": "Hide what is called so; * matches.",
    "severity": "Only findings at least this severe.",
}


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of a form; *default* is what holds where nothing is written."""

    name: str
    label: str
    value: str
    default: str
    help: str
    choices: Sequence[str] = ()
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A report on the page of something else: its rows, or the *reason* why there are none."""

    name: str
    title: str
    command: str
    href: str
    fields: Sequence[FormField] = ()
    headline: str = ""
    sheet: Sheet | None = None
    reason: str = ""

    def of(
        self,
        answer: Callable[[], Report],
        view: View,
        hidden: Sequence[str] = (),
        also: Sequence[str] = (),
    ) -> "Panel":
        """The panel with an answer, or with the reason why there is none."""
        try:
            report = answer()
        except (NothingSeen, UsageError) as error:
            return replace(self, reason=str(error))
        sheet = view.sheet(report, SheetOrder(most=_PANEL_ROWS), hidden, also)
        return replace(self, headline=table.headline(report), sheet=sheet)


def page(view: View) -> str | PageResponse:
    """The list of reports, or one of them.

    Raises:
        NothingSeen: there is no such report.
    """
    name = unquote(view.address.path.removeprefix("/reports").strip("/"))
    if not name:
        return view.render("reports.html", groups=grouped(view.catalog.reports))
    if name not in view.catalog.reports:
        raise NothingSeen("there is no such report")
    query = view.catalog.reports[name]
    options = options_of(view, query)
    answer = run.run(view.catalog, query, _request(view, query))
    kind = view.address.value("format")
    if kind in _FILES:
        file = f'attachment; filename="{name}.{kind}"'
        headers = {"Content-Type": _FILES[kind], "Content-Disposition": file}
        return PageResponse(output.text(answer, kind).encode(), 200, headers)
    order = _order(view)
    return view.render(
        "report.html",
        report=answer,
        order=order,
        sheet=view.sheet(answer, order),
        fields=fields(view, query),
        headline=table.headline(answer),
        coverage=table.coverage(answer, view.zone),
        command=view.command(f"report {name}", **options),
        files=[
            (kind.upper(), view.link(view.address.path, **options, format=kind)) for kind in _FILES
        ],
    )


def options_of(view: View, query: Query) -> dict[str, Sequence[str]]:
    """The options of this report in the URL, cluster and zone aside."""
    names = [*query.time_options, *query.params, *query.filters]
    names += ["severity"] if "severity" in query.columns else []
    names += ["ignore"] if query.ignore else []
    return {name: view.address.all_values(name) for name in names if name != "cluster"}


def _request(view: View, query: Query) -> run.ReportRequest:
    """The report with the parameters of the URL.

    Raises:
        UsageError: a value is not what the header says.
    """
    params = {
        name: parameter.parse(name, view.address.value(name))
        for name, parameter in query.params.items()
        if view.address.value(name)
    }
    severity = view.address.value("severity", "info")
    if severity not in SEVERITIES:
        raise UsageError(f"severity: '{severity}' is not one of {', '.join(SEVERITIES)}")
    filters = view.request().filters
    return view.request(
        params=params,
        severity=severity,
        filters={name: texts for name, texts in filters.items() if name in query.filters},
        versus=view.address.value("versus") or None,
        ignore=view.address.all_values("ignore"),
    )


def _order(view: View) -> SheetOrder:
    first = view.address.value("first", "0")
    place = int(first) if first.isascii() and first.isdecimal() and len(first) <= _PLACE else 0
    return SheetOrder(view.address.value("sort"), view.address.value("match"), place, _ROWS)


def fields(view: View, query: Query) -> list[FormField]:
    """The options of a report as questions of a form."""
    questions = [
        FormField(
            name,
            wording.heading(name),
            view.address.value(name),
            option.shown or option.default or "",
            option.help,
        )
        for name, option in query.time_options.items()
    ]
    questions += [_own(view, name, parameter) for name, parameter in query.params.items()]
    questions += [
        FormField(
            name,
            wording.heading(name),
            view.address.value(name),
            "all",
            _HELP[name],
            view.clusters if name == "cluster" else (),
        )
        for name in query.filters
        if name != "cluster" or len(view.clusters) > 1
    ]
    if query.ignore:
        value = view.address.value("ignore")
        questions.append(FormField("ignore", "ignore", value, "nothing", _HELP["ignore"]))
    if "severity" in query.columns:
        value = view.address.value("severity")
        questions.append(
            FormField("severity", "severity", value, "info", _HELP["severity"], SEVERITIES)
        )
    return questions


def _own(view: View, name: str, parameter: Parameter) -> FormField:
    default = parameter.default
    choices: Sequence[str] = ("true", "false") if isinstance(default, bool) else parameter.choices
    return FormField(
        name=name,
        label=wording.heading(name),
        value=view.address.value(name),
        default=str(default).lower() if isinstance(default, bool) else str(default),
        help=parameter.help,
        choices=choices,
        is_number=isinstance(default, int | float) and not isinstance(default, bool),
    )
