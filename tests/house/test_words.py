"""A variable or a function is named for what it is, never for the fact that somebody said or did it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAYINGS = {
    "told", "asked", "found", "known", "given", "kept", "made", "one", "said", "says", "heard",
}  # fmt: skip


def variables(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a name is bound: assigned, looped over, caught, taken as a parameter, or a function's."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


@pytest.mark.parametrize("folder", ["analyzer", "benchmarks", "docs", "tests"])
def test_no_variable_says_only_that_somebody_said_it(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert len(paths) > 1
    sayings = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in paths
        for line, name in variables(ast.parse(path.read_text(encoding="utf-8")))
        if name.strip("_").lower() in SAYINGS
    ]
    assert sayings == []
