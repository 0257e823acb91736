"""The pages' markup: Jinja2 that escapes everything, and what templates may call."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from analyzer.output import wording
from analyzer.output.value import cell
from analyzer.text import beginning, counted, escape_controls
from analyzer.version import __version__


@cache
def environment() -> Environment:
    """The one environment: autoescape for every file, no undefined name is silent."""
    templates = Environment(
        loader=PackageLoader("analyzer.console"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    templates.globals |= {"version": __version__, "view": None}
    templates.filters |= {
        "counted": counted,
        "harmless": escape_controls,
        "duration": wording.length,
        "short": beginning,
        "tail": _tail,
        "cell": lambda value: escape_controls(cell(value)),
    }
    return templates


def _tail(name: str, most: int = 34) -> str:
    """The end of a long name, which distinguishes initiators."""
    return name if len(name) <= most else f"…{name[-most:]}"


def render(name: str, /, **values: Any) -> str:
    """A template of ours with these values; text in them is escaped."""
    return environment().get_template(name).render(**values)
