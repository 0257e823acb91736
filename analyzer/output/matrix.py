"""The matrix that administrators draw by hand: hosts down, interfaces across."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from analyzer.engine.engine import Row
from analyzer.output import table, table_layout, wording
from analyzer.output.screen import Piece, Screen
from analyzer.report.run import Report
from analyzer.text import escape_controls

_NONE, _HOLE = "·", "✗"
_SEPARATORS = re.compile(r".*[_.:/-]", re.DOTALL)
Cells = dict[tuple[str, str], dict[str, Row]]  # by initiator and host name, then by interface


@dataclass(frozen=True, slots=True)
class _Words:
    """How a matrix writes its heads and cells: the same names, longer or shorter."""

    hosts: list[str]
    interfaces: list[str]
    addresses: bool = False
    note: str = ""


def render(report: Report, width: int | None) -> str:
    """The long rows of ``paths`` as one table for each SVM.

    A cell holds the sessions, and the host addresses that they come from where the width allows
    it. A host without a session where one is expected is marked; a dot is none elsewhere.
    """
    screen = Screen(width)
    table.title(screen, report)
    svms: dict[tuple[str, str], Cells] = {}
    for row in report.records():
        cells = svms.setdefault((row["cluster"], row["svm"] or ""), {})
        host = (row["initiator"] or "", row["host"] or "")
        cells.setdefault(host, {})[row["interface"] or ""] = row
    for (cluster, svm), cells in sorted(svms.items()):
        _svm(screen, f"{cluster}, {escape_controls(svm)}", cells)
    if not svms:
        screen.prose(table.headline(report))
    for line in table.coverage(report, report.zone).splitlines():
        screen.prose(line, "dim")
    return screen.text()


def _svm(screen: Screen, name: str, cells: Cells) -> None:
    interfaces = sorted({interface for row in cells.values() for interface in row})
    hosts = sorted(cells)
    nodes = {key: row["node"] or "" for of_host in cells.values() for key, row in of_host.items()}
    holes = sum(_is_hole(row) for of_host in cells.values() for row in of_host.values())
    screen.line()
    marked = f"; {_HOLE} {holes} without a session where one is expected" if holes else ""
    screen.prose(f"{name}: sessions of each host on each interface{marked}")
    for words in _wordings(hosts, interfaces):
        heads = [
            f"{word}\n{escape_controls(nodes[interface])}"
            for word, interface in zip(words.interfaces, interfaces, strict=True)
        ]
        lines = [
            [
                _cell(cells[host].get(interface), addresses=words.addresses)
                for interface in interfaces
            ]
            for host in hosts
        ]
        columns = [words.hosts, *([line[k] for line in lines] for k in range(len(interfaces)))]
        widths = [
            max(len(text) for cell in (head, *column) for text in cell.split("\n"))
            for head, column in zip(["initiator", *heads], columns, strict=True)
        ]
        if sum(widths) + table_layout.GAP * len(interfaces) <= screen.width:
            break
    rows = [
        [Piece(host), *(Piece(cell, _STYLES.get(cell, "")) for cell in line)]
        for host, line in zip(words.hosts, lines, strict=True)
    ]
    screen.table(["initiator", *heads], widths, rows, table_layout.GAP)
    if words.note:
        screen.prose(words.note, "dim")


_STYLES = {_HOLE: "bold red", _NONE: "dim"}


def _wordings(hosts: Sequence[tuple[str, str]], interfaces: Sequence[str]) -> list[_Words]:
    """Ways to write the names, the fullest first; the last one is numbers and a legend."""
    whole = [escape_controls(f"{name} ({host})" if host else name) for name, host in hosts]
    short = wording.shortened([[name] for name, _ in hosts])
    tails = [escape_controls(short.get(name, name)) for name, _ in hosts]
    names = [escape_controls(name) for name in interfaces]
    begin = _beginning(names)
    ends = [name.removeprefix(begin) for name in names]
    note = f"Every interface begins with '{begin}'." if begin else ""
    numbers = [str(number) for number in range(1, len(names) + 1)]
    legend = ", ".join(f"{number} {name}" for number, name in zip(numbers, names, strict=True))
    return [
        _Words(whole, names, addresses=True),
        _Words(whole, names),
        _Words(whole, ends, note=note),
        _Words(tails, names),
        _Words(tails, ends, note=note),
        _Words(tails, numbers, note=legend),
    ]


def _beginning(names: Sequence[str]) -> str:
    """What all names begin with, up to a separator; nothing if there is but one name."""
    pairs = zip(min(names), max(names), strict=False)
    shared = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    part = _SEPARATORS.match(shared) if len(names) > 1 else None
    return part[0] if part else ""


def _is_hole(row: Mapping[str, Any]) -> bool:
    return not row["sessions"] and bool(row.get("expected"))


def _cell(row: Row | None, *, addresses: bool) -> str:
    if row is None or not row["sessions"]:
        return _HOLE if row is not None and _is_hole(row) else _NONE
    return " ".join([str(row["sessions"]), *(row["host_addresses"] if addresses else ())])
