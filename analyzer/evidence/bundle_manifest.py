"""The manifest of a bundle, and whether a bundle is still what it says.

Nothing is ever extracted: members are read in pieces, and only hashed. Whoever does extract it may
trust a bundle that is as it says: it has plain files only, whose names stay within the folder they
are extracted to, and no more bytes than a bundle of its size can have (a zip bomb).
"""

import hashlib
import lzma
import re
import stat
import struct
import sys
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import IO, Annotated

import msgspec

from analyzer.engine.engine import Row
from analyzer.errors import StoreError, UsageError
from analyzer.text import escape_controls

NAME = "manifest.json"
_LARGEST = 1 << 26  # bytes of a manifest
_PIECE = 1 << 20
_SHOWN = 10  # members named in one sentence
_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ALWAYS = 1 << 30  # unpacked bytes that any bundle may have
_RATIO = 200  # how much smaller than its content a bundle can be
# A name that means the same on every system: no drive, no stream, no folder above.
_SAFE = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[^/\\:*?\"<>|]+(?:/[^/\\:*?\"<>|]+)*")
_UNICODE_PATH = 0x7075  # an extra field with a name that some programs extract under instead
_END = re.compile(r"[. ]+(?=/|$)")
# What reading a damaged zip file raises. An encrypted member is a RuntimeError, an unknown
# compression is not implemented.
_DAMAGE = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, struct.error,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip


class Member(msgspec.Struct, frozen=True):
    """A file of the bundle: its name in the zip file, its bytes, their hash."""

    path: str
    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: str


class Parameters(msgspec.Struct, frozen=True):
    """Window and clusters of the bundle; times are ISO 8601."""

    since: str
    until: str
    clusters: tuple[str, ...] = ()


class BundleManifest(msgspec.Struct, frozen=True, kw_only=True):
    """``manifest.json``: what is in the bundle, its parameters, and the versions that wrote it.

    *clusters* are rows about each cluster, for a reader.
    """

    format: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
    written_at: str = msgspec.field(name="made", default="")
    parameters: Parameters
    anonymised: bool = False
    versions: dict[str, str] = {}
    clusters: list[Row] = []
    files: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """A bundle that is what its manifest says: its window, its files, the manifest's own hash."""

    since: str
    until: str
    files: int
    sha256: str


