"""What a query stands on: its models in order, their parameters, one statement of all."""

import re
from collections.abc import Mapping
from functools import lru_cache

from analyzer.errors import UsageError
from analyzer.report.header import Parameter, Query

_WORDS = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
_REFERENCE = re.compile(r'\b(?:from|join)\s+"?([a-z_][a-z0-9_]*)"?', re.IGNORECASE)

Models = Mapping[str, Query]


@lru_cache(maxsize=512)
def _tables(text: str) -> frozenset[str]:
    """The names of tables, models and relations of its own that a statement reads from."""
    return frozenset(name.lower() for name in _REFERENCE.findall(_WORDS.sub(" ", text)))


def order(query: Query, models: Models) -> list[Query]:
    """The models that *query* stands on, each after those that it stands on itself.

    Raises:
        UsageError: models stand on each other in a circle.
    """
    ordered: dict[str, Query] = {}
    _visit(query, models, ordered, ())
    return list(ordered.values())


def _visit(query: Query, models: Models, ordered: dict[str, Query], above: tuple[str, ...]) -> None:
    for name in sorted(_tables(query.text) & models.keys()):
        if name == query.name:
            continue
        if name in above:
            raise UsageError(f"{query.path}: stands on itself by way of {' and '.join(above)}")
        if name not in ordered:
            _visit(models[name], models, ordered, (*above, name))
            ordered[name] = models[name]


def parameters(query: Query, models: Models) -> dict[str, Parameter]:
    """The parameters that the query declares, and those of the models under it."""
    inherited: dict[str, Parameter] = {}
    for model in order(query, models):
        inherited |= model.params
    return inherited | query.params


def inputs(query: Query, models: Models) -> frozenset[str]:
    """Every name that the query and the models under it read from, whatever it is the name of."""
    return _tables(query.text).union(*(_tables(model.text) for model in order(query, models)))


def statement(query: Query, models: Models) -> str:
    """One statement: the models that the query stands on, in order, then the query itself."""
    below = order(query, models)
    if not below:
        return query.text
    parts = [f"{model.name} as (\n{model.text.strip().rstrip(';')}\n)" for model in below]
    rest = _body(query.text)
    opening = re.match(r"\s*with\s+(recursive\s+)?", rest, re.IGNORECASE)
    joined = ", ".join(parts)
    if opening:
        return f"with {opening.group(1) or ''}{joined}, {rest[opening.end() :]}"
    return f"with {joined}\n{rest}"


def _body(text: str) -> str:
    """The SQL behind the header, from its first word on."""
    return re.sub(r"\A(?:\s*--[^\n]*\n)+", "", text).strip().rstrip(";")
