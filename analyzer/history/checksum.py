"""JSON objects that begin with a checksum of their own, so that altered bytes are noticed."""

import hashlib
import re

_CHECKSUM = re.compile(rb'\{"checksum":"([0-9a-f]{32})",')


def digest(content: bytes) -> str:
    """BLAKE2b-128, as it stands in manifests."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def seal(body: bytes) -> bytes:
    """A JSON object that begins with a checksum of all that follows."""
    return b'{"checksum":"' + digest(body).encode() + b'",' + body[1:]


def unseal(content: bytes) -> bytes:
    """The object without its checksum; earlier versions wrote none.

    Raises:
        ValueError: the checksum differs.
    """
    checksum = _CHECKSUM.match(content)
    body = b"{" + content[checksum.end() :] if checksum else content
    if checksum and checksum[1].decode() != digest(body):
        raise ValueError("its checksum differs")
    return body
