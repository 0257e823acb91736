"""Text that others wrote, made harmless, and text that a terminal cannot spell."""

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# What this program itself writes beyond ASCII, for a stream that has nothing else.
_PLAIN = str.maketrans(
    {"–": "-", "…": "...", "·": ".", **dict(zip("▁▂▃▄▅▆▇█", "_.-=+*#@", strict=True))}
)


def visible(text: str) -> str:
    """Text in which control characters and direction overrides are shown, not obeyed."""
    if text.isprintable():
        return text
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in _UNSEEN else c for c in text)


def spelled(text: str, encoding: str | None) -> str:
    """Text for people as a stream of that encoding can show it."""
    told = encoding or "utf-8"
    try:
        text.encode(told)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(told, "backslashreplace").decode(told)
    return text
