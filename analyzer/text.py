"""Foreign text, escaped; ASCII fallbacks for terminals; close matches of misspelt words."""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

MANY = 40  # known words that one error lists

# How DuckDB words an error of the system that a write in the background met.
_WRAPPED = re.compile(r'\{"exception_type".*"exception_message":("(?:[^"\\]|\\.)*")')
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # Unicode categories
_MARKUP = re.compile(r"[\\`*|\[]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word is none
_HTML = re.compile(r"<|&(?=#?\w+;)")
# ASCII for what this program itself prints beyond ASCII.
_ASCII = str.maketrans(
    {"–": "-", "…": "...", "·": ".", "✗": "X", **dict(zip("▁▂▃▄▅▆▇█", "_.-=+*#@", strict=True))}
)


def escape_controls(text: str) -> str:
    r"""Text in which control characters and direction overrides are printed as ``\u001b``."""
    if text.isprintable():
        return text
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character) in _INVISIBLE else character
        for character in text
    )


def is_utf8(text: str) -> bool:
    """Whether text can be stored: an argument of bytes that are none holds surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escape_lines(text: str) -> str:
    """Sentences of several lines in which nothing but the line breaks steers a terminal."""
    return "\n".join(escape_controls(line) for line in text.split("\n"))


def steers(value: object) -> bool:
    """Whether a text in plain data holds what a terminal obeys; line breaks do not."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        return any(map(steers, value))
    return isinstance(value, str) and escape_lines(value) != value


def escape_markdown(text: str) -> str:
    """Text that Markdown prints as it is: no markup, no link, no HTML."""
    text = _MARKUP.sub(r"\\\g<0>", escape_controls(text))
    return _HTML.sub(lambda character: "&lt;" if character[0] == "<" else "&amp;", text)


def first_line(error: BaseException) -> str:
    """What a library says of an error, without what follows below and without the JSON around it."""
    line = str(error).strip().partition("\n")[0]
    wrapped = _WRAPPED.search(line)
    return str(json.loads(wrapped[1])) if wrapped else line


def beginning(text: str, most: int) -> str:
    """The text; of one longer than *most*, its beginning, its length and a digest of the whole."""
    if len(text) <= most:
        return text
    digest = blake2b(text.encode(errors="replace"), digest_size=4).hexdigest()
    return f"{text[:most]}… ({len(text):,} characters, {digest})"


def for_encoding(text: str, encoding: str | None) -> str:
    """Text for people in the characters of an encoding; ASCII and escapes stand for others."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    return text


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 gap``, ``2 gaps``, ``1,024 sessions``: a number and its noun, in a sentence."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The end of an error about an unknown word: the nearest known one, or the known ones."""
    words = sorted(names)
    nearest = difflib.get_close_matches(word[:200], words, 1)
    if nearest:
        return f"; did you mean '{nearest[0]}'?"
    rest = f" and {len(words) - MANY} more" if len(words) > MANY else ""
    return f"; known are {', '.join(words[:MANY])}{rest}" if words else ""
