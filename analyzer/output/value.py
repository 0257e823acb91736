"""How a value is written: as JSON, and as the text of one cell."""

import math
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from types import UnionType
from typing import Any

import msgspec

from analyzer import clock

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def to_json(value: Any) -> Any:
    """A value as ``encode`` takes it; what is not a number (NaN, infinity) is null."""
    if isinstance(value, dict):
        return {str(to_json(name)): to_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [to_json(inner) for inner in value]
    for type_, convert in _SCALARS:
        if isinstance(value, type_):
            return convert(value)
    return str(value)


def encode(value: Any, indent: int = 0) -> str:
    """What ``to_json`` gave as JSON text, numbers with all their digits; *indent* 0 is one line."""
    return msgspec.json.format(_ENCODER.encode(value), indent=indent).decode()


def _number(value: Decimal) -> int | Decimal | None:
    """The same number without the zeros that only say its type; a float would lose digits."""
    if not value.is_finite():
        return None
    digits = f"{value:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return Decimal(digits) if "." in digits else int(digits)


_SCALARS: tuple[tuple[type | UnionType, Callable[[Any], Any]], ...] = (
    (str | int | None, lambda value: value),  # bool is an int
    (float, lambda value: value if math.isfinite(value) else None),
    (date, clock.iso),  # and datetime
    (Decimal, _number),
    (time, time.isoformat),
    (bytes, bytes.hex),
)


def cell(value: Any) -> str:
    """A value as one piece of text; absent is empty. Numbers have the digits that JSON has."""
    value = to_json(value)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, list) and all(isinstance(inner, str | int) for inner in value):
        return ", ".join(map(str, value))
    if isinstance(value, dict | list):
        return encode(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
