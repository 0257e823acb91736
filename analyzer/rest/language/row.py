"""A row of a table as a record: dotted columns become objects, parallel lists become arrays.

The function that does it is written for each list of columns, as ``dataclasses`` write theirs: it
runs for every record of every page.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import count
from typing import Any

from analyzer.ontap.resource import Json
from analyzer.rest.language.selection import Tree, tree

Row = tuple[Any, ...]


@lru_cache(maxsize=256)
def shaper(arrays: frozenset[str], names: tuple[str, ...]) -> Callable[[Row], Json]:
    """A function from a row with these columns, in the resource's order, to a record.

    What is unset or empty is left out.
    """
    numbers = count()
    columns = {name: f"c{at}" for at, name in enumerate(names)}

    def fill(target: str, shape: Tree, above: str, values: Mapping[str, str]) -> list[str]:
        """Statements that set the members of *target*; *values* are the variables of columns."""
        lines = [f"{target} = {{}}"]
        for name, inner in shape.items():
            path, item = f"{above}{name}", f"o{next(numbers)}"
            if inner is None:
                test = f"{values[path]} is not None and {values[path]} != []"
                lines += [f"if {test}: {target}[{name!r}] = {values[path]}"]
                continue
            below = {column: values[column] for column in values if column.startswith(f"{path}.")}
            if path not in arrays:
                lines += fill(item, inner, f"{path}.", below)
                lines += [f"if {item}: {target}[{name!r}] = {item}"]
                continue
            first = next(iter(below.values()))
            elements = {column: f"{variable}_" for column, variable in below.items()}
            loop = f"for {', '.join(elements.values())}, in zip({', '.join(below.values())}):"
            body = [*fill(item, inner, f"{path}.", elements), f"{item}s.append({item})"]
            lines += [f"if {first}:", f"  {item}s = {target}[{name!r}] = []", f"  {loop}"]
            lines += [f"    {line}" for line in body]
        return lines

    body = [f"{', '.join(columns.values())}, = row", *fill("record", tree(names), "", columns)]
    source = "\n ".join(["def shape(row):", *body, "return record"])
    scope: dict[str, Callable[[Row], Json]] = {}
    exec(source, scope)  # noqa: S102  # of names that a resource declares
    return scope["shape"]
