"""The manifest of a bundle, and whether a bundle is still what it says.

Nothing is ever extracted: members are read in pieces and only their hashes are kept.
"""

import hashlib
import json
import lzma
import struct
import sys
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from analyzer.errors import StoreError, UsageError
from analyzer.text import escape_controls

NAME = "manifest.json"
_LARGEST = 1 << 24  # bytes of a manifest
_PIECE = 1 << 20
# What reading a damaged zip file raises. An encrypted member is a RuntimeError, an unknown
# compression is not implemented.
_DAMAGE = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, struct.error,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip
_TOLD = 10  # members named in one sentence


def hashed(stream: IO[bytes], most: int = sys.maxsize - 1) -> tuple[str, int]:
    """SHA-256 and size of what is read, up to one byte more than *most*."""
    digest, size = hashlib.sha256(), 0
    while size <= most and (piece := stream.read(min(_PIECE, most + 1 - size))):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


@dataclass(frozen=True, slots=True)
class Verified:
    """A bundle that is what its manifest says: its window, its files, the manifest's own hash."""

    since: str
    until: str
    files: int
    sha256: str


def verify(path: Path) -> Verified:
    """Hash every member again and compare.

    Raises:
        UsageError: there is no such file.
        StoreError: it is no bundle, or members are missing, added or altered; names them.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            return _verify(path, bundle)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file") from error
    except _DAMAGE as error:
        raise StoreError(
            f"{path} is damaged or no evidence bundle: {escape_controls(str(error))}"
        ) from error


def _verify(path: Path, bundle: zipfile.ZipFile) -> Verified:
    names = Counter(bundle.namelist())
    told, sha256 = _manifest(path, bundle)
    listed = {str(entry["path"]): entry for entry in told["files"]}
    wrong = {
        "missing": sorted(listed.keys() - names),
        "added": sorted(names.keys() - listed.keys() - {NAME}),
        "there twice": sorted(name for name, count in names.items() if count > 1),
        "altered": [
            name
            for name, entry in listed.items()
            if names[name] == 1 and not _same(bundle, name, entry)
        ],
    }
    found = [f"{what}: {_few(members)}" for what, members in wrong.items() if members]
    if found:
        raise StoreError(f"{path} is not what its manifest says; {'; '.join(found)}")
    window = told["parameters"]
    return Verified(str(window["since"]), str(window["until"]), len(listed), sha256)


def _manifest(path: Path, bundle: zipfile.ZipFile) -> tuple[dict[str, Any], str]:
    try:
        with bundle.open(NAME) as stream:
            text = stream.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise StoreError(f"{path}: its manifest is too large to be one")
        told = json.loads(text)
        for entry in told["files"]:
            _ = str(entry["path"]), str(entry["sha256"]), int(entry["size"])
        _ = told["parameters"]["since"], told["parameters"]["until"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise StoreError(
            f"{path} is no evidence bundle: it has no manifest that can be read"
        ) from error
    return told, hashlib.sha256(text).hexdigest()


def _same(bundle: zipfile.ZipFile, name: str, entry: dict[str, Any]) -> bool:
    """Whether the member is as long and hashes as the manifest says; it is never read further."""
    size = int(entry["size"])
    try:
        with bundle.open(name) as stream:
            return hashed(stream, size) == (entry["sha256"], size)
    except _DAMAGE:
        return False


def _few(names: list[str]) -> str:
    rest = len(names) - _TOLD
    shown = ", ".join(escape_controls(name)[:200] for name in names[:_TOLD])
    return f"{shown} and {rest} more" if rest > 0 else shown
