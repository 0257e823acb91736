"""A ``.sql`` file and what its header says.

The header is TOML in SQL comments, fenced like PEP 723 script metadata, so that the file is
valid SQL and opens in any editor. Files in ``queries/`` are reports, files in
``queries/model/`` are relations that reports stand on.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from analyzer.errors import UsageError

_FENCE = re.compile(r"\A(?:--[ \t]*\n|\s)*-- /// query\n((?:--.*\n)*?)-- ///[ \t]*\n")
_NAME = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*")
_WORDS = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
_REFERENCE = re.compile(r'\b(?:from|join)\s+"?([a-z_][a-z0-9_]*)"?', re.IGNORECASE)
_KEYS = {
    "title", "description", "over", "kind", "needs", "cannot_see", "params", "columns", "rule",
    "brief", "series", "only",
}  # fmt: skip

OVER = ("window", "pair", "instant", "always")
STANDARD = ("since", "until", "at", "before", "after", "now")


@dataclass(frozen=True, slots=True)
class Param:
    """A query's own parameter; the type of its default is its type."""

    name: str
    default: Any
    help: str


@dataclass(frozen=True, slots=True)
class Query:
    """One query file.

    *brief* are the columns of the table for people, the telling ones first; *series* is the one
    whose course is drawn.
    """

    name: str
    path: Path
    title: str
    description: str
    over: str
    kind: str
    needs: tuple[str, ...]
    cannot_see: str | None
    params: tuple[Param, ...]
    columns: dict[str, str]
    text: str
    uses: frozenset[str] = field(default_factory=frozenset)
    brief: tuple[str, ...] = ()
    series: str | None = None
    only: str | None = None  # the one engine that it runs on

    @property
    def window(self) -> bool:
        return self.over == "window"


def parse(path: Path) -> Query:
    """Read one query file.

    Raises:
        UsageError: it does not say what it must; names the file and the key.
    """
    try:
        whole = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    found = _FENCE.match(whole)
    if not found:
        raise UsageError(f"{path}: does not open with a '-- /// query' block")
    try:
        header = tomllib.loads(re.sub(r"(?m)^-- ?", "", found.group(1)))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: the header is not TOML: {error}") from error
    return _query(path, header, whole)


def _query(path: Path, header: dict[str, Any], whole: str) -> Query:
    unknown = sorted(set(header) - _KEYS)
    if unknown:
        raise UsageError(f"{path}: the header has an unknown key '{unknown[0]}'")
    if not isinstance(header.get("title"), str):
        raise UsageError(f"{path}: the header has no 'title'")
    columns = header.get("columns", {})
    if not columns or not all(isinstance(sentence, str) for sentence in columns.values()):
        raise UsageError(f"{path}: the header's [columns] must give each column a sentence")
    over, kind = header.get("over", "always"), header.get("kind", "table")
    if header.get("only", "duckdb") != "duckdb":
        raise UsageError(f"{path}: 'only' names the one engine it runs on: duckdb")
    if over not in OVER:
        raise UsageError(f"{path}: 'over' is one of {', '.join(OVER)}, not '{over}'")
    if kind not in {"finding", "table"}:
        raise UsageError(f"{path}: 'kind' is finding or table, not '{kind}'")
    brief, series = tuple(header.get("brief", ())), header.get("series")
    for name in (*brief, *filter(None, [series])):
        if name not in columns:
            raise UsageError(f"{path}: 'brief' or 'series' names '{name}', which is no column")
    bare = _WORDS.sub(" ", whole)
    return Query(
        name=path.stem,
        path=path,
        title=header["title"],
        description=str(header.get("description", "")).strip(),
        over=over,
        kind=kind,
        needs=tuple(header.get("needs", ())),
        cannot_see=_folded(header["cannot_see"]) if "cannot_see" in header else None,
        params=_params(path, header.get("params", {})),
        columns={name: _folded(sentence) for name, sentence in columns.items()},
        text=whole,
        uses=frozenset(name.lower() for name in _REFERENCE.findall(bare)),
        brief=brief,
        series=series,
        only=header.get("only"),
    )


