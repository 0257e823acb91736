"""The page of one initiator, one interface or one node: what reports say of it."""

from urllib.parse import unquote

from msgspec.structs import replace

from analyzer.console import object_lanes
from analyzer.console.report_page import Panel
from analyzer.console.sheet import CellPart
from analyzer.console.view import View
from analyzer.errors import NothingSeen
from analyzer.report.run import Report
from analyzer.text import beginning, escape_controls

# The report that says what it is now, and the others, each with its own parameters; $ is the name.
_STATE = {"initiator": "initiators", "interface": "interfaces", "node": "nodes"}
_PANELS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "initiator": (
        ("dropped-hosts", {"initiator": "$"}),
        ("multipath-imbalance", {"initiator": "$"}),
        ("upgrade-readiness", {"initiator": "$"}),
        ("paths", {"initiator": "$"}),
        ("timeline", {"initiator": "$"}),
        ("dropped-connections", {"initiator": "$"}),
        ("without-redundancy", {"initiator": "$"}),
        ("addresses", {"initiator": "$"}),
        ("authentication", {"initiator": "$"}),
    ),
    "interface": (
        ("paths", {"interface": "$"}),
        ("events", {"interface": "$"}),
        ("dropped-connections", {"interface": "$"}),
        ("failover", {"kind": "interface", "name": "$"}),
    ),
    "node": (
        ("sessions-by-node", {"node": "$"}),
        ("interfaces", {"node": "$"}),
        ("events", {"change": "node_*"}),
        ("upgrade-readiness", {"node": "$"}),
        ("failover", {"kind": "node", "name": "$"}),
        ("sessions-over-time", {"node": "$"}),
    ),
}
# Columns that would say on every row whose page it is; and columns that matter more here.
_HIDDEN = {
    "initiator": ("initiator", "host"),
    "interface": ("interface", "interface_address", "kind", "object"),
    "node": ("node", "kind", "object"),
}
_ALSO = ("expected", "expected_from")


def page(view: View) -> str:
    """The page of the object that the path names.

    Raises:
        NothingSeen: the path names none.
        UsageError: the history has none of that name.
    """
    _, kind, *rest = view.address.path.split("/", 2)
    name = unquote("".join(rest)) or view.address.value("name")
    if not name:
        raise NothingSeen(f"which {kind}?")
    state = _ask(view, _STATE[kind], {kind: name})
    return view.render(
        "object.html",
        kind=kind,
        name=beginning(escape_controls(name), 300),
        state=state,
        facts=_facts(view, kind, state),
        lanes=object_lanes.drawn(view, kind, name),
        panels=[_panel(view, kind, report, name, values) for report, values in _PANELS[kind]],
        command=_command(view, _STATE[kind], {kind: name}),
        incident=view.link("/incident", **({kind: name} if kind == "initiator" else {"by": kind})),
    )


def _ask(view: View, report: str, values: dict[str, str]) -> Report:
    """A report about the object, over the window of the URL and at its end."""
    request = view.request()
    return view.report(report, replace(request, at=request.until, filters={}), **values)


def _facts(view: View, kind: str, state: Report) -> list[tuple[str, list[CellPart]]]:
    """The state now: of a row for each cluster or SVM, the columns that say something."""
    sheet = view.sheet(state, hidden=(kind,))
    facts = [(name, [CellPart(text)]) for name, text in sheet.shared_facts]
    return facts + [
        (column.heading, cells)
        for _, row in sheet.rows
        for column, cells in zip(sheet.columns, row, strict=True)
        if any(part.text or part.prefix for part in cells)
    ]


def _panel(view: View, kind: str, report: str, name: str, values: dict[str, str]) -> Panel:
    filled = {option: name if value == "$" else value for option, value in values.items()}
    href = view.link(f"/reports/{report}", **{**_times(view, report), **filled})
    command, title = _command(view, report, filled), view.catalog.reports[report].title
    panel = Panel(report, title, command, href)
    return panel.of(lambda: _ask(view, report, filled), view, _HIDDEN[kind], _ALSO)


def _times(view: View, report: str) -> dict[str, str | None]:
    """The times of a report that the window of the URL means."""
    query = view.catalog.reports[report]
    times: dict[str, str | None] = {name: view.address.value(name) for name in ("since", "until")}
    if query.time == "instant":
        return {"since": None, "until": None, "at": times["until"]}
    return times


def _command(view: View, report: str, values: dict[str, str]) -> str:
    times = {name: text for name, text in _times(view, report).items() if text}
    return view.command(f"report {report}", **times, **values)
