"""The matrix of hosts and interfaces, laid out for a page."""

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.engine.engine import Row

GLYPHS = {
    "lost": "✗", "missing": "✗", "new": "+", "reconnected": "↻", "unchanged": "", "none": "·",
    "unknown": "?",
}  # fmt: skip
WORDS = {
    "lost": "lost since A", "missing": "no session, though one is expected",
    "new": "new since A", "reconnected": "reconnected since A", "unchanged": "as at A",
    "none": "none, and none expected", "unknown": "not seen at A or at B",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """*change* is the report's column."""

    change: str
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class HostRow:
    initiator: str
    host: str | None
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Grid:
    """Of one SVM: *interfaces* with the nodes that they are on, a line for each host."""

    cluster: str
    svm: str
    interfaces: list[tuple[str, str]]
    hosts: list[HostRow]


def grids(rows: Iterable[Row]) -> list[Grid]:
    """The rows of a report of the matrix, a grid for each SVM, in their order."""
    svms: dict[tuple[str, str], dict[int, list[Row]]] = {}
    for row in rows:
        hosts = svms.setdefault((row["cluster"], row["svm"] or ""), {})
        hosts.setdefault(row["place"], []).append(row)
    return [_grid(cluster, svm, hosts) for (cluster, svm), hosts in svms.items()]


def _grid(cluster: str, svm: str, hosts: dict[int, list[Row]]) -> Grid:
    nodes = {row["interface"] or "": row["node"] or "" for cells in hosts.values() for row in cells}
    interfaces = sorted(nodes, key=lambda name: (nodes[name], name))
    return Grid(
        cluster,
        svm,
        [(name, nodes[name]) for name in interfaces],
        [
            HostRow(cells[0]["initiator"] or "", cells[0]["host"], _cells(cells, interfaces))
            for cells in hosts.values()
        ],
    )


def _cells(rows: list[Row], interfaces: list[str]) -> list[Cell]:
    by_name = {row["interface"] or "": row for row in rows}
    return [_cell(by_name.get(name), name) for name in interfaces]


def _cell(row: Row | None, interface: str) -> Cell:
    if row is None:
        return Cell("none", GLYPHS["none"], f"{interface}: {WORDS['none']}")
    change, before, now = row["change"], row["sessions_before"], row["sessions"]
    text = f"{GLYPHS[change]}{now}" if now else GLYPHS[change]
    words = f"{interface}: {WORDS[change]}; {before} at A, {now} at B"
    return Cell(change, text, words)
