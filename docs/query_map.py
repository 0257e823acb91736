"""Writes ``queries/README.md``: which query stands on which, in an order to read them in.

``python docs/query_map.py`` rewrites it; a test compares.
"""

from analyzer.report import compose, header
from analyzer.report.header import Query

PAGE = header.home() / "README.md"
FAMILIES = {
    ".": "Numbers that verdicts turn on",
    "coverage": "What is known, and what is not",
    "history": "What broke, and what came back",
    "instant": "What is wrong now",
    "capacity": "What grows",
    "monitor": "Numbers for monitors",
}


def _order(queries: dict[str, Query], models: dict[str, Query]) -> list[Query]:
    """The queries, each after those that it stands on."""
    ordered: dict[str, Query] = {}
    for query in queries.values():
        for below in (*compose.order(query, models), query):
            ordered.setdefault(below.name, below)
    return [query for name, query in ordered.items() if name in queries]


def _link(query: Query) -> str:
    return f"[{query.name}]({query.path.relative_to(PAGE.parent)})"


def _rows(queries: list[Query], models: dict[str, Query]) -> list[str]:
    lines = ["| query | what it is | stands on | tables |", "| --- | --- | --- | --- |"]
    for query in queries:
        used = sorted(query.statement.tables - {query.name})
        below = ", ".join(_link(models[name]) for name in used if name in models)
        tables = ", ".join(f"`{name}`" for name in used if name not in models)
        lines.append(f"| {_link(query)} | {query.title} | {below} | {tables} |")
    return lines


def page() -> str:
    """The whole page."""
    models, reports = header.models(), header.reports()
    lines = [
        "# Queries",
        "",
        "A report is a `.sql` file in this folder; what several reports need is a model in a folder",
        "below. Models are made one after the other as temporary tables, so each may be read, and",
        "queried, on its own. Within a table below, every query stands only on those above it and on",
        "tables before: read from the top. How a file is written:",
        "[Writing a report](../docs/writing-a-report.md); every column:",
        "[Reference](../docs/reference.md).",
        "",
        "Made by `docs/query_map.py` from the files themselves; a test compares.",
    ]
    for folder, title in FAMILIES.items():
        family = {
            name: model
            for name, model in models.items()
            if model.path.parent == PAGE.parent / "model" / folder
        }
        lines += ["", f"## {title}", "", *_rows(_order(family, models), models)]
    for group in header.GROUPS:
        lines += ["", f"## Reports: {group}", ""]
        lines += _rows([report for report in reports.values() if report.group == group], models)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
