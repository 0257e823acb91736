"""One SELECT, parsed: the tables that it reads, and its parameters.

DuckDB's own parser reads what somebody else wrote (``parse``). It builds a tree in C++ and another
in Python, which for all models under a report takes longer than to plan them; the program's own
statements are read by their words (``own``). Tests hold that both read the same in every query file.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from analyzer.errors import UsageError

if TYPE_CHECKING:
    import _duckdb as duckdb

# Table functions that compute rows from their arguments. All others read files or the catalog.
_HARMLESS = {
    "generate_series", "json_each", "json_tree", "range", "repeat", "summary", "unnest",
}  # fmt: skip
# Parts of a statement that only read. A CTE may also insert, update, delete, or copy to a file.
_READS = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}
_NO_SELECT = "it is not one SELECT; nothing else is run"

_NO_CODE = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
# Behind the keyword, since a pattern that begins with letters is found ten times faster.
_TABLE = re.compile(r"(?:from|join)(?<!\w.{4})(?<!distinct from)\s+([a-z_]\w*)\b(?!\s*\()")
_PARAMETER = re.compile(r"\$([a-z_]\w*)")


class Statement(msgspec.Struct, frozen=True):
    """One SELECT: its text, the tables it reads (not its own CTEs), and its ``$parameters``.

    *where* names it in errors.
    """

    text: str
    where: object
    tables: frozenset[str]
    parameters: frozenset[str]

    def filtered(self, condition: str, parameters: Iterable[str]) -> "Statement":
        """Its rows that meet *condition*, which has *parameters* of its own."""
        text = f"select * from (\n{self.text}\n) where {condition}"
        return replace(self, text=text, parameters=self.parameters.union(parameters))


@cache
def _parser() -> "duckdb.DuckDBPyConnection":
    import _duckdb as duckdb  # noqa: PLC0415  # a list of reports needs no engine

    return duckdb.connect()


def parse(text: str, where: object = "the statement") -> Statement:
    """Read one SELECT that anybody wrote.

    Raises:
        UsageError: it is not one SELECT, or looks at more than tables; *where* names it.
    """
    try:
        tables, parameters = _parse(text)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return Statement(text, where, tables, parameters)


@lru_cache(maxsize=1024)
def own(text: str, where: object = "the statement") -> Statement:
    """A SELECT of the program's own, as sqlfmt writes it: a table stands behind from or join."""
    code = _NO_CODE.sub("", text)
    tables = frozenset(name for name in _TABLE.findall(code) if f" {name} as (" not in code)
    return Statement(text, where, tables, frozenset(_PARAMETER.findall(code)))


@lru_cache(maxsize=1024)
def _parse(text: str) -> tuple[frozenset[str], frozenset[str]]:
    # A cursor of its own: several threads may parse.
    try:
        text.encode()
    except UnicodeEncodeError as error:  # an argument that was no text
        raise UsageError("it is not UTF-8") from error
    (tree,) = _parser().cursor().execute("select json_serialize_sql($1)", [text]).fetchone() or ()
    parsed = json.loads(tree)
    if parsed["error"]:
        if "Only SELECT" in parsed["error_message"]:
            raise UsageError(_NO_SELECT)
        raise UsageError(f"Parser Error: {parsed['error_message']}")
    if len(parsed["statements"]) != 1:
        raise UsageError(_NO_SELECT)
    (statement,) = parsed["statements"]
    tables: set[str] = set()
    for kind, name in _names(statement["node"], frozenset()):
        if kind == "table":
            tables.add(name)
        elif kind == "write":
            raise UsageError(_NO_SELECT)
        elif name not in _HARMLESS:
            raise UsageError(f"{name}() is refused: only the tables of the store can be read")
    parameters = frozenset(item["key"] for item in statement.get("named_param_map", ()))
    return frozenset(tables), parameters


def _names(node: Any, own: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Kind and name of every table, table function and write; *own* are the statement's CTEs."""
    if isinstance(node, list):
        for item in node:
            yield from _names(item, own)
    elif isinstance(node, dict):
        yield from _name(node, own)
        if node.get("type") == "RECURSIVE_CTE_NODE":
            own |= {node["cte_name"].lower()}
        for item in (node.get("cte_map") or {}).get("map", ()):
            yield from _names(item["value"], own)
            own |= {item["key"].lower()}
        for key, value in node.items():
            if key != "cte_map":
                yield from _names(value, own)


def _name(node: dict[str, Any], own: frozenset[str]) -> Iterator[tuple[str, str]]:
    match node.get("type"):
        case str(kind) if kind.endswith("_NODE") and kind not in _READS:
            yield "write", kind
        case "BASE_TABLE" if len(node["qualified_name"]["path"]) == 1:
            name = node["table_name"].lower()
            if name not in own:
                yield "table", name
        case "TABLE_FUNCTION":
            yield "function", node["function"]["function_name"].lower()
