"""The matrix that administrators draw by hand: hosts down, interfaces across."""

import shutil
from dataclasses import replace
from typing import Any

from analyzer.output import table
from analyzer.report.run import Column, Report
from analyzer.text import escape_controls

_EMPTY = "·"


def render(report: Report, width: int | None) -> str:
    """The long rows of ``paths`` as one table per SVM.

    A cell holds the sessions, and the host addresses that they come from where the width allows
    it; a dot is none.
    """
    room = width or shutil.get_terminal_size().columns
    cells: dict[tuple[str, str], dict[tuple[str, str], dict[str, dict[str, Any]]]] = {}
    for row in report.records():
        host = (row["initiator"] or "", row["host"] or "")
        svm = cells.setdefault((row["cluster"], row["svm"] or ""), {})
        svm.setdefault(host, {})[row["interface"] or ""] = row
    parts = [
        table.render(_table(report, cluster, svm, hosts, room), width)
        for (cluster, svm), hosts in cells.items()
    ]
    rest = replace(report, title="", columns=(), rows=[])
    return "\n".join([*parts, table.render(rest, width)])


def _table(
    report: Report, cluster: str, svm: str, hosts: dict[Any, dict[Any, Any]], room: int
) -> Report:
    across = {name: row for of_host in hosts.values() for name, row in of_host.items()}
    names = sorted(across)
    heads = [
        escape_controls("/".join(filter(None, (name, across[name]["node"])))) for name in names
    ]
    rows = [
        (f"{initiator} ({host})" if host else initiator, *(_cell(told.get(name)) for name in names))
        for (initiator, host), told in sorted(hosts.items())
    ]
    lines = [("initiator", *heads), *rows]
    wide = sum(max(len(cell) for cell in column) + 2 for column in zip(*lines, strict=True))
    if wide > room:
        rows = [(who, *(cell.split()[0] for cell in rest)) for who, *rest in rows]
    return replace(
        report,
        title=f"{cluster}, {escape_controls(svm)}: sessions of each host on each interface",
        columns=tuple(Column(head, head, "VARCHAR") for head in ("initiator", *heads)),
        rows=rows,
        coverage=[],
    )


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or not row["sessions"]:
        return _EMPTY
    return " ".join([str(row["sessions"]), *row["host_addresses"]])
