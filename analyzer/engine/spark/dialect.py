"""DuckDB's SQL in Spark's words.

Every column is traced to its table and every expression to its type first, so that what follows
is about what an expression is, and not about how it was written. What DuckDB and Spark
understand differently is mended then, by ``shape`` and ``expressions``; no query knows of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from analyzer.engine.engine import Values
from analyzer.engine.spark import expressions, shape
from analyzer.errors import UsageError

_WORD = re.compile(r"\w+")
_KINDS = {bool: "boolean", int: "bigint", float: "double", str: "varchar", datetime: "timestamp"}


@dataclass(frozen=True, slots=True)
class SparkPart:
    """A relation of a statement, and those that it uses, each as often as it does.

    *grows* is what a recursive one adds to itself, round by round.
    """

    name: str
    sql: str
    uses: tuple[str, ...]
    grows: str | None = None


@dataclass(frozen=True, slots=True)
class SparkStatement:
    """A statement in Spark's words: relations, each standing on those before it, and the last."""

    parts: tuple[SparkPart, ...]
    sql: str
    uses: tuple[str, ...]


def translate(text: str, tables: Mapping[str, Mapping[str, str]], bound: Values) -> SparkStatement:
    """A statement over *tables* (name, column, DuckDB type) with the parameters *bound*.

    Raises:
        UsageError: there is no saying it in Spark's words; says what.
    """
    # Tables that the text does not name take longer to prepare than it takes to parse.
    words = {*_WORD.findall(text.lower())}
    schema = tuple(
        (name, tuple(columns.items())) for name, columns in tables.items() if name.lower() in words
    )
    kinds = tuple((name, _KINDS.get(type(value))) for name, value in bound.items())
    return _translated(text, schema, kinds)


@lru_cache(maxsize=256)
def _translated(
    text: str,
    tables: tuple[tuple[str, tuple[tuple[str, str], ...]], ...],
    bound: tuple[tuple[str, str | None], ...],
) -> SparkStatement:
    schema = MappingSchema({name: dict(columns) for name, columns in tables}, dialect="duckdb")
    kinds = dict(bound)
    try:
        # A text that ends in '' is not read whole without a line's end.
        tree: exp.Expr = sqlglot.parse_one(f"{text}\n", read="duckdb")
        for node in list(tree.find_all(exp.Placeholder)):
            kind = kinds.get(node.name)
            if kind is not None:
                node.replace(exp.cast(node.copy(), kind, dialect="duckdb"))
        shape.plain(tree)
        tree = qualify(tree, schema=schema, dialect="duckdb", quote_identifiers=False)
        tree = annotate_types(tree, schema=schema, dialect="duckdb")
        return _statement(expressions.mended(shape.mended(tree)))
    except SqlglotError as error:
        raise UsageError(f"cannot be said in Spark's SQL: {error}") from error


def _statement(tree: exp.Expr) -> SparkStatement:
    top = tree.args.get("with_")
    relations = top.expressions if top is not None else []
    tree.set("with_", None)
    names = {cte.alias for cte in relations}
    parts = []
    for cte in relations:
        body, uses, grows = cte.this, _uses(cte.this, names), None
        if cte.alias in uses:
            body, grows = body.this, _text(body.expression)
        others = tuple(name for name in uses if name != cte.alias)
        parts.append(SparkPart(cte.alias, _text(body), others, grows))
    uses = _uses(tree, names)
    return SparkStatement(tuple(parts), _text(tree), uses)


def _uses(tree: exp.Expr, names: set[str]) -> tuple[str, ...]:
    return tuple(table.name for table in tree.find_all(exp.Table) if table.name in names)


def _text(tree: exp.Expr) -> str:
    """What it is in Spark's words; the tree is of no use after that."""
    return tree.sql("spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE, copy=False)