def _folded(text: str) -> str:
    """A sentence that the header wraps over several lines, on one."""
    return " ".join(text.split())


def _params(path: Path, declared: dict[str, Any]) -> tuple[Param, ...]:
    params = []
    for name, told in declared.items():
        if name in STANDARD:
            raise UsageError(
                f"{path}: parameter '{name}' is given to every query; do not declare it"
            )
        if not isinstance(told, dict) or set(told) != {"default", "help"}:
            raise UsageError(f"{path}: parameter '{name}' needs just 'default' and 'help'")
        params.append(Param(name, told["default"], _folded(told["help"])))
    return tuple(params)


def home() -> Path:
    """The folder of queries that came with the program, in a wheel or in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "queries"
    return inside if inside.is_dir() else package.parent / "queries"


def _files(folder: Path) -> list[Path]:
    pattern = "**/*.sql" if folder.name == "model" else "*.sql"
    return [path for path in sorted(folder.glob(pattern)) if not path.name.startswith(".")]


@cache
def _discover(folders: tuple[Path, ...]) -> dict[str, Query]:
    found: dict[str, Query] = {}
    for folder in folders:
        for path in _files(folder):
            if not _NAME.fullmatch(path.stem):
                raise UsageError(f"{path}: a query is named in lower case, digits and dashes")
            found[path.stem] = parse(path)
    return dict(sorted(found.items()))


def reports(more: Iterable[Path] = ()) -> dict[str, Query]:
    """Every report by name: those that came with the program, then those of *more* folders.

    Raises:
        UsageError: a file among them is malformed, or a folder is not there.
    """
    return _discover(_folders(more))


def models(more: Iterable[Path] = ()) -> dict[str, Query]:
    """Every model by name, from the ``model`` folder beside the reports."""
    return _discover(tuple(folder / "model" for folder in _folders(more)))


def _folders(more: Iterable[Path]) -> tuple[Path, ...]:
    folders = (home(), *more)
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: there is no such folder of queries")
    return folders


def compose(query: Query, known: dict[str, Query]) -> str:
    """One statement: the models that the query stands on, in order, then the query itself.

    Raises:
        UsageError: models stand on each other in a circle.
    """
    order: list[str] = []
    _visit(query, known, order, ())
    if not order:
        return query.text
    parts = [f"{name} as (\n{known[name].text.strip().rstrip(';')}\n)" for name in order]
    rest = _body(query.text)
    opening = re.match(r"\s*with\s+(recursive\s+)?", rest, re.IGNORECASE)
    joined = ", ".join(parts)
    if opening:
        return f"with {opening.group(1) or ''}{joined}, {rest[opening.end() :]}"
    return f"with {joined}\n{rest}"


def inputs(query: Query, known: dict[str, Query]) -> frozenset[str]:
    """Every name that the query and the models under it read from, whatever it is the name of."""
    order: list[str] = []
    _visit(query, known, order, ())
    return query.uses.union(*(known[name].uses for name in order))


def _body(text: str) -> str:
    """The SQL behind the header, from its first word on."""
    return re.sub(r"\A(?:\s*--[^\n]*\n)+", "", text).strip().rstrip(";")


def _visit(query: Query, known: dict[str, Query], order: list[str], above: tuple[str, ...]) -> None:
    for name in sorted(query.uses & known.keys()):
        if name == query.name:
            continue
        if name in above:
            raise UsageError(f"{query.path}: stands on itself by way of {' and '.join(above)}")
        if name not in order:
            _visit(known[name], known, order, (*above, name))
            order.append(name)


def typed(param: Param, text: str) -> object:
    """A value for *param* from the command line.

    Raises:
        UsageError: it is not of the default's type.
    """
    kind = type(param.default)
    try:
        if kind is bool:
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        if kind is datetime:
            return datetime.fromisoformat(text)
        return kind(text)
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(
            f"--{param.name.replace('_', '-')}: '{text}' is not a {kind.__name__}"
        ) from error