def hashed(stream: IO[bytes], most: int = sys.maxsize - 1) -> tuple[str, int]:
    """SHA-256 and size of what is read, up to one byte more than *most*."""
    digest, size = hashlib.sha256(), 0
    while size <= most and (piece := stream.read(min(_PIECE, most + 1 - size))):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def verify(path: Path) -> VerifiedBundle:
    """Hash every member again and compare.

    Raises:
        UsageError: there is no such file, or it is a pipe, which would be waited for.
        StoreError: it is no bundle, it is unsafe to extract, or members are missing, added or
            altered; names them.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: no regular file")
    try:
        with zipfile.ZipFile(path) as bundle:
            return _verify(path, bundle)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file") from error
    except _DAMAGE as error:
        raise StoreError(
            f"{path} is damaged or no evidence bundle: {escape_controls(str(error))}"
        ) from error


def _verify(path: Path, bundle: zipfile.ZipFile) -> VerifiedBundle:
    manifest, sha256 = _manifest(path, bundle)
    names = Counter(bundle.namelist())
    listed = {member.path: member for member in manifest.files}
    unsafe = _unsafe(path, bundle, manifest)
    wrong = {
        **unsafe,
        "missing": sorted(listed.keys() - names),
        "added": sorted(names.keys() - listed.keys() - {NAME}),
        # Of what is unsafe nothing is read.
        "altered": [] if any(unsafe.values()) else [
            name for name, member in listed.items()
            if names[name] and not _same(bundle, name, member)
        ],
    }  # fmt: skip
    complaints = [f"{problem}: {_few(members)}" for problem, members in wrong.items() if members]
    if complaints:
        raise StoreError(f"{path} is not what its manifest says; {'; '.join(complaints)}")
    window = manifest.parameters
    return VerifiedBundle(window.since, window.until, len(listed), sha256)


def _manifest(path: Path, bundle: zipfile.ZipFile) -> tuple[BundleManifest, str]:
    try:
        with bundle.open(NAME) as stream:
            text = stream.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise StoreError(f"{path}: its manifest is too large to be one")
        manifest = msgspec.json.decode(text, type=BundleManifest)
    except (KeyError, msgspec.DecodeError, RecursionError) as error:
        raise StoreError(
            f"{path} is no evidence bundle: it has no manifest that can be read"
        ) from error
    return manifest, hashlib.sha256(text).hexdigest()


def _unsafe(path: Path, bundle: zipfile.ZipFile, manifest: BundleManifest) -> dict[str, list[str]]:
    """Members that a bundle of ours never has, by what is wrong with them.

    Raises:
        StoreError: it is larger, once unpacked, than anything of its size can be.
    """
    total = sum(member.size for member in manifest.files)
    packed = path.stat().st_size
    if total > max(_ALWAYS, _RATIO * packed):
        raise StoreError(f"{path}: {total} bytes unpacked from {packed}: it is no bundle of ours")
    members = bundle.infolist()
    names = [*(member.path for member in manifest.files), *bundle.namelist()]
    return {
        "unsafe names": sorted({name for name in names if not _is_safe(name)}),
        "files and folders": _folders(names),
        "there twice": _repeated(member.filename for member in members)
        + _repeated(member.path for member in manifest.files),
        "no plain files": [m.filename for m in members if not _is_plain(m)],
        "of two names": _renamed(path, members),
        "overlapping": _overlapping(members),
    }


def _is_safe(name: str) -> bool:
    return len(name) <= 1024 and name.isprintable() and _SAFE.fullmatch(name) is not None


def _repeated(names: Iterable[str]) -> list[str]:
    """Names that some systems take for one: equal but for case, composition, or a dot at an end."""
    folded: dict[str, list[str]] = {}
    for name in names:
        key = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
        folded.setdefault(_END.sub("", key), []).append(name)
    return sorted({name for same in folded.values() if len(same) > 1 for name in same})


def _folders(names: list[str]) -> list[str]:
    """Names of files that are folders of others too, so that one of both cannot be unpacked."""
    folders = {str(above).casefold() for name in names for above in PurePosixPath(name).parents}
    return sorted({name for name in names if name.casefold() in folders})


def _is_plain(member: zipfile.ZipInfo) -> bool:
    """Neither a link nor a folder nor a device, and packed in a way that needs little memory."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    return kind in {0, stat.S_IFREG} and member.compress_type in _COMPRESSIONS


def _renamed(path: Path, members: list[zipfile.ZipInfo]) -> list[str]:
    """Members with another name in their headers, which is not the one that was looked at."""
    with path.open("rb") as stream:
        return [
            member.filename
            for member in members
            if _has_path(member.extra) or _has_path(_local_extra(stream, member))
        ]


def _local_extra(stream: IO[bytes], member: zipfile.ZipInfo) -> bytes:
    """The extra fields of a member's own header; the directory's need not be the same."""
    stream.seek(member.header_offset + 26)
    name, extra = struct.unpack("<HH", stream.read(4))
    stream.seek(name, 1)
    return stream.read(extra)


def _has_path(extra: bytes) -> bool:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _UNICODE_PATH:
            return True
        extra = extra[4 + size :]
    return False


def _overlapping(members: list[zipfile.ZipInfo]) -> list[str]:
    """Members whose bytes are also another's, by which a small file unpacks to a huge one."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    return [
        first.filename
        for first, second in pairwise(ordered)
        if first.header_offset + 30 + len(first.filename) + first.compress_size
        > second.header_offset
    ]


def _same(bundle: zipfile.ZipFile, name: str, member: Member) -> bool:
    """Whether the member is as long and hashes as the manifest says; it is never read further."""
    try:
        with bundle.open(name) as stream:
            return hashed(stream, member.size) == (member.sha256, member.size)
    except _DAMAGE:
        return False


def _few(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    listed = ", ".join(escape_controls(name)[:200] for name in names[:_SHOWN])
    return f"{listed} and {rest} more" if rest > 0 else listed
