"""Options that name things: what people write finds names in the history, or is refused.

An initiator is found by its name or a part of it, by what follows the colon in it, by an alias,
an address, or what the policy calls its host. Models say which names there are.
"""

import difflib
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from analyzer.engine.engine import Values
from analyzer.errors import UsageError
from analyzer.pattern import like, matches
from analyzer.report.header import Query
from analyzer.text import did_you_mean

if TYPE_CHECKING:
    from analyzer.report.catalog import Catalog  # stands on this module

# The model of each filter's names, and the parameters that it takes.
FILTERS: dict[str, tuple[str, dict[str, str]]] = {
    "svm": ("svm_names", {}),
    "initiator": ("initiator_names", {}),
    "interface": ("object_names", {"kind": "interface"}),
    "node": ("object_names", {"kind": "node"}),
}
_MOST = 200  # patterns and stars of one filter
MODELS = ("initiator_names",)  # that conditions on rows read


def params(catalog: "Catalog", query: Query, values: Values) -> Values:
    """The values of a query, those that name things as patterns that match something.

    Raises:
        UsageError: one matches nothing in the history; names the nearest.
    """
    expanded = dict(values)
    for name, parameter in query.params.items():
        value = values.get(name, parameter.default)
        if parameter.names is not None and value != parameter.default:
            if parameter.names not in catalog.models:
                raise UsageError(f"{query.path}: there is no model '{parameter.names}'")
            option = f"--{name.replace('_', '-')}"
            expanded[name] = _pattern(catalog, option, str(value), parameter.names, values)
    return expanded


def filters(
    catalog: "Catalog", query: Query, wildcards: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Filters of rows, as patterns that match something in the history.

    Raises:
        UsageError: the query has no such column, or one matches nothing; names the nearest.
    """
    patterns = {}
    for name, texts in wildcards.items():
        if texts and (name not in query.filters or name not in FILTERS):
            raise UsageError(f"report {query.name} has no column '{name}' to filter by")
        if texts:
            patterns[name] = [
                _pattern(catalog, f"--{name}", text, *FILTERS[name]) for text in texts
            ]
    return patterns


def check_bound(filters: Mapping[str, Sequence[str]]) -> None:
    """See that what it costs to plan and run a client's request does not grow beyond any bound.

    Raises:
        UsageError: a filter has too many patterns, or stars in them.
    """
    for name, patterns in filters.items():
        if sum(1 + pattern.count("*") for pattern in patterns) > _MOST:
            raise UsageError(f"{name}: more than {_MOST} patterns and stars: send fewer at once")


def ignored(
    catalog: "Catalog", query: Query, rows: list[tuple[Any, ...]], texts: Sequence[str]
) -> tuple[list[tuple[Any, ...]], dict[str, int]]:
    """The rows without those whose *ignore* column matches a wildcard; how many each one hid.

    Raises:
        UsageError: the report has no such column, or one is no word of it; names the nearest.
    """
    if not texts:
        return rows, {}
    if query.ignore is None:
        raise UsageError(f"report {query.name} has no column to ignore rows by")
    column, place = query.ignore.column, list(query.columns).index(query.ignore.column)
    if query.ignore.names not in catalog.models:
        raise UsageError(f"{query.path}: there is no model '{query.ignore.names}'")
    words = [
        row["name"] for row in catalog.run_query(catalog.models[query.ignore.names], {}).records()
    ]
    for text in texts:
        if not any(matches(text, word) for word in words):
            raise UsageError(f"--ignore: '{text}' is no {column}{did_you_mean(text, words)}")
    counts = dict.fromkeys(texts, 0)
    shown = []
    for row in rows:
        hiding = next((text for text in texts if matches(text, str(row[place]))), None)
        if hiding is None:
            shown.append(row)
        else:
            counts[hiding] += 1
    return shown, counts


def _pattern(catalog: "Catalog", option: str, text: str, model: str, values: Values) -> str:
    """The wildcard that matches what *text* names."""
    if text == "*":
        return text
    if not text:  # an empty variable of a script
        raise UsageError(f"{option}: '' is nobody's name; leave it out, or write '*', to mean all")
    rows = catalog.run_query(catalog.models[model], values).records()
    text = _address(text)
    if any(matches(text, row["name"]) for row in rows):
        return text
    if "*" not in text and any(row["part"] and text.lower() in row["name"] for row in rows):
        return f"*{text}*"
    near = difflib.get_close_matches(text.lower(), {row["name"] for row in rows}, 3, cutoff=0.0)
    nearest = f"; the nearest are {', '.join(near)}" if near else ""
    raise UsageError(f"{option}: nothing in the history is called '{text}'{nearest}")


def _address(text: str) -> str:
    """An address in its normal form; any other text as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def conditions(
    patterns: Mapping[str, Sequence[str]], columns: Mapping[str, str], unjudged: str | None
) -> tuple[str, dict[str, str]]:
    """The condition on rows, and its parameters; initiators of ``members`` count as the row's.

    A row whose column *unjudged* is null says what could not be judged, so that it passes the filters
    of all that it leaves open.
    """
    bound: dict[str, str] = {}
    every = []
    for column, texts in patterns.items():
        tests = []
        for k, text in enumerate(texts):
            name = f"{column}_is_{k}"
            bound[name] = like(text)
            if column != "initiator":
                tests.append(f"lower({column}) like ${name} escape '^'")
                continue
            everyone = f"from initiator_names where name like ${name} escape '^'"
            if "initiator" in columns:
                tests.append(f"initiator in (select initiator {everyone})")
            if "members" in columns:
                tests.append(f"list_has_any(members, (select list(distinct initiator) {everyone}))")
        if unjudged is not None and column in columns:
            tests.append(f"({unjudged} is null and {column} is null)")
        every.append(f"({' or '.join(tests)})")
    return " and ".join(every), bound
