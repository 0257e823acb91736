"""The table of a report for a browser: essential columns first, names that lead to their pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import escape

from analyzer.engine.engine import Row
from analyzer.output import wording
from analyzer.output.wording import CellWriter
from analyzer.report.run import Report
from analyzer.text import beginning

Link = Callable[[str, str | None], str | None]
Incident = Callable[[datetime | None, datetime | None, datetime | None], str]

_CELL = 4_000  # characters of a cell
_PREFIX = '<span class="prefix"></span>'
_OWNERS = ("cluster", "svm")
# What the columns of every report call an object that has a page.
KINDS = {
    "initiator": "initiator", "members": "initiator",
    "interface": "interface", "interfaces": "interface", "missing": "interface",
    "missing_interfaces": "interface", "node": "node", "nodes": "node", "missing_node": "node",
}  # fmt: skip
_NAMED_BY = {
    "cause": "cause_kind",
    "object": "kind",
}  # a column that says of what kind another's is
_IQN = re.compile(r"(iqn\.[^:]*:(?:.*:)?)(?=[^:])", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class CellPart:
    """A piece of text in a cell; *prefix* stands before it and matters less."""

    text: str
    prefix: str = ""
    href: str | None = None


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """*name* is the report's, which sorts; an interval is one column, named for its begin."""

    name: str
    heading: str
    sentence: str
    essential: bool
    is_number: bool

    @property
    def style(self) -> str:
        """The classes of its cells."""
        words = ("" if self.essential else "rest", "number" if self.is_number else "")
        return " ".join(filter(None, (*words, "severity" if self.name == "severity" else "")))


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows have a class and their cells; *total* is how many there are, of which these are shown.

    *shared_facts* is true of every row.
    """

    columns: list[SheetColumn]
    rows: list[tuple[str, list[list[CellPart]]]]
    total: int
    shared_facts: list[tuple[str, str]]

    @property
    def is_brief(self) -> bool:
        """Whether there are columns that are shown on demand only."""
        return not all(column.essential for column in self.columns)


@dataclass(frozen=True, slots=True)
class SheetOrder:
    """Which rows, in which order: all that hold *match*, by the column *sort*, from *first* on."""

    sort: str = ""
    match: str = ""
    first: int = 0
    most: int = 200
    room: int = 4_000_000  # bytes of cells


def sheet(
    report: Report,
    order: SheetOrder | None = None,
    link: Link = lambda _kind, _name: None,
    incident: Incident | None = None,
    *,
    hidden: Sequence[str] = (),
    also: Sequence[str] = (),
) -> Sheet:
    """The table of a report; without a sort, open and severe rows first.

    *hidden* columns are not shown, those of *also* are essential too. What is empty in every row is
    left out.
    """
    order = order or SheetOrder()
    names = report.names
    rows = wording.ordered(report)
    write = CellWriter(report, rows, {})
    once = _shared_facts(report, rows, names)
    empty = [name for at, name in enumerate(names) if all(row[at] is None for row in rows)]
    left_out = {*once, *hidden, *(empty if rows else ())}
    shown = [item for item in _columns(report, names, also) if item.name not in left_out]
    if order.match:
        match = order.match.lower()
        rows = [row for row in rows if any(match in text for text in _texts(write, names, row))]
    if order.sort.removeprefix("-") in names:
        rows = _sorted(rows, names.index(order.sort.removeprefix("-")), down=order.sort[0] == "-")
    result: list[tuple[str, list[list[CellPart]]]] = []
    room = order.room
    for row in rows[order.first : order.first + order.most]:
        record = dict(zip(names, row, strict=True))
        cells = [_cell(report, write, column.name, record, link, incident) for column in shown]
        room -= sum(_size(part) for cell in cells for part in cell)
        if room < 0 and result:
            break
        over = " over" if report.is_over(record) else ""
        result.append((f"{record.get('severity') or ''}{over}", cells))
    texts = [(name, write.cell(name, value)) for name, value in once.items()]
    return Sheet(shown, result, len(rows), texts + write.shared_facts)


def _size(part: CellPart) -> int:
    """Bytes of a part with its markup, as good as."""
    marked = (len(_PREFIX) if part.prefix else 0) + (len(part.href) + 15 if part.href else 0)
    return len(escape(part.prefix + part.text).encode()) + 20 + marked


def _shared_facts(report: Report, rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Row:
    """The owner that all rows share, and its name; there is another column to show."""
    return {
        name: rows[0][names.index(name)]
        for name in _OWNERS
        if name in names and rows and len({row[names.index(name)] for row in rows}) == 1
        and rows[0][names.index(name)] is not None and report.columns[-1].name != name
    }  # fmt: skip


def _columns(report: Report, names: Sequence[str], also: Sequence[str]) -> list[SheetColumn]:
    """The brief columns behind whose they are, then the others; the end of an interval in its begin."""
    owners = [name for name in _OWNERS if name in names]
    brief = (
        [_begin(name, names) for name in (*owners, *report.brief, *also) if name in names]
        if report.brief
        else names
    )
    order = dict.fromkeys(_begin(name, names) for name in (*brief, *names))
    columns = {column.name: column for column in report.columns}
    numbers = ("INT", "DOUBLE", "DECIMAL", "FLOAT", "HUGE")
    return [
        SheetColumn(
            name,
            wording.heading(name.removesuffix("_after") if wording.end_of(name) in names else name),
            columns[name].sentence,
            name in brief,
            any(word in columns[name].type for word in numbers) and "[" not in columns[name].type,
        )
        for name in order
    ]


def _begin(name: str, names: Sequence[str]) -> str:
    """The column that a column is shown in."""
    return next((other for other in names if wording.end_of(other) == name), name)


def _sorted(rows: Sequence[tuple[Any, ...]], at: int, *, down: bool) -> list[tuple[Any, ...]]:
    """By one column, what is absent last."""
    there = [row for row in rows if row[at] is not None]
    try:
        there.sort(key=lambda row: row[at], reverse=down)
    except TypeError:  # values of several types
        there.sort(key=lambda row: str(row[at]), reverse=down)
    return there + [row for row in rows if row[at] is None]


def _texts(write: CellWriter, names: Sequence[str], row: Sequence[Any]) -> list[str]:
    return [write.cell(name, value).lower() for name, value in zip(names, row, strict=True)]


def _cell(
    report: Report,
    write: CellWriter,
    name: str,
    record: Row,
    link: Link,
    incident: Incident | None,
) -> list[CellPart]:
    value, end = record[name], wording.end_of(name)
    if end in record:
        text = write.interval(value, record[end])
        href = None
        if incident is not None and report.began == (name, end) and text:
            href = incident(value, record[end], record.get("back_by"))
        return [CellPart(text, "", href)]
    kind = object_of(name, record)
    texts = value if isinstance(value, list) and kind else [value]
    if kind and all(isinstance(text, str) for text in texts):
        return [named(write.cell(name, text), link(kind, text)) for text in texts]
    text = value if name == "severity" else write.cell(name, value)
    return [CellPart(beginning(text or "", _CELL))]


def object_of(column: str, record: Mapping[str, Any]) -> str | None:
    """The kind of what a column names, if that has a page."""
    kind = KINDS.get(column) or record.get(_NAMED_BY.get(column, ""))
    return kind if kind in KINDS else None


def named(text: str, href: str | None) -> CellPart:
    """A name; of an iSCSI qualified name the part that distinguishes hosts is what matters."""
    text = beginning(text, _CELL)
    prefix = _IQN.match(text)
    return CellPart(text[prefix.end() :], prefix[0], href) if prefix else CellPart(text, "", href)
