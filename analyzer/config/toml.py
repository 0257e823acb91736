"""The one door to TOML: text becomes a msgspec struct, or an error names file, entry and key.

What a key may hold is said by its field's type, and nowhere else; a rule that spans keys stands in
the ``__post_init__`` of its struct, and raises a ``ValueError`` with the sentence. Beside msgspec's
own types, a field may be a ``Path`` (relative to the file), a ``Duration`` or ``Seconds``, an
``Instant``, a ``Pattern``, a ``tzinfo``. A struct may say of some unknown keys why they are refused:
``REFUSED``, a class variable.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from ipaddress import ip_address
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import SplitResult, urlsplit

import msgspec

from analyzer import clock
from analyzer.errors import UsageError
from analyzer.text import did_you_mean

T = TypeVar("T")

# No pattern: Meta(pattern=...) of msgspec 0.22 ends some processes with a segmentation fault.
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]

_LARGEST = 1 << 22  # characters of a file that people wrote
# A dotted key costs tomllib the square of its length.
_DEEP = re.compile(r"""(?:\.[ \t]*+[\w"'-]++[ \t]*+){64}""")
_ELSEWHERE = timezone(timedelta(hours=1))
_LONGEST = timedelta(days=36_525)
# Python's own parser takes line ends out of a URL, and some clients read "\\" as "/".
_PLAIN = re.compile(r"[!-\[\]-~]+")
_HOST = re.compile(r"(?=.{1,253}$)(?:(?!-)[\w-]{1,63}(?<!-)(?:\.(?!$)|\.?$))+", re.ASCII)
_WORDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "a table", "null": "nothing", "datetime": "a time",
    "date": "a date", "time": "a time of day",
}  # fmt: skip


class Duration(timedelta):
    """A duration as people write it, such as ``14d``: longer than nothing, at most a century."""


class Seconds(int):
    """A duration as people write it, in seconds."""


class Instant(datetime):
    """An instant, naive UTC, from a TOML date or time or from ISO 8601 text.

    *offset* is false where it was written without one, so that a zone was needed to read it.
    """

    offset = True


class Pattern(str):
    """A name in which ``*`` stands for anything, as it was written."""

    __slots__ = ()


def split_url(url: str) -> SplitResult:
    """The parts of an address that HTTP can reach: a host's name (RFC 1123, and ``_``) or number.

    Raises:
        ValueError: it is none; a name beyond ASCII is to be written as IDNA has it (``xn--``).
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not _PLAIN.fullmatch(url) or parts.scheme not in {"https", "http"} or parts.port == 0:
        raise ValueError(url)
    if ":" in host or host.rpartition(".")[2].isdigit():
        ip_address(host)
    elif not _HOST.fullmatch(host):
        raise ValueError(url)
    return parts


def load(path: Path, kind: type[T], zone: tzinfo = UTC) -> T:
    """Read a file as a struct; *zone* is that of times without an offset.

    Raises:
        UsageError: it cannot be read, is no TOML, or says something that its type does not allow.
    """
    return loads(read(path), kind, path, zone)


def read(path: Path) -> str:
    """The text of a file that people wrote.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream:
            text = stream.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{path}: cannot be read: {why}") from error
    if len(text) > _LARGEST:
        raise UsageError(f"{path}: cannot be read: larger than {_LARGEST >> 20} MiB")
    return text


def loads(text: str, kind: type[T], path: Path, zone: tzinfo = UTC) -> T:
    """Read TOML as a struct; *path* is what errors name, and what paths in it are relative to.

    Raises:
        UsageError: it is no TOML, or says something that its type does not allow.
    """
    if _DEEP.search(text):
        raise UsageError(f"{path}: nested too deeply")
    try:
        table = tomllib.loads(text)
    except ValueError as error:  # also a number of more digits than Python reads
        raise UsageError(f"{path}: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: nested too deeply") from error
    reader = _Reader(path, zone)
    try:
        if key := _with_nul(table, ""):
            raise UsageError(f"{path}: '{key}' must be text without NUL")
        return msgspec.convert(table, kind, dec_hook=reader.special)
    except (msgspec.ValidationError, RecursionError) as error:
        raise UsageError(f"{path}: {reader.sentence(table, kind, '', '', error)}") from error


class _Reader:
    """Converts values of one file, and finds the one that cannot be converted."""

    def __init__(self, path: Path, zone: tzinfo) -> None:
        self.path = path
        self.zone = zone

    def special(self, kind: type, value: Any) -> Any:
        """A value of a type that msgspec does not know.

        Raises:
            ValueError: it is not one; says so in a sentence.
        """
        if kind in {Duration, Seconds}:
            length = _duration(value)
            return Duration(seconds=length) if kind is Duration else Seconds(length)
        if kind is Instant:
            return _instant(value, self.zone)
        if not isinstance(value, str) or not value:
            raise ValueError("must be text")
        if kind is Pattern:
            return Pattern(value)
        return beside(self.path, Path(value)) if issubclass(kind, Path) else _zone(value)

    def sentence(self, value: Any, kind: Any, at: str, key: str, error: Exception) -> str:
        """Describes the error: descends to the first value that differs from its type.

        *at* names the table or list, *key* the value in it.
        """
        for item, item_kind, item_at, item_key in _children(value, kind, at, key):
            try:
                msgspec.convert(item, item_kind, dec_hook=self.special)
            except (msgspec.ValidationError, RecursionError) as inner:
                return self.sentence(item, item_kind, item_at, item_key, inner)
        where, bare = f"{at}: " if at else "", _bare(kind)
        if isinstance(value, dict) and _is_struct(bare):
            where = f"{_join(at, key)}: " if _join(at, key) else ""
            fields = {field.encode_name: field for field in msgspec.structs.fields(bare)}
            unknown = next((name for name in value if name not in fields), None)
            if unknown is not None and bare.__struct_config__.forbid_unknown_fields:
                return where + _unknown(unknown, bare, fields)
            missing = [name for name, field in fields.items() if field.required]
            missing = [name for name in missing if name not in value]
            return f"{where}'{missing[0]}' is missing" if missing else f"{where}{error}"
        return f"{where}{_leaf(bare, key, str(error))}"


