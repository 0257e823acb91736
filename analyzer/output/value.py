"""How a value is written: as JSON, and as the text of one cell."""

import json
import math
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from types import UnionType
from typing import Any

from analyzer import clock


def to_json(value: Any) -> Any:
    """A value as JSON can hold it; what is not a number (NaN, infinity) is null."""
    if isinstance(value, dict):
        return {str(to_json(name)): to_json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [to_json(inner) for inner in value]
    for type_, convert in _SCALARS:
        if isinstance(value, type_):
            return convert(value)
    return str(value)


def _number(value: Decimal) -> int | float | None:
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() else float(value)


_SCALARS: tuple[tuple[type | UnionType, Callable[[Any], Any]], ...] = (
    (str | int | None, lambda value: value),  # bool is an int
    (float, lambda value: value if math.isfinite(value) else None),
    (date, clock.iso),  # and datetime
    (Decimal, _number),
    (time, time.isoformat),
    (bytes, bytes.hex),
)


def cell(value: Any) -> str:
    """A value as one piece of text; absent is empty. A decimal keeps its digits."""
    if isinstance(value, Decimal) and value.is_finite():
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    value = to_json(value)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, list) and all(isinstance(inner, str | int) for inner in value):
        return ", ".join(map(str, value))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)
