"""A query file: SQL behind a header that says all that the program must know of it.

The header is TOML in SQL comments, fenced like PEP 723 script metadata, so that the file is
valid SQL and opens in any editor. Files in ``queries/`` are reports, files in
``queries/model/`` are relations that reports stand on. The program knows no report by name: what
alerts, maintenance, the page and the pictures need of one stands here.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from analyzer.config import toml
from analyzer.engine import statement
from analyzer.engine.statement import Statement
from analyzer.errors import UsageError
from analyzer.pattern import like
from analyzer.report.times import BEFORE_LOSSES, STANDARD, TIMES, Time, TimeOption
from analyzer.text import did_you_mean, steers

_FENCE = re.compile(r"\A(?:--[ \t]*\n|\s)*-- /// query\n((?:--.*\n)*?)-- ///[ \t]*\n")
_NAME = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*")
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}

Group = Literal["Incident", "Now and before a change", "Capacity", "Who is this", "Data quality"]
GROUPS: tuple[str, ...] = get_args(Group)


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A query's own parameter; the type of its default is its type.

    A number is from *minimum* to *maximum*, where the header names them. One of kind ``pattern`` is
    bound as a pattern for ``like $name escape '^'``, in lower case; *names* is the model whose
    column ``name`` has what it must match.
    """

    default: bool | int | float | str
    help: str
    choices: tuple[str, ...] = ()
    kind: Literal["value", "pattern"] = "value"
    names: str | None = None
    minimum: int | None = None
    maximum: int | None = None

    @property
    def limits(self) -> dict[str, int]:
        """The limits that it has, by their names."""
        both = {"minimum": self.minimum, "maximum": self.maximum}
        return {name: limit for name, limit in both.items() if limit is not None}

    def bound(self, value: object) -> object:
        """The value that is bound in SQL."""
        return like(str(value)) if self.kind == "pattern" else value

    def parse(self, name: str, text: str) -> object:
        """The value that *text* stands for.

        Raises:
            UsageError: it is not of the default's type.
        """
        kind = type(self.default)
        try:
            if kind is bool:
                return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
            return kind(text)
        except (KeyError, ValueError) as error:
            raise UsageError(f"{name}: '{text}' is not {_KINDS[kind]}") from error

    def check(self, name: str, value: Any) -> None:
        """Whether it may have this value.

        Raises:
            UsageError: it is of another type, none of the choices, or out of range.
        """
        kind = type(self.default)
        if type(value) not in ({int, float} if kind is float else {kind}):
            raise UsageError(f"{name}: '{value}' is not {_KINDS[kind]}")
        if self.choices and value not in self.choices:
            raise UsageError(f"{name}: '{value}' is not one of {', '.join(self.choices)}")
        if self.minimum is not None and not value >= self.minimum:  # nor is NaN
            raise UsageError(f"{name}: {value} is less than {self.minimum}")
        if self.maximum is not None and not value <= self.maximum:
            raise UsageError(f"{name}: {value} is more than {self.maximum}")


class StatusSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The section of a report in ``analyzer status``: its findings above info, in the order of *place*.

    *none* is said where there are none, *some* before the count of those that there are; with
    *ended*, what is over is shown too; one that looks back to the *baseline* is there where a mark
    is that.
    """

    place: int
    label: str
    none: str = "none"
    some: str = ""
    ended: bool = False
    baseline: bool = False


class Ignorable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The columns of ``--ignore``: one of the report, and the model whose column ``name`` has its words."""

    column: str
    names: str


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The header of a query file; docs/writing-a-report.md explains each key."""

    title: str
    description: str = ""
    time: Time = "always"
    before: str | None = None
    kind: Literal["finding", "table"] = "table"
    group: Group | None = None
    needs: tuple[str, ...] = ()
    cannot_see: str | None = None
    params: dict[str, Parameter] = {}
    columns: Annotated[dict[str, str], msgspec.Meta(min_length=1)]
    brief: tuple[str, ...] = ()
    overview: str | None = None
    part_of: str | None = None
    series: str | None = None
    identity: tuple[str, ...] = ()
    ignore: Ignorable | None = None
    began: tuple[str, str] | None = None
    ended: tuple[str, ...] = ()
    check: bool = True
    not_judged: str | None = None
    unjudged_if_null: str | None = None
    picture: str | None = None
    page: int | None = None
    status: StatusSection | None = None
    evidence: bool = False
    only: Literal["duckdb"] | None = None


class Query(Header, frozen=True, kw_only=True):
    """One query file; *text* is all of it. *shipped* is one that came with the program."""

    name: str
    path: Path
    text: str
    shipped: bool = False

    @property
    def statement(self) -> Statement:
        """The query parsed.

        Raises:
            UsageError: it is not one SELECT, or looks at more than tables.
        """
        read = statement.own if self.shipped else statement.parse
        return read(self.text, self.path)

    @property
    def filters(self) -> tuple[str, ...]:
        """The options that select rows of it, beside its own parameters."""
        there = {
            "cluster": True,
            "svm": "svm" in self.columns,
            "initiator": bool({"initiator", "members"} & self.columns.keys()),
            "interface": "interface" in self.columns,
            "node": "node" in self.columns,
        }
        return tuple(name for name in there if there[name] and name not in self.params)

    @property
    def checked(self) -> bool:
        """Whether ``check`` runs it: a finding that needs no question put to it."""
        return self.kind == "finding" and self.check and self.time != "pair"

    @property
    def time_options(self) -> dict[str, TimeOption]:
        if self.before is None:
            return TIMES[self.time]
        return TIMES[self.time] | {"before": BEFORE_LOSSES}


def bare(text: str, where: object) -> Query:
    """A statement without a header; *where* names it in errors."""
    return Query(name="", title="", columns={}, path=Path(str(where)), text=text)


def parse(path: Path, *, shipped: bool = False) -> Query:
    """Read one query file; *shipped* is one that came with the program.

    Raises:
        UsageError: it does not say what it must; names the file and the key.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: cannot be read: no regular file")  # a pipe is waited for
    text = toml.read(path)
    fenced = _FENCE.match(text)
    if not fenced:
        raise UsageError(f"{path}: does not open with a '-- /// query' block")
    block = re.sub(r"(?m)^-- ?", "", fenced.group(1))
    # 'over' is the word for 'time' in files of the first version.
    header = toml.loads(re.sub(r"(?m)^over(?= *=)", "time", block), Header, path)
    for key, value in msgspec.to_builtins(header).items() if not shipped else ():
        if steers(value):
            raise UsageError(f"{path}: '{key}' holds a control character")
    fields = {name: getattr(header, name) for name in Header.__struct_fields__} | {
        "description": header.description.strip(),
        "cannot_see": _unwrapped(header.cannot_see or "") or None,
        "columns": {name: _unwrapped(sentence) for name, sentence in header.columns.items()},
        "params": {
            name: msgspec.structs.replace(parameter, help=_unwrapped(parameter.help))
            for name, parameter in header.params.items()
        },
    }
    query = Query(name=path.stem, path=path, text=text, shipped=shipped, **fields)
    _check(query)
    return query