def _children(value: Any, kind: Any, at: str, key: str) -> Iterator[tuple[Any, Any, str, str]]:
    """The values within a value: each with its type, and where it stands."""
    bare = _bare(kind)
    here = _join(at, key)
    if isinstance(value, dict) and _is_struct(bare):
        hints = get_type_hints(bare, include_extras=True)
        names = {field.encode_name: field.name for field in msgspec.structs.fields(bare)}
        for name, item in value.items():
            if name in names:
                yield item, hints[names[name]], here, name
    elif isinstance(value, dict) and get_origin(bare) in {dict, Mapping}:
        for name, item in value.items():
            yield item, get_args(bare)[1], here, name
    elif isinstance(value, list) and get_origin(bare) in {list, tuple}:
        for place, item in enumerate(value, start=1):
            yield item, get_args(bare)[0], at, f"{key}[{place}]"


def _with_nul(value: Any, at: str) -> str:
    """The key of a text that holds NUL, which no path, name or command can have; '' if nowhere."""
    if isinstance(value, str):
        return at if "\0" in value else ""
    if isinstance(value, dict):
        places = ((_join(at, key), item) for key, item in value.items())
    elif isinstance(value, list):
        places = ((f"{at}[{place}]", item) for place, item in enumerate(value, start=1))
    else:
        return ""
    return next((key for name, item in places if (key := _with_nul(item, name))), "")


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at and key else at or key


def _bare(kind: Any) -> Any:
    """A type without its bounds, and without None."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        rest = [item for item in get_args(kind) if item is not NoneType]
        return _bare(rest[0]) if len(rest) == 1 else kind
    return kind


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _unknown(name: str, kind: Any, fields: Iterable[str]) -> str:
    why = getattr(kind, "REFUSED", {}).get(name)
    return f"'{name}' {why}" if why else f"unknown key '{name}'{did_you_mean(name, fields)}"


def _leaf(kind: Any, key: str, message: str) -> str:
    """The sentence about one value, from what msgspec says of it."""
    if get_origin(kind) in {list, tuple} and _is_struct(get_args(kind)[0]):
        return f"'{key}' is written [[{key}]]"
    if message.startswith("Expected `object`, got `array`"):
        return f"'{key}' is written [{key}]"
    if get_origin(kind) is Literal:
        return f"'{key}' is one of {', '.join(get_args(kind))}"
    message = message.partition(" - at `")[0]
    if not message.startswith("Expected "):  # of our own, above; but for "Number out of range"
        return f"'{key}' {message.replace('Number out', 'is out')}"
    plain = re.sub(r"`([^`]+)`", lambda match: _plain(match[1]), message)
    return f"'{key}' must be {plain.removeprefix('Expected ').replace(', got ', ', not ')}"


def _plain(types: str) -> str:
    words = [_WORDS.get(name, name) for name in types.split(" | ") if name != "null"]
    return " or ".join(words) or "nothing"


def _duration(value: Any) -> float:
    try:
        length = clock.duration(value if isinstance(value, str) else repr(value))
    except UsageError as error:
        raise ValueError(f"is wrong: {error}") from None
    if not timedelta() < length <= _LONGEST:
        raise ValueError("must be longer than nothing and at most 100 years")
    return length.total_seconds()


def _instant(value: Any, zone: tzinfo) -> Instant:
    """The instant; without an offset it is in *zone*."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime | str):
        raise ValueError("must be a date or a time, such as 2026-11-23T02:10:00Z")  # noqa: TRY004  # msgspec's hooks raise it
    text = value if isinstance(value, str) else value.isoformat()
    try:
        utc = clock.parse(text, zone)
        offset = clock.parse(text, UTC) == clock.parse(text, _ELSEWHERE)
    except UsageError as error:
        # In a file a time is not relative to now.
        why = str(error).replace(clock.ACCEPTED, "write 2026-11-23T02:10:00Z")
        raise ValueError(f"is wrong: {why}") from None
    instant = Instant.combine(utc.date(), utc.time())
    instant.offset = offset
    return instant


def beside(path: Path, name: Path) -> Path:
    """A path that is relative to the file that names it.

    Raises:
        ValueError: it begins with the home of a user who is not there.
    """
    try:
        return path.resolve().parent / name.expanduser()
    except (RuntimeError, OSError) as error:
        raise ValueError(f"is wrong: {name}: {error}") from None


def _zone(name: str) -> tzinfo:
    try:
        return clock.zone(name)
    except UsageError as error:
        raise ValueError(f"is wrong: {error}") from None
