"""The dependencies of a query: its models in topological order."""

from collections.abc import Mapping

from analyzer.errors import UsageError
from analyzer.report.header import Parameter, Query

Models = Mapping[str, Query]


def order(query: Query, models: Models) -> list[Query]:
    """The models that *query* reads, each after those that it reads itself (topological order).

    Raises:
        UsageError: models stand on each other in a circle, or one of the files is no SELECT.
    """
    ordered: dict[str, Query] = {}
    _visit(query, models, ordered, ())
    return list(ordered.values())


def _visit(query: Query, models: Models, ordered: dict[str, Query], above: tuple[str, ...]) -> None:
    for name in sorted(query.statement.tables & models.keys()):
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


def bound_names(query: Query, models: Models) -> frozenset[str]:
    """The parameters that the SQL of the query, and of the models under it, binds."""
    return query.statement.parameters.union(
        *(model.statement.parameters for model in order(query, models))
    )


def inputs(query: Query, models: Models) -> frozenset[str]:
    """Every table that the query and the models under it read, models included."""
    return frozenset().union(*(item.statement.tables for item in (query, *order(query, models))))


def script(query: Query, models: Models) -> str:
    """The statements that make the query's rows: its models as temporary tables, then itself."""
    below = [
        f"create temp table {model.name} as\n{body(model)};\n" for model in order(query, models)
    ]
    return "\n".join([*below, body(query)]) + "\n"


def body(query: Query) -> str:
    """The SQL without the header."""
    _, _, text = query.text.partition("\n-- ///")
    return text.strip().rstrip(";")