def _unwrapped(sentence: str) -> str:
    """A sentence that the header wraps over several lines, on one."""
    return " ".join(sentence.split())


def _check(query: Query) -> None:
    """Rules that types cannot express: named columns exist, and a parameter's name is its own."""
    named = {
        "brief": query.brief,
        "series": (query.series,) if query.series else (),
        "identity": query.identity,
        "unjudged_if_null": (query.unjudged_if_null,) if query.unjudged_if_null else (),
        "ignore": (query.ignore.column,) if query.ignore else (),
        "began": query.began or (),
        "ended": ("status",) if query.ended else (),
    }
    for key, names in named.items():
        for name in names:
            if name not in query.columns:
                raise UsageError(f"{query.path}: '{key}' names '{name}', which is no column")
    for name, parameter in query.params.items():
        if name in STANDARD:
            raise UsageError(
                f"{query.path}: parameter '{name}' is passed to every query; do not declare it"
            )
        if isinstance(parameter.default, bool | str) and parameter.limits:
            raise UsageError(
                f"{query.path}: '{name}' is no number; it has no {' or '.join(parameter.limits)}"
            )
        parameter.check(f"{query.path}: the default of '{name}'", parameter.default)


@cache
def home() -> Path:
    """The folder of queries that came with the program, in a wheel or in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "queries"
    return inside if inside.is_dir() else package.parent / "queries"


def _files(folder: Path) -> list[Path]:
    pattern = "**/*.sql" if folder.name == "model" else "*.sql"
    return [path for path in sorted(folder.glob(pattern)) if not path.name.startswith(".")]


class Queries(Mapping[str, Query]):
    """Query files by name, each parsed on first access (lazily): a report needs few of them."""

    def __init__(self, paths: Mapping[str, Path], parsed: dict[Path, Query]) -> None:
        """Those of *paths*; *parsed* are those read so far, all that did not come with the program."""
        self._paths = dict(sorted(paths.items()))
        self._parsed = parsed

    def __getitem__(self, name: str) -> Query:
        path = self._paths[name]
        if path not in self._parsed:
            self._parsed[path] = parse(path, shipped=True)
        return self._parsed[path]

    def __contains__(self, name: object) -> bool:
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def without(self, names: Collection[str]) -> "Queries":
        paths = {name: path for name, path in self._paths.items() if name not in names}
        return Queries(paths, self._parsed)


@cache
def _discover(folders: tuple[Path, ...]) -> Queries:
    paths: dict[str, Path] = {}
    parsed: dict[Path, Query] = {}
    for folder in folders:
        shipped = folder.is_relative_to(home())
        for path in _files(folder):
            if not _NAME.fullmatch(path.stem):
                raise UsageError(f"{path}: a query is named in lower case, digits and dashes")
            if not shipped:
                parsed[path] = parse(path)  # mistakes of somebody else's file are reported at once
            paths[path.stem] = path
    return Queries(paths, parsed)


def reports(more: Iterable[Path] = ()) -> Queries:
    """Every report by name: those that came with the program, then those of *more* folders.

    Raises:
        UsageError: a file among them is malformed, or a folder is not there.
    """
    return _discover(_folders(more))


def grouped(queries: Mapping[str, Query]) -> dict[str, list[Query]]:
    """The reports by their group; those without a group last."""
    groups: dict[str, list[Query]] = {name: [] for name in GROUPS}
    for query in queries.values():
        groups.setdefault(query.group or "Other", []).append(query)
    return {name: members for name, members in groups.items() if members}


def models(more: Iterable[Path] = ()) -> Queries:
    """Every model by name, from the ``model`` folder beside the reports."""
    return _discover(tuple(folder / "model" for folder in _folders(more)))


def check_thresholds(names: Iterable[str], queries: Mapping[str, Query]) -> None:
    """See that every threshold that a policy overrides is a column of the model.

    Raises:
        UsageError: one is not; names the nearest.
    """
    for name in names:
        if name not in (columns := queries["thresholds"].columns):
            raise UsageError(f"policy: unknown threshold '{name}'{did_you_mean(name, columns)}")


def _folders(more: Iterable[Path]) -> tuple[Path, ...]:
    folders = (home(), *more)
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: there is no such folder of queries")
    return folders
