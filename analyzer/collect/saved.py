"""A saved API answer: the JSON of a file, whatever encoding or compression a shell gave it."""

import gzip
import io
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import msgspec

from analyzer.errors import UsageError
from analyzer.ontap.client import LARGEST
from analyzer.ontap.resource import Json
from analyzer.ontap.resources import RESOURCES

_GZIP = b"\x1f\x8b"


def read(path: Path) -> bytes:
    """The answer as UTF-8 without a byte order mark; UTF-16 and gzip are read as what they are.

    ``-`` is standard input.

    Raises:
        UsageError: the file cannot be read, is too large, or is no JSON; says which and why.
    """
    try:
        if str(path) == "-":
            body = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with path.open("rb") as file:
                body = file.read(LARGEST + 1)
        if body.startswith(_GZIP):
            body = gzip.GzipFile(fileobj=io.BytesIO(body)).read(LARGEST + 1)
        if len(body) > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST >> 20} MB, which no answer is")
        encoding = json.detect_encoding(body)
        if encoding != "utf-8":
            body = body.decode(encoding).encode()
        _check_json(path, body)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UsageError(f"{path} is a damaged gzip file: {error}") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except UnicodeError as error:
        raise UsageError(f"{path} is no text: {error}") from error
    return body


def _check_json(path: Path, body: bytes) -> None:
    if not body.strip():
        raise UsageError(f"{path} is empty")
    if body.lstrip()[:1] == b"<":
        raise UsageError(f"{path} is a web page, not JSON")
    try:
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path} is no answer: its JSON is nested too deeply") from error


def check_kind(path: Path, name: str, body: bytes) -> None:
    """Refuse the answer of another endpoint than that of the inventory *name*.

    What it is shows in its own link, or else in the fields of its records.

    Raises:
        UsageError: it is of another; names both.
    """
    answer = msgspec.json.decode(body)
    records = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(records, list):
        return  # reported by who decodes it
    origin = _linked(answer) or _resembled(records, name)
    if origin != name:
        raise UsageError(
            f"{path} is an answer of {RESOURCES[origin].path}, not of {RESOURCES[name].path}"
        )


def _linked(answer: Json) -> str | None:
    """The resource that the answer's own link leads to."""
    try:
        href = answer["_links"]["self"]["href"]
        return next(
            (
                name
                for name, resource in RESOURCES.items()
                if href.partition("?")[0] == resource.path
            ),
            None,
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _resembled(records: list[Any], name: str) -> str:
    """The resource that has most of the records' fields; *name* where no other has more."""
    fields = {field for record in records if isinstance(record, dict) for field in record}
    shared = {
        other: len(fields & {field.partition(".")[0] for field in resource.by_name})
        for other, resource in RESOURCES.items()
    }
    return max(RESOURCES, key=lambda other: (shared[other], other == name))
