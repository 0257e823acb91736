"""Reading TOML that people write: every error names the file, the key and the nearest one."""

import difflib
from datetime import timedelta
from pathlib import Path
from typing import Any

from analyzer import clock
from analyzer.errors import UsageError

_KINDS = {str: "text", bool: "true or false", dict: "a table"}


def near(word: str, known: Any) -> str:
    """The nearest known word, or all of them."""
    nearest = difflib.get_close_matches(word, list(known), 1)
    return (
        f"; did you mean '{nearest[0]}'?" if nearest else f"; known are {', '.join(sorted(known))}"
    )


def only(path: Path, at: str, told: Any, known: set[str]) -> None:
    """No key but the known ones."""
    if not isinstance(told, dict):
        raise UsageError(f"{path}: '{at.strip('.: ')}' must be a table")
    for key in told:
        if key not in known:
            raise UsageError(f"{path}: {at}unknown key '{key}'{near(key, known)}")


def tables(path: Path, told: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """An array of tables."""
    found = told.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UsageError(f"{path}: '{key}' is written [[{key}]]")
    return found


def get(path: Path, told: dict[str, Any], key: str, kind: type, *default: Any, at: str = "") -> Any:
    """A value of one type; without a default it must be there."""
    if key not in told:
        if default:
            return default[0]
        raise UsageError(f"{path}: {at}'{key}' is missing")
    if not isinstance(told[key], kind):
        raise UsageError(f"{path}: {at}'{key}' must be {_KINDS[kind]}")
    return told[key]


def file(path: Path, told: dict[str, Any], key: str, *, at: str = "") -> Path | None:
    """A path, relative to the file that names it, or None."""
    name = get(path, told, key, str, None, at=at)
    if name == "":
        raise UsageError(f"{path}: {at}'{key}' names no file")
    return None if name is None else beside(path, name)


def number(
    path: Path, at: str, told: dict[str, Any], key: str, default: float, least: float, most: float
) -> float:
    """A number within bounds."""
    value = told.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise UsageError(f"{path}: {at}'{key}' is a number from {least} to {most}")
    return float(value)


def span(path: Path, told: dict[str, Any], key: str, *, at: str = "") -> timedelta | None:
    """A duration such as ``14d``, or None."""
    if key not in told:
        return None
    try:
        found = clock.duration(str(told[key]))
    except UsageError as error:
        raise UsageError(f"{path}: {at}'{key}': {error}") from error
    if not found:
        raise UsageError(f"{path}: {at}'{key}' is no time at all")
    return found


def beside(path: Path, name: str) -> Path:
    """A path that is relative to the file that names it."""
    return (path.resolve().parent / Path(name).expanduser()) if name else path
