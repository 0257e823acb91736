"""From ONTAP's JSON to rows: decoded strictly, page by page, unknown fields kept out quietly.

An absent field, ``null`` and an empty list mean the same (ONTAP leaves out what is unset).
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_interface
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import polars as pl

from analyzer import schema

# What a column can hold; JSON knows no limit.
_Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Struct(msgspec.Struct, forbid_unknown_fields=False, gc=False):
    """Everything is optional unless it says otherwise; none of it can form a circle (gc)."""


class Named(_Struct):
    uuid: str | None = None
    name: str | None = None


class Socket(_Struct):
    address: str | None = None
    port: _Number | None = None


class Target(_Struct):
    uuid: str | None = None
    name: str | None = None
    ip: Socket | None = None


class Connection(_Struct):
    cid: _Number | None = None
    authentication_type: str | None = None
    initiator_address: Socket | None = None
    interface: Target | None = None


class Initiator(_Struct):
    name: str | None = None
    alias: str | None = None
    comment: str | None = None


class Session(_Struct):
    """One record of the sessions endpoint; group and TSIH are always there."""

    target_portal_group: str
    tsih: _Number
    svm: Named | None = None
    target_portal_group_tag: _Number | None = None
    isid: str | None = None
    initiator: Initiator | None = None
    connections: list[Connection] | None = None
    igroups: list[Named] | None = None


class Svm(_Struct):
    uuid: str
    name: str | None = None
    state: str | None = None
    subtype: str | None = None


class _Address(_Struct):
    address: str | None = None
    netmask: str | int | None = None


class _Location(_Struct):
    is_home: bool | None = None
    home_node: Named | None = None
    node: Named | None = None
    home_port: Named | None = None
    port: Named | None = None
    failover: str | None = None


class Interface(_Struct):
    uuid: str
    name: str | None = None
    svm: Named | None = None
    ip: _Address | None = None
    enabled: bool | None = None
    state: str | None = None
    location: _Location | None = None
    service_policy: Named | None = None
    services: list[str] | None = None


class _Tracking(_Struct):
    connection_state: str | None = None
    required_nodes: list[Named] | None = None


class Igroup(_Struct):
    uuid: str
    name: str | None = None
    svm: Named | None = None
    os_type: str | None = None
    protocol: str | None = None
    portset: Named | None = None
    initiators: list[Named] | None = None
    connectivity_tracking: _Tracking | None = None


class _State(_Struct):
    state: str | None = None


class _Ha(_Struct):
    enabled: bool | None = None
    partners: list[Named] | None = None
    takeover: _State | None = None
    giveback: _State | None = None


class _Version(_Struct):
    full: str | None = None
    generation: int | None = None
    major: int | None = None
    minor: int | None = None


class Node(_Struct):
    uuid: str
    name: str | None = None
    state: str | None = None
    model: str | None = None
    version: _Version | None = None
    ha: _Ha | None = None


class Cluster(_Struct):
    """What ``/api/cluster`` says of itself."""

    uuid: str | None = None
    name: str | None = None
    version: _Version | None = None


class _Href(_Struct):
    href: str | None = None


class _Links(_Struct):
    next: _Href | None = None


Record = TypeVar("Record")


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


_KINDS: dict[str, type[msgspec.Struct]] = {
    "sessions": Session,
    "svms": Svm,
    "interfaces": Interface,
    "igroups": Igroup,
    "nodes": Node,
}
_DECODERS = {name: msgspec.json.Decoder(Page[kind]) for name, kind in _KINDS.items()}  # type: ignore[valid-type]
_CLUSTER = msgspec.json.Decoder(Cluster)


class Malformed(Exception):  # noqa: N818  # named as the reason reads
    """The body is not what the endpoint answers; the message says where."""


def page(name: str, body: bytes) -> "Page[Any]":
    """Decode one page of the resource *name*.

    Raises:
        Malformed: not JSON, no ``records``, or a field of the wrong type.
    """
    try:
        return _DECODERS[name].decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(_explain(body, error)) from error


def cluster(body: bytes) -> Cluster:
    """Decode the answer of ``/api/cluster``.

    Raises:
        Malformed: it is none.
    """
    try:
        return _CLUSTER.decode(body)
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


def _subnet(address: str | None, netmask: str | int | None) -> str | None:
    if not address or netmask in (None, ""):
        return None
    try:
        return str(ip_interface(f"{address}/{netmask}").network)
    except ValueError:
        return None


def _name(thing: Named | None) -> str | None:
    return thing.name if thing else None


def _svm(item: Svm) -> tuple[Any, ...]:
    return item.uuid, item.name, item.state, item.subtype


def _interface(item: Interface) -> tuple[Any, ...]:
    ip, where, svm = item.ip or _Address(), item.location or _Location(), item.svm or Named()
    netmask = None if ip.netmask is None else str(ip.netmask)
    return (
        item.uuid,
        item.name,
        svm.uuid,
        svm.name,
        normal_address(ip.address) if ip.address else None,
        netmask,
        _subnet(ip.address, netmask),
        item.enabled,
        item.state,
        where.is_home,
        _name(where.home_node),
        _name(where.node),
        _name(where.home_port),
        _name(where.port),
        where.failover,
        _name(item.service_policy),
        sorted(item.services) if item.services else None,
    )


def _igroup(item: Igroup) -> tuple[Any, ...]:
    svm, tracking = item.svm or Named(), item.connectivity_tracking or _Tracking()
    names = {(other.name or "").strip().lower() for other in item.initiators or []} - {""}
    nodes = {other.name or "" for other in tracking.required_nodes or []} - {""}
    return (
        item.uuid,
        item.name,
        svm.uuid,
        svm.name,
        item.os_type,
        item.protocol,
        _name(item.portset),
        sorted(names) or None,
        tracking.connection_state,
        sorted(nodes) or None,
    )


def _node(item: Node) -> tuple[Any, ...]:
    ha = item.ha or _Ha()
    partners = sorted(partner.name or "" for partner in ha.partners or [])
    return (
        item.uuid,
        item.name,
        item.state,
        ha.enabled,
        partners[0] if partners else None,
        ha.takeover.state if ha.takeover else None,
        ha.giveback.state if ha.giveback else None,
        item.model,
        item.version.full if item.version else None,
    )


_FLATTEN: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "svms": _svm,
    "interfaces": _interface,
    "igroups": _igroup,
    "nodes": _node,
}


def listing(name: str, records: list[Any]) -> pl.DataFrame:
    """Records of an inventory as rows, in order of uuid; a record on two pages counts once."""
    flatten = _FLATTEN[name]
    rows = {record.uuid: flatten(record) for record in records}
    columns = schema.INVENTORIES[name].schema
    return pl.DataFrame([rows[uuid] for uuid in sorted(rows)], schema=columns, orient="row")


@lru_cache(maxsize=65536)
def normal_address(text: str) -> str:
    """One spelling per address (IPv6 forms, mapped IPv4); text that is none stays as it is."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return text.strip()
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
