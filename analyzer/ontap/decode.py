"""ONTAP's JSON as typed records: decoded strictly, page by page.

Numbers may come as text, as some gateways and exports write them.
"""

from typing import Any, Generic, TypeVar

import msgspec

from analyzer.ontap import record
from analyzer.ontap.record import ClusterRecord, RecordPart


class _Href(RecordPart):
    href: str | None = None


class _Links(RecordPart):
    next: _Href | None = None


Record = TypeVar("Record")
Decoded = TypeVar("Decoded")


class Page(msgspec.Struct, Generic[Record]):
    """One page of a collection; ``errors`` means that something is missing from it."""

    records: list[Record]
    num_records: int | None = None
    links: _Links | None = msgspec.field(default=None, name="_links")
    errors: list[Any] | None = None

    @property
    def next(self) -> str | None:
        """The link to the next page, opaque."""
        return self.links.next.href if self.links and self.links.next else None

    def incomplete(self, number: int) -> str | None:
        """Why the page of that *number* is not all that it says; None if it is."""
        if self.errors:
            return f"page {number} says that records are missing from it (errors)"
        if self.num_records not in {None, len(self.records)}:
            return f"page {number} says {self.num_records} records and has {len(self.records)}"
        return None


_KINDS: dict[str, type[msgspec.Struct]] = {
    "sessions": record.SessionRecord,
    "svms": record.SvmRecord,
    "interfaces": record.InterfaceRecord,
    "igroups": record.IgroupRecord,
    "members": record.MemberRecord,
    "nodes": record.NodeRecord,
    "lun_maps": record.LunMapRecord,
    "portsets": record.PortsetRecord,
    "ports": record.PortRecord,
    "metrocluster": record.MetroclusterRecord,
    "ems": record.EventRecord,
    "messages": record.MessageRecord,
}
_DECODERS = {name: msgspec.json.Decoder(Page[kind], strict=False) for name, kind in _KINDS.items()}  # type: ignore[valid-type]
_CLUSTER = msgspec.json.Decoder(ClusterRecord, strict=False)


class Malformed(Exception):
    """The body is not what the endpoint answers; the message says where."""


def page(name: str, body: bytes) -> "Page[Any]":
    """Decode one page of the resource *name*.

    Raises:
        Malformed: not JSON, no ``records``, or a field of the wrong type.
    """
    return _decode(_DECODERS[name], body)


def cluster(body: bytes) -> ClusterRecord:
    """Decode the answer of ``/api/cluster``.

    Raises:
        Malformed: it is none.
    """
    return _decode(_CLUSTER, body)


def _decode(decoder: msgspec.json.Decoder[Decoded], body: bytes) -> Decoded:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(_explain(body, error)) from error


def _explain(body: bytes, error: Exception) -> str:
    if body[:64].lstrip()[:1] == b"<":
        return "the answer is a web page, not JSON"
    if not body.strip():
        return "the answer is empty"
    if isinstance(error, RecursionError):
        return "the answer is malformed: nested too deeply"
    if isinstance(error, msgspec.ValidationError) and "`records`" in str(error):
        return "the answer has no 'records'"
    return f"the answer is malformed: {error}"
